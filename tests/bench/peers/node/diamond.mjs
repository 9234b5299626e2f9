// diamond-types as its authors publish it for JavaScript: WebAssembly, newer
// than their last release for Rust. Keeps everything ever typed.
import dt from 'diamond-types-node'
import { agentName } from './id.mjs'

/** One replica; the members are those of the trait Peer in ../rust/src/peer.rs. */
export class Diamond {
  static peer = 'diamond-wasm'
  static transactions = false
  static keepsDeleted = true
  static wasm = true // its memory is not in the heap of JavaScript

  constructor(doc) {
    this.doc = doc
  }

  static create(id) {
    return new Diamond(new dt.Doc(agentName(id)))
  }

  splice({ pos, del, ins }) {
    if (del > 0) this.doc.del(pos, del)
    if (ins.length > 0) this.doc.ins(pos, ins)
  }

  edit(edits) {
    edits.forEach(edit => this.splice(edit))
  }

  editEncoded(edit) {
    const before = this.doc.getLocalVersion()
    this.splice(edit)
    return this.doc.getPatchSince(before)
  }

  apply(update) {
    this.doc.mergeBytes(update)
  }

  merged() {
    return this.doc.toBytes()
  }

  applyMerged(update) {
    this.apply(update)
  }

  static fromMerged(update, id) {
    const replica = Diamond.create(id)
    replica.apply(update)
    return replica
  }

  save() {
    return this.doc.toBytes()
  }

  static load(bytes, id) {
    return new Diamond(dt.Doc.fromBytes(bytes, agentName(id)))
  }

  saveLive() {
    return null
  }

  length() {
    return this.doc.len()
  }

  string() {
    return this.doc.get()
  }

  /** What lives in WebAssembly is not collected. */
  free() {
    this.doc.free()
  }
}
