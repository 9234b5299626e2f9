"""The messages of docs/PROTOCOL.md by that document alone, with a msgpack of its own.

    python3 tests/vectors/run_protocol.py          compare with protocol/good.vec and bad.vec
    python3 tests/vectors/run_protocol.py write    write them anew

In good.vec a line "frame" has bytes that a writer makes, a line "other" bytes that a
reader takes too, and the lines "message" behind it what they say: s: is a str, b: a
bin, both in hexadecimal digits. In bad.vec "corrupt" is no message, and "unknown" one
of a type that this version does not have.
"""

import os
import struct
import sys

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "protocol")

MOST = 4098  # elements of a message

# What follows type and channel: n number, s str, b bin, B bin or nil; * any more of it.
TYPES = {
    0: ("hello", "n n s B n n n b s n"),
    1: ("welcome", "n b b n n n n n n n n"),
    2: ("delta", "n b*"),
    3: ("ack", "n n n"),
    4: ("presence", "n B s"),
    5: ("ping", "n"),
    6: ("pong", "n"),
    7: ("error", "n s"),
    8: ("leave", ""),
    9: ("want", "n n"),
    10: ("void", "n n n"),
    11: ("probe", "n n*"),
    12: ("digests", "n n*"),
}
NUMBER = {name: number for number, (name, _) in TYPES.items()}


class Corrupt(Exception):
    pass


class Unknown(Exception):
    pass


# ---- msgpack, as much as there is in a message ------------------------------------

class Str(bytes):
    """A str: what is in it is for others to look at."""


def pack(value):
    if value is None:
        return b"\xc0"
    if isinstance(value, int):
        for most, first, form in ((0x7F, None, ">B"), (0xFF, 0xCC, ">B"), (0xFFFF, 0xCD, ">H"),
                                  (2**32 - 1, 0xCE, ">I"), (2**64 - 1, 0xCF, ">Q")):
            if value <= most:
                return (b"" if first is None else bytes([first])) + struct.pack(form, value)
    if isinstance(value, Str) and len(value) < 32:
        return bytes([0xA0 | len(value)]) + value
    first = 0xD9 if isinstance(value, Str) else 0xC4
    for i, (form, most) in enumerate(((">B", 0xFF), (">H", 0xFFFF), (">I", 2**32 - 1))):
        if len(value) <= most:
            return bytes([first + i]) + struct.pack(form, len(value)) + value
    raise ValueError(value)


def pack_list(values):
    n = len(values)
    head = bytes([0x90 | n]) if n < 16 else b"\xdc" + struct.pack(">H", n)
    return head + b"".join(map(pack, values))


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        if self.at + n > len(self.data):
            raise Corrupt("cut off")
        self.at += n
        return self.data[self.at - n:self.at]

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def head(self):
        first = self.number(">B")
        if first & 0xF0 == 0x90:
            return first & 0x0F
        if first == 0xDC:
            return self.number(">H")
        raise Corrupt("no array")

    def element(self):
        """A number, Str, bytes, None; or False for what no field may be."""
        first = self.number(">B")
        if first < 0x80:
            return first
        if first >= 0xE0:
            return False
        if first & 0xE0 == 0xA0:
            return Str(self.take(first & 0x1F))
        if first == 0xC0:
            return None
        if first in (0xC2, 0xC3):
            return False
        if 0xC4 <= first <= 0xC6:
            return self.take(self.number((">B", ">H", ">I")[first - 0xC4]))
        if first in (0xCA, 0xCB):
            self.take(4 if first == 0xCA else 8)
            return False
        if 0xCC <= first <= 0xCF:
            return self.number((">B", ">H", ">I", ">Q")[first - 0xCC])
        if 0xD0 <= first <= 0xD3:
            value = self.number((">b", ">h", ">i", ">q")[first - 0xD0])
            return value if value >= 0 else False
        if 0xD9 <= first <= 0xDB:
            return Str(self.take(self.number((">B", ">H", ">I")[first - 0xD9])))
        raise Corrupt("a container, an extension, or nothing at all")


# ---- messages ---------------------------------------------------------------------

