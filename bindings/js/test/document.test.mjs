// Documents read and edit like strings, and merge.
import assert from "node:assert/strict";
import test from "node:test";

import { Document, SennitError, Side, Table, Unit, Kind, compare, inspect, meet as met, snapshotText, versionMap, versionNumber }
  from "../dist/index.js";
import { chance } from "./chance.mjs";

function pair(text = "hello") {
  const a = new Document(text), b = new Document();
  b.apply(a.delta());
  return [a, b];
}

function meet(a, b) {
  a.apply(b.delta(a.version));
  b.apply(a.delta(b.version));
  assert.equal(String(a), String(b));
  assert.deepEqual(a.version, b.version);
  return String(a);
}

const refused = (code) => (e) => e instanceof SennitError && e.code === code && e.message.length > 0;

test("positions are those of strings", () => {
  const doc = new Document("añ😀b");
  assert.equal(doc.length, 5);
  assert.equal(String(doc), "añ😀b");
  for (const [a, b] of [[0, 2], [-3], [2, 4], [1, -1], [4, 2], [0, 99]])
    assert.equal(doc.slice(a, b), "añ😀b".slice(a, b));
  assert.throws(() => doc.slice(2, 3), refused("EUTF8"));
  assert.throws(() => doc.insert(3, "x"), refused("EUTF8"));
});

test("any edits do what they do to a string", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const rnd = chance(seed), doc = new Document();
    let text = "";
    for (let i = 0; i < 200; i++) {
      const cut = () => {
        const at = rnd(text.length + 1);
        return /[\udc00-\udfff]/.test(text[at] ?? "") ? at - 1 : at;
      };
      const [a, b] = [cut(), cut()].sort((x, y) => x - y);
      const added = ["", "a", "é\n", "😀中", "x".repeat(50)][rnd(5)];
      doc.splice(a, b - a, added);
      text = text.slice(0, a) + added + text.slice(b);
    }
    assert.equal(String(doc), text, `seed ${seed}`);
    doc.check();
  }
});

test("two who edit at once end with the same text", () => {
  const [a, b] = pair("hello");
  a.insert(5, " world");
  b.insert(0, "oh, ");
  assert.equal(meet(a, b), "oh, hello world");
});

test("early arrivals wait and say for what; repetitions are known", () => {
  const [a, b] = pair();
  a.insert(5, "!");
  const version = a.version;
  a.insert(6, "?");
  assert.equal(b.apply(a.delta(version)).parked, 1);
  assert.deepEqual([...b.missing()], [{ replica: a.replica, after: 5 }]);
  assert.deepEqual(b.apply(a.delta()), { applied: 2, known: 5, parked: 0, dropped: 0 });
  assert.deepEqual([...b.missing()], []);
});

test("replace changes no more than what differs", () => {
  const [a, b] = pair("one two three");
  const cursor = a.anchor(8);
  b.insert(13, " four");
  a.replace("one 2 three");
  assert.equal(meet(a, b), "one 2 three four");
  assert.equal(a.resolve(cursor), 6);
});

test("a transaction is kept whole or not at all", () => {
  const doc = new Document("abc");
  doc.transaction(() => {
    doc.insert(3, "d");
    doc.delete(0, 1);
    assert.throws(() => doc.delta(), refused("EBUSY"));
  });
  assert.equal(String(doc), "bcd");
  assert.throws(() => doc.transaction(() => { doc.replace("gone"); throw new Error("stop"); }), /stop/);
  assert.equal(String(doc), "bcd");
  assert.throws(() => doc.commit(), refused("EINVAL"));
});

test("patches turn the old text into the new", () => {
  const [a, b] = pair("hello");
  b.watch({ remote: true, local: true });
  let shown = String(b);
  a.splice(1, 2, "E😀");
  b.insert(0, "> ");
  b.apply(a.delta(b.version));
  for (const p of b.patches()) shown = shown.slice(0, p.pos) + p.text + shown.slice(p.pos + p.removed);
  assert.equal(shown, String(b));
  assert.deepEqual([...b.patches()], []);
});

test("anchors move with the text", () => {
  const doc = new Document("hello world");
  const [before, after] = [doc.anchor(6), doc.anchor(6, Side.After)];
  doc.insert(6, "big ");
  assert.deepEqual([doc.resolve(before), doc.resolve(after)], [10, 6]);
  assert.throws(() => new Document("x").resolve(before), refused("EGONE"));
  assert.throws(() => doc.resolve(new Uint8Array([9])), refused("ECORRUPT"));
});

test("units and lines convert", () => {
  const doc = new Document("a😀\nb");
  assert.deepEqual([0, 1, 2, 3].map((u) => doc.count(u)), [7, 4, 5, 1]);
  assert.equal(doc.convert(Unit.Utf16, 3, Unit.Codepoints), 2);
  assert.deepEqual(doc.lineColumn(4), [1, 0]);
  assert.equal(doc.atLine(0, 99), 3);
  assert.throws(() => doc.lineColumn(6), refused("ERANGE"));
  assert.throws(() => doc.count(9), refused("EINVAL"));
});

test("saved and loaded it is the same", () => {
  const [a, b] = pair("hello");
  b.insert(5, " world");
  a.apply(b.delta());
  const again = Document.load(a.save({ identity: true }));
  assert.equal(again.dump(), a.dump());
  assert.equal(again.replica, a.replica);
  assert.equal(snapshotText(a.save()), "hello world");
  assert.equal(String(Document.load(a.save({ liveOnly: true }))), String(a));
  const twin = a.fork();
  twin.insert(0, "x");
  assert.notEqual(twin.replica, a.replica);
  assert.equal(String(a), "hello world");
});

