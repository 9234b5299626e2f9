// CommonMark's own examples go in and out of a document, and mean the same to CommonMark's own parser.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as commonmark from "commonmark";
import spec from "commonmark-spec";
import { Formats, inTurns } from "./formats.mjs";

const parser = new commonmark.Parser();
const renderer = new commonmark.HtmlRenderer({ softbreak: " " });
const html = (markdown) => renderer.render(parser.parse(markdown));

/** What stands around a node, from the inside out. */
function* around(node) {
  for (let up = node.parent; up; up = up.parent) yield up.type;
}

const isAround = (node, ...types) => [...around(node)].some((type) => types.includes(type));
const isBesideIts = (node) => node.next?.type === node.type;

/** What a document has no place for (include/sennit/format.h), and what tells it in the tree of an example. */
const LOST = {
  "HTML is text": (n) => n.type === "html_block" || n.type === "html_inline",
  "an address of another scheme is left out": (n) => n.type === "link" && !/^(https?:\/\/|mailto:)./i.test(n.destination ?? ""),
  "a link has text, and no title": (n) => n.type === "link" && (n.title || !n.firstChild),
  "an image has an address alone": (n) => n.type === "image",
  "emphasis is inside of a link": (n) => n.type === "link" && isAround(n, "emph", "strong"),
  "emphasis is there once": (n) => (n.type === "emph" || n.type === "strong") && isAround(n, n.type),
  "an item or a quote without text is none": (n) => (n.type === "item" || n.type === "block_quote") && !n.firstChild,
  "an empty heading is none": (n) => n.type === "heading" && !n.firstChild,
  "empty code is none": (n) => n.type === "code_block" && !n.literal,
  "a list begins with 1": (n) => n.type === "list" && n.listType === "ordered" && n.listStart !== 1,
  "a list is tight": (n) => n.type === "list" && !n.listTight,
  "an item is one paragraph, and then lists": (n) => n.parent?.type === "item" && n.type !== (n.prev ? "list" : "paragraph"),
  "a quote is paragraphs": (n) => n.parent?.type === "block_quote" && n.type !== "paragraph",
  "what is alike side by side is one": (n) => ["list", "block_quote", "code_block"].includes(n.type) && isBesideIts(n),
  "a language is a word": (n) => n.type === "code_block" && n.info && !/^[\w+#.-]+$/.test(n.info),
  "a newline ends the line": (n) => n.type === "text" && n.literal.includes("\n"),
  "commonmark.js trims a no-break space": (n) => n.type === "text" && n.parent.firstChild === n && n.literal.startsWith("\u00a0"),
};

/** The first thing that is lost in an example, or undefined. */
function lostIn(markdown) {
  const walker = parser.parse(markdown).walker();
  for (let event; (event = walker.next()); )
    for (const [what, holds] of Object.entries(LOST)) if (event.entering && holds(event.node)) return what;
}

/** So many examples lose that; the other ones must come through. */
const COUNTS = {
  "nothing is lost": 385,
  "HTML is text": 70,
  "an address of another scheme is left out": 53,
  "a link has text, and no title": 20,
  "an image has an address alone": 20,
  "emphasis is inside of a link": 4,
  "emphasis is there once": 18,
  "an item or a quote without text is none": 8,
  "an empty heading is none": 1,
  "empty code is none": 4,
  "a list begins with 1": 6,
  "a list is tight": 31,
  "an item is one paragraph, and then lists": 9,
  "a quote is paragraphs": 14,
  "what is alike side by side is one": 4,
  "a language is a word": 3,
  "a newline ends the line": 1,
  "commonmark.js trims a no-break space": 1,
};

const examples = spec.tests.map(({ number, section, markdown }) =>
  ({ name: `example ${number}, ${section}`, markdown: markdown.replaceAll("→", "\t").replaceAll("/url", "https://a.example/url") }));

test("of CommonMark's examples, so many say what a document has no place for", () => {
  const counts = {};
  for (const { markdown } of examples) {
    const what = lostIn(markdown) ?? "nothing is lost";
    counts[what] = (counts[what] ?? 0) + 1;
  }
  assert.deepEqual(counts, COUNTS);
});

test("the other ones mean the same after they were in a document", async () => {
  const formats = new Formats();
  try {
    await inTurns(examples.filter(({ markdown }) => lostIn(markdown) === undefined), async ({ name, markdown }) => {
      const out = await formats.through(markdown, "md");
      assert.equal(html(out), html(markdown), `${name}:\n${markdown}came out as\n${out}`);
    });
  } finally {
    formats.close();
  }
});
