// How fast the page is: node tests/browser/figures.mjs
//
// Two pages and the server on this machine, over loopback; medians.
import { launch, Person, Server, until } from "./people.mjs";

const ROUNDS = 21;
const LETTERS = 200;

const median = (all) => all.sort((a, b) => a - b)[Math.floor(all.length / 2)];

/** From asking for the page until a key has made a letter of the document, in ms. */
async function firstEdit(browser, server) {
  const times = [];
  for (let i = 0; i < ROUNDS; i++) {
    const context = await browser.newContext(), page = await context.newPage();
    await page.addInitScript(() => {
      const look = () => {
        const content = document.querySelector("#editor")?.shadowRoot?.querySelector(".cm-content");
        if (content && document.querySelector("#status").textContent === "Saved") window.editableAt = performance.now();
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
    await page.goto(`http://${server.address}/#first-${i}`);
    const at = () => page.evaluate(() => window.editableAt);
    await until("it can be edited", at);
    times.push(await at());
    await context.close();
  }
  return median(times);
}

/** From a key in one window until the letter is in the other's, by the clock both share. */
async function keystroke(a, b) {
  await b.page.evaluate(() => {
    window.came = [];
    const content = document.querySelector("#editor").shadowRoot.querySelector(".cm-content");
    new MutationObserver(() => window.came.push(performance.timeOrigin + performance.now()))
      .observe(content, { childList: true, characterData: true, subtree: true });
  });
  await a.page.evaluate(() => {
    window.went = [];
    addEventListener("keydown", () => window.went.push(performance.timeOrigin + performance.now()), true);
  });
  for (let i = 0; i < LETTERS; i++) {
    await a.page.keyboard.press("x");
    await until("it is in the other window", () => b.page.evaluate((n) => window.came.length > n, i));
  }
  const [went, came] = [await a.page.evaluate(() => window.went), await b.page.evaluate(() => window.came)];
  return median(went.map((at) => came.find((c) => c > at) - at));
}

/** The longest task while somebody types into a megabyte, and how many are over 50 ms. */
async function largeDocument(a) {
  await a.page.evaluate(() => {
    const { view } = document.querySelector("#editor").shadowRoot.querySelector(".cm-content").cmTile.root;
    view.dispatch({ changes: { from: 0, insert: "All work and no play makes a long line of text. ".repeat(2).concat("\n").repeat(10_800) } });
  });
  await until("it is saved", async () => (await a.status()) === "Saved");
  await a.page.waitForTimeout(2000);
  await a.at(500_000);
  await a.page.evaluate(() => {
    window.long = [];
    new PerformanceObserver((list) => window.long.push(...list.getEntries().map((e) => e.duration))).observe({ entryTypes: ["longtask"] });
  });
  for (let i = 0; i < LETTERS; i++) await a.page.keyboard.press("x");
  await a.page.waitForTimeout(1500);
  return a.page.evaluate(() => window.long);
}

const server = await new Server().start(), browser = await launch();
try {
  console.log(`first edit possible after ${(await firstEdit(browser, server)).toFixed(0)} ms, p50 of ${ROUNDS} loads`);
  const [a, b] = [await Person.open(browser, server, "figures"), await Person.open(browser, server, "figures")];
  console.log(`a keystroke is in the other window after ${(await keystroke(a, b)).toFixed(1)} ms, p50 of ${LETTERS}`);
  const long = await largeDocument(a);
  console.log(`typing into 1 MB: ${long.length} tasks over 50 ms${long.length > 0 ? `, the longest ${Math.max(...long)}` : ""}`);
} finally {
  await browser.close();
  await server.end();
}
