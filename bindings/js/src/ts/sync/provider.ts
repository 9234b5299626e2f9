import { Document, type Options, type Rebased, rebaseAnchor } from "../document.js";
import { Undo } from "../undo.js";
import { ProtocolError } from "./message.js";
import { decodePresence, encodePresence, type Peer, type Presence } from "./presence.js";
import { Fault, Level, Permission, Session } from "./session.js";
import type { Kept, Place, Store } from "./store.js";

/** Where a document stands, for an interface to show. */
export interface Status {
  /** "refused" is for good, but after `Fault.Rate`, `Fault.Storage` and `Fault.Clock`: an event says why. */
  connection: "offline" | "connecting" | "live" | "refused";
  /** Whether it is to be connected: if not, it is offline by choice. */
  wanted: boolean;
  /** Own operations that are not known to be in the server's storage: "saved" is 0. */
  unsaved: number;
  /** Whether what is unsaved is kept on this device. */
  kept: boolean;
  /** Whether it has a beginning: it was in step with the server, or was kept here. Text
   * typed before that may turn out to be another document's. */
  ready: boolean;
  permission: Permission;
}

export interface ProviderEvents {
  status: Status;
  /** Somebody else changed the document: take its patches. Whoever is there may be elsewhere. */
  change: undefined;
  peers: ReadonlyMap<number, Peer>;
  /** Own operations were issued anew: anchors in them move with `rebaseAnchor`. */
  rebased: Rebased;
  /** The server does not take this document, or not from this user; it keeps everything. */
  refused: { fault: Fault; text: string };
  /** Something went wrong that needs nothing done: what was malformed, what cannot be kept. */
  error: Error;
  /** The server lost what it had called saved, and gets it again. */
  restored: undefined;
}

export interface ProviderOptions {
  token?: string;
  /** Keeps the document on this device. */
  store?: Store;
  /** Of the document. */
  document?: Options;
  /** Let edits gather so long before they are sent. Default: until the current task is done. */
  flushMs?: number;
  /** The first wait before a reconnect, and the longest. Default: 250 and 30,000. */
  retryMs?: [least: number, most: number];
  /** Instead of the global one. */
  WebSocket?: new (url: string, protocol: string) => WebSocket;
  /** The first connection, which a page in a hurry has begun already: to the same address,
   * with the protocol "sennit". It is the provider's from then on. */
  socket?: WebSocket | undefined;
  /** Begin offline; `connect` ends that. */
  offline?: boolean;
}

/** What is called with an event. */
export type Listener<K extends keyof ProviderEvents> = (event: ProviderEvents[K]) => void;

const BUFFERED_MOST = 262_144;
const KEEP_MS = 300;
const TICK_MS = 1000;
const PRESENCE_MS = 25_000;
const PEERS_MOST = 10_000;
const OPEN = 1; // WebSocket.OPEN, which not every stand-in has

/**
 * A document kept in step with a server over a WebSocket, and on this device.
 *
 *     const provider = await Provider.open("wss://example.org/sync", "notes-today");
 *     provider.document.insert(0, "hello");      // is sent by itself
 *     await provider.saved();                    // the server has stored it
 */
export class Provider {
  readonly document: Document;
  /** The steps of this user, which outlast the page if there is a store. */
  readonly undo: Undo;
  readonly name: string;

  readonly #url: string;
  readonly #options: ProviderOptions;
  readonly #session: Session;
  readonly #place: Place | null;
  readonly #listeners: { [K in keyof ProviderEvents]?: Listener<K>[] } = {};
  readonly #peers = new Map<number, Peer>();
  readonly #ticker: ReturnType<typeof setInterval>;
  readonly #unlisten: () => void;
  #socket: WebSocket | null = null;
  #begun: WebSocket | undefined;
  #wanted: boolean;
  #closed = false;
  #retries = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #flush: ReturnType<typeof setTimeout> | undefined;
  #flushing = false;
  #inbox: (ArrayBuffer | string)[] = [];
  #heardMs = 0;
  #sentMs = 0;
  #presenceMs = 0;
  #presence: Presence | null = null;
  #ready: boolean;
  #kept: boolean;
  #keep: ReturnType<typeof setTimeout> | undefined;
  #keeping: Promise<void> = Promise.resolve();
  #told = "";

