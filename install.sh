#!/bin/sh
# Installs fail2ban-cluster: install.sh --help says how.
#
# Needs nothing but what every host has, and curl or wget for --version, npm for
# --from-source. Nothing is done before the last line calls main, so that half a
# download does nothing.
# shellcheck disable=SC2034  # installer/*.sh use what is set here
set -eu

# `cd` would look for folders there, too.
CDPATH=''
# The URL that releases are under: a release's own copy of this script knows it.
RELEASES=${F2BC_RELEASES:-}
OWNER=fail2ban-cluster
CONF_DIR=/etc/fail2ban-cluster
STATE_DIR=/var/lib/fail2ban-cluster
RUN_DIR=/run/fail2ban-cluster
LOG_DIR=/var/log/fail2ban-cluster
UNIT_DIR=/etc/systemd/system

fatal() {
  printf 'install.sh: error: %s\n' "$2" >&2
  [ $# -lt 3 ] || printf 'install.sh: hint: %s\n' "$3" >&2
  exit "$1"
}

say() { printf '%s\n' "$*"; }

parse() {
  verb='' roles='' from='' version='' source=no prefix=/usr/local destdir='' dry=no yes=no purge=no
  while [ $# -gt 0 ]; do
    case $1 in
      --role | --from | --version | --prefix | --destdir)
        [ -n "${2-}" ] || fatal 2 "$1 needs a value"
        set_value "$1" "$2"
        shift
        ;;
      --from-source) source=yes ;;
      --dry-run) dry=yes ;;
      --yes) yes=yes ;;
      --purge) purge=yes ;;
      --help) usage && exit 0 ;;
      install | upgrade | uninstall | verify) verb=$verb$1 ;;
      *) fatal 2 "unknown argument \"$1\"" "install.sh --help says what there is" ;;
    esac
    shift
  done
  check_arguments
}

set_value() {
  case $1 in
    --role)
      case $2 in [!a-z]* | *[!a-z0-9_]*) fatal 2 "a role is a word in lower case" ;; esac
      roles="$roles $2"
      ;;
    --from) from=$2 ;;
    --version) version=${2#v} ;;
    --prefix) prefix=$(absolute "$2") ;;
    --destdir) destdir=$(absolute "$2") ;;
  esac
}

