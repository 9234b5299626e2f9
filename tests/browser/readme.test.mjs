// What README.md of the package shows of a server and a page, in Chromium, with the real
// server in the place of example.org.
//
//   node --test tests/browser/readme.test.mjs     SENNITD=
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

import { Provider } from "../../bindings/js/dist/provider.js";
import { snippets } from "../../bindings/js/test/snippets.mjs";
import { serve } from "./dist.mjs";
import { launch, Server, until } from "./people.mjs";

const PACKAGE = new URL("../../bindings/js/package.json", import.meta.url), require = createRequire(PACKAGE);

/** One module of the examples, with all that they import. */
async function bundle(...examples) {
  const { outputFiles: [{ text }] } = await require("esbuild").build({
    stdin: { contents: examples.join("\n"), resolveDir: fileURLToPath(new URL(".", PACKAGE)) },
    bundle: true, format: "esm", write: false,
  });
  return text;
}

test("a provider and an editor are as the examples say", async (t) => {
  assert.equal(snippets.length, 3); // of which the first is run by bindings/js/test
  const files = {}, site = await serve(files), server = new Server(), said = [], troubles = [];
  t.after(() => site.close());
  t.after(() => server.end());
  await server.start("--origin", site.origin);
  files["/readme.js"] = (await bundle(snippets[1], snippets[2])).replace("wss://example.org/sync", server.url);
  files["/"] = '<!doctype html><title>sennit</title><link rel="icon" href="data:,"><body><script type="module" src="readme.js"></script>';
  const browser = await launch();
  t.after(() => browser.close());
  const page = await browser.newPage();
  page.on("pageerror", (e) => troubles.push(e.message));
  page.on("console", (m) => (m.type() === "error" ? troubles : said).push(m.text()));
  await page.goto(`${site.origin}/`);
  await page.locator(".cm-content", { hasText: "hello" }).click({ timeout: 20_000 });
  await until("the status was said", () => said.includes("live 0"));
  await page.keyboard.press("End");
  await page.keyboard.type(", all");
  const other = await Provider.open(server.url, "notes-today", { WebSocket: require("ws") });
  t.after(() => other.close());
  await until("it is at the server", () => String(other.document) === "hello, all");
  assert.deepEqual([...other.peers.values()].map(({ name, color }) => [name, color]), [["Ada", "#cc3300"]]);
  other.document.insert(10, " of you");
  await page.locator(".cm-content", { hasText: "hello, all of you" }).waitFor();
  await until("the change was said", () => said.includes("hello, all of you"));
  assert.deepEqual(troubles, []);
});
