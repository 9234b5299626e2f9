#!/usr/bin/env bash
# Help, versions and wrong usage.
source "$(dirname "$0")/common.bash"

expect 2 sennit
err_has '^Usage: sennit COMMAND'
expect 0 sennit --help
out_has '^Exit codes:'
cp out help
expect 0 sennit help
same help out
expect 0 sennit --version
out_has '^sennit [0-9]*\.[0-9]*\.[0-9]*$'

expect 2 sennit frobnicate
err_has "no command 'frobnicate'"
expect 2 sennit help frobnicate

commands=$(sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' help)
[ "$(echo "$commands" | wc -l)" -ge 14 ] || fail "commands are missing in the help"
for command in $commands; do
    expect 0 sennit "$command" --help
    out_has "^Usage: sennit $command "
    cp out first
    expect 0 sennit help "$command"
    same first out
    expect 2 sennit "$command" --no-such-option
    expect 2 sennit "$command"
done

expect 2 sennit cat a b
err_has 'too many files'
expect 2 sennit apply a
err_has 'too few files'
expect 2 sennit bench --rounds 0 x.json
expect 2 sennit replay --orders many x.json
err_has "'many' is no number"
expect 2 sennit cat --color=sometimes x
