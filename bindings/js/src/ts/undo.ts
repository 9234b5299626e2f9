import { type Anchor, call, Document, type Version } from "./document.js";
import { misuse } from "./errors.js";
import { wasm, whole, words } from "./wasm.js";

export interface UndoOptions {
  /** An edit so many milliseconds after the last begins a new step. Default: 1,000. */
  pauseMs?: number;
  /** Steps to keep. Default: 1,000. */
  depth?: number;
}

const abandoned = new FinalizationRegistry<number>((at) => void call["sennit_undo_free"]!(at));

/**
 * Undo and redo of one user in one document: local edits become steps while it exists.
 * What is taken back is what this user did and nothing else.
 */
export class Undo {
  #at: number;
  readonly #doc: Document;

  /** @param saved what `save` returned, to go on with the steps of then */
  constructor(doc: Document, options: UndoOptions = {}, saved?: Uint8Array) {
    const { pauseMs = 0, depth = 0 } = options;
    const at = Document.at(doc);
    const len = saved ? wasm.putBytes(saved) : 0;
    wasm.ok(saved ? call["js_undo_load"]!(at, pauseMs, whole(depth, "depth"), wasm.at, len)
                  : call["js_undo_new"]!(at, pauseMs, whole(depth, "depth")));
    this.#at = wasm.word(2);
    this.#doc = doc;
    abandoned.register(this, this.#at, this);
  }

  free(): void {
    if (this.#at === 0) return;
    abandoned.unregister(this);
    call["sennit_undo_free"]!(this.#at);
    this.#at = 0;
  }

  [Symbol.dispose](): void {
    this.free();
  }

  #enter(): number {
    if (this.#at === 0) throw misuse("the undo was freed");
    Document.at(this.#doc);
    return this.#at;
  }

  /** How many steps can be taken back. */
  get canUndo(): number {
    return call["sennit_undo_can_undo"]!(this.#enter());
  }

  /** How many can be done again. */
  get canRedo(): number {
    return call["sennit_undo_can_redo"]!(this.#enter());
  }

  /** Take back the last step; throws ERANGE if there is none. */
  undo(): void {
    const undo = this.#enter();
    wasm.ok(call["js_undo_undo"]!(Document.at(this.#doc), undo, Document.now(this.#doc)));
    Document.edited(this.#doc);
  }

  /** Do again what was taken back last; throws ERANGE if there is nothing. */
  redo(): void {
    const undo = this.#enter();
    wasm.ok(call["js_undo_redo"]!(Document.at(this.#doc), undo, Document.now(this.#doc)));
    Document.edited(this.#doc);
  }

  /** Take back what replicas did between two versions, as a step of its own. */
  range(since: Version, until?: Version, replicas: bigint[] = []): void {
    const undo = this.#enter();
    const ids = Uint32Array.from(replicas.flatMap(words));
    const n = wasm.putBytes(new Uint8Array(ids.buffer));
    const m = wasm.putBytes(since, n);
    const k = until ? wasm.putBytes(until, n + m) : 0;
    const at = wasm.at;
    wasm.ok(call["js_undo_range"]!(Document.at(this.#doc), undo, Document.now(this.#doc), at, replicas.length,
      at + n, m, until ? at + n + m : 0, k));
    Document.edited(this.#doc);
  }

  /** The next edit begins a new step. */
  break(): void {
    wasm.ok(call["js_undo_break"]!(this.#enter()));
  }

  /** Take note of local edits, or look away. Ends the step. */
  track(on: boolean): void {
    wasm.ok(call["js_undo_track"]!(this.#enter(), Number(on)));
  }

  /** What is selected, as anchors: told whenever that changes other than by an edit.
   * Undoing gives back what it was when the step began. */
  get selection(): Anchor[] {
    const undo = this.#enter(), out: Anchor[] = [];
    for (;;) {
      const more = call["js_undo_selection"]!(undo, out.length);
      wasm.ok(more);
      if (more === 0) return out;
      out.push(wasm.takeBytes());
    }
  }

  set selection(anchors: readonly Anchor[]) {
    const undo = this.#enter();
    const len = anchors.reduce((end, anchor) => end + wasm.putBytes(anchor, end), 0);
    wasm.ok(call["js_undo_select"]!(undo, wasm.at, len, anchors.length));
  }

  /** All steps as bytes: for this device, beside the document saved with its identity. */
  save(): Uint8Array<ArrayBuffer> {
    wasm.ok(call["js_undo_save"]!(this.#enter()));
    return wasm.takeBytes();
  }
}
