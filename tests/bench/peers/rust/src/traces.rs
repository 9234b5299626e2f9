//! What is measured on a recorded trace.

use crate::authors;
use crate::measure::{cpu, each, heap, GaveUp, Report};
use crate::peer::{id, Peer};
use crate::trace::{Edit, Trace};
use std::hint::black_box;

/// Edits in one transaction where the library has transactions.
const BATCH: usize = 1024;
/// Edits between two looks at the clock.
const STRIDE: usize = 256;

/// Measure everything on one trace; saved documents go to files under `out`.
pub fn measure<P: Peer>(trace: &Trace, report: &Report, out: &str) {
    let mut doc = None;

    if trace.agents == 1 {
        let edits = trace.edits();
        doc = local::<P>(&edits, &trace.end, report);
        sending::<P>(&edits, report);
    }
    report.start("stream_ms");
    let (mut updates, acted) = authors::act_out::<P>(trace, 10.0 * report.budget);
    if trace.agents == 1 {
        keystrokes(&trace.edits(), &updates, report);
    }
    match acted {
        Ok(merger) => {
            stream::<P>(&updates, &trace.end, report);
            doc = doc.or(Some(merger));
        }
        Err(how_far) => {
            report.gave_up("stream_ms", how_far);
            updates.clear(); // the first part of them is of no more use
        }
    }
    if let Some(mut doc) = doc {
        check(&mut doc, &trace.end);
        merged(&mut doc, &trace.end, report);
        saved(&mut doc, &trace.end, report);
        sizes(&mut doc, &updates, report, out);
    }
}

/// A document that holds the wrong text is not worth a measurement.
fn check<P: Peer>(doc: &mut P, end: &str) {
    match doc.text() {
        Some(text) => assert!(text == end, "{} ends with another text", P::NAME),
        None => assert_eq!(doc.len(), end.chars().count()),
    }
}

fn replay<P: Peer>(mut doc: P, edits: &[Edit], batch: usize, budget: f64) -> Result<P, GaveUp> {
    let stride = (STRIDE / batch).max(1);

    each(edits.len().div_ceil(batch), stride, budget, |i| {
        doc.edit(&edits[i * batch..edits.len().min((i + 1) * batch)])
    })?;
    Ok(doc)
}

fn local<P: Peer>(edits: &[Edit], end: &str, report: &Report) -> Option<P> {
    let mut done = None;
    let mut time = |key: &str, batch: usize| {
        report.time(key, || {
            let start = cpu();
            let mut doc = replay(P::new(id(1)), edits, batch, report.budget)?;
            let took = cpu() - start;
            check(&mut doc, end);
            done = Some(doc);
            Ok(took)
        });
    };
    time("local_ms", 1);
    if P::TRANSACTIONS {
        time("batch_ms", BATCH); // its document is the one that is kept
    }

    report.start("heap_bytes");
    let (kept, peak) = heap(|| replay(P::new(id(1)), edits, BATCH, report.budget).ok());
    if done.is_some() {
        report.value("heap_bytes", kept as f64);
        report.value("heap_peak_bytes", peak as f64);
    }
    done
}

/// A local edit and the message about it, again and again.
fn sending<P: Peer>(edits: &[Edit], report: &Report) {
    report.time("send_ms", || {
        let mut doc = P::new(id(1));
        let start = cpu();
        each(edits.len(), STRIDE, report.budget, |i| {
            black_box(doc.edit_encoded(&edits[i]));
        })?;
        Ok(cpu() - start)
    });
}

/// Every update applied by itself to an empty document.
fn stream<P: Peer>(updates: &[Vec<u8>], end: &str, report: &Report) {
    report.time("stream_ms", || {
        let start = cpu();
        let mut doc = P::new(id(9));
        each(updates.len(), STRIDE, report.budget, |i| doc.apply(&updates[i]))?;
        let took = cpu() - start;
        check(&mut doc, end);
        Ok(took)
    });
}

/// All of it as one update, applied to an empty document.
fn merged<P: Peer>(doc: &mut P, end: &str, report: &Report) {
    let Some(update) = doc.merged() else { return };
    report.value("merge_bytes", update.len() as f64);
    report.time("merge_ms", || {
        let start = cpu();
        let mut doc = P::from_merged(&update, id(9));
        let took = cpu() - start;
        check(&mut doc, end);
        Ok(took)
    });
}

/// The document as bytes, opened again: until its text can be read, and until
/// it has taken an edit.
fn saved<P: Peer>(doc: &mut P, end: &str, report: &Report) {
    let bytes = doc.save();
    let middle = Edit::new(end.chars().count() / 2, 0, "x");

    report.time("save_ms", || {
        let start = cpu();
        black_box(doc.save());
        Ok(cpu() - start)
    });
    if doc.text().is_some() {
        report.time("load_ms", || {
            let start = cpu();
            let mut doc = P::load(&bytes, id(9));
            black_box(doc.text());
            let took = cpu() - start;
            check(&mut doc, end);
            Ok(took)
        });
    }
    report.time("load_edit_ms", || {
        let start = cpu();
        let mut doc = P::load(&bytes, id(9));
        doc.edit(std::slice::from_ref(&middle));
        let took = cpu() - start;
        assert_eq!(doc.len(), end.chars().count() + 1);
        Ok(took)
    });
}

/// Write the document with and without its deleted text to files, whose sizes
/// are looked at later, compressed and not, by one program for every peer.
fn sizes<P: Peer>(doc: &mut P, updates: &[Vec<u8>], report: &Report, out: &str) {
    let write = |kind: &str, bytes: &[u8]| {
        let path = format!("{out}/{}.{}.{kind}", P::NAME, report.on);
        std::fs::write(&path, bytes).unwrap_or_else(|e| panic!("{path}: {e}"));
    };
    if P::KEEPS_DELETED {
        write("full", &doc.save());
        if let Some(bytes) = doc.save_live() {
            write("live", &bytes);
        }
        return;
    }
    write("live", &doc.save());
    if updates.is_empty() {
        return;
    }
    let mut keeping = P::new_keeping(id(9));
    if each(updates.len(), STRIDE, report.budget, |i| keeping.apply(&updates[i])).is_ok() {
        write("full", &keeping.save());
    }
}

/// How large the message of one keystroke is: a character somewhere else than
/// the last edit ended, a character right behind the last one, a deleted one.
fn keystrokes(edits: &[Edit], updates: &[Vec<u8>], report: &Report) {
    let mut sizes = [("key_insert", vec![]), ("key_next", vec![]), ("key_delete", vec![])];

    for (i, update) in updates.iter().enumerate() {
        let edit = &edits[i];
        let end = |e: &Edit| (e.ins_len > 0).then_some(e.pos + e.ins_len);
        let kind = match (edit.del, edit.ins_len) {
            (1, 0) => 2,
            (0, 1) if i > 0 && end(&edits[i - 1]) == Some(edit.pos) => 1,
            (0, 1) => 0,
            _ => continue, // no keystroke
        };
        sizes[kind].1.push(update.len());
    }
    for (key, mut bytes) in sizes {
        bytes.sort_unstable();
        if let Some(usual) = bytes.get(bytes.len() / 2) {
            report.value(key, *usual as f64);
        }
    }
}
