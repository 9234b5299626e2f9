// Two and more people at the page that the server shows.
//
//   node --test tests/browser/page.test.mjs     SENNITD= SENNIT= SOAK_SECONDS=30 SENNIT_SEED=1
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

import { chance, same, until } from "./people.mjs";
import { calm, Stage } from "./stage.mjs";

const SENNIT = process.env.SENNIT ?? fileURLToPath(new URL("../../build/release/sennit", import.meta.url));

/** All files of the page, compressed. */
const PAGE_MOST = { br: 134_000, gzip: 146_000 };

const stage = new Stage(), { server } = stage;

/** Ask for a file of the page as one who accepts these encodings. */
const ask = (path, encodings, headers = {}) =>
  new Promise((resolve, reject) => {
    get(`http://${server.address}${path}`, { headers: { "Accept-Encoding": encodings, ...headers } }, (answer) => {
      answer.resume().on("end", () => resolve(answer));
    }).on("error", reject);
  });

test("the page is small, of this server alone, and asked for once", async () => {
  for (const [encodings, encoding] of [["gzip, deflate, br, zstd", "br"], ["gzip, deflate", "gzip"]]) {
    let total = 0;
    for (const path of ["/", "/early.js", "/page.js", "/page.css", "/icon.svg", "/sennit.wasm"]) {
      const { statusCode, headers } = await ask(path, encodings);
      assert.equal(statusCode, 200, path);
      assert.equal(headers["content-encoding"], encoding);
      assert.equal(headers.vary, "Accept-Encoding");
      assert.match(headers["content-security-policy"], /default-src 'none'/);
      assert.doesNotMatch(headers["content-security-policy"], /unsafe-(inline|eval)(?<!wasm-unsafe-eval)|https?:|\*/);
      total += Number(headers["content-length"]);
      const again = await ask(path, encodings, { "If-None-Match": headers.etag });
      assert.equal(again.statusCode, 304, path);
    }
    assert.ok(total <= PAGE_MOST[encoding], `the page has ${total} bytes as ${encoding}`);
  }
});

test("a file goes out in an encoding that the browser accepts", async () => {
  const texts = new Set();
  for (const [encodings, encoding] of [
    ["br", "br"], ["gzip;q=0.5,BR;q=0.1", "br"], ["deflate ,br ; q=1", "br"], ["br;q=0, gzip", "gzip"],
    ["gzip, br;q=0.000", "gzip"], ["brotli, xbr, b", "gzip"], ["", "gzip"],
  ]) {
    assert.equal((await ask("/page.css", encodings)).headers["content-encoding"], encoding, encodings);
    const answer = await fetch(`http://${server.address}/page.css`, { headers: { "Accept-Encoding": encodings } });
    texts.add(await answer.text()); // decoded
  }
  assert.equal(texts.size, 1);
});

test("two who type at one place both keep what they typed, in one piece", async (t) => {
  const [a, b] = await stage.people(t, "place", 2);
  await a.type("start  end");
  await same(a, b);
  await Promise.all([a.at(6), b.at(6)]);
  await Promise.all([a.type("first one writes"), b.type("SECOND ONE WRITES")]);
  const text = await same(a, b);
  assert.match(text, /^start .* end$/);
  for (const words of ["first one writes", "SECOND ONE WRITES"]) assert.ok(text.includes(words), text);
  calm(a, b);
});

test("what is typed offline waits, says so, and is merged in sight", async (t) => {
  const [a, b] = await stage.people(t, "offline", 2);
  await a.type("one\ntwo");
  await same(a, b);
  await a.offline();
  await a.at(3);
  await a.type(" offline");
  await a.until("the edits are counted", async () => /^Offline, 8 edits unsent/.test(await a.status()));
  await b.at(99);
  await b.type(" online");
  assert.equal(await a.text(), "one offline\ntwo");
  await a.offline();
  assert.equal(await same(a, b), "one offline\ntwo online");
  await a.page.locator("#toast.shown", { hasText: "7 characters came" }).waitFor();
  assert.equal(await a.page.locator(".cm-merged").innerText(), " online");
  calm(a, b);
});

test("what was typed offline outlasts the page", async (t) => {
  const [a, b] = await stage.people(t, "reload", 2);
  await a.type("before");
  await same(a, b);
  await a.offline();
  await a.at(6);
  await a.type(" and apart");
  await a.until("it is kept", async () => (await a.status()).includes("kept here"));
  await a.page.waitForTimeout(400); // the last letters may not be kept before
  await a.page.reload();
  await b.until("it arrives", async () => (await b.text()) === "before and apart");
  await a.page.locator("#undo:enabled").waitFor();
  calm(a, b);
});

