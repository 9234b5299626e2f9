#!/usr/bin/env bash
# Damaged files: never a crash, never a wrong "ok", and the text is saved.
source "$(dirname "$0")/common.bash"

mkdir a b
printf 'A text that must not be lost, whatever happens to its file.\n' | tee a/t >b/t
sennit init a/t >/dev/null
sennit init b/t >/dev/null
sed -i 's/must not/shall never/' a/t
sennit commit a/t >/dev/null
printf 'A second line: gr\303\274n.\n' >>a/t
sennit commit a/t >/dev/null
cp a/t.sennit sound
cp a/t text
size=$(wc -c <sound)

expect 0 sennit check a/t
out_has '^a/t: ok, [0-9]* bytes of text'
[ ! -e a/t.rescued ] || fail "rescued what was not in danger"
printf 'more' >>a/t
expect 0 sennit check a/t
out_has 'changes not committed'
cp text a/t

# flip AT BITS <in >out: change one byte.
flip() {
    local byte
    byte=$(printf '%d' "0x$(od -An -tx1 -j "$1" -N 1 "$3" | tr -d ' ')")
    head -c "$1" "$3"
    printf "\\$(printf '%03o' $((byte ^ $2)))"
    tail -c +$(($1 + 2)) "$3"
}

# refused CODE-FILE...: the exit code says damaged (1), or of a later release
# (5) where the number of the format itself was hit.
refused() {
    local got=0
    "$@" >out 2>err || got=$?
    [ "$got" -eq 1 ] || [ "$got" -eq 5 ] || fail "exit code $got, byte $at: $*"
    err_has 'offset [0-9]'
}

rescued=0
for at in $(seq 0 $((size - 1))); do
    flip "$at" $((1 << at % 8)) sound >a/t.sennit
    rm -f a/t.rescued
    refused sennit check a/t
    if [ -e a/t.rescued ]; then
        same a/t.rescued text
        rescued=$((rescued + 1))
    fi
done
[ "$rescued" -ge $((size / 4)) ] || fail "the text was saved only $rescued of $size times"

for len in $(seq 0 3 $((size - 1))); do
    at=$len
    head -c "$len" sound >a/t.sennit
    rm -f a/t.rescued
    refused sennit check a/t
    [ ! -e a/t.rescued ] || same a/t.rescued text
done
cat sound sound >a/t.sennit
refused sennit check a/t

# A file that is damaged stops everything else, and stays as it is.
at=$((size - 1))
flip $at 1 sound >a/t.sennit
cp a/t.sennit damaged
for command in cat log stat dump version delta commit; do
    refused sennit $command a/t
done
refused sennit merge a/t b/t
refused sennit merge b/t a/t
refused sennit fork a/t a/copy
same damaged a/t.sennit
same text a/t

# Nothing is overwritten when text is saved, and nothing is saved twice.
rm -f a/t.rescued
printf 'precious' >a/t.rescued
refused sennit check a/t
[ "$(cat a/t.rescued)" = precious ] || fail "an older file was overwritten"
same a/t.rescued.1 text
refused sennit check a/t
[ ! -e a/t.rescued.2 ] || fail "the same text was saved twice"

# Damaged deltas: refused whole, and nothing changes.
cp sound a/t.sennit
sennit delta a/t -o delta
cp b/t before
cp b/t.sennit before.sennit
size=$(wc -c <delta)
for at in $(seq 0 2 $((size - 1))); do
    flip "$at" $((1 << at % 7)) delta >bad
    got=0
    sennit apply b/t bad >out 2>err || got=$?
    case $got in 1 | 5) ;; *) fail "exit code $got for a delta damaged at $at" ;; esac
    same b/t before
done
for len in $(seq 1 5 $((size - 1))); do
    head -c "$len" delta >bad
    expect 1 sennit apply b/t bad
    same b/t before
done
expect 0 sennit apply b/t delta
same b/t text
