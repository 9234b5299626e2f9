// People at the page in real Chromium, and the real server.
//
// CHROMIUM= names the browser; SHOTS= a folder for pictures of what failed.
import { createRequire } from "node:module";
import { join } from "node:path";

import { chance } from "../../bindings/js/test/chance.mjs";
import { Server, until } from "../../bindings/js/test/server.mjs";

const { chromium } = createRequire(new URL("../../bindings/js/package.json", import.meta.url))("playwright-core");

export { chance, Server, until };

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-background-timer-throttling", "--disable-renderer-backgrounding"],
  });
}

/** That the server is away; and a style that Chromium itself would put where lines are
 * typed over, before the editor undoes it. */
const NO_TROUBLE = /WebSocket connection|ERR_CONNECTION|Applying inline style/;

/** Somebody with the page open, in a browser profile of their own. */
export class Person {
  /** What the page complained of; must stay empty. */
  troubles = [];

  constructor(page, context) {
    this.page = page;
    this.context = context;
  }

  static async open(browser, server, name, { context, ...look } = {}) {
    context ??= await browser.newContext({ viewport: { width: 900, height: 600 }, permissions: ["clipboard-write"], ...look });
    const page = await context.newPage(), person = new Person(page, context);
    page.on("pageerror", (e) => person.troubles.push(e.message));
    page.on("console", (m) => {
      if (m.type() === "error" && !NO_TROUBLE.test(m.text())) person.troubles.push(m.text());
    });
    page.on("request", (r) => {
      if (!new URL(r.url()).host.startsWith("127.0.0.1") && !r.url().startsWith("blob:")) person.troubles.push(`asked ${r.url()}`);
    });
    await page.goto(`http://${server.address}/#${name}`);
    await person.until("the document is open", () => person.status().then((s) => s === "Saved"));
    return person;
  }

  until(what, holds) {
    return until(what, holds).catch(async (e) => {
      const shots = process.env.SHOTS;
      if (shots) await this.page.screenshot({ path: join(shots, `${what.replaceAll(/\W+/g, "-")}.png`) });
      throw new Error(`${e.message}; status ${await this.status()}, text ${JSON.stringify((await this.text()).slice(0, 200))}`);
    });
  }

  status() {
    return this.page.locator("#status").innerText();
  }

  /** What the editor has, lines that are not in view included. */
  text() {
    return this.page.evaluate(() =>
      document.querySelector("#editor").shadowRoot.querySelector(".cm-content").cmTile.root.view.state.doc.toString());
  }

  async type(text) {
    await this.page.keyboard.type(text);
  }

  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** Put the cursor at a position. */
  async at(pos) {
    await this.page.evaluate((anchor) => {
      const { view } = document.querySelector("#editor").shadowRoot.querySelector(".cm-content").cmTile.root;
      view.focus();
      view.dispatch({ selection: { anchor: Math.min(anchor, view.state.doc.length) } });
    }, pos);
  }

  async offline() {
    await this.page.click("#offline");
  }

  async close() {
    await this.context.close();
  }
}

/** Wait until all show the same text, and it is saved. */
export async function same(...people) {
  let texts, states;
  try {
    await until("all show the same", async () => {
      texts = await Promise.all(people.map((p) => p.text()));
      states = await Promise.all(people.map((p) => p.status()));
      return states.every((s) => s === "Saved") && texts.every((t) => t === texts[0]);
    });
  } catch (e) {
    throw new Error(`${e.message}: ${JSON.stringify({ states, texts, troubles: people.map((p) => p.troubles) })}`);
  }
  return texts[0];
}
