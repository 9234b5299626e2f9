import { EditorSelection, type Extension } from "@codemirror/state";
import { type Command, EditorView, keymap } from "@codemirror/view";

import { SennitError } from "../errors.js";
import type { Provider } from "../sync/provider.js";
import type { SyncPlugin } from "./sync.js";

/** Take a step back or do it again, and give back the selection of then. */
function step(provider: Provider, plugin: SyncPlugin, which: "undo" | "redo"): Command {
  return (view) => {
    const sync = view.plugin(plugin), { undo } = provider;
    if (!sync || view.state.readOnly || view.composing || (which === "undo" ? undo.canUndo : undo.canRedo) === 0)
      return false;
    let selection;
    try {
      undo[which]();
      selection = undo.selection;
    } catch (e) {
      if (!(e instanceof SennitError)) throw e; // what it took back is not here any more
      return false;
    }
    sync.pull();
    const places = selection.map((a) => sync.resolve(a));
    const ranges = [];
    for (let i = 0; i + 1 < places.length; i += 2)
      if (places[i] !== null && places[i + 1] !== null) ranges.push(EditorSelection.range(places[i]!, places[i + 1]!));
    view.dispatch({
      ...(ranges.length > 0 && { selection: EditorSelection.create(ranges) }), userEvent: which, scrollIntoView: true,
    });
    return true;
  };
}

/** Undo and redo by keys and by what the system has for it. */
export function undoKeys(provider: Provider, plugin: SyncPlugin): { undo: Command; redo: Command; extension: Extension } {
  const undo = step(provider, plugin, "undo"), redo = step(provider, plugin, "redo");
  const extension = [
    keymap.of([
      { key: "Mod-z", run: undo, preventDefault: true },
      { key: "Mod-y", mac: "Mod-Shift-z", run: redo, preventDefault: true },
      { linux: "Ctrl-Shift-z", run: redo, preventDefault: true },
    ]),
    EditorView.domEventHandlers({
      beforeinput(event, view) {
        const command = { historyUndo: undo, historyRedo: redo }[event.inputType];
        if (!command) return false;
        event.preventDefault();
        return command(view);
      },
    }),
  ];
  return { undo, redo, extension };
}