def is_number(value):
    return value is not False and isinstance(value, int)


def fits(kind, value):
    if kind == "n":
        return is_number(value)
    if kind == "s":
        return isinstance(value, Str)
    if kind == "B" and value is None:
        return True
    return isinstance(value, bytes) and not isinstance(value, Str)


def read(reader):
    n = reader.head()
    if not 2 <= n <= MOST:
        raise Corrupt("so many elements")
    values = [reader.element() for _ in range(n)]
    kind, channel = values[:2]
    if not is_number(kind) or not is_number(channel):
        raise Corrupt("no type, or no channel")
    if kind not in TYPES:
        raise Unknown(kind)
    name, fields = TYPES[kind]
    left, out = values[2:], []
    for field in fields.split():
        if field.endswith("*"):
            if not all(fits(field[0], value) for value in left):
                raise Corrupt("an item of another kind")
            out += left
            break
        if not left or not fits(field, left[0]):
            raise Corrupt("a field that is missing, or of another kind")
        out.append(left.pop(0))
    return [name, channel] + out


def read_frame(data):
    reader, messages = Reader(data), []
    while reader.at < len(data):
        messages.append(read(reader))
    return messages


def write(message):
    return pack_list([NUMBER[message[0]]] + message[1:])


def word(value):
    if value is None:
        return "nil"
    if isinstance(value, (bytes, Str)):
        return ("s:" if isinstance(value, Str) else "b:") + bytes(value).hex()
    return str(value)


# ---- the files --------------------------------------------------------------------

TOP = 2**64 - 1
LINEAGE = bytes(range(16))
HELLO = ["hello", 1, 1, 1, Str(b"notes"), LINEAGE, 7, 3, TOP, b"\x01\x07\x03", Str(b"a token"), 9]
BLANK = ["hello", 2, 1, 1, Str(b"a"), None, 0, 0, 0, b"", Str(b""), 0]
WELCOME = ["welcome", 1, 1, b"\x01\x07\x03", LINEAGE, 3, 1800000000000, 20000, 1048576, 9, 4, 3, TOP]
KEYSTROKE = ["delta", 1, 1, b"\x01x"]

FRAMES = [
    [HELLO], [BLANK], [WELCOME], [KEYSTROKE], [["delta", 1, 2]],
    [["delta", 1, 128, b"one", b"", b"three" * 60]], [["delta", 3, 65536] + [b"x"] * 13],
    [["delta", 3, 65537] + [b"y"] * 14],
    [["ack", 1, 0, 0, 0]], [["ack", 1, 1, 255, 256]], [["ack", 70000, 2, 65535, 2**32]],
    [["presence", 1, 0, b"here", Str(b"")]], [["presence", 1, 2**32 - 1, None, Str("Zoë".encode())]],
    [["ping", 0, 0]], [["pong", 0, TOP]],
    [["error", 1, 4409, Str(b"this replica went another way")]], [["error", 0, 4503, Str(b"t" * 32)]],
    [["leave", 5]], [["want", 1, 7, 3]], [["void", 1, 7, 3, 2**63]],
    [["probe", 1, 7]], [["probe", 1, 7] + list(range(1, 65))],
    [["digests", 1, 7]], [["digests", 1, 7, TOP, 0, 1]],
    [["leave", 1], BLANK, ["ping", 0, 3]], [],
]


def others():
    yield "a number in more bytes than it takes", b"\x93\xcc\x05\xcd\x00\x00\xcf" + b"\0" * 7 + b"\x04"
    yield "numbers in signed forms", b"\x93\xd0\x05\xd1\x00\x00\xd2\x00\x00\x00\x04"
    yield "a short list in the long form", b"\xdc\x00\x02\x08\x05"
    yield "a str in a longer form", b"\x94\x07\x01\x04\xda\x00\x02hi"
    yield "a bin in a longer form", b"\x94\x02\x01\x01\xc6\x00\x00\x00\x01x"
    yield "elements of a later version", b"\x96\x05\x00\x04\xa1x\xcb" + b"\0" * 8 + b"\xc3"


