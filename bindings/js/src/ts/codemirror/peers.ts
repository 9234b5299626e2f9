import { EditorSelection, type Extension, StateEffect } from "@codemirror/state";
import { EditorView, layer, type LayerMarker, RectangleMarker, ViewPlugin } from "@codemirror/view";

import type { Anchor } from "../document.js";
import type { Peer } from "../sync/presence.js";
import type { Provider } from "../sync/provider.js";
import type { SyncPlugin } from "./sync.js";

/** Who this user is to the others. */
export interface User { name: string; color: string }

const moved = StateEffect.define<null>();
const PRESENCE_MS = 40;

/** A rectangle of somebody's selection, or their cursor with its name. It is drawn
 * beside the text and never in it, which would end a composition (IME). */
class PeerMarker implements LayerMarker {
  readonly #shape: RectangleMarker;
  readonly #peer: Peer;
  readonly #isCursor: boolean;

  constructor(shape: RectangleMarker, peer: Peer, isCursor: boolean) {
    this.#shape = shape;
    this.#peer = peer;
    this.#isCursor = isCursor;
  }

  eq(other: PeerMarker): boolean {
    return this.#isCursor === other.#isCursor && this.#peer.session === other.#peer.session &&
      this.#peer.color === other.#peer.color && this.#peer.name === other.#peer.name && this.#shape.eq(other.#shape);
  }

  draw(): HTMLElement {
    const element = this.#shape.draw();
    element.style.setProperty("--peer", this.#peer.color);
    if (this.#isCursor) element.appendChild(document.createElement("span")).textContent = this.#peer.name;
    return element;
  }
}

function markersOf(view: EditorView, provider: Provider, plugin: SyncPlugin, cursors: boolean): PeerMarker[] {
  const sync = view.plugin(plugin);
  const place = (anchor: Anchor | undefined): number | null => {
    const at = anchor && sync ? sync.resolve(anchor) : null;
    return at === null ? null : Math.min(at, view.state.doc.length);
  };
  return [...provider.peers.values()].flatMap((peer) => {
    const head = place(peer.head), anchor = place(peer.anchor) ?? head;
    if (head === null || anchor === null || (!cursors && anchor === head)) return [];
    const range = cursors ? EditorSelection.cursor(head) : EditorSelection.range(anchor, head);
    const shapes = RectangleMarker.forRange(view, cursors ? "cm-peer-cursor" : "cm-peer-selection", range);
    return shapes.map((shape) => new PeerMarker(shape, peer, cursors));
  });
}

function peerLayer(provider: Provider, plugin: SyncPlugin, cursors: boolean): Extension {
  return layer({
    above: cursors,
    class: cursors ? "cm-peer-cursors" : "cm-peer-selections",
    markers: (view) => markersOf(view, provider, plugin, cursors),
    update: (update) => update.docChanged || update.viewportChanged || update.geometryChanged ||
      update.transactions.some((tr) => tr.effects.some((e) => e.is(moved))),
  });
}

const theme = EditorView.baseTheme({
  ".cm-peer-selection": { backgroundColor: "var(--peer)", opacity: "0.25" },
  ".cm-peer-cursors": { pointerEvents: "none" },
  ".cm-peer-cursor": { borderLeft: "2px solid var(--peer)", marginLeft: "-1px" },
  ".cm-peer-cursor > span": {
    position: "absolute", bottom: "100%", left: "-2px", padding: "0 4px", borderRadius: "4px 4px 4px 0",
    backgroundColor: "var(--peer)", color: "#fff", font: "600 11px/16px system-ui, sans-serif", whiteSpace: "nowrap",
    animation: "cm-peer-name 4s forwards",
  },
  // It covers the line above: it goes once the cursor stays where it is.
  "@keyframes cm-peer-name": { "0%, 75%": { opacity: 1 }, "100%": { opacity: 0 } },
});

/** Show where the others are, and them where this user is. */
export function peers(provider: Provider, plugin: SyncPlugin, user: () => User): Extension {
  const tell = ViewPlugin.define((view) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const later = (): void => void (timer ??= setTimeout(send, PRESENCE_MS));
    const send = (): void => {
      timer = undefined;
      const sync = view.plugin(plugin);
      if (!sync) return;
      const { anchor, head } = view.state.selection.main;
      provider.setPresence({ ...user(), anchor: sync.anchor(anchor), head: sync.anchor(head) });
    };
    const off = provider.on("peers", () => view.dispatch({ effects: moved.of(null) }));
    later();
    return {
      update: (update): void => {
        if (update.selectionSet || update.focusChanged) later();
      },
      destroy: (): void => {
        off();
        clearTimeout(timer);
      },
    };
  });
  return [peerLayer(provider, plugin, false), peerLayer(provider, plugin, true), tell, theme];
}
