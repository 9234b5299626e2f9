import { misuse, SennitError } from "./errors.js";
import { wasm, whole, words } from "./wasm.js";

/** What positions can be converted to; documents count in UTF-16 units, like strings. */
export enum Unit { Bytes = 0, Codepoints = 1, Utf16 = 2, Lines = 3 }

/** Kinds of operations, or'ed together, as `admit` is told them. */
export enum Kind { Insert = 1, Delete = 2, Toggle = 4, Mark = 8, Set = 16, Redaction = 32 }

/** To which side an anchor clings. */
export enum Side {
  /** To the character after it: text typed here comes before the anchor. */
  Before = 0,
  /** To the character before it: text typed here comes after. */
  After = 1,
}

/** A place in the text that moves with it, as bytes that mean the same everywhere. */
export type Anchor = Uint8Array<ArrayBuffer>;

/** A version: for each replica, how many of its operations are known. */
export type Version = Uint8Array<ArrayBuffer>;

export interface Options {
  /** Id of this replica; drawn at the first edit unless given. Two documents must never write under one. */
  replica?: bigint;
  /** Gives Unix milliseconds at each edit. Default: Date.now, asked once a task. */
  clock?: () => number;
  /** Successive edits share one timestamp until so long a pause. Default: 10,000. */
  coalesceMs?: number;
  /** What the document refuses to grow past. */
  limits?: { textBytes?: number; replicas?: number; parkedBytes?: number; patches?: number };
}

/** A stretch of text that one replica typed in one go. */
export interface Chunk { text: string; replica: bigint; unixMs: number }

/** What became of the operations in a delta. */
export interface Applied { applied: number; known: number; parked: number; dropped: number }

/** What a delta or snapshot holds. */
export interface Info { lineage: Uint8Array<ArrayBuffer>; operations: number; changes: number; insertedBytes: number }

/** Operations with one author and one timestamp. */
export interface Change { replica: bigint; unixMs: number; first: number; operations: number; insertedBytes: number }

/** One step from the text the host shows to the text the document has. */
export interface Patch {
  pos: number; removed: number; inserted: number; text: string; replica: bigint;
  /** Made by an editing call of this document. */
  local: boolean;
  /** Too many patches waited: read the document anew. */
  reset: boolean;
}

export interface Stat {
  heapBytes: number; visibleBytes: number; insertedBytes: number; spans: number; operations: number;
  changes: number; replicas: number; parked: number; parkedBytes: number;
}

/** Own operations `from` on, and bytes `fromByte` on, of replica `old`: now those from 0 on of `renewed`. */
export interface Rebased {
  old: bigint; renewed: bigint; from: number; fromByte: number; operations: number; bytes: number;
}

/** Part of a delta, and the version of whoever takes it. */
export interface Part { delta: Uint8Array<ArrayBuffer>; then: Version }

// Engines older than the proposal get the symbol that transpilers use.
(Symbol as { dispose?: symbol }).dispose ??= Symbol.for("Symbol.dispose");

/** @internal */
export const call = wasm.call as {
  [name: string]: (...args: number[]) => number;
};
const { js_splice, sennit_doc_len } = call as Record<"js_splice" | "sennit_doc_len", (...args: number[]) => number>;

const abandoned = new FinalizationRegistry<number>((at) => void call["sennit_doc_free"]!(at));
const abandonedTables = new FinalizationRegistry<number>((at) => void call["sennit_table_free"]!(at));

/** Replica ids that both ends of one connection know by heart, so that deltas name a
 * replica in one byte. Each end has one for each direction. */
export class Table {
  #at: number;

