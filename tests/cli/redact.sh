#!/usr/bin/env bash
# Erasing what was deleted, in every copy.
source "$(dirname "$0")/common.bash"

printf 'one two three\n' >a
sennit init a >/dev/null
printf 'one secret two secret three\n' >a
sennit commit a >/dev/null
sennit tag a leak >/dev/null
sennit fork a b >/dev/null
expect 5 sennit redact a leak secret
text_is a 'one secret two secret three
'
printf 'one two three\n' >a
sennit commit a >/dev/null
grep -qa secret a.sennit || fail "deleted text is not kept"

expect 0 sennit redact a leak secret
out_has '^a: erased 2 times$'
! grep -qa secret a.sennit || fail "erased text is still there"
text_is a 'one two three
'
expect 0 sennit check a

# Another copy erases it once it hears of it, and goes on.
printf 'zero one secret two secret three\n' >b
expect 0 sennit merge a b
text_is a 'zero one two three
'
same a b
! grep -qa secret a.sennit || fail "erased text has come back"
! grep -qa secret b.sennit || fail "another copy keeps erased text"
expect 0 sennit redact a leak nothing
out_has '^a: erased 0 times$'
expect 2 sennit redact a leak ''
expect 3 sennit redact missing leak secret
