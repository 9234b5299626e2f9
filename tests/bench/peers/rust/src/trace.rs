//! Recorded editing traces: gzipped JSON, positions in Unicode codepoints.

use flate2::read::GzDecoder;
use serde::Deserialize;
use std::fs::File;
use std::io::Read;

/// One recorded step: remove `del` codepoints at `pos`, then put `ins` there.
#[derive(Clone)]
pub struct Edit {
    pub pos: usize,
    pub del: usize,
    pub ins: String,
    pub ins_len: usize, // of `ins`, in codepoints
}

impl Edit {
    pub fn new(pos: usize, del: usize, ins: &str) -> Edit {
        Edit { pos, del, ins: ins.to_string(), ins_len: ins.chars().count() }
    }
}

/// What one author did on top of the transactions named in `parents`.
pub struct Txn {
    pub parents: Vec<usize>,
    pub agent: usize,
    pub edits: Vec<Edit>,
}

pub struct Trace {
    pub agents: usize, // 1: a sequential trace
    pub txns: Vec<Txn>,
    pub end: String,
}

impl Trace {
    /// Every edit in recorded order: what one author did, if there is one.
    pub fn edits(&self) -> Vec<Edit> {
        self.txns.iter().flat_map(|t| &t.edits).cloned().collect()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawTrace {
    #[serde(default)]
    start_content: String,
    end_content: String,
    #[serde(default)]
    num_agents: usize,
    txns: Vec<RawTxn>,
}

#[derive(Deserialize)]
struct RawTxn {
    #[serde(default)]
    parents: Vec<usize>,
    #[serde(default)]
    agent: usize,
    patches: Vec<(usize, usize, String)>,
}

/// Read a trace. Characters past U+FFFF are refused, so that codepoints and
/// UTF-16 units are the same and every peer gets the positions as recorded.
pub fn load(path: &str) -> Result<Trace, String> {
    let mut json = String::new();
    let file = File::open(path).map_err(|e| format!("{path}: {e}"))?;
    GzDecoder::new(file).read_to_string(&mut json).map_err(|e| format!("{path}: {e}"))?;
    let raw: RawTrace = serde_json::from_str(&json).map_err(|e| format!("{path}: {e}"))?;

    if !raw.start_content.is_empty() {
        return Err(format!("{path}: a trace that starts with text is not supported"));
    }
    if json.chars().any(|c| c > '\u{ffff}') {
        return Err(format!("{path}: characters past U+FFFF are not supported"));
    }
    let txns = raw.txns.into_iter().map(|t| Txn {
        parents: t.parents,
        agent: t.agent,
        edits: t.patches.iter().map(|(pos, del, ins)| Edit::new(*pos, *del, ins)).collect(),
    });
    Ok(Trace { agents: raw.num_agents.max(1), txns: txns.collect(), end: raw.end_content })
}
