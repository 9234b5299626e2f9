#!/usr/bin/env bash
# What a document was: log -p, at, diff, blame, tag.
source "$(dirname "$0")/common.bash"

mkdir a b
printf 'The lamp is lit.\nAt half past six.\n' | tee a/t >b/t
sennit init a/t >/dev/null
sennit init b/t >/dev/null
cp a/t first
printf 'The lamp is dark.\nAt half past six.\n' >a/t
sennit commit a/t >/dev/null
cp a/t second
printf 'The lamp is lit.\nAt half past six.\nNo longer.\n' >b/t
sennit merge a/t b/t >/dev/null
A=$(replica a/t) B=$(replica b/t)
text_is a/t $'The lamp is dark.\nAt half past six.\nNo longer.\n'

# Moments: tags, numbers of changes, versions, files, times.
expect 0 sennit at a/t 1
same out first
expect 0 sennit at a/t 2
same out second
expect 0 sennit at a/t now
same out a/t
expect 0 sennit at a/t 2001-02-03
[ ! -s out ] || same out first
expect 0 sennit at a/t "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
same out a/t
expect 0 sennit at a/t "$(date '+%Y-%m-%d %H:%M')"
same out a/t
expect 0 sennit at a/t 2999-01-01
same out a/t
sennit version --hex a/t >word
expect 0 sennit at a/t "$(cat word)"
same out a/t
expect 0 sennit at a/t word
same out a/t
sennit version --raw a/t | expect 0 sennit at a/t -
same out a/t
expect 1 sennit at a/t yesterday-evening
err_has "is no tag, time"
expect 1 sennit at a/t 99
err_has "has no change 99"
expect 1 sennit at a/t abc
err_has 'is no version'
printf 'hello' >b/other && sennit init b/other >/dev/null
printf 'hello.' >b/other && sennit commit b/other >/dev/null
expect 5 sennit at a/t "$(sennit version --hex b/other)" # another document's

# Differences, in both directions and both ways of showing.
expect 0 sennit diff a/t 1 2
[ "$(cat out)" = "$(printf '%s\n' '@@ 1 @@' 'The lamp is [-lit-]{+dark+}.' 'At half past six.')" ] \
    || fail 'a difference'
expect 0 sennit diff -U0 a/t 2 1
[ "$(cat out)" = "$(printf '%s\n' '@@ 1 @@' 'The lamp is [-dark-]{+lit+}.')" ] \
    || fail 'a difference backwards'
expect 0 sennit diff -U0 a/t 2
[ "$(cat out)" = "$(printf '%s\n' '@@ 3 @@' '{+No longer.\n+}')" ] || fail 'a line more'
expect 0 sennit diff a/t now
[ ! -s out ] || fail 'now is not now'
expect 0 sennit diff --color=always a/t 1 2
out_has "$(printf '\033')\\[31mlit$(printf '\033')\\[0m$(printf '\033')\\[32mdark"

# The log tells what each change did, and its number.
expect 0 sennit log -p a/t
out_has '^{+The lamp is lit.\\n+}$'
out_has '^The lamp is \[-lit-\]{+dark+}.$'
out_has '^{+No longer.\\n+}$'
out_has '  #3$'
[ "$(grep -c '  #[1-3]$' out)" -eq 3 ] || fail 'not three changes'
expect 0 sennit log --last 1 a/t
[ "$(wc -l <out)" -eq 1 ] && out_has '  #3$'

