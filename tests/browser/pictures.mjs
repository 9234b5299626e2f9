// The pictures for README.md: node tests/browser/pictures.mjs FOLDER
import { join } from "node:path";

import { launch, Person, same, Server } from "./people.mjs";

const folder = process.argv[2];
const LOOK = { viewport: { width: 860, height: 420 }, deviceScaleFactor: 1.5 };

async function enter(browser, server, name, color, look) {
  const context = await browser.newContext({ ...LOOK, ...look });
  await context.addInitScript(([n, c]) => {
    localStorage.setItem("sennit-name", n);
    localStorage.setItem("sennit-color", c);
  }, [name, color]);
  return Person.open(browser, server, "meeting-notes", { context });
}

const server = await new Server().start(), browser = await launch();
const shoot = (person, name) => person.page.screenshot({ path: join(folder, `page-${name}.png`), animations: "allow" });
try {
  const ada = await enter(browser, server, "Ada", "#b3422e");
  const bob = await enter(browser, server, "Bob", "#1c66a8");
  await ada.type("Meeting notes\n\nEverybody types into one text, at once.\n");
  await same(ada, bob);
  await bob.at(999);
  await bob.type("Nobody's words are lost, and nobody waits for a lock.\n");
  await same(ada, bob);
  await ada.at(999);
  await ada.type("Undo takes back what I did, and nothing else.");
  await same(ada, bob);
  await bob.at(25);
  await bob.press("Control+Shift+ArrowLeft", "Shift+End");
  await ada.page.waitForTimeout(500);
  await shoot(ada, "together");
  await ada.offline();
  await ada.at(999);
  await ada.type("\nWritten on a train, without a connection.");
  await bob.at(13);
  await bob.type(", Tuesday");
  await bob.page.waitForTimeout(300);
  await ada.offline();
  await ada.page.locator(".cm-merged").waitFor();
  await ada.page.waitForTimeout(400);
  await shoot(ada, "merged");
  await ada.page.waitForTimeout(5500);
  await ada.page.click("#history");
  await ada.page.locator("#moment").evaluate((moment) => {
    moment.value = String(Math.round(moment.max * 0.62));
    moment.dispatchEvent(new Event("input"));
  });
  await shoot(ada, "history");
  const eve = await enter(browser, server, "Eve", "#3d7317",
    { viewport: { width: 390, height: 640 }, isMobile: true, hasTouch: true, colorScheme: "dark" });
  await eve.page.click("#blame");
  await eve.page.waitForTimeout(500);
  await shoot(eve, "phone");
} finally {
  await browser.close();
  await server.end();
}
