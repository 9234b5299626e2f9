//! Act out a trace with one replica for each of its authors.

use crate::measure::{each, GaveUp};
use crate::peer::{id, Peer};
use crate::trace::{Trace, Txn};

/// How many transactions of each agent are known.
type Version = Vec<usize>;

/// What has been written so far, by transaction in recorded order.
struct Past {
    updates: Vec<Vec<Vec<u8>>>, // one for each edit
    versions: Vec<Version>,     // what its author knew afterwards
    of_agent: Vec<Vec<usize>>,  // the transactions of each agent
}

struct Replica<P> {
    doc: P,
    version: Version,
}

impl<P: Peer> Replica<P> {
    /// Receive what `upto` knows and this replica does not, causes first.
    fn receive(&mut self, past: &Past, upto: &Version) {
        let mut missing: Vec<usize> = Vec::new();

        for (agent, txns) in past.of_agent.iter().enumerate() {
            let known = &mut self.version[agent];
            if *known < upto[agent] {
                missing.extend(&txns[*known..upto[agent]]);
                *known = upto[agent];
            }
        }
        missing.sort_unstable();
        for txn in missing {
            past.updates[txn].iter().for_each(|u| self.doc.apply(u));
        }
    }

    fn write(&mut self, past: &mut Past, txn: &Txn) {
        for parent in &txn.parents {
            self.receive(past, &past.versions[*parent]);
        }
        self.version[txn.agent] += 1;
        past.of_agent[txn.agent].push(past.updates.len());
        past.updates.push(txn.edits.iter().map(|e| self.doc.edit_encoded(e)).collect());
        past.versions.push(self.version.clone());
    }
}

/// Ids that look drawn at random, in the order of the agents. The order counts:
/// Yjs and yrs insert behind deleted text, where two authors can meet who had a
/// character between them when the trace was recorded; then the lower id comes
/// first, as in the recorded text.
fn agent_id(agent: usize) -> u64 {
    id(1) & !0xff | agent as u64
}

/// One update for each edit, in recorded order, and a document that has them
/// all. Before a transaction its author receives what the parents of the
/// transaction knew, so positions are those of the recorded document.
///
/// When time is up, returns the updates so far and the reason.
pub fn act_out<P: Peer>(trace: &Trace, budget: f64) -> (Vec<Vec<u8>>, Result<P, GaveUp>) {
    let n = trace.agents;
    let mut past = Past { updates: vec![], versions: vec![], of_agent: vec![vec![]; n] };
    let mut replicas: Vec<Replica<P>> = (0..n)
        .map(|a| Replica { doc: P::new(agent_id(a)), version: vec![0; n] })
        .collect();

    let done = each(trace.txns.len(), 64, budget, |t| {
        let txn = &trace.txns[t];
        replicas[txn.agent].write(&mut past, txn);
    });
    let mut first = replicas.swap_remove(0);
    if done.is_ok() {
        first.receive(&past, &past.of_agent.iter().map(Vec::len).collect());
    }
    (past.updates.into_iter().flatten().collect(), done.map(|()| first.doc))
}
