#!/bin/sh
# Join the library into one file: amalgam.sh DIR writes sennit.c and sennit.h.
#
# A private header is put in where it is first included; system headers come
# once, at the top, unless some #if chooses them. The same sources give the
# same bytes.
set -eu
export LC_ALL=C
dir=$1

mkdir -p "$dir"
cp include/sennit/sennit.h "$dir/sennit.h"
awk '
# guard is the depth of #if at which a file lies open: 1 inside a header.
function put(path, guard,   line, depth, name, status) {
    if (path in seen)
        return
    seen[path] = 1
    body = body "\n/* ---- " path " ---- */\n\n"
    while ((status = (getline line < path)) > 0) {
        if (line ~ /^#[ \t]*if/)
            depth++
        else if (line ~ /^#[ \t]*endif/)
            depth--
        name = line
        sub(/^#[ \t]*include[ \t]*/, "", name)
        sub(/[ \t]*(\/\*.*)?$/, "", name)
        if (line ~ /^#[ \t]*include/ && name == "<sennit/sennit.h>")
            continue
        else if (line ~ /^#[ \t]*include[ \t]*"/)
            put("lib/" substr(name, 2, length(name) - 2), 1)
        else if (line ~ /^#[ \t]*include/ && depth <= guard)
            system_headers[name] = 1
        else
            body = body line "\n"
    }
    if (status < 0) {
        print "amalgam: cannot read " path > "/dev/stderr"
        exit failed = 1
    }
    close(path)
}
BEGIN {
    for (i = 1; i < ARGC; i++)
        put(ARGV[i], 0)
    print "/* sennit in one file, made from its sources by make amalgam: see there.\n" \
          " *\n" \
          " * Compile it with your program and include sennit.h. */\n" \
          "#include \"sennit.h\"\n"
    for (name in system_headers)
        print "#include " name | "sort"
    close("sort")
    printf "\n#ifdef __GNUC__\n#pragma GCC visibility push(hidden)\n#endif\n"
    printf "%s", body
    printf "\n#ifdef __GNUC__\n#pragma GCC visibility pop\n#endif\n"
}
END { exit failed }
' lib/base/*.c lib/core/*.c lib/wire/*.c >"$dir/sennit.c.new"
mv "$dir/sennit.c.new" "$dir/sennit.c"
