// Two documents in Node, by way of the shared library: node koffi.mjs [LIBRARY]
//
// For programs that have libsennit.so anyway; all others take the package for JavaScript,
// which is WebAssembly and needs no C. Takes koffi from npm; the calls are those of
// <sennit/sennit.h>.
import { randomFillSync } from "node:crypto";
import koffi from "koffi";

const UTF16 = 2; // positions are those of strings

koffi.proto("int sennit_random(void *self, void *out, size_t len)");
koffi.struct("sennit_options", {
  size: "size_t", alloc: "void *", random: "sennit_random *", random_self: "void *", replica: "uint64_t",
  unit: "int", coalesce_ms: "uint64_t", limits: koffi.array("uint64_t", 4),
});
koffi.struct("sennit_buf", { data: "void *", len: "size_t", cap: "size_t", alloc: koffi.array("void *", 2) });
koffi.opaque("sennit_doc");

const library = koffi.load(process.argv[2] ?? "libsennit.so.0");
const create = library.func("int sennit_doc_new(const sennit_options *options, _Out_ sennit_doc **doc)");
const insert = library.func("int sennit_doc_insert(sennit_doc *doc, size_t pos, str text, size_t len)");
const delta = library.func("int sennit_doc_delta(sennit_doc *doc, void *since, size_t len, void *table, _Inout_ sennit_buf *out, void *err)");
const apply = library.func("int sennit_doc_apply(sennit_doc *doc, void *delta, size_t len, void *table, void *applied, void *err)");
const read = library.func("int sennit_doc_read(sennit_doc *doc, size_t pos, size_t n, _Inout_ sennit_buf *out)");
const length = library.func("size_t sennit_doc_len(sennit_doc *doc)");
const free = library.func("void sennit_doc_free(sennit_doc *doc)");
const init = library.func("void sennit_buf_init(_Out_ sennit_buf *buf, void *alloc)");
const clear = library.func("void sennit_buf_clear(_Inout_ sennit_buf *buf)");

const random = koffi.register((_self, out, len) => {
  koffi.encode(out, koffi.array("uint8_t", len), randomFillSync(new Uint8Array(len)));
  return 0;
}, "sennit_random *");

/** Throw for what is no success. */
function ok(status) {
  if (status < 0) throw new Error(`sennit: status ${status}`);
}

function newDocument() {
  const doc = [null];
  ok(create({ size: koffi.sizeof("sennit_options"), random, unit: UTF16, limits: [0, 0, 0, 0] }, doc));
  return doc[0];
}

function newBuffer() {
  const buf = {};
  init(buf, null);
  return buf;
}

const alice = newDocument(), bob = newDocument();
ok(insert(alice, 0, "hello", 5));
const changes = newBuffer();
ok(delta(alice, null, 0, null, changes, null));
ok(apply(bob, changes.data, changes.len, null, null, null));
ok(insert(bob, 5, ", world", 7));
const text = newBuffer();
ok(read(bob, 0, length(bob), text));
console.log(koffi.decode(text.data, "char", text.len)); // hello, world
[changes, text].forEach((buf) => clear(buf));
[alice, bob].forEach((doc) => free(doc));
koffi.unregister(random);
