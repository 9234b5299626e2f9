#!/bin/sh
# Join the library into one file: amalgam.sh DIR writes sennit.c and sennit.h.
#
# A private header is put in where it is first included, system headers come
# once, at the top. The same sources give the same bytes.
set -eu
export LC_ALL=C
dir=$1

mkdir -p "$dir"
cp include/sennit/sennit.h "$dir/sennit.h"
awk '
function put(path,   line, name, status) {
    if (path in seen)
        return
    seen[path] = 1
    body = body "\n/* ---- " path " ---- */\n\n"
    while ((status = (getline line < path)) > 0) {
        name = line
        sub(/^#[ \t]*include[ \t]*/, "", name)
        sub(/[ \t]*(\/\*.*)?$/, "", name)
        if (line !~ /^#[ \t]*include/)
            body = body line "\n"
        else if (name ~ /^"/)
            put("lib/" substr(name, 2, length(name) - 2))
        else if (name != "<sennit/sennit.h>")
            system_headers[name] = 1
    }
    if (status < 0) {
        print "amalgam: cannot read " path > "/dev/stderr"
        exit failed = 1
    }
    close(path)
}
BEGIN {
    for (i = 1; i < ARGC; i++)
        put(ARGV[i])
    print "/* sennit in one file, put together from its sources: compile it with your\n" \
          " * program and include sennit.h. SPDX-License-Identifier: MIT */\n" \
          "#include \"sennit.h\"\n"
    for (name in system_headers)
        print "#include " name | "sort"
    close("sort")
    printf "\n#ifdef __GNUC__\n#pragma GCC visibility push(hidden)\n#endif\n"
    printf "%s", body
    printf "\n#ifdef __GNUC__\n#pragma GCC visibility pop\n#endif\n"
}
END { exit failed }
' lib/base/*.c lib/core/*/*.c lib/wire/*.c >"$dir/sennit.c.$$"
mv "$dir/sennit.c.$$" "$dir/sennit.c"
