#!/usr/bin/env bash
# How documents begin.
source "$(dirname "$0")/common.bash"

printf 'one\ntwo\n' >a
expect 0 sennit init a
out_has '^a: 8 bytes$'
text_is a $'one\ntwo\n'

# Nothing is overwritten without being told to.
expect 5 sennit init a
err_has 'exists already'
printf 'three\n' >>a
sennit commit a >/dev/null
sennit cat a >with
expect 0 sennit init --force a
expect 0 sennit log a
[ "$(wc -l <out)" -eq 1 ] || fail "--force kept a history"

# The same text and name are the same document; another name is another one.
mkdir there other
for where in there other; do printf 'one\ntwo\n' >$where/a; done
printf 'one\ntwo\n' >a
sennit init --force a >/dev/null
sennit init there/a >/dev/null
sennit init --name other other/a >/dev/null
printf 'zero\n' | cat - there/a >new && mv new there/a
sennit commit there/a >/dev/null
sennit delta there/a -o delta
expect 0 sennit apply a delta
text_is a $'zero\none\ntwo\n'
expect 5 sennit apply other/a delta
err_has 'delta: .*document'
text_is other/a $'one\ntwo\n'

# Texts that are none, or hardly any.
expect 3 sennit init missing
err_has 'missing: No such file'
printf 'good \303\251 bad \303( tail' >latin
expect 5 sennit init latin
err_has 'latin: not UTF-8 text (offset 12)'
[ ! -e latin.sennit ] || fail "a document of what is no text"
: >empty
expect 0 sennit init empty
text_is empty ''
printf 'from nothing' >empty
expect 0 sennit commit empty
out_has '^empty: +12 -0 bytes$'
printf 'nul \000 byte' >nul
expect 0 sennit init nul
sennit cat nul >out2
same nul out2

# The document of a link stands beside what it leads to, and the link stays.
mkdir far
printf 'far away\n' >far/text
ln -s far/text link
expect 0 sennit init link
[ -e far/text.sennit ] && [ ! -e link.sennit ] || fail "the document is beside the link"
printf 'edited\n' >>far/text
sennit commit link >/dev/null
[ -L link ] || fail "the link was replaced"

# Forks write under a name of their own.
expect 0 sennit fork a copy
text_is copy $'zero\none\ntwo\n'
expect 5 sennit fork a copy
err_has 'copy: exists already'
printf 'a was here\n' >>a
printf 'copy was here\n' | cat - copy >new && mv new copy
expect 0 sennit merge a copy
same a copy
[ "$(replica a)" != "$(replica copy)" ] || fail "a fork has the id of its origin"
expect 3 sennit fork missing copy2
