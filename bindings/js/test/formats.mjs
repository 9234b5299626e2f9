// Rich text in and out of documents by the command line, which needs no part of this package.
import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SENNIT = process.env.SENNIT ?? fileURLToPath(new URL("../../../build/release/sennit", import.meta.url));

/** What a run of the command printed; it must succeed. */
function run(args, input = "") {
  return new Promise((resolve, reject) => {
    const child = spawn(SENNIT, args, { stdio: ["pipe", "pipe", "pipe"] });
    const out = [], err = [];
    child.stdout.on("data", (data) => out.push(data));
    child.stderr.on("data", (data) => err.push(data));
    child.on("error", reject);
    child.on("close", (code) => code === 0 ? resolve(Buffer.concat(out).toString())
      : reject(new Error(`sennit ${args.join(" ")}: ${Buffer.concat(err)}`)));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** Do something with each of many, four at a time; what goes wrong is told once nothing is under way. */
export async function inTurns(many, work) {
  let next = 0;
  const turns = await Promise.allSettled(Array.from({ length: 4 }, async () => {
    while (next < many.length) await work(many[next++]);
  }));
  for (const { status, reason } of turns) if (status === "rejected") throw reason;
}

export class Formats {
  #folder = mkdtempSync(join(tmpdir(), "sennit-"));
  #empty;
  #made = 0;

  /** A file with an empty document. */
  async document() {
    const file = join(this.#folder, `${this.#made++}`), empty = join(this.#folder, "empty");
    this.#empty ??= (writeFileSync(empty, ""), run(["init", empty]));
    await this.#empty;
    copyFileSync(empty, file);
    copyFileSync(`${empty}.sennit`, `${file}.sennit`);
    return file;
  }

  async read(file, text, format) {
    await run(["import", `--${format}`, file, "-"], text);
  }

  write(file, format) {
    return run(["export", `--${format}`, file]);
  }

  /** A text as an empty document that reads like it writes it. */
  async through(text, format) {
    const file = await this.document();
    await this.read(file, text, format);
    return this.write(file, format);
  }

  close() {
    rmSync(this.#folder, { recursive: true });
  }
}
