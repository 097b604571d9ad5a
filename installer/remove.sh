# shellcheck shell=sh disable=SC2154
# Checks what is installed, and removes it. Part of install.sh.

uninstall() {
  begin
  if [ ! -f "$manifest" ] && [ "$purge" = no ]; then
    fatal 4 "nothing is installed under $destdir$prefix"
  fi
  choose_leaving
  confirm "remove ${leaving:-what is left}?"
  for role in $leaving; do stop_role "$role"; done
  lift_bans
  while read -r _ role kind _ path; do
    if is_leaving "$role"; then remove_listed "$kind" "$path"; fi
  done <"$tmp/old"
  if [ -n "$staying" ]; then
    keep_manifest
  else
    if on_host; then rm -f "$restarts"; fi
    if [ "$purge" = yes ]; then purge_all; else keep_list; fi
    if [ -f "$manifest" ]; then remove "${manifest#"$destdir"}"; fi
    remove_parts
    remove_folders
    if [ "$purge" = yes ]; then remove_user; fi
  fi
  if on_host && runs_systemd; then systemctl daemon-reload; fi
  tell_dropins
  tell_in_force
  tell_left_over
  if [ "$purge" = no ]; then say "$CONF_DIR and $STATE_DIR are kept; --purge removes them"; fi
}

# What a subscriber put in force outlives it, until it is lifted: on purge that
# is done while its program and its configuration are there.
lift_bans() {
  table='' reload=no
  if ! on_host || ! { [ "$purge" = yes ] || is_word subscriber "$leaving"; }; then return 0; fi
  subscriber=$prefix/bin/fail2ban-subscriber
  table=fail2ban_cluster
  if [ ! -x "$subscriber" ] || ! is_unit_ours subscriber; then return 0; fi
  named=$("$subscriber" --print-config 2>/dev/null | sed -n 's/^nfttable = \([A-Za-z0-9_]*\).*/\1/p')
  table=${named:-$table}
  if [ "$purge" = no ]; then return 0; fi
  say "lift what fail2ban-subscriber has in force"
  if [ -d "$STATE_DIR" ]; then chown root "$STATE_DIR"; fi
  "$subscriber" lift || say "fail2ban-subscriber could not lift all of it"
}

# Says where the operator's own changes to units are, which stay.
tell_dropins() {
  for role in ${leaving:-monitor node publisher subscriber}; do
    dropins=$destdir$UNIT_DIR/fail2ban-$role.service.d
    if [ -d "$dropins" ]; then say "$dropins is yours and stays"; fi
  done
}

# Says what is to be done about bans that still hold.
tell_in_force() {
  if [ -n "$table" ] && nft list table inet "$table" >/dev/null 2>&1; then
    say "next: nft delete table inet $table (it goes on refusing what was banned)"
  fi
  if [ "$reload" = yes ] && on_host; then say "next: fail2ban-client reload (the jail goes, with its bans)"; fi
}

# Sets which roles go, and which stay.
choose_leaving() {
  installed=$(words "$(awk '$2 != "-" && $3 != "config" { print $2 }' "$tmp/old")")
  leaving=$(words "${roles:-$installed}")
  staying=''
  for role in $leaving; do
    case " $installed " in
      *" $role "*) ;;
      *) fatal 4 "the role \"$role\" is not installed" "installed are $installed" ;;
    esac
  done
  for role in $installed; do
    case " $leaving " in *" $role "*) ;; *) staying="$staying $role" ;; esac
  done
  # It came with the others, and is of no use without them.
  if [ "$(words "$staying")" = cluster ]; then leaving="$leaving cluster" staying=''; fi
  if is_word cluster "$leaving" && [ -n "$staying" ] && awk '$3 == "link" { found = 1 } END { exit !found }' "$tmp/old"; then
    fatal 4 "fail2ban-cluster is the program of all roles" "it goes with the last one"
  fi
}

is_leaving() {
  if [ "$1" = - ]; then [ -z "$staying" ]; else ! is_word "$1" "$staying"; fi
}

