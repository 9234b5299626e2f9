/** One document at work: the editor, its tools, and what the page says about it. */
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView, placeholder } from "@codemirror/view";
import type { Version } from "sennit";
import { Past, sennit, setBlame } from "sennit/codemirror";
import { Fault, Permission, Provider, type Status } from "sennit/provider";

import { button, byId, press, say } from "./dom.js";
import { wayTo } from "./early.js";
import { keys } from "./keys.js";
import { me } from "./me.js";
import { mergedField, showMerged } from "./merged.js";
import { theme } from "./theme.js";

export class Work {
  readonly #provider: Provider;
  readonly #view: EditorView;
  readonly #shadow: ShadowRoot;
  readonly #pastShadow: ShadowRoot;
  readonly #editable = new Compartment();
  readonly #ends: (() => void)[] = [];
  #past: Past | null = null;
  #blamed = false;
  /** What was there when the connection was lost. */
  #leftAt: Version | null = null;
  #writable = false;

  static async open(name: string, token: string): Promise<Work> {
    const { url, ...way } = wayTo(name);
    return new Work(await Provider.open(url, name, { token, ...way }));
  }

  private constructor(provider: Provider) {
    this.#provider = provider;
    const { extension, undo, redo } = sennit(provider, { user: () => ({ ...me }) });
    this.#shadow = shadowOf("editor");
    this.#pastShadow = shadowOf("past");
    this.#view = new EditorView({
      doc: String(provider.document), root: this.#shadow, parent: this.#shadow as unknown as HTMLElement,
      extensions: [
        extension, keys, theme, mergedField, EditorView.lineWrapping, placeholder("Type here …"),
        EditorView.contentAttributes.of({ "aria-label": `Text of ${provider.name}`, spellcheck: "true", autocapitalize: "sentences" }),
        this.#editable.of(EditorState.readOnly.of(true)),
        EditorView.updateListener.of((update) => update.docChanged && this.#onText()),
      ],
    });
    this.#ends.push(
      provider.on("status", (status) => this.#onStatus(status)),
      provider.on("peers", () => this.#showPeople()),
      provider.on("change", () => this.#onChange()),
      provider.on("refused", ({ fault, text }) => say(refusal(fault, text))),
      provider.on("error", (e) => console.warn("sennit:", e.message)),
      provider.on("restored", () => say("The server was restored from a backup; it gets everything again.")),
      button("skip", () => (this.#past?.view ?? this.#view).focus()),
      button("undo", () => (undo(this.#view), this.#view.focus())),
      button("redo", () => (redo(this.#view), this.#view.focus())),
      button("history", () => this.#toggleHistory()),
      button("blame", () => this.#toggleBlame()),
      button("offline", () => this.#toggleOffline()),
      button("share", () => void share(provider.name)),
      button("export", () => this.#export()),
    );
    byId("moment").oninput = (): void => this.#showMoment();
    this.#onStatus(provider.status);
    this.#showPeople();
  }

  async close(): Promise<void> {
    for (const end of this.#ends) end();
    this.#past?.destroy();
    this.#view.destroy();
    for (const shadow of [this.#shadow, this.#pastShadow]) shadow.replaceChildren();
    for (const id of ["history", "blame", "offline"]) press(id, false);
    byId("time").hidden = byId("past").hidden = true;
    byId("editor").hidden = false;
    await this.#provider.close();
    this.#provider.document.free();
  }

  /** Keep on this device what there is: the page may go. */
  keep(): void {
    void this.#provider.keep();
  }

  /** The user's name or colour is another now. */
  renamed(): void {
    const { main } = this.#view.state.selection;
    this.#view.dispatch({ selection: { anchor: main.anchor, head: main.head } });
  }

  // ---- Connection

  #onStatus(status: Status): void {
    const { connection, permission, ready } = status, mark = byId("status");
    const writable = ready && (connection !== "live" || permission >= Permission.Edit);
    [mark.textContent, mark.className] = describe(status);
    mark.title = status.kept && status.unsaved > 0 ? "What is unsaved is kept on this device" : "";
    if (writable !== this.#writable) {
      this.#writable = writable;
      this.#view.dispatch({ effects: this.#editable.reconfigure(EditorState.readOnly.of(!writable)) });
      if (writable) this.#view.focus();
    }
    if (connection !== "live" && ready) this.#leftAt ??= this.#provider.document.version;
    if (connection === "live" && this.#leftAt && status.unsaved === 0) this.#cameBack();
    press("offline", !status.wanted);
    this.#onText();
  }

  #toggleOffline(): void {
    if (this.#provider.status.wanted) this.#provider.disconnect();
    else this.#provider.connect();
  }

  #onChange(): void {
    if (this.#provider.status.connection === "live" && this.#leftAt) this.#cameBack();
  }

  /** Show what came in from others while this user was away. */
  #cameBack(): void {
    const since = this.#leftAt!, { document } = this.#provider;
    if (this.#view.composing) return;
    this.#leftAt = null;
    try {
      const [came, went] = showMerged(this.#view, this.#provider, since, document.replica);
      if (came + went > 0) say(`Merged what others typed meanwhile: ${came} characters came, ${went} went.`);
    } catch { // what was known then was issued anew
    }
  }

  #showPeople(): void {
    byId("people").replaceChildren(...[...this.#provider.peers.values()].map((peer) => {
      const item = document.createElement("li");
      item.textContent = peer.name;
      item.style.backgroundColor = peer.color;
      return item;
    }));
  }

  // ---- Tools

  #onText(): void {
    const { undo } = this.#provider, reading = this.#past !== null || !this.#writable;
    byId<HTMLButtonElement>("undo").disabled = reading || undo.canUndo === 0;
    byId<HTMLButtonElement>("redo").disabled = reading || undo.canRedo === 0;
  }

  #toggleBlame(): void {
    this.#blamed = !this.#blamed;
    press("blame", this.#blamed);
    setBlame(this.#view, this.#provider, this.#blamed);
  }

  #toggleHistory(): void {
    const open = this.#past === null;
    press("history", open);
    byId("time").hidden = byId("past").hidden = !open;
    byId("editor").hidden = open;
    if (open) {
      this.#past = new Past(this.#provider, this.#pastShadow as unknown as HTMLElement, this.#pastShadow, theme);
      const moment = byId<HTMLInputElement>("moment");
      moment.max = String(Math.max(this.#past.steps.length - 1, 0));
      moment.value = moment.max;
      moment.focus();
      this.#showMoment();
    } else {
      this.#past?.destroy();
      this.#past = null;
      this.#view.focus();
    }
    this.#onText();
  }

  #showMoment(): void {
    const at = byId<HTMLInputElement>("moment").valueAsNumber, past = this.#past, step = past?.steps[at];
    if (!past || !step) return;
    past.show(at);
    const when = new Date(step.unixMs).toLocaleString();
    byId("when").textContent = `${when} · ${at + 1} of ${past.steps.length}`;
    byId("moment").setAttribute("aria-valuetext", when);
  }

  #export(): void {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([String(this.#provider.document)], { type: "text/plain" }));
    link.download = this.#provider.name.includes(".") ? this.#provider.name : `${this.#provider.name}.txt`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }
}

/** Styles of the editor go into a shadow root as objects: a style element would be
 * against the page's policy. */
function shadowOf(id: string): ShadowRoot {
  const host = byId(id);
  const shadow = host.shadowRoot ?? host.attachShadow({ mode: "open", delegatesFocus: true });
  shadow.replaceChildren();
  return shadow;
}

function describe({ connection, unsaved, kept, ready, permission }: Status): [text: string, className: string] {
  const waiting = `${unsaved} ${unsaved === 1 ? "edit" : "edits"} unsent`;
  switch (connection) {
    case "live":
      if (permission < Permission.Edit) return ["Only to read", "warn"];
      return unsaved === 0 ? ["Saved", "good"] : [`Saving ${unsaved} …`, "warn"];
    case "refused": return ["Refused", "bad"];
    case "connecting": if (!ready) return ["Opening …", "warn"];
  }
  if (unsaved === 0) return ["Offline", "warn"];
  return [`Offline, ${waiting}${kept ? ", kept here" : ""}`, "warn"];
}

function refusal(fault: Fault, text: string): string {
  switch (fault) {
    case Fault.Token: return "This document takes a token, and this link has none that is valid.";
    case Fault.Forbidden: return "You may read this document, not change it. What you typed stays here.";
    case Fault.Lineage: return "Another document has this name. What you typed stays here.";
    default: return `The server does not take this: ${text}`;
  }
}

async function share(name: string): Promise<void> {
  const link = location.href;
  try {
    if (navigator.share && matchMedia("(pointer: coarse)").matches) await navigator.share({ title: name, url: link });
    else {
      await navigator.clipboard.writeText(link);
      say("The link is copied: whoever opens it edits along.");
    }
  } catch (e) {
    if ((e as Error).name !== "AbortError") say(link);
  }
}
