// The package's own MessagePack beside a library's.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as library from "@msgpack/msgpack";

import { encode, MsgpackError, Reader } from "../dist/sync/msgpack.js";
import { chance } from "./chance.mjs";

const asObject = (value) => value instanceof Map ? Object.fromEntries([...value].map(([k, v]) => [k, asObject(v)]))
  : Array.isArray(value) ? value.map(asObject) : value;
const plain = (value) => JSON.stringify(value, (_, v) => typeof v === "bigint" || typeof v === "number" ? `${v}` : v instanceof Uint8Array ? [...v] : v);

/** Lengths and numbers on both sides of where one form ends and the next begins. */
const EDGES = [0, 1, 15, 16, 31, 32, 127, 128, 255, 256, 65535, 65536];
const VALUES = [
  null, true, false, ...EDGES, 4294967295, 4294967296, Number.MAX_SAFE_INTEGER, 5n, 2n ** 63n, 2n ** 64n - 1n,
  ...EDGES.flatMap((n) => ["x".repeat(n), new Uint8Array(n).fill(7), Array(n).fill(1)]),
  "é中😀", new Map([["name", "Ada"], ["head", new Uint8Array([1, 2])], ["more", [null, new Map([["a", 1]])]]]),
];

test("what it writes is what the library reads, in as few bytes", () => {
  for (const value of VALUES) {
    const bytes = encode(value);
    assert.equal(plain(library.decode(bytes, { useBigInt64: true })), plain(asObject(value)));
    if (typeof value !== "bigint") assert.equal(bytes.length, library.encode(asObject(value)).length);
  }
});

test("what the library writes is what it reads, in every form there is", () => {
  for (const value of [...VALUES.map(asObject), -1, -32, -33, -129, -32769, -(2 ** 31), 0.5, -1e300]) {
    const reader = new Reader(library.encode(value, { useBigInt64: true }));
    assert.equal(plain(asObject(reader.value(4))), plain(value));
    assert.equal(reader.left, 0);
  }
  assert.equal(new Reader(library.encode(0.5, { forceFloat32: true })).value(0), 0.5);
  assert.equal(new Reader(library.encode(-5n, { useBigInt64: true })).value(0), -5n);
});

test("a value that ends too early, extensions, deep nesting and other keys are refused", () => {
  for (const value of VALUES) {
    const bytes = encode(value);
    for (const end of [0, 1, 2, bytes.length - 1])
      if (end < bytes.length) assert.throws(() => new Reader(bytes.subarray(0, end)).value(4), MsgpackError);
  }
  for (const bytes of [[0xc1], [0xc7, 0, 1], [0xd4, 1, 0], [0x81, 1, 1], [0x91, 0x91, 0x91, 1], [0xdd, 255, 255, 255, 255], [0xc6, 255, 255, 255, 255]])
    assert.throws(() => new Reader(new Uint8Array(bytes)).value(2), MsgpackError);
});

test("any bytes are a value or an MsgpackError", () => {
  const rnd = chance(Number(process.env.SENNIT_SEED ?? 11));
  for (let i = 0; i < 20000; i++) {
    const reader = new Reader(Uint8Array.from({ length: rnd(40) }, () => rnd(256)));
    try {
      while (reader.left > 0) reader.value(3);
    } catch (e) {
      assert.ok(e instanceof MsgpackError, String(e));
    }
  }
});
