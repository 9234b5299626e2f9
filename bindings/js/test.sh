#!/bin/sh
# Build the package for JavaScript and test it in Node.
set -eu
cd "$(dirname "$0")"

npm install --silent --ignore-scripts
sh build-wasm.sh dist/sennit.wasm
npx tsc
npm run --silent docs
node --test test/*.test.mjs
