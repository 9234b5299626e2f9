//! Automerge: keeps everything ever typed, as changes with hashes.

use crate::peer::Peer;
use crate::trace::Edit;
use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, Change, ObjId, ObjType, ReadDoc, ROOT};
use std::sync::OnceLock;

pub struct Automerge {
    doc: AutoCommit,
    text: ObjId,
}

/// A document with an empty text in it. Replicas start from the same one:
/// texts that each had created for itself would not merge.
fn base() -> &'static [u8] {
    static BASE: OnceLock<Vec<u8>> = OnceLock::new();
    BASE.get_or_init(|| {
        let mut doc = AutoCommit::new().with_actor(actor(0));
        doc.put_object(ROOT, "text", ObjType::Text).unwrap();
        doc.save()
    })
}

/// Actors are 16 random bytes unless chosen otherwise.
fn actor(id: u64) -> ActorId {
    let mut bytes = id.to_be_bytes().to_vec();
    bytes.extend((id ^ 0x5bd1_e995_7a31_c0de).to_be_bytes());
    ActorId::from(bytes)
}

impl Automerge {
    fn with(doc: AutoCommit, id: u64) -> Self {
        let (_, text) = doc.get(ROOT, "text").unwrap().expect("the text object");
        Automerge { doc: doc.with_actor(actor(id)), text }
    }

    fn splice(&mut self, edit: &Edit) {
        self.doc.splice_text(&self.text, edit.pos, edit.del as isize, &edit.ins).unwrap();
    }
}

impl Peer for Automerge {
    const NAME: &'static str = "automerge";
    const TRANSACTIONS: bool = true;

    fn new(id: u64) -> Self {
        Self::load(base(), id)
    }
    fn edit(&mut self, edits: &[Edit]) {
        edits.iter().for_each(|e| self.splice(e));
        self.doc.commit();
    }
    fn edit_encoded(&mut self, edit: &Edit) -> Vec<u8> {
        self.splice(edit);
        let mut change = self.doc.get_last_local_change().expect("a change");
        change.bytes().into_owned()
    }
    fn apply(&mut self, update: &[u8]) {
        let change = Change::from_bytes(update.to_vec()).unwrap();
        self.doc.apply_changes([change]).unwrap();
    }
    fn merged(&mut self) -> Option<Vec<u8>> {
        Some(self.doc.save())
    }
    fn apply_merged(&mut self, update: &[u8]) {
        self.doc.load_incremental(update).unwrap();
    }
    fn from_merged(update: &[u8], id: u64) -> Self {
        let mut doc = AutoCommit::new(); // the update holds the text object too
        doc.load_incremental(update).unwrap();
        Self::with(doc, id)
    }
    fn save(&mut self) -> Vec<u8> {
        self.doc.save()
    }
    fn load(bytes: &[u8], id: u64) -> Self {
        Self::with(AutoCommit::load(bytes).unwrap(), id)
    }
    fn len(&mut self) -> usize {
        self.doc.length(&self.text)
    }
    fn text(&mut self) -> Option<String> {
        Some(self.doc.text(&self.text).unwrap())
    }
}
