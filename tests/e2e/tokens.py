"""Who may do what: keys, tokens, permissions, expiry, revocation."""

import os
import signal
import time

from harness import (ACK, DELTA, DURABLE, ERROR, SENNIT, WELCOME, Client, Closed, Server, Typist, main, run,
                     until)

NOTHING, VIEW, COMMENT, EDIT, ADMIN = range(5)


class Keys:
    def __init__(self, folder, name="keys"):
        self.prefix = os.path.join(folder, name)
        code, _, err = run(SENNIT, "token", "keygen", self.prefix)
        assert code == 0, err
        self.public = self.prefix + ".public"

    def token(self, document, user="ada", permission="edit", expires="1h"):
        code, out, err = run(SENNIT, "token", "make", "--key", self.prefix + ".secret", "--doc", document,
                             "--user", user, "--permission", permission, "--expires", expires)
        assert code == 0, err
        return out.strip()

    def id_of(self, token):
        code, out, err = run(SENNIT, "token", "show", "--key", self.public, "--", token)
        assert code == 0, err
        return next(line.split()[1] for line in out.splitlines() if line.startswith("id "))


def guarded(folder, *options):
    keys = Keys(folder)
    return keys, Server(folder, "--token-key", keys.public, *options)


def code_of(server, document, token):
    """The code with which a hello is answered; 0 if it is welcome."""
    client = Client(server)
    try:
        answer = client.hello(document, token)
        return answer[2] if answer[0] == ERROR else 0
    except Closed as e:
        return e.args[0]
    finally:
        client.close()


def check_wrong_tokens_are_all_answered_alike(folder):
    keys, server = guarded(folder)
    with server:
        good, foreign = keys.token("notes"), Keys(folder, "other").token("notes")
        assert code_of(server, "notes", good) == 0
        flipped = good[:20] + ("A" if good[20] != "A" else "B") + good[21:]
        brief = keys.token("notes", expires="1s")
        until(lambda: code_of(server, "notes", brief) != 0, "it expires")
        for bad in ("", "x", foreign, flipped, good[:-1], good + "A", brief):
            assert code_of(server, "notes", bad) == 4401, bad
        assert code_of(server, "other", good) == 4403
        assert server.get("/docs/other", Authorization="Bearer " + good)[0] == 403
        assert server.get("/docs/notes")[0] == 401
        status, headers, text = server.get("/docs/notes", Authorization="Bearer " + foreign)
        assert (status, headers["WWW-Authenticate"]) == (401, "Bearer") and "notes" not in text
        assert server.get("/docs/notes", Authorization="Bearer " + good)[0] == 404
        assert server.get("/docs/notes", Authorization="Basic " + good)[0] == 401


def check_what_each_permission_allows(folder):
    keys, server = guarded(folder)
    with server:
        writer = Typist(server, "notes", keys.token("notes"))
        writer.type("a")
        writer.wait(DURABLE)
        for word, permission in (("view", VIEW), ("comment", COMMENT), ("edit", EDIT), ("admin", ADMIN)):
            token = keys.token("notes", permission=word)
            client = Typist(server, "notes", token)
            assert server.get("/docs/notes", Authorization="Bearer " + token)[0] == 200
            client.type("b")
            answer = client.expect(ACK, ERROR)
            while answer[0] == ACK and answer[3] == 0:  # of what came before
                answer = client.expect(ACK, ERROR)
            assert (answer[0] == ACK) == (permission >= EDIT), (word, answer)
            if permission < EDIT:
                assert answer[2] == 4403, answer
            client.close()
        text = server.get("/docs/notes", Authorization="Bearer " + keys.token("notes"))[2]
        assert sorted(text) == ["a", "b", "b"], text


def check_a_viewer_hears_what_others_type(folder):
    keys, server = guarded(folder)
    with server:
        viewer = Client(server)
        answer = viewer.hello("notes", keys.token("notes", permission="view"))
        assert answer[0] == WELCOME and answer[5] == VIEW, answer
        writer = Typist(server, "notes", keys.token("notes"))
        writer.type("a")
        assert viewer.expect(DELTA)


def check_a_token_for_all_documents(folder):
    keys, server = guarded(folder)
    with server:
        token = keys.token("*", permission="view")
        assert code_of(server, "one", token) == 0 and code_of(server, "two", token) == 0
        assert server.get("/metrics", Authorization="Bearer " + token)[0] == 200
        assert server.get("/metrics")[0] == 401
        assert server.get("/metrics", Authorization="Bearer " + keys.token("one"))[0] == 403
        assert server.get("/healthz")[0] == 200 and server.get("/readyz")[0] == 200


def check_expiry_closes_the_channel(folder):
    keys, server = guarded(folder)
    with server:
        client = Client(server)
        client.join("notes", keys.token("notes", expires="2s"))
        start = time.monotonic()
        assert client.error() == 4401
        assert time.monotonic() - start < 30


def check_revocation_closes_the_channel(folder):
    revoked = os.path.join(folder, "revoked")
    open(revoked, "w").close()
    keys, server = guarded(folder, "--revoked", revoked)
    with server:
        tokens = [keys.token("notes", user) for user in ("ada", "bob", "eve")]
        ada, bob, eve = (Typist(server, "notes", token) for token in tokens)
        with open(revoked, "w") as file:
            file.write("# gone\nuser bob\ntoken %s\n" % keys.id_of(tokens[2]))
        server.process.send_signal(signal.SIGHUP)
        assert bob.error() == 4401 and eve.error() == 4401
        assert [code_of(server, "notes", t) for t in tokens] == [0, 4401, 4401]
        assert server.get("/docs/notes", Authorization="Bearer " + tokens[1])[0] == 401
        ada.type("a")
        ada.wait(DURABLE)
        assert server.log("reloaded")


def check_a_file_that_became_wrong_changes_nothing(folder):
    keys, server = guarded(folder)
    with server:
        with open(keys.public, "a") as file:
            file.write("what is this?\n")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: server.log("config"), "it says so")
        assert code_of(server, "notes", keys.token("notes")) == 0
        assert server.process.poll() is None


def check_keys_can_be_replaced(folder):
    keys, server = guarded(folder)
    with server:
        old, fresh = keys.token("notes"), Keys(folder, "fresh")
        with open(keys.public, "a") as file:
            file.write(open(fresh.public).read())
        server.process.send_signal(signal.SIGHUP)
        until(lambda: server.log("reloaded"), "it reads the keys")
        assert code_of(server, "notes", old) == 0 and code_of(server, "notes", fresh.token("notes")) == 0


main(globals())
