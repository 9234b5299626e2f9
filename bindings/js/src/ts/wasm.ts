/**
 * The module instance: memory, text and bytes in and out, statuses to errors.
 * Nothing here knows what a document is.
 * @internal
 */
import { compiled, node } from "./compile.js";
import { misuse, SennitError } from "./errors.js";

type Call = (...args: number[]) => number;

/** A change, as `Document.apply` asks about it. */
export interface Asked {
  (kinds: number): void;
}

const random: Crypto = globalThis.crypto ?? (await node<{ webcrypto: Crypto }>("crypto")).webcrypto;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** getRandomValues gives at most so many bytes at a time. */
const RANDOM_MOST = 65536;

export class Wasm {
  readonly call: Record<string, Call>;
  readonly #memory: WebAssembly.Memory;
  readonly #out: number;
  #bytes: Uint8Array<ArrayBuffer>;
  #words: Uint32Array;
  #scratch = 0;
  #scratchSize = 0;

  /** Who is asked about changes while a delta is applied, and what it threw. */
  asked: Asked | null = null;
  thrown: unknown = null;

  constructor(module: WebAssembly.Module) {
    const env = {
      random: (at: number, len: number): number => this.#random(at, len),
      admit: (kinds: number): number => this.#ask(kinds),
    };
    const { exports } = new WebAssembly.Instance(module, { env });
    this.call = exports as unknown as Record<string, Call>;
    this.#memory = exports["memory"] as WebAssembly.Memory;
    this.#bytes = new Uint8Array(this.#memory.buffer as ArrayBuffer);
    this.#words = new Uint32Array(this.#memory.buffer);
    this.#out = this.call["js_out"]!() >> 2;
  }

  #random(at: number, len: number): number {
    const bytes = this.#fresh();
    for (let i = 0; i < len; i += RANDOM_MOST)
      random.getRandomValues(bytes.subarray(at + i, at + Math.min(len, i + RANDOM_MOST)));
    return 0;
  }

  #ask(kinds: number): number {
    try {
      this.asked!(kinds);
      return 0;
    } catch (e) {
      this.thrown = e;
      return -12;
    }
  }

  /** The memory, looked up again after it grew: what was there before is detached then,
   * and empty. Asking for its buffer each time costs more than an edit. */
  #fresh(): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length === 0) {
      this.#bytes = new Uint8Array(this.#memory.buffer as ArrayBuffer);
      this.#words = new Uint32Array(this.#memory.buffer);
    }
    return this.#bytes;
  }

  /** A word of what the last call returned. */
  word(i: number): number {
    this.#fresh();
    return this.#words[this.#out + i]!;
  }

  /** Two of them, as a number: a count. */
  count(i: number): number {
    return this.word(i) + this.word(i + 1) * 4294967296;
  }

  /** Two of them, exactly: an id. */
  id(i: number): bigint {
    return (BigInt(this.word(i + 1)) << 32n) | BigInt(this.word(i));
  }

  /** Throw what a status stands for, unless it is none. */
  ok(status: number): void {
    if (status < 0) this.fail(status);
  }

  /** The same for calls that say no more than a status. */
  fine(status: number): void {
    if (status < 0) throw new SennitError(status, this.#reason(status));
  }

  fail(status: number): never {
    throw new SennitError(status, this.#string(this.word(1)), this.word(0));
  }

  #reason(status: number): string {
    switch (status) {
      case -1: return "out of memory";
      case -3: return "a position past the end";
      case -4: return "a position inside a character";
      case -7: return "a limit would be passed";
      case -10: return "a transaction is open";
      default: return "refused";
    }
  }

  #string(at: number): string {
    const bytes = this.#fresh();
    return decoder.decode(bytes.subarray(at, bytes.indexOf(0, at)));
  }

  /** Text at a place in memory. */
  text(at: number, len: number): string {
    const bytes = this.#fresh();
    if (len < 24) {
      let s = "";
      for (let i = at; i < at + len; i++) {
        const byte = bytes[i]!;
        if (byte > 127) return decoder.decode(bytes.subarray(at, at + len));
        s += String.fromCharCode(byte);
      }
      return s;
    }
    return decoder.decode(bytes.subarray(at, at + len));
  }

  /** A copy of bytes at a place in memory. */
  bytes(at: number, len: number): Uint8Array<ArrayBuffer> {
    return this.#fresh().slice(at, at + len);
  }

  /** The bytes or the text that the last call gathered. */
  takeBytes(): Uint8Array<ArrayBuffer> {
    return this.bytes(this.word(0), this.word(1));
  }

  takeText(): string {
    return this.text(this.word(0), this.word(1));
  }

  /** Room for what goes in next; valid until more is asked for. */
  #room(size: number): number {
    if (size > this.#scratchSize) {
      const block = this.call["js_alloc"]!(this.#scratch, Math.max(size, 1024));
      if (block === 0) throw new SennitError(-1, "out of memory");
      this.#scratch = block >>> 0;
      this.#scratchSize = Math.max(size, 1024);
    }
    return this.#scratch;
  }

  /** Where the last put put it. */
  get at(): number {
    return this.#scratch;
  }

  /** Let go of room that was needed for something large. */
  relax(): void {
    if (this.#scratchSize > 1 << 20) {
      this.call["js_free"]!(this.#scratch);
      this.#scratch = this.#scratchSize = 0;
    }
  }

  putBytes(data: Uint8Array, offset = 0): number {
    const at = this.#room(offset + data.length) + offset;
    this.#fresh().set(data, at);
    return data.length;
  }

  /** Put words where the room begins, into a gap that was left for them. */
  putWords(words: readonly number[]): void {
    this.#fresh();
    this.#words.set(words, this.#scratch >> 2);
  }

  /** Put text as UTF-8; returns its length in bytes. Lone surrogates are refused. */
  putText(text: string, offset = 0): number {
    const n = text.length;
    const at = this.#room(offset + 3 * n) + offset;
    const bytes = this.#fresh();
    if (n < 32) {
      let i = 0;
      for (; i < n; i++) {
        const code = text.charCodeAt(i);
        if (code > 127) break;
        bytes[at + i] = code;
      }
      if (i === n) return n;
    }
    if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text))
      throw new SennitError(-4, "the text has a lone surrogate");
    return encoder.encodeInto(text, bytes.subarray(at)).written;
  }
}

/** The instance all documents of this module live in. */
export const wasm: Wasm = new Wasm(await compiled);

/** A position or a count: a whole number from 0 on. */
export function whole(n: number, what: string): number {
  if (n >>> 0 !== n) throw n < 0 || n > 4294967295 ? new SennitError(-3, `${what} out of range`) : misuse(`${what} is no whole number`);
  return n;
}

/** An id of 64 bits as two words. */
export function words(id: bigint): [number, number] {
  if (BigInt.asUintN(64, id) !== id) throw misuse("an id has 64 bits");
  return [Number(id & 0xffffffffn), Number(id >> 32n)];
}
