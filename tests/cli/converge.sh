#!/usr/bin/env bash
# Three people edit at random and exchange at random: they end with one text.
# SEED=n repeats one run.
source "$(dirname "$0")/common.bash"

SEED=${SEED:-$RANDOM}
RANDOM=$SEED
people=(a b c)
for i in $(seq 12); do printf 'Line %d has a few words in it, sóme accented.\n' "$i"; done >text
for who in "${people[@]}"; do
    mkdir "$who"
    cp text "$who/t"
    sennit init "$who/t" >/dev/null
done

# edit FILE WHO: change, delete, duplicate or add a few lines.
edit() {
    awk -v seed="$RANDOM" -v who="$2" '
        BEGIN { srand(seed) }
        rand() < 0.05 { next }
        rand() < 0.10 { print; print who " wrote line " int(rand() * 1000) "." }
        rand() < 0.10 { sub(/few/, who) }
        rand() < 0.10 { sub(/words/, "wörds of " who) }
        rand() < 0.05 { $0 = toupper($0) }
        { print }
        END { if (rand() < 0.3) printf "%s", who }' "$1" >edited
    mv edited "$1"
}

some() { echo "${people[RANDOM % ${#people[@]}]}"; }

for _ in $(seq 30); do
    from=$(some) to=$(some)
    case $((RANDOM % 4)) in
        0 | 1) edit "$from/t" "$from" ;;
        2) expect 0 sennit commit "$from/t" ;;
        3)
            [ "$from" != "$to" ] || continue
            version=$(sennit version --hex "$to/t")
            sennit delta "$from/t" --since "$version" -o delta 2>/dev/null
            expect 0 sennit apply "$to/t" delta
            ;;
    esac
done

for who in "${people[@]}"; do
    sennit commit "$who/t" >/dev/null
    sennit delta "$who/t" -o "from-$who"
done
expect 0 sennit apply a/t from-c from-b
expect 0 sennit apply b/t from-a from-c
expect 0 sennit apply c/t from-b from-a from-b
for who in b c; do
    cmp -s a/t "$who/t" || fail "a and $who read different texts; SEED=$SEED"
    sennit dump a/t >dump.a
    sennit dump "$who/t" >dump.b
    cmp -s dump.a dump.b || fail "a and $who differ inside; SEED=$SEED"
done
for who in "${people[@]}"; do expect 0 sennit check "$who/t"; done
