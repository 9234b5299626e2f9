#!/usr/bin/env bash
# Looking into a document.
source "$(dirname "$0")/common.bash"

mkdir a b
printf 'Hello world.\nSecond line.\n' | tee a/t >b/t
sennit init a/t >/dev/null
sennit init b/t >/dev/null
expect 0 sennit log a/t
out_has '^-  *-  '
expect 0 sennit stat a/t
out_has '^replica *0000000000000000$'

printf 'Hello brave world.\nSecond line.\n' >a/t
printf 'Hello world.\nSecond line, \346\274\242\345\255\227!\n' >b/t
sennit merge a/t b/t >/dev/null
A=$(replica a/t) B=$(replica b/t)

# Letters below what each wrote, as wide as it is; nothing below the rest.
expect 0 sennit cat --who --names "$A=Alice,${B:0:6}=Bob" a/t
sed -n '2p' out | grep -qE '^ {7,9}AAAAAA$' || fail "Alice's word is not marked"
sed -n '4p' out | grep -qE '^ {12,15}B+ *B*$' || fail "Bob's words are not marked"
[ "$(sed -n 4p out | tr -cd B | wc -c)" -eq 7 ] || fail "wide characters are not as wide"
out_has "^A  $A  Alice  6 bytes$"
out_has "^B  $B  Bob  9 bytes$"
expect 0 sennit cat --who a/t
out_has '^a  '
expect 0 sennit cat --who --color=always a/t
out_has "$(printf '\033')\\[3[1-6]m"
expect 0 sennit cat --color=always a/t
same out a/t

# An empty document, and one without a newline at the end.
: >e && sennit init e >/dev/null
expect 0 sennit cat --who e
[ ! -s out ] || fail "something written by nobody"
printf 'x' >e && sennit commit e >/dev/null
expect 0 sennit cat --who e
[ "$(head -n 2 out)" = $'| x\n  a' ] || fail "a last line without newline"

expect 0 sennit log a/t
grep -qE "^${A:0:8}  20[0-9-]{8} [0-9:]{8}  +6 ops  +6 bytes  #[23]$" out || fail "the log: $(cat out)"
[ "$(wc -l <out)" -eq 3 ] || fail "not one change each"

expect 0 sennit stat --json a/t
for member in replica lineage bytes codepoints newlines operations replicas spans file_bytes; do
    out_has "\"$member\": "
done
out_has '"bytes": 40[,}]'
out_has '"codepoints": 36[,}]'
out_has '"newlines": 2[,}]'
[ "$(sennit stat a/t | grep -c .)" -eq "$(tr ',' '\n' <out | grep -c .)" ] \
    || fail "the readable form tells something else"

expect 0 sennit dump a/t
[ -s out ] || fail "an empty dump"
expect 0 sennit version a/t
out_has "^$A 6$"
out_has "^$B 10$"

for command in cat log stat dump version delta; do
    expect 3 sennit $command missing
    err_has 'missing: is not kept by sennit'
done
