# Cleans up after its parent, whose end it notices as the end of its input.
# Input lines: "add ITEM" and "del ITEM"; ITEM is group:PGID, dir:PATH or netns:NAME.
set -f
trap '' INT TERM HUP
items=
while read -r verb item; do
    kept=
    for i in $items; do
        [ "$i" = "$item" ] || kept="$kept $i"
    done
    items=$kept
    [ "$verb" != add ] || items="$items $item"
done

signal() { # sends $1 to every group, succeeds while one of them is there
    alive=1
    for i in $items; do
        case $i in group:*) kill -s "$1" -- "-${i#group:}" && alive=0 ;; esac
    done
    return $alive
}
if signal TERM; then
    tries=0
    while [ $tries -lt 100 ] && signal 0; do
        tries=$((tries + 1))
        sleep 0.05
    done
    signal KILL
fi
for i in $items; do
    case $i in
    netns:*)
        ip netns del "${i#netns:}"
        rm -rf "/etc/netns/${i#netns:}"
        ;;
    dir:/*/conn-check-test-*) rm -rf "${i#dir:}" ;;
    esac
done
