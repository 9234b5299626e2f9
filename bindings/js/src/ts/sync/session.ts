/**
 * A document and a server in step, as docs/PROTOCOL.md has it, without any I/O:
 * frames and the time go in, frames and events come out.
 *
 *     offline --opened--> greeting --welcome--> live
 *        ^                    |                  |
 *        +------ lost --------+----- error ------+--> refused
 *
 * Nothing is queued here. What the server lacks is in the document itself.
 */
import { compare, type Document, type Rebased, type Version, versionMap, versionOf } from "../document.js";
import { SennitError } from "../errors.js";
import { type Message, ProtocolError, read, Type, write } from "./message.js";

export type SessionState = "offline" | "greeting" | "live" | "refused";

/** What this user may do with the document. */
export enum Permission { Nothing = 0, View = 1, Comment = 2, Edit = 3, Admin = 4 }

/** How safe an operation is: merged by the server, committed to its storage, and to a second one. */
export enum Level { Applied = 0, Durable = 1, Replicated = 2 }

/** Codes of errors between the ends. */
export enum Fault {
  Protocol = 4400, Token = 4401, Forbidden = 4403, Name = 4404, Timeout = 4408, Forked = 4409,
  Lineage = 4410, Clock = 4411, Gone = 4412, TooLarge = 4413, Version = 4426, Rate = 4429, Storage = 4500, Away = 4503,
}

/** What happens to a session; each is called in the midst of `receive`. */
export interface SessionEvents {
  live(): void;
  /** The document changed: take its patches. */
  changed(): void;
  /** Fewer operations are unsafe than before. */
  safe(level: Level): void;
  presence(peer: number, state: Uint8Array<ArrayBuffer> | null, user: string): void;
  refused(fault: Fault, text: string): void;
  clock(offsetMs: number): void;
  rebased(rebased: Rebased): void;
  /** The server lost what it had called durable, and gets it again. */
  restored(): void;
}

/** Faults that trying again does not mend. */
const FINAL = new Set([Fault.Token, Fault.Forbidden, Fault.Name, Fault.Forked, Fault.Lineage, Fault.Gone, Fault.TooLarge,
  Fault.Version]);

const PROTOCOL = 1;
const CLOCK_TOLERANCE_MS = 2000;
const FRAME_LEAST = 65536;
const FRAME_MOST = 2 ** 30;
const TIME_END = 2 ** 47; // what an operation's time can be
const HEARTBEAT_MS = 20_000;
const RETRY_MS = 3000;
const FORKS_MOST = 4;
const PROBES = 64;
const ACKS_MOST = 1000;

/** Between these counts of operations lies the first that is not the same. */
interface Search { low: number; high: number; counts: number[] }

export class Session {
  state: SessionState = "offline";
  permission = Permission.Nothing;
  /** Of the server it knew last, and how many own operations that called durable: kept by the host. */
  incarnation = 0n;
  heartbeatMs = HEARTBEAT_MS;
  /** Number of this session at the server. */
  number = 0;
  /** When to say hello again after a refusal; 0: not by itself. */
  retryMs = 0;
  token: string;

  readonly #doc: Document;
  readonly #name: string;
  readonly #events: SessionEvents;
  /** Channels on this connection so far; the one there is, and one to be left: 0 is none. */
  #channels = 0;
  #channel = 0;
  #leaving = 0;
  #maxFrame = FRAME_LEAST;
  #safe: [number, number, number] = [0, 0, 0];
  #sent = 0;
  #theirs: Version = new Uint8Array(0);
  #outSerial = 0;
  #inSerial = 0;
  #acks: { serial: number; own: number }[] = [];
  /** What it sent is forbidden: it reads on, until another connection or id. */
  #muted = false;
  #forks = 0;
  #fault = Fault.Away;
  #search: Search | null = null;
  #pings = 0;
  #pong: bigint | null = null;
  #presence: Uint8Array | null = null;
  #voided: Rebased | null = null;
  /** At the welcome, what the server does not have is issued anew, or typed. */
  #anew: "rebase" | "retype" | null = null;
  /** Since something was acknowledged. */
  #tried = { rebase: false, retype: false };
  #due = { hello: false, probe: false, catchup: false, want: false, presence: false };

