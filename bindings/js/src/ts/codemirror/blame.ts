import { type Extension, type Range, StateEffect, StateField } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView } from "@codemirror/view";

import type { Document } from "../document.js";
import { blame } from "../history.js";
import type { Provider } from "../sync/provider.js";

const COLORS = 8;
const show = StateEffect.define<DecorationSet>();

/** For each replica the class of what it wrote, one of eight, by who came first. */
export function authorClasses(document: Document): Map<bigint, string> {
  const since = new Map<bigint, number>();
  for (const { replica, unixMs } of document.changes()) since.set(replica, Math.min(unixMs, since.get(replica) ?? unixMs));
  const authors = [...since].sort(([a, from], [b, to]) => from - to || (a < b ? -1 : 1));
  return new Map(authors.map(([replica], i) => [replica, `cm-author-${i % COLORS}`]));
}

/** Who wrote the text, as classes `cm-author-0` to `-7` with the time as a title. */
function colors(provider: Provider): DecorationSet {
  const ranges: Range<Decoration>[] = [], classes = authorClasses(provider.document);
  for (const { pos, length, replica, unixMs } of blame(provider.document)) {
    const title = replica === 0n ? "the text it began with" : new Date(unixMs).toLocaleString();
    ranges.push(Decoration.mark({ class: classes.get(replica) ?? "", attributes: { title } }).range(pos, pos + length));
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
