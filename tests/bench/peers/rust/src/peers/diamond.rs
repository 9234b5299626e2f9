//! diamond-types: an event graph; keeps everything ever typed.

use crate::peer::Peer;
use crate::trace::Edit;
use diamond_types::list::encoding::{ENCODE_FULL, ENCODE_PATCH};
use diamond_types::list::ListCRDT;
use diamond_types::AgentId;

pub struct Diamond {
    doc: ListCRDT,
    agent: AgentId,
}

/// Agents are named by text; 64 bits in the letters of base 64 are 11 bytes.
fn agent_name(id: u64) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (0..11).map(|i| LETTERS[(id >> (6 * i)) as usize & 63] as char).collect()
}

impl Diamond {
    fn with(mut doc: ListCRDT, id: u64) -> Self {
        let agent = doc.get_or_create_agent_id(&agent_name(id));
        Diamond { doc, agent }
    }

    fn splice(&mut self, edit: &Edit) {
        if edit.del > 0 {
            self.doc.delete_without_content(self.agent, edit.pos..edit.pos + edit.del);
        }
        if edit.ins_len > 0 {
            self.doc.insert(self.agent, edit.pos, &edit.ins);
        }
    }
}

impl Peer for Diamond {
    const NAME: &'static str = "diamond-types";
    const TRANSACTIONS: bool = false;

    fn new(id: u64) -> Self {
        Self::with(ListCRDT::new(), id)
    }
    fn edit(&mut self, edits: &[Edit]) {
        edits.iter().for_each(|e| self.splice(e));
    }
    fn edit_encoded(&mut self, edit: &Edit) -> Vec<u8> {
        let before = self.doc.oplog.local_version();
        self.splice(edit);
        self.doc.oplog.encode_from(ENCODE_PATCH, &before)
    }
    fn apply(&mut self, update: &[u8]) {
        self.doc.merge_data_and_ff(update).unwrap();
    }
    fn merged(&mut self) -> Option<Vec<u8>> {
        Some(self.doc.oplog.encode(ENCODE_FULL))
    }
    fn save(&mut self) -> Vec<u8> {
        self.doc.oplog.encode(ENCODE_FULL)
    }
    fn load(bytes: &[u8], id: u64) -> Self {
        Self::with(ListCRDT::load_from(bytes).unwrap(), id)
    }
    fn len(&mut self) -> usize {
        self.doc.len()
    }
    fn text(&mut self) -> Option<String> {
        Some(self.doc.branch.content().to_string())
    }
}