# Configuration of ours stays; what fail2ban reads stays if it was edited.
remove_listed() { # KIND PATH
  case $1:$2 in
    dir:* | user:*) ;;
    unit:*)
      if is_unit_ours "$role"; then remove "$2"; else say "$destdir$2 is another installation's and stays"; fi
      ;;
    config:"$CONF_DIR"/*) ;;
    config:*)
      if ! is_unit_ours "$role"; then return 0; fi
      remove "$2.new"
      if [ "${2##*/filter.d/}" = fail2bancluster.conf ] && is_filter_used; then
        say "$destdir$2 is read by a jail that stays, and stays"
      elif [ "$purge" = yes ] || is_as_installed "$2"; then
        if [ -e "$destdir$2" ]; then reload=yes; fi
        remove "$2"
      else
        say "$destdir$2 was edited and stays"
      fi
      ;;
    *) remove "$2" ;;
  esac
}

# Whether a jail that stays reads the filter of ours.
is_filter_used() {
  if [ "$purge" = no ]; then set -- "$destdir/etc/fail2ban/jail.d/fail2bancluster.conf"; else set --; fi
  grep -Eqs '^filter *= *fail2bancluster' "$@" "$destdir/etc/fail2ban/jail.local" "$destdir"/etc/fail2ban/jail.d/*.local
}

# Says what of the operator's own is left over that fail2ban can't read now.
tell_left_over() {
  if ! can_try || [ "$reload" = no ] || is_accepted; then return 0; fi
  if grep -Fq fail2bancluster "$tmp/said"; then
    say "next: remove what is left of [fail2bancluster] in /etc/fail2ban (grep -rl fail2bancluster /etc/fail2ban), since fail2ban would not start: $(head -n 1 "$tmp/said")"
  fi
}

# What is left after some roles went.
keep_manifest() {
  if [ "$dry" = yes ]; then return 0; fi
  awk -v leaving=" $leaving " '$3 == "config" || !index(leaving, " " $2 " ")' "$tmp/old" >"$tmp/manifest"
  put_list "$tmp/manifest" "${manifest#"$destdir"}"
}

# What stays is listed, for the purge or the installation that may follow.
keep_list() {
  if [ "$dry" = yes ] || [ ! -f "$manifest" ]; then return 0; fi
  awk '$3 == "config" || $3 == "dir" || $3 == "user"' "$tmp/old" | sort -u >"$tmp/kept"
  put_list "$tmp/kept" "$CONF_DIR/kept"
}

# Those that were made for the installation, if nothing else is in them now.
remove_folders() {
  if [ "$dry" = yes ]; then return 0; fi
  awk '$3 == "dir"' "$tmp/old" | cut -d ' ' -f 5- | sort -r >"$tmp/folders"
  while IFS= read -r folder; do
    if [ -d "$destdir$folder" ] && [ -z "$(ls -A "$destdir$folder")" ]; then rmdir "$destdir$folder"; fi
  done <"$tmp/folders"
}

purge_all() {
  for folder in "$CONF_DIR" "$STATE_DIR" "$RUN_DIR" "$LOG_DIR"; do
    if [ ! -d "$destdir$folder" ]; then continue; fi
    say "${would}remove $destdir$folder"
    if [ "$dry" = no ]; then rm -rf "$destdir$folder"; fi
  done
}

verify_files() {
  begin
  [ -f "$manifest" ] || fatal 4 "nothing is installed under $destdir$prefix"
  choose_leaving
  wrong=no
  while read -r sum role kind mode path; do
    case $kind:$role in
      file:- | unit:- | config:-) ;;
      file:* | link:* | unit:* | config:*) is_word "$role" "$leaving" || continue ;;
      *) continue ;;
    esac
    verify_file
  done <"$tmp/old"
  [ "$wrong" = no ] || fatal 4 "what is installed under $destdir$prefix is not what was installed" "install.sh upgrade puts it right"
  say "what is installed under $destdir$prefix is what was installed"
}

# Says what is wrong with a file; configuration may be edited, but not be gone.
verify_file() {
  file=$destdir$path
  if [ ! -e "$file" ]; then
    differs missing
  elif [ "$kind" = link ]; then
    [ "$(readlink "$file")" = "$sum" ] || differs "it is no link to $sum"
  elif [ ! -r "$file" ]; then
    say "not checked: $file can't be read by this user"
  elif [ "$kind" = config ]; then
    is_as_installed "$path" || say "edited: $file"
  elif [ "$(sha256 "$file")" != "$sum" ]; then
    differs changed
  elif [ "0$(mode_of "$file")" != "$mode" ]; then
    differs "its mode is 0$(mode_of "$file"), not $mode"
  elif ! is_roots "$file"; then
    differs "it is not root's"
  fi
}

differs() {
  wrong=yes
  say "$file: $1"
}
