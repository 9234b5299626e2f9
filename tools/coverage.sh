#!/bin/sh
# Print the share of lib/'s lines that were run, by file and in all:
# coverage.sh MINIMUM DATA... where DATA are the .gcda files. Fails below it.
set -eu

minimum=$1
shift
"${GCOV:-gcov}" -t "$@" 2>/dev/null | LC_ALL=C awk -F: -v minimum="$minimum" '
    { sub(/^ +/, "", $1) }
    $3 == "Source" { file = $4; next }
    file !~ /^lib\// || $1 == "-" || $2 + 0 == 0 { next }
    { line[file ":" $2 + 0] = 1 }
    $1 + 0 > 0 { run[file ":" $2 + 0] = 1 }
    END {
        for (at in line) {
            file = at
            sub(/:.*/, "", file)
            lines[file]++
            all++
            if (at in run) {
                hit[file]++
                all_hit++
            }
        }
        for (file in lines)
            printf "%6.2f%%  %5d lines  %s\n", 100 * hit[file] / lines[file], lines[file], file | "sort -k4"
        close("sort -k4")
        share = all ? 100 * all_hit / all : 0
        printf "%6.2f%%  %5d lines  in all; at least %s%% is asked for\n", share, all, minimum
        exit share < minimum
    }'
