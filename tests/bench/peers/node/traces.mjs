// What is measured on a recorded trace; ../rust/src/traces.rs does the same.
import assert from 'node:assert'
import { writeFileSync } from 'node:fs'
import { actOut } from './authors.mjs'
import { id } from './id.mjs'
import { cpu, each, heap } from './measure.mjs'
import { editsOf } from './trace.mjs'

const BATCH = 1024 // edits in one transaction
const STRIDE = 256 // edits between two looks at the clock

let sink // keeps results that are only made to be timed

/** Measure everything on one trace; saved documents go to files under out. */
export function measure(Peer, trace, report, out) {
  const sequential = trace.agents === 1
  let doc = null

  if (sequential) {
    const edits = editsOf(trace)
    doc = local(Peer, edits, trace.end, report)
    sending(Peer, edits, report)
  }
  report.start('stream_ms')
  const acted = actOut(Peer, trace, 10 * report.budget)
  if (sequential) keystrokes(editsOf(trace), acted.updates, report)
  if (acted.gaveUp) {
    report.gaveUp('stream_ms', acted.gaveUp)
  } else {
    stream(Peer, acted.updates, trace.end, report)
    doc ||= acted.doc
  }
  if (doc) {
    assert.strictEqual(doc.string(), trace.end)
    merged(Peer, doc, trace.end, report)
    saved(Peer, doc, trace.end, report)
    sizes(Peer, doc, acted.gaveUp ? [] : acted.updates, report, out)
  }
}

function replay(doc, edits, batch, budget) {
  const stride = Math.max(1, Math.floor(STRIDE / batch))

  each(Math.ceil(edits.length / batch), stride, budget, i => {
    doc.edit(edits.slice(i * batch, (i + 1) * batch))
  })
  return doc
}

function local(Peer, edits, end, report) {
  let done = null
  const time = (key, batch) => report.time(key, () => {
    const start = cpu()
    const doc = replay(Peer.create(id(1)), edits, batch, report.budget)
    const took = cpu() - start
    assert.strictEqual(doc.string(), end)
    done?.free?.()
    done = doc
    return took
  })

  time('local_ms', 1)
  if (Peer.transactions) time('batch_ms', BATCH) // its document is kept
  if (done && !Peer.wasm) {
    const { bytes } = heap(() => replay(Peer.create(id(1)), edits, BATCH, report.budget))
    report.value('heap_bytes', bytes)
  }
  return done
}

/** A local edit and the message about it, again and again. */
function sending(Peer, edits, report) {
  report.time('send_ms', () => {
    const doc = Peer.create(id(1))
    const start = cpu()
    each(edits.length, STRIDE, report.budget, i => { sink = doc.editEncoded(edits[i]) })
    const took = cpu() - start
    doc.free?.()
    return took
  })
}

/** Every update applied by itself to an empty document. */
function stream(Peer, updates, end, report) {
  report.time('stream_ms', () => {
    const start = cpu()
    const doc = Peer.create(id(9))
    each(updates.length, STRIDE, report.budget, i => doc.apply(updates[i]))
    const took = cpu() - start
    assert.strictEqual(doc.string(), end)
    doc.free?.()
    return took
  })
}

/** All of it as one update, applied to an empty document. */
function merged(Peer, doc, end, report) {
  const update = doc.merged()

  if (!update) return
  report.value('merge_bytes', update.length)
  report.time('merge_ms', () => {
    const start = cpu()
    const fresh = Peer.fromMerged(update, id(9))
    const took = cpu() - start
    assert.strictEqual(fresh.string(), end)
    fresh.free?.()
    return took
  })
}

/**
 * The document as bytes, opened again: until its text can be read, and until
 * it has taken an edit.
 */
function saved(Peer, doc, end, report) {
  const bytes = doc.save()
  const middle = { pos: end.length >> 1, del: 0, ins: 'x' }

  report.time('save_ms', () => {
    const start = cpu()
    sink = doc.save()
    return cpu() - start
  })
  report.time('load_ms', () => {
    const start = cpu()
    const opened = Peer.load(bytes, id(9))
    const text = opened.string()
    const took = cpu() - start
    assert.strictEqual(text, end)
    opened.free?.()
    return took
  })
  report.time('load_edit_ms', () => {
    const start = cpu()
    const opened = Peer.load(bytes, id(9))
    opened.edit([middle])
    const took = cpu() - start
    assert.strictEqual(opened.length(), end.length + 1)
    opened.free?.()
    return took
  })
}

/** Write the document with and without its deleted text to files. */
function sizes(Peer, doc, updates, report, out) {
  const write = (kind, bytes) => {
    if (bytes) writeFileSync(`${out}/${Peer.peer}.${report.on}.${kind}`, bytes)
  }
  if (Peer.keepsDeleted) {
    write('full', doc.save())
    write('live', doc.saveLive())
    return
  }
  write('live', doc.save())
  const keeping = Peer.createKeeping(id(9))
  if (!keeping || updates.length === 0) return
  updates.forEach(update => keeping.apply(update))
  write('full', keeping.save())
}

/**
 * How large the message of one keystroke is: a character somewhere else than
 * the last edit ended, a character right behind the last one, a deleted one.
 */
function keystrokes(edits, updates, report) {
  const sizes = { key_insert: [], key_next: [], key_delete: [] }

  updates.forEach((update, i) => {
    const { pos, del, ins } = edits[i]
    const last = i > 0 ? edits[i - 1] : { ins: '' }
    const follows = last.ins !== '' && last.pos + last.ins.length === pos
    if (del === 1 && ins === '') sizes.key_delete.push(update.length)
    if (del === 0 && ins.length === 1) sizes[follows ? 'key_next' : 'key_insert'].push(update.length)
  })
  for (const [key, bytes] of Object.entries(sizes)) {
    bytes.sort((a, b) => a - b)
    if (bytes.length > 0) report.value(key, bytes[bytes.length >> 1])
  }
}
