import { Annotation, ChangeSet, EditorSelection, type EditorState, EditorState as State, type Extension, Text, type TransactionSpec }
  from "@codemirror/state";
import { EditorView, type PluginValue, ViewPlugin, type ViewUpdate } from "@codemirror/view";

import { type Anchor, Document, type Patch, Side } from "../document.js";
import type { Provider } from "../sync/provider.js";

/** What came from the document and must not go back there. */
export const fromDocument = Annotation.define<true>();

/**
 * Keeps editor and document in step.
 *
 *     editor  A ---typed---> A'
 *             |              |        held: what the document has and the editor
 *            held           held'     does not show yet, since somebody composes
 *             v              v        (IME) in a line that it would change
 *  document   B ---typed'--> B'
 */
export class Sync implements PluginValue {
  readonly #view: EditorView;
  readonly #provider: Provider;
  readonly #ends: (() => void)[];
  #held: ChangeSet | null = null;
  #typing = false;

  constructor(view: EditorView, provider: Provider) {
    this.#view = view;
    this.#provider = provider;
    const { document } = provider;
    Array.from(document.patches());
    this.#ends = [
      provider.on("change", () => this.pull()),
      Document.listen(document, () => !this.#typing && this.pull()),
    ];
    if (view.state.doc.toString() !== String(document)) queueMicrotask(() => this.#reread());
  }

  destroy(): void {
    for (const end of this.#ends) end();
  }

  /** Whether the editor shows all that the document has. */
  get even(): boolean {
    return this.#held === null;
  }

  update(update: ViewUpdate): void {
    const own = update.transactions.filter((tr) => !tr.annotation(fromDocument));
    for (const tr of own) if (tr.docChanged) this.#push(tr.changes);
    // The anchors of what is selected move with the document by themselves.
    if (own.some((tr) => tr.selection || tr.docChanged)) this.#tellSelection(update.state);
  }

  /** What was typed goes into the document, at its places there. */
  #push(changes: ChangeSet): void {
    const there = this.#held ? changes.map(this.#held) : changes;
    if (this.#held) this.#held = this.#held.map(changes, true);
    const { document } = this.#provider;
    this.#typing = true;
    try {
      splices(document, there);
    } catch { // half a surrogate pair, or a limit: the document's text stands
      queueMicrotask(() => this.#reread());
    } finally {
      Array.from(document.patches());
      this.#typing = false;
    }
  }

  /** Show what is new in the document, at once. */
  pull(more?: (even: boolean) => TransactionSpec): void {
    const changes = changesOf(this.#provider.document, this.#lengthThere);
    if (changes) this.#held = this.#held ? this.#held.compose(changes) : changes;
    this.release(more);
  }

  get #lengthThere(): number {
    return this.#held ? this.#held.newLength : this.#view.state.doc.length;
  }

  release(more?: (even: boolean) => TransactionSpec): void {
    const held = this.#held;
    if (held && this.#view.composing && touchesLine(this.#view.state, held)) return;
    this.#held = null;
    const spec = more?.(true);
    if (!held && !spec) return;
    this.#view.dispatch({ ...(held && { changes: held }), annotations: fromDocument.of(true), ...spec });
  }

  /** Make the editor show what the document has, whatever it shows. */
  #reread(): void {
    Array.from(this.#provider.document.patches());
    this.#held = null;
    const insert = textOf(String(this.#provider.document));
    this.#view.dispatch({
      changes: { from: 0, to: this.#view.state.doc.length, insert }, annotations: fromDocument.of(true),
    });
  }

  /** A place in the editor, as an anchor. */
  anchor(pos: number, side = Side.Before): Anchor {
    const { document } = this.#provider, there = this.#held ? this.#held.mapPos(pos, 1) : pos;
    return document.anchor(splitsCharacter(this.#view.state.doc, pos) ? there - 1 : there, side);
  }

  /** Where an anchor is in the editor; null if its text is not here. */
  resolve(anchor: Anchor): number | null {
    try {
      const pos = this.#provider.document.resolve(anchor);
      return this.#held ? this.#held.invertedDesc.mapPos(pos) : pos;
    } catch {
      return null;
    }
  }

  #tellSelection(state: EditorState): void {
    this.#provider.undo.selection = state.selection.ranges.flatMap((r) => [this.anchor(r.anchor), this.anchor(r.head)]);
  }
}

/** Whether a position is inside a surrogate pair. */
function splitsCharacter(text: Text, pos: number): boolean {
  if (pos <= 0 || pos >= text.length) return false;
  return /[\ud800-\udbff]/.test(text.sliceString(pos - 1, pos)) && /[\udc00-\udfff]/.test(text.sliceString(pos, pos + 1));
}

/** Cursors stay out of characters, or what is typed there would cut them in two. */
const wholeCharacters = State.transactionFilter.of((tr) => {
  const { newSelection: selection, newDoc: text } = tr;
  const out = (pos: number): number => (splitsCharacter(text, pos) ? pos - 1 : pos);
  if (!tr.selection || !selection.ranges.some((r) => out(r.anchor) !== r.anchor || out(r.head) !== r.head)) return tr;
  const ranges = selection.ranges.map((r) => EditorSelection.range(out(r.anchor), out(r.head)));
  return [tr, { selection: EditorSelection.create(ranges, selection.mainIndex), sequential: true }];
});

/** Whether a change reaches into the line in which the cursor is. */
function touchesLine(state: EditorState, changes: ChangeSet): boolean {
  const { from, to } = state.doc.lineAt(state.selection.main.head);
  return changes.touchesRange(from, to) !== false;
}

/** Edit a document as an editor was edited, in one transaction. */
function splices(document: Document, changes: ChangeSet): void {
  const all: [pos: number, n: number, text: string][] = [];
  changes.iterChanges((fromA, toA, fromB, _toB, inserted) =>
    all.push([fromB, toA - fromA, inserted.sliceString(0, inserted.length, "\n")]));
  if (all.length === 1) document.splice(...all[0]!);
  else document.transaction(() => all.forEach((splice) => document.splice(...splice)));
}

export function textOf(text: string): Text {
  return Text.of(text.split("\n"));
}

/** The patches that wait, as one change; null if there are none. */
function changesOf(document: Document, length: number): ChangeSet | null {
  const sets: ChangeSet[] = [];
  for (const patch of document.patches()) {
    const set = ChangeSet.of(specOf(patch, document), length);
    length = set.newLength;
    sets.push(set);
  }
  // Composed two by two: one after the other is quadratic.
  for (let n = sets.length; n > 1; n = sets.length)
    for (let i = 0; i < n; i += 2) {
      const two = sets.shift()!;
      sets.push(i + 1 < n ? two.compose(sets.shift()!) : two);
    }
  return sets[0] ?? null;
}

function specOf({ pos, removed, text, reset }: Patch, document: Document): { from: number; to: number; insert: Text } {
  return { from: pos, to: pos + removed, insert: textOf(reset ? String(document) : text) };
}

export type SyncPlugin = ViewPlugin<Sync>;

/** The plugin of a provider, and what makes an editor do as it needs. */
export function syncPlugin(provider: Provider): [SyncPlugin, Extension] {
  const plugin = ViewPlugin.define((view) => new Sync(view, provider), {
    eventHandlers: {
      compositionend(_event, view) { // the editor takes note of what was composed first
        setTimeout(() => view.plugin(plugin)?.release(), 60);
      },
    },
  });
  return [plugin, [State.lineSeparator.of("\n"), wholeCharacters, plugin]];
}
