import { type Range, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";
import { diff, type Version } from "sennit";
import type { Provider } from "sennit/provider";

const SHOWN_MS = 5000;
const set = StateEffect.define<DecorationSet>();

/** Shows for a while what others had typed when this user came back. */
export const mergedField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (value, tr) => tr.effects.filter((e) => e.is(set)).at(-1)?.value ?? value.map(tr.changes),
  provide: (f) => EditorView.decorations.from(f),
});

/** Mark what others wrote since a version; returns how many characters of theirs came and went. */
export function showMerged(view: EditorView, { document }: Provider, since: Version, own: bigint): [came: number, went: number] {
  const marks: Range<Decoration>[] = [];
  let came = 0, went = 0;
  for (const { pos, inserted, removed, replica } of diff(document, since, document.version)) {
    went += removed;
    if (inserted === 0 || replica === own) continue;
    came += inserted;
    if (pos + inserted <= view.state.doc.length) marks.push(Decoration.mark({ class: "cm-merged" }).range(pos, pos + inserted));
  }
  view.dispatch({ effects: set.of(Decoration.set(marks)) });
  setTimeout(() => view.dispatch({ effects: set.of(Decoration.none) }), SHOWN_MS);
  return [came, went];
}
