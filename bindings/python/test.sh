#!/bin/sh
# Build the package, install its wheel into an empty folder, and test that: types,
# stubs, behaviour, documentation. PYTHON says with which interpreter.
set -eu

python=${PYTHON:-/usr/bin/python3}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
site=$root/build/python
rm -rf "$site"
mkdir -p "$site"

"$python" -W ignore "$here/build.py"
"$python" -m zipfile -e "$here"/dist/sennit-*.whl "$site"

cd "$site" # so that no folder of the sources is imported
export PYTHONPATH="$site" SENNIT_ROOT="$root" PYTHONDONTWRITEBYTECODE=1
mypy --strict --cache-dir "$site/.mypy" "$site/sennit" "$here/tests"
"$python" -m mypy.stubtest sennit._core
"$python" -m pytest -q -p no:cacheprovider "$here/tests"
"$python" -m sphinx -W --keep-going -q -E -b html "$here/docs" "$site/html"
