// Bundle the page and write it as a C file for the server: build.mjs OUT.c
//
// Everything is compressed here, once and for each encoding; the server sends it as it is.
// Tags are hashes of the contents, so a browser asks again and is told that nothing changed.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompressSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url)), js = join(here, "../../bindings/js");
const require = createRequire(join(js, "package.json"));
const { build } = require("esbuild"), { minify } = require("terser");
const zopfli = promisify(require("@gfx/zopfli").gzip); // smaller than what zlib makes by a twentieth
const out = process.argv[2];

/** The library as it was built; what early.js has of it, page.js takes from there. */
const library = (entry) => ({
  name: "library",
  setup({ onResolve }) {
    onResolve({ filter: /^sennit(\/|$)/ }, ({ path }) => ({ path: join(js, `dist/${path.split("/")[1] ?? "index"}.js`) }));
    if (entry !== "early.ts")
      onResolve({ filter: /\/(early|compile)\.js$/ }, () => ({ path: "./early.js", external: true }));
  },
});

const bundle = async (entry) => {
  const { outputFiles } = await build({
    entryPoints: [join(here, entry)], bundle: true, minify: true, format: "esm", target: "es2022", write: false,
    legalComments: "none", nodePaths: [join(js, "node_modules")], logLevel: "warning", plugins: [library(entry)],
  });
  return entry.endsWith(".css") ? outputFiles[0].contents : shorter(outputFiles[0].text);
};

/** What is left to shorten across functions, of which esbuild looks at one at a time. */
async function shorter(script) {
  const { code } = await minify(script, { module: true, ecma: 2020, compress: { passes: 2 } });
  return Buffer.from(code);
}

const files = [
  ["/", "text/html; charset=utf-8", readFileSync(join(here, "index.html"))],
  ["/early.js", "text/javascript; charset=utf-8", await bundle("early.ts")],
  ["/page.js", "text/javascript; charset=utf-8", await bundle("page.ts")],
  ["/page.css", "text/css; charset=utf-8", await bundle("page.css")],
  ["/icon.svg", "image/svg+xml", readFileSync(join(here, "icon.svg"))],
  ["/sennit.wasm", "application/wasm", readFileSync(join(js, "dist/lean.wasm"))],
];

const encodings = [["br", brotliCompressSync], ["gzip", (data) => zopfli(data, {})]];

let c = '/* The page, compressed; made by examples/page/build.mjs. */\n#include "server/static.h"\n\n';
let table = "", count = 0;
const total = { br: 0, gzip: 0 };
for (const [path, type, data] of files)
  for (const [encoding, pack] of encodings) {
    const packed = await pack(data), tag = createHash("sha256").update(packed).digest("hex").slice(0, 16);
    total[encoding] += packed.length;
    c += `static const unsigned char file_${count}[] = {${[...packed].join(",")}};\n`;
    table += `    { "${path}", "${type}", "${encoding}", "\\"${tag}\\"", file_${count}, sizeof file_${count} },\n`;
    console.log(`${path} ${encoding} ${packed.length}`);
    count++;
  }
c += `\nconst struct static_file static_files[] = {\n${table}};\nconst size_t static_files_len = ${count};\n`;
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, c);
console.log(`the page: ${total.br} bytes as br, ${total.gzip} as gzip`);
