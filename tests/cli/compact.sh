#!/usr/bin/env bash
# Forgetting what was deleted.
source "$(dirname "$0")/common.bash"

printf 'one two three\n' >a
sennit init a >/dev/null
sennit fork a b >/dev/null
printf 'one secret two three\n' >a
sennit commit a >/dev/null
printf 'one two three\n' >a
sennit commit a >/dev/null
grep -qa secret a.sennit || fail "deleted text is not kept"

# What is young enough stays.
expect 0 sennit compact --keep=30 a
grep -qa secret a.sennit || fail "deleted text of today is gone"

# What was edited meanwhile is recorded first.
printf 'one two three four\n' >a
expect 0 sennit compact a
out_has '^a: [0-9]* bytes, [0-9]* before$'
! grep -qa secret a.sennit || fail "deleted text is still there"
text_is a 'one two three four
'
expect 0 sennit check a

# Who knows less than that merges all the same, and loses nothing.
printf 'zero one two three\n' >b
expect 0 sennit merge a b
text_is a 'zero one two three four
'
same a b
! grep -qa secret b.sennit || fail "deleted text has come along"

# So does who comes later, by a delta that is a snapshot.
sennit fork b c >/dev/null
printf 'end\n' >>a
sennit commit a >/dev/null
sennit delta a -o all
expect 0 sennit apply c all
same a c

expect 2 sennit compact --keep=x a
expect 3 sennit compact missing
