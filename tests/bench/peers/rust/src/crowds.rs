//! What is measured where several write at one place at once.

use crate::measure::{cpu, each, GaveUp, Report};
use crate::peer::{id, Peer};
use crate::trace::Edit;

const RECEIVER: u64 = u64::MAX - 1; // the number of a replica that writes nothing

/// A document of two characters that everybody has, as bytes.
fn base<P: Peer>() -> Vec<u8> {
    let mut doc = P::new(id(0));
    doc.edit(&[Edit::new(0, 0, "[]")]);
    doc.save()
}

/// Apply updates one by one to the document that everybody has.
fn stream<P: Peer>(base: &[u8], updates: &[Vec<u8>], report: &Report) {
    report.time("stream_ms", || {
        let mut doc = P::load(base, id(RECEIVER));
        let start = cpu();
        each(updates.len(), 1, report.budget, |i| doc.apply(&updates[i]))?;
        let took = cpu() - start;
        assert_eq!(doc.len(), 2 + updates.len());
        Ok(took)
    });
}

/// n replicas insert one character each between the same two, knowing of no
/// other. The updates arrive in an order of chance.
pub fn one_place<P: Peer>(n: usize, report: &Report) {
    let base = base::<P>();
    let insert = Edit::new(1, 0, "x");
    let mut updates = Vec::with_capacity(n);

    report.start("stream_ms");
    let made = each(n, 1, 10.0 * report.budget, |i| {
        let mut doc = P::load(&base, id(1 + i as u64));
        updates.push(doc.edit_encoded(&insert));
    });
    if made.is_err() {
        return report.gave_up("stream_ms", GaveUp(0.0));
    }
    for i in 1..n {
        updates.swap(i, id(i as u64) as usize % (i + 1));
    }
    stream::<P>(&base, &updates, report);
}

/// Two type n characters each between the same two, every one before the last,
/// and know nothing of each other. The updates of the two arrive in turn; then
/// everything arrives as one update in an empty document.
pub fn backwards<P: Peer>(n: usize, report: &Report) {
    let base = base::<P>();
    let mut docs = [P::load(&base, id(1)), P::load(&base, id(2))];
    let inserts = [Edit::new(1, 0, "x"), Edit::new(1, 0, "y")];
    let mut updates = Vec::with_capacity(2 * n);

    report.start("stream_ms");
    let made = each(2 * n, 1, 10.0 * report.budget, |i| {
        updates.push(docs[i % 2].edit_encoded(&inserts[i % 2]));
    });
    if made.is_err() {
        return report.gave_up("stream_ms", GaveUp(0.0));
    }
    stream::<P>(&base, &updates, report);
    whole(docs, n, report);
}

fn whole<P: Peer>(mut docs: [P; 2], n: usize, report: &Report) {
    let Some(second) = docs[1].merged() else { return };

    report.start("merge_ms");
    docs[0].apply_merged(&second);
    let Some(update) = docs[0].merged() else { return };
    report.time("merge_ms", || {
        let start = cpu();
        let mut doc = P::from_merged(&update, id(RECEIVER));
        let took = cpu() - start;
        assert_eq!(doc.len(), 2 + 2 * n);
        Ok(took)
    });
    if let Some(text) = docs[0].text() {
        let letters: Vec<char> = text.trim_matches(['[', ']']).chars().collect();
        let switches = letters.windows(2).filter(|w| w[0] != w[1]).count();
        report.value("switches", switches as f64); // 1: both words are whole
    }
}
