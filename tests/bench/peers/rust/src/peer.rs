//! What every measured library is asked to do.

use crate::trace::Edit;

/// One replica of a text document.
///
/// Positions and lengths are codepoints. An implementation uses the calls that
/// its library's documentation recommends for the purpose.
pub trait Peer: Sized {
    const NAME: &'static str;

    /// Several edits can share one transaction.
    const TRANSACTIONS: bool;

    /// A document made by `new` keeps deleted text.
    const KEEPS_DELETED: bool = true;

    /// An empty document, edited under this id.
    fn new(id: u64) -> Self;

    /// The same, told to keep deleted text where `new` does not.
    fn new_keeping(id: u64) -> Self {
        Self::new(id)
    }

    /// Apply local edits, in one transaction where there is such a thing.
    fn edit(&mut self, edits: &[Edit]);

    /// Apply one local edit and return what has to be sent to the others.
    fn edit_encoded(&mut self, edit: &Edit) -> Vec<u8>;

    /// Apply what edit_encoded of another replica returned.
    fn apply(&mut self, update: &[u8]);

    /// All that happened, as one update; None if there is no such thing.
    fn merged(&mut self) -> Option<Vec<u8>>;

    /// Apply what merged of another replica returned.
    fn apply_merged(&mut self, update: &[u8]) {
        self.apply(update);
    }

    /// A document that so far has received one merged update and nothing else.
    fn from_merged(update: &[u8], id: u64) -> Self {
        let mut doc = Self::new(id);
        doc.apply_merged(update);
        doc
    }

    /// The document as bytes, the way the library recommends to store it.
    fn save(&mut self) -> Vec<u8>;

    /// Open what save returned, to be edited under this id.
    fn load(bytes: &[u8], id: u64) -> Self;

    /// The same without the deleted text that the document still has; None if
    /// there is no way.
    fn save_live(&mut self) -> Option<Vec<u8>> {
        None
    }

    /// Length of the visible text, in codepoints.
    fn len(&mut self) -> usize;

    /// The visible text; None if the library does not hold it.
    fn text(&mut self) -> Option<String>;
}

/// A fixed id that looks drawn at random, as ids in use are.
pub fn id(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
