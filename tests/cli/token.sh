#!/usr/bin/env bash
# Keys and tokens. That a server takes them is tested in tests/e2e.
source "$(dirname "$0")/common.bash"

# A pair of keys, one of them for nobody else's eyes; never written over.
expect 0 sennit token keygen key
[ "$(stat -c %a key.secret)" = 600 ] || fail "others may read the secret key"
[ "$(wc -c <key.secret) $(wc -c <key.public)" = "44 44" ] || fail "a key is 43 characters"
cp key.secret kept
expect 5 sennit token keygen key
err_has 'key.secret: exists already'
same kept key.secret

# What a token grants.
expect 0 sennit token make --key key.secret --doc notes --user 'Zoë' --permission view --expires never
token=$(cat out)
expect 0 sennit token show --key key.public -- "$token"
out_has '^document    notes$'
out_has '^user        Zoë$'
out_has '^permission  view$'
out_has '^expires     never$'

# The usual: edit, for a day; no two tokens are the same.
expect 0 sennit token make --key key.secret --doc '*' --user ada
another=$(cat out)
expect 0 sennit token show --key key.public -- "$another"
out_has '^permission  edit$'
out_has "^expires     $(date -d '+1 day' '+%Y-%m-%d %H')"
expect 0 sennit token make --key key.secret --doc '*' --user ada
[ "$(cat out)" != "$another" ] || fail "two tokens have one id"

# What is no token of this server.
sennit token keygen other
expect 1 sennit token show --key other.public -- "$token"
err_has 'no token, or one of another server'
expect 1 sennit token show --key key.public -- "${token%?}"
expect 1 sennit token show --key key.public -- ''
expect 3 sennit token show --key missing -- "$token"
printf 'no key\n' >wrong
expect 5 sennit token show --key wrong -- "$token"
err_has 'wrong: there is no key in it'
: >empty
expect 5 sennit token make --key empty --doc notes --user ada

# Wrong usage.
expect 2 sennit token
expect 2 sennit token bake
expect 2 sennit token make --key key.secret --doc notes
expect 2 sennit token make --key key.secret --doc a/b --user ada
expect 2 sennit token make --key key.secret --doc notes --user "$(printf 'a\nb')"
expect 2 sennit token make --key key.secret --doc "$(printf '%0129d' 0)" --user ada
for wrong in 0h 3 3w h -1h 1hh 99999999999999999999d; do
    expect 2 sennit token make --key key.secret --doc notes --user ada --expires "$wrong"
done
expect 2 sennit token make --key key.secret --doc notes --user ada --permission all
expect 0 sennit token --help
expect 0 sennit token make --help
