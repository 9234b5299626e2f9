#!/usr/bin/env bash
# Two people edit one text through a server, each a plain file of their own.
#
#     serve.sh FOLDER     the server keeps its data in FOLDER, and stays up until
#                         it is interrupted
#     serve.sh            the server keeps nothing and ends with the act
#
# Exits 0 only if both files came to the same text, and all processes ended well.
source "$(dirname "$0")/common.bash"
sennitd=$(program sennitd "${SENNITD:-$here/../../build/release/sennitd}")
folder=${1:-}
usual=127.0.0.1:8377
processes=()

finish() {
    local code=$?

    trap '' INT TERM
    end || code=1
    rm -rf "$world"
    exit "$code"
}
# End what was started, clients before the server, and see that it ended well.
end() {
    local good=0

    for ((i = ${#processes[@]} - 1; i >= 0; i--)); do
        kill "${processes[i]}" 2>/dev/null || true
        wait "${processes[i]}" || good=1
    done
    processes=()
    return $good
}
trap finish EXIT
trap 'exit 0' INT TERM

await() { # COMMAND...: until it succeeds, for 20 s at most
    local until=$((SECONDS + 20))

    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $until ] || fail "in vain: $*; $(cat "$world"/*.log)"
        sleep 0.05
    done
}

# serve ADDRESS DATA: start the server, and set `address`; false if it did not start.
serve() {
    "$sennitd" --open --listen "$1" --data "$2" --address-file "$world/address" --log-level warn \
        2>"$world/server.log" &
    processes=("$!")
    while [ ! -s "$world/address" ]; do
        kill -0 "${processes[0]}" 2>/dev/null || { wait "${processes[0]}" || return 1; }
        sleep 0.05
    done
    address=$(cat "$world/address")
}

# join WHO: keep WHO/text in step with the document of this act.
join() {
    "$sennit" sync "$world/$1/text" "ws://$address/$name" >"$world/$1.log" 2>&1 &
    processes+=("$!")
    await grep -q 'in step' "$world/$1.log"
}
show() { pr -m -t -w 88 "$world/alice/text" "$world/bob/text" | expand | sed 's/^/    /'; }
both() { # PATTERN...: both files have the same text, and all of these in it
    cmp "$world/alice/text" "$world/bob/text" || return 1
    for pattern; do grep -q "$pattern" "$world/alice/text" || return 1; done
}

if [ -z "$folder" ]; then
    serve 127.0.0.1:0 memory || fail "the server does not start: $(cat "$world/server.log")"
else
    mkdir -p "$folder"
    data=$(cd "$folder" && pwd)/sennit.sqlite
    serve $usual "$data" || serve 127.0.0.1:0 "$data" ||
        fail "the server does not start: $(cat "$world/server.log")"
fi
name=demo-$(date +%Y%m%d-%H%M%S)

say "4. A server is up. Alice keeps a file in step with it, Bob another."
mkdir "$world/alice" "$world/bob"
printf 'The harbour\nThe ferry comes twice a day.\nNobody here owns a clock.\n' >"$world/alice/text"
join alice
join bob
printf '  $ sennit sync alice/text ws://%s/%s &\n  $ sennit sync bob/text ws://%s/%s &\n' \
    "$address" "$name" "$address" "$name"
show

say "5. Both save at the same time: Alice one line, Bob the same and another."
sed -i -e 's/twice a day/three times a day/' -e '$a Alice was here.' "$world/alice/text" &
edits=$!
sed -i -e 's/The ferry/The old ferry/' -e '1i Seen by Bob.' "$world/bob/text"
wait $edits
await both 'old ferry comes three times a day' 'Alice was here' 'Seen by Bob'
show
say "Both read the same $(bytes "$world/alice/text") bytes. Nothing was lost."

if [ -z "$folder" ]; then
    end || fail "a process did not end well: $(cat "$world"/*.log)"
    exit 0
fi

server=${processes[0]}
processes=("${processes[@]:1}")
end || fail "a client did not end well: $(cat "$world"/*.log)"
processes=("$server")
cat <<END

${bold}The server listens at http://$address and keeps its documents in
$data.$plain

Edit one document in two terminals, each with any editor:

    $sennit sync a.txt ws://$address/notes
    $sennit sync b.txt ws://$address/notes

Its text is at http://$address/docs/notes. Press Ctrl-C to end.
END
wait "$server" || fail "the server ended: $(cat "$world/server.log")"
