// What is measured where several write at one place at once;
// ../rust/src/crowds.rs does the same.
import assert from 'node:assert'
import { id } from './id.mjs'
import { cpu, each } from './measure.mjs'

const RECEIVER = (1n << 64n) - 2n // the number of a replica that writes nothing

/** A document of two characters that everybody has, as bytes. */
function base(Peer) {
  const doc = Peer.create(id(0))
  doc.edit([{ pos: 0, del: 0, ins: '[]' }])
  return doc.save()
}

/** Apply updates one by one to the document that everybody has. */
function stream(Peer, bytes, updates, report) {
  report.time('stream_ms', () => {
    const doc = Peer.load(bytes, id(RECEIVER))
    const start = cpu()
    each(updates.length, 1, report.budget, i => doc.apply(updates[i]))
    const took = cpu() - start
    assert.strictEqual(doc.length(), 2 + updates.length)
    doc.free?.()
    return took
  })
}

/** Make n updates, or say that time was up and return null. */
function make(n, report, one) {
  const updates = []

  report.start('stream_ms')
  try {
    each(n, 1, 10 * report.budget, i => updates.push(one(i)))
  } catch (error) {
    report.gaveUp('stream_ms', error)
    return null
  }
  return updates
}

/**
 * n replicas insert one character each between the same two, knowing of no
 * other. The updates arrive in an order of chance.
 */
export function onePlace(Peer, n, report) {
  const bytes = base(Peer)
  const insert = { pos: 1, del: 0, ins: 'x' }
  const updates = make(n, report, i => {
    const doc = Peer.load(bytes, id(1 + i))
    const update = doc.editEncoded(insert)
    doc.free?.()
    return update
  })

  if (!updates) return
  for (let i = 1; i < n; i++) {
    const j = Number(id(i) % BigInt(i + 1))
    const moved = updates[i]
    updates[i] = updates[j]
    updates[j] = moved
  }
  stream(Peer, bytes, updates, report)
}

/**
 * Two type n characters each between the same two, every one before the last,
 * and know nothing of each other. The updates of the two arrive in turn; then
 * everything arrives as one update in an empty document.
 */
export function backwards(Peer, n, report) {
  const bytes = base(Peer)
  const docs = [Peer.load(bytes, id(1)), Peer.load(bytes, id(2))]
  const inserts = [{ pos: 1, del: 0, ins: 'x' }, { pos: 1, del: 0, ins: 'y' }]
  const updates = make(2 * n, report, i => docs[i % 2].editEncoded(inserts[i % 2]))

  if (!updates) return
  stream(Peer, bytes, updates, report)
  whole(Peer, docs, n, report)
}

function whole(Peer, docs, n, report) {
  const second = docs[1].merged()

  if (!second) return
  report.start('merge_ms')
  docs[0].applyMerged(second)
  const update = docs[0].merged()
  report.time('merge_ms', () => {
    const start = cpu()
    const doc = Peer.fromMerged(update, id(RECEIVER))
    const took = cpu() - start
    assert.strictEqual(doc.length(), 2 + 2 * n)
    doc.free?.()
    return took
  })
  const letters = docs[0].string().slice(1, -1)
  let switches = 0
  for (let i = 1; i < letters.length; i++) switches += letters[i] !== letters[i - 1] ? 1 : 0
  report.value('switches', switches) // 1: both words are whole
}
