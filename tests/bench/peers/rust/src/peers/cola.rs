//! cola: the structure alone; the text is kept by its user. Edits travel as
//! the library's own serde form, here by bincode, without the text inserted.

use crate::peer::Peer;
use crate::trace::Edit;
use bincode::config::standard;
use bincode::serde::{decode_from_slice, encode_to_vec};
use cola::{Deletion, EncodedReplica, Insertion, Replica};
use serde::{Deserialize, Serialize};

pub struct Cola(Replica);

#[derive(Serialize, Deserialize)]
enum Message {
    Deleted(Deletion),
    Inserted(Insertion),
    Replaced(Deletion, Insertion),
}

impl Cola {
    fn splice(&mut self, edit: &Edit) -> Message {
        let end = edit.pos + edit.del;
        match (edit.del > 0, edit.ins_len > 0) {
            (true, false) => Message::Deleted(self.0.deleted(edit.pos..end)),
            (false, _) => Message::Inserted(self.0.inserted(edit.pos, edit.ins_len)),
            (true, true) => {
                let deleted = self.0.deleted(edit.pos..end);
                Message::Replaced(deleted, self.0.inserted(edit.pos, edit.ins_len))
            }
        }
    }
}

impl Peer for Cola {
    const NAME: &'static str = "cola";
    const TRANSACTIONS: bool = false;

    fn new(id: u64) -> Self {
        // Replicas start as copies of one: two made by Replica::new do not
        // understand each other.
        Self::load(Replica::new(u64::MAX, 0).encode().as_bytes(), id)
    }
    fn edit(&mut self, edits: &[Edit]) {
        for edit in edits {
            std::hint::black_box(self.splice(edit));
        }
    }
    fn edit_encoded(&mut self, edit: &Edit) -> Vec<u8> {
        encode_to_vec(self.splice(edit), standard()).unwrap()
    }
    fn apply(&mut self, update: &[u8]) {
        let (message, _) = decode_from_slice(update, standard()).unwrap();
        if let Message::Deleted(d) | Message::Replaced(d, _) = &message {
            std::hint::black_box(self.0.integrate_deletion(d));
        }
        if let Message::Inserted(i) | Message::Replaced(_, i) = &message {
            std::hint::black_box(self.0.integrate_insertion(i));
        }
    }
    fn merged(&mut self) -> Option<Vec<u8>> {
        None
    }
    fn save(&mut self) -> Vec<u8> {
        self.0.encode().as_bytes().to_vec()
    }
    fn load(bytes: &[u8], id: u64) -> Self {
        Cola(Replica::decode(id, &EncodedReplica::from_bytes(bytes)).unwrap())
    }
    fn len(&mut self) -> usize {
        self.0.len()
    }
    fn text(&mut self) -> Option<String> {
        None
    }
}
