// Documents and the real server in step: online, offline, across restarts and copies.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { decodeMulti, encode } from "@msgpack/msgpack";
import WebSocket from "ws";

import { Fault, MemoryStore, Provider } from "../dist/provider.js";
import { chance } from "./chance.mjs";
import { Server, until } from "./server.mjs";
import { listen, relay, silent, welcome } from "./standin.mjs";

const server = new Server(), opened = [];
before(() => server.start("--group-ms", "5"));
after(async () => {
  for (const provider of opened) await provider.close();
  await server.end();
});

async function open(name, options = {}, url = server.url) {
  const provider = await Provider.open(url, name, { WebSocket, retryMs: [10, 100], ...options });
  opened.push(provider);
  return provider;
}

const live = (...providers) =>
  until("all are live", () => providers.every((p) => p.status.connection === "live"));

async function same(...providers) {
  const [first] = providers;
  await until("all have the same", () =>
    providers.every((p) => p.status.unsaved === 0 && String(p.document) === String(first.document)));
  for (const { document } of providers) document.check();
  return String(first.document);
}

test("what one types, the other and the server have", async () => {
  const [a, b] = [await open("pair"), await open("pair")];
  await live(a, b);
  assert.equal(a.status.ready, true);
  a.document.insert(0, "hello");
  assert.equal(a.status.unsaved, 5);
  await a.saved();
  await until("b has it", () => String(b.document) === "hello");
  b.document.insert(5, " world");
  a.document.insert(0, "> ");
  assert.equal(await same(a, b), "> hello world");
  assert.equal(await server.text("pair"), "> hello world");
});

test("what is said to be saved survives a kill", async () => {
  const a = await open("killed");
  await live(a);
  a.document.insert(0, "saved");
  await a.saved();
  await server.stop("SIGKILL");
  await until("it is noticed", () => a.status.connection !== "live");
  a.document.insert(5, " and typed meanwhile");
  assert.equal(a.status.unsaved, 20);
  await server.start();
  await a.saved();
  assert.equal(await server.text("killed"), "saved and typed meanwhile");
});

test("what was typed apart is merged", async () => {
  const [a, b] = [await open("apart"), await open("apart")];
  await live(a, b);
  a.document.insert(0, "middle");
  await same(a, b);
  a.disconnect();
  assert.equal(a.status.connection, "offline");
  a.document.insert(6, " end");
  b.document.insert(0, "start ");
  assert.equal(a.status.unsaved, 4);
  a.connect();
  await live(a);
  assert.equal(await same(a, b), "start middle end");
});

test("a document of many frames arrives whole", async () => {
  const [a, b] = [await open("large"), await open("large")];
  await live(a, b);
  a.document.insert(0, "añ😀b\n".repeat(300_000));
  await same(a, b);
  assert.equal(b.document.length, 1_800_000);
});

test("what was not sent waits on the device, with the steps of undo", async () => {
  const store = new MemoryStore();
  const a = await open("kept", { store });
  await live(a);
  a.document.insert(0, "first ");
  await a.saved();
  a.disconnect();
  a.undo.break();
  a.document.insert(6, "second");
  await a.close();
  const b = await open("kept", { store, offline: true });
  assert.equal(String(b.document), "first second");
  assert.equal(b.document.replica, a.document.replica);
  assert.deepEqual([b.status.unsaved, b.status.kept, b.status.ready], [6, true, true]);
  b.connect();
  await b.saved();
  assert.equal(await server.text("kept"), "first second");
  b.undo.undo();
  await b.saved();
  assert.equal(await server.text("kept"), "first ");
});

test("two pages of one device write under two ids", async () => {
  const store = new MemoryStore();
  const [a, b] = [await open("twice", { store }), await open("twice", { store })];
  await live(a, b);
  a.document.insert(0, "a");
  b.document.insert(0, "b");
  await same(a, b);
  assert.notEqual(a.document.replica, b.document.replica);
});

test("what a closed page left unsent is sent by the next", async () => {
  const store = new MemoryStore();
  const [a, b] = [await open("left", { store }), await open("left", { store })];
  await live(a, b);
  a.document.insert(0, "seen. ");
  await same(a, b);
  b.disconnect();
  b.document.insert(6, "left behind");
  await b.close();
  await a.close();
  const c = await open("left", { store });
  await until("it is at the server", async () => (await server.text("left")) === "seen. left behind");
  assert.equal(String(c.document), "seen. left behind");
});

