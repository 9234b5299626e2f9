"""Options and the config file: what is taken, what is refused, and with which words."""

import os
import re
import ssl
import subprocess

from harness import DEADLINE, SENNITD, Server, Typist, certificate, main, run

PUBLIC = "0" * 64


def refused(*options, code=2, saying):
    done, out, err = run(SENNITD, *options)
    assert done == code and not out, (options, done, out, err)
    lines = err.splitlines()  # a log that began also says that it ended
    assert saying in lines[0] and len(lines) == (1 if code == 2 else 2), (options, err)


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def settings():
    """Name, word for the value (or None) of every option that --help lists."""
    _, text, _ = run(SENNITD, "--help")
    return re.findall(r"^  --([a-z-]+) ([A-Z:]*)", text, re.M)


def check_help_and_version(_):
    code, out, err = run(SENNITD, "--help")
    assert code == 0 and out.startswith("Usage: sennitd [OPTION...]") and not err
    code, out, err = run(SENNITD, "--version")
    assert code == 0 and re.fullmatch(r"sennitd \d+\.\d+\.\d+\n", out) and not err


def check_unknown_words_are_refused(_):
    refused("--frobnicate", saying="--frobnicate")
    refused("--open", "more", saying="what is 'more' to mean?")
    refused("--max-frame", saying="requires an argument")
    refused("--open=yes", "--listen", "x", saying="--open")


def check_every_number_has_bounds(_):
    for name, word in settings():
        if word in ("N", "BYTES", "MS", "DAYS"):
            for bad in ("", "-1", "many", "1x", "1KK", "99999999999", "99999999999999999999", "1.5"):
                refused("--open", "--" + name, bad, saying="--%s: '%s' is no number from" % (name, bad))


def check_every_file_setting_is_looked_at(folder):
    config = write(folder, "config", "")
    for name, word in settings():
        if word not in ("N", "BYTES", "MS", "DAYS") or name == "config":
            continue
        with open(config, "w") as file:
            file.write("# a comment\n\n%s = nonsense\n" % name)
        refused("--config", config, saying="%s:3: %s: 'nonsense' is no number" % (config, name))


def check_addresses(_):
    for bad in ("", "8377", ":8377", "localhost:8377", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
                "127.0.0.1:-1", "127.0.0.1:1x", "::1:8377", "[::1]", "[127.0.0.1]:1", "1.2.3:1"):
        refused("--open", "--listen", bad, saying="--listen: '%s' is no address in numbers" % bad)


def check_other_values(_):
    refused("--open", "--log-level", "loud", saying="--log-level: 'loud' is none of debug, info")
    refused("--open", "--data", "", saying="--data: '' is no name of a file")
    for bad in ("*", "example.org", "https://", "https://example.org/"):
        refused("--open", "--origin", bad, saying="--origin: '%s' is no origin" % bad)


def check_it_listens_to_the_world_with_a_key_only(_):
    for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
        refused("--open", "--listen", address, "--data", "memory", saying="takes --token-key")
        refused("--listen", address, "--data", "memory", saying="takes --token-key")


def check_what_does_not_go_together(folder):
    key = write(folder, "key", PUBLIC + "\n")
    refused(saying="who may edit?")
    refused("--open", "--token-key", key, saying="contradict each other")
    refused("--open", "--tls-cert", key, saying="belong together")
    refused("--open", "--tls-key", key, saying="belong together")


def check_files_that_are_wrong(folder):
    missing, text = os.path.join(folder, "missing"), write(folder, "text", "what is this?\n")
    refused("--config", missing, saying="missing: No such file")
    refused("--config", text, saying="text:1: no '='")
    refused("--config", write(folder, "c", "frobnicate = 1\n"), saying="c:1: there is no setting 'frobnicate'")
    refused("--config", write(folder, "c", "config = x\n"), saying="there is no setting 'config'")
    refused("--config", write(folder, "c", "open = perhaps\n"), saying="c:1: open: 'perhaps' is neither yes nor no")
    refused("--token-key", missing, code=1, saying="No such file")
    refused("--token-key", text, code=1, saying="this line is not understood")
    refused("--token-key", write(folder, "none", "# none\n"), code=1, saying="there is no key in it")
    key = write(folder, "key", PUBLIC + "\n")
    refused("--token-key", key, "--revoked", text, code=1, saying="this line is not understood")


def check_places_that_cannot_be_had(folder):
    where = ("--listen", "127.0.0.1:0", "--open", "--log-level", "error")
    fails = dict(code=1)
    refused(*where, "--data", os.path.join(folder, "no/such/folder"), saying='"failed"', **fails)
    refused(*where, "--data", write(folder, "text", "no database, but long enough\n" * 40), saying='"failed"', **fails)
    refused(*where, "--data", "memory", "--address-file", os.path.join(folder, "no/such/file"), saying='"failed"', **fails)
    bad = write(folder, "pem", "no PEM\n")
    refused(*where, "--data", "memory", "--tls-cert", bad, "--tls-key", bad, saying='"failed"', **fails)
    with Server(folder, "--open", data="memory") as server:
        refused("--listen", server.address, "--open", "--data", "memory", "--log-level", "error",
                saying='"failed"', **fails)


def check_the_file_holds_and_flags_overrule_it(folder):
    config = write(folder, "config", "  max-channels =  2 \n# open = no\nopen = yes\nlog-level=warn\n"
                                     "origin = https://a.example\norigin = https://b.example")
    with Server(folder, "--config", config, "--log-level", "debug", data="memory") as server:
        assert server.log("listening"), "the level of the flag does not hold"
        client = Typist(server, "one", Origin="https://b.example")
        assert client.hello("two", channel=2)[0] == 1
        answer = client.hello("three", channel=3)
        assert answer[0] == 7 and answer[2] == 4429, answer


def check_values_at_their_bounds_are_taken(folder):
    _, text, _ = run(SENNITD, "--help")
    for name, word in settings():
        if word not in ("N", "BYTES", "MS", "DAYS"):
            continue
        _, _, err = run(SENNITD, "--open", "--" + name, "nonsense")
        least, most = re.search(r"from (\d+) to (\d+)", err).groups()
        for value in (least, most):
            code, out, err = run(SENNITD, "--" + name, value)  # refused for another reason
            assert code == 2 and "who may edit?" in err, (name, value, err)


def check_the_address_file_is_whole_and_goes_away(folder):
    with Server(folder, "--open", data="memory") as server:
        path = os.path.join(folder, "address")
        assert open(path).read() == server.address + "\n"
        assert server.stop() == 0
        assert not os.path.exists(path)


def check_six(folder):
    address = os.path.join(folder, "six")
    process = subprocess.Popen([SENNITD, "--open", "--listen", "[::1]:0", "--data", "memory",
                                "--address-file", address], stderr=subprocess.PIPE)
    first = process.stderr.readline()
    if b'"listening"' in first:  # there is IPv6 here
        assert b'"address":"[::1]:' in first, first
    process.terminate()
    process.communicate(timeout=DEADLINE)


def check_tls(folder):
    cert, key = certificate(folder)
    with Server(folder, "--open", "--tls-cert", cert, "--tls-key", key, data="memory") as server:
        server.tls = ssl.create_default_context(cafile=cert)
        assert server.get("/healthz")[0] == 200
        typist = Typist(server, "secret")
        typist.type("s")
        typist.wait(1)
        assert server.get("/docs/secret")[2] == "s"
        assert server.log("listening")[0]["tls"] == "yes"


main(globals())
