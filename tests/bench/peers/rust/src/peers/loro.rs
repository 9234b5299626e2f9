//! Loro: snapshots with all history, or shallow ones without.

use crate::peer::Peer;
use crate::trace::Edit;
use loro::{ExportMode, LoroDoc, LoroText};

pub struct Loro {
    doc: LoroDoc,
    text: LoroText,
}

impl Loro {
    fn with(doc: LoroDoc, id: u64) -> Self {
        doc.set_peer_id(id).unwrap();
        let text = doc.get_text("text");
        Loro { doc, text }
    }

    fn splice(&self, edit: &Edit) {
        if edit.del > 0 {
            self.text.delete(edit.pos, edit.del).unwrap();
        }
        if edit.ins_len > 0 {
            self.text.insert(edit.pos, &edit.ins).unwrap();
        }
    }
}

impl Peer for Loro {
    const NAME: &'static str = "loro";
    const TRANSACTIONS: bool = true;

    fn new(id: u64) -> Self {
        Self::with(LoroDoc::new(), id)
    }
    fn edit(&mut self, edits: &[Edit]) {
        edits.iter().for_each(|e| self.splice(e));
        self.doc.commit();
    }
    fn edit_encoded(&mut self, edit: &Edit) -> Vec<u8> {
        let before = self.doc.oplog_vv();
        self.splice(edit);
        self.doc.commit();
        self.doc.export(ExportMode::updates(&before)).unwrap()
    }
    fn apply(&mut self, update: &[u8]) {
        self.doc.import(update).unwrap();
    }
    fn merged(&mut self) -> Option<Vec<u8>> {
        Some(self.doc.export(ExportMode::all_updates()).unwrap())
    }
    fn save(&mut self) -> Vec<u8> {
        self.doc.export(ExportMode::Snapshot).unwrap()
    }
    fn load(bytes: &[u8], id: u64) -> Self {
        Self::with(LoroDoc::from_snapshot(bytes).unwrap(), id)
    }
    fn save_live(&mut self) -> Option<Vec<u8>> {
        let now = self.doc.oplog_frontiers();
        Some(self.doc.export(ExportMode::shallow_snapshot(&now)).unwrap())
    }
    fn len(&mut self) -> usize {
        self.text.len_unicode()
    }
    fn text(&mut self) -> Option<String> {
        Some(self.text.to_string())
    }
}