test("a copied disk is found out, and nothing is lost", async () => {
  const store = new MemoryStore(), copy = new MemoryStore();
  const a = await open("copied", { store });
  await live(a);
  a.document.insert(0, "both");
  await a.saved();
  await a.keep();
  for (const [k, kept] of store.kept) copy.kept.set(k, kept);
  a.disconnect();
  const b = await open("copied", { store: copy, offline: true });
  a.document.insert(4, " a");
  b.document.insert(0, "b ");
  const rebased = [];
  for (const p of [a, b]) p.on("rebased", (r) => rebased.push(r));
  a.connect();
  await a.saved();
  b.connect();
  await until("b is in step", () => b.status.unsaved === 0 && rebased.length > 0);
  assert.equal(await same(a, b), "b both a");
  assert.notEqual(a.document.replica, b.document.replica);
});

test("a clock that is hours ahead is corrected", async () => {
  const ahead = () => Date.now() + 7_200_000;
  const a = await open("clock", { offline: true, document: { clock: ahead } });
  a.document.insert(0, "typed before");
  a.connect();
  await a.saved();
  a.document.insert(12, " and after");
  await a.saved();
  assert.equal(await server.text("clock"), "typed before and after");
});

test("of what a clock was wrong for, only what the server lacks is issued anew", async (t) => {
  let hellos = 0, deltas = 0;
  const url = await listen(t, (socket) => socket.on("message", (frame) => {
    for (const [type, channel] of decodeMulti(frame, { useBigInt64: true }))
      if (type === 0) socket.send(welcome({ count: hellos++ === 1 ? 3 : 0 }, channel));
      else if (type === 2 && ++deltas === 2) socket.send(encode([7, channel, Fault.Clock, "too far ahead"]));
  }));
  const p = await open("ahead", {}, url), rebased = [];
  p.on("rebased", (r) => rebased.push(r));
  await live(p);
  for (const [sent, text] of ["abc", "de"].entries()) {
    p.document.insert(0, text);
    await until("it is sent", () => deltas > sent);
  }
  await until("it is sent again", () => deltas > 2);
  assert.deepEqual(rebased.map(({ from, operations }) => [from, operations]), [[3, 2]]);
  assert.equal(p.document.ownCount, 2);
});

test("who was told to wait says hello again on the same connection, on another channel", async (t) => {
  const hellos = [];
  let later = 0;
  const url = await listen(t, (socket) => socket.on("message", (frame) => {
    for (const [type, channel] of decodeMulti(frame, { useBigInt64: true }))
      if (type === 0 && hellos.push(channel) === 1) socket.send(encode([7, channel, Fault.Rate, "too much"]));
      else if (type === 0) socket.send(welcome({}, channel));
  }));
  const p = await open("patient", { document: { clock: () => Date.now() + later } }, url);
  await until("it is told to wait", () => p.status.connection === "refused");
  later = 10_000;
  await live(p);
  assert.deepEqual(hellos, [1, 2]);
});

test("text that an undo brings back is typed anew if the server has dropped it", async (t) => {
  const forgetful = await new Server().start("--keep-deleted", "1", "--group-ms", "5");
  t.after(() => forgetful.end());
  const clock = () => Date.now() - 3 * 86_400_000, rnd = chance(7), rebased = [];
  const a = await open("dropped", { offline: true, document: { clock } }, forgetful.url);
  a.on("rebased", (r) => rebased.push(r));
  a.document.insert(0, "one secret two");
  a.undo.break();
  a.document.delete(4, 7);
  a.connect();
  await a.saved();
  const b = await open("dropped", {}, forgetful.url);
  await live(b);
  b.document.insert(7, ` ${Array.from({ length: 500_000 }, () => String.fromCharCode(33 + rnd(94))).join("")}`);
  await b.saved();
  await until("the server has compacted", async () => /compactions_total [1-9]/.test(await forgetful.get("/metrics")));
  a.undo.undo();
  const had = a.document.delta();
  await a.saved();
  assert.equal(rebased.length, 1);
  a.document.insert(0, "> ");
  assert.equal((await same(a, b)).slice(0, 17), "> one secret two ");
  const c = await open("dropped", { offline: true }, forgetful.url); // had it from elsewhere
  c.document.apply(had);
  c.connect();
  assert.equal((await same(a, b, c)).slice(0, 17), "> one secret two ");
  assert.ok((await forgetful.text("dropped")).startsWith("> one secret two "));
  assert.equal(rebased.length, 1);
  b.document.insert(0, ">"); // they go on
  assert.equal((await same(a, b)).slice(0, 18), ">> one secret two ");
});

test("who is there is seen, where they are, and that they left", async () => {
  const [a, b] = [await open("people"), await open("people")];
  await live(a, b);
  a.document.insert(0, "hello world");
  await same(a, b);
  a.setPresence({ name: "Ada", color: "#cc3300", anchor: a.document.anchor(6), head: a.document.anchor(11) });
  await until("b sees a", () => [...b.peers.values()].some((p) => p.name === "Ada" && p.head));
  b.document.insert(0, "> ");
  const [ada] = b.peers.values();
  assert.deepEqual([b.document.resolve(ada.anchor), b.document.resolve(ada.head)], [8, 13]);
  await a.close();
  await until("a is gone", () => b.peers.size === 0);
});

