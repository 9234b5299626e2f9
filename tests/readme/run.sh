#!/bin/sh
# Does what README.md tells its reader to do: compiles and runs the C, runs the
# shell example. The make commands are what runs this, and its demonstration.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
block() { # language: the lines of its fenced block
    awk -v start="^\`\`\`$1\$" '$0 ~ start { on = 1; next } /^```/ { on = 0 } on' "$root/README.md"
}

block c >"$tmp/hello.c"
"${CC:-cc}" -D_DEFAULT_SOURCE -std=c11 -Wall -Wextra -Werror -I"$root/include" "$tmp/hello.c" \
    "$LIB" -o "$tmp/hello"
[ "$("$tmp/hello")" = "hello, world" ]

mkdir "$tmp/bin" "$tmp/work"
ln -s "$SENNIT" "$tmp/bin/sennit"
block sh >"$tmp/example.sh"
cd "$tmp/work"
PATH="$tmp/bin:$PATH" sh -eu "$tmp/example.sh" >"$tmp/out"
printf 'zero\none\ntwo\nthree\n' >"$tmp/want"
cmp notes.txt "$tmp/want"
cmp copy.txt "$tmp/want"

for linked in $(grep -oE '\]\([a-zA-Z/_.]+\)' "$root/README.md" | tr -d ']()'); do
    [ -e "$root/$linked" ] || { echo "README.md names $linked, which is not there"; exit 1; }
done
for target in run demo test; do grep -q "make $target" "$root/README.md"; done
bash "$root/examples/demo/merge.sh" >/dev/null
bash "$root/examples/demo/serve.sh" >/dev/null
