#!/usr/bin/env bash
# Builds two revisions and lets them take turns on a suite (diffbench ab).
#
#   scripts/ab.sh OLD NEW SUITE [options of `diffbench ab`]
#   scripts/ab.sh origin/main HEAD gate --minutes 5
#
# OLD and NEW are anything that git resolves; `.` is this working tree, changes included. Builds are kept in
# build/revisions/ and share ccache. Exit code: that of `diffbench ab`; 2 also where a revision does not build.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -ge 3 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
old=$1 new=$2 suite=$3
shift 3
jobs=$(env -u OMP_NUM_THREADS nproc)

# prints the program of a revision
build() {
  local tree sha
  if [ "$1" = . ]; then
    tree=$PWD
  else
    sha=$(git rev-parse --verify --quiet "$1^{commit}") || { echo "ab.sh: no revision '$1'" >&2; return 2; }
    tree=$PWD/build/revisions/${sha:0:12}
    if [ ! -e "$tree/CMakeLists.txt" ]; then
      git worktree prune
      git worktree add --quiet --force --detach "$tree" "$sha" >&2
      ln -s "$PWD/.venv" "$tree/.venv"
    fi
  fi
  { (cd "$tree" && cmake --preset release && cmake --build --preset release --parallel "$jobs" --target diffbench) > "$PWD/build/ab_build.log" 2>&1; } ||
    { echo "ab.sh: $1 does not build:" >&2; tail -n 20 "$PWD/build/ab_build.log" >&2; return 2; }
  echo "$tree/build/release/bin/diffbench"
}

mkdir -p build
old_program=$(build "$old") || exit 2
new_program=$(build "$new") || exit 2
exec "$new_program" ab "$old_program" "$suite" "$@"
