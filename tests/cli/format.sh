#!/usr/bin/env bash
# Rich text in and out.
source "$(dirname "$0")/common.bash"

printf 'old\n' >a
sennit init a >/dev/null
printf '# Title\n\nsome **bold** [text](https://x.example/) <b>\n\n- one\n- two\n' >in.md
expect 0 sennit import a in.md
printf 'Title\nsome bold text <b>\none\ntwo\n' >wanted
same a wanted

expect 0 sennit export --html a
out_has '^<h1>Title</h1>$'
out_has '<p>some <strong>bold</strong> <a rel="nofollow noopener" href="https://x.example/">text</a> &lt;b&gt;</p>'
out_has '^<li>two</li>$'
expect 0 sennit export --md a
out_has '^  - one$'
expect 0 sennit export -o a.json a
grep -q '{"insert":"\\n","attributes":{"header":1}}' a.json || fail "no Delta"

# What any editor changes in the plain file keeps the marks around it.
sed -i 's/bold/very bold/' a
expect 0 sennit commit a
expect 0 sennit export --html a
out_has '<strong>bold</strong>'

# Delta comes back as it went.
printf 'b\n' >b && sennit init b >/dev/null
expect 0 sennit import b a.json
sennit export --delta b >b.json
same a.json b.json

# What is none is refused, and nothing is written.
printf '[{"retain":1}]' >bad.json
cp b.sennit before
expect 1 sennit import b bad.json
err_has 'bad.json: .*insert'
same b.sennit before
expect 2 sennit import b in.html
expect 2 sennit export b
expect 3 sennit import b missing.md
