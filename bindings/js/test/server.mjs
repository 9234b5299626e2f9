// The real server as a process, for tests.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SENNITD = process.env.SENNITD ?? fileURLToPath(new URL("../../../build/release/sennitd", import.meta.url));
const DEADLINE_MS = 60_000;

/** Wait until something holds. */
export async function until(what, holds, ms = DEADLINE_MS) {
  for (const end = Date.now() + ms; !(await holds()); await new Promise((go) => setTimeout(go, 5)))
    if (Date.now() > end) throw new Error(`in vain: ${what}`);
}

export class Server {
  #folder = mkdtempSync(join(tmpdir(), "sennit-"));
  #process;
  address;

  /** Start, or start again on the same address with the same data. */
  async start(...options) {
    const file = join(this.#folder, "address");
    rmSync(file, { force: true });
    this.#process = spawn(SENNITD, ["--open", "--listen", this.address ?? "127.0.0.1:0", "--address-file", file,
      "--data", join(this.#folder, "data.sqlite"), "--log-level", "error", ...options], { stdio: "inherit" });
    this.#process.on("error", (e) => { throw e; });
    await until("the server is there", () => {
      if (this.#process.exitCode !== null) throw new Error("the server did not start");
      try {
        this.address = readFileSync(file, "utf8").trim();
      } catch {
        return false;
      }
      return this.address !== "";
    });
    return this;
  }

  get url() {
    return `ws://${this.address}/sync`;
  }

  /** What it answers to a GET, or null. */
  async get(path) {
    const answer = await fetch(`http://${this.address}${path}`);
    return answer.status === 200 ? answer.text() : null;
  }

  text(name) {
    return this.get(`/docs/${name}`);
  }

  async stop(signal = "SIGTERM") {
    if (this.#process.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#process.on("exit", resolve));
    this.#process.kill(signal);
    await gone;
  }

  async end() {
    await this.stop("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
