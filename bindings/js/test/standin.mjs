// WebSocket servers of this process that stand in for the real one, each for one test.
import { once } from "node:events";
import { createServer } from "node:net";

import { encode } from "@msgpack/msgpack";
import WebSocket, { WebSocketServer } from "ws";

/** A server that calls a function with each connection; its address. */
export async function listen(t, connected) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", connected);
  await once(server, "listening");
  t.after(() => {
    server.close();
    for (const client of server.clients) client.terminate();
  });
  return `ws://127.0.0.1:${server.address().port}/`;
}

/** A welcome of a server that has nothing, but for what is said otherwise. */
export const welcome = (otherwise = {}, channel = 1) => encode([1, channel, ...Object.values({
  protocol: 1, version: new Uint8Array(), lineage: new Uint8Array(16).fill(1), permission: 3, time: BigInt(Date.now()),
  heartbeat: 20_000, frame: 1 << 20, incarnation: 5, session: 1, count: 0, digest: 0, ...otherwise,
})], { useBigInt64: true });

/** A server that passes everything on to another, and back what `change` makes of the answers. */
export function relay(t, url, change) {
  return listen(t, (socket) => {
    const up = new WebSocket(url, "sennit"), early = [];
    up.on("open", () => early.splice(0).forEach((m) => up.send(m)));
    up.on("message", (m) => socket.send(change(m)));
    up.on("error", () => undefined); // hung up before it was open; close follows
    up.on("close", () => socket.close());
    socket.on("message", (m) => (up.readyState === WebSocket.OPEN ? up.send(m) : early.push(m)));
    socket.on("close", () => up.close());
  });
}

/** A server that takes connections, and never says a word; its address, and who is there. */
export async function silent(t) {
  const server = createServer(), held = new Set();
  server.on("connection", (socket) => {
    held.add(socket);
    socket.resume().on("error", () => undefined).on("close", () => held.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    for (const socket of held) socket.destroy();
  });
  return { url: `ws://127.0.0.1:${server.address().port}/`, held };
}