  constructor() {
    wasm.ok(call["js_table_new"]!());
    this.#at = wasm.word(2);
    abandonedTables.register(this, this.#at, this);
  }

  /** @internal */
  static at(table: Table | undefined): number {
    if (table === undefined) return 0;
    if (table.#at === 0) throw misuse("the table was freed");
    return table.#at;
  }

  free(): void {
    if (this.#at === 0) return;
    abandonedTables.unregister(this);
    call["sennit_table_free"]!(this.#at);
    this.#at = 0;
  }

  [Symbol.dispose](): void {
    this.free();
  }
}

let taskMs = 0;

/** The time at which the current task first asked: asking costs as much as an edit. */
function taskTime(): number {
  if (taskMs === 0) {
    taskMs = Date.now();
    queueMicrotask(() => void (taskMs = 0));
  }
  return taskMs;
}

function setOptions(options: Options): void {
  const { textBytes = 0, replicas = 0, parkedBytes = 0, patches = 0 } = options.limits ?? {};
  const [low, high] = words(options.replica ?? 0n);
  call["js_options"]!(low, high, options.coalesceMs ?? 0, textBytes, replicas, parkedBytes, patches);
}

/**
 * Text that many people edit at once. Positions and lengths are in UTF-16 units, as
 * those of strings. Whatever throws has changed nothing.
 *
 * Memory is given back by `free`, or by `using`; what is forgotten is collected.
 */
export class Document {
  #at = 0;
  #busy = false;
  #open = false;
  #listeners: (() => void)[] = [];
  readonly #clock: () => number;

  /** @param text is inserted at once, unless it is empty */
  constructor(text = "", options: Options = {}) {
    this.#clock = options.clock ?? taskTime;
    setOptions(options);
    if (adopted !== 0) {
      this.#at = adopted;
      adopted = 0;
    } else {
      wasm.ok(call["js_new"]!());
      this.#at = wasm.word(2);
    }
    abandoned.register(this, this.#at, this);
    if (text === "") return;
    try {
      this.insert(0, text);
    } catch (e) {
      this.free();
      throw e;
    }
  }

  /** A document for one that the module has made. */
  static #adopt(status: number, options: Options): Document {
    wasm.ok(status);
    adopted = wasm.word(2);
    return new Document("", options);
  }

  /** A document that holds a text everybody already has: those seeded with the same
   * name and text merge without doubling it. */
  static seed(name: string, text: string, options: Options = {}): Document {
    setOptions(options);
    const n = wasm.putText(name);
    const len = wasm.putText(text, n);
    return Document.#adopt(call["js_seed"]!(wasm.at, n, wasm.at + n, len), options);
  }

  /** Open what `save` returned. */
  static load(data: Uint8Array, options: Options = {}): Document {
    setOptions(options);
    const len = wasm.putBytes(data);
    const status = call["js_load"]!(wasm.at, len);
    wasm.relax();
    return Document.#adopt(status, options);
  }

  /** A copy that edits under a replica id of its own. */
  fork(): Document {
    return Document.#adopt(call["js_fork"]!(this.#enter()), { clock: this.#clock });
  }

  /** Give back the memory; no other call may follow. Again is harmless. */
  free(): void {
    if (this.#at === 0) return;
    if (this.#busy) this.#enter();
    abandoned.unregister(this);
    call["sennit_doc_free"]!(this.#at);
    this.#at = 0;
  }

  [Symbol.dispose](): void {
    this.free();
  }

  /** @internal */
  static at(doc: Document): number {
    return doc.#enter();
  }

  /** @internal */
  static now(doc: Document): number {
    return doc.#clock();
  }

  /** @internal Call a function after each local change; returns what ends that. */
  static listen(doc: Document, listener: () => void): () => void {
    doc.#listeners.push(listener);
    return () => void (doc.#listeners = doc.#listeners.filter((l) => l !== listener));
  }

  /** @internal */
  static edited(doc: Document): void {
    if (!doc.#open) for (const listener of doc.#listeners) listener();
  }

  /** @internal Whether a transaction is open. */
  static isOpen(doc: Document): boolean {
    return doc.#open;
  }

  #enter(): number {
    if (this.#at === 0) throw misuse("the document was freed");
    if (this.#busy) throw new SennitError(-10, "a delta is being applied");
    return this.#at;
  }

  /** The document as bytes. With `identity`, editing goes on under the same replica
   * after a load: give such bytes to nobody else. `liveOnly` leaves out deleted text. */
  save({ identity = false, liveOnly = false } = {}): Uint8Array<ArrayBuffer> {
    wasm.ok(call["js_save"]!(this.#enter(), Number(identity) + 2 * Number(liveOnly)));
    return wasm.takeBytes();
  }

  // ---- Reading

  get length(): number {
    return sennit_doc_len(this.#enter());
  }

  toString(): string {
    return this.slice();
  }

  /** Text from one position to another, as String.slice. */
  slice(from = 0, to?: number): string {
    const len = this.length;
    const clamp = (n: number): number => Math.min(Math.max(n < 0 ? n + len : n, 0), len);
    const [a, b] = [clamp(Math.trunc(from)), clamp(Math.trunc(to ?? len))];
    wasm.ok(call["js_read"]!(this.#enter(), a, Math.max(b - a, 0)));
    return wasm.takeText();
  }

  /** How much text there is in a unit; lines are newlines. */
  count(unit: Unit): number {
    if (!(unit in Unit)) throw misuse("no such unit");
    return call["sennit_doc_count"]!(this.#enter(), unit);
  }

  convert(from: Unit, pos: number, to: Unit): number {
    wasm.ok(call["js_convert"]!(this.#enter(), from, whole(pos, "position"), to));
    return wasm.word(2);
  }

  /** Line and column of a position, both from 0. */
  lineColumn(pos: number): [line: number, column: number] {
    wasm.ok(call["js_line_column"]!(this.#enter(), whole(pos, "position")));
    return [wasm.word(2), wasm.word(3)];
  }

  atLine(line: number, column: number): number {
    wasm.ok(call["js_at_line"]!(this.#enter(), whole(line, "line"), whole(column, "column")));
    return wasm.word(2);
  }

  /** The text from a position on, by who wrote it. Do not edit meanwhile. */
  *chunks(pos = 0): Generator<Chunk, void, undefined> {
    for (let at = whole(pos, "position"); at !== this.length; ) {
      wasm.ok(call["js_chunk"]!(this.#enter(), at));
      const chunk = { text: wasm.takeText(), replica: wasm.id(2), unixMs: wasm.count(4) };
      at += chunk.text.length;
      yield chunk;
    }
  }

  // ---- Editing

  insert(pos: number, text: string): void {
    this.#edit(pos, 0, text);
  }

  delete(pos: number, n: number): void {
    this.#edit(pos, whole(n, "length"), "");
  }

  /** Delete n units at a position and insert text there, both or neither. */
  splice(pos: number, n: number, text: string): void {
    this.#edit(pos, whole(n, "length"), text);
  }

  #edit(pos: number, n: number, text: string): void {
    const doc = this.#enter();
    const len = wasm.putText(text);
    wasm.fine(js_splice(doc, this.#clock(), whole(pos, "position"), n, wasm.at, len));
    if (this.#listeners.length > 0) Document.edited(this);
  }

  /** Make n units from a position on read as text, by edits as small as is
   * affordable: for a host that only has the whole new text. */
  replace(text: string, pos = 0, n?: number): void {
    const doc = this.#enter();
    const len = wasm.putText(text);
    const count = n ?? Math.max(this.length - pos, 0);
    wasm.fine(call["js_replace"]!(doc, this.#clock(), whole(pos, "position"), whole(count, "length"), wasm.at, len));
    wasm.relax();
    Document.edited(this);
  }

  begin(): void {
    wasm.fine(call["sennit_doc_begin"]!(this.#enter()));
    this.#open = true;
  }

  commit(): void {
    if (call["sennit_doc_commit"]!(this.#enter()) < 0) throw misuse("no transaction is open");
    this.#open = false;
    Document.edited(this);
  }

  abort(): void {
    if (call["sennit_doc_abort"]!(this.#enter()) < 0) throw misuse("no transaction is open");
    this.#open = false;
    Document.edited(this);
  }

  /** Keep all edits that a function makes, or none if it throws. */
  transaction<T>(edits: () => T): T {
    this.begin();
    try {
      const result = edits();
      this.commit();
      return result;
    } catch (e) {
      this.abort();
      throw e;
    }
  }

  // ---- Merging

  get version(): Version {
    wasm.ok(call["js_version"]!(this.#enter()));
    return wasm.takeBytes();
  }

  /** Id of this replica; 0n before its first edit. */
  get replica(): bigint {
    call["js_replica"]!(this.#enter());
    return wasm.id(0);
  }

  get lineage(): Uint8Array<ArrayBuffer> {
    call["js_lineage"]!(this.#enter());
    return lineageAt(0);
  }

  /** Take the lineage of a document elsewhere, while there are no operations here. */
  adopt(lineage: Uint8Array): void {
    const doc = this.#enter();
    if (wasm.putBytes(lineage) !== 16) throw misuse("a lineage has 16 bytes");
    wasm.ok(call["js_adopt"]!(doc, wasm.at));
  }

  /** How many operations this replica has made. */
  get ownCount(): number {
    return call["js_own_count"]!(this.#enter());
  }

  /** How many operations of a replica are known. */
  known(replica: bigint): number {
    return call["js_known"]!(this.#enter(), ...words(replica));
  }

  /** Digest the first operations of a replica: equal digests, equal operations. */
  digest(replica: bigint, count: number): bigint {
    wasm.ok(call["js_digest"]!(this.#enter(), ...words(replica), count));
    return wasm.id(2);
  }

  /** The same but for what was typed: also where that was compacted away or redacted. */
  digestShape(replica: bigint, count: number): bigint {
    wasm.ok(call["js_digest_shape"]!(this.#enter(), ...words(replica), count));
    return wasm.id(2);
  }

  /** All that a version lacks; empty if that is nothing. */
  delta(since: Uint8Array = none, table?: Table): Uint8Array<ArrayBuffer> {
    const doc = this.#enter();
    const len = wasm.putBytes(since);
    wasm.ok(call["js_delta"]!(doc, wasm.at, len, Table.at(table)));
    return wasm.takeBytes();
  }

  /** The first of what a version lacks, about so many bytes of it: what this replica
   * wrote, or what others did. Empty if nothing is lacking. */
  deltaPart(since: Uint8Array, whose: "own" | "others" | "all", most: number): Part {
    const doc = this.#enter();
    const len = wasm.putBytes(since);
    const who = { own: 1, others: 2, all: 3 }[whose];
    wasm.ok(call["js_delta_part"]!(doc, wasm.at, len, who, whole(most, "length")));
    const n = wasm.word(2), both = wasm.takeBytes();
    return { delta: both.slice(0, n), then: both.slice(n) };
  }

  /** This replica's own operations from a number on. */
  ownDelta(from: number, table?: Table): Uint8Array<ArrayBuffer> {
    wasm.ok(call["js_own_delta"]!(this.#enter(), from, Table.at(table)));
    return wasm.takeBytes();
  }

  /** Apply a delta, or a whole snapshot, from anywhere: in any order, as often as you
   * like. `admit` is asked about each change that is new; what it throws refuses the
   * delta. */
  apply(delta: Uint8Array, { table, admit }: { table?: Table; admit?: (change: Change, kinds: number) => void } = {}): Applied {
    const doc = this.#enter();
    const len = wasm.putBytes(delta);
    this.#busy = true;
    wasm.asked = admit ? (kinds): void => admit(takeChange(), kinds) : null;
    const status = call["js_apply"]!(doc, wasm.at, len, Table.at(table), Number(admit !== undefined));
    this.#busy = false;
    wasm.asked = null;
    if (wasm.thrown !== null) {
      const thrown = wasm.thrown;
      wasm.thrown = null;
      throw thrown;
    }
    wasm.relax();
    wasm.ok(status);
    return { applied: wasm.count(0), known: wasm.count(2), parked: wasm.count(4), dropped: wasm.count(6) };
  }

  /** What parked operations wait for: send all of this replica after so many. */
  *missing(): Generator<{ replica: bigint; after: number }, void, undefined> {
    for (let at = 0; call["js_next_missing"]!(this.#enter(), at) === 1; ) {
      at = wasm.word(4);
      yield { replica: wasm.id(0), after: wasm.count(2) };
    }
  }

  /** The changes known, oldest first as they arrived here; `at` is for `changeVersions`. */
  *changes(): Generator<Change & { at: number }, void, undefined> {
    for (let at = 0; call["js_next_change"]!(this.#enter(), at) === 1; ) {
      at = wasm.word(10);
      yield { ...takeChange(), at };
    }
  }

  // ---- Patches, anchors

  /** Choose what becomes patches from now on; drops those not yet taken. */
  watch({ remote = true, local = false } = {}): void {
    call["sennit_doc_watch"]!(this.#enter(), Number(remote) + 2 * Number(local));
  }

  /** Take the patches that wait, in the order in which things happened. */
  *patches(): Generator<Patch, void, undefined> {
    while (call["js_next_patch"]!(this.#enter()) === 1) {
      yield takePatch();
    }
  }

  anchor(pos: number, side: Side = Side.Before): Anchor {
    wasm.ok(call["js_anchor"]!(this.#enter(), whole(pos, "position"), side));
    return wasm.takeBytes();
  }

  /** Where an anchor is now. */
  resolve(anchor: Anchor): number {
    const doc = this.#enter();
    const len = wasm.putBytes(anchor);
    wasm.ok(call["js_resolve"]!(doc, wasm.at, len));
    return wasm.word(2);
  }

  // ---- Own operations issued anew

  /** Give own operations that were never given out a new time: the clock was ahead. */
  restamp(unixMs: number): void {
    wasm.ok(call["js_restamp"]!(this.#enter(), unixMs));
  }

  /** Take back this replica's operations from a number on, and issue them again under
   * a new id: they can never be accepted as they are. */
  rebase(from: number): Rebased {
    return this.#reissue("js_rebase", from);
  }

  /** As `rebase`, but text that was deleted before and brought back since is typed anew:
   * somebody has dropped it for good (`EGONE`). */
  retype(from: number): Rebased {
    return this.#reissue("js_retype", from);
  }

  #reissue(how: "js_rebase" | "js_retype", from: number): Rebased {
    wasm.ok(call[how]!(this.#enter(), this.#clock(), whole(from, "number")));
    wasm.relax();
    return takeRebased();
  }

  /** Drop another replica's operations from a number on: its author has issued them
   * anew, as `renewed`. So many of this replica's were accepted for good; later ones
   * that build on what is dropped are rebased, and then what became of them returned. */
  void(replica: bigint, from: number, renewed: bigint, accepted: number): Rebased | null {
    wasm.ok(call["js_void"]!(this.#enter(), this.#clock(), ...words(replica), from, ...words(renewed), accepted));
    const done = takeRebased();
    return done.renewed === done.old ? null : done;
  }

  // ---- Compaction

  /** Drop the bytes of text that was deleted up to a version, for good and here only. */
  compact(cut: Version): void {
    const doc = this.#enter();
    const len = wasm.putBytes(cut);
    wasm.ok(call["js_compact"]!(doc, wasm.at, len));
  }

  /** The version that the document was compacted to; empty if it was not. */
  get cut(): Version {
    wasm.ok(call["js_cut"]!(this.#enter()));
    return wasm.takeBytes();
  }

  // ---- Redaction

  /** Erase n units that stood at a position at a version and are deleted now, for good and
   * in every replica; stand-ins take their place in the past. `EINVAL` if some of it is in the
   * text. What was saved and sent before is not reached. */
  redact(version: Version, pos: number, n: number): void {
    const doc = this.#enter();
    const len = wasm.putBytes(version);
    wasm.ok(call["js_redact"]!(doc, this.#clock(), wasm.at, len, whole(pos, "position"), whole(n, "length")));
    Document.edited(this);
  }

  /** Erase all text of a replica that is deleted now. */
  redactAll(replica: bigint): void {
    wasm.ok(call["js_redact_all"]!(this.#enter(), this.#clock(), ...words(replica)));
    Document.edited(this);
  }

  // ---- Clock, check, dump

  /** Correct the clock by so many milliseconds from now on. */
  setClockOffset(ms: number): void {
    call["js_set_clock_offset"]!(this.#enter(), ms);
  }

  stat(): Stat {
    call["js_stat"]!(this.#enter());
    return {
      heapBytes: wasm.count(0), visibleBytes: wasm.count(2), insertedBytes: wasm.count(4), spans: wasm.count(6),
      operations: wasm.count(8), changes: wasm.count(10), replicas: wasm.count(12), parked: wasm.count(14),
      parkedBytes: wasm.count(16),
    };
  }

  /** Throw if an inner invariant is broken. */
  check(): void {
    wasm.ok(call["js_check"]!(this.#enter()));
  }

  /** Spans and operations, readable; replicas that know the same give the same. */
  dump(): string {
    wasm.ok(call["js_dump"]!(this.#enter()));
    return wasm.takeText();
  }
}

const none = new Uint8Array(0);

/** @internal */
export function takePatch(): Patch {
  const reset = wasm.word(6) !== 0;
  return {
    pos: wasm.word(2), removed: wasm.word(3), inserted: wasm.word(4), reset,
    text: reset ? "" : wasm.takeText(), replica: wasm.id(7), local: wasm.word(5) !== 0,
  };
}

/** What the next Document takes over instead of making its own. */
let adopted = 0;

function takeChange(): Change {
  return {
    replica: wasm.id(0), unixMs: wasm.count(2), first: wasm.count(4), operations: wasm.count(6),
    insertedBytes: wasm.count(8),
  };
}

function takeRebased(): Rebased {
  return {
    old: wasm.id(0), renewed: wasm.id(2), from: wasm.count(4), fromByte: wasm.count(6),
    operations: wasm.count(8), bytes: wasm.count(10),
  };
}

function lineageAt(i: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Uint32Array.of(wasm.word(i), wasm.word(i + 1), wasm.word(i + 2), wasm.word(i + 3)).buffer);
}

// ---- Versions and bytes by themselves

/** How two versions stand to each other: "before": b knows more. */
export function compare(a: Version, b: Version): "equal" | "before" | "after" | "concurrent" {
  const n = wasm.putBytes(a);
  const m = wasm.putBytes(b, n);
  wasm.ok(call["js_compare"]!(wasm.at, n, wasm.at + n, m));
  return (["equal", "before", "after", "concurrent"] as const)[wasm.word(2)]!;
}

/** The version of what two versions both know. */
export function meet(a: Version, b: Version): Version {
  const n = wasm.putBytes(a);
  const m = wasm.putBytes(b, n);
  wasm.ok(call["js_meet"]!(wasm.at, n, wasm.at + n, m));
  return wasm.takeBytes();
}

/** A version as a map: replica to operations known. */
export function versionMap(version: Version): Map<bigint, number> {
  const out = new Map<bigint, number>();
  const len = wasm.putBytes(version);
  for (let at = 0; ; ) {
    const more = call["js_version_next"]!(wasm.at, len, at);
    wasm.ok(more);
    if (more === 0) return out;
    out.set(wasm.id(0), wasm.count(2));
    at = wasm.word(4);
  }
}

/** Whether something is an anchor, though perhaps in text that is not here.
 * @internal */
export function isAnchor(value: unknown): value is Uint8Array<ArrayBuffer> {
  if (!(value instanceof Uint8Array)) return false;
  const len = wasm.putBytes(value);
  return call["js_anchor_rebase"]!(wasm.at, len, 0, 0, 0, 0, 0, 0) >= 0;
}

/** An anchor, moved along with a rebase. */
export function rebaseAnchor(anchor: Anchor, rebased: Rebased): Anchor {
  const len = wasm.putBytes(anchor);
  const { old, renewed, fromByte, bytes } = rebased;
  wasm.ok(call["js_anchor_rebase"]!(wasm.at, len, ...words(old), ...words(renewed), fromByte, bytes));
  return wasm.takeBytes();
}

/** The version that a map tells: the inverse of `versionMap`. */
export function versionOf(counts: ReadonlyMap<bigint, number>): Version {
  const out: number[] = [];
  for (const [id, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (count === 0) continue;
    for (let i = 0n; i < 64n; i += 8n) out.push(Number((id >> i) & 255n));
    let n = count;
    for (; n > 127; n = Math.floor(n / 128)) out.push((n % 128) + 128);
    out.push(n);
  }
  return Uint8Array.from(out);
}

/** Check a delta or snapshot as far as that is possible alone, and describe it. */
export function inspect(delta: Uint8Array, table?: Table): Info {
  const len = wasm.putBytes(delta);
  wasm.ok(call["js_inspect"]!(wasm.at, len, Table.at(table)));
  return { lineage: lineageAt(6), operations: wasm.count(0), changes: wasm.count(2), insertedBytes: wasm.count(4) };
}

/** The text inside a snapshot, without opening it. */
export function snapshotText(data: Uint8Array): string {
  const len = wasm.putBytes(data);
  wasm.ok(call["js_snapshot_text"]!(wasm.at, len));
  return wasm.takeText();
}

export function versionNumber(): number {
  return call["sennit_version_number"]!();
}
