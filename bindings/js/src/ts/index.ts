/**
 * Text that many people edit at once.
 *
 *     import { Document } from "sennit";
 *
 *     const alice = new Document("hello"), bob = new Document();
 *     bob.apply(alice.delta());
 *     bob.insert(5, ", world");
 *     alice.apply(bob.delta(alice.version));
 *     String(alice);    // "hello, world"
 *
 * @module
 */
export { SennitError, type Code } from "./errors.js";
export * from "./document.js";
export { Undo, type UndoOptions } from "./undo.js";
export * from "./history.js";
export * from "./marks.js";
