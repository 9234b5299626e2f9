"""The server as a process: clients type at it, it is killed, and has what it
called durable.

    SENNITD=build/release/sennitd LOAD=build/release/load python3 tests/e2e/server.py
"""

import json
import os
import signal
import subprocess
import time

from harness import DEADLINE, Server, main

LOAD = os.environ["LOAD"]


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
    for n in range(2):  # with long commits: what is called durable too early is lost then
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
        text = server.get("/docs/kill%d-0" % n)[2]
        assert text == "x" * len(text) and len(text) >= acknowledged[-1], (len(text), acknowledged[-1])
        server.stop(signal.SIGTERM)
    assert sum(acknowledged) > 0, "nothing was acknowledged"


main(globals())
