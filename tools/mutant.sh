#!/bin/sh
# Build the library with a planted mistake and see that the tests notice it:
# mutant.sh NUMBER TEST...
#
# A mistake is code behind SENNIT_MUTANT == NUMBER, or what != NUMBER leaves out.
# The environment says how to compile (CC, FLAGS) and where the library is built
# without mistakes (B); each TEST is a program in there. NUMBER 0 is no mistake:
# then all must pass.
set -eu

n=$1
shift
dir=$B/mutant-$n
rm -rf "$dir"
mkdir -p "$dir"

sources=$(grep -lE "SENNIT_MUTANT [!=]= $n\b" lib/*/*.c lib/core/*/*.c || :)
if grep -qE "SENNIT_MUTANT [!=]= $n\b" lib/*/*.h lib/core/*/*.h; then
    sources=$(ls lib/base/*.c lib/core/*/*.c lib/wire/*.c) # what the tests link
fi
for source in $sources; do
    # shellcheck disable=SC2086 # lists of words
    $CC $FLAGS -w -DSENNIT_MUTANT="$n" -c "$source" -o "$dir/$(echo "$source" | tr / -).o"
done

for test; do
    program=$dir/$(basename "$test")
    objects=$(ls "$dir"/*.o 2>/dev/null || :) # before the archive, so they win
    # shellcheck disable=SC2086
    $CC $FLAGS $objects "$test.o" "$B/libsupport.a" "$B/libsennit.a" -lcmocka -lm -o "$program"
    if ! timeout 120 "$program" >"$program.out" 2>&1; then
        [ "$n" -ne 0 ] && exit 0
        echo "$test fails without any mistake"
        exit 1
    fi
done
[ "$n" -eq 0 ] && exit 0
echo "no test notices mistake $n:"
grep -nE "SENNIT_MUTANT [!=]= $n\b" lib/*/*.[ch] lib/core/*/*.[ch]
exit 1
