import { decode, encode } from "@msgpack/msgpack";
import type { Anchor } from "../document.js";

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

/** @internal */
export function encodePresence({ name, color, anchor, head }: Presence): Uint8Array<ArrayBuffer> {
  return encode({ name: name.slice(0, NAME_MOST), color, anchor: anchor ?? null, head: head ?? null });
}

/** Somebody's presence; null if the bytes are none: others may put there what they like.
 * @internal */
export function decodePresence(bytes: Uint8Array, session: number, user: string): Peer | null {
  let value;
  try {
    value = decode(bytes, { maxMapLength: 64, maxArrayLength: 64 }) as Partial<Record<string, unknown>> | null;
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const { name, color, anchor, head } = value;
  if (typeof name !== "string" || typeof color !== "string" || !/^#[0-9a-f]{6}$/i.test(color)) return null;
  const peer: Peer = { session, user, color, name: name.slice(0, NAME_MOST) };
  if (anchor instanceof Uint8Array) peer.anchor = anchor as Anchor;
  if (head instanceof Uint8Array) peer.head = head as Anchor;
  return peer;
}
