import { type Anchor, isAnchor } from "../document.js";
import { encode, Reader, type Value } from "./msgpack.js";

/** What others see of a user in a document; docs/PROTOCOL.md, "Presence". */
export interface Presence {
  name: string;
  /** As in CSS, "#rrggbb". */
  color: string;
  /** Where the selection begins and where its cursor is. */
  anchor?: Anchor;
  head?: Anchor;
}

/** One who is there. */
export interface Peer extends Presence {
  /** Number of the session, as the server counts them. */
  session: number;
  /** Who that is by the server's word; empty where nobody has a name. */
  user: string;
}

const NAME_MOST = 64;
const DEPTH_MOST = 8;

/** @internal */
export function encodePresence({ name, color, anchor, head }: Presence): Uint8Array<ArrayBuffer> {
  return encode(new Map<string, Value>([
    ["name", name.slice(0, NAME_MOST)], ["color", color], ["anchor", anchor ?? null], ["head", head ?? null],
  ]));
}

/** Somebody's presence; null if the bytes are none: others may put there what they like.
 * @internal */
export function decodePresence(bytes: Uint8Array, session: number, user: string): Peer | null {
  let state;
  try {
    state = new Reader(bytes).value(DEPTH_MOST);
  } catch {
    return null;
  }
  if (!(state instanceof Map)) return null;
  const [name, color, anchor, head] = ["name", "color", "anchor", "head"].map((key) => state.get(key));
  if (typeof name !== "string" || typeof color !== "string" || !/^#[0-9a-f]{6}$/i.test(color)) return null;
  const peer: Peer = { session, user, color, name: name.slice(0, NAME_MOST) };
  if (isAnchor(anchor)) peer.anchor = anchor.slice();
  if (isAnchor(head)) peer.head = head.slice();
  return peer;
}
