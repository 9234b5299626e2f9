// What an ordinary user of the page has: a phone, the dark, keys alone, a screen reader, a
// long text.
//
//   node --test tests/browser/user.test.mjs     SENNITD=
import assert from "node:assert/strict";
import { test } from "node:test";

import { calm, Stage } from "./stage.mjs";

/** WCAG 2.2, AA: text, and how far a finger reaches. */
const CONTRAST_LEAST = 4.5, TARGET_LEAST = 24;
const LONG_TASK_MS = 50;

const stage = new Stage();

test("on a phone nothing is cut off, and all can be hit with a finger", async (t) => {
  const p = await stage.person(t, "phone", { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true });
  const { width, small, out, editor } = await p.page.evaluate((least) => {
    const shown = [...document.querySelectorAll("button, summary, a, input")].filter((e) => e.checkVisibility() && e.id !== "skip");
    const boxes = shown.map((e) => [e.id || e.className, e.getBoundingClientRect()]);
    return {
      width: document.documentElement.scrollWidth, small: boxes.filter(([, b]) => Math.min(b.width, b.height) < least).map(([id]) => id),
      out: boxes.filter(([, b]) => b.left < 0 || b.right > innerWidth).map(([id]) => id),
      editor: document.querySelector("#editor").getBoundingClientRect().height / innerHeight,
    };
  }, TARGET_LEAST);
  assert.equal(width, 360);
  assert.deepEqual({ small, out }, { small: [], out: [] });
  assert.ok(editor > 0.6, `the text has ${editor} of the height`);
  await p.page.tap("#you summary");
  const box = await p.page.locator("#you div").boundingBox();
  assert.ok(box.x >= 0 && box.x + box.width <= 360, JSON.stringify(box));
  calm(p);
});

/** How text stands out from what is behind it, at its least; run in the page. */
function contrasts() {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const channels = (color) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = color;
    paint.fillRect(0, 0, 1, 1);
    return paint.getImageData(0, 0, 1, 1).data;
  };
  const light = (color) => [...channels(color)].slice(0, 3).map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement ?? e.getRootNode().host) {
      const { backgroundColor } = getComputedStyle(e);
      if (channels(backgroundColor)[3] === 255) return backgroundColor;
    }
    return "#fff";
  };
  const all = [...document.querySelectorAll("button:enabled, summary, h1, #status, #people li, label, #when")]
    .filter((e) => e.checkVisibility() && e.id !== "skip");
  all.push(document.querySelector("#editor").shadowRoot.querySelector(".cm-line"));
  return all.map((e) => {
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
    return [e.id || e.className || e.textContent, (a + 0.05) / (b + 0.05)];
  });
}

for (const colorScheme of ["light", "dark"])
  test(`in the ${colorScheme} all can be read`, async (t) => {
    const [p, other] = [await stage.person(t, colorScheme, { colorScheme }), await stage.person(t, colorScheme)];
    await p.page.locator("#people li").waitFor();
    for (const act of ["type", "#blame", "#history", "#history", "#offline"]) {
      if (act === "type") await p.type("text");
      else await p.page.click(act);
      await p.page.waitForTimeout(250); // what fades has faded
      for (const [what, ratio] of await p.page.evaluate(contrasts)) assert.ok(ratio >= CONTRAST_LEAST, `${what} has ${ratio.toFixed(2)} after ${act}`);
    }
    const [paper] = (await p.page.evaluate(() => getComputedStyle(document.body).backgroundColor)).match(/\d+/g);
    assert.equal(Number(paper) < 128, colorScheme === "dark");
    calm(p, other);
  });

test("keys alone lead through all in the order in which it stands, and show where they are", async (t) => {
  const p = await stage.person(t, "keys");
  await p.type("text");
  await p.until("it is saved", async () => (await p.status()) === "Saved");
  await p.page.locator(".brand").focus();
  await p.press("Shift+Tab");
  const seen = [];
  for (let i = 0; i < 12; i++, await p.press("Tab")) {
    const at = await p.page.evaluate(() => {
      const e = document.activeElement, { outlineStyle, outlineWidth } = getComputedStyle(e), { x, y } = e.getBoundingClientRect();
      return { id: e.id || e.className || e.parentElement.id, shows: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2, x, y };
    });
    seen.push(at.id);
    if (at.id === "editor") break; // there the cursor shows it
    assert.ok(at.shows, `${at.id} does not show that it has the focus`);
  }
  assert.deepEqual(seen, ["skip", "brand", "undo", "history", "blame", "offline", "share", "export", "you", "editor"]);
  await p.press("Shift+Tab");
  assert.equal(await p.page.evaluate(() => document.activeElement.parentElement.id), "you");
  await p.page.locator("#skip").focus();
  await p.press("Enter");
  await p.type("more ");
  assert.match(await p.text(), /more /);
  await p.page.locator("#history").focus();
  await p.press("Enter");
  assert.equal(await p.page.evaluate(() => document.activeElement.id), "moment");
  calm(p);
});

test("a screen reader has a name for all that can be reached, and is not told of each key", async (t) => {
  const p = await stage.person(t, "reader"), cdp = await p.context.newCDPSession(p.page);
  await p.page.click("#you summary");
  const { nodes } = await cdp.send("Accessibility.getFullAXTree");
  const reached = nodes.filter((n) => !n.ignored && n.properties?.some(({ name, value }) => name === "focusable" && value.value));
  const nameless = reached.filter((n) => !["RootWebArea", "generic"].includes(n.role.value) && !n.name?.value);
  assert.ok(reached.length >= 12, `${reached.length} can be reached`);
  assert.deepEqual(nameless.map((n) => n.role.value), []);
  assert.ok(nodes.some((n) => n.role?.value === "textbox" && n.name.value === "Text of reader"));
  assert.equal(await p.page.getAttribute("#status", "aria-live"), "off");
  assert.equal(await p.page.getAttribute("#toast", "aria-live"), "polite");
  await p.page.click("#history");
  await p.page.locator("#moment").press("Home");
  assert.match(await p.page.getAttribute("#moment", "aria-valuetext") ?? "", /^$|\d/);
});

test("typing into a megabyte is smooth", async (t) => {
  const p = await stage.person(t, "large");
  await p.page.evaluate(() => {
    const { view } = document.querySelector("#editor").shadowRoot.querySelector(".cm-content").cmTile.root;
    view.dispatch({ changes: { from: 0, insert: "All work and no play makes a long line of text. ".repeat(2).concat("\n").repeat(10_800) } });
  });
  await p.until("it is saved", async () => (await p.status()) === "Saved");
  await p.page.waitForTimeout(2000);
  await p.at(500_000);
  const letters = 60;
  for (let round = 1; ; round++) { // others are at work on this machine as well
    await p.page.evaluate(() => {
      window.long = [];
      window.watch?.disconnect();
      window.watch = new PerformanceObserver((list) => window.long.push(...list.getEntries().map((e) => e.duration)));
      window.watch.observe({ entryTypes: ["longtask"] });
    });
    for (let i = 0; i < letters; i++) await p.page.keyboard.press("x");
    await p.page.waitForTimeout(600);
    const long = await p.page.evaluate(() => window.long);
    if (long.length === 0) break;
    assert.ok(round < 5, `tasks of ${long} ms, over ${LONG_TASK_MS}`);
  }
  assert.match((await p.text()).slice(500_000, 500_000 + letters), /^x+$/);
  calm(p);
});
