#!/bin/sh
# The include table (base <- core <- wire) and what the library never does.
# shellcheck disable=SC2086 # $all is a list
set -u; bad=0
all=$(ls lib/base/*.[ch] lib/core/*.[ch] lib/wire/*.[ch])
ours='"(base|core|wire)/[a-z0-9_]+\.h"|<sennit/sennit\.h>'
libc='<(assert|inttypes|limits|stdbool|stddef|stdint|stdlib|string)\.h>'
calls='(^|[^.>_[:alnum:]])(time|clock|clock_gettime|s?rand|random|[a-z]*printf|f?puts|abort|exit) *\('

never() { # WHY PATTERN BUT-NOT FILE...; comments may say anything
    why=$1 pattern=$2 but=$3; shift 3
    grep -nHE "$pattern" "$@" | grep -vE "^[^:]*:[0-9]+: *(/?\*|//)|$but" >&2 || return 0
    echo "layers: $why" >&2; bad=1
}
never "base includes neither core nor wire" 'include "(core|wire)/' '^$' lib/base/*.[ch]
never "core does not include wire" 'include "wire/' '^$' lib/core/*.[ch]
never "includes are of libc or name their layer, and do no I/O" '# *include' "$ours|$libc" $all
never "no clock, chance, printing or exit" "$calls" '^$' $all
never "only base/mem.c names the C library's memory" '\b(malloc|calloc|realloc|free) *\(' '^lib/base/mem\.c:' $all
exit $bad
