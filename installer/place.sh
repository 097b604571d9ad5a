# shellcheck shell=sh disable=SC2034,SC2154
# Puts files in place: each whole or not at all, and only if it is another.
# Part of install.sh. The manifest has a line for each file that was installed:
#   SHA256 ROLE KIND MODE PATH
# (of a link, what it leads to in place of the sum), for each folder that was made: - - dir 0755 PATH
# and for the user if it was added: - - user - NAME
# What an uninstall keeps is listed beside the configuration until a purge.

install_release() {
  begin
  choose_roles
  plan_all
  if [ "$dry" = no ]; then require_writable; fi
  remove_parts
  if [ -z "$destdir" ]; then require_group; fi
  confirm "$verb $(words "$wanted") of $release?"
  try_programs
  unfinished=yes
  make_user
  place_all
  try_fail2ban
  remove_obsolete
  write_manifest finished
  unfinished=no
  make_state
  restart_changed
  tell_next
  tell_refused
}

# A program that does not start here, or refuses what the running one was
# configured with, replaces nothing.
try_programs() {
  if ! on_host; then return 0; fi
  for role in $wanted; do
    if cmp -s "$release/RELEASE" "$lib/RELEASE" && cmp -s "$release/fail2ban-$role" "$prefix/bin/fail2ban-$role"; then continue; fi
    try_program "$role" --version || refuse_program "$role" "does not start on this host"
    if runs_now "$role"; then
      try_program "$role" check || refuse_program "$role" "refuses this host's configuration"
    fi
  done
}

try_program() { # ROLE VERB
  tried=0
  "$release/fail2ban-$1" "$2" >"$tmp/tried" 2>&1 || tried=$?
  # A release may lie where nothing may be executed.
  [ "$tried" = 0 ] || [ "$tried" = 126 ]
}

refuse_program() { # ROLE WHY
  fatal 4 "the new fail2ban-$1 $2: $(head -n 1 "$tmp/tried")" "nothing was changed, and what runs goes on"
}

begin() {
  would=''
  if [ "$dry" = yes ]; then would='would '; fi
  did='' configs='' told=''
  restarts=$lib/restart
  : >"$tmp/left"
  if [ -z "$destdir" ] && [ -f "$restarts" ]; then cp "$restarts" "$tmp/left"; fi
  if [ "$dry" = yes ]; then
    restarts=$tmp/restarts
    cp "$tmp/left" "$restarts"
  fi
  : >"$tmp/new"
  : >"$tmp/made"
  : >"$tmp/old"
  : >"$tmp/trial"
  : >"$tmp/had"
  if [ -f "$manifest" ]; then cut -d ' ' -f 2 "$manifest" | sort -u >"$tmp/had"; fi
  kept=$destdir$CONF_DIR/kept
  for list in "$manifest" "$kept"; do
    if [ -f "$list" ]; then cat "$list" >>"$tmp/old"; fi
  done
}

place_all() {
  tab=$(printf '\t')
  note_installed
  if [ "$dry" = no ]; then place_new_folders; fi
  while IFS=$tab read -r sum kind role mode from to; do
    place "$kind" "$role" "$mode" "$from" "$to"
  done <"$tmp/todo"
}

# Sources are many files, and a look at one takes some processes: those that are
# there as planned are found all together, and noted. The others are to do.
note_installed() {
  : >"$tmp/present"
  if [ -d "$destdir$lib" ]; then list_installed >"$tmp/present"; fi
  awk -F '\t' -v new="$tmp/new" '
    FILENAME == ARGV[1] { present[$0] = 1; next }
    $2 == "file" && ($4 " " $1 " " $6) in present { print $1, $3, $2, $4, $6 >>new; next }
    { print }
  ' "$tmp/present" "$tmp/plan" >"$tmp/todo"
}

# Of the files in the folder of the programs: MODE SUM PATH
list_installed() {
  if command -v sha256sum >/dev/null; then set -- sha256sum; else set -- shasum -a 256; fi
  set -- -exec "$@" '{}' +
  if [ -z "$destdir" ]; then set -- -user 0 "$@"; fi
  for mode in 0644 0755; do
    (cd "$destdir/" && find ".$lib" -type f -perm "$mode" "$@") | sed "s/^\([0-9a-f]*\)  \./$mode \1 /"
  done
}

