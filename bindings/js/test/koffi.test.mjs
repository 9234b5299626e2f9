// The example for those who have the shared library.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const path = (to) => fileURLToPath(new URL(to, import.meta.url));
const LIBRARY = process.env.LIBSENNIT ?? path("../../../build/release/libsennit.so.0");

test("two documents in Node come to the same text by way of libsennit.so", async (t) => {
  if (!existsSync(LIBRARY)) return t.skip(`there is no ${LIBRARY}: make lib`);
  const missing = await import("koffi").then(() => null, (e) => e);
  if (missing) return t.skip(`koffi does not run here: ${missing.message}`);
  assert.equal(execFileSync(process.execPath, [path("../examples/koffi.mjs"), LIBRARY], { encoding: "utf8" }), "hello, world\n");
});
