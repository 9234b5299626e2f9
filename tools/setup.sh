#!/bin/sh
# Install what a make target needs and this machine lacks: setup.sh TARGET
#
# Looks for the tools and headers themselves, so a machine that has them from
# elsewhere is left alone; what is missing comes from Debian's packages.
set -eu

target=$1
cc=${CC:-cc}

tool() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
header() { echo "#include <$1>" | "$cc" -E - >/dev/null 2>&1 || missing="$missing $2"; }

for_cc() { tool "$cc" gcc; header stdlib.h libc6-dev; }
for_cli() { header zlib.h zlib1g-dev; header zstd.h libzstd-dev; }
for_sync() {
    header msgpack.h libmsgpack-dev; header sodium.h libsodium-dev
    header sqlite3.h libsqlite3-dev; header libwebsockets.h libwebsockets-dev
    header cmark.h libcmark-dev; header jansson.h libjansson-dev
}
for_tests() { header cmocka.h libcmocka-dev; }
for_python() {
    tool /usr/bin/python3 python3
    for module in setuptools wheel pytest websockets msgpack sphinx; do
        /usr/bin/python3 -c "import $module" 2>/dev/null || missing="$missing python3-$module"
    done
    tool mypy mypy
    for include in /usr/include/python3*/Python.h; do
        [ -e "$include" ] || missing="$missing python3-dev"
    done
}
for_js() { tool clang clang; tool wasm-ld lld; tool wasm-opt binaryen; tool node nodejs; tool npm npm; }
for_browser() { tool chromium chromium; }
for_fuzzing() { # the sanitizers of gcc come with it, those of clang do not
    tool clang clang
    echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' |
        clang -fsanitize=fuzzer,address,undefined -x c - -o /dev/null >/dev/null 2>&1 ||
        missing="$missing libclang-rt-14-dev"
}

localhost() { # a system made by hand may have no /etc/hosts; TLS is tested by name
    getent hosts localhost >/dev/null 2>&1 && return
    echo "make $target needs the name localhost: adding it to /etc/hosts"
    if [ "$(id -u)" -eq 0 ]; then sudo=; else sudo=sudo; fi
    echo "127.0.0.1 localhost" | $sudo tee -a /etc/hosts >/dev/null
}

look() {
    missing=
    for_cc
    case $target in
    run) for_cli; for_sync; for_js ;;
    kill9) for_cli; for_sync; tool /usr/bin/python3 python3 ;;
    check | coverage) for_tests ;;
    fuzz) for_fuzzing ;;
    python) for_cli; for_sync; for_python ;;
    js) for_cli; for_sync; for_js ;;
    e2e) for_cli; for_sync; for_js; for_python; for_browser ;;
    test)
        for_cli; for_sync; for_tests; for_python; for_js; for_browser
        tool clang clang; tool cmake cmake; tool pkg-config pkg-config
        tool valgrind valgrind; tool /usr/bin/python3 python3
        localhost
        ;;
    *) echo "setup.sh: unknown target $target" >&2; exit 2 ;;
    esac
}

look
[ -n "$missing" ] || exit 0
echo "make $target needs what is not installed:$missing"

if ! command -v apt-get >/dev/null 2>&1; then
    echo "There is no apt-get here: install the like of these Debian packages by hand." >&2
    exit 1
elif [ "$(id -u)" -eq 0 ]; then
    sudo=
elif command -v sudo >/dev/null 2>&1; then
    sudo=sudo
    [ -t 0 ] || sudo="sudo -n" # nobody there to type a password
else
    echo "Neither root nor sudo: have an administrator run apt-get install$missing" >&2
    exit 1
fi

apt="$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3"
echo "installing with apt-get ..."
$apt update
# shellcheck disable=SC2086 # a list of words
$apt install -y --no-install-recommends $missing >/dev/null

look
if [ -n "$missing" ]; then
    echo "still missing after apt-get:$missing" >&2
    exit 1
fi