test("frames wait while a transaction is open", async () => {
  const [a, b] = [await open("busy"), await open("busy")];
  await live(a, b);
  a.document.begin();
  a.document.insert(0, "a");
  b.document.insert(0, "b");
  await b.saved();
  await new Promise((go) => setTimeout(go, 20));
  assert.equal(String(a.document), "a");
  a.document.commit();
  assert.equal((await same(a, b)).length, 2);
});

test("another document under the name is refused, and keeps what it has", async () => {
  const a = await open("taken");
  await live(a);
  a.document.insert(0, "x");
  await a.saved();
  const b = await open("taken", { offline: true });
  b.document.insert(0, "mine");
  const refusals = [];
  b.on("refused", (r) => refusals.push(r));
  b.connect();
  await until("it is refused", () => b.status.connection === "refused");
  assert.equal(refusals[0].fault, Fault.Lineage);
  assert.equal(String(b.document), "mine");
});

test("any edits of three who come and go end in the same text", async () => {
  const seed = Number(process.env.SENNIT_SEED ?? 1), rnd = chance(seed);
  const store = new MemoryStore(), people = [];
  for (let i = 0; i < 3; i++) people.push(await open("any", i === 0 ? { store } : {}));
  await live(...people);
  for (let i = 0; i < 400; i++) {
    const who = people[rnd(3)], { document: doc } = who;
    switch (rnd(12)) {
      case 0: who.disconnect(); break;
      case 1: case 2: who.connect(); break;
      case 3: if (who.undo.canUndo > 0) who.undo.undo(); break;
      case 4: if (doc.length > 3) doc.delete(rnd(doc.length - 3), 3); break;
      case 5: await new Promise((go) => setTimeout(go, rnd(5))); break;
      default: doc.insert(rnd(doc.length + 1), "xyz".slice(rnd(3)));
    }
  }
  for (const p of people) p.connect();
  await same(...people);
  assert.equal(await server.text("any"), String(people[0].document), `seed ${seed}`);
});

test("a connection that was begun already is the first one, open by then or not, and no other", async () => {
  for (const wait of [false, true]) {
    const socket = new WebSocket(server.url, "sennit");
    if (wait) await new Promise((go) => socket.on("open", go));
    const p = await open(`begun-${wait}`, { socket });
    await live(p);
    assert.equal(socket.readyState, 1);
    socket.terminate();
    await until("it is lost", () => p.status.connection !== "live");
    p.document.insert(0, "on");
    await p.saved();
  }
  const gone = new WebSocket(server.url, "sennit");
  await new Promise((go) => gone.on("open", go));
  gone.terminate();
  await live(await open("begun-gone", { socket: gone }));
});

test("a connection that was begun and never wanted is closed with the provider", async () => {
  const socket = new WebSocket(server.url, "sennit");
  await new Promise((go) => socket.on("open", go));
  const p = await open("begun-unwanted", { socket, offline: true });
  await p.close();
  await until("it is closed", () => socket.readyState === WebSocket.CLOSED);
});

test("hanging up before anybody has answered is no error, here or in between", async (t) => {
  const { url, held } = await silent(t), between = await relay(t, url, (m) => m), errors = [];
  for (const to of [url, between]) {
    const p = await open("unanswered", {}, to);
    p.on("error", (e) => errors.push(e));
    await until("it is taken", () => held.size === 1);
    p.disconnect();
    assert.equal(p.status.connection, "offline");
    await until("it is let go", () => held.size === 0);
  }
  assert.deepEqual(errors, []);
});

test("saved is what the server calls durable, and nothing before", async (t) => {
  let peer, deltas = 0;
  const url = await listen(t, (socket) => {
    peer = socket;
    socket.on("message", (frame) => {
      for (const [type] of decodeMulti(frame, { useBigInt64: true }))
        if (type === 2) deltas++;
        else if (type === 0)
          socket.send(welcome());
    });
  });
  const p = await open("acks", {}, url), steps = [], errors = [];
  p.on("status", ({ unsaved }) => steps.push(unsaved));
  p.on("error", (e) => errors.push(e));
  const ack = (...fields) => peer.send(encode([3, 1, ...fields]));
  await live(p);
  for (const [sent, text] of ["abc", "de"].entries()) {
    p.document.insert(0, text);
    await until("it is sent", () => deltas === sent + 1);
  }
  ack(0, 2, 0);
  ack(1, 1, 0);
  await until("the first is saved", () => p.status.unsaved === 2);
  assert.ok(!steps.includes(0) || steps.lastIndexOf(0) < steps.indexOf(3));
  ack(1, 2, 0);
  await p.saved();
  assert.equal(errors.length, 0);
  ack(1, 3, 0);
  await until("an ack of what was not sent is an error", () => errors.length === 1);
});
