import { type Extension, type Range, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";

import { blame } from "../history.js";
import type { Provider } from "../sync/provider.js";

const COLORS = 8;
const show = StateEffect.define<DecorationSet>();

/** The class of what a replica wrote, one of eight. */
export function authorClass(replica: bigint): string {
  return `cm-author-${Number(BigInt.asUintN(32, replica ^ (replica >> 32n))) % COLORS}`;
}

/** Who wrote the text, as classes `cm-author-0` to `-7` with the time as a title. */
function colors(provider: Provider): DecorationSet {
  const ranges: Range<Decoration>[] = [];
  for (const { pos, length, replica, unixMs } of blame(provider.document)) {
    const title = replica === 0n ? "the text it began with" : new Date(unixMs).toLocaleString();
    ranges.push(Decoration.mark({ class: authorClass(replica), attributes: { title } }).range(pos, pos + length));
  }
  return Decoration.set(ranges);
}

const field = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(value, tr) {
    const set = tr.effects.filter((e) => e.is(show)).at(-1);
    return set ? set.value : value.map(tr.changes);
  },
  provide: (f) => EditorView.decorations.from(f),
});

export const blameField: Extension = field;

/** Colour the text by its authors, as they are now; or not any more. */
export function setBlame(view: EditorView, provider: Provider, on: boolean): void {
  view.dispatch({ effects: show.of(on ? colors(provider) : Decoration.none) });
}
