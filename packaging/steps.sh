# shellcheck shell=sh
# What the scripts of both packages do. Part of each of them.

ROLES='monitor node publisher subscriber'
UNITS=/usr/lib/systemd/system
# Which services ran before an upgrade, and of what.
BEFORE=/run/fail2ban-cluster.before

runs_systemd() { [ -d /run/systemd/system ]; }
is_active() { runs_systemd && systemctl is-active --quiet "fail2ban-$1.service"; }

# What a service is started from: documents may change without it.
sum_of() { cat /usr/bin/fail2ban-cluster "$UNITS/fail2ban-$1.service" /usr/lib/fail2ban-cluster/systemd/* | sha256sum; }

note_running() {
  : >"$BEFORE"
  for role in $ROLES; do
    if is_active "$role"; then echo "$role $(sum_of "$role")" >>"$BEFORE"; fi
  done
}

restart_changed() {
  if runs_systemd; then systemctl daemon-reload; fi
  if [ ! -f "$BEFORE" ]; then return 0; fi
  while read -r role sum; do
    if [ "$(sum_of "$role")" = "$sum" ]; then continue; fi
    # What runs goes on with the old program where the new one would not.
    if ! said=$("/usr/bin/fail2ban-$role" check 2>&1); then
      echo "fail2ban-$role was not restarted, and goes on in its old version until it ends: the new one says: $(echo "$said" | head -n 1)" >&2
      continue
    fi
    systemctl restart "fail2ban-$role.service" || echo "fail2ban-$role was not restarted: systemctl status fail2ban-$role says why" >&2
  done <"$BEFORE"
  rm -f "$BEFORE"
}

make_user() {
  systemd-sysusers /usr/lib/sysusers.d/fail2ban-cluster.conf
  # Without /proc, as by `rpm --root`, the next boot makes the folders.
  if [ -e /proc/self ]; then systemd-tmpfiles --create /usr/lib/tmpfiles.d/fail2ban-cluster.conf; fi
  chgrp fail2ban-cluster /etc/fail2ban-cluster/fail2ban-cluster.conf
}

# One jail that can't be made keeps all of fail2ban from starting.
try_fail2ban() {
  if ! command -v fail2ban-client >/dev/null || said=$(fail2ban-client -t 2>&1); then return 0; fi
  case $said in
    *fail2bancluster*) echo "fail2ban-client -t refuses /etc/fail2ban/jail.d/fail2bancluster.conf: set what it lacks in fail2bancluster.local beside it" >&2 ;;
  esac
}

stop_all() {
  if ! runs_systemd; then return 0; fi
  for role in $ROLES; do
    if [ -f "$UNITS/fail2ban-$role.service" ]; then systemctl disable --quiet --now "fail2ban-$role.service"; fi
  done
}

# What a subscriber put in force outlives it.
tell_in_force() {
  if command -v nft >/dev/null && nft list table inet fail2ban_cluster >/dev/null 2>&1; then
    echo 'nft delete table inet fail2ban_cluster lifts what is banned still'
  fi
}

purge_state() { rm -rf /var/lib/fail2ban-cluster /var/log/fail2ban-cluster /run/fail2ban-cluster /etc/fail2ban-cluster; }
