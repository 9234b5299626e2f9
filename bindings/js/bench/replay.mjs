// Replay a recorded editing session, one call an edit, and open what was saved: with
// sennit, yjs and diamond-types in one process, best of several rounds.
//
//     npm install --no-save yjs diamond-types-node
//     node bench/replay.mjs TRACE.json.gz [ROUNDS]
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

import { Document } from "../dist/index.js";

const [file, rounds = "7"] = process.argv.slice(2);
const { txns, endContent } = JSON.parse(gunzipSync(readFileSync(file)));
const patches = txns.flatMap((txn) => txn.patches);

function check(name, text) {
  if (text !== endContent) throw new Error(`${name} came to another text`);
}

async function sennit() {
  const replay = () => {
    const doc = new Document();
    for (const [pos, n, text] of patches) doc.splice(pos, n, text);
    return doc;
  };
  const saved = replay().save();
  return {
    replay: () => {
      const doc = replay();
      return () => {
        check("sennit", String(doc));
        doc.free();
      };
    },
    load: () => {
      const doc = Document.load(saved);
      return () => {
        check("sennit", String(doc));
        doc.free();
      };
    },
    bytes: saved.length,
  };
}

async function yjs() {
  const Y = await import("yjs");
  const replay = () => {
    const doc = new Y.Doc(), text = doc.getText("text");
    for (const [pos, n, inserted] of patches) {
      if (n > 0) text.delete(pos, n);
      if (inserted) text.insert(pos, inserted);
    }
    return doc;
  };
  const saved = Y.encodeStateAsUpdate(replay());
  return {
    replay: () => {
      const doc = replay();
      return () => check("yjs", doc.getText("text").toString());
    },
    load: () => {
      const doc = new Y.Doc();
      Y.applyUpdate(doc, saved);
      return () => check("yjs", doc.getText("text").toString());
    },
    bytes: saved.length,
  };
}

async function diamond() {
  const { default: dt } = await import("diamond-types-node");
  const replay = () => {
    const doc = new dt.Doc("one");
    for (const [pos, n, text] of patches) {
      if (n > 0) doc.del(pos, n);
      if (text) doc.ins(pos, text);
    }
    return doc;
  };
  const saved = replay().toBytes();
  const end = (doc) => () => {
    check("diamond-types", doc.get());
    doc.free();
  };
  return { replay: () => end(replay()), load: () => end(dt.Doc.fromBytes(saved, "two")), bytes: saved.length };
}

/** Milliseconds of the processor in the best round, which a busy machine disturbs less than
 * those of the clock; what is measured returns what checks and frees it. */
function best(measured) {
  let least = Infinity;
  for (let i = 0; i < Number(rounds); i++) {
    const start = process.cpuUsage(), end = measured(), { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) / 1000);
    end();
  }
  return least;
}

const found = {};
for (const [name, open] of Object.entries({ sennit, yjs, "diamond-types": diamond })) {
  try {
    const { replay, load, bytes } = await open();
    found[name] = { replay: best(replay), load: best(load), bytes };
  } catch (e) {
    if (e.code !== "ERR_MODULE_NOT_FOUND") throw e;
    console.log(`${name} is not installed`);
  }
}
console.log(`${patches.length} edits, Node ${process.versions.node}`);
for (const [name, { replay, load, bytes }] of Object.entries(found))
  console.log(`${name.padEnd(14)} replay ${replay.toFixed(1).padStart(8)} ms (${(replay / found.sennit.replay).toFixed(1)}x)   ` +
    `load ${load.toFixed(2).padStart(8)} ms (${(load / found.sennit.load).toFixed(1)}x)   ${bytes} bytes`);
