#!/bin/sh
# Install into an empty folder, then use what lies there as a stranger would:
# by pkg-config and by CMake, shared and static. Run by make install-test.
set -eu

root=$PWD/build/install-test/root
work=$PWD/build/install-test/work
app=$PWD/tests/install/app.c
cc=${CC:-cc}
rm -rf build/install-test
mkdir -p "$work"

wrong() { echo "install: $*"; exit 1; }
says_plaited() { [ "$("$@")" = plaited ] || wrong "$* does not run"; }
needs() { readelf -d "$1" | grep -q "NEEDED.*\[libsennit\.so\.0\]"; }

make="${MAKE:-make} -s --no-print-directory"
$make install DESTDIR="$root" PREFIX=/usr

export LD_LIBRARY_PATH="$root/usr/lib"
export PKG_CONFIG_PATH="$root/usr/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"
export PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1

# shellcheck disable=SC2046 # lists of options
"$cc" -std=c11 "$app" $(pkg-config --cflags --libs sennit) -o "$work/pc-shared"
says_plaited "$work/pc-shared"
needs "$work/pc-shared" || wrong "pkg-config did not link the shared library"

# shellcheck disable=SC2046
"$cc" -std=c11 -static "$app" $(pkg-config --static --cflags --libs sennit) -o "$work/pc-static"
says_plaited "$work/pc-static"

cmake -S tests/install -B "$work/cmake" -DCMAKE_PREFIX_PATH="$root/usr" >"$work/cmake.log" ||
    wrong "cmake: $(cat "$work/cmake.log")"
cmake --build "$work/cmake" >>"$work/cmake.log" || wrong "cmake: $(cat "$work/cmake.log")"
says_plaited "$work/cmake/app-shared"
says_plaited "$work/cmake/app-static"
needs "$work/cmake/app-shared" || wrong "CMake did not link the shared library"
! needs "$work/cmake/app-static" || wrong "CMake did not link the static library"

"$root/usr/bin/sennit" --version >"$work/version" || wrong "the command line does not run"
"$root/usr/bin/sennitd" --version >"$work/version" || wrong "the server does not run"
for page in man1/sennit.1 man8/sennitd.8; do
    [ -s "$root/usr/share/man/$page" ] || wrong "the man page $page is not there"
done
unit=$root/usr/lib/systemd/system/sennitd.service
grep -q '^ExecStart=/usr/bin/sennitd ' "$unit" || wrong "the unit does not start /usr/bin/sennitd"
if command -v systemd-analyze >/dev/null 2>&1; then
    sed "s#/usr/bin/sennitd#$root&#" "$unit" >"$work/sennitd.service"
    systemd-analyze verify --man=no "$work/sennitd.service" 2>"$work/unit.log" && [ ! -s "$work/unit.log" ] ||
        wrong "the unit: $(cat "$work/unit.log")"
fi

# The other library, and all headers.
for header in sennit sync storage transport trust; do
    echo "#include <sennit/$header.h>"
done >"$work/sync.c"
cat >>"$work/sync.c" <<'END'
#include <stdio.h>
int main(void)
{
    sennit_storage *storage;

    if (sennit_storage_memory(NULL, &storage) != SENNIT_OK)
        return 1;
    sennit_storage_close(storage);
    return puts("plaited") < 0;
}
END
# shellcheck disable=SC2046
"$cc" -std=c11 "$work/sync.c" $(pkg-config --cflags --libs sennit-sync) -o "$work/sync"
says_plaited "$work/sync"

$make uninstall DESTDIR="$root" PREFIX=/usr
left=$(find "$root" ! -type d)
[ -z "$left" ] || wrong "uninstall leaves $left"
