/** The keys of a plain text field. The package of commands has these and many more, and
 * brings a parser along. */
import { EditorSelection, type SelectionRange } from "@codemirror/state";
import { type Command, type EditorView, keymap } from "@codemirror/view";

/** Delete what is selected, or else up to where a function leads. */
function deleteTo(end: (view: EditorView, range: SelectionRange) => number): Command {
  return (view) => {
    if (view.state.readOnly) return false;
    const change = view.state.changeByRange((range) => {
      const [a, b] = range.empty ? [range.head, end(view, range)] : [range.from, range.to];
      const from = Math.min(a, b);
      return { changes: { from, to: Math.max(a, b) }, range: EditorSelection.cursor(from) };
    });
    if (change.changes.empty) return false;
    view.dispatch(change, { userEvent: "delete", scrollIntoView: true });
    return true;
  };
}

const byChar = (forward: boolean): Command => deleteTo((view, range) => view.moveByChar(range, forward).head);
const byGroup = (forward: boolean): Command => deleteTo((view, range) => view.moveByGroup(range, forward).head);

const newline: Command = (view) => {
  if (view.state.readOnly) return false;
  view.dispatch(view.state.replaceSelection("\n"), { userEvent: "input", scrollIntoView: true });
  return true;
};

const selectAll: Command = (view) => {
  view.dispatch({ selection: { anchor: 0, head: view.state.doc.length }, userEvent: "select" });
  return true;
};

export const keys = keymap.of([
  { key: "Enter", run: newline, shift: newline },
  { key: "Backspace", run: byChar(false), shift: byChar(false) },
  { key: "Delete", run: byChar(true) },
  { key: "Ctrl-Backspace", mac: "Alt-Backspace", run: byGroup(false) },
  { key: "Ctrl-Delete", mac: "Alt-Delete", run: byGroup(true) },
  { key: "Mod-a", run: selectAll },
]);