# Blame: the writer of what is newest in a line.
expect 0 sennit blame a/t
sed -n 1p out | grep -qE "^${A:0:8} +20[0-9-]{8} [0-9:]{8} +1  The lamp is dark\.$" || fail 'line 1'
sed -n 2p out | grep -qE '^- +- +2  At half past six\.$' || fail 'line 2'
sed -n 3p out | grep -qE "^${B:0:8} .* 3  No longer\.$" || fail 'line 3'
expect 0 sennit blame -L 2,3 --names "$B=Bob" a/t
[ "$(wc -l <out)" -eq 2 ] || fail 'not two lines'
out_has '^Bob  .*No longer'
expect 0 sennit blame -L 3 a/t
[ "$(wc -l <out)" -eq 1 ] || fail 'not one line'
expect 0 sennit blame --json a/t
out_has "^{\"pos\": 12, \"bytes\": 4, \"replica\": \"$A\", \"unix_ms\": [1-9][0-9]*}$"
[ "$(($(sed 's/.*"bytes": \([0-9]*\).*/\1/' out | paste -sd+)))" -eq "$(wc -c <a/t)" ] || fail 'not all'
expect 0 sennit blame --color=always a/t
out_has "$(printf '\033')\\[3[1-6]mdark$(printf '\033')\\[0m"
for lines in 0 9 2,1 x 1, ,2; do
    expect 2 sennit blame -L "$lines" a/t
done
: >e && sennit init e >/dev/null
expect 0 sennit blame e
[ ! -s out ] || fail 'blame of nothing'

# A terminal gets colours, unless NO_COLOR is set.
if script -qec true /dev/null >/dev/null 2>&1; then # there are terminals to be had
    esc=$(printf '\033')
    env -u NO_COLOR script -qec "'$SENNIT' blame a/t" /dev/null >out </dev/null
    out_has "$esc\\[3"
    NO_COLOR=1 script -qec "'$SENNIT' blame a/t" /dev/null >out </dev/null
    ! grep -q "$esc" out || fail 'colours in spite of NO_COLOR'
    NO_COLOR=1 script -qec "'$SENNIT' cat --who a/t" /dev/null >out </dev/null
    ! grep -q "$esc" out || fail 'colours in spite of NO_COLOR'
fi

# What others wrote cannot steer the terminal.
printf 'x\033[2Jy\302\233z\n' >c && sennit init c >/dev/null
for command in 'blame c' 'log -p c'; do
    expect 0 sennit $command
    grep -qF 'x\x1b[2Jy\x9bz' out || fail "controls in $command"
done

# Tags.
expect 0 sennit tag a/t start 1
expect 0 sennit at a/t start
same out first
expect 0 sennit tag a/t 'draft-2' 2
expect 0 sennit tag a/t
[ "$(cut -d' ' -f1 out | paste -sd,)" = draft-2,start ] || fail 'the tags'
expect 0 sennit at a/t "$(sed -n 's/^draft-2  //p' out)"
same out second
expect 0 sennit at b/t "$(sennit tag a/t | sed -n 's/^draft-2  //p')" # means the same there
same out second
expect 0 sennit tag a/t start now
expect 0 sennit diff a/t start
[ ! -s out ] || fail 'the tag was not moved'
expect 0 sennit tag -d start a/t
expect 1 sennit at a/t start
expect 1 sennit tag -d start a/t
err_has 'has no tag start'
for name in now 12 2026-01-01 'two words' '' "$(printf 'x%.0s' {1..101})"; do
    expect 2 sennit tag a/t "$name"
done
expect 1 sennit tag a/t other nonsense

# Everybody has them; of two the one set last counts, and none is a step of undo.
sennit merge a/t b/t >/dev/null
expect 0 sennit at b/t draft-2
same out second
sennit tag b/t draft-2 1
sennit merge a/t b/t >/dev/null
expect 0 sennit at a/t draft-2
same out first
printf 'The end.\n' >a/t
expect 0 sennit tag a/t end
out_has 'recorded'
expect 0 sennit undo a/t
text_is a/t $'The lamp is dark.\nAt half past six.\nNo longer.\n'
expect 0 sennit at a/t end
[ "$(cat out)" = 'The end.' ] || fail 'a tag went with an undo'

for command in 'log -p' blame 'at' 'diff' tag; do
    words=missing
    case $command in at | diff) words='missing now' ;; esac
    expect 3 sennit $command $words
    err_has 'missing: is not kept by sennit'
done
