#!/usr/bin/env bash
# Full disks, folders without permission, interruptions: the old files stay.
source "$(dirname "$0")/common.bash"

mkdir a
for i in $(seq 2000); do printf 'line %d of a text that is a little longer\n' "$i"; done >a/t
cp a/t text
sennit init a/t >/dev/null
cp a/t.sennit sound
no_litter() {
    local found
    found=$(find a -name '.*.??????' -o -name '*.sennit-next')
    [ -z "$found" ] || fail "left behind: $found"
}

# A disk that is full after 8 KB. The signal that would end the program is
# ignored, as it is on a disk that is really full.
printf 'one more\n' >>a/t
cp a/t edited
full() (
    trap '' XFSZ
    ulimit -f 8
    "$SENNIT" "$@"
)
expect 3 full commit a/t
err_has 'a/t.*cannot be written'
same a/t.sennit sound
same a/t edited
no_litter
expect 3 full fork a/t a/copy
expect 3 full init --force a/t
same a/t.sennit sound
no_litter
expect 0 sennit commit a/t

# Standard output that takes nothing.
got=0
sennit cat a/t >/dev/full 2>err || got=$?
[ $got -eq 3 ] || fail "exit code $got for a full output"
err_has 'standard output'
got=0
sennit delta a/t >/dev/full 2>err || got=$?
[ $got -eq 3 ] || fail "exit code $got for a full output"

# A folder that may not be written. Root may write everywhere, so be nobody.
mkdir ro
printf 'read only\n' >ro/t
sennit init ro/t >/dev/null
printf 'but edited\n' >>ro/t
cp ro/t.sennit ro.sound
chmod 555 ro
chmod 755 "$work"
as_nobody=()
if [ "$(id -u)" -eq 0 ]; then
    as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    "${as_nobody[@]}" test -x "$SENNIT" 2>/dev/null || as_nobody=(skip)
fi
if [ "${as_nobody[*]:-}" != skip ]; then
    expect 3 "${as_nobody[@]}" "$SENNIT" commit ro/t
    err_has 'Permission denied'
    expect 0 "${as_nobody[@]}" "$SENNIT" cat ro/t
    same ro/t.sennit ro.sound
fi
chmod 755 ro

# Permissions are kept, and a document is as private as it was made.
chmod 640 a/t
chmod 600 a/t.sennit
sennit fork a/t a/copy >/dev/null
printf 'by the copy\n' >>a/copy
expect 0 sennit merge a/t a/copy
[ "$(stat -c %a a/t a/t.sennit | tr '\n' ' ')" = '640 600 ' ] || fail "permissions changed"
same a/t a/copy
no_litter

# Interrupted between the snapshot and the plain text: finished the next time.
sennit cat a/t >a/t.sennit-next
cp text a/t
touch -d '1 hour ago' a/t
expect 0 sennit commit a/t
err_has 'interrupted'
out_has '^a/t: +0 -0 bytes$'
same a/t a/copy
no_litter

# The same, but somebody edited the old text since: nothing is guessed.
sennit cat a/t >a/t.sennit-next
touch -d '1 hour ago' a/t.sennit-next
printf 'written over it\n' >a/t
cp a/t.sennit sound
expect 1 sennit commit a/t
err_has 'a/t.sennit-next'
same a/t.sennit sound
[ "$(cat a/t)" = 'written over it' ] || fail "an edit was lost"
mv a/t.sennit-next a/t
expect 0 sennit commit a/t
same a/t a/copy

# Interrupted before the snapshot changed: nothing had happened yet.
printf 'what would have been merged' >a/t.sennit-next
printf 'typed since\n' >>a/t
expect 0 sennit commit a/t
out_has '^a/t: +12 -0 bytes$'
no_litter
