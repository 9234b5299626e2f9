/**
 * The module's code. Imported before anything else, this begins to fetch and compile it
 * while the rest of a page is still evaluated.
 *
 * @module
 */
const url = new URL("./sennit.wasm", import.meta.url);

/** A module of Node's, by a name that bundlers for browsers leave alone.
 * @internal */
export function node<T>(name: string): Promise<T> {
  const path = `node:${name}`;
  return import(/* @vite-ignore */ path) as Promise<T>;
}

async function compile(): Promise<WebAssembly.Module> {
  if (url.protocol === "file:") {
    const { readFile } = await node<{ readFile(path: URL): Promise<Uint8Array<ArrayBuffer>> }>("fs/promises");
    return WebAssembly.compile(await readFile(url));
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`cannot fetch ${url}: ${response.status}`);
  // Not every server knows the type without which it is not compiled as it arrives.
  if (response.headers.get("Content-Type") === "application/wasm") return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

/** @internal */
export const compiled: Promise<WebAssembly.Module> = compile();