  /** Open what is kept of a document on this device, and connect. */
  static async open(url: string, name: string, options: ProviderOptions = {}): Promise<Provider> {
    const troubles: Error[] = [];
    const place = await options.store?.open(name).catch((e: Error) => void troubles.push(e)) ?? null;
    const [kept = null, others = []] = await Promise.all([place?.load(), place?.others()]);
    let document: Document | undefined;
    try {
      if (kept) document = Document.load(kept.document, options.document);
    } catch (e) {
      troubles.push(e as Error);
      await place?.setAside();
    }
    const provider = new Provider(url, name, options, place, document ? kept : null, document);
    for (const other of others) {
      try { // what a page left there that was closed before it could be sent
        provider.document.apply(other.document);
        provider.#ready = true;
      } catch (e) {
        troubles.push(e as Error);
      }
    }
    queueMicrotask(() => troubles.forEach((e) => provider.#emit("error", e)));
    if (!options.offline) provider.connect();
    return provider;
  }

  private constructor(url: string, name: string, options: ProviderOptions, place: Place | null,
    kept: Kept | null, document = new Document("", options.document)) {
    this.#url = url;
    this.name = name;
    this.#options = options;
    this.#begun = options.socket;
    this.#place = place;
    this.#wanted = false;
    this.#ready = kept !== null;
    this.#kept = kept !== null;
    this.document = document;
    this.undo = undoOf(document, kept);
    this.document.watch({ remote: true, local: true });
    this.#session = new Session(this.document, name, options.token ?? "", {
      live: () => this.#onLive(),
      changed: () => this.#onChanged(),
      safe: () => this.#scheduleKeep(),
      presence: (peer, state, user) => this.#onPresence(peer, state, user),
      refused: (fault, text) => this.#emit("refused", { fault, text }),
      clock: () => undefined,
      rebased: (rebased) => this.#onRebased(rebased),
      restored: () => this.#emit("restored", undefined),
    });
    if (kept) {
      this.#session.incarnation = kept.incarnation;
      this.#session.remember(kept.durable);
    }
    this.#unlisten = Document.listen(this.document, () => this.#onEdited());
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
  }

  // ---- Events

