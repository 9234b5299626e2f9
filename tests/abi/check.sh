#!/bin/sh
# What a program that links sennit relies on: check.sh LIBRARY HEADER...
#
# The shared library exports what symbols-NAME.txt (of the first header) lists
# and the headers declare, no more and no less; libsennit needs the C library
# alone. A symbol that goes or changes its meaning calls for a new soname.
set -eu
export LC_ALL=C

here=$(dirname "$0")
library=$1
soname=$(basename "$1")
shift
symbols=$here/symbols-$1.txt
work=build/abi-$1
mkdir -p "$work"

same() { # WHAT EXPECTED FOUND
    diff -u "$2" "$3" || { echo "abi: $1"; exit 1; }
}

nm -D --defined-only "$library" | awk '{ print $3 }' | sort >"$work/exported"
same "exported symbols differ from $symbols" "$symbols" "$work/exported"

# Declarations begin with SENNIT_API; the name is the word before the first "(".
for h; do sed '/^#/d' "include/sennit/$h.h"; done | tr '\n' ' ' | grep -oE 'SENNIT_API [^(;]*\(' |
    grep -oE 'sennit_[a-z0-9_]+\(' | tr -d '(' | sort >"$work/declared"
same "declared functions differ from $symbols" "$symbols" "$work/declared"

readelf -d "$library" | sed -n 's/.*(\(SONAME\|NEEDED\)).*\[\(.*\)\]/\1 \2/p' | sort >"$work/linkage"
needed='NEEDED libc.so.6'
[ "$1" = sennit ] || needed=$(grep NEEDED "$work/linkage") # a distribution's matter
printf '%s\nSONAME %s\n' "$needed" "$soname" >"$work/linkage.expected"
same "soname or needed libraries differ" "$work/linkage.expected" "$work/linkage"

cxx=$(command -v clang++ || command -v g++) || { echo "abi: no C++ compiler"; exit 1; }
for header; do
    define="-DHEADER=<sennit/$header.h>"
    for c in "${CC:-cc} -std=c11 -Wstrict-prototypes" "$cxx -x c++ -std=c++11"; do
        # shellcheck disable=SC2086 # a compiler and its options
        $c -pedantic -Wall -Wextra -Werror -Iinclude -fsyntax-only "$define" "$here/headers.c"
    done
done
