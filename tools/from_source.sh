#!/bin/sh
# Builds a release of this tree for this machine, for
# `install.sh --from-source`.
#
#   from_source.sh DIR
#
# Builds executables, or scripts that run the sources where Deno's base runtime
# is not available. Downloads Deno from npm, in the version and with the checksum
# below.
#
#   DENO   a Deno to use instead of npm's
set -eu

# `cd` would search the folders in it, too.
CDPATH=''

DENO_VERSION=2.9.6
# Exit code of tools/compile.ts without a base runtime.
NO_BASE_RUNTIME=4

fatal() {
  printf 'from_source.sh: error: %s\n' "$1" >&2
  printf 'from_source.sh: hint: %s\n' "$2" >&2
  exit 4
}

# The npm package with Deno for this machine, and its SHA-512.
deno_package() {
  case $(uname -s)-$(uname -m) in
    Linux-x86_64)
      echo linux-x64-glibc de67784ca2c2bb3b0b0e67cea02e4a37b34065ac525643209bae2f83a7e80f4d090400c2a584b6ff942a5dfce09cfe59433de22cff6f05026d120735d7a380a1
      ;;
    Linux-aarch64)
      echo linux-arm64-glibc a68aa1a07f41de7625a2280430f4f9b7c1d8fb005e8ae79ad409f943b7ea809ccfd126265aca12fe852758efe9122038a1fcc8072d4496dfe29f9f312adc44a1
      ;;
    Darwin-x86_64)
      echo darwin-x64 b4f8b70963d17635b531a5a5bd68ce444ec0b2ce52003756763d411754353c47738bee6efe60b9621999ce788c88fafcd4fa5a15eaa35da2c0b1f6fc945b19d1
      ;;
    Darwin-arm64)
      echo darwin-arm64 57cb8ed40a25ae5ff2bdd31be653ad82d8a0b3c62e6418eb3ab82f895322624434b30ca615fce469ed7065a9385e2db8b7bbdfeddfde88c6ffeebca38d59beb6
      ;;
    *) fatal "there is no Deno for $(uname -s) on $(uname -m)" "Linux and macOS have one, on x86_64 and aarch64" ;;
  esac
}

sha512() {
  if command -v sha512sum >/dev/null; then sha512sum "$1"; else shasum -a 512 "$1"; fi | cut -d ' ' -f 1
}

# Installs Deno in a folder, without running any script of the package.
fetch_deno() {
  command -v npm >/dev/null || fatal "npm is not installed" "install Node, or let DENO name a Deno $DENO_VERSION"
  package=$(deno_package)
  expected=${package#* }
  package=@deno/${package%% *}@$DENO_VERSION
  npm pack --silent --pack-destination "$1" "$package" >/dev/null ||
    fatal "npm can't get $package" "let npm reach its registry, or let DENO name a Deno $DENO_VERSION"
  for archive in "$1"/*.tgz; do
    got=$(sha512 "$archive")
    [ "$got" = "$expected" ] ||
      fatal "$package is not what it should be: expected $expected, got $got" "nothing was installed; ask whoever runs the registry"
    tar -xzf "$archive" -C "$1" package/deno
  done
  chmod 0755 "$1/package/deno"
}

# Makes Deno use npm's registry and trusted certificates.
use_settings_of_npm() {
  command -v npm >/dev/null || return 0
  registry=$(npm config get registry 2>/dev/null) || registry=''
  cafile=$(npm config get cafile 2>/dev/null) || cafile=''
  case $registry in
    http*) export NPM_CONFIG_REGISTRY="${NPM_CONFIG_REGISTRY:-$registry}" ;;
  esac
  case $cafile in
    '' | null | undefined) ;;
    *) export DENO_CERT="${DENO_CERT:-$cafile}" ;;
  esac
}

# Runs this tree's compiler, with its caches in a temporary folder.
make_release() {
  (cd "$tree" && DENO_DIR=${DENO_DIR:-$work/cache} TMPDIR=$work \
    "$deno" run --quiet --frozen -P=compile tools/compile.ts --out "$out" "$@")
}

absolute() {
  case $1 in /*) printf '%s' "$1" ;; *) printf '%s/%s' "$PWD" "$1" ;; esac
}

main() {
  tree=$(cd "$(dirname "$0")/.." && pwd)
  out=$(absolute "${1:?usage: from_source.sh DIR}")
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM HUP
  deno=${DENO:-}
  case $deno in
    '')
      fetch_deno "$work"
      deno=$work/package/deno
      ;;
    */*) deno=$(absolute "$deno") ;;
  esac
  use_settings_of_npm
  # Hides the compiler's error if there is an alternative.
  failure=0
  make_release 2>"$work/said" || failure=$?
  if [ "$failure" -eq "$NO_BASE_RUNTIME" ]; then
    echo "nothing can be compiled here: the programs will run from their sources"
    failure=0
    make_release --launchers || failure=$?
  fi
  if [ "$failure" -ne 0 ]; then cat "$work/said" >&2; fi
  [ "$failure" -eq 0 ] || fatal "Deno could make no release of $tree" \
    "what it said stands above; it takes packages from npm's registry, as npm is configured"
}

main "$@"