  constructor(doc: Document, name: string, token: string, events: SessionEvents) {
    this.#doc = doc;
    this.#name = name;
    this.token = token;
    this.#events = events;
  }

  // ---- Opening and closing

  /** The transport is connected. */
  opened(): void {
    this.#channels = this.#channel = this.#leaving = 0;
    this.#pong = null;
    this.#muted = false;
    this.greet();
  }

  /** Say hello, on a channel of its own: what is under way on the one before is no answer. */
  greet(): void {
    this.#leaving ||= this.#channel;
    this.#channel = 0;
    this.state = "greeting";
    this.retryMs = 0;
    this.#due = { hello: true, probe: false, catchup: false, want: false, presence: this.#presence !== null };
    this.#search = null;
    this.#outSerial = this.#inSerial = 0;
    this.#acks = [];
  }

  lost(): void {
    if (this.state !== "refused" || !FINAL.has(this.#fault)) this.state = "offline";
  }

  refuse(fault: Fault, text: string): void {
    this.state = "refused";
    this.#fault = fault;
    this.#due.hello = false;
    this.#events.refused(fault, text);
  }

  // ---- What is safe

  /** How many own operations are not known to be so safe yet. */
  unsafe(level: Level): number {
    return Math.max(this.#doc.ownCount - this.#safe[level]!, 0);
  }

  /** So many own operations are durable, by what was kept of an earlier session. */
  remember(durable: number): void {
    this.#safe[Level.Durable] = this.#safe[Level.Applied] = Math.min(durable, this.#doc.ownCount);
  }

  get durable(): number {
    return this.#safe[Level.Durable];
  }

  #raise(level: Level, own: number): void {
    for (let at = level; at >= 0; at--) {
      if (own <= this.#safe[at]!) continue;
      this.#safe[at] = own;
      this.#events.safe(at);
    }
  }

  #takeAck(m: Message): void {
    const [level, yours, mine] = [m.number(), m.number(), m.number()];
    if (level > Level.Replicated || yours > this.#outSerial || mine > this.#inSerial)
      throw new ProtocolError("an ack of what was not sent");
    const done = this.#acks.filter((a) => a.serial <= yours).at(-1);
    if (!done) return;
    this.#raise(level, done.own);
    if (yours > 0) this.#tried = { rebase: false, retype: false };
    // Those before the last one acknowledged say no more.
    if (level >= Level.Durable) this.#acks = this.#acks.filter((a) => a.serial >= done.serial);
  }

  // ---- Messages in

  /** Take a frame. Throws ProtocolError for what is none: close the connection. */
  receive(frame: Uint8Array, nowMs: number): void {
    for (const m of read(frame)) {
      if (m.channel === 0) this.#takeOfConnection(m);
      else if (m.channel === this.#channel) this.#take(m, nowMs);
    }
  }

  #takeOfConnection(m: Message): void {
    switch (m.type) {
      case Type.Ping: this.#pong = m.id(); break;
      case Type.Error: {
        const fault = m.number();
        if (fault !== Fault.Away) this.refuse(fault, m.text());
        break;
      }
      case Type.Hello: case Type.Delta: case Type.Ack: throw new ProtocolError("not of a connection");
    }
  }

  #take(m: Message, nowMs: number): void {
    if (this.state === "refused") return; // it was under way
    if (m.type === Type.Error) return this.#takeError(m, nowMs);
    if (this.state === "greeting") {
      if (m.type === Type.Welcome) this.#takeWelcome(m, nowMs);
      else if (m.type === Type.Digests) this.#takeDigests(m);
      return; // the rest was under way
    }
    switch (m.type) {
      case Type.Delta: return this.#takeDelta(m);
      case Type.Ack: return this.#takeAck(m);
      case Type.Presence: return this.#events.presence(m.number(), m.bytesOrNil(), m.text());
      case Type.Want: this.#due.catchup = true; return;
      case Type.Void: return this.#takeVoid(m);
      case Type.Welcome: case Type.Digests: throw new ProtocolError("out of turn");
    }
  }

  #takeWelcome(m: Message, nowMs: number): void {
    const [protocol, version, lineage, permission] = [m.number(), m.bytes(), m.bytes(), m.number()];
    const [serverMs, heartbeatMs, maxFrame, incarnation] = [m.number(), m.number(), m.number(), m.id()];
    const [session, count, digest] = [m.number(), m.number(), m.id()];
    const doc = this.#doc, own = doc.ownCount;

    if (protocol !== PROTOCOL || permission > Permission.Admin || lineage.length !== 16 || serverMs >= TIME_END)
      throw new ProtocolError("a welcome that cannot be");
    compare(version, version); // throws if it is none
    if (doc.version.length === 0) doc.adopt(lineage);
    if (count > own || (count > 0 && digest !== 0n && this.#digest(count) !== digest)) return this.#fork();
    if (count < this.#safe[Level.Durable]) this.#events.restored();
    this.#setClock(serverMs, nowMs);
    if (this.#anew && count < own) return this.#reissue(this.#anew, count);
    this.#anew = null;
    this.heartbeatMs = Math.max(heartbeatMs, 1000);
    this.#maxFrame = Math.min(Math.max(maxFrame, 4096), FRAME_MOST);
    this.#theirs = version;
    this.permission = this.#muted ? Math.min(permission, Permission.View) : permission;
    this.incarnation = incarnation;
    this.number = session;
    this.state = "live";
    this.#forks = 0;
    this.#search = null;
    this.#sent = count;
    this.#safe = [count, Math.min(this.#safe[1], count), Math.min(this.#safe[2], count)];
    this.#acks = [{ serial: 0, own: count }];
    this.#due.catchup = true;
    this.#events.live();
  }

  /** Digest own operations; 0 if it cannot be told. */
  #digest(count: number): bigint {
    try {
      return this.#doc.digest(this.#doc.replica, count);
    } catch (e) {
      if (e instanceof SennitError && e.code === "EGONE") return 0n;
      throw e;
    }
  }

  /** Correct the clock by the server's, before anything is given out. */
  #setClock(serverMs: number, nowMs: number): void {
    const offset = serverMs - nowMs;
    const right = Math.abs(offset) < CLOCK_TOLERANCE_MS;
    this.#doc.setClockOffset(right ? 0 : offset);
    if (right) return;
    try {
      if (offset < 0) this.#doc.restamp(serverMs);
    } catch (e) {
      if (!(e instanceof SennitError && e.code === "ECLOCK")) throw e; // the server decides
    }
    this.#events.clock(offset);
  }

  #takeDelta(m: Message): void {
    if (m.number() !== this.#inSerial + 1) throw new ProtocolError("a delta is missing");
    let changed = 0;
    while (m.left > 0) {
      const delta = m.bytes();
      try {
        const applied = this.#doc.apply(delta);
        changed += applied.applied;
        this.#due.want ||= applied.parked > 0;
      } catch (e) {
        if (!(e instanceof SennitError) || e.code === "ENOMEM") throw e;
        if (e.code === "EGONE" && this.#renews("retype")) return; // a snapshot without that text
        this.refuse(faultOf(e), e.message);
        break;
      }
    }
    this.#inSerial++;
    if (changed > 0) this.#events.changed();
  }

  #renewed(rebased: Rebased): void {
    this.#safe = [0, 0, 0];
    this.#sent = 0;
    this.greet();
    this.#events.rebased(rebased);
    this.#events.changed();
  }

  /** Greet, to learn what the server has, and issue the rest anew: once, until that is
   * acknowledged. Whether that is to be tried. */
  #renews(how: "rebase" | "retype"): boolean {
    if (this.#tried[how] || this.#doc.ownCount === 0) return false;
    this.#tried[how] = true;
    this.#anew = how;
    this.greet();
    return true;
  }

  /** What was taken back is void, even if nothing of it came anew. Others wait until as much
   * has; if less did, they are not told where to look for it. */
  #note(done: Rebased, before: number): void {
    const all = this.#doc.ownCount >= before - done.from;
    this.#voided = done.from >= before ? null : all ? done : { ...done, renewed: 0n };
  }

  #reissue(how: "rebase" | "retype", from: number): void {
    const before = this.#doc.ownCount;
    let done: Rebased;
    try {
      done = this.#doc[how](from);
    } catch (e) {
      if (!(e instanceof SennitError) || e.code === "ENOMEM") throw e;
      return this.refuse(faultOf(e), e.message);
    } finally {
      this.#anew = null;
    }
    this.#note(done, before);
    this.#renewed(done);
  }

  #takeError(m: Message, nowMs: number): void {
    const fault = m.number(), text = m.text();
    if (fault === Fault.Forked) return this.#isOusted ? this.#giveWay(nowMs) : this.#fork();
    this.#channel = 0; // it has ended
    if (fault === Fault.Forbidden && this.state === "live") return this.#mute(text);
    switch (fault) {
      case Fault.Clock: // corrected at the welcome, so issued again it is right
        if (this.#renews("rebase")) return;
        this.#anew = "rebase";
        this.retryMs = nowMs + RETRY_MS;
        break;
      case Fault.Gone: // brings back text that the server has no more
        if (this.#renews("retype")) return;
        break;
      case Fault.Rate: case Fault.Storage: this.retryMs = nowMs + RETRY_MS;
    }
    this.refuse(fault, text);
  }

  /** It keeps what it may not send. */
  #mute(text: string): void {
    this.#muted = true;
    this.greet();
    this.#events.refused(Fault.Forbidden, text);
  }

  #takeVoid(m: Message): void {
    const [replica, from, renewed] = [m.id(), m.number(), m.id()];
    const doc = this.#doc;
    if (replica === doc.replica || doc.known(replica) <= from) return;
    let done: Rebased | null;
    try {
      done = doc.void(replica, from, renewed, this.#safe[Level.Applied]);
    } catch (e) {
      if (!(e instanceof SennitError) || e.code === "ENOMEM") throw e;
      return; // it cannot be taken out, and does no harm
    }
    if (done) this.#renewed(done); // what this one made of it goes with it
    else this.#events.changed();
  }

  // ---- A replica that went two ways: the server's stands, the rest goes under a new id

  #fork(): void {
    if (++this.#forks > FORKS_MOST) return this.refuse(Fault.Forked, "the server takes no replica of this document");
    this.state = "greeting";
    this.#search = { low: 0, high: this.#doc.ownCount + 1, counts: [] };
    this.#due.hello = false;
    this.#due.probe = true;
  }

  /** Another copy of this replica has come, and may have what was not sent from here: it
   * is to be heard first, or both would issue it anew. */
  get #isOusted(): boolean {
    return this.state === "live" && this.unsafe(Level.Applied) > 0;
  }

