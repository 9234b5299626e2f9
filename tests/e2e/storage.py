"""Storage that fails: a full disk, a lock that somebody else holds, a file that cannot be
written, damage. Nothing is called durable meanwhile, those who edit go on, and nothing is
lost once it is well again.

    SENNITD=build/release/sennitd SENNIT=build/release/sennit python3 tests/e2e/storage.py
"""

import os
import resource
import signal
import sqlite3
import subprocess

from harness import APPLIED, DELTA, DURABLE, SENNIT, SENNITD, Server, Typist, main, run, until

SMALL = 8 << 10  # bytes of a file that may not grow: less than any commit needs, more than the log


def type_on(one, two, characters):
    """One types, and the other sees it."""
    for character in characters:
        one.type(character)
        one.wait(APPLIED)
        two.expect(DELTA)


def check_failure(folder, server, harm, heal, says):
    """Two people before, during and after it; then the server is killed."""
    one, two = Typist(server, "doc"), Typist(server, "doc")
    for character in "before":
        type_on(one, two, character)
        one.wait(DURABLE)
    harm()
    failing = until(lambda: type_on(one, two, "x") or server.log("storage-failing"),
                    "it does not say that storage fails")
    assert says in failing[0]["text"], failing
    type_on(one, two, "meanwhile")
    type_on(two, one, "at the same time")
    durable = one.acknowledged[DURABLE], two.acknowledged[DURABLE]
    type_on(one, two, " it fails")
    type_on(two, one, " it does")
    assert durable == (one.acknowledged[DURABLE], two.acknowledged[DURABLE])
    assert durable[0] < len(one.typed) - len("meanwhile it fails") and durable[1] == 0, durable
    assert server.get("/healthz")[0] == 200 and server.get("/readyz")[0] == 503
    heal()
    one.wait(DURABLE)
    two.wait(DURABLE)
    until(lambda: server.get("/readyz")[0] == 200, "it is not ready again")
    assert server.log("storage-healed"), server.log()
    type_on(two, one, ", and after")
    two.wait(DURABLE)
    server.stop(signal.SIGKILL)
    with Server(folder, "--open", data=server.data) as again:
        text = again.get("/docs/doc")[2]
        assert one.typed.decode() in text and two.typed.decode() in text, text
        assert len(text) == len(one.typed) + len(two.typed), text


def started(folder, data="data.sqlite"):
    server = Server(folder, "--open", data=data)
    server.data = data
    return server


def limit(server, most):
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def check_a_file_that_may_not_grow(folder):
    with started(folder) as server:
        check_failure(folder, server, lambda: limit(server, SMALL),
                      lambda: limit(server, resource.RLIM_INFINITY), "writing the file failed")


def mounted(folder, size):
    """A file system of its own in a folder; False where that is not allowed."""
    os.mkdir(folder)
    return subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", folder],
                          stderr=subprocess.DEVNULL).returncode == 0


def fill(path):
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


def check_a_full_disk(folder):
    disk = os.path.join(folder, "disk")
    if not mounted(disk, "4m"):
        return
    ballast = os.path.join(disk, "ballast")
    try:
        with started(folder, os.path.join(disk, "data.sqlite")) as server:
            check_failure(folder, server, lambda: fill(ballast), lambda: os.remove(ballast), "full")
    finally:
        subprocess.run(["umount", "-l", disk])


def check_a_lock_that_another_process_holds(folder):
    with started(folder) as server:
        other = sqlite3.connect(os.path.join(folder, "data.sqlite"), isolation_level=None)
        check_failure(folder, server, lambda: other.execute("BEGIN IMMEDIATE"),
                      lambda: other.execute("ROLLBACK"), "locked")
        other.close()


def refused(data):
    """What a server says that cannot begin with a file."""
    code, _, log = run(SENNITD, "--listen", "127.0.0.1:0", "--open", "--data", data)
    assert code == 1, (code, log)
    assert '"event":"failed"' in log and data in log, log
    return log


def filled(folder, data="data.sqlite"):
    with Server(folder, "--open", data=data) as server:
        typist = Typist(server, "doc")
        for character in "text":
            typist.type(character)
        typist.wait(DURABLE)
        typist.close()
    return os.path.join(folder, data)


def check_a_file_that_may_only_be_read(folder):
    disk = os.path.join(folder, "disk")
    is_disk = mounted(disk, "4m")
    if not is_disk and os.geteuid() == 0:
        return  # who may write to everything
    data = filled(folder, os.path.join(disk, "data.sqlite"))
    try:
        if is_disk:
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        else:
            os.chmod(data, 0o444)
            os.chmod(disk, 0o555)
        log = refused(data)
        assert "read-only" in log or "cannot be opened for writing" in log, log
    finally:
        if is_disk:
            subprocess.run(["umount", "-l", disk])
        else:
            os.chmod(disk, 0o755)


def check_a_file_that_is_no_database(folder):
    data = filled(folder)
    with open(data, "r+b") as file:
        file.write(b"not what it was " * 6)
    before = open(data, "rb").read()
    refused(data)
    assert open(data, "rb").read() == before, "it was overwritten"


def check_a_damaged_record_comes_back_from_who_has_it(folder):
    note, lines = os.path.join(folder, "note.txt"), ["", "one\n", "two\n"]
    with started(folder) as server:
        address = "ws://%s/note" % server.address
        for line in lines:
            with open(note, "a") as file:
                file.write(line)
            assert run(SENNIT, "push", note, address)[0] == 0
        assert server.get("/docs/note")[2] == "one\ntwo\n"
    database = sqlite3.connect(os.path.join(folder, "data.sqlite"))
    with database:
        done = database.execute("UPDATE deltas SET data = zeroblob(length(data))"
                                " WHERE position = (SELECT max(position) FROM deltas)")
        assert done.rowcount == 1
    database.close()
    with Server(folder, "--open", port=server.port) as again:
        assert again.get("/docs/note")[2] == "one\n"
        damaged = until(lambda: again.log("damaged"), "it does not tell of the damage")
        assert "checksum" in damaged[0]["text"], damaged
        code, _, log = run(SENNIT, "push", note, address)
        assert code == 0, log
        assert again.get("/docs/note")[2] == "one\ntwo\n"


main({k: v for k, v in globals().items() if k != "check_failure"})
