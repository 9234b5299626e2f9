// What README.md shows works as it says: what needs nothing but Node. The rest is run in
// a page, by tests/browser/readme.test.mjs.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import test from "node:test";

import { snippets } from "./snippets.mjs";

test("the first example runs and prints what its comments say", () => {
  const [code] = snippets, at = new URL("../dist/readme.mjs", import.meta.url);
  writeFileSync(at, code); // inside the package, so that it finds itself by name
  const said = [...code.matchAll(/console\.log.*\/\/ (.*)/g)].map((m) => m[1]);
  const printed = execFileSync(process.execPath, [at.pathname], { encoding: "utf8" });
  assert.deepEqual(printed.trimEnd().split("\n"), said);
});
