/**
 * Where documents are kept on a device. It takes no WebAssembly, so a page can open its
 * store before that is compiled.
 *
 * @module
 */
export * from "./sync/store.js";