test("seeded twice it merges without doubling", () => {
  const [a, b] = [Document.seed("doc", "text"), Document.seed("doc", "text")];
  assert.deepEqual(a.lineage, b.lineage);
  assert.equal(meet(a, b), "text");
  assert.throws(() => a.apply(Document.seed("other", "text").delta()), refused("ELINEAGE"));
});

test("changes say who and when", () => {
  const time = 1_700_000_000_000;
  const doc = new Document("hello", { clock: () => time, replica: 0xfedcba9876543210n });
  assert.deepEqual([...doc.changes()],
    [{ replica: 0xfedcba9876543210n, unixMs: time, first: 0, operations: 5, insertedBytes: 5, at: 1 }]);
  assert.deepEqual([...doc.chunks()], [{ text: "hello", replica: doc.replica, unixMs: time }]);
  assert.deepEqual(versionMap(doc.version), new Map([[doc.replica, 5]]));
  assert.deepEqual([doc.known(doc.replica), doc.known(1n), doc.ownCount], [5, 0, 5]);
  assert.deepEqual(inspect(doc.delta()), { lineage: doc.lineage, operations: 5, changes: 1, insertedBytes: 5 });
});

test("versions compare", () => {
  const [a, b] = pair();
  const old = a.version;
  a.insert(0, "x");
  assert.deepEqual([compare(old, a.version), compare(a.version, old), compare(old, b.version)], ["before", "after", "equal"]);
  b.insert(0, "y");
  assert.equal(compare(a.version, b.version), "concurrent");
  assert.deepEqual(met(a.version, b.version), old);
  assert.throws(() => met(a.version, Uint8Array.of(63)), { code: "ECORRUPT" });
});

test("a table makes keystrokes shorter", () => {
  const [a, b] = pair();
  const [out, into] = [new Table(), new Table()];
  const sizes = [1, 2, 3].map(() => {
    const before = a.ownCount;
    a.insert(a.length, "x");
    const delta = a.ownDelta(before, out);
    b.apply(delta, { table: into });
    return delta.length;
  });
  assert.equal(String(b), "helloxxx");
  assert.ok(sizes[2] < sizes[0]);
  out.free();
  assert.throws(() => a.ownDelta(0, out), refused("EINVAL"));
});

test("whoever is asked may refuse", () => {
  const [a, b] = pair();
  a.insert(0, "x");
  const asked = [];
  assert.throws(() => b.apply(a.delta(), {
    admit: (change, kinds) => {
      asked.push([change.replica, change.operations, kinds]);
      assert.throws(() => b.insert(0, "!"), refused("EBUSY"));
      throw new Error("no");
    },
  }), /^Error: no$/);
  assert.deepEqual(asked, [[a.replica, 1, Kind.Insert]]);
  assert.equal(String(b), "hello");
  assert.equal(b.apply(a.delta(), { admit: () => {} }).applied, 1);
});

test("what is wrong is an error of a kind and changes nothing", () => {
  const doc = new Document("hello"), dump = doc.dump();
  for (const [code, call] of [
    ["ERANGE", () => doc.insert(6, "x")],
    ["ERANGE", () => doc.delete(4, 2)],
    ["ERANGE", () => doc.insert(-1, "x")],
    ["EINVAL", () => doc.insert(0.5, "x")],
    ["EINVAL", () => doc.insert(NaN, "x")],
    ["EUTF8", () => doc.insert(0, "\ud800")],
    ["EUTF8", () => doc.insert(0, "\udc00\ud800")],
    ["ECORRUPT", () => doc.apply(new Uint8Array([0xd0, 1, 7, 7, 7]))],
    ["ECORRUPT", () => doc.delta(new Uint8Array([255]))],
    ["ECORRUPT", () => Document.load(new Uint8Array())],
    ["ELIMIT", () => new Document("12345", { limits: { textBytes: 4 } })],
    ["EINVAL", () => new Document("", { replica: 1n << 64n })],
  ]) assert.throws(call, refused(code), `${code} ${call}`);
  assert.equal(doc.dump(), dump);
  assert.equal(versionNumber(), 100);
});

test("using a freed document throws", () => {
  const doc = new Document("x");
  doc.free();
  doc.free();
  for (const call of [() => doc.length, () => doc.insert(0, "y"), () => String(doc), () => [...doc.patches()]])
    assert.throws(call, refused("EINVAL"));
  doc[Symbol.dispose]();
});

test("hostile bytes never get in", () => {
  const rnd = chance(7), doc = new Document("hello"), good = Document.load(doc.save()).delta();
  for (let i = 0; i < 2000; i++) {
    const bad = good.slice();
    bad[rnd(bad.length)] ^= 1 << rnd(8);
    try {
      doc.apply(bad);
    } catch (e) {
      assert.ok(e instanceof SennitError);
    }
  }
  doc.check();
  assert.equal(String(doc), "hello");
});

test("large texts go in and out", () => {
  const text = "añ😀b\n".repeat(200_000), doc = new Document(text);
  assert.equal(String(doc), text);
  assert.equal(String(Document.load(doc.save())), text);
});

test("nothing is leaked by a hundred thousand documents", () => {
  const churn = (n) => {
    for (let i = 0; i < n; i++) {
      const doc = new Document("x"), twin = doc.fork();
      [...doc.changes()];
      doc.free();
      twin.free();
    }
  };
  churn(2000);
  const before = process.memoryUsage().external; // the module's memory is in it
  churn(50_000);
  assert.ok(process.memoryUsage().external - before < 1 << 20);
});
