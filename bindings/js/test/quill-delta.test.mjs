// Quill's own library as the judge of what a Delta is, and of what comes out of a document.
import assert from "node:assert/strict";
import { test } from "node:test";
import Delta from "quill-delta";
import { chance } from "./chance.mjs";
import { Formats, inTurns } from "./formats.mjs";

const SEED = Number(process.env.SENNIT_SEED ?? 1);
const CASES = Number(process.env.SENNIT_CASES ?? 120);

/** What Quill's library makes of a Delta in an empty document, where null is no attribute. */
function normal(delta) {
  const said = new Delta();
  for (const { insert, attributes } of new Delta(delta).ops)
    said.insert(insert, Object.fromEntries(Object.entries(attributes ?? {}).filter(([, value]) => value !== null)));
  return new Delta().compose(said);
}

/** It goes in, and what comes out is what Quill makes of it; so is what then goes in once more. */
async function roundTrip(formats, delta, what) {
  const file = await formats.document();
  await formats.read(file, JSON.stringify(delta), "delta");
  const out = await formats.write(file, "delta");
  const got = new Delta(JSON.parse(out));
  assert.deepEqual(got.ops, normal(delta).ops, what);
  assert.deepEqual(normal(got).ops, got.ops, `${what}: in Quill's own form`);
  return { file, out, got };
}

const cases = {
  "nothing": new Delta(),
  "text": new Delta().insert("test"),
  "an empty text": new Delta().insert(""),
  "text with attributes": new Delta().insert("test", { bold: true }),
  "attributes that are empty": new Delta().insert("a", {}).insert("b"),
  "attributes that are null": { ops: [{ insert: "a", attributes: { bold: null } }, { insert: "b" }] },
  "texts of the same attributes": { ops: [{ insert: "a", attributes: { bold: true } }, { insert: "b", attributes: { bold: true } }] },
  "texts of other attributes": new Delta().insert("a", { bold: true }).insert("b").insert("c", { bold: true, italic: true }),
  "one attribute of two values": new Delta().insert("a", { color: "red" }).insert("b", { color: "blue" }),
  "values of all kinds": new Delta().insert("a", { s: "text", yes: true, no: false, n: 5, minus: -5, half: 0.5, large: 2 ** 52, nothing: "" }),
  "an embed": new Delta().insert({ image: "https://octodex.github.com/images/labtocat.png" }),
  "an embed with attributes": new Delta().insert({ image: "https://octodex.github.com/images/labtocat.png" }, { alt: "Lab Octocat" }),
  "an embed of no value": new Delta().insert({ rule: true }),
  "embeds side by side": new Delta().insert({ image: "a.png" }).insert({ image: "a.png" }).insert({ image: "b.png" }),
  "an embed in a text": new Delta().insert("a").insert({ video: "x" }).insert("b\n"),
  "an embed in bold": new Delta().insert("a", { bold: true }).insert({ video: "x" }, { bold: true }).insert("b", { bold: true }),
  "lines": new Delta().insert("one").insert("\n", { header: 1 }).insert("two").insert("\n", { header: 6 }).insert("three\n"),
  "lists": new Delta().insert("a").insert("\n", { list: "bullet" }).insert("b").insert("\n", { list: "bullet", indent: 1 })
    .insert("c").insert("\n", { list: "ordered", indent: 7 }).insert("d").insert("\n", { list: "ordered" }),
  "lists that are ticked": new Delta().insert("a").insert("\n", { list: "checked" }).insert("b").insert("\n", { list: "unchecked" }),
  "what is of no list is indented": new Delta().insert("a").insert("\n", { indent: 2 }),
  "lists too deep": new Delta().insert("a").insert("\n", { list: "bullet", indent: 8 }),
  "a quote": new Delta().insert("a").insert("\n", { blockquote: true }),
  "code": new Delta().insert("a").insert("\n", { "code-block": true }).insert("b").insert("\n", { "code-block": "python" }),
  "a list whose indent is 0": new Delta().insert("a").insert("\n", { list: "bullet", indent: 0 }),
  "code of no language": new Delta().insert("a").insert("\n", { "code-block": "" }),
  "code of a language with an end in it": new Delta().insert("a").insert("\n", { "code-block": "a\u0000b" }),
  "code of a language with a long name": new Delta().insert("a").insert("\n", { "code-block": "x".repeat(65) }),
  "a code block that is none": new Delta().insert("a").insert("\n", { "code-block": false }),
  "a line that is two things": new Delta().insert("a").insert("\n", { header: 2, blockquote: true, align: "right" }),
  "a line of two lists": new Delta().insert("a").insert("\n", { "code-block": true, list: "bullet", indent: 3 }),
  "headings that are none": new Delta().insert("a").insert("\n", { header: 0 }).insert("\n", { header: 7 }).insert("\n", { header: "1" }),
  "newlines with attributes of text": new Delta().insert("a\nb\n", { bold: true }),
  "empty lines of one kind": new Delta().insert("\n\n\n", { list: "bullet" }),
  "blocks on text": new Delta().insert("a", { header: 1 }).insert("b\n"),
  "characters of more than two bytes": new Delta().insert("\u{1F415}é", { bold: true }).insert("\u{10FFFF}\u0000\n"),
  "the character of embeds as a text": new Delta().insert("a\uFFFCb\n"),
  "names of our own": new Delta().insert("a", { block: true, embed: 5 }).insert("b"),
  "a link and a comment": new Delta().insert("a", { link: "javascript:alert(1)", "comment:ada-1": "why" }).insert("b", { link: "x" }),
};

