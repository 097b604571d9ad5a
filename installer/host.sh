# shellcheck shell=sh disable=SC2154
# What is this host's: user, folders, services, and how a file has to read here.
# Part of install.sh.

on_host() { [ -z "$destdir" ] && [ "$dry" = no ]; }
runs_systemd() { [ -d /run/systemd/system ]; }

has_group() { getent group "$OWNER" >/dev/null; }

# Files can be given to a group only that is there.
require_group() {
  if [ "$(uname -s)" != Linux ] || ! id "$OWNER" >/dev/null 2>&1 || has_group; then return 0; fi
  fatal 4 "the user $OWNER is there, but no group $OWNER" "groupadd --system $OWNER makes it; nothing was installed"
}

# The system user that the services run as; noted, since only one that was added
# here goes with a purge.
make_user() {
  if [ -n "$destdir" ] || [ "$(uname -s)" != Linux ] || id "$OWNER" >/dev/null 2>&1; then return 0; fi
  did=yes
  say "${would}add the system user $OWNER"
  if [ "$dry" = yes ]; then return 0; fi
  add_user || fatal 4 "the system user $OWNER can't be added" "nothing was installed"
  printf -- '- - user - %s\n' "$OWNER" >>"$tmp/made"
}

add_user() {
  if command -v useradd >/dev/null; then
    group=--user-group
    if has_group; then group=--gid=$OWNER; fi
    useradd --system "$group" --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$OWNER"
  else
    { has_group || addgroup -S "$OWNER"; } && adduser -S -D -H -h /nonexistent -s /sbin/nologin -G "$OWNER" "$OWNER"
  fi
}

# A process of the user's, that somebody else started, keeps it.
remove_user() {
  if ! grep -Fqx -- "- - user - $OWNER" "$tmp/old" || ! id "$OWNER" >/dev/null 2>&1; then return 0; fi
  if [ -n "$destdir" ]; then return 0; fi
  say "${would}remove the system user $OWNER"
  if [ "$dry" = yes ]; then return 0; fi
  if command -v userdel >/dev/null; then userdel "$OWNER"; else deluser "$OWNER"; fi ||
    say "the system user $OWNER stays: remove it when nothing runs as it"
}

give_to() {
  if on_host && id "$OWNER" >/dev/null 2>&1; then chown "$1" "$2"; fi
}

# The folders for state and for process ids.
make_state() {
  for folder in "$STATE_DIR" "$RUN_DIR"; do
    if on_host && [ -d "$folder" ]; then give_back "$folder"; fi
    if [ -d "$destdir$folder" ] || { [ "$folder" = "$RUN_DIR" ] && [ -n "$destdir" ]; }; then continue; fi
    if [ "$dry" = yes ]; then
      say "would make $destdir$folder"
      continue
    fi
    mkdir -p "$destdir$folder"
    chmod 0750 "$destdir$folder"
    give_to "$OWNER:$OWNER" "$folder"
  done
}

# Gives the services' user what a program that root ran has made root's.
give_back() {
  if ! has_units || ! id "$OWNER" >/dev/null 2>&1; then return 0; fi
  find "$1" -user root \( -type d -o -links 1 \) >"$tmp/roots"
  if [ ! -s "$tmp/roots" ]; then return 0; fi
  did=yes
  say "give what is root's in $1 to $OWNER"
  find "$1" -user root \( -type d -o -links 1 \) -exec chown -h "$OWNER:$OWNER" {} +
}

# Writes a unit, or the configuration, as it has to read here.
render() { # KIND ROLE FROM
  if [ "$1" = unit ]; then
    # A URI has no spaces, and % means something else in a unit.
    sed -e "s|/usr/local/bin/\(fail2ban-[a-z0-9_]*\)|\"$prefix/bin/\1\"|" \
      -e "s|/usr/local/lib/\(fail2ban-cluster/[a-z_/]*\.sh\)|\"$prefix/lib/\1\"|" \
      -e "s|^Documentation=file:/usr/local/|Documentation=file:$(printf %s "$prefix/" | sed 's/ /%%20/g')|" "$release/$3" |
      sed "$(access "$2")"
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
  groups=''
  case $1 in monitor | node)
    log=$(group_that r /var/log/fail2ban.log)
    times="$(group_that r /var/lib/fail2ban/fail2ban.sqlite3) $(group_that w /run/fail2ban/fail2ban.sock)"
    if [ -n "$log" ] && [ "$times" != ' ' ]; then
      groups="$log $times"
      printf '%s\n' '/^[A-Z].*=CAP_/s/\([= ]\)CAP_DAC_READ_SEARCH */\1/'
    fi
    ;;
  esac
  case $1 in node | subscriber)
    group=$(group_that w /run/fail2ban/fail2ban.sock)
    if [ -n "$group" ]; then
      groups="$groups $group"
      echo 's/ CAP_DAC_OVERRIDE$//'
    fi
    ;;
  esac
  if [ -n "$groups" ]; then echo "s/^Group=.*/SupplementaryGroups=$(words "$groups")/"; fi
}

# The group, if not root's, that may read (r) or write (w) a file.
group_that() {
  if [ ! -e "$2" ]; then return 0; fi
  case $1:$(stat -c %A:%G "$2") in
    *:root) ;;
    r:????r*:* | w:?????w*:*) stat -c %G "$2" ;;
  esac
}

