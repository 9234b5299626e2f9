import { call, Document } from "./document.js";
import { misuse } from "./errors.js";
import { wasm, whole, words } from "./wasm.js";

/** Of a mark or of a key of the metadata. Whole numbers are integers of 64 bits; a bigint
 * comes back where a number could not tell them. */
export type Value = null | boolean | number | bigint | string | Uint8Array;

/** A stretch of text with the same marks. */
export interface Run { pos: number; length: number; marks: Map<string, Value> }

enum Type { Null, Bool, Int, Double, String, Data }

/** Bring a value across, behind what else was put; undefined: none. */
function give(value: Value | undefined, offset: number): void {
  const tell = (type: number, int = 0n, number = 0, len = 0): void =>
    void call["js_value"]!(type, ...words(BigInt.asUintN(64, int)), number, wasm.at + offset, len);
  switch (typeof value) {
    case "undefined": return tell(-1);
    case "boolean": return tell(Type.Bool, BigInt(value));
    case "bigint":
      if (BigInt.asIntN(64, value) !== value) throw misuse("an integer has 64 bits");
      return tell(Type.Int, value);
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? tell(Type.Int, BigInt(value)) : tell(Type.Double, 0n, value);
    case "string": return tell(Type.String, 0n, 0, wasm.putText(value, offset));
    default: return value === null ? tell(Type.Null) : tell(Type.Data, 0n, 0, wasm.putBytes(value, offset));
  }
}

function takeValue(): Value {
  switch (wasm.word(2) as Type) {
    case Type.Null: return null;
    case Type.Bool: return wasm.word(3) !== 0;
    case Type.Int: {
      const int = BigInt.asIntN(64, wasm.id(3)), number = Number(int);
      return Number.isSafeInteger(number) ? number : int;
    }
    case Type.Double: return new Float64Array(Uint32Array.of(wasm.word(5), wasm.word(6)).buffer)[0]!;
    case Type.String: return wasm.text(wasm.word(7), wasm.word(8));
    case Type.Data: return wasm.bytes(wasm.word(7), wasm.word(8));
  }
}

const takeName = (): string => wasm.text(wasm.word(0), wasm.word(1));

/** Make an edit of a document that has a value; what it is called with has the name first. */
function edit(doc: Document, name: string, value: Value | undefined, make: (at: number, now: number, name: number, len: number) => number): void {
  const at = Document.at(doc);
  const len = wasm.putText(name);
  give(value, len);
  wasm.ok(make(at, Document.now(doc), wasm.at, len));
  Document.edited(doc);
}

/** Mark n units of text. With `grows`, what is typed at its end has the mark, too.
 * Undefined: the name has no value there any more. */
export function mark(doc: Document, pos: number, n: number, name: string, value: Value | undefined, { grows = false } = {}): void {
  edit(doc, name, value, (at, now, text, len) =>
    call["js_mark"]!(at, now, whole(pos, "position"), whole(n, "length"), text, len, Number(grows)));
}

/** Let the line of a position be a block, such as a heading; undefined: none. */
export function block(doc: Document, pos: number, value: Value | undefined): void {
  edit(doc, "", value, (at, now) => call["js_mark_block"]!(at, now, whole(pos, "position")));
}

/** Insert a newline that has the block of the line it splits. */
export function split(doc: Document, pos: number): void {
  edit(doc, "", undefined, (at, now) => call["js_mark_split"]!(at, now, whole(pos, "position")));
}

/** Insert an embed, such as a picture: one character, U+FFFC. */
export function embed(doc: Document, pos: number, value: Value): void {
  edit(doc, "", value, (at, now) => call["js_mark_embed"]!(at, now, whole(pos, "position")));
}

/** The text from one position to another as runs, each as long as can be. */
export function runs(doc: Document, from = 0, to = doc.length): Run[] {
  wasm.ok(call["js_mark_runs"]!(Document.at(doc), whole(from, "position"), whole(to - from, "length")));
  const all = wasm.word(2), out: Run[] = [];
  try {
    for (;;) {
      const more = call["js_runs_next"]!(all);
      wasm.ok(more);
      if (more === 0) return out;
      const [pos, length, n] = [wasm.word(0), wasm.word(1), wasm.word(2)], marks = new Map<string, Value>();
      for (let i = 0; i < n; i++) {
        call["js_run_mark"]!(i);
        marks.set(takeName(), takeValue());
      }
      out.push({ pos, length, marks });
    }
  } finally {
    call["sennit_runs_free"]!(all);
  }
}

/** Set a key of the metadata, such as the title; undefined deletes it. */
export function setMeta(doc: Document, key: string, value: Value | undefined): void {
  edit(doc, key, value, (at, now, text, len) => call["js_meta_set"]!(at, now, text, len));
}

/** The value of a key; undefined if it has none. */
export function getMeta(doc: Document, key: string): Value | undefined {
  const at = Document.at(doc);
  const len = wasm.putText(key);
  return call["js_meta_get"]!(at, wasm.at, len) === 1 ? takeValue() : undefined;
}

/** All keys and values. */
export function metadata(doc: Document): Map<string, Value> {
  const at = Document.at(doc), out = new Map<string, Value>();
  for (let first = 1; call["js_meta_next"]!(at, first) === 1; first = 0) out.set(takeName(), takeValue());
  return out;
}