# Sources are many files, and to put one there takes some processes: a folder of
# them that is not there yet is filled beside its place, and is there whole.
place_new_folders() {
  mkdir -p "$tmp/folders.new"
  awk -F '\t' -v lib="$lib/" -v dir="$tmp/folders.new/" '
    function add(file, line) { print line >>file; close(file) }
    $2 != "file" || $4 != "0644" || index($6, lib) != 1 { next }
    {
      folder = $6
      sub("/[^/]*$", "", folder)
      if (folder ~ "/(installer|systemd)$" || folder "/" == lib) next
      if (!(folder in number)) { number[folder] = ++count; add(dir "all", count " " $3 " " folder) }
      add(dir number[folder], $5)
      add(dir number[folder] ".new", $1 " " $3 " " $2 " " $4 " " $6)
    }
  ' "$tmp/todo"
  if [ ! -f "$tmp/folders.new/all" ]; then return 0; fi
  # A folder comes before those that are in it.
  LC_ALL=C sort -k 3 "$tmp/folders.new/all" >"$tmp/folders.new/sorted"
  : >"$tmp/there"
  while read -r number role folder; do
    if [ -e "$destdir$folder" ] || [ -L "$destdir$folder" ]; then continue; fi
    place_new_folder "$tmp/folders.new/$number" "$role" "$folder"
  done <"$tmp/folders.new/sorted"
  awk -F '\t' 'FILENAME == ARGV[1] { there[$0] = 1; next } !($6 in there)' "$tmp/there" "$tmp/todo" >"$tmp/rest"
  mv -f "$tmp/rest" "$tmp/todo"
}

place_new_folder() { # LIST ROLE FOLDER
  did=yes
  tell write "$3/"
  note_restart "$2" file
  make_folder "${3%/*}"
  cat "$1.new" >>"$tmp/new"
  printf -- '- - dir 0755 %s\n' "$3" >>"$tmp/made"
  part=$destdir$3.f2bc.$$
  list=$1 final=$destdir$3
  set --
  while IFS= read -r from; do set -- "$@" "$release/$from"; done <"$list"
  if ! { mkdir "$part" && chmod 0755 "$part" && cp "$@" "$part" && chmod_all "$part" && mv "$part" "$final"; }; then
    rm -rf "$part"
    fatal 4 "$final can't be written" "install.sh $verb completes what was begun"
  fi
  part=''
  cut -d ' ' -f 5- "$list.new" >>"$tmp/there"
}

