// Marks and metadata: names with values, on text and on the document.
import assert from "node:assert/strict";
import test from "node:test";

import { Document, SennitError, Undo, block, embed, getMeta, mark, metadata, runs, setMeta, split } from "../dist/index.js";

const VALUES = [null, true, false, 0, -1, 1.5, -0, 2 ** 53, NaN, 123456789012345678n, -9007199254740993n, "", "é😀", Uint8Array.of(0, 255)];

const shown = (doc) => runs(doc).map(({ pos, length, marks }) => [doc.slice(pos, pos + length), Object.fromEntries(marks)]);

test("marks move with the text, grow or not, and merge", () => {
  const a = new Document("one two three"), b = new Document();
  b.apply(a.delta());
  mark(a, 4, 3, "bold", true, { grows: true });
  mark(b, 8, 5, "link", "https://example.org");
  b.insert(7, "!");
  a.apply(b.delta(a.version));
  b.apply(a.delta(b.version));
  assert.deepEqual(shown(a), [["one ", {}], ["two!", { bold: true }], [" ", {}], ["three", { link: "https://example.org" }]]);
  assert.deepEqual(shown(b), shown(a));
  mark(a, 4, 4, "bold", undefined, { grows: true });
  assert.deepEqual(shown(a).slice(0, 1), [["one two! ", {}]]);
});

test("blocks and embeds", () => {
  const doc = new Document("title\ntext");
  block(doc, 0, "heading");
  split(doc, 2);
  embed(doc, 0, "picture.png");
  assert.deepEqual(shown(doc), [
    ["\ufffc", { embed: "picture.png" }], ["ti", {}], ["\n", { block: "heading" }], ["tle", {}], ["\n", { block: "heading" }], ["text", {}],
  ]);
});

test("values of every kind come back as they were", () => {
  const doc = new Document("x");
  for (const [i, value] of VALUES.entries()) setMeta(doc, `k${i}`, value);
  for (const [i, value] of VALUES.entries()) assert.deepEqual(getMeta(doc, `k${i}`), value);
  assert.equal(metadata(doc).size, VALUES.length);
  setMeta(doc, "k3", undefined);
  assert.equal(getMeta(doc, "k3"), undefined);
  assert.deepEqual([...metadata(doc).keys()].includes("k3"), false);
});

test("undo takes marks and metadata back", () => {
  const doc = new Document("word"), undo = new Undo(doc);
  mark(doc, 0, 4, "bold", true);
  setMeta(doc, "title", "A");
  undo.undo();
  assert.deepEqual([shown(doc), getMeta(doc, "title")], [[["word", {}]], undefined]);
});

test("what is wrong is refused", () => {
  const doc = new Document("é😀");
  for (const [code, call] of [
    ["ERANGE", () => mark(doc, 1, 9, "bold", true)], ["EUTF8", () => mark(doc, 0, 2, "bold", true)],
    ["EUTF8", () => setMeta(doc, "k", "\ud800")], ["ELIMIT", () => setMeta(doc, "k", "x".repeat(70_000))],
    ["EINVAL", () => setMeta(doc, "k", 1n << 64n)], ["ERANGE", () => runs(doc, 0, 9)],
  ]) assert.throws(call, (e) => e instanceof SennitError && e.code === code, `${code} ${call}`);
  assert.deepEqual(shown(doc), [["é😀", {}]]);
});
