# shellcheck shell=sh disable=SC2154
# What is this host's: user, folders, services, and how a file has to read here.
# Part of install.sh.

on_host() { [ -z "$destdir" ] && [ "$dry" = no ]; }
runs_systemd() { [ -d /run/systemd/system ]; }

# The system user that the services run as.
make_user() {
  if ! on_host || [ "$(uname -s)" != Linux ] || id "$OWNER" >/dev/null 2>&1; then return 0; fi
  say "add the system user $OWNER"
  if command -v useradd >/dev/null; then
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$OWNER"
  else
    addgroup -S "$OWNER"
    adduser -S -D -H -h /nonexistent -s /sbin/nologin -G "$OWNER" "$OWNER"
  fi
}

give_to() {
  if on_host && id "$OWNER" >/dev/null 2>&1; then chown "$1" "$2"; fi
}

# The folders for state and for process ids.
make_state() {
  if [ "$dry" = yes ]; then return 0; fi
  for folder in "$STATE_DIR" "$RUN_DIR"; do
    if [ -d "$destdir$folder" ] || { [ "$folder" = "$RUN_DIR" ] && ! on_host; }; then continue; fi
    mkdir -p "$destdir$folder"
    chmod 0750 "$destdir$folder"
    give_to "$OWNER:$OWNER" "$folder"
  done
}

# Writes a unit, or the configuration, as it has to read here.
render() { # KIND ROLE FROM
  if [ "$1" = unit ]; then
    sed "s|/usr/local/bin/\(fail2ban-[a-z0-9_]*\)|\"$prefix/bin/\1\"|" "$release/$3" | sed "$(access "$2")"
    return
  fi
  where=/var/run
  if has_units; then where=$RUN_DIR; fi
  sed -e "s|^pidfile = /var/run/|pidfile = $where/|" -e 's|^subscriberaction = log$|subscriberaction = fail2banclient|' "$release/$3"
}

# How a service gets at what is fail2ban's, as an edit of its unit: by a group
# where this host's set-up has one for it, else past the modes of files.
access() {
  if [ -n "$destdir" ]; then return 0; fi
  case $1 in
    monitor)
      log=$(group_that r /var/log/fail2ban.log)
      times="$(group_that r /var/lib/fail2ban/fail2ban.sqlite3) $(group_that w /run/fail2ban/fail2ban.sock)"
      if [ -n "$log" ] && [ "$times" != ' ' ]; then
        echo "s/^Group=.*/SupplementaryGroups=$(words "$log $times")/"
        echo 's/=CAP_DAC_READ_SEARCH$/=/'
      fi
      ;;
    subscriber)
      group=$(group_that w /run/fail2ban/fail2ban.sock)
      if [ -n "$group" ]; then
        echo "s/^Group=.*/SupplementaryGroups=$group/"
        echo 's/ CAP_DAC_OVERRIDE$//'
      fi
      ;;
  esac
}

# The group, if not root's, that may read (r) or write (w) a file.
group_that() {
  if [ ! -e "$2" ]; then return 0; fi
  case $1:$(stat -c %A:%G "$2") in
    *:root) ;;
    r:????r*:* | w:?????w*:*) stat -c %G "$2" ;;
  esac
}

# Restarts the services whose files changed, and that run.
restart_changed() {
  if ! on_host; then return 0; fi
  if runs_systemd && [ -n "$units" ]; then systemctl daemon-reload; fi
  for role in $wanted; do
    case " $changed " in *" $role "* | *" - "*) restart_role "$role" ;; esac
  done
}

restart_role() {
  if runs_systemd; then
    if ! systemctl is-active --quiet "fail2ban-$1.service"; then return 0; fi
    say "restart fail2ban-$1.service"
    systemctl restart "fail2ban-$1.service"
  elif is_daemon "$1" && "$prefix/bin/fail2ban-$1" status >/dev/null 2>&1; then
    "$prefix/bin/fail2ban-$1" restart
  fi
}

# Whether it stays, as those do that have a unit; without systemd the unit is
# kept beside the sources.
is_daemon() { [ -f "$UNIT_DIR/fail2ban-$1.service" ] || [ -f "$lib/systemd/fail2ban-$1.service" ]; }

stop_role() {
  if ! on_host || ! is_daemon "$1"; then return 0; fi
  if runs_systemd; then
    say "stop and disable fail2ban-$1.service"
    systemctl disable --quiet --now "fail2ban-$1.service"
  elif [ -x "$prefix/bin/fail2ban-$1" ]; then
    "$prefix/bin/fail2ban-$1" stop || say "fail2ban-$1 could not be asked to stop"
  fi
}

tell_next() {
  if [ -z "$did" ]; then
    say "nothing to do: fail2ban-cluster is installed as it should be"
    return 0
  fi
  if ! on_host; then return 0; fi
  say "next: put your settings into $CONF_DIR/fail2ban-cluster.local (mode 0640, group $OWNER)"
  for role in $wanted; do
    if ! is_daemon "$role"; then continue; fi
    if runs_systemd; then
      say "next: systemctl enable --now fail2ban-$role"
    else
      say "next: $prefix/bin/fail2ban-$role start"
    fi
  done
  if [ -n "$configs" ] && has_fail2ban; then say "next: fail2ban-client reload"; fi
}
