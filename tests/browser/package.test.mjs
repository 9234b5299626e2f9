// The package itself in Chromium, as modules and without a bundler.
//
//   node --test tests/browser/package.test.mjs
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { serve } from "./dist.mjs";
import { launch } from "./people.mjs";

let browser, site, page;
before(async () => {
  site = await serve();
  browser = await launch();
  page = await browser.newPage();
  await page.goto(`${site.origin}/`);
});
after(async () => {
  await browser?.close();
  site.close();
});

test("nothing is leaked by a hundred thousand documents", async () => {
  const [first, last] = await page.evaluate(async () => {
    const { Document } = await import("/index.js"), { wasm } = await import("/wasm.js");
    const churn = (n) => {
      for (let i = 0; i < n; i++) {
        const doc = new Document("x"), twin = doc.fork();
        doc.free();
        twin.free();
      }
      return wasm.call.memory.buffer.byteLength;
    };
    return [churn(2000), churn(50_000)];
  });
  assert.equal(last, first, "the memory of the module grew");
});

test("what is forgotten is collected", async () => {
  const cdp = await page.context().newCDPSession(page);
  const make = () => page.evaluate(async () => {
    const { Document } = await import("/index.js"), { wasm } = await import("/wasm.js");
    for (let i = 0; i < 40; i++) new Document("some text of a hundred letters ".repeat(3000));
    return wasm.call.memory.buffer.byteLength;
  });
  const sizes = [];
  for (let round = 0; round < 8; round++) {
    sizes.push(await make());
    await cdp.send("HeapProfiler.collectGarbage");
    await page.evaluate(() => new Promise((go) => setTimeout(go, 20))); // finalizers run in a task
  }
  assert.equal(sizes.at(-1), sizes[3], `the memory of the module grew: ${sizes}`);
});

test("a freed document throws, and the page lives", async () => {
  const said = await page.evaluate(async () => {
    const { Document } = await import("/index.js");
    const doc = new Document("x");
    doc.free();
    try {
      doc.insert(0, "y");
    } catch (e) {
      return [e.name, String(new Document("alive"))];
    }
    return null;
  });
  assert.equal(said?.[1], "alive");
});
