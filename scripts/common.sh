# shellcheck shell=bash
# Shared by the scripts of this folder: where the checkout is, how they speak, and building one target.
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)

say() { printf 'ate: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# One set-up or build at a time: a sweep may start many processes at once. Held until the script ends.
take_lock() {
  command -v flock >/dev/null || return 0
  mkdir -p "$root/build" || fail "cannot make $root/build"
  exec 9>"$root/build/lock" || fail "cannot write $root/build/lock"
  flock -n 9 || { say "waiting for another set-up or build of this checkout"; flock 9; }
}

# configure PRESET [CMake options]: into build/PRESET; its output is shown only when it fails.
configure() {
  local preset=$1 log="$root/build/$1-configure.log"
  mkdir -p "$root/build" || fail "cannot make $root/build"
  (cd "$root" && cmake --preset "$@") >"$log" 2>&1 9>&- || {
    cat "$log" >&2
    fail "CMake could not configure the build; the lines above say why"
  }
}

# build PRESET [ninja options]: progress goes to stderr.
build() {
  local preset=$1
  shift
  cmake --build "$root/build/$preset" "$@" >&2 9>&- || fail "the build failed; the lines above say why"
}
