#!/bin/sh
# sennit and other libraries for Python replay a recorded session: run.sh TRACES
# Needs what test.sh has built; pip gets the others, into build/bench-python.
set -eu

traces=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
venv=$root/build/bench-python
[ -x "$venv/bin/python" ] || /usr/bin/python3 -m venv "$venv"
"$venv/bin/pip" install -q pycrdt==0.14.13 loro==1.17.1

export PYTHONPATH="$root/build/python"
"$venv/bin/python" "$here/calls.py"
"$venv/bin/python" "$here/replay.py" "$traces/automerge-paper.json.gz"