absolute() {
  case $1 in /*) path=$1 ;; *) path=$PWD/$1 ;; esac
  while [ "$path" != "${path%/}" ]; do path=${path%/}; done
  printf '%s' "$path"
}

check_arguments() {
  case $verb in
    install | upgrade | uninstall | verify) ;;
    *) fatal 2 "one of install, upgrade, uninstall, verify is needed" "install.sh --help says more" ;;
  esac
  case "$prefix$destdir" in
    *[!A-Za-z0-9\ ._/+@:,=~-]*) fatal 2 "--prefix and --destdir may have letters, digits, spaces and ._/+@:,=~- in them" ;;
  esac
  case $version in *[!0-9A-Za-z.+-]*) fatal 2 "\"$version\" is no version" ;; esac
  sources=$([ -z "$from" ] || echo from)$([ -z "$version" ] || echo version)$([ "$source" = no ] || echo source)
  case $sources in
    '' | from | version | source) ;;
    *) fatal 2 "--from, --version and --from-source exclude each other" ;;
  esac
  if [ "$verb" = uninstall ] && [ -n "$sources" ]; then fatal 2 "uninstall takes no --from, --version or --from-source"; fi
  if [ "$purge" = yes ] && { [ "$verb" != uninstall ] || [ -n "$roles" ]; }; then
    fatal 2 "--purge goes with uninstall, and not with --role"
  fi
  lib=$prefix/lib/fail2ban-cluster
  doc=$prefix/share/doc/fail2ban-cluster
  manifest=$destdir$lib/manifest
}

usage() {
  cat <<'END'
Installs fail2ban-cluster: programs, systemd units, a filter and a jail for
fail2ban, an example configuration.

  install.sh install|upgrade [SOURCE] [OPTION...]
  install.sh uninstall [--role ROLE]... [--purge] [OPTION...]
  install.sh verify [SOURCE] [--prefix DIR] [--destdir DIR]

SOURCE is where the programs come from; else from the release beside install.sh:
  --from DIR       an unpacked release
  --version V      the release V, downloaded
  --from-source    the sources beside install.sh, compiled or run with Deno
OPTION:
  --role ROLE      this role; may be repeated. Default: all, or those installed
  --prefix DIR     where programs go [/usr/local]; configuration is in /etc
  --destdir DIR    goes before every path: for packages; needs no root
  --dry-run        say what would be done
  --yes            ask nothing
  --purge          remove configuration, state and the system user too

Environment: F2BC_RELEASES, the URL that releases are under; for --from-source
DENO, a Deno to use instead of the one from npm.
Exit codes: 0 ok, 2 usage, 4 anything else.
END
}

confirm() {
  [ "$yes" = no ] && [ "$dry" = no ] || return 0
  if [ -t 0 ]; then
    printf '%s [y/N] ' "$1"
    read -r answer
    case $answer in y | Y | yes) return 0 ;; *) fatal 4 "nothing was changed" ;; esac
  fi
  [ "$purge" = no ] || fatal 4 "--purge without a terminal needs --yes"
}

require_root() {
  [ -z "$destdir" ] && [ "$dry" = no ] || return 0
  [ "$(id -u)" -eq 0 ] || fatal 4 "this user may not install for the whole host" "run it as root, or give --destdir DIR"
}

platform() {
  case $(uname -s)-$(uname -m) in
    Linux-x86_64) target=x86_64-unknown-linux-gnu ;;
    Linux-aarch64) target=aarch64-unknown-linux-gnu ;;
    Darwin-x86_64) target=x86_64-apple-darwin ;;
    Darwin-arm64) target=aarch64-apple-darwin ;;
    *) target='' ;;
  esac
  if [ "$(uname -s)" = Linux ] && ! getconf GNU_LIBC_VERSION >/dev/null 2>&1; then target=''; fi
  [ -n "$target" ] || fatal 4 "there is nothing for $(uname -s) on $(uname -m)" \
    "there is for Linux with glibc and for macOS, on x86_64 and aarch64"
}

# --- where the programs come from ---

# Sets `release`: a folder whose checksums hold.
obtain() {
  platform
  here=$(cd "$(dirname "$0")" && pwd)
  if [ "$source" = yes ]; then
    [ -f "$here/tools/from_source.sh" ] || fatal 4 "there are no sources beside $0" "run the install.sh of a copy of the project"
    release=$tmp/release
    sh "$here/tools/from_source.sh" "$release" || exit 4
  elif [ -n "$version" ]; then
    download_release
  else
    release=${from:-$here}
    [ -f "$release/RELEASE" ] || fatal 4 "$release is no release" "give --from DIR, --version V or --from-source"
  fi
  check_release
}

fetch() {
  say "downloading $1"
  if command -v curl >/dev/null; then
    curl --fail --silent --show-error --location --proto-redir '=https' --output "$2" "$1"
  elif command -v wget >/dev/null; then
    wget -q -O "$2" "$1"
  else
    fatal 4 "neither curl nor wget is installed"
  fi || fatal 4 "$1 can't be downloaded" "give --from DIR for an unpacked release, or --from-source"
}

download_release() {
  case $RELEASES in
    '') fatal 4 "it is not known where releases are" "let F2BC_RELEASES name the URL that they are under" ;;
    https://* | http://127.0.0.1:*) ;;
    *) fatal 4 "F2BC_RELEASES has to begin with https://" ;;
  esac
  name=fail2ban-cluster-$version-$target.tar.gz
  fetch "$RELEASES/v$version/SHA256SUMS" "$tmp/sums"
  fetch "$RELEASES/v$version/$name" "$tmp/$name"
  expected=$(awk -v name="$name" '$2 == name { print $1 }' "$tmp/sums")
  got=$(sha256 "$tmp/$name")
  [ "$got" = "$expected" ] || fatal 4 "$name is not what was released: expected ${expected:-a checksum}, got $got" "nothing was installed"
  release=$tmp/release
  mkdir "$release"
  tar -xzf "$tmp/$name" -C "$release"
}

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum <"$1"; else shasum -a 256 <"$1"; fi | cut -d ' ' -f 1
}

check_sums() {
  if command -v sha256sum >/dev/null; then sha256sum --check --strict --quiet "$1"; else shasum -a 256 --check --strict --quiet "$1"; fi
}

# Nothing of a release is used but what its checksums name, and only if all hold.
check_release() {
  [ -f "$release/SHA256SUMS" ] || fatal 4 "$release has no SHA256SUMS" "nothing was installed"
  if grep -Evq '^[0-9a-f]{64}  [A-Za-z0-9@_][A-Za-z0-9@._/+-]*$' "$release/SHA256SUMS" ||
    grep -Fq '..' "$release/SHA256SUMS"; then
    fatal 4 "$release/SHA256SUMS is not a list of checksums" "nothing was installed"
  fi
  for needed in RELEASE installer/host.sh installer/place.sh installer/plan.sh installer/remove.sh; do
    grep -Eq "^[0-9a-f]{64}  $needed\$" "$release/SHA256SUMS" ||
      fatal 4 "the checksums of $release don't name $needed" "nothing was installed"
  done
  (cd "$release" && check_sums SHA256SUMS) || fatal 4 "$release is not what was released" "nothing was installed; get it anew"
  made_for=$(sed -n 's/^target=//p' "$release/RELEASE")
  [ "$made_for" = "$target" ] || fatal 4 "$release is for $made_for, and this is $target"
  available=$(sed -n 's/^[0-9a-f]*  fail2ban-\([a-z][a-z0-9_]*\)$/\1/p' "$release/SHA256SUMS")
}

# --- what is done with them: installer/*.sh, of the version in question ---

# Reads the functions of a release: those that its checksums name.
read_release() {
  sed -n 's|^[0-9a-f]*  \(installer/[a-z_]*\.sh\)$|\1|p' "$release/SHA256SUMS" >"$tmp/functions"
  while read -r functions; do read_functions "$release/$functions"; done <"$tmp/functions"
}

# Reads those of what is installed, else of what this script came with.
read_installed() {
  for dir in "$@"; do
    [ -f "$dir/installer/plan.sh" ] || continue
    for functions in "$dir"/installer/*.sh; do read_functions "$functions"; done
    return 0
  done
  fatal 4 "nothing is installed under $destdir$prefix"
}

read_functions() {
  # shellcheck source=/dev/null
  . "$1"
}

# What was interrupted is noted, so that it can be completed or removed.
clean_up() {
  [ -z "$part" ] || rm -rf "$part"
  if [ -s "$tmp/trial" ]; then put_trial before; fi
  if [ "$unfinished" = yes ]; then (write_manifest) || :; fi
  rm -rf "$tmp"
}

main() {
  parse "$@"
  umask 022
  unfinished=no part=''
  tmp=$(mktemp -d)
  trap clean_up EXIT
  trap 'exit 130' INT TERM HUP PIPE
  case $verb in
    install | upgrade)
      require_root
      obtain
      read_release
      install_release
      ;;
    uninstall)
      require_root
      read_installed "$destdir$lib" "$(dirname "$0")"
      uninstall
      ;;
    verify)
      if [ "$sources" != '' ]; then
        obtain
        say "$release is what was released"
      else
        read_installed "$destdir$lib"
        verify_files
      fi
      ;;
  esac
}

main "$@"
