"""The man pages name the options that --help names, all of them and no others."""

import os
import re
import shutil

from harness import SENNIT, SENNITD, main, run

PAGES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../packaging/man")
COMMON = {"--help", "--usage", "--version", "-?", "-V"}


def page(name):
    with open(os.path.join(PAGES, name)) as file:
        return file.read()


def told(source):
    """The options that items of a page are about."""
    items = [line.split(" Ns ")[0] for line in source.splitlines() if line.startswith(".It Fl")]
    return {"-" + word for item in items for word in re.findall(r"Fl (\S+)", item)}


def offered(help_text):
    lines = re.findall(r"^(?:  (-\S), | {2}| {6})(--[a-z-]+)", help_text, re.M)
    return {word for line in lines for word in line if word}


def compare(what, said, has):
    assert said == has, "%s: only in the page: %s, only in --help: %s" % (
        what, sorted(said - has), sorted(has - said))


def check_options_of_the_server(_):
    code, text, _ = run(SENNITD, "--help")
    assert code == 0
    compare("sennitd", told(page("sennitd.8")), offered(text))


def check_commands_and_their_options(_):
    _, text, _ = run(SENNIT, "--help")
    commands = re.findall(r"^  ([a-z]+) ", text.split("Commands:")[1].split("\n\n")[0], re.M)
    names = [c for c in commands if c != "token"] + ["token keygen", "token make", "token show"]
    sections = dict(re.findall(r"^\.Ss (.*)\n((?:(?!\.S[sh]).*\n)*)", page("sennit.1"), re.M))
    compare("commands", set(sections), set(names))
    for name in names:
        code, text, _ = run(SENNIT, *name.split(), "--help")
        assert code == 0, name
        compare(name, told(sections[name]) - COMMON, offered(text) - COMMON)


def check_pages_are_well_formed(_):
    for name in ("sennit.1", "sennitd.8"):
        path = os.path.join(PAGES, name)
        for lint in (["groff", "-mandoc", "-Tutf8", "-wall", "-z"], ["mandoc", "-Tlint", "-Wwarning"]):
            if shutil.which(lint[0]):
                code, out, err = run(*lint, path)
                assert code == 0 and not out and not err, out + err


main(globals())
