"""Plain files that any editor edits, kept in step by `sennit sync`; push, pull and tail."""

import atexit
import json
import os
import re
import signal
import subprocess
import threading
import time

from harness import SENNIT, SENNITD, Server, Typist, main, run, until


def read(path):
    with open(path) as file:
        return file.read()


def write(path, text):
    """As an editor that opens the file and writes it anew."""
    with open(path, "w") as file:
        file.write(text)


def replace(path, text):
    """As an editor that puts a new file in the place of the old one."""
    write(path + ".new", text)
    os.replace(path + ".new", path)


class Sync:
    """A program of the command line that runs until it is told to stop."""

    def __init__(self, *args, **environment):
        self.lines, self.heard = [], 0
        self.process = subprocess.Popen([SENNIT, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, env={**os.environ, **environment})
        atexit.register(self.process.kill)  # also after a failure
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            code = self.stop(signal.SIGKILL if error[0] else signal.SIGINT)
            assert error[0] or code == 0, (code, self.lines)

    def forget(self):
        """What was said until now."""
        self.heard = len(self.lines)

    def said(self, pattern):
        return re.search(pattern, "".join(self.lines[self.heard:]))

    def await_said(self, pattern):
        until(lambda: self.said(pattern), "%s in %s" % (pattern, self.lines))

    def stop(self, how=signal.SIGINT):
        self.process.send_signal(how)
        return self.process.wait(30)


def url(server, document="notes"):
    return "ws://%s/%s" % (server.address, document)


def joined(server, path, **environment):
    sync = Sync("sync", path, url(server), **environment)
    sync.await_said("in step")
    return sync


def places(folder, *names):
    for name in names:
        os.makedirs(os.path.join(folder, name))
    return [os.path.join(folder, name, "notes") for name in names]


def good(*args, code=0, saying=""):
    done, out, err = run(SENNIT, *args)
    assert done == code and saying in out + err, (args, done, out, err)
    return out


def same(a, b, *wanted):
    return read(a) == read(b) and all(word in read(a) for word in wanted)


def check_two_files_are_one_document(folder):
    a, b = places(folder, "a", "b")
    with Server(folder, "--open") as server:
        write(a, "one\ntwo\n")
        with joined(server, a) as first, Sync("sync", b, "http://%s/notes" % server.address) as second:
            second.await_said("in step")
            until(lambda: read(b) == "one\ntwo\n", "b begins with the text of a")
            replace(a, "ONE\ntwo\n")
            until(lambda: same(a, b, "ONE"), "a file put in the place of another is seen")
            write(b, "ONE\ntwo\nthree\n")
            until(lambda: same(a, b, "three"), "a file written anew is seen")
            os.rename(a, a + "~")  # as an editor that keeps a copy and then writes
            write(a, "ONE\nTWO\nthree\n")
            until(lambda: same(a, b, "TWO"), "a file that was away for a moment is seen")
            first.await_said("kept by the server")
            assert second.said(r"\+\d+ -\d+ bytes from others")
        assert server.get("/docs/notes")[2] == "ONE\nTWO\nthree\n"


def append(path, name, until_time, lines):
    """An editor that adds a line now and then, in place."""
    while time.monotonic() < until_time:
        line = "%s %d\n" % (name, len(lines))
        with open(path, "a") as file:
            file.write(line)
        lines.append(line)
        time.sleep(0.003)


def check_no_line_is_lost_while_both_write(folder):
    a, b = places(folder, "a", "b")
    with Server(folder, "--open") as server:
        write(a, "top\n")
        with joined(server, a), joined(server, b):
            until(lambda: os.path.exists(b) and read(b) == "top\n", "b is there")
            end, lines = time.monotonic() + 4, ([], [])
            threads = [threading.Thread(target=append, args=args)
                       for args in ((a, "left", end, lines[0]), (b, "right", end, lines[1]))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            wanted = sorted(["top\n"] + lines[0] + lines[1])
            until(lambda: same(a, b) and len(read(a)) >= len("".join(wanted)) - 5, "they come to one text")
            time.sleep(0.3)
            found = sorted(read(a).splitlines(True))
            assert found == wanted, (set(wanted) - set(found), set(found) - set(wanted))


def check_a_file_whose_document_others_type_at_loses_nothing(folder):
    """Every keystroke of others makes it be written, and an editor saves all the time."""
    (a,) = places(folder, "a")
    with Server(folder, "--open") as server:
        write(a, "top\n")
        with joined(server, a):
            typist, lines = Typist(server, "notes"), []
            typist.lineage = lineage_of(server)
            writer = threading.Thread(target=append, args=(a, "left", time.monotonic() + 4, lines))
            writer.start()
            while writer.is_alive():
                typist.type("x")
                typist.wait(0)
                time.sleep(0.02)
            whole = lambda: read(a).count("x") == len(typist.typed) and server.get("/docs/notes")[2] == read(a)  # noqa: E731
            until(whole, "all is everywhere")
            text = read(a).replace("x", "")
            assert sorted(text.splitlines(True)) == sorted(["top\n"] + lines), text


def lineage_of(server):
    typist = Typist(server, "notes")
    typist.close()
    return typist.lineage


def check_edits_without_a_server_come_together(folder):
    a, b = places(folder, "a", "b")
    server = Server(folder, "--open")
    write(a, "two\nthree\n")
    with joined(server, a) as first, joined(server, b) as second:
        for how in (signal.SIGTERM, signal.SIGKILL):
            first.forget(), second.forget()
            server.stop(how)
            first.await_said("offline"), second.await_said("offline")
            replace(a, read(a).replace("two", "two, by a"))
            write(b, read(b).replace("three", "three, by b"))
            server = Server(folder, "--open", port=server.port)
            first.await_said("in step"), second.await_said("in step")
            until(lambda: same(a, b, "two, by a", "three, by b"), "they come together")
        assert read(a) == "two, by a, by a\nthree, by b, by b\n"
    server.stop()


def cpu_ticks(process):
    """The time a process has had, in hundredths of a second."""
    with open("/proc/%d/stat" % process.pid) as stat:
        return sum(map(int, stat.read().rsplit(")", 1)[1].split()[11:13]))


def ticks_of_a_second(process):
    before = cpu_ticks(process)
    time.sleep(1)
    return cpu_ticks(process) - before


def check_a_server_that_takes_nothing_is_waited_for_idly(folder):
    (a,) = places(folder, "a")
    with Server(folder, "--open", "--max-text", "64M", "--max-rate", "64M") as server:
        write(a, "top\n")
        with joined(server, a) as sync:
            before = cpu_ticks(sync.process)
            server.process.send_signal(signal.SIGSTOP)
            try:
                write(a, "top\n" + "%064d\n" * 200000 % tuple(range(200000)))
                until(lambda: cpu_ticks(sync.process) > before + 2, "it has seen the file")
                assert any(ticks_of_a_second(sync.process) < 3 for _ in range(8)), "it does not wait"
            finally:
                server.process.send_signal(signal.SIGCONT)
            until(lambda: server.get("/docs/notes")[2] == read(a), "all of it is there")


def check_edits_while_nothing_ran_come_together(folder):
    a, b, c = places(folder, "a", "b", "c")
    with Server(folder, "--open") as server:
        write(a, "one\n")
        good("push", a, url(server))
        good("pull", b, url(server))
        assert read(b) == "one\n"
        write(a, "one\nfrom a\n")
        write(b, "from b\none\n")
        good("push", a, url(server))
        good("push", b, url(server))
        good("pull", a, url(server))
        assert read(a) == read(b) == "from b\none\nfrom a\n"
        good("pull", c, url(server))
        assert read(c) == read(a)
        good("check", a, b, c)


def check_how_a_file_and_a_document_begin(folder):
    here, other, nothing, empty = places(folder, "here", "other", "nothing", "empty")
    with Server(folder, "--open", data="memory") as server:
        write(here, "text\n")
        good("push", here, url(server))
        assert server.get("/docs/notes")[2] == "text\n"
        write(empty, "")
        good("push", empty, url(server))
        assert read(empty) == "text\n"
        good("push", nothing, url(server, "nothing"))
        assert read(nothing) == "" and server.get("/docs/nothing")[0] == 404
        write(other, "other\n")
        good("push", other, url(server), code=5, saying="has another text")
        assert read(other) == "other\n" and not os.path.exists(other + ".sennit")
        good("push", "--theirs", other, url(server))
        assert (read(other), read(other + "~")) == ("text\n", "other\n")
        for name in (other, other + ".sennit"):
            os.remove(name)
        write(other, "ours\n")
        good("push", "--ours", other, url(server))
        assert server.get("/docs/notes")[2] == "ours\n"
        unrelated = os.path.join(folder, "unrelated")
        write(unrelated, "unrelated\n")
        good("init", unrelated)
        good("push", unrelated, url(server), code=5, saying="4410")
        assert read(unrelated) == "unrelated\n"


def check_addresses_and_texts_that_are_none(folder):
    (path,) = places(folder, "a")
    with Server(folder, "--open", data="memory") as server:
        write(path, "text\n")
        for bad in ("nowhere", "ws://", url(server, "a b"), url(server, ""), "ftp://127.0.0.1/x"):
            good("push", path, bad, code=2)
        with open(path, "wb") as file:
            file.write(b"\xff\n")
        good("push", path, url(server), code=5, saying="not UTF-8")


def check_text_that_becomes_none_is_left_to_be_put_right(folder):
    a, b = places(folder, "a", "b")
    with Server(folder, "--open") as server:
        write(a, "one\n")
        with joined(server, a) as first, joined(server, b):
            with open(a, "wb") as file:
                file.write(b"one\n\xff\n")
            first.await_said("not UTF-8")
            write(a, "one\ntwo\n")
            until(lambda: same(a, b, "two"), "it goes on")


def check_a_token_that_may_only_read(folder):
    a, b = places(folder, "a", "b")
    keys = os.path.join(folder, "keys")
    good("token", "keygen", keys)
    tokens = [good("token", "make", "--key", keys + ".secret", "--doc", "notes", "--user", "ada",
                   "--permission", word).strip() for word in ("edit", "view")]
    with Server(folder, "--token-key", keys + ".public") as server:
        write(a, "one\n")
        with joined(server, a, SENNIT_TOKEN=tokens[0]):
            with joined(server, b, SENNIT_TOKEN=tokens[1]) as reader:
                assert reader.said(r"\(read only\)"), reader.lines
                write(a, "one\ntwo\n")
                until(lambda: same(a, b, "two"), "who may read does")
                write(b, "one\ntwo\nthree\n")
                reader.await_said("does not permit to edit .4403.: what is edited here stays here")
                write(a, "zero\none\ntwo\n")
                until(lambda: read(b) == "zero\none\ntwo\nthree\n", "both are in it")
                assert "three" not in read(a)
            good("push", "--token-file", view_file(folder, tokens[1]), b, url(server), code=5,
                 saying="does not permit to edit")
        for token in ("", tokens[0][:-2], tokens[0]):
            done, out, err = run(SENNIT, "pull", os.path.join(folder, "c"), url(server, "other"),
                                 env={**os.environ, "SENNIT_TOKEN": token})
            assert done == 5 and ("4403" if token == tokens[0] else "4401") in err, (done, out, err)
            assert not os.path.exists(os.path.join(folder, "c"))


def view_file(folder, token):
    path = os.path.join(folder, "token")
    write(path, token + "\n")
    return path


def check_tail_prints_what_arrives(folder):
    (path,) = places(folder, "a")
    with Server(folder, "--open", data="memory") as server:
        write(path, "one\ntwo\n")
        good("push", path, url(server))
        words, objects = Sync("tail", url(server)), Sync("tail", "--json", url(server))
        until(lambda: len(server.log("joined")) >= 4, "both are there")
        write(path, 'one\ntwo "2"\ttoo\n')
        good("push", path, url(server))
        words.await_said(r'2:4  \+" \\"2\\"\\ttoo"')
        until(lambda: objects.lines, "an object")
        patch = json.loads(objects.lines[0])
        assert (patch["pos"], patch["removed"], patch["text"]) == (7, 0, ' "2"\ttoo')
        write(path, "")
        good("push", path, url(server))
        words.await_said(r"1:1  -16")
        for tail in (words, objects):
            tail.stop(signal.SIGKILL)


main(globals())
