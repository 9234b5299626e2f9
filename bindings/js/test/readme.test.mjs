// What README.md shows works as it says.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import test from "node:test";

const at = (path) => new URL(`../${path}`, import.meta.url);

test("the examples run and print what their comments say", () => {
  const [, code] = readFileSync(at("README.md"), "utf8").match(/^```js\n(.*?)^```/ms);
  writeFileSync(at("dist/readme.mjs"), code); // inside the package, so that it finds itself by name
  const said = [...code.matchAll(/console\.log.*\/\/ (.*)/g)].map((m) => m[1]);
  const printed = execFileSync(process.execPath, [at("dist/readme.mjs").pathname], { encoding: "utf8" });
  assert.deepEqual(printed.trimEnd().split("\n"), said);
});
