#!/bin/sh
# Run commands side by side, each a test: run-tests.sh LABEL COMMAND...
#
# Prints one line if all pass, else what failed and the end of what each failing one printed.
# Adds a line "passed failed" to the file $SENNIT_TALLY, if that is set.
set -eu

label=$1
shift
log=build/log/$(echo "$label" | tr -c 'a-z0-9\n' '-')
rm -rf "$log"
mkdir -p "$log"

n=0
for command; do
    n=$((n + 1))
    echo "$command" >"$log/$n.sh"
done

# shellcheck disable=SC2016 # expanded by the inner shell
seq "$n" | xargs -r -P "$(nproc)" -I{} sh -c '
    timeout "${TEST_SECONDS:-900}" sh "$0/$1.sh" </dev/null >"$0/$1.out" 2>&1 && : >"$0/$1.ok" || :
' "$log" {}

passed=0
for i in $(seq "$n"); do
    if [ -e "$log/$i.ok" ]; then
        passed=$((passed + 1))
    else
        echo "FAILED $label: $(cat "$log/$i.sh")"
        grep -A 15 '^not ok' "$log/$i.out" | head -n 60 || : # those of node are not at the end
        tail -n 60 "$log/$i.out"
    fi
done
echo "$label: $passed of $n passed"
[ -z "${SENNIT_TALLY:-}" ] || echo "$passed $((n - passed))" >>"$SENNIT_TALLY"
[ "$passed" -eq "$n" ]