# What a run leaves that was killed: the part of a file or folder that it was at.
remove_parts() {
  if [ "$dry" = yes ]; then return 0; fi
  {
    if [ -d "$destdir$lib" ]; then find "$destdir$lib" -name '*.f2bc.[0-9]*' -prune; fi
    if [ -f "$tmp/folders" ]; then
      while IFS= read -r folder; do printf '%s\n' "$destdir$folder"/*.f2bc.[0-9]*; done <"$tmp/folders"
    fi
  } >"$tmp/parts"
  while IFS= read -r left; do
    # Another run may be at it now.
    if [ -e "$left" ] && ! kill -0 "${left##*.}" 2>/dev/null; then rm -rf "$left"; fi
  done <"$tmp/parts"
}

chmod_all() { find "$1" -type f -exec chmod 0644 '{}' +; }

# Puts one planned file there, and notes it and whom it concerns.
place() { # KIND ROLE MODE FROM TO
  file=$release/$4
  case $1:$4 in
    unit:* | config:fail2ban-cluster.conf)
      file=$tmp/rendered
      render "$1" "$2" "$4" >"$file"
      sum=$(sha256 "$file")
      ;;
  esac
  if [ "$1" = link ]; then sum=fail2ban-cluster; fi
  printf '%s %s %s %s %s\n' "$sum" "$2" "$1" "$3" "$5" >>"$tmp/new"
  concerns=''
  if [ "$1" = link ]; then
    put_link "$2" "$sum" "$5"
    return 0
  fi
  if [ "$1" = config ]; then
    put_config "$3" "$file" "$5"
    if [ "$wrote" = yes ]; then configs=yes; fi
    return 0
  fi
  case $5 in
    "$doc"/* | "$prefix"/share/* | "$lib"/install* | "$lib"/systemd/* | "$lib"/RELEASE) ;;
    # Nothing runs that would be restarted: the service manager alone reads it.
    "$UNIT_DIR"/fail2ban-feed@.*) concerns=+ ;;
    *)
      concerns=$2
      # Where the others are links to it, it is theirs as well.
      if [ "$2" = cluster ] && grep -q "${tab}link$tab" "$tmp/plan"; then concerns=-; fi
      ;;
  esac
  if [ -e "$destdir$5" ] && [ ! -L "$destdir$5" ] && ! cmp -s "$file" "$destdir$5" && ! is_as_installed "$5"; then
    say "${would}replace $destdir$5, which is not as it was installed"
  fi
  put "$3" "$file" "$5"
}

# What was edited, or is a link to elsewhere, stays; the new one is put beside it, once.
put_config() { # MODE FROM TO
  present=$destdir$3
  wrote=no
  if [ ! -L "$present" ] && is_as_installed "$3"; then
    note_trial "$2" "$3"
    put "$1" "$2" "$3"
  elif ! cmp -s "$2" "$present" && ! is_listed "$(sha256 "$2")" "$3"; then
    put "$1" "$2" "$3.new"
    if [ "$wrote" = yes ]; then say "$present was edited and stays: compare it with $3.new"; fi
  fi
}

# Whether a file is gone, or one that was installed there: after an interrupted
# run it may be that of either version.
is_as_installed() { [ ! -e "$destdir$1" ] || is_listed "$(sha256 "$destdir$1")" "$1"; }

is_listed() { # SUM PATH
  awk -v path="$2" 'substr($0, index($0, "/")) == path { print $1 }' "$tmp/old" | grep -Fqx "$1"
}

# Sets `wrote`: whether there was anything to do.
put() { # MODE FROM TO
  final=$destdir$3
  wrote=no
  # Sources are many files: no process is begun for what the shell knows.
  if [ -e "$final" ] && cmp -s "$2" "$final" && [ "0$(mode_of "$final")" = "$1" ] && is_roots "$final"; then return 0; fi
  wrote=yes did=yes
  tell write "$3"
  if [ -n "$concerns" ]; then note_restart "$concerns" "$kind"; fi
  if [ "$dry" = yes ]; then return 0; fi
  make_folder "${3%/*}"
  part=$final.f2bc.$$
  if ! { cp "$2" "$part" && own "$3" "$part" && chmod "$1" "$part" && mv -f "$part" "$final"; }; then
    rm -f "$part"
    fatal 4 "$final can't be written" "install.sh $verb completes what was begun"
  fi
  part=''
}

put_link() { # ROLE TARGET PATH
  final=$destdir$3
  if [ "$(readlink "$final")" = "$2" ]; then return 0; fi
  did=yes
  tell write "$3"
  note_restart "$1" link
  if [ "$dry" = yes ]; then return 0; fi
  make_folder "${3%/*}"
  part=$final.f2bc.$$
  if ! { ln -s "$2" "$part" && mv -f "$part" "$final"; }; then
    rm -f "$part"
    fatal 4 "$final can't be written" "install.sh $verb completes what was begun"
  fi
  part=''
}

own() { # PATH FILE
  case $1 in "$CONF_DIR"/*) give_to "root:$OWNER" "$2" ;; esac
}

# The folder of the sources is told of once.
tell() { # VERB PATH
  case $2 in
    "$lib"/*)
      if [ "$told" = "$1" ]; then return 0; fi
      told=$1
      say "$would$1 files in $destdir$lib"
      ;;
    *) say "$would$1 $destdir$2" ;;
  esac
}

# Whether it is root's, where it has to be.
is_roots() { [ -n "$destdir" ] || [ "$(stat -c %u "$1" 2>/dev/null || stat -f %u "$1")" = 0 ]; }

mode_of() { stat -c %a "$1" 2>/dev/null || stat -f %Lp "$1"; }

# Makes a folder and those above it; they go with the last file in them.
make_folder() {
  if [ -d "$destdir$1" ]; then return 0; fi
  case $1 in /*/*) make_folder "${1%/*}" ;; esac
  mkdir -p "$destdir$1"
  chmod 0755 "$destdir$1"
  printf -- '- - dir 0755 %s\n' "$1" >>"$tmp/made"
}