test("a server that is killed while two type loses nothing that they see as saved", async (t) => {
  const [a, b] = await stage.people(t, "killed", 2);
  await a.type("kept ");
  await same(a, b);
  const typing = Promise.all([a.type("the one goes on. ".repeat(4)), b.type("SO DOES THE OTHER. ".repeat(4))]);
  await server.stop("SIGKILL");
  await a.until("it is noticed", async () => (await a.status()) !== "Saved");
  await typing;
  await stage.start();
  const text = await same(a, b);
  assert.equal(text.length, 5 + 4 * 17 + 4 * 19);
  assert.equal(await server.text("killed"), text);
  calm(a, b);
});

test("composing (IME) goes on while others type, in the same line and elsewhere", async (t) => {
  const [a, b] = await stage.people(t, "ime", 2);
  await a.type("alpha\nbeta");
  await same(a, b);
  await a.at(5);
  const cdp = await a.context.newCDPSession(a.page);
  const compose = (text) => cdp.send("Input.imeSetComposition", { text, selectionStart: text.length, selectionEnd: text.length });
  await compose("に");
  await b.at(99);
  await b.type(" elsewhere");
  await a.until("what is elsewhere shows at once", async () => (await a.text()).includes(" elsewhere"));
  await compose("にほ");
  await b.at(0);
  await b.type("> ");
  await b.until("b sees what is composed", async () => (await b.text()).includes("に"));
  await compose("にほん");
  assert.ok((await a.text()).includes("alphaにほん"), await a.text());
  assert.ok(!(await a.text()).includes("> "), "the line changed in the midst of it");
  await cdp.send("Input.insertText", { text: "日本" });
  assert.equal(await same(a, b), "> alpha日本\nbeta elsewhere");
  calm(a, b);
});

test("undo takes back the own and leaves what others did in between", async (t) => {
  const [a, b] = await stage.people(t, "undo", 2);
  await a.type("base. ");
  await a.page.waitForTimeout(1100); // a step ends with a pause
  await a.type("mine all mine");
  await same(a, b);
  await b.at(10);
  await b.type("THEIRS");
  await same(a, b);
  await a.press("Control+z");
  assert.equal(await same(a, b), "base. THEIRS");
  await a.press("Control+y");
  assert.equal(await same(a, b), "base. mineTHEIRS all mine");
  await a.page.click("#undo");
  assert.equal(await same(a, b), "base. THEIRS");
  calm(a, b);
});

test("an undo that brings text back selects what was selected", async (t) => {
  const [a, b] = await stage.people(t, "select", 2);
  await a.type("keep this word here");
  await a.page.waitForTimeout(1100);
  await same(a, b);
  await a.at(10);
  await a.press("Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft", "Delete");
  assert.equal(await same(a, b), "keep word here");
  await b.at(0);
  await b.type("do ");
  await same(a, b);
  await a.press("Control+z");
  assert.equal(await same(a, b), "do keep this word here");
  const chosen = await a.page.evaluate(() => {
    const { state } = document.querySelector("#editor").shadowRoot.querySelector(".cm-content").cmTile.root.view;
    return state.sliceDoc(state.selection.main.from, state.selection.main.to);
  });
  assert.equal(chosen, "this ");
  calm(a, b);
});

test("the others' cursors are where they are, with their names", async (t) => {
  const [a, b] = await stage.people(t, "cursors", 2);
  await a.page.click("#you summary");
  await a.page.fill("#user", "Ada Lovelace");
  await a.at(0);
  await a.type("here is Ada");
  await same(a, b);
  await b.page.locator(".cm-peer-cursor", { hasText: "Ada Lovelace" }).waitFor({ state: "attached" });
  await b.page.locator("#people li", { hasText: "Ada Lovelace" }).waitFor();
  await a.press("Shift+Home");
  await b.page.locator(".cm-peer-selection").first().waitFor({ state: "attached" });
  await a.page.close();
  await b.until("they are gone", async () => (await b.page.locator("#people li").count()) === 0);
  calm(b);
});

test("history shows the text as it came about, and authors who wrote what", async (t) => {
  const [a, b] = await stage.people(t, "history", 2);
  await a.type("abc");
  await same(a, b);
  await b.at(3);
  await b.type("def");
  await same(a, b);
  await a.page.click("#blame");
  assert.equal(await a.page.locator("[class*=cm-author-]").count(), 2);
  await a.page.click("#blame");
  await a.page.click("#history");
  const past = a.page.locator("#past .cm-content");
  assert.equal(await past.innerText(), "abcdef");
  await a.press("Home");
  assert.equal(await past.innerText(), "a");
  await a.press("ArrowRight", "ArrowRight", "ArrowRight");
  assert.equal(await past.innerText(), "abcd");
  assert.equal(await past.getAttribute("contenteditable"), "true"); // so it can be copied from by keys
  await past.press("x");
  assert.equal(await past.innerText(), "abcd");
  await b.type("!");
  await a.page.click("#history");
  assert.equal(await same(a, b), "abcdef!");
  calm(a, b);
});

