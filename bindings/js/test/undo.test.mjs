// Undo takes back what this user did; own operations can be issued anew.
import assert from "node:assert/strict";
import test from "node:test";

import { Document, SennitError, Undo, rebaseAnchor } from "../dist/index.js";

const refused = (code) => (e) => e instanceof SennitError && e.code === code && e.message.length > 0;

function meet(a, b) {
  a.apply(b.delta(a.version));
  b.apply(a.delta(b.version));
  assert.equal(String(a), String(b));
  return String(a);
}

test("undo leaves what others wrote, and redo brings back the own", () => {
  const a = new Document("hello"), b = new Document();
  b.apply(a.delta());
  const undo = new Undo(a);
  a.insert(5, " world");
  b.apply(a.delta(b.version));
  b.insert(8, "REMOTE");
  meet(a, b);
  undo.undo();
  assert.equal(meet(a, b), "helloREMOTE");
  undo.redo();
  assert.equal(meet(a, b), "hello woREMOTErld");
  assert.deepEqual([undo.canUndo, undo.canRedo], [1, 0]);
});

test("a step begins after a pause or where it is told", () => {
  let time = 1_700_000_000_000;
  const doc = new Document("", { clock: () => time }), undo = new Undo(doc, { pauseMs: 500 });
  doc.insert(0, "a");
  doc.insert(1, "b");
  time += 501;
  doc.insert(2, "c");
  undo.break();
  doc.insert(3, "d");
  undo.track(false);
  doc.insert(4, "!");
  undo.track(true);
  assert.equal(undo.canUndo, 3);
  for (const text of ["abc!", "ab!", "!"]) {
    undo.undo();
    assert.equal(String(doc), text);
  }
  assert.throws(() => undo.undo(), refused("ERANGE"));
});

test("undo gives back the selection", () => {
  const doc = new Document("hello world"), undo = new Undo(doc);
  undo.selection = [doc.anchor(6), doc.anchor(11)];
  doc.delete(6, 5);
  undo.selection = [doc.anchor(0)];
  undo.undo();
  assert.deepEqual(undo.selection.map((a) => doc.resolve(a)), [6, 11]);
  undo.redo();
  assert.deepEqual(undo.selection.map((a) => doc.resolve(a)), [0]);
});

test("steps outlast a restart", () => {
  const doc = new Document("hello"), undo = new Undo(doc);
  doc.insert(5, " world");
  const [bytes, steps] = [doc.save({ identity: true }), undo.save()];
  const again = Document.load(bytes), more = new Undo(again, {}, steps);
  more.undo();
  assert.equal(String(again), "hello");
  assert.throws(() => new Undo(again, {}, steps.subarray(0, 5)), refused("ECORRUPT"));
});

test("a range of anybody's operations is taken back and brought back", () => {
  const a = new Document("hello"), b = new Document();
  b.apply(a.delta());
  const before = a.version;
  b.insert(5, " world");
  a.apply(b.delta(a.version));
  a.insert(0, "> ");
  const undo = new Undo(a);
  undo.range(before, undefined, [b.replica]);
  assert.equal(String(a), "> hello");
  undo.undo();
  assert.equal(String(a), "> hello world");
  undo.range(before);
  assert.equal(String(a), "hello");
});

test("an undo that was freed, or whose document was, throws", () => {
  const doc = new Document("x"), undo = new Undo(doc);
  undo.free();
  undo.free();
  assert.throws(() => undo.canUndo, refused("EINVAL"));
  const other = new Undo(doc);
  doc.free();
  assert.throws(() => other.undo(), refused("EINVAL"));
  other.free();
});

test("own operations go under another id, and anchors with them", () => {
  const doc = new Document("hello"), anchor = doc.anchor(2), old = doc.replica;
  const rebased = doc.rebase(0);
  assert.deepEqual([rebased.old, rebased.renewed, rebased.operations], [old, doc.replica, 5]);
  assert.notEqual(old, doc.replica);
  assert.throws(() => doc.resolve(anchor), refused("EGONE"));
  assert.equal(doc.resolve(rebaseAnchor(anchor, rebased)), 2);
  assert.equal(String(doc), "hello");
});

test("what was never given out gets a new time", () => {
  const doc = new Document("hello", { clock: () => 2_000_000_000_000 });
  doc.restamp(1_000_000_000_000);
  assert.deepEqual([...doc.changes()].map((c) => c.unixMs), [1_000_000_000_000]);
});

test("what another replica issued anew is dropped here", () => {
  const a = new Document("hello"), b = new Document();
  b.apply(a.delta());
  b.insert(5, " world");
  a.apply(b.delta(a.version));
  a.insert(11, "!");
  const rebased = a.void(b.replica, 0, 0n, a.ownCount - 1);
  assert.equal(rebased.renewed, a.replica);
  assert.equal(String(a), "hello!");
  assert.equal(a.void(77n, 0, 0n, 0), null);
});

test("a blank document takes the lineage of another", () => {
  const a = new Document("hello"), b = new Document();
  b.adopt(a.lineage);
  b.insert(0, "> ");
  assert.equal(meet(a, b).length, 7);
  assert.throws(() => b.adopt(new Document("x").lineage), refused("ELINEAGE"));
  assert.throws(() => b.adopt(new Uint8Array(3)), refused("EINVAL"));
});

test("parts of a delta are as long as is asked", () => {
  const a = new Document("a".repeat(5000)), b = new Document(), c = new Document();
  b.apply(a.delta());
  b.insert(0, "b".repeat(3000));
  let parts = 0;
  for (const whose of ["others", "own"])
    for (;;) {
      const { delta, then } = b.deltaPart(c.version, whose, 1000);
      if (delta.length === 0) break;
      assert.ok(delta.length < 1500);
      c.apply(delta);
      assert.deepEqual(c.version, then);
      parts++;
    }
  assert.ok(parts >= 8);
  assert.equal(String(c), String(b));
});
