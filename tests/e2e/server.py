"""The server as a process: clients type at it, it is killed, and has what it
called durable.

    SENNITD=build/release/sennitd LOAD=build/release/load python3 tests/e2e/server.py
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

SENNITD, LOAD = os.environ["SENNITD"], os.environ["LOAD"]
DEADLINE = 60


class Server:
    def __init__(self, folder, *options):
        self.file = os.path.join(folder, "address")
        if os.path.exists(self.file):
            os.remove(self.file)
        self.process = subprocess.Popen(
            [SENNITD, "--listen", "127.0.0.1:0", "--address-file", self.file,
             "--data", os.path.join(folder, "data.sqlite"), "--log-level", "error", *options])
        end = time.monotonic() + DEADLINE
        while not (os.path.exists(self.file) and open(self.file).read().strip()):
            assert self.process.poll() is None, "the server did not start"
            assert time.monotonic() < end, "the server is not there"
            time.sleep(0.01)
        self.address = open(self.file).read().strip()

    def get(self, path):
        with urllib.request.urlopen("http://%s%s" % (self.address, path), timeout=DEADLINE) as answer:
            return answer.status, answer.read().decode()

    def stop(self, how):
        self.process.send_signal(how)
        return self.process.wait(DEADLINE)


def load(server, *options):
    out = subprocess.run(
        [LOAD, "--url", "ws://%s/sync" % server.address, "--documents", "2", "--clients", "3",
         "--rate", "200", "--seconds", "1", *options],
        check=True, stdout=subprocess.PIPE, timeout=DEADLINE).stdout
    return json.loads(out)


def check_everything_arrives(folder):
    server = Server(folder, "--open")
    result = load(server)
    assert result["edits"] > 100 and result["lost"] == 0, result
    assert result["deliveries"] == 2 * result["edits"], result
    assert server.get("/healthz")[0] == 200
    assert server.stop(signal.SIGTERM) == 0, "it does not stop as it should"


def check_what_was_acknowledged_survives_kills(folder):
    acknowledged = []
    for n in range(5):  # with long commits: what is called durable too early is lost then
        server = Server(folder, "--open", "--group-ms", "300")
        typists = subprocess.Popen(
            [LOAD, "--url", "ws://%s/sync" % server.address, "--documents", "1", "--clients", "2",
             "--rate", "200", "--seconds", "60", "--durable", "--until-closed", "--name", "kill%d" % n,
             "--seed", str(n + 1)], stdout=subprocess.PIPE)
        time.sleep(1.2 + 0.27 * n)
        assert server.stop(signal.SIGKILL) == -signal.SIGKILL
        result = json.loads(typists.communicate(timeout=DEADLINE)[0])
        acknowledged.append(result["deliveries"])
        server = Server(folder, "--open")
        text = server.get("/docs/kill%d-0" % n)[1]
        assert text == "x" * len(text) and len(text) >= acknowledged[-1], (len(text), acknowledged[-1])
        server.stop(signal.SIGTERM)
    assert sum(acknowledged) > 0, "nothing was acknowledged"


def check_a_document_nobody_wrote_is_missing(folder):
    server = Server(folder, "--open")
    try:
        server.get("/docs/nothing")
        raise AssertionError("it is there")
    except urllib.error.HTTPError as e:
        assert e.code == 404, e.code
    server.stop(signal.SIGTERM)


def check_it_listens_to_the_world_with_a_key_only(folder):
    done = subprocess.run([SENNITD, "--open", "--listen", "0.0.0.0:0", "--data", "memory"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=DEADLINE)
    assert done.returncode != 0 and done.stderr, "it listens"


for name, check in list(globals().items()):
    if name.startswith("check_"):
        with tempfile.TemporaryDirectory() as folder:
            try:
                check(folder)
            except Exception as e:
                sys.exit("%s: %s" % (name, e or type(e).__name__))
