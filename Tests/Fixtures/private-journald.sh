#!/bin/bash
# Runs a command with a journal of its own.
#
#     private-journald.sh COMMAND [ARGUMENT...]
#
# The command, and what it starts, sees an empty journal behind /run/systemd/journal/socket and in
# journalctl; the machine's own, if it has one, is neither read nor written. Run `journalctl --sync`
# before reading. Exits as the command does, or with 77 where this cannot be done: it takes root,
# unshare and systemd-journald.
set -eu

journald=/lib/systemd/systemd-journald

if [ "${PRIVATE_JOURNALD:-}" != inside ]; then
    if [ "$(id -u)" -ne 0 ] || [ ! -x "$journald" ] || ! command -v journalctl > /dev/null \
        || ! unshare --mount --propagation private true 2> /dev/null; then
        echo "private-journald.sh: needs root, unshare and systemd-journald" >&2
        exit 77
    fi
    PRIVATE_JOURNALD=inside exec unshare --mount --propagation private "$0" "$@"
fi
unset PRIVATE_JOURNALD

# Mount points must exist outside; what is mounted on them is gone with the namespace.
mkdir -p /run/systemd/journal /run/log /etc/systemd
for file in /etc/systemd/journald.conf /etc/machine-id; do
    [ -e "$file" ] || : > "$file"
done
mount -t tmpfs tmpfs /run/systemd/journal
mount -t tmpfs tmpfs /run/log

cat > /run/log/journald.conf << 'END'
[Journal]
Storage=volatile
RateLimitIntervalSec=0
ReadKMsg=no
Audit=no
ForwardToSyslog=no
ForwardToWall=no
END
mount --bind /run/log/journald.conf /etc/systemd/journald.conf
tr -d - < /proc/sys/kernel/random/uuid > /run/log/machine-id
mount --bind /run/log/machine-id /etc/machine-id

"$journald" > /run/log/journald.out 2>&1 &
pid=$!
trap 'kill "$pid" 2> /dev/null; wait "$pid" 2> /dev/null || true' EXIT

for _ in $(seq 100); do
    [ -S /run/systemd/journal/socket ] && break
    if ! kill -0 "$pid" 2> /dev/null; then
        cat /run/log/journald.out >&2
        exit 77
    fi
    sleep 0.05
done

status=0
"$@" || status=$?
exit "$status"
