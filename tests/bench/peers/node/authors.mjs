// Act out a trace with one replica for each of its authors.
import { each, GaveUp } from './measure.mjs'
import { id } from './id.mjs'

/** Deliver to a replica what `upto` knows and it does not, causes first. */
function receive(replica, past, upto) {
  const missing = []

  past.ofAgent.forEach((txns, agent) => {
    const known = replica.version[agent]
    if (known < upto[agent]) {
      missing.push(...txns.slice(known, upto[agent]))
      replica.version[agent] = upto[agent]
    }
  })
  missing.sort((a, b) => a - b)
  for (const txn of missing) past.updates[txn].forEach(update => replica.doc.apply(update))
}

function write(replica, past, txn) {
  for (const parent of txn.parents) receive(replica, past, past.versions[parent])
  replica.version[txn.agent]++
  past.ofAgent[txn.agent].push(past.updates.length)
  past.updates.push(txn.edits.map(edit => replica.doc.editEncoded(edit)))
  past.versions.push([...replica.version])
}

/** Ids that look drawn at random, in the order of the agents: see authors.rs. */
function agentId(agent) {
  return (id(1) & ~0xffn) | BigInt(agent)
}

/**
 * One update for each edit, in recorded order, and a document that has them
 * all. Before a transaction its author receives what the parents of the
 * transaction knew, so positions are those of the recorded document.
 *
 * When time is up, returns the updates so far and the reason as gaveUp.
 */
export function actOut(Peer, trace, budget) {
  const agents = [...Array(trace.agents).keys()]
  const past = { updates: [], versions: [], ofAgent: agents.map(() => []) }
  const replicas = agents.map(a => ({ doc: Peer.create(agentId(a)), version: agents.map(() => 0) }))
  let gaveUp = null

  try {
    each(trace.txns.length, 64, budget, t => {
      const txn = trace.txns[t]
      write(replicas[txn.agent], past, txn)
    })
    receive(replicas[0], past, past.ofAgent.map(txns => txns.length))
  } catch (error) {
    if (!(error instanceof GaveUp)) throw error
    gaveUp = error
  }
  return { updates: past.updates.flat(), doc: replicas[0].doc, gaveUp }
}
