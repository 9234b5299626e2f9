// Servers that send what they must not: each ends as an event, and the document is intact.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { decodeMulti, encode } from "@msgpack/msgpack";
import WebSocket from "ws";

import { Document } from "../dist/index.js";
import { Provider } from "../dist/provider.js";
import { decodePresence } from "../dist/sync/presence.js";
import { Fault, Session } from "../dist/sync/session.js";
import { chance } from "./chance.mjs";
import { Server, until } from "./server.mjs";
import { listen, relay, welcome } from "./standin.mjs";

const server = new Server(), opened = [];
before(() => server.start("--group-ms", "5"));
after(async () => {
  for (const provider of opened) await provider.close();
  await server.end();
});

async function open(url, options) {
  const provider = await Provider.open(url, "evil", { WebSocket, retryMs: [10, 100], ...options });
  opened.push(provider);
  return provider;
}

const other = new Document("theirs"), delta = other.delta();
const MOST = 2n ** 64n - 1n, sent = (n) => encode([2, 1, n]);

/** What ends a connection, after a hello. */
const ENDS = {
  "a frame of text": ["hello"],
  "a frame of text that is a number": ["4294967294"],
  "no msgpack": [Uint8Array.of(0xc1)],
  "a message cut off": [welcome().slice(0, -1)],
  "a number": [encode(5)],
  "an empty array": [encode([])],
  "a negative channel": [encode([1, -1])],
  "no channel": [encode([99, "x"])],
  "an array inside": [encode([5, 0, [1]])],
  "a map inside": [encode([5, 0, { a: 1 }])],
  "arrays without end": [new Uint8Array(50_000).fill(0x91)],
  "an array that claims to be huge": [Uint8Array.of(0xdd, 255, 255, 255, 255)],
  "bytes that claim to be huge": [Uint8Array.of(0x93, 1, 1, 0xc6, 255, 255, 255, 255)],
  "too many elements": [encode([1, 1, ...new Array(5000).fill(0)])],
  "too few elements": [encode([1, 1, 1, new Uint8Array()])],
  "wrong kinds": [encode([1, 1, ...new Array(11).fill("x")])],
  "a fraction": [encode([5, 0, 1.5])],
  "another protocol": [welcome({ protocol: 2 })],
  "no permission": [welcome({ permission: 9 })],
  "a short lineage": [welcome({ lineage: new Uint8Array(5) })],
  "no version": [welcome({ version: Uint8Array.of(255) })],
  "the end of time": [welcome({ time: 2n ** 47n })],
  "a count beyond all bounds": [welcome({ count: MOST })],
  "a second welcome": [welcome(), welcome()],
  "a delta that comes too early": [welcome(), sent(2)],
  "a delta that comes twice": [welcome(), sent(1), sent(1)],
  "digests nobody asked for": [welcome(), encode([12, 1, 1, 1])],
  "an ack from the future": [welcome(), encode([3, 1, 1, 99, 0])],
  "an ack of deltas that were not sent": [welcome(), encode([3, 1, 1, 0, 99])],
  "an ack of no level": [welcome(), encode([3, 1, 9, 0, 0])],
  "a welcome on channel 0": [encode([0x02, 0, 1])],
  "an error that is none": [encode([7, 1, "x", 5])],
};

for (const [what, frames] of Object.entries(ENDS))
  test(`${what} ends the connection, and no more`, async (t) => {
    const url = await listen(t, (socket) => socket.once("message", () => frames.forEach((f) => socket.send(f))));
    const p = await open(url, { retryMs: [60_000, 60_000] }), errors = [];
    p.on("error", (e) => errors.push(e));
    p.document.insert(0, "mine");
    await until("it is an error", () => errors.length > 0);
    assert.match(errors[0].name, /ProtocolError|SennitError/);
    assert.equal(p.status.connection, "offline");
    p.document.check();
    p.document.insert(4, "!");
    assert.ok(String(p.document).includes("mine!"));
  });

