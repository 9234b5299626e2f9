// The test vectors of docs/FORMAT.md, done through the binding.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";

import { Document, SennitError, Table, Unit, compare, metadata, runs, snapshotText, versionMap } from "../dist/index.js";

const folder = process.env.SENNIT_VECTORS ?? new URL("../../../tests/vectors", import.meta.url).pathname;

const bytes = (word) => new Uint8Array(word === "-" ? [] : word.match(/../g).map((b) => parseInt(b, 16)));
const strings = (args) => [...args.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((m) =>
  m[1].replace(/\\(n|"|\\|x(..))/g, (_, c, x) => (x ? String.fromCharCode(parseInt(x, 16)) : c === "n" ? "\n" : c)));
const id = (word) => BigInt(`0x${word}`);

const hex = (data) => [...data].map((b) => b.toString(16).padStart(2, "0")).join("");
const utf8 = (text) => new TextEncoder().encode(text);

/** A value as in a payload; docs/FORMAT.md, section 7. */
function payload(value) {
  switch (typeof value) {
    case "boolean": return [value ? 3 : 2];
    case "string": return [6, ...utf8(value)];
    case "number":
      if (!Number.isSafeInteger(value)) return [5, ...new Uint8Array(Float64Array.of(value).buffer)];
      value = BigInt(value); // falls through
    case "bigint": {
      const out = [4];
      let n = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
      for (; n > 127n; n >>= 7n) out.push(Number(n & 127n) | 128);
      return [...out, Number(n)];
    }
    default: return value === null ? [1] : [7, ...value];
  }
}

class Runner {
  doc = new Document();
  table = new Table();
  entries = [];
  keys = null;
  runs = null;

  read(path) {
    let done = 0;
    readFileSync(path, "utf8").trimEnd().split("\n").forEach((line, i) => {
      const [word] = line.split(" ", 1), args = line.slice(word.length + 1);
      if (word === "#" || word === "op" || word === "identity") return; // not shown by the binding
      assert.ok(this[word], `${path}:${i + 1}: unknown word ${word}`);
      if (word !== "meta") this.keys = null;
      if (word !== "run") this.runs = null;
      try {
        this[word](args);
      } catch (e) {
        e.message = `${path}:${i + 1}: ${word}: ${e.message}`;
        throw e;
      }
      done++;
    });
    this.doc.check();
    return done;
  }

  fresh() { this.doc = new Document(); }
  seed(args) { this.doc = Document.seed(...strings(args)); }
  open(args) {
    this.doc = Document.load(bytes(args));
    assert.equal(snapshotText(bytes(args)), String(this.doc));
  }
  delta(args) { this.doc.apply(bytes(args)); }
  other(args) { this.doc.apply(bytes(args)); }
  tabled(args) { this.doc.apply(bytes(args), { table: this.table }); }

  text(args) { assert.equal(String(this.doc), strings(args)[0]); }
  version(args) {
    assert.deepEqual(this.doc.version, bytes(args));
    this.entries = [...versionMap(this.doc.version)];
  }
  entry(args) {
    const [replica, count] = args.split(" ");
    assert.deepEqual(this.entries.shift(), [id(replica), Number(count)]);
  }
  digest(args) {
    const [replica, count, digest] = args.split(" ");
    assert.equal(this.doc.digest(id(replica), Number(count)), id(digest));
  }
  waiting(args) { assert.equal(this.doc.stat().parked, Number(args)); }
  since(args) {
    const [since, delta] = args.split(" ");
    assert.deepEqual(this.doc.delta(bytes(since)), bytes(delta));
  }
  save(args) {
    const [flag, data] = args.split(" ");
    assert.deepEqual(this.doc.save({ liveOnly: flag === "live" }), bytes(data));
  }
  meta(args) {
    this.keys ??= [...metadata(this.doc)];
    const [key, value] = this.keys.shift();
    assert.equal(`${hex(utf8(key))} ${hex(payload(value))}`, args);
  }
  run(args) {
    this.runs ??= runs(this.doc);
    const { pos, length, marks } = this.runs.shift();
    assert.equal(this.doc.slice(pos, pos + length), strings(args)[0]);
    const told = [...marks].map(([name, value]) => ` ${hex(utf8(name))}=${hex(payload(value))}`);
    assert.equal(told.join(""), args.slice(args.lastIndexOf('"') + 1));
  }
  anchor(args) {
    const [data, place] = args.split(" ");
    let at;
    try {
      at = String(this.doc.convert(Unit.Utf16, this.doc.resolve(bytes(data)), Unit.Bytes));
    } catch (e) {
      assert.equal(e.code, "EGONE");
      at = "gone";
    }
    assert.equal(at, place);
  }

  refused(args, read, at = true) {
    const [status, position, data] = args.split(" ");
    const before = this.doc.dump();
    assert.throws(() => read(bytes(data)), (e) =>
      e instanceof SennitError && e.code === `E${status}` && (!at || e.position === Number(position)), args);
    assert.equal(this.doc.dump(), before);
  }
  refuse(args) { this.refused(args, (data) => this.doc.apply(data)); }
  "refuse-tabled"(args) { this.refused(args, (data) => this.doc.apply(data, { table: this.table })); }
  "refuse-open"(args) { this.refused(args, (data) => Document.load(data)); }
  "refuse-version"(args) { this.refused(args, (data) => compare(data, new Uint8Array()), false); }
  "refuse-anchor"(args) { this.refused(args, (data) => this.doc.resolve(data), false); }

  none(cases, read) { for (const data of cases) assert.throws(() => read(data), SennitError); }
  *cuttings(args, first) { for (let n = first; n < bytes(args).length; n++) yield bytes(args).slice(0, n); }
  *flippings(args) {
    for (let bit = 0; bit < 8 * bytes(args).length; bit++) {
      const data = bytes(args);
      data[bit >> 3] ^= 1 << (bit & 7);
      yield data;
    }
  }
  cuts(args) { this.none(this.cuttings(args, 1), (data) => this.doc.apply(data)); }
  "cuts-open"(args) { this.none(this.cuttings(args, 0), (data) => Document.load(data)); }
  flips(args) { this.none(this.flippings(args), (data) => this.doc.apply(data)); }
  "flips-open"(args) { this.none(this.flippings(args), (data) => Document.load(data)); }
}

const files = ["good", "bad"].flatMap((kind) =>
  readdirSync(`${folder}/${kind}`).filter((name) => name.endsWith(".vec")).map((name) => `${kind}/${name}`));

test("there are vectors", () => assert.ok(files.length > 20));
for (const file of files) test(file, () => assert.ok(new Runner().read(`${folder}/${file}`) > 0));
