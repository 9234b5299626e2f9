#!/usr/bin/env bash
# Measure sennit and other text CRDTs in one run, and print one table.
#
#   run.sh TRACES [SENNIT] [--json]
#
#   TRACES   folder with *.json.gz of the collection josephg/editing-traces
#   SENNIT   the program, build/release/sennit unless given
#   --json   lines of JSON instead of a table
#
# Environment: BUDGET   CPU seconds for one run of one step [20]
#              PEERS    which peers [all]
#              ONLY     which traces, by name [all in TRACES]
#
# Needs cargo, node and npm, and the first time access to their registries.
# Everything built or downloaded goes to build/bench-peers. Takes about half an
# hour; run it on a machine that does nothing else. See NOTES.md.
set -euo pipefail

die() { echo "bench-peers: $*" >&2; exit 1; }
say() { echo "bench-peers: $*" >&2; }

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
work=$root/build/bench-peers
json=
words=()
for word in "$@"; do
    if [ "$word" = --json ]; then json=--json; else words+=("$word"); fi
done
traces=${words[0]:-}
sennit=${words[1]:-$root/build/release/sennit}
budget=${BUDGET:-20}
peers=${PEERS:-diamond-types diamond-wasm yrs loro automerge cola yjs json-joy}
results=$work/results.jsonl

[ -n "$traces" ] || die "which traces? usage: run.sh TRACES [SENNIT] [--json]"
files=()
for file in "$traces"/*.json.gz; do
    name=$(basename "$file" .json.gz)
    case " ${ONLY:-$name} " in *" $name "*) [ -e "$file" ] && files+=("$file") ;; esac
done
[ ${#files[@]} -gt 0 ] || die "no *.json.gz in '$traces': name the folder of a copy of josephg/editing-traces"
[ -x "$sennit" ] || die "no program '$sennit': build it first with 'make cli MODE=release'"
for tool in cargo node npm; do
    command -v $tool >/dev/null || die "needs $tool, which is not installed (cargo and rustc 1.90, node 20 and npm, or later)"
done

# ---- Build, outside the source tree so that no lock file appears there -------

mkdir -p "$work/rust" "$work/node" "$work/out"
rm -rf "$work/rust/src" "$work/out"/*
cp -r "$here/rust/Cargo.toml" "$here/rust/src" "$work/rust"
cp "$here"/node/*.mjs "$here/node/package.json" "$work/node"

say "building the peers in Rust (some minutes the first time)"
(cd "$work/rust" && cargo build --quiet --release --target-dir "$work/cargo") >&2 ||
    die "the peers in Rust did not build: this needs crates.io, or a filled cargo cache"
say "installing the peers in JavaScript"
(cd "$work/node" && npm install --no-audit --no-fund --no-package-lock --loglevel=error) >&2 ||
    die "the peers in JavaScript did not install: this needs the npm registry"

# ---- Run: every peer in a process of its own for every trace and crowd -------

run_peer() { # PEER SECONDS ON ARG...; ends what takes longer
    local peer=$1 limit=$2 on=$3 status=0
    shift 3
    case $peer in
    diamond-wasm | yjs | json-joy) timeout -k 5 "$limit" node --expose-gc "$work/node/main.mjs" "$peer" "$@" ;;
    *) timeout -k 5 "$limit" "$work/cargo/release/peers" "$peer" "$@" ;;
    esac >"$work/part.jsonl" || status=$?
    cat "$work/part.jsonl" >>"$results"
    if [ $status -ne 0 ]; then
        say "$peer: $on ended with status $status (124: took too long)"
        echo "{\"peer\":\"$peer\",\"on\":\"$on\",\"status\":$status}" >>"$results"
    fi
}

gave_up() { # the last process did not finish its stream
    ! grep -q '"key":"stream_ms".*"value"' "$work/part.jsonl"
}

crowd() { # PEER KIND N...; what fails with few is not tried with more
    local peer=$1 kind=$2 n
    shift 2
    for n in "$@"; do
        run_peer "$peer" $((budget * 20)) "$kind-$n" "$kind" "$n" "$budget"
        if gave_up; then
            say "$peer: $kind with $n given up, so no more than that"
            break
        fi
    done
}

versions() {
    (cd "$work/rust" && cargo tree --quiet --offline --depth 1 --prefix none) |
        sed -n 's/^\([a-z-]*\) v\([0-9][^ ]*\).*/{"peer":"\1","version":"\2"}/p'
    for package in diamond-wasm=diamond-types-node yjs=yjs json-joy=json-joy; do
        node -p 'JSON.stringify({ peer: process.argv[1], version: require(process.argv[2]).version })' \
            "${package%=*}" "$work/node/node_modules/${package#*=}/package.json"
    done
    "$sennit" --version | sed -n 's/^sennit \([0-9.]*\).*/{"peer":"sennit","version":"\1"}/p'
}

cp "$sennit" "$work/sennit" # the one measured, whatever is built meanwhile
sennit=$work/sennit
versions >"$results"
say "sennit"
"$sennit" bench --json "${files[@]}" >>"$results" || die "sennit bench failed"
"$sennit" bench --json --adversarial >>"$results" || die "sennit bench --adversarial failed"
for peer in $peers; do
    for file in "${files[@]}"; do
        name=$(basename "$file" .json.gz)
        say "$peer: $name"
        run_peer "$peer" $((budget * 30)) "$name" trace "$file" "$work/out" "$budget"
    done
    say "$peer: many at one place"
    crowd "$peer" one-place 2000 8000 32000
    crowd "$peer" backwards 5000 32000
done
if [ -n "$(ls "$work/out")" ]; then
    "$work/cargo/release/peers" sizes "$work/out"/* >>"$results"
fi
say "results are in $results"
node "$here/table.mjs" "$results" "$budget" $json
