# shellcheck shell=sh disable=SC2154
# What goes where. Part of install.sh, which sets:
#   release, available   a folder whose checksums hold, and the roles in it
#   verb, roles, dry, purge, prefix, destdir, lib, doc, manifest, tmp

# Adds a file: kind, role, mode, path in the release, path on the host; its sum
# comes first. The kind is file, link, unit or config; the role is - for what all
# have in common.
plan() { printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$sum" "$@" >>"$tmp/plan"; }

plan_all() {
  : >"$tmp/plan"
  while read -r sum file; do plan_file "$file"; done <"$release/SHA256SUMS"
}

# Whatever a release holds finds its place by its name.
plan_file() {
  case $1 in
    systemd/fail2ban-feed@.*)
      # They ask the publisher of this host.
      if ! is_wanted publisher; then return 0; fi
      if has_units; then plan unit publisher 0644 "$1" "$UNIT_DIR/${1##*/}"; else plan file publisher 0644 "$1" "$lib/$1"; fi
      ;;
    systemd/fail2ban-*.service)
      role=${1#systemd/fail2ban-}
      role=${role%.service}
      if ! is_wanted "$role"; then return 0; fi
      if has_units; then plan unit "$role" 0644 "$1" "$UNIT_DIR/${1##*/}"; else plan file "$role" 0644 "$1" "$lib/$1"; fi
      ;;
    systemd/*.sh) if has_units; then plan file - 0755 "$1" "$lib/$1"; fi ;;
    fail2ban/*.conf)
      if is_wanted subscriber && has_fail2ban; then plan config subscriber 0644 "$1" "/etc/$1"; fi
      ;;
    fail2ban-cluster.conf) plan config - 0640 "$1" "$CONF_DIR/$1" ;;
    program/deno) plan file - 0755 "$1" "$lib/deno" ;;
    program/*) plan file - 0644 "$1" "$lib/${1#program/}" ;;
    installer/* | RELEASE) plan file - 0644 "$1" "$lib/$1" ;;
    install.sh) plan file - 0755 "$1" "$lib/$1" ;;
    share/*) plan file - 0644 "$1" "$prefix/$1" ;;
    docs/*.md | docs/*.json | docs/*.yml | docs/*.svg | docs/*.png) plan file - 0644 "$1" "$doc/$1" ;;
    *.md | *.txt | *.json | LICENSE | fail2ban/*.example) plan file - 0644 "$1" "$doc/${1##*/}" ;;
    */*) ;;
    fail2ban-*)
      role=${1#fail2ban-}
      kind='file'
      if is_link "$1"; then kind='link'; fi
      if is_wanted "$role"; then plan "$kind" "$role" 0755 "$1" "$prefix/bin/$1"; fi
      ;;
  esac
}

# Whether a program of the release is another name of the one that has all roles.
is_link() { [ -L "$release/$1" ] && [ "$(readlink "$release/$1")" = fail2ban-cluster ]; }

is_wanted() { is_word "$1" "$wanted"; }

is_word() { # WORD WORDS
  case " $2 " in *" $1 "*) return 0 ;; *) return 1 ;; esac
}

has_fail2ban() { [ -n "$destdir" ] || [ -d /etc/fail2ban ]; }
has_units() { [ -n "$destdir" ] || command -v systemctl >/dev/null; }

# Words, each once, in one line.
words() { printf '%s\n' "$*" | tr -s ' ' '\n' | sort -u | tr '\n' ' ' | sed 's/^ *//; s/ *$//'; }

# Sets `wanted`: the roles asked for and those installed, all of one version.
choose_roles() {
  installed=''
  if [ -f "$manifest" ]; then installed=$(words "$(awk '$2 != "-" && $3 != "config" { print $2 }' "$manifest")"); fi
  if [ "$verb" = install ]; then
    wanted=$(words "${roles:-$available} $installed")
  else
    [ -n "$installed" ] || fatal 4 "nothing is installed under $destdir$prefix" "install.sh install does that"
    wanted=$(words "$roles $installed")
  fi
  # A node is both of these, and its operator asks each of them.
  if is_word node "$wanted"; then wanted=$(words "$wanted monitor subscriber"); fi
  # A node joins with the operator's command: it goes with every role.
  if is_word cluster "$(words "$available")"; then wanted=$(words "$wanted cluster"); fi
  for role in $wanted; do
    case " $(words "$available") " in
      *" $role "*) ;;
      *) fatal 2 "there is no role \"$role\" in $release" "it has $(words "$available")" ;;
    esac
  done
}

# Refuses before anything is changed.
require_writable() {
  cut -f 6 "$tmp/plan" | sed 's|/[^/]*$||' | sort -u >"$tmp/folders"
  while IFS= read -r folder; do
    folder=$destdir$folder
    while [ -n "$folder" ] && [ ! -e "$folder" ]; do folder=${folder%/*}; done
    folder=${folder:-/}
    if [ ! -d "$folder" ] || [ ! -w "$folder" ]; then
      fatal 4 "$folder can't be written to" "nothing was installed; --prefix names another place for programs"
    fi
  done <"$tmp/folders"
}
