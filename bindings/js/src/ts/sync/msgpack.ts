/**
 * MessagePack, as far as the protocol has it. What is read is hostile: lengths are held
 * against what is there before anything is taken, and nesting has an end.
 *
 * A package for this would be a tenth of the page.
 */

/** What there is in MessagePack: integers of 64 bits are bigints, others numbers. */
export type Value = null | boolean | number | bigint | string | Uint8Array | Value[] | Map<string, Value>;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The bytes are not what they must be. */
export class MsgpackError extends Error {}

/** Values, one behind the other. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** Pass over n bytes; returns where they are. */
  #pass(n: number): number {
    const at = this.#at;
    if (n > this.left) throw new MsgpackError("it ends too early");
    this.#at += n;
    return at;
  }

  #uint(size: number): number {
    const at = this.#pass(size);
    switch (size) {
      case 1: return this.#view.getUint8(at);
      case 2: return this.#view.getUint16(at);
      default: return this.#view.getUint32(at);
    }
  }

  #bin(n: number): Uint8Array {
    const at = this.#pass(n);
    return this.#bytes.subarray(at, at + n);
  }

  #text(n: number): string {
    return decoder.decode(this.#bin(n));
  }

  #list(n: number, depth: number): Value[] {
    const list: Value[] = [];
    if (depth === 0) throw new MsgpackError("it is nested too deeply");
    for (let i = 0; i < n; i++) list.push(this.value(depth - 1));
    return list;
  }

  #map(n: number, depth: number): Map<string, Value> {
    const map = new Map<string, Value>();
    if (depth === 0) throw new MsgpackError("it is nested too deeply");
    for (let i = 0; i < n; i++) {
      const key = this.value(0);
      if (typeof key !== "string") throw new MsgpackError("a key is no text");
      map.set(key, this.value(depth - 1));
    }
    return map;
  }

  /** The next value, in which arrays and maps go so deep. Throws MsgpackError. */
  value(depth: number): Value {
    const code = this.#uint(1), view = this.#view;
    if (code < 0x80) return code;
    if (code < 0x90) return this.#map(code & 15, depth);
    if (code < 0xa0) return this.#list(code & 15, depth);
    if (code < 0xc0) return this.#text(code & 31);
    if (code >= 0xe0) return code - 256;
    switch (code) {
      case 0xc0: return null;
      case 0xc2: case 0xc3: return code === 0xc3;
      case 0xc4: case 0xc5: case 0xc6: return this.#bin(this.#uint(1 << (code - 0xc4)));
      case 0xca: return view.getFloat32(this.#pass(4));
      case 0xcb: return view.getFloat64(this.#pass(8));
      case 0xcc: case 0xcd: case 0xce: return this.#uint(1 << (code - 0xcc));
      case 0xcf: return view.getBigUint64(this.#pass(8));
      case 0xd0: return view.getInt8(this.#pass(1));
      case 0xd1: return view.getInt16(this.#pass(2));
      case 0xd2: return view.getInt32(this.#pass(4));
      case 0xd3: return view.getBigInt64(this.#pass(8));
      case 0xd9: case 0xda: case 0xdb: return this.#text(this.#uint(1 << (code - 0xd9)));
      case 0xdc: case 0xdd: return this.#list(this.#uint(2 << (code - 0xdc)), depth);
      case 0xde: case 0xdf: return this.#map(this.#uint(2 << (code - 0xde)), depth);
      default: throw new MsgpackError("it has an extension");
    }
  }
}

class Writer {
  #bytes = new Uint8Array(64);
  #view = new DataView(this.#bytes.buffer);
  #len = 0;

  /** Room for n bytes more; returns where it is. */
  #room(n: number): number {
    const at = this.#len;
    this.#len += n;
    if (this.#len > this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#len);
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }

  #byte(code: number): void {
    const at = this.#room(1);
    this.#view.setUint8(at, code);
  }

  /** A length or a number: within the code itself up to `most`, or after one of the codes
   * for 1, 2 and 4 bytes, if there is such a one. */
  #head(n: number, fixed: number, most: number, one: number, two = one + 1, four = two + 1): void {
    if (n <= most) return this.#byte(fixed + n);
    const size = n < 0x100 && one > 0 ? 1 : n < 0x10000 ? 2 : 4;
    this.#byte(size === 1 ? one : size === 2 ? two : four);
    const at = this.#room(size);
    if (size === 1) this.#view.setUint8(at, n);
    else if (size === 2) this.#view.setUint16(at, n);
    else this.#view.setUint32(at, n);
  }

  #integer(n: number | bigint): void {
    if (n < 0x100000000) return this.#head(Number(n), 0, 0x7f, 0xcc);
    this.#byte(0xcf);
    const at = this.#room(8);
    this.#view.setBigUint64(at, BigInt(n));
  }

  #raw(bytes: Uint8Array): void {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  put(value: Value): void {
    if (value === null) this.#byte(0xc0);
    else if (typeof value === "boolean") this.#byte(value ? 0xc3 : 0xc2);
    else if (typeof value === "number" || typeof value === "bigint") this.#integer(value);
    else if (typeof value === "string") {
      const bytes = encoder.encode(value);
      this.#head(bytes.length, 0xa0, 31, 0xd9);
      this.#raw(bytes);
    } else if (value instanceof Uint8Array) {
      this.#head(value.length, 0, -1, 0xc4);
      this.#raw(value);
    } else if (Array.isArray(value)) {
      this.#head(value.length, 0x90, 15, 0, 0xdc);
      value.forEach((each) => this.put(each));
    } else {
      this.#head(value.size, 0x80, 15, 0, 0xde);
      value.forEach((each, key) => (this.put(key), this.put(each)));
    }
  }

  done(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#len);
  }
}

/** The bytes of a value, the shortest there are. Numbers in it are whole, from 0 on. */
export function encode(value: Value): Uint8Array<ArrayBuffer> {
  const out = new Writer();
  out.put(value);
  return out.done();
}
