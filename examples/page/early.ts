/** What takes time and waits for nothing is begun here, while the editor and all else is
 * still compiled: the code of the library, the connection, and what this device has kept.
 * A script of its own, of which page.js imports the rest of this. */
import { IndexedDbStore, type Place } from "sennit/store";

export * from "sennit/compile";

const kept = new IndexedDbStore();
const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/sync`;

/** The document of the address: #NAME or #NAME&token=TOKEN */
export function wanted(): { name: string; token: string } | null {
  const [name = "", ...rest] = location.hash.slice(1).split("&");
  const token = new URLSearchParams(rest.join("&")).get("token") ?? "";
  return /^[A-Za-z0-9._-]{1,128}$/.test(name) ? { name, token } : null;
}

export interface Way {
  url: string;
  socket?: WebSocket;
  store: { open(name: string): Promise<Place> };
}

/** A place that is read as soon as it is open. */
async function read(name: string): Promise<Place> {
  const place = await kept.open(name), load = place.load(), others = place.others();
  for (const each of [load, others]) each.catch(() => undefined); // whoever takes it is told
  return { ...place, load: () => load, others: () => others };
}

function begin(name: string): Way {
  const socket = new WebSocket(url, "sennit"), place = read(name);
  place.catch(() => undefined);
  return { url, socket, store: { open: () => place } };
}

const first = wanted();
let begun = first && { name: first.name, way: begin(first.name) };

/** The way to a document; that of the address at first is begun already. */
export function wayTo(name: string): Way {
  const way = begun?.name === name ? begun.way : { url, store: kept };
  begun = null;
  return way;
}