  #giveWay(nowMs: number): void {
    this.greet();
    this.#due.hello = false;
    this.retryMs = nowMs + RETRY_MS;
  }

  #probe(search: Search): Uint8Array {
    const between = search.high - search.low - 1, n = Math.min(between, PROBES);
    search.counts = Array.from({ length: n }, (_, i) =>
      between <= PROBES ? search.low + 1 + i : search.low + Math.floor((between * (i + 1)) / n));
    this.#due.probe = false;
    return write(Type.Probe, this.#channel, this.#doc.replica, ...search.counts);
  }

  #takeDigests(m: Message): void {
    const search = this.#search;
    if (!search || this.#due.probe || m.id() !== this.#doc.replica || m.left > search.counts.length)
      throw new ProtocolError("digests out of turn");
    let same = 0;
    // Where either has dropped text for good, shapes are compared: two copies do not type at the same moments.
    for (; m.left > 0; same++) {
      const count = search.counts[same]!, theirs = m.id();
      if (theirs !== this.#digest(count) && theirs !== this.#doc.digestShape(this.#doc.replica, count)) break;
    }
    if (same < search.counts.length) search.high = search.counts[same]!;
    if (same > 0) search.low = search.counts[same - 1]!;
    if (search.high - search.low <= 1) this.#renewed(this.#doc.rebase(search.low));
    else this.#due.probe = true;
  }

  /** Take back what the server has not taken, and issue it under a new id: for a host
   * that knows that somebody else may now send it. */
  rebase(): Rebased {
    this.#muted = false;
    const before = this.#doc.ownCount, done = this.#doc.rebase(this.#safe[Level.Applied]);
    this.#note(done, before);
    const online = this.state !== "offline";
    this.#renewed(done);
    if (!online) this.state = "offline";
    return done;
  }

  // ---- Messages out

  /** The next frame to send, or null: call until it is null. Not while a transaction is open. */
  next(): Uint8Array | null {
    if (this.state === "offline") return null;
    if (this.#pong !== null) {
      const pong = write(Type.Pong, 0, this.#pong);
      this.#pong = null;
      return pong;
    }
    if (this.#due.hello) return this.#hello();
    if (this.#due.probe && this.#search) return this.#probe(this.#search);
    return this.state === "live" ? this.#nextLive() : null;
  }

  ping(): Uint8Array {
    return write(Type.Ping, 0, ++this.#pings);
  }

  #hello(): Uint8Array {
    const doc = this.#doc, own = doc.ownCount;
    const version = doc.version, lineage = version.length > 0 ? doc.lineage : null;
    const leave = this.#leaving ? [write(Type.Leave, this.#leaving)] : [];
    this.#due.hello = false;
    this.#leaving = 0;
    this.#channel = ++this.#channels;
    return join([...leave, write(Type.Hello, this.#channel, PROTOCOL, 1, this.#name, lineage, doc.replica, own,
      own > 0 ? this.#digest(own) : 0, version, this.token, this.incarnation)]);
  }

  #nextLive(): Uint8Array | null {
    if (this.#voided) {
      const { old, from, renewed } = this.#voided;
      this.#voided = null;
      return write(Type.Void, this.#channel, old, from, renewed);
    }
    const delta = this.#own() ?? (this.#due.catchup ? this.#others() : null);
    if (delta) return delta;
    this.#due.catchup = false;
    if (this.#due.want) {
      const wants = [...this.#doc.missing()].map(({ replica, after }) => write(Type.Want, this.#channel, replica, after));
      this.#due.want = false;
      if (wants.length > 0) return join(wants);
    }
    if (!this.#due.presence) return null;
    this.#due.presence = false;
    return write(Type.Presence, this.#channel, 0, this.#presence, "");
  }

  /** How much one delta may hold, so that its frame is not too long. */
  get #part(): number {
    return Math.floor(this.#maxFrame / 4);
  }

  #delta(delta: Uint8Array): Uint8Array {
    if (this.#acks.length === ACKS_MOST) this.#acks.pop(); // told together with this one
    this.#acks.push({ serial: ++this.#outSerial, own: this.#sent });
    return write(Type.Delta, this.#channel, this.#outSerial, delta);
  }

  /** Own operations that were not sent yet: about as many as a frame takes. */
  #own(): Uint8Array | null {
    const doc = this.#doc, own = doc.ownCount;
    if (own <= this.#sent || this.permission < Permission.Comment) return null;
    if (own - this.#sent <= this.#part / 4) { // a keystroke has a short form
      const delta = doc.ownDelta(this.#sent);
      this.#sent = own;
      return this.#delta(delta);
    }
    const { delta, then } = doc.deltaPart(versionOf(new Map([[doc.replica, this.#sent]])), "own", this.#part);
    this.#sent = versionMap(then).get(doc.replica) ?? this.#sent;
    return this.#delta(delta);
  }

  /** What others wrote and the server lacks: apart from the own, since it may be passed over. */
  #others(): Uint8Array | null {
    if (this.permission < Permission.Edit) return null;
    try {
      const { delta, then } = this.#doc.deltaPart(this.#theirs, "others", this.#part);
      this.#theirs = then;
      return delta.length > 0 ? this.#delta(delta) : null;
    } catch (e) {
      if (e instanceof SennitError && e.code === "EGONE") return null; // compacted away
      throw e;
    }
  }

  /** What the others shall see of this session; null: nothing any more. */
  setPresence(state: Uint8Array | null): void {
    this.#presence = state;
    this.#due.presence = this.state !== "offline";
  }
}

function faultOf(e: SennitError): Fault {
  switch (e.code) {
    case "EFORK": return Fault.Forked;
    case "ELINEAGE": return Fault.Lineage;
    case "EVERSION": return Fault.Version;
    case "EGONE": return Fault.Gone;
    case "ELIMIT": return Fault.TooLarge;
    default: return Fault.Protocol;
  }
}

function join(parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  parts.reduce((at, part) => (out.set(part, at), at + part.length), 0);
  return out;
}
