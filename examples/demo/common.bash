# What the acts of the demonstration share: where the programs are, and how they speak.
# Each act works in a temporary folder of its own, $world.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program() { # NAME PATH: the program, or an end
    [ -x "$2" ] || { echo "demo: no program at $2; run 'make' first" >&2; exit 1; }
    echo "$(cd "$(dirname "$2")" && pwd)/$1"
}
sennit=$(program sennit "${SENNIT:-$here/../../build/release/sennit}")
world=$(mktemp -d)

if [ -t 1 ]; then bold=$'\033[1m' plain=$'\033[0m' colour=always
else bold='' plain='' colour=never; fi

say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
run() { printf '  $ sennit %s\n' "$*"; "$sennit" "$@" | sed 's/^/    /'; }
fail() { printf 'demo: %s\n' "$*" >&2; exit 1; }
bytes() { wc -c <"$1" | tr -d ' '; }
