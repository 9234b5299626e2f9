#!/bin/sh
# The include table (base <- core <- wire) and what the library never does.
# shellcheck disable=SC2086 # $all is a list
set -u; bad=0
all=$(ls lib/base/*.[ch] lib/core/*/*.[ch] lib/wire/*.[ch])
ours='"(base|wire|core/[a-z]+)/[a-z0-9_]+\.h"|<sennit/sennit\.h>'
libc='<(assert|inttypes|limits|stdbool|stddef|stdint|stdlib|string)\.h>'
calls='(^|[^.>_[:alnum:]])(time|clock|clock_gettime|s?rand|random|[a-z]*printf|f?puts|abort|exit) *\('

never() { # WHY PATTERN BUT-NOT FILE...; comments may say anything
    why=$1 pattern=$2 but=$3; shift 3
    grep -nHE "$pattern" "$@" | grep -vE "^[^:]*:[0-9]+: *(/?\*|//)|$but" >&2 || return 0
    echo "layers: $why" >&2; bad=1
}
never "base includes neither core nor wire" 'include "(core|wire)/' '^$' lib/base/*.[ch]
never "core does not include wire" 'include "wire/' '^$' lib/core/*/*.[ch]
never "the logs of replicas know of themselves only" 'include "core/' 'include "core/oplog/' lib/core/oplog/*.[ch]
never "the tree knows of the logs only" 'include "core/' 'include "core/(oplog|tree)/' lib/core/tree/*.[ch]
never "includes are of libc or name their layer, and do no I/O" '# *include' "$ours|$libc" $all
never "no clock, chance, printing or exit" "$calls" '^$' $all
never "only base/mem.c names the C library's memory" '\b(malloc|calloc|realloc|free) *\(' '^lib/base/mem\.c:' $all
# The layers around the core, which may do I/O where it is their business.
out=$(ls lib/sync/*.[ch] lib/trust/*.[ch] lib/store/*.[ch] lib/net/*.[ch] lib/format/*.[ch] 2>/dev/null || true)
[ -n "$out" ] || exit $bad
some() { ls lib/"$1"/*.[ch] 2>/dev/null || echo /dev/null; }
never "sync includes wire, core and base only" 'include "(store|net|trust)/' '^$' $(some sync)
never "trust includes base only" 'include "(core|wire|sync|store|net)/' '^$' $(some trust)
never "store includes wire, core and base only" 'include "(sync|net|trust)/' '^$' $(some store)
never "net includes base only" 'include "(core|wire|sync|store|trust)/' '^$' $(some net)
never "format includes core and base only" 'include "(wire|sync|store|net|trust)/' '^$' $(some format)
never "sync, trust and format do no I/O" '<(stdio|time|unistd|fcntl|poll|pthread|errno|signal)\.h>|<sys/' '^$' $(some sync) $(some trust) $(some format)
never "no clock, chance, printing or exit" "$calls" 'lib/net/[a-z_]*\.c:.*clock_gettime|lib/store/queue\.c:.*clock_gettime' $out
never "only base/mem.c names the C library's memory" '\b(malloc|calloc|realloc|free) *\(' '[>.]free *\(|\(\*free\)' $out
only() { # LIBRARY FILE...: its header enters by one of them
    library=$1; shift
    [ "$(grep -lE "# *include *<$library(\.h|/)" "$@" | wc -l)" -le 1 ] ||
        { echo "layers: <$library.h> enters by one file" >&2; bad=1; }
}
# Both need libsodium, and neither may include the other: one file each.
only sodium $(some trust)
only sodium $(some store)
never "libsodium is for trust and store" '<sodium\.h>' '^lib/(trust|store)/' $out
for library in msgpack sqlite3 libwebsockets cmark jansson; do only $library $out; done
exit $bad
