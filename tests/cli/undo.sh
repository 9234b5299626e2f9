#!/usr/bin/env bash
# Taking back, and doing again.
source "$(dirname "$0")/common.bash"

mkdir a b
printf 'one two\n' | tee a/t >b/t
sennit init a/t >/dev/null
sennit init b/t >/dev/null
expect 1 sennit undo a/t
err_has 'nothing to take back'
expect 1 sennit redo a/t
err_has 'nothing to do again'

# Each command is a step, also right after another.
printf 'one two three\n' >a/t && sennit commit a/t >/dev/null
printf 'two three\n' >a/t && sennit commit a/t >/dev/null
expect 0 sennit undo a/t
out_has '^{+one +}two three$'
text_is a/t $'one two three\n'
expect 0 sennit undo a/t
text_is a/t $'one two\n'
expect 0 sennit redo a/t
text_is a/t $'one two three\n'
expect 0 sennit redo -n 5 a/t
text_is a/t $'two three\n'
expect 0 sennit undo --steps=2 a/t
text_is a/t $'one two\n'
expect 0 sennit redo a/t

# What was not recorded is the first to go, and an edit ends redoing.
printf 'one two, three\n' >a/t
expect 0 sennit undo a/t
out_has 'recorded +1 -0 bytes first'
out_has 'two\[-,-\] three'
text_is a/t $'one two three\n'
printf 'one two three.\n' >a/t && sennit commit a/t >/dev/null
expect 1 sennit redo a/t

# What others did stays; the same text comes back, with its authors.
printf 'one 2 two\n' >b/t
sennit merge a/t b/t >/dev/null
text_is a/t $'one 2 two three.\n'
B=$(replica b/t)
printf '.\n' >a/t && sennit commit a/t >/dev/null
expect 0 sennit undo a/t
text_is a/t $'one 2 two three.\n'
sennit blame --json a/t | grep -q "\"bytes\": 2, \"replica\": \"$B\"" || fail "it is not Bob's text any more"
expect 0 sennit undo -n 2 a/t
text_is a/t $'one 2 two\n'
expect 1 sennit undo b/../b/t --by 0123456789abcdef
err_has 'nobody'

# Somebody's work, or everybody's since a moment; and back.
expect 0 sennit redo -n 2 a/t
expect 0 sennit undo --by "${B:0:10}" a/t
text_is a/t $'one two three.\n'
expect 0 sennit undo a/t
text_is a/t $'one 2 two three.\n'
sennit tag a/t here
printf 'all new\n' >a/t && sennit commit a/t >/dev/null
printf 'all newer\n' >a/t && sennit commit a/t >/dev/null
expect 0 sennit undo --since here a/t
text_is a/t $'one 2 two three.\n'
expect 0 sennit undo a/t
text_is a/t $'all newer\n'
expect 0 sennit undo --since here --until now --by "$(replica a/t)" a/t
text_is a/t $'one 2 two three.\n'
expect 1 sennit undo --since nonsense a/t
expect 1 sennit undo --by '' a/t
expect 2 sennit undo -n 0 a/t
expect 2 sennit redo --since here a/t
expect 3 sennit undo missing

# Steps that are lost or damaged cost nothing but themselves.
printf 'next\n' >a/t && sennit commit a/t >/dev/null
printf 'garbage' >a/t.sennit-undo
expect 1 sennit undo a/t
text_is a/t $'next\n'
printf 'next!\n' >a/t && sennit commit a/t >/dev/null
expect 0 sennit undo a/t
text_is a/t $'next\n'
rm a/t.sennit-undo
printf 'next?\n' >a/t && sennit commit a/t >/dev/null
expect 0 sennit undo a/t
cp b/t.sennit-undo a/t.sennit-undo
printf 'more\n' >a/t && sennit commit a/t >/dev/null
expect 0 sennit undo a/t
text_is a/t $'next\n'