for (const [name, delta] of Object.entries(cases))
  test(`Quill's library and a document agree about ${name}`, async () => {
    const formats = new Formats();
    try {
      const { file, out } = await roundTrip(formats, delta, name);
      await formats.read(file, out, "delta");
      assert.equal(await formats.write(file, "delta"), out);
    } finally {
      formats.close();
    }
  });

// A change may begin at any unit, so no character here has two.
const TEXTS = ["a", "bc", "d e", "\n", "\n\n", "x\ny\n", "\u4E2D", "é"];
const EMBEDS = [{ image: "https://a.example/i.png" }, { rule: true }, { formula: "x:y" }, { "": "z" }];
const ATTRIBUTES = [["bold", true], ["italic", true], ["strike", true], ["code", true], ["color", "red"], ["color", "blue"],
  ["size", 5], ["size", 0.25], ["link", "https://a.example/"], ["align", "right"], ["header", 1], ["header", 9],
  ["list", "bullet"], ["list", "ordered"], ["list", "checked"], ["indent", 1], ["indent", 9], ["blockquote", true],
  ["code-block", true], ["code-block", "c"], ["comment:1", "?"]];

function attributesByChance(pick) {
  const n = pick(4);
  return n === 0 ? undefined : Object.fromEntries(Array.from({ length: n }, () => ATTRIBUTES[pick(ATTRIBUTES.length)]));
}

function deltaByChance(pick) {
  const delta = new Delta();
  for (let n = pick(12); n > 0; n--)
    delta.insert(pick(5) === 0 ? EMBEDS[pick(EMBEDS.length - 1)] : TEXTS[pick(TEXTS.length)], attributesByChance(pick));
  return delta;
}

/** A change of a Delta of this length, as an editor makes it. */
function changeByChance(pick, length) {
  const change = new Delta();
  for (let at = 0; at < length; ) {
    const n = 1 + pick(Math.min(6, length - at));
    const kind = pick(4);
    if (kind === 0) change.delete(n);
    else change.retain(n, kind === 1 ? attributesByChance(pick) : undefined);
    if (kind === 3) change.insert(TEXTS[pick(5)], attributesByChance(pick));
    at += n;
  }
  return change;
}

test("Deltas made by chance, and what Quill's library makes of them by a change, are agreed about", async () => {
  const formats = new Formats();
  try {
    await inTurns(Array.from({ length: CASES }, (_, i) => SEED + i), async (seed) => {
      const pick = chance(seed), delta = deltaByChance(pick);
      const { file, got } = await roundTrip(formats, delta, `seed ${seed}`);
      const changed = got.compose(changeByChance(pick, got.length()));
      await formats.read(file, JSON.stringify(changed), "delta"); // into what is there
      assert.deepEqual(new Delta(JSON.parse(await formats.write(file, "delta"))).ops, changed.ops, `seed ${seed}, changed`);
    });
  } finally {
    formats.close();
  }
});
