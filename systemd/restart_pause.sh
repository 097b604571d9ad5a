#!/bin/sh
# Makes the pause between restarts of a service grow: what fails within a minute
# of its start waits 0, 1, 3, 7, 15, and from then on 31 s longer than its unit's
# RestartSec=. Units have RestartSteps= for that since systemd 254; Debian 12 has
# 252.
#
#   restart_pause.sh before NAME   before a start: waits as long as is due
#   restart_pause.sh after NAME    after an end: notes how long the next start waits
set -eu

LONGEST=31

file=$RUNTIME_DIRECTORY/$2.pause
# Its time is when the service started, or ended, last.
is_recent() { [ -n "$(find "$file" -mmin -1 2>/dev/null)" ]; }

case $1 in
  before)
    if is_recent; then
      sleep "$(cat "$file")"
      touch "$file"
    fi
    ;;
  after)
    # Who stopped it may start it at once.
    if [ "$SERVICE_RESULT" = success ]; then exec rm -f "$file"; fi
    pause=0
    if is_recent; then pause=$((2 * $(cat "$file") + 1)); fi
    [ "$pause" -le "$LONGEST" ] || pause=$LONGEST
    echo "$pause" >"$file"
    ;;
esac
