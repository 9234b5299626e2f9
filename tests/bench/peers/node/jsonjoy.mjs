// json-joy: a document that is one string. Deleted text is dropped. It ships
// CommonJS only.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const { Model } = require('json-joy/lib/json-crdt')
const { Patch, s } = require('json-joy/lib/json-crdt-patch')
const { Delta } = require('json-joy/lib/json-crdt/delta/Delta')

// Everybody begins with the same empty string, which a schema makes under a
// session id of its own.
const schema = s.str('')

/** Session ids have 53 bits and are not among the lowest. */
const session = id => Number(id & ((1n << 53n) - 1n)) + 65536

/** One replica; the members are those of the trait Peer in ../rust/src/peer.rs. */
export class JsonJoy {
  static peer = 'json-joy'
  static transactions = true
  static keepsDeleted = false

  constructor(model) {
    this.model = model
    this.text = model.api.str([])
  }

  static create(id) {
    const model = Model.create(schema, session(id))
    model.api.flush() // what the schema did is known to everybody
    return new JsonJoy(model)
  }

  static createKeeping() {
    return null
  }

  splice({ pos, del, ins }) {
    if (del > 0) this.text.del(pos, del)
    if (ins.length > 0) this.text.ins(pos, ins)
  }

  edit(edits) {
    edits.forEach(edit => this.splice(edit))
    this.model.api.flush()
  }

  editEncoded(edit) {
    this.splice(edit)
    return this.model.api.flush().toBinary()
  }

  apply(update) {
    this.model.applyPatch(Patch.fromBinary(update))
  }

  merged() {
    return this.model.delta(JsonJoy.create(2n).model.clock).toBinary()
  }

  applyMerged(update) {
    this.model.applyDelta(Delta.from(update))
  }

  static fromMerged(update, id) {
    const replica = JsonJoy.create(id)
    replica.applyMerged(update)
    return replica
  }

  save() {
    return this.model.toBinary()
  }

  static load(bytes, id) {
    return new JsonJoy(Model.load(bytes, session(id)))
  }

  saveLive() {
    return null
  }

  length() {
    return this.text.length()
  }

  string() {
    return this.text.view()
  }
}
