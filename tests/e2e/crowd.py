"""Those who connect and do not go on do not keep out those who do.

    SENNITD=build/release/sennitd LOAD=build/release/load python3 tests/e2e/crowd.py
"""

import json
import os
import socket
import subprocess
import threading

from harness import DEADLINE, Server, main, until

LOAD = os.environ["LOAD"]
HALF_OPEN, HANDSHAKE_MS = 1000, 4000
REQUEST = b"GET /sync HTTP/1.1\r\nHost: localhost\r\n" + b"X-Slow: %s\r\n" % (b"x" * 2000)


class Trickle:
    """Connections that send a byte of their request now and then."""

    def __init__(self, server):
        self.over = threading.Event()
        self.sockets = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(HALF_OPEN)]
        self.thread = threading.Thread(target=self.drip)
        self.thread.start()

    def drip(self):
        for at in range(len(REQUEST)):
            for each in self.sockets:
                try:
                    each.send(REQUEST[at:at + 1])
                except OSError:
                    pass  # it was cut off, as it should be
            if self.over.wait(0.2):
                return

    def stop(self):
        self.over.set()
        self.thread.join()
        for each in self.sockets:
            each.close()


def check_a_thousand_that_trickle_keep_nobody_out(folder):
    with Server(folder, "--open", "--handshake-ms", str(HANDSHAKE_MS)) as server:
        trickle = Trickle(server)
        try:
            out = subprocess.run(
                [LOAD, "--url", "ws://%s/sync" % server.address, "--documents", "2", "--clients", "3",
                 "--rate", "200", "--seconds", "2"], check=True, stdout=subprocess.PIPE, timeout=DEADLINE).stdout
            result = json.loads(out)
            assert result["edits"] > 100 and result["lost"] == 0, result
            assert result["p50_ms"] < 100, result
            until(lambda: open_files(server) < HALF_OPEN, "they are not cut off")
        finally:
            trickle.stop()


def check_idle_connections_stay(folder):
    with Server(folder, "--open") as server:
        out = subprocess.run(
            [LOAD, "--url", "ws://%s/sync" % server.address, "--pid", str(server.process.pid),
             "--scenario", "idle", "--documents", "3", "--clients", "20"],
            check=True, stdout=subprocess.PIPE, timeout=DEADLINE).stdout
        assert json.loads(out)["connections"] == 60
        assert not server.log("refused"), server.log()


def open_files(server):
    return len(os.listdir("/proc/%d/fd" % server.process.pid))


main(globals())
