# What the tests of the command line share. Each test sources this, works in a
# temporary folder, and takes the program from $SENNIT.
#
# `expect CODE COMMAND...` runs a command and compares its exit code; what it
# printed is in the files out and err then.
set -euo pipefail

: "${SENNIT:?name the program: SENNIT=/path/of/sennit}"
SENNIT=$(cd "$(dirname "$SENNIT")" && pwd)/$(basename "$SENNIT")
export TZ=UTC LC_ALL=C.UTF-8

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    for file in out err; do
        [ ! -s "$work/$file" ] || sed "s/^/  $file: /" "$work/$file" >&2
    done
    exit 1
}

expect() {
    local want=$1 got=0
    shift
    "$@" >"$work/out" 2>"$work/err" || got=$?
    [ "$got" -eq "$want" ] || fail "exit code $got instead of $want: $*"
}

sennit() { "$SENNIT" "$@"; }

# out_has PATTERN, err_has PATTERN: what the last `expect` printed.
out_has() { grep -qe "$1" "$work/out" || fail "'$1' is not in the output"; }
err_has() { grep -qe "$1" "$work/err" || fail "'$1' is not among the errors"; }

same() { cmp -s "$1" "$2" || fail "$1 and $2 differ"; }

# text_is FILE 'text': a file and its document hold exactly this.
text_is() {
    printf '%s' "$2" >"$work/wanted"
    same "$work/wanted" "$1"
    sennit cat "$1" >"$work/kept"
    same "$work/wanted" "$work/kept"
}

replica() { sennit stat --json "$1" | sed 's/.*"replica": "\([0-9a-f]*\)".*/\1/'; }
