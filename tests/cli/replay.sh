#!/usr/bin/env bash
# Recorded editing: replayed, compared and measured.
source "$(dirname "$0")/common.bash"

mkdir traces

# A text typed, corrected and pasted by one person; not all of it ASCII.
cat >traces/one.json <<'JSON'
{"startContent": "Grüße, ", "endContent": "Grüße, schöne Welt 🙂!\n\nEnde",
 "txns": [
  {"time": "2024-02-29T23:59:58.125Z", "patches": [[7, 0, "s"], [8, 0, "c"], [9, 0, "h"]]},
  {"time": "2024-02-29T23:59:59Z", "patches": [[10, 0, "ö"], [11, 0, "m"]]},
  {"time": "2024-03-01T01:00:00+01:00", "patches": [[11, 1, "ne "]]},
  {"time": "2024-03-01T00:00:30.5Z", "patches": [[14, 0, "Welt 🙂🙂"], [20, 1, "!"]]},
  {"patches": [[21, 0, "\n"], [22, 0, "\nEnde"]]},
  {"patches": []}
 ]}
JSON
# Two people who type at different places, and one who joins later.
cat >two.json <<'JSON'
{"kind": "concurrent", "endContent": "* Héllo, wörld! 🙂", "numAgents": 3,
 "txns": [
  {"parents": [], "numChildren": 2, "agent": 0, "patches": [[0, 0, "héllo wörld"]]},
  {"parents": [0], "numChildren": 1, "agent": 1, "patches": [[5, 0, ","]]},
  {"parents": [0], "numChildren": 1, "agent": 0, "patches": [[0, 1, "H"]]},
  {"parents": [1], "numChildren": 1, "agent": 1, "patches": [[12, 0, "?"], [12, 1, "!"]]},
  {"parents": [2, 3], "numChildren": 1, "agent": 2, "patches": [[13, 0, " 🙂"], [0, 0, "* "]]}
 ]}
JSON
gzip -c two.json >traces/two.json.gz

expect 0 sennit replay traces
out_has '^traces/one.json: ok, 10 edits of 1, '
out_has '^traces/two.json.gz: ok, 7 edits of 3, '
expect 0 sennit replay --orders 7 --seed 42 traces/two.json.gz traces/one.json
out_has '7 random orders from seed 42$'
expect 0 sennit replay --orders 0 two.json

# A wrong end is noticed, and the seed told.
sed 's/wörld! /wörld? /' two.json >wrong.json
expect 1 sennit replay wrong.json
err_has 'differs from endContent at byte'
err_has 'seed 1 does the same'
sed 's/Ende",/ende",/' traces/one.json >wrong.json
expect 1 sennit replay wrong.json
err_has 'do not end with its endContent'

# Files that are no traces.
printf '{"txns": [' >broken.json
expect 1 sennit replay broken.json
printf '[1, 2]' >list.json
expect 1 sennit replay list.json
sed 's/\[\[5, 0/[[55, 0/' two.json >far.json
expect 1 sennit replay far.json
sed 's/\[\[14, 0/[[55, 0/' traces/one.json >far.json
expect 1 sennit replay far.json
err_has 'past the end'
sed 's/"agent": 1/"agent": 9/' two.json >agent.json
expect 1 sennit replay agent.json
sed 's/\[0\], "numChildren": 1, "agent": 0/[], "numChildren": 1, "agent": 0/' two.json >stale.json
expect 1 sennit replay stale.json
err_has 'does not follow'
sed 's/"parents": \[1\]/"parents": [3]/' two.json >loop.json
expect 1 sennit replay loop.json
head -c 100 traces/two.json.gz >short.json.gz
expect 3 sennit replay short.json.gz
expect 3 sennit replay missing.json
mkdir none
expect 3 sennit replay none
err_has 'has no traces'
expect 3 sennit replay missing.json two.json
out_has '^two.json: ok'

# Measuring: every member, in both forms, and numbers that can be true.
expect 0 sennit bench --rounds 1 --json traces
[ "$(wc -l <out)" -eq 2 ] || fail "not one line for each trace"
for member in trace edits floor_ms local_ms local_cp_ms encode_ns merge_ms stream_ms stream_ns \
    session_ms save_ms load_ms text_us exchange_ns pair_ns bytes_full bytes_full_zstd bytes_live \
    bytes_live_zstd heap_bytes spans key_insert key_next key_delete table_insert table_next \
    table_delete; do
    [ "$(grep -c "\"$member\": " out)" -eq 2 ] || fail "$member is missing"
done
out_has '^{"trace": "one", "edits": 10, '
grep -qE '"bytes_full": [1-9][0-9]+, ' out || fail "no size"
expect 0 sennit bench --rounds 2 --table traces/one.json
out_has '^  x floor  '
expect 0 sennit bench --rounds 1 --history --json traces
for member in past_text_ms past_diff_ms past_splice_ms blame_ms undo_all_ms redo_all_ms undo_key_ns; do
    out_has "\"$member\": [0-9.]*[,}]"
done
expect 1 sennit bench wrong.json
expect 3 sennit bench missing.json
expect 2 sennit bench
err_has 'editing-traces'
