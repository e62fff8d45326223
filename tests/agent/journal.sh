# Runs a journald of its own over an empty /run, in a mount namespace that ends with this script.
# $1: the program, $2: the file of checks, $3: where the journal goes, one JSON object per line.
set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/log/journal /run/systemd/journal
/lib/systemd/systemd-journald &
journald=$!
trap 'kill "$journald"' EXIT
for _ in $(seq 500); do
    [ -S /run/systemd/journal/socket ] && break
    sleep 0.02
done
status=0
"$1" --journal "$2" || status=$?
journalctl --sync
journalctl --directory /run/log/journal --output json --no-pager SYSLOG_IDENTIFIER=conn-check >"$3"
exit "$status"