def bad():
    ack = write(["ack", 1, 0, 0, 0])
    cases = [
        ("no array", b"\x05"), ("a map", b"\x81\x05\x00"), ("nil", b"\xc0"),
        ("an empty array", b"\x90"), ("no channel", b"\x91\x08"),
        ("an array with a head of four bytes", b"\xdd\x00\x00\x00\x02\x08\x05"),
        ("an array in it", b"\x93\x08\x05\x90"), ("a map in it", b"\x93\x08\x05\x80"),
        ("an extension in it", b"\x93\x08\x05\xd4\x00\x00"),
        ("a byte that is nothing", b"\x93\x08\x05\xc1"),
        ("a type below zero", b"\x92\xff\x05"), ("a type that is a str", b"\x92\xa1x\x05"),
        ("a channel below zero", b"\x92\x08\xff"), ("a channel that is nil", b"\x92\x08\xc0"),
        ("a channel that is a float", b"\x92\x08\xca\x00\x00\x00\x00"),
        ("a field too few", b"\x94\x03\x01\x00\x00"), ("a level below zero", b"\x95\x03\x01\xff\x00\x00"),
        ("a level that is true", b"\x95\x03\x01\xc3\x00\x00"),
        ("a document that is a bin", pack_list([0, 1, 1, 1, b"notes", None, 0, 0, 0, b"", Str(b""), 0])),
        ("a version that is nil", pack_list([0, 1, 1, 1, Str(b"n"), None, 0, 0, 0, None, Str(b""), 0])),
        ("a lineage that is a str", pack_list([0, 1, 1, 1, Str(b"n"), Str(LINEAGE), 0, 0, 0, b"", Str(b""), 0])),
        ("a lineage of a welcome that is nil", pack_list([1, 1, 1, b"", None] + [0] * 8)),
        ("a delta that is a str", pack_list([2, 1, 1, b"one", Str(b"two")])),
        ("a delta that is nil", pack_list([2, 1, 1, None])),
        ("a count that is a bin", pack_list([11, 1, 7, 1, b"2"])),
        ("a text that is a bin", pack_list([7, 1, 4400, b"text"])),
        ("a message, and half of one", ack + ack[:3]),
        ("more elements than there may be", b"\xdc\x10\x03" + b"\x02\x01\x01" + b"\xc4\x00" * 4096),
        ("more elements than there are bytes", b"\xdc\xff\xff\x02\x01\x01"),
    ] + [("the first %d bytes of a hello" % n, write(HELLO)[:n]) for n in range(1, len(write(HELLO)))]
    for why, data in cases:
        yield "# " + why
        yield "corrupt " + data.hex()
    for kind in (13, 128, TOP):
        yield "# a type of a later version"
        yield "unknown " + pack_list([kind, 1, Str(b"whatever")]).hex()


def tell(data):
    return ["message " + " ".join([m[0]] + [word(v) for v in m[1:]]) for m in read_frame(data)]


def good():
    for messages in FRAMES:
        data = b"".join(map(write, messages))
        assert read_frame(data) == messages, messages
        yield "frame " + data.hex()
        yield from tell(data)
    for why, data in others():
        yield "# " + why
        yield "other " + data.hex()
        yield from tell(data)


def check_bad(lines):
    for line in lines:
        what, _, data = line.partition(" ")
        if what not in ("corrupt", "unknown"):
            continue
        try:
            read_frame(bytes.fromhex(data))
        except (Corrupt, Unknown) as error:
            assert type(error).__name__.lower() == what, line
        else:
            raise AssertionError("was read: " + line)


def main(anew):
    check_bad(bad())
    for name, lines in (("good", good), ("bad", bad)):
        path = os.path.join(HERE, name + ".vec")
        want = "# written by tests/vectors/run_protocol.py\n" + "\n".join(lines()) + "\n"
        if anew:
            with open(path, "w", encoding="utf-8") as file:
                file.write(want)
        with open(path, encoding="utf-8", newline="") as file:
            assert file.read() == want, path + " is not what run_protocol.py writes"


if __name__ == "__main__":
    main("write" in sys.argv[1:])
