"""What servers bear, side by side: sennitd, y-websocket-server and Hocuspocus.

    run.py [--json] [--traces FOLDER] [--alone]

Runs build/release/sennitd through every scenario of load.c, and all three through the one
that they have in common, typing, with the same load: the server on one core, the clients on
another. The others are installed from npm below build/bench-server, which needs node 20, npm
and a C++ compiler; --alone leaves them out. Documents are opened if FOLDER has
automerge-paper.json.gz, of the collection josephg/editing-traces.

Prints a table, or with --json one object a line. Takes about two minutes, and ten the first
time; run it on a machine that does nothing else.
"""

import argparse
import gzip
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../../..")
RELEASE, WORK = os.path.join(ROOT, "build/release"), os.path.join(ROOT, "build/bench-server")
DEADLINE = 120


def on_core(n):
    """To run in a child, where there are two cores to tell apart."""
    cores = sorted(os.sched_getaffinity(0))
    return lambda: os.sched_setaffinity(0, {cores[n % len(cores)]})


# ---- Servers -----------------------------------------------------------------------------

class Server:
    def __init__(self, name, command, **more):
        self.name = name
        self.said = tempfile.TemporaryFile("w+", errors="replace")
        self.process = subprocess.Popen(command, preexec_fn=on_core(0), stdout=subprocess.DEVNULL,
                                        stderr=self.said, **more)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(DEADLINE)

    def wait_for(self, is_there):
        """Wait until it serves. If it does not, end with what it said."""
        end = time.monotonic() + DEADLINE
        while not is_there():
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                self.said.seek(0)
                sys.exit("bench-server: %s does not start:\n%s" % (self.name, self.said.read()[-2000:]))
            time.sleep(0.02)


def sennitd(folder, *options):
    address = os.path.join(folder, "address")
    server = Server("sennitd", [os.path.join(RELEASE, "sennitd"), "--open", "--listen", "127.0.0.1:0",
                                "--address-file", address, "--data", os.path.join(folder, "data.sqlite"),
                                "--log-level", "error", *options])
    server.wait_for(lambda: os.path.exists(address))
    server.url = "ws://%s/sync" % open(address).read().strip()
    return server


def free_port():
    with socket.socket() as any_one:
        any_one.bind(("127.0.0.1", 0))
        return any_one.getsockname()[1]


def listens(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def peer(name, folder):
    port = free_port()
    if name == "y-websocket":
        command = ["node", os.path.join(WORK, "node_modules/@y/websocket-server/src/server.js")]
    else:
        command = ["node", "hocuspocus.mjs", str(port), os.path.join(folder, "hocuspocus.sqlite")]
    server = Server(name, command, cwd=WORK, env=dict(os.environ, HOST="127.0.0.1", PORT=str(port)))
    server.wait_for(lambda: listens(port))
    server.port = port
    return server


def install_peers():
    """Hocuspocus' extension needs a module that npm compiles, for minutes: one that was
    interrupted leaves everything there but that, and would never be made up for."""
    os.makedirs(WORK, exist_ok=True)
    for name in os.listdir(os.path.join(HERE, "peers")):
        shutil.copy(os.path.join(HERE, "peers", name), WORK)
    if not has_sqlite():
        shutil.rmtree(os.path.join(WORK, "node_modules"), ignore_errors=True)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--loglevel", "error"], cwd=WORK, check=True,
                       stdout=sys.stderr)


def has_sqlite():
    test = "new (require('better-sqlite3'))(':memory:')"
    return subprocess.run(["node", "-e", test], cwd=WORK, stderr=subprocess.DEVNULL).returncode == 0


# ---- Loads -------------------------------------------------------------------------------

def run(command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, preexec_fn=on_core(1), timeout=DEADLINE, **more)
    if done.returncode != 0:
        sys.exit("bench-server: %s failed" % " ".join(command[:4]))
    return json.loads(done.stdout)


def load(server, *options):
    return run([os.path.join(RELEASE, "load"), "--url", server.url, "--pid", str(server.process.pid), *options])


def alone(label, server_options, *load_options):
    with tempfile.TemporaryDirectory() as folder, sennitd(folder, *server_options) as server:
        return dict(load(server, *load_options), what=label)


def pack(trace, path):
    """A recorded session as load.c reads it."""
    with gzip.open(trace) as recorded, open(path, "wb") as out:
        for transaction in json.load(recorded)["txns"]:
            for place, removed, text in transaction["patches"]:
                data = text.encode("ascii")
                out.write(struct.pack("=III", place, removed, len(data)) + data)


def opening(traces):
    with tempfile.TemporaryDirectory() as folder:
        edits = os.path.join(folder, "edits")
        pack(os.path.join(traces, "automerge-paper.json.gz"), edits)
        words = "--file", edits, "--name", "paper", "--documents", "8"
        with sennitd(folder) as server:
            load(server, "--scenario", "fill", *words)
        with sennitd(folder) as server:
            return dict(load(server, "--scenario", "opening", *words), what="open automerge-paper")


def results(options):
    yield alone("typing", [])
    yield alone("typing, --pace-ms 20", ["--pace-ms", "20"])
    if not options.alone:
        install_peers()
        for name in "y-websocket", "hocuspocus":
            with tempfile.TemporaryDirectory() as folder, peer(name, folder) as server:
                yield dict(run(["node", "typing.mjs", name, str(server.port), str(server.process.pid)],
                               cwd=WORK), what="typing")
    yield alone("100 at one document", [], "--documents", "1", "--clients", "100", "--rate", "500")
    yield alone("until durable", [], "--durable")
    yield alone("6,000/s until durable", [], "--durable", "--clients", "2", "--rate", "6000")
    yield alone("idle", ["--heartbeat-ms", "600000"], "--scenario", "idle", "--documents", "50", "--clients", "100")
    yield alone("five stalled readers", [], "--scenario", "stalling")
    if options.traces:
        yield opening(options.traces)


# ---- Results -----------------------------------------------------------------------------

COLUMNS = [("p50_ms", "p50 ms"), ("p99_ms", "p99 ms"), ("deliveries_per_second", "a second"),
           ("deliveries_per_cpu_s", "a CPU second"), ("lost", "lost"), ("server_rss_kb", "RSS KB")]
FURTHER = ("kb_per_connection", "rss_before_kb", "cold_p50_ms", "warm_p50_ms", "kb_per_document",
           "grown_reading_kb", "grown_stalled_kb", "converged")


def row(result):
    values = [result.get(key, "") for key, _ in COLUMNS]
    further = ", ".join("%s %s" % (key, result[key]) for key in FURTHER if key in result)
    return "%-22s %-12s" % (result["what"], result["server"]) + \
        "".join("%13s" % ("" if v == "" else format(v, ",")) for v in values) + "  " + further


def main():
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--json", action="store_true")
    words.add_argument("--traces", default="")
    words.add_argument("--alone", action="store_true")
    options = words.parse_args()
    if not options.json:
        print("%-22s %-12s" % ("", "") + "".join("%13s" % title for _, title in COLUMNS))
    for result in results(options):
        print(json.dumps(result) if options.json else row(result).rstrip(), flush=True)


main()
