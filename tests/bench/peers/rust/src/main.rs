//! Measure one peer on one trace or in one crowd; see ../../NOTES.md.
//!
//!     peers PEER trace FILE OUT BUDGET     a recorded trace; documents to OUT
//!     peers PEER one-place N BUDGET        N replicas insert at one place
//!     peers PEER backwards N BUDGET        two type N characters backwards
//!     peers sizes FILE...                  sizes of saved documents
//!
//! Results are lines of JSON. BUDGET is CPU seconds for one run of one step.

mod authors;
mod crowds;
mod measure;
mod peer;
mod peers;
mod trace;
mod traces;

use flate2::{write::GzEncoder, Compression};
use measure::Report;
use peer::Peer;
use std::io::Write;

#[global_allocator]
static ALLOCATOR: measure::Counting = measure::Counting;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();

    let result = match args.as_slice() {
        ["sizes", files @ ..] => sizes(files),
        ["diamond-types", rest @ ..] => run::<peers::diamond::Diamond>(rest),
        ["yrs", rest @ ..] => run::<peers::yrs::Yrs>(rest),
        ["loro", rest @ ..] => run::<peers::loro::Loro>(rest),
        ["automerge", rest @ ..] => run::<peers::automerge::Automerge>(rest),
        ["cola", rest @ ..] => run::<peers::cola::Cola>(rest),
        _ => Err("no such peer".to_string()),
    };
    if let Err(what) = result {
        eprintln!("peers: {what}");
        std::process::exit(2);
    }
}

fn run<P: Peer>(args: &[&str]) -> Result<(), String> {
    let number = |s: &str| s.parse::<f64>().map_err(|_| format!("not a number: {s}"));
    let report = |on: String, budget: f64| Report { peer: P::NAME, on, budget };

    match args {
        ["trace", file, out, budget] => {
            let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".json.gz");
            let report = report(name.to_string(), number(budget)?);
            traces::measure::<P>(&trace::load(file)?, &report, out);
        }
        [crowd @ ("one-place" | "backwards"), n, budget] => {
            let report = report(format!("{crowd}-{n}"), number(budget)?);
            match *crowd {
                "one-place" => crowds::one_place::<P>(number(n)? as usize, &report),
                _ => crowds::backwards::<P>(number(n)? as usize, &report),
            }
        }
        _ => return Err("arguments: see the head of main.rs".to_string()),
    }
    Ok(())
}

/// Report the sizes of files named PEER.TRACE.KIND, raw, gzip -6 and zstd -3.
fn sizes(files: &[&str]) -> Result<(), String> {
    for file in files {
        let bytes = std::fs::read(file).map_err(|e| format!("{file}: {e}"))?;
        let name = file.rsplit('/').next().unwrap_or(file);
        let [peer, on, kind] = name.split('.').collect::<Vec<_>>()[..] else {
            return Err(format!("{file}: the name is not PEER.TRACE.KIND"));
        };
        let mut gzip = GzEncoder::new(Vec::new(), Compression::new(6));
        gzip.write_all(&bytes).map_err(|e| e.to_string())?;
        let gzip = gzip.finish().map_err(|e| e.to_string())?;
        let zstd = zstd::bulk::compress(&bytes, 3).map_err(|e| e.to_string())?;

        for (key, size) in [("", bytes.len()), ("_gzip", gzip.len()), ("_zstd", zstd.len())] {
            let key = format!("bytes_{kind}{key}");
            let line = serde_json::json!({ "peer": peer, "on": on, "key": key, "value": size, "runs": 1 });
            println!("{line}");
        }
    }
    Ok(())
}
