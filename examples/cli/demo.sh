#!/usr/bin/env bash
# Two people edit one text at the same time, on devices that cannot reach each
# other, and end with the same text: what the library is for, in one screen.
#
#     demo.sh [path of the sennit program]
#
# Exits 0 only if everything is as it says.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
sennit=${1:-${SENNIT:-$here/../../build/release/sennit}}
[ -x "$sennit" ] || { echo "demo.sh: no program at $sennit; run 'make' first" >&2; exit 1; }
sennit=$(cd "$(dirname "$sennit")" && pwd)/$(basename "$sennit")

world=$(mktemp -d)
trap 'rm -rf "$world"' EXIT
cd "$world"

if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m' colour=always
else bold='' plain='' colour=never; fi

say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
run() { printf '  $ sennit %s\n' "$*"; "$sennit" "$@" | sed 's/^/    /'; }
fail() { printf 'demo.sh: %s\n' "$*" >&2; exit 1; }
replica() { "$sennit" stat --json "$1" | sed 's/.*"replica": "\([0-9a-f]*\)".*/\1/'; }
bytes() { wc -c <"$1" | tr -d ' '; }

say "1. Alice and Bob have the same text, each on a device of their own."
mkdir alice bob carol
for who in alice bob carol; do cp "$here/demo/harbour.txt" "$who/harbour.txt"; done
run init alice/harbour.txt
run init bob/harbour.txt

say "2. Neither can reach the other. Both edit with what they like, here sed."
echo "   Alice corrects the first paragraph and adds a rule; Bob changes the same"
echo "   lines elsewhere, deletes the sentence about Marta, and adds a rule too."
sed -i -e 's/twice a day in summer/three times a day in summer/' \
       -e 's/four hundred metres/some four hundred metres/' \
       -e 's/There are two rules\./There are three rules./' \
       -e '$a Leave the pencil where it was.' alice/harbour.txt
sed -i -e 's/once in winter, if it comes at all/once in winter, weather permitting/' \
       -e 's/bad water/grey water/' \
       -e 's/; evening is when Marta closes the shop//' \
       -e '$a Sign with your own name.' bob/harbour.txt
run commit alice/harbour.txt
run commit bob/harbour.txt

say "3. Each writes what the other lacks: small files, for any way to send them."
"$sennit" delta alice/harbour.txt --since "$("$sennit" version --hex bob/harbour.txt)" -o to-bob
"$sennit" delta bob/harbour.txt --since "$("$sennit" version --hex alice/harbour.txt)" -o to-alice
echo "   to-bob has $(bytes to-bob) bytes, to-alice $(bytes to-alice); the text has" \
     "$(bytes alice/harbour.txt)."
run apply alice/harbour.txt to-alice
run apply bob/harbour.txt to-bob

say "4. Carol joins late and gets both in the other order, one of them twice."
run init carol/harbour.txt
run apply carol/harbour.txt to-alice to-bob to-alice

say "5. The same text everywhere, and who wrote what:"
names=$(replica alice/harbour.txt)=Alice,$(replica bob/harbour.txt)=Bob
"$sennit" cat --color=$colour --names "$names" alice/harbour.txt | sed 's/^/    /'
cmp alice/harbour.txt bob/harbour.txt || fail "Alice and Bob read different texts"
cmp alice/harbour.txt carol/harbour.txt || fail "Alice and Carol read different texts"
grep -q 'three times a day in summer and once in winter, weather permitting' bob/harbour.txt \
    || fail "the edits of one line did not both arrive"
for rule in 'Leave the pencil' 'Sign with your' 'some four hundred metres of grey'; do
    grep -q "$rule" carol/harbour.txt || fail "'$rule' was lost"
done
! grep -q Marta carol/harbour.txt || fail "Bob's deletion was lost"

say "6. A delta that was damaged on its way is refused, and nothing changes."
{ head -c 20 to-bob; printf '\377'; tail -c +22 to-bob; } >damaged
cp carol/harbour.txt before
printf '  $ sennit apply carol/harbour.txt damaged\n'
if "$sennit" apply carol/harbour.txt damaged 2>&1 | sed 's/^/    /'; then
    fail "a damaged delta was taken"
fi
cmp before carol/harbour.txt || fail "a damaged delta changed the text"

say "Alice, Bob and Carol read the same $(bytes carol/harbour.txt) bytes. Nothing was lost."
