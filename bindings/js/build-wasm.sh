#!/bin/sh
# Compile the library and its shim to WebAssembly: build-wasm.sh OUT [lean]
# Lean is what the page of the server takes: without calls that an editor can do without,
# and without what is only quicker than the general way. The package leaves out of that
# what saves some per cent.
# CLANG= names the compiler; it needs lld. WASM_OPT= is binaryen's.
set -eu

out=$1
lean=${2-}
define=-DSENNIT_LIGHT
[ -z "$lean" ] || define="-DJS_LEAN -DSENNIT_SMALL"
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
one=$root/build/js/one

(cd "$root" && sh tools/amalgam.sh "$one")
# What is called from JavaScript as it is.
export=
calls="doc_free doc_len doc_begin doc_commit doc_abort doc_watch undo_free undo_can_undo undo_can_redo diff_free"
[ -n "$lean" ] || calls="$calls doc_count table_free runs_free version_number"
for call in $calls; do
    export="$export --export=sennit_$call"
done

# Linked by hand: the compiler's driver would bring in what else it finds.
objects=
for source in "$one/sennit.c" "$here/src/c/shim.c" "$here/src/c/libc.c"; do
    object=$one/$(basename "$source" .c).o
    # shellcheck disable=SC2086 # nothing, if there is none
    "${CLANG:-clang}" --target=wasm32 -mbulk-memory -msign-ext -mnontrapping-fptoint \
        -std=c11 -Oz -flto -DNDEBUG -ffreestanding -fvisibility=hidden -Wall -Wextra \
        $define -isystem "$here/src/c/libc" -I"$one" -c "$source" -o "$object"
    objects="$objects $object"
done
mkdir -p "$(dirname "$out")"
# What is turned off makes loops quicker elsewhere; here it makes locals and code.
# shellcheck disable=SC2086 # lists of words
"${WASM_LD:-wasm-ld}" --no-entry --gc-sections --strip-all -z stack-size=65536 \
    -mllvm -disable-lsr -mllvm -enable-load-pre=false $export $objects -o "$out"
# Quick code costs the package half a kilobyte and saves it a tenth of opening a document;
# a page first has to fetch it.
if [ -n "$lean" ]; then level=-Oz; else level=-O3; fi
# Nothing is below the data, which the linker puts at 1,024: a field's offset from a
# pointer that is known to be one goes into the load itself.
"${WASM_OPT:-wasm-opt}" $level --converge --low-memory-unused --enable-bulk-memory --enable-sign-ext \
    --enable-nontrapping-float-to-int "$out" -o "$out"