  /** Call a function at each event of a kind; returns what ends that. */
  on<K extends keyof ProviderEvents>(kind: K, listener: Listener<K>): () => void {
    const list = (this.#listeners[kind] ??= []) as Listener<K>[];
    list.push(listener);
    return () => void list.splice(list.indexOf(listener), 1);
  }

  #emit<K extends keyof ProviderEvents>(kind: K, event: ProviderEvents[K]): void {
    for (const listener of [...(this.#listeners[kind] ?? [])] as Listener<K>[]) listener(event);
  }

  get status(): Status {
    const { state, permission } = this.#session;
    const connection = state === "greeting" || (state === "offline" && this.#socket) ? "connecting" : state;
    return {
      connection, wanted: this.#wanted, unsaved: this.#session.unsafe(Level.Durable), kept: this.#kept,
      ready: this.#ready, permission,
    };
  }

  #tell(): void {
    if (this.#closed) return;
    const status = this.status, now = JSON.stringify(status);
    if (now === this.#told) return;
    this.#told = now;
    this.#emit("status", status);
  }

  /** Resolves once all that was edited here is in the server's storage. */
  saved(): Promise<void> {
    if (this.#session.unsafe(Level.Durable) === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const off = this.on("status", ({ unsaved }) => {
        if (unsaved > 0) return;
        off();
        resolve();
      });
    });
  }

  // ---- The connection

  /** Connect, and again whenever the connection is lost. */
  connect(): void {
    if (this.#closed) return;
    this.#wanted = true;
    if (this.#session.state === "refused") this.#session.state = "offline";
    clearTimeout(this.#retry);
    if (!this.#socket) this.#dial();
    this.#tell();
  }

  /** Stay offline until `connect`: edits wait in the document. */
  disconnect(): void {
    this.#wanted = false;
    clearTimeout(this.#retry);
    this.#hangUp(1000, "");
    this.#tell();
  }

  /** Use another token from now on. */
  setToken(token: string): void {
    this.#session.token = token;
    this.#hangUp(1000, "");
    if (this.#wanted) this.connect();
  }

  /** After `Fault.Forbidden`: issue what the server has not taken under a new id. */
  rebase(): void {
    this.#session.rebase();
    this.#send();
  }

  #newSocket(): WebSocket {
    const begun = this.#begun, Socket = this.#options.WebSocket ?? globalThis.WebSocket;
    this.#begun = undefined;
    if (begun && begun.readyState <= OPEN) return begun;
    if (!Socket) throw new Error("there is no WebSocket here: give one in the options");
    return new Socket(this.#url, "sennit");
  }

  #dial(): void {
    const socket = this.#newSocket();
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#heardMs = Date.now();
    socket.onopen = (): void => this.#onOpened(socket);
    socket.onmessage = (e: MessageEvent): void => {
      if (socket !== this.#socket) return;
      this.#heardMs = Date.now();
      this.#inbox.push(e.data as ArrayBuffer | string);
      this.#receive();
    };
    socket.onerror = (): void => undefined; // close follows
    socket.onclose = (): void => this.#onClosed(socket);
    if (socket.readyState === OPEN) this.#onOpened(socket);
    this.#tell();
  }

  #onOpened(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#heardMs = Date.now();
    this.#session.opened();
    this.#send();
  }

  #hangUp(code: number, reason: string): void {
    const socket = this.#socket;
    if (!socket) return;
    socket.close(code, reason);
    this.#onClosed(socket); // not waiting for the other end to agree
  }

  #onClosed(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = null;
    this.#inbox = [];
    if (this.#session.state === "live") this.#retries = 0;
    this.#session.lost();
    if (this.#peers.size > 0) {
      this.#peers.clear();
      this.#emit("peers", this.#peers);
    }
    if (this.#wanted && this.#session.state !== "refused") this.#retryLater();
    this.#tell();
  }

  /** Exponential back-off, half of it by chance. */
  #retryLater(): void {
    const [least, most] = this.#options.retryMs ?? [250, 30_000];
    const wait = Math.min(least * 2 ** Math.min(this.#retries++, 30), most);
    this.#retry = setTimeout(() => this.#dial(), wait / 2 + (Math.random() * wait) / 2);
  }

  #receive(): void {
    this.#hold(() => {
      while (this.#inbox.length > 0 && !Document.isOpen(this.document)) {
        const frame = this.#inbox.shift()!;
        if (typeof frame === "string") throw new ProtocolError("a frame of text");
        this.#session.receive(new Uint8Array(frame), Document.now(this.document));
      }
    });
    this.#send();
  }

  /** Do something with what came; if that was hostile, or memory runs out, the document is
   * intact, and this connection over. */
  #hold(act: () => void): void {
    try {
      act();
    } catch (e) {
      this.#emit("error", e as Error);
      this.#hangUp(Fault.Protocol, "");
    }
  }

  /** Send what there is, as far as the transport takes it. */
  #send(): void {
    clearTimeout(this.#flush);
    this.#flushing = false;
    this.#hold(() => {
      while (this.#socket?.readyState === OPEN && !Document.isOpen(this.document)) {
        if (this.#socket.bufferedAmount > BUFFERED_MOST) return this.#flushLater(20);
        const frame = this.#session.next();
        if (!frame) return;
        this.#socket.send(frame as Uint8Array<ArrayBuffer>);
        this.#sentMs = Date.now();
      }
    });
    this.#tell();
  }

  #flushLater(ms: number): void {
    if (this.#flushing) return;
    this.#flushing = true;
    if (ms === 0) queueMicrotask(() => this.#flushing && this.#receive());
    else this.#flush = setTimeout(() => this.#receive(), ms);
  }

  #tick(): void {
    const now = Date.now(), { heartbeatMs, retryMs } = this.#session;
    if (!this.#socket) return;
    if (now - this.#heardMs > 2 * heartbeatMs) return this.#hangUp(Fault.Timeout, "");
    if (retryMs > 0 && Document.now(this.document) >= retryMs) this.#session.greet();
    if (this.#presence && now - this.#presenceMs > PRESENCE_MS) this.setPresence(this.#presence);
    if (this.#socket.readyState === OPEN && now - this.#sentMs >= heartbeatMs) {
      this.#socket.send(this.#session.ping() as Uint8Array<ArrayBuffer>);
      this.#sentMs = now;
    }
    this.#send();
  }

  // ---- What happens in the session

  #onLive(): void {
    this.#retries = 0;
    this.#ready = true;
    this.#scheduleKeep();
  }

  #onEdited(): void {
    this.#scheduleKeep();
    this.#flushLater(this.#options.flushMs ?? 0);
  }

  #onChanged(): void {
    this.#scheduleKeep();
    this.#emit("change", undefined);
  }

  #onRebased(rebased: Rebased): void {
    const move = (presence: Presence): void => {
      if (presence.anchor) presence.anchor = rebaseAnchor(presence.anchor, rebased);
      if (presence.head) presence.head = rebaseAnchor(presence.head, rebased);
    };
    this.#peers.forEach(move);
    if (this.#presence) move(this.#presence);
    this.#emit("rebased", rebased);
  }

  // ---- Presence

  /** Who else is there, by session. */
  get peers(): ReadonlyMap<number, Peer> {
    return this.#peers;
  }

  /** What the others see of this user; null: nothing. */
  setPresence(presence: Presence | null): void {
    this.#presence = presence;
    this.#presenceMs = Date.now();
    this.#session.setPresence(presence && encodePresence(presence));
    this.#flushLater(0);
  }

  #onPresence(session: number, state: Uint8Array | null, user: string): void {
    const peer = state && decodePresence(state, session, user);
    if (!peer) this.#peers.delete(session);
    else if (this.#peers.has(session) || this.#peers.size < PEERS_MOST) this.#peers.set(session, peer);
    this.#emit("peers", this.#peers);
  }

  // ---- Keeping it on this device

  #scheduleKeep(): void {
    if (!this.#place || this.#keep !== undefined || this.#closed) return;
    this.#keep = setTimeout(() => void this.keep(), KEEP_MS);
  }

  /** Write the document to the store now, and not only when it suits. */
  keep(): Promise<void> {
    clearTimeout(this.#keep);
    this.#keep = undefined;
    if (!this.#place || !this.#ready || Document.isOpen(this.document)) return this.#keeping;
    const kept: Kept = {
      document: this.document.save({ identity: true }), undo: this.undo.save(),
      durable: this.#session.durable, incarnation: this.#session.incarnation,
    };
    const place = this.#place;
    this.#keeping = this.#keeping.then(() => place.save(kept)).then(
      () => void (this.#kept = true),
      (e: Error) => {
        this.#kept = false;
        this.#emit("error", e);
      },
    ).then(() => this.#tell());
    return this.#keeping;
  }

  /** Leave the server and the store. The document stays usable, and is the caller's to free. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.disconnect();
    this.#begun?.close();
    await this.keep();
    this.#closed = true;
    clearInterval(this.#ticker);
    clearTimeout(this.#flush);
    this.#unlisten();
    this.undo.free();
    this.#place?.close();
  }
}

/** Steps of an earlier page, if they can still be read. */
function undoOf(document: Document, kept: Kept | null): Undo {
  try {
    if (kept) return new Undo(document, {}, kept.undo);
  } catch { // written by another release, or damaged: only undo is lost
  }
  return new Undo(document);
}
