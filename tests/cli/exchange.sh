#!/usr/bin/env bash
# Deltas, in every order, and merging.
source "$(dirname "$0")/common.bash"

text='first line
second line
third line
'
for who in a b c d; do
    mkdir $who
    printf '%s' "$text" >$who/t
    sennit init $who/t >/dev/null
done

sed -i 's/first/1st/; s/third line/third line, longer/' a/t
sed -i '2d; s/third/3rd/' b/t
expect 0 sennit commit a/t b/t
sennit delta a/t -o from-a
sennit delta b/t >from-b

# Both orders, more than once, alone and together.
expect 0 sennit apply c/t from-a from-b from-a
expect 0 sennit apply d/t from-b
expect 0 sennit apply d/t - <from-a
expect 0 sennit apply a/t from-b
out_has '^from-b: applied [1-9][0-9]*, known [0-9]*, parked 0$'
expect 0 sennit apply a/t from-b
out_has '^from-b: applied 0, known [1-9]'
expect 0 sennit apply b/t from-a
for who in b c d; do
    same a/t $who/t
    [ "$(sennit version --hex a/t)" = "$(sennit version --hex $who/t)" ] \
        || fail "$who knows something else"
    sennit dump a/t >dump.a
    sennit dump $who/t >dump.b
    same dump.a dump.b
done
text_is a/t $'1st line\n3rd line, longer\n'

# Only what is lacking, said in each way there is.
hex=$(sennit version --hex b/t)
sennit version --raw b/t >raw
sennit version --hex b/t >hex
printf 'fourth line\n' >>a/t
sennit commit a/t >/dev/null
sennit delta a/t --since "$hex" -o by-word
sennit delta a/t --since raw -o by-raw
sennit delta a/t --since hex -o by-hex
sennit delta a/t --since - -o by-stdin <raw
sennit delta a/t -o all
for how in by-raw by-hex by-stdin; do same by-word $how; done
[ "$(wc -c <by-word)" -lt "$(wc -c <all)" ] || fail "--since made it no smaller"
expect 0 sennit delta a/t --since "$(sennit version --hex a/t)"
[ ! -s out ] || fail "bytes for somebody who lacks nothing"
: >nothing
expect 0 sennit apply b/t nothing
for word in nonsense abc zz deadbeef; do
    expect 1 sennit delta a/t --since $word
    err_has "$word: is no version"
done
expect 0 sennit version a/t
[ "$(wc -l <out)" -eq 3 ] || fail "not one line for each replica"

# What builds on what is missing waits, and says for what.
cp -r a e && rm e/t.sennit e/t
printf '%s' "$text" >e/t
sennit init e/t >/dev/null
expect 4 sennit apply e/t by-word
out_has 'applied 0, known 0, parked [1-9]'
err_has "lacks operations of replica $(replica a/t) after number [0-9]"
text_is e/t "$text"
expect 0 sennit apply e/t by-word from-b from-a
out_has 'parked [1-9]'
same a/t e/t

# What was not committed is recorded before anything is merged into it.
printf 'fifth line, by hand\n' >>b/t
expect 0 sennit delta b/t
err_has 'not committed'
expect 0 sennit apply b/t by-word
out_has '^b/t: recorded +20 -0 bytes first$'
grep -q 'fourth line' b/t && grep -q 'fifth line, by hand' b/t || fail "an edit was lost"
printf 'sixth line\n' >>a/t
expect 0 sennit merge a/t b/t
out_has '^a/t: recorded +11'
same a/t b/t
grep -q 'sixth line' b/t || fail "merge lost an edit"
expect 0 sennit merge b/t a/t
[ "$(sennit version --hex a/t)" = "$(sennit version --hex b/t)" ] || fail "versions differ"

# A snapshot is a delta of everything.
printf '%s' "$text" >late && sennit init late >/dev/null
expect 0 sennit apply late a/t.sennit
same late a/t

# A bad delta among good ones: the good ones are applied, the bad one is named.
printf '%s' "$text" >f && sennit init f >/dev/null
printf 'no delta at all' >bad
expect 1 sennit apply f from-a bad from-b
err_has '^sennit: bad: .*(offset [0-9]*)'
expect 3 sennit apply f missing
printf 'unrelated' >u && sennit init u >/dev/null && printf '!' >>u && sennit commit u >/dev/null
sennit delta u -o unrelated
cp f before
expect 5 sennit apply f unrelated
same f before
expect 5 sennit merge u f
expect 2 sennit merge f ./f
err_has 'is the same file'
expect 3 sennit merge f missing
expect 3 sennit merge missing f

# Two places that write under one name are found out.
mkdir copy && cp a/t a/t.sennit copy
printf 'here\n' >>a/t && printf 'there\n' >>copy/t
expect 5 sennit merge a/t copy/t
err_has 'sennit fork'
