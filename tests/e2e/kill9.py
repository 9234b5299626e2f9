"""Kill the server amid typing, again and again, and look for what it called durable.

    SENNITD=build/release/sennitd python3 tests/e2e/kill9.py KILLS [SEED]

Each life of the server has three typists at two documents. It is killed at a random moment;
the next one has to open, with every acknowledged character of all lives before it.
"""

import random
import select
import signal
import sys
import tempfile
import time

from harness import DURABLE, Closed, Server, Typist, Unpacker, ACK, PING, PONG

KILLS = int(sys.argv[1])
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
DOCUMENTS, AHEAD = ("one", "two"), 64


class Hand(Typist):
    """A typist whose text is |NAME| and digits; it types on until the server is gone."""

    def __init__(self, server, document, name):
        super().__init__(server, document)
        self.name, self.gone = "|%s|" % name, False
        self.type("|")
        self.wait(0)

    def go_on(self):
        n = len(self.typed)
        if n - self.acknowledged[DURABLE] < AHEAD:
            self.type(self.name[n] if n < len(self.name) else str(n % 10))

    def listen(self):
        for message in Unpacker(self.receive_frame()).messages():
            if message[0] == PING:
                self.send(PONG, 0, message[2])
            elif message[0] == ACK:
                self.take(message)

    def step(self, readable):
        try:
            if readable:
                self.listen()
            self.go_on()
        except Closed:
            self.gone = True


def live(hands, kill_at, kill):
    """Type until the moment, kill, and hear what was said before that."""
    killed = False
    while not all(hand.gone for hand in hands):
        readable, _, _ = select.select([h.socket for h in hands if not h.gone], [], [], 0.001)
        for hand in hands:
            if not hand.gone:
                hand.step(hand.socket in readable or hand.buffer)
        if not killed and time.monotonic() >= kill_at:
            killed = kill() or True


def lost_of(text, hand):
    """How many acknowledged characters of a typist are not in a text."""
    kept = hand.typed[:hand.acknowledged[DURABLE]].decode()
    while kept and kept not in text:
        kept = kept[:-1]
    return hand.acknowledged[DURABLE] - len(kept)


def lost_since(server, hands):
    texts = {d: server.get("/docs/" + d)[2] for d in DOCUMENTS}
    return sum(lost_of(texts[hand.document], hand) for hand in hands)


def one_life(server, life, chance):
    """Three typists until the kill."""
    hands = [Hand(server, DOCUMENTS[i % 2], "%d.%d" % (life, i)) for i in range(3)]
    live(hands, time.monotonic() + chance.uniform(0, 0.5), lambda: server.stop(signal.SIGKILL))
    for hand in hands:
        hand.close()
    return hands


def main(folder):
    chance = random.Random(SEED)
    hands, lost = [], 0
    print("seed %d" % SEED, file=sys.stderr)
    for life in range(KILLS + 1):
        group = str(chance.choice((1, 4, 20, 100)))
        with Server(folder, "--open", "--log-level", "error", "--group-ms", group, "--unload-ms", "50") as server:
            lost = lost_since(server, hands)
            if life == KILLS or lost:
                server.stop(signal.SIGKILL)
                break
            hands += one_life(server, life, chance)
    acknowledged = sum(hand.acknowledged[DURABLE] for hand in hands)
    print("kills %d acked %d lost %d" % (life, acknowledged, lost))
    return 0 if life == KILLS and acknowledged > 0 and lost == 0 else 1


with tempfile.TemporaryDirectory() as place:
    sys.exit(main(place))