test("all is reached by keys and has a name; the text can be taken along", async (t) => {
  const [a] = await stage.people(t, "keys.md", 1);
  await a.type("text");
  await same(a);
  const reached = new Set();
  await a.page.locator(".brand").focus();
  for (let i = 0; i < 14; i++) {
    await a.press("Tab");
    reached.add(await a.page.evaluate(() => document.activeElement.id || document.activeElement.parentElement.id));
  }
  for (const id of ["history", "blame", "offline", "share", "export", "you", "editor"]) assert.ok(reached.has(id), id);
  const tree = await a.page.locator("body").ariaSnapshot();
  for (const named of ['button "History"', 'toolbar "Tools"', 'textbox "Text of keys.md"', "status: Saved", "group: "])
    assert.ok(tree.includes(named), `${named} in\n${tree}`);
  const [download] = await Promise.all([a.page.waitForEvent("download"), a.page.click("#export")]);
  assert.equal(download.suggestedFilename(), "keys.md");
  assert.equal(readFileSync(await download.path(), "utf8"), "text");
  calm(a);
});

test("three tabs, a plain file kept by `sennit sync` and a client in Python come to the same text", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sennit-")), file = join(folder, "file.txt");
  const sync = spawn(SENNIT, ["sync", file, `ws://${server.address}/three`], { stdio: "ignore" });
  t.after(() => {
    sync.kill();
    rmSync(folder, { recursive: true });
  });
  const python = spawn("/usr/bin/python3", ["-B", fileURLToPath(new URL("client.py", import.meta.url)), server.url, "three"],
    { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => python.kill());
  const all = await stage.people(t, "three", 2);
  all.push(await stage.person(t, "three", { context: all[0].context })); // a second tab of one browser
  await Promise.all(all.map((p, i) => p.type(`line of ${i}\n`.repeat(3))));
  const typed = await same(...all);
  await until("the file has it", () => readFileSync(file, "utf8") === typed);
  writeFileSync(file, `${typed}from the file\n`);
  await until("the page has it", async () => (await all[2].text()) === `${typed}from the file\n`);
  python.stdin.write("from Python\n");
  await until("it has it too", async () => (await all[0].text()) === `${typed}from the file\nfrom Python\n`);
  const end = await same(...all);
  assert.equal(await heard(python), end);
  await until("the file has it", () => readFileSync(file, "utf8") === end);
  calm(...all);
});

/** End a client's input, and hear what it says the text is. */
async function heard(client) {
  client.stdin.end();
  let said = "";
  for await (const piece of client.stdout) said += piece;
  return JSON.parse(said);
}

test("any mixture of typing, undo, offline, reloads and restarts ends in one text", async (t) => {
  const seed = Number(process.env.SENNIT_SEED ?? 1), rnd = chance(seed);
  const end = Date.now() + 1000 * Number(process.env.SOAK_SECONDS ?? 30);
  const all = await stage.people(t, `soak-${seed}`, 3);
  const words = ["word ", "é", "😀", "中文", "\n", "x"];
  const acts = [
    (p) => p.type(words[rnd(words.length)]), (p) => p.type(words[rnd(words.length)].repeat(1 + rnd(9))),
    (p) => p.press("Backspace"), (p) => p.press("Shift+ArrowLeft", "Shift+ArrowLeft", "Delete"),
    async (p) => p.at(rnd((await p.text()).length + 1)), (p) => p.press("Control+z"), (p) => p.press("Control+y"),
  ];
  const rare = [
    (p) => p.offline(),
    async (p) => {
      await p.page.waitForTimeout(400);
      await p.page.reload();
      await p.page.locator("#editor .cm-content").waitFor();
      await p.page.locator("#undo").waitFor();
    },
    async () => {
      await server.stop(rnd(2) === 0 ? "SIGKILL" : "SIGTERM");
      await stage.start();
    },
  ];
  let n = 0;
  while (Date.now() < end) {
    n++;
    if (rnd(60) === 0) await rare[rnd(rare.length)](all[rnd(3)]);
    else await Promise.all(all.map((p) => acts[rnd(acts.length)](p)));
  }
  for (const p of all) if ((await p.page.getAttribute("#offline", "aria-pressed")) === "true") await p.offline();
  const text = await same(...all).catch((e) => {
    throw new Error(`seed ${seed}: ${e.message}`);
  });
  assert.equal(await server.text(`soak-${seed}`) ?? "", text, `seed ${seed}`);
  calm(...all);
  t.diagnostic(`${n} rounds, ${text.length} characters, seed ${seed}`);
});
