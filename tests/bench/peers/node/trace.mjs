// Recorded editing traces: gzipped JSON, positions in Unicode codepoints.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/**
 * Read a trace as { agents, txns: [{ parents, agent, edits }], end }, an edit
 * being { pos, del, ins }. Characters past U+FFFF are refused, so that
 * codepoints and UTF-16 units are the same.
 */
export function load(path) {
  const json = gunzipSync(readFileSync(path)).toString()
  const raw = JSON.parse(json)

  if (raw.startContent) throw new Error(`${path}: a trace that starts with text is not supported`)
  if (/[\ud800-\udfff]/.test(json)) throw new Error(`${path}: characters past U+FFFF are not supported`)
  return {
    agents: raw.numAgents || 1,
    txns: raw.txns.map(txn => ({
      parents: txn.parents || [],
      agent: txn.agent || 0,
      edits: txn.patches.map(([pos, del, ins]) => ({ pos, del, ins }))
    })),
    end: raw.endContent
  }
}

/** Every edit in recorded order: what one author did, if there is one. */
export function editsOf(trace) {
  return trace.txns.flatMap(txn => txn.edits)
}
