// The examples that README.md shows.
import { readFileSync } from "node:fs";

export const snippets = [...readFileSync(new URL("../README.md", import.meta.url), "utf8").matchAll(/^```js\n(.*?)^```/gms)]
  .map(([, code]) => code);
