#!/bin/sh
# Build the page that the server shows: build.sh OUT.c. Needs what `make js` needs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
js=$here/../../bindings/js

(cd "$js" && npm install --silent --ignore-scripts && sh build-wasm.sh dist/sennit.wasm && sh build-wasm.sh dist/lean.wasm lean && npx tsc && npx tsc -p "$here/tsconfig.json")
node "$here/build.mjs" "$1"
