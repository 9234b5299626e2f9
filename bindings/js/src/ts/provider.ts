/**
 * A document kept in step with a server, on this device and over reconnects.
 *
 * @module
 */
export * from "./sync/provider.js";
export { type Peer, type Presence } from "./sync/presence.js";
export { Fault, Level, Permission } from "./sync/session.js";
export { ProtocolError } from "./sync/message.js";
export * from "./sync/store.js";
