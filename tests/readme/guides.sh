#!/bin/sh
# Compiles and runs the C of each guide: all its blocks together are one program.
# LIB is the library, CC the compiler.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

for guide in "$root"/docs/guide-*.md; do
    awk '/^```c$/ { on = 1; next } /^```/ { on = 0 } on' "$guide" >"$tmp/guide.c"
    [ -s "$tmp/guide.c" ] || continue
    "${CC:-cc}" -std=c11 -Wall -Wextra -Werror -UNDEBUG -I"$root/include" "$tmp/guide.c" \
        "$LIB" -o "$tmp/guide" || { echo "$guide does not compile"; exit 1; }
    [ "$("$tmp/guide")" = ok ] || { echo "$guide does not do what it says"; exit 1; }
done
for linked in $(grep -ohE '\]\([a-zA-Z/_.-]+\)' "$root"/docs/guide-*.md | tr -d ']()'); do
    [ -e "$root/docs/$linked" ] || { echo "a guide names $linked, which is not there"; exit 1; }
done
