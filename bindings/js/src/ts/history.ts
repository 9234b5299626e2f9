import { call, Document, type Patch, takePatch, type Version } from "./document.js";
import { wasm, whole } from "./wasm.js";

/** A stretch of text that one replica wrote at one time. */
export interface Blame { pos: number; length: number; replica: bigint; unixMs: number }

/** One edit of a text: so much taken away at a place, and something put there. */
export interface Edit { pos: number; removed: number; text: string }

/** The version of all changes up to a time, by their authors' clocks. */
export function versionAt(doc: Document, unixMs: number): Version {
  wasm.ok(call["js_history_at"]!(Document.at(doc), unixMs));
  return wasm.takeBytes();
}

/** The versions just before and just after a change, by its `at`. */
export function changeVersions(doc: Document, at: number): [before: Version, after: Version] {
  wasm.ok(call["js_history_change"]!(Document.at(doc), whole(at, "change")));
  const n = wasm.word(2), both = wasm.takeBytes();
  return [both.slice(0, n), both.slice(n)];
}

/** The text at a version. */
export function textAt(doc: Document, version: Version): string {
  const at = Document.at(doc);
  const len = wasm.putBytes(version);
  wasm.ok(call["js_history_text"]!(at, wasm.at, len));
  return wasm.takeText();
}

/** What leads from the text at one version to that at another, from its start to its
 * end; `replica` is who wrote what came or went. */
export function diff(doc: Document, from: Version, to: Version): Patch[] {
  const at = Document.at(doc);
  const n = wasm.putBytes(from);
  const m = wasm.putBytes(to, n);
  wasm.ok(call["js_history_diff"]!(at, wasm.at, n, wasm.at + n, m));
  const found = wasm.word(2), out: Patch[] = [];
  try {
    while (call["js_diff_next"]!(found) === 1) out.push(takePatch());
  } finally {
    call["sennit_diff_free"]!(found);
  }
  return out;
}

/** Who wrote what and when, from one position to another. Do not edit meanwhile. */
export function* blame(doc: Document, from = 0, to = doc.length): Generator<Blame, void, undefined> {
  for (let at = whole(from, "position"); ; ) {
    const more = call["js_history_blame"]!(Document.at(doc), at, whole(to, "position"));
    wasm.ok(more);
    if (more === 0) return;
    at = wasm.word(6);
    yield { pos: wasm.word(0), length: wasm.word(1), replica: wasm.id(2), unixMs: wasm.count(4) };
  }
}

/** Edit the text as it was at a version, for somebody who has seen nothing later.
 * Returns where that is now. */
export function spliceAt(doc: Document, version: Version, pos: number, n: number, text: string): number {
  const at = Document.at(doc);
  const v = wasm.putBytes(version);
  const len = wasm.putText(text, v);
  wasm.ok(call["js_history_splice"]!(at, Document.now(doc), wasm.at, v, whole(pos, "position"),
    whole(n, "length"), wasm.at + v, len));
  const landed = wasm.word(2);
  Document.edited(doc);
  return landed;
}

const EDIT_WORDS = 4;

/** Make several such edits, all or none. Each counts in the text of that version, as if it
 * were the only one; of those at one place the first stands first. */
export function editAt(doc: Document, version: Version, edits: readonly Edit[]): void {
  const at = Document.at(doc), gap = 4 * EDIT_WORDS * edits.length;
  const v = wasm.putBytes(version, gap);
  let end = gap + v;
  const places = edits.map(({ pos, removed, text }) => {
    const start = end, len = wasm.putText(text, start);
    end += len;
    return [whole(pos, "position"), whole(removed, "length"), start, len] as const;
  });
  // Where the room is, is known when all is in it.
  wasm.putWords(places.flatMap(([pos, removed, start, len]) => [pos, removed, wasm.at + start, len]));
  wasm.ok(call["js_history_edit"]!(at, Document.now(doc), wasm.at + gap, v, wasm.at, edits.length));
  Document.edited(doc);
}
