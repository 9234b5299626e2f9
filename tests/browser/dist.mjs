// The package's files for a browser, as modules, and whatever else a test wants there.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

const DIST = fileURLToPath(new URL("../../bindings/js/dist", import.meta.url));
const TYPES = { ".js": "text/javascript", ".wasm": "application/wasm" };

/** Serve them, and files by their paths; any other path is an empty page. */
export async function serve(files = {}) {
  const server = createServer((request, response) => {
    const type = TYPES[extname(request.url)];
    response.setHeader("Content-Type", type ?? "text/html");
    response.end(files[request.url] ?? (type ? readFileSync(DIST + request.url) : "<!doctype html><title>sennit</title>"));
  });
  await new Promise((go) => server.listen(0, "127.0.0.1", go));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