test("each hello opens a channel of its own, and what comes on the one before is no answer", () => {
  const doc = new Document("mine"), told = [];
  const events = new Proxy({}, { get: (_, name) => (what) => told.push([name, what]) });
  const session = new Session(doc, "x", "", events);
  const says = () => [...decodeMulti(session.next() ?? [], { useBigInt64: true })].map(([type, channel]) => [type, channel]);
  const hear = (...messages) => messages.forEach((m) => session.receive(m, Date.now()));
  session.opened();
  assert.deepEqual(says(), [[0, 1]]);
  hear(welcome());
  assert.equal(session.state, "live");
  session.rebase();
  hear(welcome(), encode([7, 1, 4403, "no"])); // of the channel that it is about to leave
  assert.deepEqual([session.state, says()], ["greeting", [[8, 1], [0, 2]]]);
  hear(welcome(), encode([2, 1, 9]), encode([7, 1, 4403, "no"]));
  assert.equal(session.state, "greeting");
  hear(welcome({}, 2));
  assert.equal(session.state, "live");
  hear(encode([7, 2, 4412, "gone"])); // which ends that channel: there is none to leave
  assert.deepEqual([session.state, says()], ["greeting", [[0, 3]]]);
  session.lost();
  session.opened();
  assert.deepEqual(says(), [[0, 1]]);
  assert.ok(!told.some(([name]) => name === "refused"));
});

test("who may not send what it sent reads on, and sends no more", () => {
  const doc = new Document("mine"), refused = [], { delta } = wrote(doc);
  const session = new Session(doc, "x", "", new Proxy({}, { get: (_, name) => (what) => name === "refused" && refused.push(what) }));
  const types = () => { const frame = session.next(); return frame ? [...decodeMulti(frame, { useBigInt64: true })].map(([type]) => type) : []; };
  const hear = (...m) => session.receive(encode(m), Date.now());
  session.opened();
  session.next();
  session.receive(welcome(), Date.now());
  assert.deepEqual(types(), [2]);
  hear(7, 1, Fault.Forbidden, "no");
  assert.deepEqual([refused, types()], [[Fault.Forbidden], [0]]);
  session.receive(welcome({}, 2), Date.now());
  assert.deepEqual([session.state, session.permission, types()], ["live", 1, []]);
  hear(2, 2, 1, delta);
  assert.equal(String(doc), "mine, theirs");
  session.rebase(); // since somebody else may send it
  assert.deepEqual(types(), [8, 0]);
  session.receive(welcome({}, 3), Date.now());
  assert.deepEqual([session.permission, types(), types()], [3, [10], [2]]);
});

/** What somebody else made of a document. */
function wrote(doc) {
  const other = new Document(""), since = doc.version;
  other.apply(doc.delta());
  other.insert(4, ", theirs");
  return { delta: other.delta(since) };
}

test("who gives way to a copy lets it be heard first, unless nothing is unsent", () => {
  for (const acknowledged of [false, true]) {
    const doc = new Document("mine"), session = new Session(doc, "x", "", new Proxy({}, { get: () => () => undefined }));
    const now = Date.now(), types = () => [...decodeMulti(session.next() ?? [])].map(([type]) => type);
    session.opened();
    session.next();
    session.receive(welcome(), now);
    assert.deepEqual(types(), [2]);
    if (acknowledged) session.receive(encode([3, 1, 0, 1, 0]), now);
    for (let twice = 0; twice < 2; twice++) session.receive(encode([7, 1, Fault.Forked, "elsewhere"]), now);
    assert.equal(session.state, "greeting");
    assert.deepEqual(types(), acknowledged ? [11] : []);
    assert.equal(session.retryMs > now, !acknowledged);
    if (acknowledged) continue;
    session.greet();
    assert.deepEqual(types(), [8, 0]);
  }
});

test("a copy finds where ways part also below what the server dropped", () => {
  const server = new Document("x".repeat(300)), twin = Document.load(server.save({ identity: true })), { replica } = twin;
  server.insert(300, "theirs");
  twin.insert(0, "mine");
  const rebased = [], events = new Proxy({}, { get: (_, name) => (what) => name === "rebased" && rebased.push(what) });
  const session = new Session(twin, "x", "", events);
  session.opened();
  session.next();
  session.receive(encode([7, 1, Fault.Forked, "another way"]), Date.now());
  while (rebased.length === 0) {
    const [[type, , , ...counts]] = [...decodeMulti(session.next(), { useBigInt64: true })];
    assert.equal(type, 11);
    const told = counts.filter((n) => n <= server.known(replica)).map((n) => server.digestShape(replica, n));
    session.receive(encode([12, 1, replica, ...told], { useBigInt64: true }), Date.now());
  }
  assert.equal(rebased[0].from, 300);
});

