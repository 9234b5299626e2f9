/**
 * The messages of docs/PROTOCOL.md, to and from bytes. What comes in is hostile:
 * a message is looked at field by field, and anything else ends the connection.
 */
import { encode, MsgpackError, Reader, type Value } from "./msgpack.js";

export enum Type {
  Hello = 0, Welcome = 1, Delta = 2, Ack = 3, Presence = 4, Ping = 5, Pong = 6, Error = 7, Leave = 8,
  Want = 9, Void = 10, Probe = 11, Digests = 12,
}

const ELEMENTS_MOST = 4098;

/** The other end does not speak the protocol. */
export class ProtocolError extends Error {
  constructor(what: string) {
    super(what);
    this.name = "ProtocolError";
  }
}

export function write(type: Type, channel: number, ...fields: Value[]): Uint8Array<ArrayBuffer> {
  return encode([type, channel, ...fields]);
}

/** One message, read field after field. */
export class Message {
  readonly type: number;
  readonly channel: number;
  readonly #fields: readonly Value[];
  #at = 0;

  constructor(fields: readonly Value[]) {
    this.#fields = fields;
    this.type = this.number();
    this.channel = this.number();
  }

  get left(): number {
    return this.#fields.length - this.#at;
  }

  #next(): Value {
    if (this.left === 0) throw new ProtocolError("a message is too short");
    return this.#fields[this.#at++]!;
  }

  /** An id or a digest, which may need all of 64 bits. */
  id(): bigint {
    const value = this.#next();
    if (typeof value === "bigint" && value >= 0n) return value;
    if (typeof value === "number" && Number.isInteger(value) && value >= 0) return BigInt(value);
    throw new ProtocolError("no unsigned number where one must be");
  }

  number(): number {
    const value = Number(this.id());
    if (!Number.isSafeInteger(value)) throw new ProtocolError("a count is too large");
    return value;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const value = this.#next();
    if (!(value instanceof Uint8Array)) throw new ProtocolError("no bytes where they must be");
    return value as Uint8Array<ArrayBuffer>;
  }

  bytesOrNil(): Uint8Array<ArrayBuffer> | null {
    if (this.#fields[this.#at] !== null) return this.bytes();
    this.#at++;
    return null;
  }

  text(): string {
    const value = this.#next();
    if (typeof value !== "string") throw new ProtocolError("no text where it must be");
    return value;
  }
}

/** The messages of a frame, one by one. */
export function* read(frame: Uint8Array): Generator<Message, void, undefined> {
  const reader = new Reader(frame);
  while (reader.left > 0) yield new Message(fieldsOf(reader));
}

function fieldsOf(reader: Reader): Value[] {
  let fields;
  try {
    fields = reader.value(1);
  } catch (e) {
    if (e instanceof MsgpackError) throw new ProtocolError(`no message: ${e.message}`);
    throw e;
  }
  if (!Array.isArray(fields) || fields.length > ELEMENTS_MOST) throw new ProtocolError("no message");
  return fields;
}
