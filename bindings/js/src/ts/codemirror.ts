/**
 * A CodeMirror 6 editor for a document that is kept in step with a server.
 *
 *     const { extension } = sennit(provider, { user: () => ({ name: "Ada", color: "#cc3300" }) });
 *     new EditorView({ doc: String(provider.document), extensions: [extension], parent });
 *
 * Do not add CodeMirror's own history: undo is sennit's, and leaves alone what others did.
 *
 * @module
 */
import type { Extension } from "@codemirror/state";
import type { Command } from "@codemirror/view";

import { blameField } from "./codemirror/blame.js";
import { peers, type User } from "./codemirror/peers.js";
import { syncPlugin } from "./codemirror/sync.js";
import { undoKeys } from "./codemirror/undo.js";
import type { Provider } from "./sync/provider.js";

export { authorClasses, setBlame } from "./codemirror/blame.js";
export { Past, type Step } from "./codemirror/past.js";
export { fromDocument } from "./codemirror/sync.js";
export type { User } from "./codemirror/peers.js";

/** What an editor needs, and the commands for its buttons. */
export function sennit(provider: Provider, { user }: { user: () => User }):
{ extension: Extension; undo: Command; redo: Command } {
  const [plugin, sync] = syncPlugin(provider);
  const { undo, redo, extension: keys } = undoKeys(provider, plugin);
  return { extension: [sync, keys, peers(provider, plugin, user), blameField], undo, redo };
}