test("any numbers in any message leave a session that can go on", () => {
  const numbers = [0, 1, 2, 65_535, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 47n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, MOST];
  const bytes = [new Uint8Array(), new Uint8Array(16).fill(1), delta, other.version, other.save()];
  const forms = {
    1: "nbbnnnnnnnn", 2: "nbb", 3: "nnn", 4: "nbt", 5: "n", 6: "n", 7: "nt", 8: "", 9: "nn", 10: "nnn", 11: "nn", 12: "nnn",
  };
  const rnd = chance(11), any = (list) => list[rnd(list.length)];
  const events = new Proxy({}, { get: () => () => undefined });
  let live = 0;
  for (let round = 0; round < 3000; round++) {
    const doc = new Document("", { clock: Date.now }), session = new Session(doc, "x", "", events);
    if (rnd(2)) doc.apply(delta);
    doc.insert(0, "mine");
    session.opened();
    for (let i = 0; i < 6; i++) {
      while (session.next());
      const type = i === 0 ? 1 : any(Object.keys(forms));
      const value = (kind) => (kind === "n" ? any(rnd(2) ? [0, 1] : numbers) : kind === "b" ? any(bytes) : "x");
      const fields = i === 0 && rnd(2) ? { version: any([bytes[0], bytes[3]]), [any(["frame", "heartbeat", "time", "count"])]: any(numbers) } : null;
      try {
        session.receive(fields ? welcome(fields) : encode([Number(type), rnd(8) ? 1 : 0, ...[...forms[type]].map(value)], { useBigInt64: true }), Date.now());
      } catch (e) {
        assert.match(e.name, /ProtocolError|SennitError/, e.stack);
        break;
      }
      if (session.state === "live") live++;
    }
    doc.check();
    doc.insert(0, "again");
    assert.ok(String(doc).includes("mine"), `round ${round}`);
    doc.free();
  }
  assert.ok(live > 500, `${live} were live`);
});

test("what is no anchor is none of a presence", () => {
  const anchor = other.anchor(3), show = (a) => decodePresence(encode({ name: "Eve", color: "#123456", anchor: a }), 1, "");
  assert.deepEqual(show(anchor).anchor, anchor);
  for (const bad of [new Uint8Array(), Uint8Array.of(255), new Uint8Array([...anchor, 0]), "text", 5, null])
    assert.equal(show(bad).anchor, undefined);
});

test("hostile bytes end as an error, and the document is intact", async (t) => {
  const rnd = chance(3);
  const url = await listen(t, (socket) => socket.on("message", () => {
    const bytes = Uint8Array.from({ length: 3 + rnd(40) }, () => rnd(256));
    if (rnd(2) === 0) bytes.set([0x90 + rnd(16), rnd(13), rnd(2)]);
    socket.send(bytes);
  }));
  const p = await open(url, { retryMs: [1, 2] });
  const errors = [];
  p.on("error", (e) => errors.push(e));
  p.document.insert(0, "mine");
  await until("there were errors", () => errors.length > 50);
  for (const e of errors) assert.match(e.name, /ProtocolError|SennitError/);
  await p.close();
  assert.equal(String(p.document), "mine");
  p.document.check();
});

test("deltas that were tampered with refuse the session, and no more", async (t) => {
  const rnd = chance(5);
  let tamper = false;
  const url = await relay(t, server.url, (m) => {
    if (tamper) m[rnd(m.length)] ^= 1 << rnd(8);
    return m;
  });
  const a = await open(server.url), b = await open(url);
  const wrong = [];
  b.on("error", (e) => wrong.push(e));
  b.on("refused", (e) => wrong.push(e));
  await until("they are live", () => [a, b].every((p) => p.status.connection === "live"));
  tamper = true;
  for (let i = 0; i < 300; i++) {
    a.document.insert(a.document.length, `line ${i}\n`);
    if (i % 10 === 0) await a.saved();
    if (b.status.connection === "refused") b.connect();
    b.document.check();
  }
  await until("something was wrong", () => wrong.length > 0);
  tamper = false;
  b.disconnect();
  b.connect();
  await until("both have the same", () => String(a.document) === String(b.document));
  b.document.check();
});
