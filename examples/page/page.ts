/** The page: a document by the address's fragment, or the choice of one. */
import { wanted } from "./early.js"; // before all else
import { byId } from "./dom.js";
import { me, noteOpened, recent, remember } from "./me.js";
import { Work } from "./work.js";

let work: Work | null = null;

async function show(): Promise<void> {
  await work?.close();
  work = null;
  const at = wanted();
  byId("start").hidden = at !== null;
  byId("work").hidden = byId("skip").hidden = at === null;
  byId("title").textContent = at?.name ?? "";
  document.title = at ? `${at.name} – sennit` : "sennit";
  byId("status").textContent = "";
  byId("people").replaceChildren();
  if (!at) return choose();
  noteOpened(at.name);
  work = await Work.open(at.name, at.token);
}

function choose(): void {
  const name = byId<HTMLInputElement>("name");
  name.value = `notes-${Math.random().toString(36).slice(2, 8)}`;
  name.select();
  byId("recent").replaceChildren(...recent().map((each) => {
    const item = document.createElement("li"), link = item.appendChild(document.createElement("a"));
    link.href = `#${each}`;
    link.textContent = each;
    return item;
  }));
}

function showMe(): void {
  byId("me").textContent = me.name;
  byId("dot").style.backgroundColor = me.color;
}

byId("open").addEventListener("submit", (e) => {
  e.preventDefault();
  location.hash = byId<HTMLInputElement>("name").value.trim();
});
for (const [id, key] of [["user", "name"], ["color", "color"]] as const) {
  const input = byId<HTMLInputElement>(id);
  input.value = me[key];
  input.addEventListener("input", () => {
    me[key] = input.value.trim() || "Somebody";
    remember();
    showMe();
    work?.renamed();
  });
}
document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && work?.keep());
addEventListener("pagehide", () => work?.keep());
addEventListener("hashchange", () => void show());
document.addEventListener("click", (e) => {
  const you = byId<HTMLDetailsElement>("you");
  if (you.open && !you.contains(e.target as Node)) you.open = false;
});
showMe();
remember();
void show();
