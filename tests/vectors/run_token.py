"""Capability tokens by include/sennit/trust.h alone, with an Ed25519 of its own.

    python3 tests/vectors/run_token.py          compare with token/good.vec and token/bad.vec
    python3 tests/vectors/run_token.py write    write them anew

Slow, and not for keys that matter: nothing here takes the same time for every secret.
"""

import base64
import hashlib
import os
import struct
import sys

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "token")

# ---- Ed25519, RFC 8032, section 5.1, in affine coordinates -------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2 % P
    return ((x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P,
            (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P)


def times(n, point):
    out = (0, 1)
    while n:
        if n & 1:
            out = add(out, point)
        point, n = add(point, point), n >> 1
    return out


BASE = (15112221349535400772501151409588531511454012693041857206046113283949847762202,
        4 * pow(5, -1, P) % P)


def compress(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def sign(secret, message):
    """The public key and the signature."""
    digest = hashlib.sha512(secret).digest()
    scalar = int.from_bytes(digest[:32], "little") & (1 << 254) - 8 | 1 << 254
    public = compress(times(scalar, BASE))
    nonce = number(digest[32:], message) % L
    commitment = compress(times(nonce, BASE))
    proof = (nonce + number(commitment, public, message) * scalar) % L
    return public, commitment + proof.to_bytes(32, "little")


# ---- the payload: as much msgpack as it takes -------------------------------------

def pack(value):
    if isinstance(value, list):
        return bytes([0x90 + len(value)]) + b"".join(map(pack, value))
    if isinstance(value, str):
        raw = value.encode()
        return (bytes([0xA0 + len(raw)]) if len(raw) < 32 else bytes([0xD9, len(raw)])) + raw
    for first, form in ((0xCC, ">B"), (0xCD, ">H"), (0xCE, ">I"), (0xCF, ">Q")):
        if value < 0x80:
            return bytes([value])
        if value < 1 << 8 * struct.calcsize(form):
            return bytes([first]) + struct.pack(form, value)
    raise ValueError(value)


def text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(payload, secret=None, context=b"sennit token 1\0"):
    return text(sign(secret or SECRET, context + payload)[1] + payload)


# ---- the files --------------------------------------------------------------------

# The first secret of RFC 8032, section 7.1: its public key is known.
SECRET = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")

GRANTS = [
    ["notes", "ada", 3, 1800000000000, 7],
    ["*", "root", 4, 0, 1],
    ["a", "b", 1, 127, 128],
    ["A-z.0_9", "Zoë Ångström ☃", 2, 255, 65535],
    ["x" * 31, "y" * 32, 3, 65536, 2**32 - 1],
    ["d" * 128, "u" * 128, 4, 2**64 - 1, 2**64 - 1],
    ["...", "né" * 42, 1, 2**32, 2**63],
]

FIELDS = [1, "notes", "ada", 3, 1800000000000, 7]
NOTES = pack(FIELDS)


def changed(i, value):
    return pack(FIELDS[:i] + [value] + FIELDS[i + 1:])


def good():
    yield "public " + PUBLIC.hex()
    for document, user, permission, expires, id_ in GRANTS:
        yield f"grant {permission} {expires} {id_} {document} {user}"
        yield "token " + token(pack([1, document, user, permission, expires, id_]))


def bad():
    whole = sign(SECRET, b"sennit token 1\0" + NOTES)[1]
    scalar = int.from_bytes(whole[32:], "little") + L
    cases = [
        ("nothing", ""),
        ("no payload", token(b"")),
        ("signed with another secret", token(NOTES, secret=SECRET[::-1])),
        ("signed for another purpose", token(NOTES, context=b"sennit token 2\0")),
        ("signed without a purpose", token(NOTES, context=b"")),
        ("a second form of the signature", text(whole[:32] + scalar.to_bytes(32, "little") + NOTES)),
        ("padded", token(NOTES + b"\0") + "="),
        ("the other alphabet, not that of URLs", "+/" + token(NOTES)[2:]),
        ("a space behind it", token(NOTES) + " "),
        ("a field too few", token(pack(FIELDS[:5]))),
        ("a field too many", token(pack(FIELDS + [0]))),
        ("a byte behind it", token(NOTES + b"\0")),
        ("form 2", token(changed(0, 2))),
        ("no document", token(changed(1, ""))),
        ("a document whose name is too long", token(changed(1, "d" * 129))),
        ("a document with a slash", token(changed(1, "a/b"))),
        ("a document called ..", token(changed(1, ".."))),
        ("a document called .", token(changed(1, "."))),
        ("a document with a zero byte", token(changed(1, "no\0tes"))),
        ("two wildcards", token(changed(1, "**"))),
        ("nobody", token(changed(2, ""))),
        ("a user whose name is too long", token(changed(2, "u" * 129))),
        ("a user with a newline", token(changed(2, "a\nb"))),
        ("a user with U+007F", token(changed(2, "a\x7f"))),
        ("a user with U+0085", token(changed(2, "a\x85"))),
        ("a user who is not UTF-8", token(NOTES.replace(b"ada", b"a\xffa"))),
        ("permission 0", token(changed(3, 0))),
        ("permission 5", token(changed(3, 5))),
        ("a permission in two bytes", token(NOTES.replace(b"ada\x03", b"ada\xcc\x03"))),
        ("an id in two bytes", token(NOTES[:-1] + b"\xcc\x07")),
        ("an id in three bytes", token(NOTES[:-1] + b"\xcd\x00\x07")),
        ("an id in five bytes", token(NOTES[:-1] + b"\xce\x00\x00\x00\x07")),
        ("an id in nine bytes", token(NOTES[:-1] + b"\xcf" + b"\0" * 7 + b"\x07")),
        ("a negative id", token(NOTES[:-1] + b"\xff")),
        ("a short name in the long form", token(NOTES.replace(b"\xa3ada", b"\xd9\x03ada"))),
        ("a name in the longer form", token(NOTES.replace(b"\xa3ada", b"\xda\x00\x03ada"))),
        ("a name that is bytes", token(NOTES.replace(b"\xa3ada", b"\xc4\x03ada"))),
        ("a list in the long form", token(b"\xdc\x00\x06" + NOTES[1:])),
        ("a map", token(b"\x83" + NOTES[1:])),
    ] + [("%d bytes of its payload" % n, token(NOTES[:n])) for n in range(1, len(NOTES))]
    yield "public " + PUBLIC.hex()
    for why, what in cases:
        yield "# " + why
        yield "refuse " + what
    yield "# expired at this very moment, and long ago"
    yield f"gone {FIELDS[4]} " + token(NOTES)
    yield f"gone {2**64 - 1} " + token(NOTES)


def main(write):
    assert sign(SECRET, b"")[0] == PUBLIC
    for name, lines in (("good", good), ("bad", bad)):
        path = os.path.join(HERE, name + ".vec")
        want = "# written by tests/vectors/run_token.py\n" + "\n".join(lines()) + "\n"
        if write:
            with open(path, "w", encoding="utf-8") as file:
                file.write(want)
        with open(path, encoding="utf-8", newline="") as file:
            assert file.read() == want, path + " is not what run_token.py writes"


if __name__ == "__main__":
    main("write" in sys.argv[1:])
