#!/usr/bin/env bash
# Recording what an editor did.
source "$(dirname "$0")/common.bash"

printf 'The quick brown fox\njumps over\nthe lazy dog.\n' >a
sennit init a >/dev/null
expect 0 sennit commit a
out_has '^a: +0 -0 bytes$'
before=$(sennit version --hex a)

# Only what changed counts, in bytes.
sed -i 's/brown/red/; s/lazy/läzy/' a
cp a edited
expect 0 sennit commit a
grep -qE '^a: \+[3-9] -[3-9] bytes$' out || fail "the edit was not small: $(cat out)"
same a edited
sennit cat a >kept
same a kept
[ "$(sennit version --hex a)" != "$before" ] || fail "the version did not move"
expect 0 sennit commit a
out_has '^a: +0 -0 bytes$'

# What is no text changes nothing, in the file or in the document.
cp a.sennit document
printf 'half a character \303' >a
cp a broken
expect 5 sennit commit a
err_has 'a: not UTF-8 text (offset 17)'
same a.sennit document
same a broken
: >a
expect 0 sennit commit a
text_is a ''
expect 0 sennit log a
[ "$(wc -l <out)" -ge 2 ] || fail "the log is too short"

# Several at once; the good ones are done, the worst code is returned.
printf 'b\n' >b && sennit init b >/dev/null && printf 'more\n' >>b
printf 'c\n' >c && sennit init c >/dev/null && printf 'more\n' >>c
expect 3 sennit commit b missing c
out_has '^b: +5 -0'
out_has '^c: +5 -0'
err_has 'missing: is not kept by sennit'

# A plain file that is gone is no edit that deletes everything.
rm c
expect 3 sennit commit c
[ "$(sennit cat c)" = $'c\nmore' ] || fail "the text went with the file"

# Whoever comes second waits for the first.
if command -v flock >/dev/null; then
    printf 'again\n' >>b
    flock b.sennit sleep 1 &
    sleep 0.3
    expect 0 sennit commit b
    out_has '^b: +6 -0'
    wait
fi