# Notes, before a file is replaced, which services are to be restarted; + is
# the service manager itself, !ROLE one that ran and could not be restarted. The
# note outlives a run that ends early.
note_restart() { # ROLE KIND
  if [ -n "$destdir" ]; then return 0; fi
  if [ "$dry" = no ]; then make_folder "$lib"; fi
  if [ "$2" = unit ]; then echo + >>"$restarts"; fi
  case $1 in
    -) for each in $wanted; do echo "$each"; done >>"$restarts" ;;
    +) ;;
    *) echo "$1" >>"$restarts" ;;
  esac
}

forget_restart() {
  grep -Fvx -- "$1" "$restarts" >"$tmp/restart" || :
  cat "$tmp/restart" >"$restarts"
}

is_noted() { grep -Fqx -- "$1" "$restarts"; }

# Restarts the services whose files changed, and that run; one that fails keeps
# none of the others from it.
restart_changed() {
  if [ -n "$destdir" ] || [ ! -f "$restarts" ]; then return 0; fi
  if is_noted + && runs_systemd && [ "$dry" = no ]; then
    systemctl daemon-reload || fatal 4 "systemctl daemon-reload failed" "install.sh upgrade tries again"
  fi
  forget_restart +
  failed=''
  for role in $wanted; do
    if ! is_noted "$role"; then continue; fi
    if restart_role "$role"; then
      forget_restart "$role"
      forget_restart "!$role"
    else
      failed="$failed fail2ban-$role"
      echo "!$role" >>"$restarts"
    fi
  done
  [ -z "$failed" ] || fatal 4 "not restarted:$failed" "their logs say why; install.sh upgrade tries again"
  rm -f "$restarts"
}

# Whether a role's service, or its program in the background, is at work.
runs_now() {
  if runs_systemd; then
    systemctl is-active --quiet "fail2ban-$1.service"
  else
    is_daemon "$1" && "$prefix/bin/fail2ban-$1" status >/dev/null 2>&1
  fi
}

restart_role() {
  if runs_systemd; then
    unit=fail2ban-$1.service
    systemctl is-active --quiet "$unit" ||
      { is_left "$1" && systemctl is-failed --quiet "$unit"; } || return 0
    did=yes
    say "${would}restart $unit"
    [ "$dry" = yes ] || systemctl restart "$unit"
  elif is_part_of_node "$1"; then
    return 0
  elif is_daemon "$1" && { "$prefix/bin/fail2ban-$1" status >/dev/null 2>&1 || is_left "$1"; }; then
    did=yes
    if [ "$dry" = yes ]; then say "would restart fail2ban-$1"; else "$prefix/bin/fail2ban-$1" restart; fi
  fi
}

# Whether a node's process is what would be restarted: that is done for the node.
is_part_of_node() {
  case $1 in monitor | subscriber) ;; *) return 1 ;; esac
  [ -x "$prefix/bin/fail2ban-node" ] && "$prefix/bin/fail2ban-$1" status 2>/dev/null | grep -q ' of fail2ban-node,'
}

# Whether an earlier run could not restart it: it does not run since, but did.
is_left() { grep -Fqx -- "!$1" "$tmp/left"; }

# Whether it stays, as those do that have a unit; without systemd the unit is
# kept beside the sources.
is_daemon() { [ -f "$UNIT_DIR/fail2ban-$1.service" ] || [ -f "$lib/systemd/fail2ban-$1.service" ]; }

# Whether a role's unit is of this prefix: two have the same names for theirs.
is_unit_ours() {
  unit=$UNIT_DIR/fail2ban-$1.service
  is_as_installed "$unit" || grep -Fq "\"$prefix/bin/fail2ban-$1\"" "$destdir$unit"
}

stop_role() {
  if ! on_host || ! is_daemon "$1" || ! is_unit_ours "$1"; then return 0; fi
  if runs_systemd; then
    if [ "$1" = publisher ]; then disable_feeds; fi
    say "stop and disable fail2ban-$1.service"
    systemctl disable --quiet --now "fail2ban-$1.service"
  elif [ -x "$prefix/bin/fail2ban-$1" ]; then
    "$prefix/bin/fail2ban-$1" stop || say "fail2ban-$1 could not be asked to stop"
  fi
}

# The timers of lists that are imported: each was enabled under its list's name.
disable_feeds() {
  for link in /etc/systemd/system/timers.target.wants/fail2ban-feed@*.timer; do
    if [ ! -L "$link" ]; then continue; fi
    say "stop and disable ${link##*/}"
    systemctl disable --quiet --now "${link##*/}"
  done
}

# What is left to be done: after a first installation all of it, after another
# what the programs need that were not there before.
tell_next() {
  if [ -z "$did" ]; then
    say "nothing to do: fail2ban-cluster is installed as it should be"
    return 0
  fi
  if ! on_host; then return 0; fi
  if [ -s "$tmp/had" ]; then
    say "settings, keys and state are as they were; of the programs those that ran were restarted where their files changed"
  else
    if [ -x "$prefix/bin/fail2ban-cluster" ]; then
      say "next: fail2ban-cluster init and node add where the publisher is, fail2ban-cluster join NAME CODE on each node"
    fi
    say "next: put your settings into $CONF_DIR/fail2ban-cluster.local (mode 0640, group $OWNER)"
  fi
  for role in $wanted; do
    if ! is_daemon "$role" || grep -Fqx -- "$role" "$tmp/had"; then continue; fi
    # A node is both.
    case $role in monitor | subscriber) if is_word node "$wanted"; then continue; fi ;; esac
    if runs_systemd; then
      say "next: systemctl enable --now fail2ban-$role"
    else
      say "next: $prefix/bin/fail2ban-$role start"
    fi
  done
  if [ -n "$configs" ] && has_fail2ban; then say "next: fail2ban-client reload"; fi
}
