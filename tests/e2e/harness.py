"""What the end-to-end tests share: a server as a process, and a client that speaks
docs/PROTOCOL.md over a socket of its own. Nothing but the standard library.

    SENNITD=build/release/sennitd python3 tests/e2e/NAME.py
"""

import gzip
import http.client
import json
import os
import secrets
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../vectors"))
from decode import Document, Operation, check_of, u64  # noqa: E402
from encode import delta, varint  # noqa: E402

SENNITD = os.environ["SENNITD"]
SENNIT = os.environ.get("SENNIT", os.path.join(os.path.dirname(SENNITD), "sennit"))
DEADLINE = 60
HELLO, WELCOME, DELTA, ACK, PRESENCE, PING, PONG, ERROR, LEAVE, WANT, VOID, PROBE, DIGESTS = range(13)
APPLIED, DURABLE = 0, 1


def run(*args, **more):
    """Run a program to its end; its code, and what it printed on both outputs."""
    done = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=DEADLINE, **more)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def until(what, why):
    """Ask again and again until the answer is true, and return it."""
    end = time.monotonic() + DEADLINE
    while True:
        answer = what()
        if answer:
            return answer
        assert time.monotonic() < end, "in vain: " + why
        time.sleep(0.01)


def certificate(folder):
    """Make one for this machine; where it is, and its key."""
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    code, _, err = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                       "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
                       "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1")
    assert code == 0, err
    return cert, key


