// The past can be read, compared, told by author, and edited.
import assert from "node:assert/strict";
import test from "node:test";

import { Document, Kind, SennitError, blame, changeVersions, diff, editAt, spliceAt, textAt, versionAt } from "../dist/index.js";

const HOUR = 3_600_000;

/** Two people, three changes an hour apart. */
function story() {
  let time = 1_700_000_000_000;
  const clock = () => time;
  const a = new Document("one two", { clock, replica: 1n }), b = new Document("", { clock, replica: 2n });
  b.apply(a.delta());
  time += HOUR;
  b.insert(3, " 😀 and");
  a.apply(b.delta(a.version));
  time += HOUR;
  a.delete(0, 4);
  return { a, b, start: time - 2 * HOUR };
}

test("the text of a time and of a version", () => {
  const { a, b, start } = story();
  assert.equal(textAt(a, versionAt(a, start)), "one two");
  assert.equal(textAt(a, b.version), "one 😀 and two");
  assert.equal(textAt(a, a.version), String(a));
  assert.throws(() => textAt(b, a.version), (e) => e instanceof SennitError && e.code === "EGONE");
});

test("what each change did", () => {
  const { a } = story();
  const texts = [...a.changes()].map(({ at }) => changeVersions(a, at).map((v) => textAt(a, v)));
  assert.deepEqual(texts, [["", "one two"], ["one two", "one 😀 and two"], ["one 😀 and two", "😀 and two"]]);
  const [before, after] = changeVersions(a, [...a.changes()][1].at);
  assert.deepEqual(diff(a, before, after).map(({ pos, removed, text, replica }) => [pos, removed, text, replica]),
    [[3, 0, " 😀 and", 2n]]);
  assert.deepEqual(diff(a, after, before).map(({ pos, removed, text }) => [pos, removed, text]), [[3, 7, ""]]);
});

test("who wrote what", () => {
  const { a, start } = story();
  assert.deepEqual([...blame(a)], [
    { pos: 0, length: 6, replica: 2n, unixMs: start + HOUR },
    { pos: 6, length: 4, replica: 1n, unixMs: start },
  ]);
  assert.deepEqual([...blame(a, 7, 8)].map((s) => s.length), [1]);
});

test("an edit of an old text lands in the new one", () => {
  const { a, start } = story();
  assert.equal(spliceAt(a, versionAt(a, start), 4, 3, "three"), 7);
  assert.equal(String(a), "😀 and three");
  assert.equal([...a.patches()].length, 0);
});

test("several edits of an old text are made, or none of them", () => {
  const { a, start } = story(), then = versionAt(a, start), before = String(a), past = textAt(a, then);
  const last = past.length;
  const refused = (version, pos, code) => {
    const edits = [{ pos: 0, removed: 0, text: "x" }, { pos, removed: 0, text: "y" }];
    assert.throws(() => editAt(a, version, edits), (e) => e instanceof SennitError && e.code === code);
    assert.equal(String(a), before);
  };
  refused(then, last + 1, "ERANGE");
  refused(versionAt(a, start + HOUR), 5, "EUTF8"); // within the pair of 😀
  assert.throws(() => editAt(a, then, [{ pos: 0, removed: 0, text: "\ud800" }]), SennitError);
  const b = a.fork();
  editAt(a, then, [{ pos: 0, removed: 0, text: "é" }, { pos: 0, removed: 0, text: "中".repeat(5000) }, { pos: last, removed: 0, text: "!" }]);
  for (const [pos, text] of [[last, "!"], [0, "中".repeat(5000)], [0, "é"]]) spliceAt(b, then, pos, 0, text);
  assert.equal([...String(a)].sort().join(""), [...String(b)].sort().join(""));
  assert.ok(String(a).startsWith(`é${"中".repeat(5000)}😀`));
  editAt(a, then, []);
  a.check();
});

test("what was deleted can be forgotten, and then the past is not told any more", () => {
  const { a, start } = story();
  assert.equal(a.cut.length, 0);
  a.compact(a.version);
  assert.deepEqual(a.cut, a.version);
  assert.equal(String(a), "😀 and two");
  assert.throws(() => textAt(a, versionAt(a, start)), (e) => e instanceof SennitError && e.code === "EGONE");
  a.insert(0, "> ");
  assert.equal(String(Document.load(a.save())), "> 😀 and two");
});

const holds = (bytes, text) => Buffer.from(bytes).includes(text);

test("redacted text is gone from whoever hears of it, and listeners hear of the redaction", () => {
  const a = new Document("pässwörd 😀 text"), then = a.version, b = a.fork();
  assert.throws(() => a.redact(then, 0, 3), (e) => e instanceof SennitError && e.code === "EINVAL");
  a.delete(0, 12);
  let heard = 0;
  Document.listen(a, () => heard++);
  a.redact(then, 0, 12);
  assert.equal(heard, 1);
  const kinds = [];
  b.apply(a.delta(b.version), { admit: (change, kind) => kinds.push(kind) });
  assert.deepEqual(kinds, [Kind.Delete | Kind.Redaction]);
  for (const doc of [a, b, Document.load(a.save())]) {
    assert.equal(String(doc), "text");
    assert.equal(textAt(doc, then).length, 16);
    assert.ok(!holds(doc.save(), "ssw") && !holds(doc.delta(), "ssw") && !holds(doc.save(), "😀"));
  }
  assert.equal(a.dump(), b.dump());
});

test("a redaction is refused whole", () => {
  const a = new Document("one 😀 two"), then = a.version;
  a.delete(0, 7);
  const before = a.dump();
  const refused = (code, version, pos, n) =>
    assert.throws(() => a.redact(version, pos, n), (e) => e instanceof SennitError && e.code === code);
  refused("EINVAL", then, 0, 8);
  refused("ERANGE", then, 8, 9);
  refused("EUTF8", then, 4, 1); // half of 😀
  refused("ECORRUPT", Uint8Array.of(255), 0, 1);
  refused("EGONE", new Document("x").version, 0, 1);
  assert.throws(() => a.redact(then, -1, 1));
  assert.equal(a.dump(), before);
});

test("all that a replica deleted is redacted", () => {
  const a = new Document("one two"), b = a.fork();
  b.insert(7, " three");
  b.delete(0, 8);
  b.redactAll(a.replica);
  a.apply(b.delta(a.version));
  assert.equal(String(a), "three");
  assert.ok(!holds(a.save(), "two"));
  a.check();
});
