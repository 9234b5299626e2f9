#!/bin/sh
# Everything `make test` runs, part after part; a failing part does not hold up
# the others. The last line says how many test programs and scripts passed.
set -eu

export SENNIT_TALLY="$PWD/build/tally"
mkdir -p build
: >"$SENNIT_TALLY"

failed() { awk '{ n += $2 } END { print n + 0 }' "$SENNIT_TALLY"; }
part() { # make arguments; a part that fails before its tests run counts as one
    before=$(failed)
    ${MAKE:-make} -s --no-print-directory -j"$(nproc)" WERROR=1 "$@" && return
    [ "$(failed)" -gt "$before" ] || echo "0 1" >>"$SENNIT_TALLY"
    echo "FAILED: make $*"
}

part layers
part abi
part MODE=check unit-tests
part MODE=check replay
part MODE=check sync-tests
part MODE=tsan sync-tests # gcc brings its sanitizers along, clang does not
part MODE=clang CC=clang unit-tests
part MODE=release unit-tests
part MODE=release sim
part MODE=check sim SEEDS=2001-2050
part MODE=amalgam unit-tests
part MODE=mutants mutants
part MODE=release valgrind
part MODE=check vectors
part MODE=check cli-tests
part MODE=check e2e-tests
part install-test
part python
part js
part e2e
part MODE=release readme

awk '{ p += $1; f += $2 } END { print p + 0 " passed, " f + 0 " failed"; exit f > 0 }' "$SENNIT_TALLY"