class Server:
    """A process, listening where the system likes. Its log is in the file `log`."""

    def __init__(self, folder, *options, data="data.sqlite", port=0):
        self.folder, self.tls = folder, None
        self.log_path, file = os.path.join(folder, "log"), os.path.join(folder, "address")
        if os.path.exists(file):
            os.remove(file)
        data = data if data == "memory" else os.path.join(folder, data)
        self.process = subprocess.Popen(
            [SENNITD, "--listen", "127.0.0.1:%d" % port, "--address-file", file, "--data", data,
             *options], stdin=subprocess.DEVNULL, stderr=open(self.log_path, "ab"))
        until(lambda: self.process.poll() is not None or os.path.exists(file), "the server is not there")
        assert self.process.poll() is None, "the server did not start: " + open(self.log_path).read()
        self.address = open(file).read().strip()
        self.port = int(self.address.rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, *error):
        """Asked twice to stop, the server does not wait for clients that do not listen."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL if error[0] else signal.SIGTERM)
            until(lambda: error[0] or self.log("stopping"), "the server stops")
            code = self.stop()
            assert error[0] or code == 0, "it ends with %d" % code

    def log(self, event=None):
        """The lines of the log, each of which is an object; or those of one event."""
        lines = [json.loads(line) for line in open(self.log_path, "rb").read().decode("ascii").splitlines()]
        return [line for line in lines if event in (None, line["event"])]

    def get(self, path, method="GET", body=None, **headers):
        """Status, headers and body of an answer. Headers: If_None_Match="..." and so on."""
        if self.tls:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=DEADLINE, context=self.tls)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        headers, body = dict(answer.getheaders()), answer.read()
        connection.close()
        if headers.get("Content-Encoding") == "gzip": # the page, if it was built
            body = gzip.decompress(body)
        return answer.status, headers, body.decode()

    def metrics(self):
        """Every sample by its name, labels included."""
        status, _, text = self.get("/metrics")
        assert status == 200, (status, text)
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
                for line in text.splitlines() if not line.startswith("#")}

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(DEADLINE)


# ---- msgpack, as far as the protocol goes -----------------------------------------------

def pack(value):
    if value is None:
        return b"\xc0"
    if isinstance(value, int):
        return b"\xcf" + struct.pack(">Q", value) if value > 127 else bytes([value])
    if isinstance(value, str):
        return b"\xdb" + struct.pack(">I", len(value.encode())) + value.encode()
    if isinstance(value, (bytes, bytearray)):
        return b"\xc6" + struct.pack(">I", len(value)) + bytes(value)
    return b"\xdc" + struct.pack(">H", len(value)) + b"".join(pack(v) for v in value)


class Unpacker:
    SIZED = {0xC4: "B", 0xC5: ">H", 0xC6: ">I", 0xD9: "B", 0xDA: ">H", 0xDB: ">I", 0xDC: ">H", 0xDD: ">I"}
    NUMBERS = {0xCC: "B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q"}

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        assert self.at + n <= len(self.data), "a message ends too early"
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def value(self):
        head = self.number("B")
        if head < 0x80:
            return head
        if head == 0xC0:
            return None
        if head in self.NUMBERS:
            return self.number(self.NUMBERS[head])
        if head >> 4 == 9:
            return [self.value() for _ in range(head & 15)]
        if head >> 5 == 5:
            return self.take(head & 31).decode()
        n = self.number(self.SIZED[head])
        if head in (0xDC, 0xDD):
            return [self.value() for _ in range(n)]
        return self.take(n) if head < 0xD0 else self.take(n).decode()

    def messages(self):
        while self.at < len(self.data):
            yield self.value()


# ---- WebSocket ---------------------------------------------------------------------------

class Refused(Exception):
    """The upgrade was answered with another status."""


class Closed(Exception):
    """The connection was closed: code (1006 without a word), reason."""


class Socket:
    def __init__(self, server, path="/sync", room=None, **headers):
        """room: how many bytes the system may hold for us."""
        self.socket = socket.socket()
        self.socket.settimeout(DEADLINE)
        if room:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        self.socket.connect(("127.0.0.1", server.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if server.tls:
            self.socket = server.tls.wrap_socket(self.socket, server_hostname="localhost")
        self.buffer = b""
        asked = {"Host": server.address, "Upgrade": "websocket", "Connection": "Upgrade",
                 "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version": "13",
                 "Sec-WebSocket-Protocol": "sennit"}
        asked.update({k.replace("_", "-"): v for k, v in headers.items()})
        self.socket.sendall(("GET %s HTTP/1.1\r\n" % path +
                             "".join("%s: %s\r\n" % h for h in asked.items()) + "\r\n").encode())
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        status = int(head.split()[1])
        if status != 101:
            self.close()
            raise Refused(status)

    def fill(self):
        try:
            data = self.socket.recv(1 << 16)
        except (ConnectionError, ssl.SSLError) as e:
            raise Closed(1006, str(e))
        if not data:
            raise Closed(1006, "the connection ended")
        self.buffer += data

    def read(self, n):
        while len(self.buffer) < n:
            self.fill()
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def send_frame(self, data, opcode=2):
        n = len(data)
        length = bytes([0x80 | n]) if n < 126 else b"\xfe" + struct.pack(">H", n) if n < 65536 else \
            b"\xff" + struct.pack(">Q", n)
        try:  # masked, with a mask of zeros
            self.socket.sendall(bytes([0x80 | opcode]) + length + bytes(4) + data)
        except (ConnectionError, ssl.SSLError) as e:
            raise Closed(1006, str(e))

    def receive_frame(self):
        whole = b""
        while True:
            head, length = self.read(2)
            n = length & 127
            n = struct.unpack(">H", self.read(2))[0] if n == 126 else \
                struct.unpack(">Q", self.read(8))[0] if n == 127 else n
            data = self.read(n)
            if head & 15 == 8:
                code = struct.unpack(">H", data[:2])[0] if data else 1005
                raise Closed(code, data[2:].decode())
            if head & 15 == 9:
                self.send_frame(data, 10)
            elif head & 15 < 8:
                whole += data
                if head & 0x80:
                    return whole

    def close(self):
        self.socket.close()


# ---- A client ----------------------------------------------------------------------------

class Client(Socket):
    """A connection that speaks the protocol; answers pings, and keeps the rest for `next`."""

    def __init__(self, *args, **headers):
        super().__init__(*args, **headers)
        self.waiting = []

    def send(self, *message):
        self.send_frame(pack(list(message)))

    def next(self):
        """The next message that is no ping."""
        while not self.waiting:
            for message in Unpacker(self.receive_frame()).messages():
                if message[0] == PING:
                    self.send(PONG, 0, message[2])
                else:
                    self.waiting.append(message)
        return self.waiting.pop(0)

    def expect(self, *kinds):
        """The next message of one of these kinds."""
        while True:
            message = self.next()
            if message[0] in kinds:
                return message

    def hello(self, document, token="", channel=1, replica=0, newest=1, oldest=1):
        """Join; the welcome, or the error."""
        self.send(HELLO, channel, newest, oldest, document, None, replica, 0, 0, b"", token, 0)
        return self.expect(WELCOME, ERROR)

    def join(self, document, token=""):
        answer = self.hello(document, token)
        assert answer[0] == WELCOME, answer
        return answer

    def error(self):
        """The code of the error, or of the close, that comes next."""
        try:
            return self.expect(ERROR)[2]
        except Closed as e:
            return e.args[0]


class Typist(Client):
    """Types one text, as a child of the root: it stays whole."""

    def __init__(self, server, document, token="", **headers):
        super().__init__(server, **headers)
        self.document, self.replica = document, secrets.randbits(63) | 1
        self.typed, self.serial, self.acknowledged = bytearray(), 0, {APPLIED: 0, DURABLE: 0}
        answer = self.hello(document, token, replica=self.replica)
        assert answer[0] == WELCOME, answer
        self.lineage = answer[4] or secrets.token_bytes(16)
        self.hlc = answer[6] << 16

    def type(self, text):
        """Up to 64 ASCII characters, one the first time."""
        data = self.short(text.encode()) if self.typed else self.first(text.encode())
        self.typed += text.encode()
        self.serial += 1
        self.send(DELTA, 1, self.serial, data)

    def first(self, character):
        document = Document()
        document.lineage = self.lineage
        document.take([Operation(self.replica, 0, self.hlc, 0, ("insert", None, 0), character[0])])
        return delta(document, {})

    def short(self, text):
        """The short delta of what is typed next."""
        head, n = (b"\0", b"") if len(text) == 1 else (b"\2", varint(len(text)))
        data = head + u64(self.replica) + varint(len(self.typed)) + n + text
        return data + check_of(self.replica, data, 2)

    def take(self, message):
        if message[0] == ACK:
            self.acknowledged[message[2]] = message[3]

    def wait(self, level):
        """Until all that was typed is so safe."""
        while self.acknowledged[level] < self.serial:
            self.take(self.expect(ACK))


def main(checks):
    """Run every function whose name begins with check_, each in a folder of its own."""
    for name, check in list(checks.items()):
        if name.startswith("check_"):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    check(folder)
                except Exception as e:
                    log = os.path.join(folder, "log")
                    print(open(log).read()[-2000:] if os.path.exists(log) else "", file=sys.stderr)
                    print("FAILED %s: %s" % (name, e), file=sys.stderr)
                    raise
