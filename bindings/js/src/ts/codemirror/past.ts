import { EditorState, type Extension, type Range } from "@codemirror/state";
import { Decoration, EditorView } from "@codemirror/view";

import { type Change, type Version, versionMap, versionOf } from "../document.js";
import { changeVersions, diff, textAt } from "../history.js";
import type { Provider } from "../sync/provider.js";
import { authorClasses } from "./blame.js";
import { textOf } from "./sync.js";

export interface Step { unixMs: number; replica: bigint }

/** At most about so many steps: several keystrokes make one, if there are more. */
const STEPS = 1000;

/** A step, and what tells its versions: of its change, so many operations of its author. */
interface Moment extends Step { at: number; from: number; to: number }

/** The text as it came about, in an editor that only reads; what a step wrote is marked
 * with the class of its author. */
export class Past {
  readonly view: EditorView;
  readonly steps: readonly Step[];
  readonly #provider: Provider;
  readonly #moments: Moment[];
  readonly #classes: Map<bigint, string>;
  readonly #extensions: Extension;

  constructor(provider: Provider, parent: HTMLElement, root: Document | ShadowRoot, extensions: Extension = []) {
    this.#provider = provider;
    this.#classes = authorClasses(provider.document);
    this.steps = this.#moments = momentsOf([...provider.document.changes()]);
    this.#extensions = [
      extensions, EditorState.readOnly.of(true), EditorState.lineSeparator.of("\n"), EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": "The text as it was" }),
    ];
    this.view = new EditorView({ parent, root });
    this.show(this.steps.length - 1);
  }

  /** Show the text after a step; returns the version of then. */
  show(step: number): Version {
    const { document } = this.#provider, [before, after] = this.#versions(step);
    const marks: Range<Decoration>[] = [];
    for (const { pos, inserted, replica } of diff(document, before, after))
      if (inserted > 0) marks.push(Decoration.mark({ class: this.#classes.get(replica) ?? "" }).range(pos, pos + inserted));
    this.view.setState(EditorState.create({
      doc: textOf(textAt(document, after)),
      extensions: [this.#extensions, EditorView.decorations.of(Decoration.set(marks))],
    }));
    return after;
  }

  #versions(step: number): [before: Version, after: Version] {
    const moment = this.#moments[step], { document } = this.#provider;
    if (!moment) return [document.version, document.version];
    const counts = versionMap(changeVersions(document, moment.at)[1]);
    const upTo = (n: number): Version => versionOf(new Map(counts).set(moment.replica, n));
    return [upTo(moment.from), upTo(moment.to)];
  }

  destroy(): void {
    this.view.destroy();
  }
}

/** The changes by their times, cut into steps. */
function momentsOf(changes: (Change & { at: number })[]): Moment[] {
  const all = changes.reduce((n, change) => n + change.operations, 0), each = Math.ceil(all / STEPS);
  return changes.sort((a, b) => a.unixMs - b.unixMs).flatMap(({ unixMs, replica, at, first, operations }) =>
    Array.from({ length: Math.ceil(operations / each) }, (_, i) => ({
      unixMs, replica, at, from: first + i * each, to: first + Math.min((i + 1) * each, operations),
    })));
}
