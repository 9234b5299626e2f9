// docs/bindings.md lists every call of the header, and what it names is there.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import * as sennit from "../dist/index.js";

const read = (path) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

test("every call is bound, or there is a reason", () => {
  const header = read("include/sennit/sennit.h").replace(/^#.*$/gm, "");
  const declared = header.match(/SENNIT_API [^;(]*\(/g).map((d) => d.match(/(sennit_\w+)\(/)[1]);
  const rows = [...read("docs/bindings.md").matchAll(/^\| `(sennit_\w+)` \| [^|]+ \| ([^|]+) \|$/gm)];
  assert.deepEqual(rows.map((r) => r[1]).sort(), declared.sort());
  for (const [, call, entry] of rows) {
    if (entry.startsWith("–")) {
      assert.ok(entry.length > 5, `${call}: why not?`);
      continue;
    }
    const [name, member] = entry.replaceAll("`", "").split(".");
    assert.ok(name in sennit, `${call}: ${entry}`);
    if (member) assert.ok(member in sennit[name].prototype || member in sennit[name], `${call}: ${entry}`);
  }
});
