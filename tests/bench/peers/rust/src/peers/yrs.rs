//! yrs: Yjs in Rust. Deleted text is dropped unless skip_gc is set.

use crate::peer::Peer;
use crate::trace::Edit;
use yrs::updates::decoder::Decode;
use yrs::block::ClientID;
use yrs::{Doc, GetString, OffsetKind, Options, ReadTxn, StateVector};
use yrs::{Text, TextRef, Transact, TransactionMut, Update};

pub struct Yrs {
    doc: Doc,
    text: TextRef,
}

fn splice(text: &TextRef, txn: &mut TransactionMut, edit: &Edit) {
    if edit.del > 0 {
        text.remove_range(txn, edit.pos as u32, edit.del as u32);
    }
    if edit.ins_len > 0 {
        text.insert(txn, edit.pos as u32, &edit.ins);
    }
}

impl Yrs {
    fn with(id: u64, skip_gc: bool) -> Self {
        let client = id & ((1 << 53) - 1); // the most that Yjs reads
        let doc = Doc::with_options(Options {
            offset_kind: OffsetKind::Utf16, // = codepoints in these traces
            skip_gc,
            ..Options::with_client_id(ClientID::new(client))
        });
        let text = doc.get_or_insert_text("text");
        Yrs { doc, text }
    }

    fn integrate(&self, update: Update) {
        self.doc.transact_mut().apply_update(update).unwrap();
    }
}

impl Peer for Yrs {
    const NAME: &'static str = "yrs";
    const TRANSACTIONS: bool = true;
    const KEEPS_DELETED: bool = false;

    fn new(id: u64) -> Self {
        Self::with(id, false)
    }
    fn new_keeping(id: u64) -> Self {
        Self::with(id, true)
    }
    fn edit(&mut self, edits: &[Edit]) {
        let mut txn = self.doc.transact_mut();
        edits.iter().for_each(|e| splice(&self.text, &mut txn, e));
    }
    fn edit_encoded(&mut self, edit: &Edit) -> Vec<u8> {
        let mut txn = self.doc.transact_mut();
        splice(&self.text, &mut txn, edit);
        txn.encode_update_v1() // smaller than v2 for one edit
    }
    fn apply(&mut self, update: &[u8]) {
        self.integrate(Update::decode_v1(update).unwrap());
    }
    fn merged(&mut self) -> Option<Vec<u8>> {
        Some(self.doc.transact().encode_state_as_update_v1(&StateVector::default()))
    }
    fn save(&mut self) -> Vec<u8> {
        self.doc.transact().encode_state_as_update_v2(&StateVector::default())
    }
    fn load(bytes: &[u8], id: u64) -> Self {
        let doc = Self::new(id);
        doc.integrate(Update::decode_v2(bytes).unwrap());
        doc
    }
    fn len(&mut self) -> usize {
        self.text.len(&self.doc.transact()) as usize
    }
    fn text(&mut self) -> Option<String> {
        Some(self.text.get_string(&self.doc.transact()))
    }
}
