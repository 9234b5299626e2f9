// Yjs, its build of ES modules. Deleted text is dropped unless gc is off.
import * as Y from 'yjs'

/** One replica; the members are those of the trait Peer in ../rust/src/peer.rs. */
export class Yjs {
  static peer = 'yjs'
  static transactions = true
  static keepsDeleted = false

  constructor(id, gc = true) {
    this.doc = new Y.Doc({ gc })
    this.doc.clientID = Number(id & 0xffffffffn) // Yjs draws 32 bits
    this.text = this.doc.getText('text')
    this.update = null
    this.listening = false
  }

  static create(id) {
    return new Yjs(id)
  }

  static createKeeping(id) {
    return new Yjs(id, false)
  }

  splice({ pos, del, ins }) {
    if (del > 0) this.text.delete(pos, del)
    if (ins.length > 0) this.text.insert(pos, ins)
  }

  edit(edits) {
    this.doc.transact(() => edits.forEach(edit => this.splice(edit)))
  }

  editEncoded(edit) {
    if (!this.listening) this.doc.on('update', update => { this.update = update })
    this.listening = true
    this.doc.transact(() => this.splice(edit))
    return this.update
  }

  apply(update) {
    Y.applyUpdate(this.doc, update)
  }

  merged() {
    return Y.encodeStateAsUpdate(this.doc)
  }

  applyMerged(update) {
    this.apply(update)
  }

  static fromMerged(update, id) {
    const replica = new Yjs(id)
    replica.apply(update)
    return replica
  }

  save() {
    return Y.encodeStateAsUpdateV2(this.doc)
  }

  static load(bytes, id) {
    const replica = new Yjs(id)
    Y.applyUpdateV2(replica.doc, bytes)
    return replica
  }

  saveLive() {
    return null // a document made by create has dropped deleted text by itself
  }

  length() {
    return this.text.length
  }

  string() {
    return this.text.toString()
  }
}
