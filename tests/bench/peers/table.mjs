// One table, or lines of JSON, from the results of every peer:
//
//     node table.mjs RESULTS BUDGET [--json]
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'

const PEERS = ['sennit', 'diamond-types', 'diamond-wasm', 'yrs', 'loro', 'automerge', 'cola', 'yjs', 'json-joy']
const [file, budget, flag] = process.argv.slice(2)
const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean).map(line => JSON.parse(line))

// ---- Collect: cells['trace key peer'] -----------------------------------------

const versions = {}
const cells = new Map()
const traces = []
const failed = new Set() // 'on peer' of processes that ended by themselves

function put(peer, on, key, cell) {
  const at = `${on} ${key} ${peer}`
  // "start" without an end is what an ended process leaves behind.
  if (!cell.start || !cells.has(at)) cells.set(at, { peer, on, key, ...cell })
}

/** What sennit bench says of a trace, by the names used here. */
function putSennit(line) {
  const figures = {
    ...line,
    send_ms: line.encode_ns * line.edits / 1e6,
    merge_bytes: line.bytes_delta,
    load_ms: line.text_us / 1e3, // the text is found without opening the rest
    load_edit_ms: line.load_ms,
    heap_peak_bytes: line.heap_peak
  }
  for (const [key, value] of Object.entries(figures)) {
    if (typeof value === 'number') put('sennit', line.trace, key, { value })
  }
}

/** The adversarial cases that the peers do as well. */
function putCase({ case: name, n, ms, rounds }) {
  const cell = { value: ms, runs: rounds }
  if (name === 'same_place_left') put('sennit', `one-place-${n}`, 'stream_ms', cell)
  if (name === 'backward_stream') put('sennit', `backwards-${n}`, 'stream_ms', cell)
  if (name === 'backward_delta') {
    put('sennit', `backwards-${n}`, 'merge_ms', cell)
    put('sennit', `backwards-${n}`, 'switches', { value: 1 }) // or it would have failed
  }
}

for (const line of lines) {
  if (line.version) versions[line.peer] = line.version
  else if (line.status) {
    if (line.status < 124) failed.add(`${line.on} ${line.peer}`)
  } else if (line.case) putCase(line)
  else if (line.trace) {
    traces.push({ name: line.trace, concurrent: line.session_ms > 0 })
    putSennit(line)
  } else put(line.peer, line.on, line.key, line)
}

if (flag === '--json') {
  for (const cell of cells.values()) {
    if (cell.start) cell[failed.has(`${cell.on} ${cell.peer}`) ? 'failed' : 'gave_up'] = true
    delete cell.start
    console.log(JSON.stringify({ ...cell, version: versions[cell.peer] }))
  }
  process.exit(0)
}

// ---- Text ---------------------------------------------------------------------

const present = PEERS.filter(peer => [...cells.values()].some(cell => cell.peer === peer))

function number(value) {
  const digits = Number.isInteger(value) || value >= 100 ? 0 : value >= 10 ? 1 : value >= 0.1 ? 2 : 4
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

function text(on, key, peer) {
  const cell = cells.get(`${on} ${key} ${peer}`)
  if (!cell) return '-'
  if (cell.value !== undefined) return number(cell.value)
  if (cell.notTried) return 'not tried'
  if (cell.start && failed.has(`${on} ${peer}`)) return 'failed'
  return cell.gave_up ? `>${budget} s, ${Math.floor(cell.gave_up * 100)} %` : `>${budget} s`
}

/** A row for one key, or for several of which each is a part of the cell. */
function row(title, on, ...keys) {
  const parts = present.map(peer => keys.map(key => text(on, key, peer)))
  const shown = parts.map(cell => cell.every(part => part === '-') ? '-' : cell.join('/'))
  if (shown.some(cell => cell !== '-')) print(title, shown)
}

function print(title, shown) {
  console.log(title.padEnd(32) + shown.map(cell => ' ' + cell.padStart(13)).join(''))
}

function heading(title) {
  console.log()
  print(title, present.map(peer => peer === 'cola' ? 'cola *' : peer))
}

function traceTable({ name, concurrent }) {
  heading(concurrent ? `${name}, concurrent` : name)
  if (!concurrent) {
    row('plain gap buffer, ms', name, 'floor_ms')
    row('local, a call per edit, ms', name, 'local_ms')
    row('local, 1,024 a transaction, ms', name, 'batch_ms')
    row('edit and its message, ms', name, 'send_ms')
  }
  row('stream, an update per edit, ms', name, 'stream_ms')
  row('all as one update, ms', name, 'merge_ms')
  row('save, ms', name, 'save_ms')
  row('open: text readable, ms', name, 'load_ms')
  row('open: ready to edit, ms', name, 'load_edit_ms')
  row('bytes with deleted text', name, 'bytes_full')
  row('  gzip -6', name, 'bytes_full_gzip')
  row('  zstd -3', name, 'bytes_full_zstd')
  row('bytes without deleted text', name, 'bytes_live')
  row('  gzip -6', name, 'bytes_live_gzip')
  row('  zstd -3', name, 'bytes_live_zstd')
  if (!concurrent) {
    row('heap after the edits, bytes', name, 'heap_bytes')
    row('heap peak, bytes', name, 'heap_peak_bytes')
    row('keystroke: insert/next/delete, B', name, 'key_insert', 'key_next', 'key_delete')
    row('  both ends share a table, B', name, 'table_insert', 'table_next', 'table_delete')
  }
}

/** Where a stream of fewer was given up, more were not tried. */
function fillNotTried(kind, ...counts) {
  for (const peer of present) {
    let before = {}
    for (const n of counts) {
      const at = `${kind}-${n} stream_ms ${peer}`
      if (before.gave_up !== undefined || before.start) cells.set(at, before)
      before = { ...cells.get(at), notTried: true }
    }
  }
}

function crowdTable() {
  heading('at one place at once')
  fillNotTried('one-place', 2000, 8000, 32000)
  fillNotTried('backwards', 5000, 32000)
  for (const n of [2000, 8000, 32000]) row(`${number(n)} replicas, ms`, `one-place-${n}`, 'stream_ms')
  for (const n of [5000, 32000]) {
    const on = `backwards-${n}`
    row(`two type ${number(n)} backwards, ms`, on, 'stream_ms')
    row('  all as one update, ms', on, 'merge_ms')
    const whole = present.map(peer => ({ '-': '-', 1: 'yes' })[text(on, 'switches', peer)] || 'no')
    if (whole.some(cell => cell !== '-')) print('  both words whole', whole)
  }
}

console.log(present.map(peer => `${peer} ${versions[peer] || ''}`.trim()).join(', '))
console.log(`${new Date().toISOString().slice(0, 10)}, ${process.arch}, ${cpus().length} x ${cpus()[0]?.model || 'CPU'}, node ${process.version}`)
traces.forEach(traceTable)
crowdTable()
console.log(`
CPU time, medians. -: no such thing there. >${budget} s: given up then, and how far it had come.
* cola holds positions, not text: its figures leave the text out.
What is measured how, and what each library does not do: tests/bench/peers/NOTES.md`)
