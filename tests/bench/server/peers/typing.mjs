// load.c's scenario `typing`, for servers that speak the protocol of Yjs.
//
//   node typing.mjs y-websocket|hocuspocus PORT PID [DOCUMENTS CLIENTS RATE SECONDS]
//
// Both carry y-protocols' sync messages. Hocuspocus puts the name of the document before
// each, and wants a token first; y-websocket has the name in the address.
//
// One core of JavaScript cannot merge 18,000 updates a second, so these clients look only
// at whose an update is, and type in their own text: what is late is the server.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import * as sync from 'y-protocols/sync'
import WebSocket from 'ws'
import * as Y from 'yjs'

const [kind, port, pid, documents = 20, clients = 10, rate = 2000, seconds = 5] =
  process.argv.slice(2).map((word) => (Number.isNaN(Number(word)) ? word : Number(word)))
const named = kind === 'hocuspocus'
const SYNC = 0, AUTH = 2, SYNC_REPLY = 4
const TICKS = 100 // of a second, in the kernel's count of processor time

const now = () => performance.now()
const rest = (ms) => new Promise((done) => setTimeout(done, ms))
const byReplica = new Map()
const took = []
let seed = 1

function draw () { // splitmix32
  seed = (seed + 0x9e3779b9) | 0
  let z = Math.imul(seed ^ (seed >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32
}

function processorSeconds () {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS
}

function residentKb () {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4
}

class Client {
  constructor (document) {
    this.name = `load-${process.pid}-${document}`
    this.doc = new Y.Doc()
    this.text = this.doc.getText('text')
    this.typed = [] // when each own operation was made; its number is Yjs' clock
    byReplica.set(this.doc.clientID, this)
    this.live = new Promise((live) => { this.isLive = live })
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/${named ? '' : this.name}`, { perMessageDeflate: false })
    this.socket.binaryType = 'arraybuffer'
    this.socket.on('open', () => this.greet())
    this.socket.on('message', (data) => this.receive(new Uint8Array(data)))
    this.doc.on('update', (update) => this.send(SYNC, (to) => sync.writeUpdate(to, update)))
  }

  send (type, write) {
    const to = encoding.createEncoder()
    if (named) encoding.writeVarString(to, this.name)
    encoding.writeVarUint(to, type)
    write(to)
    this.socket.send(encoding.toUint8Array(to))
  }

  greet () {
    if (named) {
      this.send(AUTH, (to) => {
        encoding.writeVarUint(to, 0)
        encoding.writeVarString(to, 'token')
      })
    }
    this.send(SYNC, (to) => sync.writeSyncStep1(to, this.doc))
  }

  receive (data) {
    const from = decoding.createDecoder(data)
    if (named) decoding.readVarString(from)
    const type = decoding.readVarUint(from)
    if (type !== SYNC && type !== SYNC_REPLY) return
    const message = decoding.readVarUint(from)
    if (message === sync.messageYjsSyncStep1) {
      this.send(SYNC, (to) => sync.readSyncStep1(from, to, this.doc))
    } else if (message === sync.messageYjsSyncStep2) {
      this.isLive()
    } else {
      this.look(decoding.readVarUint8Array(from))
    }
  }

  type () {
    this.typed.push(now())
    this.text.insert(Math.floor(draw() * (this.text.length + 1)), 'x')
  }

  // An update of one character begins: 1 replica, 1 struct, which replica, which number.
  // Servers that gather updates send longer ones.
  look (update) {
    const from = decoding.createDecoder(update)
    if (decoding.readVarUint(from) === 1 && decoding.readVarUint(from) === 1) {
      this.note(decoding.readVarUint(from), decoding.readVarUint(from), 1)
    } else {
      for (const { id, length } of Y.decodeUpdate(update).structs) this.note(id.client, id.clock, length)
    }
  }

  note (replica, from, length) {
    const other = byReplica.get(replica)
    for (let i = 0; i < length && other !== this; i++) took.push(now() - other.typed[from + i])
  }
}

// ---- The run ----

const all = []
for (let i = 0; i < documents * clients; i++) all.push(new Client(Math.floor(i / clients)))
await Promise.all(all.map((client) => client.live))

const cpu = processorSeconds(), start = now(), end = start + seconds * 1000
const beat = all.length * 1000 / rate
let edits = 0
for (const client of all) client.next = start + draw() * beat
while (now() < end) {
  for (const client of all) {
    for (; client.next <= now() && client.next < end; client.next += beat, edits++) client.type()
  }
  await new Promise((done) => setImmediate(done))
}
const expected = edits * (clients - 1)
for (const stop = now() + 20000; took.length < expected && now() < stop;) await rest(10)

const elapsed = (now() - start) / 1000, used = processorSeconds() - cpu
took.sort((a, b) => a - b)
const percentile = (p) => Number(took[Math.floor((took.length - 1) * p / 100)].toFixed(3))
const version = createRequire(import.meta.url)('yjs/package.json').version
console.log(JSON.stringify({
  server: kind, scenario: 'typing', yjs: version, documents, clients, rate, edits, deliveries: took.length,
  lost: expected - took.length, p50_ms: percentile(50), p99_ms: percentile(99), most_ms: percentile(100),
  deliveries_per_second: Math.round(took.length / elapsed), server_cpu_s: Number(used.toFixed(2)),
  deliveries_per_cpu_s: Math.round(took.length / used), server_rss_kb: residentKb()
}))
process.exit(0)