# Removes what an earlier version had and this one has not.
remove_obsolete() {
  cut -d ' ' -f 5- "$tmp/new" >"$tmp/paths"
  awk '
    NR == FNR { planned[$0] = 1; next }
    $3 == "file" || $3 == "link" || $3 == "unit" {
      path = substr($0, index($0, "/"))
      if (!(path in planned)) print path
    }
  ' "$tmp/paths" "$tmp/old" >"$tmp/obsolete"
  while IFS= read -r path; do remove "$path"; done <"$tmp/obsolete"
}

remove() {
  if [ ! -e "$destdir$1" ] && [ ! -L "$destdir$1" ]; then return 0; fi
  did=yes
  tell remove "$1"
  if [ "$dry" = no ]; then rm -f "$destdir$1"; fi
}

# Of a run that is not finished, what was there before is listed as well.
write_manifest() { # [finished]
  if [ "$dry" = yes ]; then return 0; fi
  awk -v finished=$# '
    function path() { return substr($0, index($0, "/")) }
    NR == FNR { planned[path()] = 1; next }
    !finished || $3 == "dir" || $3 == "user" || $3 == "config" && !(path() in planned)
  ' "$tmp/new" "$tmp/old" | cat - "$tmp/new" "$tmp/made" | sort -u >"$tmp/manifest"
  put_list "$tmp/manifest" "${manifest#"$destdir"}"
  rm -f "$kept"
}

put_list() { # FROM TO
  concerns=''
  put 0644 "$1" "$2" >/dev/null
}

# --- what fail2ban reads is tried with fail2ban itself: one jail that can't be
# made keeps all of it from starting ---

# Notes what fail2ban is about to read anew, and what was there before.
note_trial() { # FROM PATH
  case $2 in /etc/fail2ban/*) ;; *) return 0 ;; esac
  if ! can_try || cmp -s "$1" "$2"; then return 0; fi
  mkdir -p "$tmp/before${2%/*}" "$tmp/after${2%/*}"
  cp "$1" "$tmp/after$2"
  if [ -e "$2" ]; then cp "$2" "$tmp/before$2"; fi
  echo "$2" >>"$tmp/trial"
}

can_try() { on_host && command -v fail2ban-client >/dev/null && [ -f /etc/fail2ban/fail2ban.conf ]; }

# Keeps what fail2ban takes. What it refuses because of us is taken back, and
# `refused` says why; what it refused before stays its operator's matter.
try_fail2ban() {
  refused=''
  if [ ! -s "$tmp/trial" ]; then return 0; fi
  if ! is_accepted; then
    ours=$(grep -F fail2bancluster "$tmp/said" || :)
    reasons=$(head -n 3 "$tmp/said")
    put_trial before
    if [ -n "$ours" ] || is_accepted; then
      refused=$reasons
      configs=''
      forget_trial
    else
      put_trial after
      say "fail2ban-client -t fails, as it did before: $reasons"
    fi
  fi
  : >"$tmp/trial"
}

# Whether fail2ban would start; else what it said of errors is in $tmp/said.
is_accepted() {
  if fail2ban-client -t >"$tmp/trial.out" 2>&1; then return 0; fi
  sed -n 's/^.*ERROR: *//; s/^.* ERROR  *//p' "$tmp/trial.out" | grep -v 'test configuration failed' >"$tmp/said" ||
    tail -n 1 "$tmp/trial.out" >"$tmp/said"
  return 1
}

# Puts there what was before the trial, or what is after it.
put_trial() { # before|after
  while IFS= read -r path; do
    if [ -e "$tmp/$1$path" ]; then
      cp "$tmp/$1$path" "$path"
      chmod 0644 "$path"
    else
      rm -f "$path"
    fi
  done <"$tmp/trial"
}

# What was taken back is not noted as installed; a version before it still is.
forget_trial() {
  awk 'NR == FNR { taken[$0] = 1; next } !(substr($0, index($0, "/")) in taken)' "$tmp/trial" "$tmp/new" >"$tmp/rest"
  cat "$tmp/rest" >"$tmp/new"
}

tell_refused() {
  if [ -z "$refused" ]; then return 0; fi
  fatal 4 "fail2ban-client -t refuses what was put into /etc/fail2ban, and it was taken back: $refused" \
    "mend [DEFAULT] in /etc/fail2ban/jail.local, or set the key in /etc/fail2ban/jail.d/fail2bancluster.local, then install.sh upgrade"
}
