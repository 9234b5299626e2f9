#!/usr/bin/env bash
# Two people edit one text at the same time, on devices that cannot reach each
# other, and end with the same text: what the library is for, in one screen.
#
# Exits 0 only if everything is as it says.
source "$(dirname "$0")/common.bash"
trap 'rm -rf "$world"' EXIT
cd "$world"

replica() { "$sennit" stat --json "$1" | sed 's/.*"replica": "\([0-9a-f]*\)".*/\1/'; }
since() { "$sennit" version --hex "$1"; }

say "1. Alice and Bob have the same text. Neither can reach the other, and both edit."
mkdir alice bob
for who in alice bob; do cp "$here/harbour.txt" "$who/harbour.txt"; done
run init alice/harbour.txt
run init bob/harbour.txt
sed -i -e 's/twice a day in summer/three times a day in summer/' \
       -e 's/four hundred metres/some four hundred metres/' \
       -e '$a Leave the pencil where it was.' alice/harbour.txt
sed -i -e 's/once in winter, if it comes at all/once in winter, weather permitting/' \
       -e 's/bad water/grey water/' \
       -e 's/; evening is when Marta closes the shop//' bob/harbour.txt
run commit alice/harbour.txt
run commit bob/harbour.txt

say "2. Each writes what the other lacks: small files, for any way to send them."
"$sennit" delta alice/harbour.txt --since "$(since bob/harbour.txt)" -o to-bob
"$sennit" delta bob/harbour.txt --since "$(since alice/harbour.txt)" -o to-alice
run apply alice/harbour.txt to-alice
run apply bob/harbour.txt to-bob
echo "   to-bob had $(bytes to-bob) bytes, to-alice $(bytes to-alice)."

say "3. The same text in both places, and who wrote what:"
names=$(replica alice/harbour.txt)=Alice,$(replica bob/harbour.txt)=Bob
"$sennit" cat --color=$colour --names "$names" alice/harbour.txt | sed 's/^/    /'

cmp alice/harbour.txt bob/harbour.txt || fail "Alice and Bob read different texts"
for kept in 'three times a day in summer and once in winter, weather permitting' \
            'some four hundred metres of grey' 'Leave the pencil'; do
    grep -q "$kept" bob/harbour.txt || fail "'$kept' was lost"
done
! grep -q Marta alice/harbour.txt || fail "Bob's deletion was lost"
