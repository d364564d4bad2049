#!/usr/bin/env bash
# clang-tidy (rules: .clang-tidy), warnings as errors.
#
#   scripts/tidy.sh FILE...       these files; headers are checked through the files that include them
#   scripts/tidy.sh --changed     what differs from the last commit, untracked files included
#   scripts/tidy.sh --commit      what the last commit changed
#   scripts/tidy.sh --all         every file of the build (about 25 s each for those with LibTorch)
#
# It configures build/tidy, because clang cannot read the precompiled headers of g++; nothing is compiled there.
# Exit code 1: findings. 2: it cannot run.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -gt 0 ] || usage

git_changed() {
  { git diff --name-only --diff-filter=d HEAD -- 2>/dev/null || git ls-files --cached
    git ls-files --others --exclude-standard; } | sort -u
}
case "$1" in
  --changed) mapfile -t files < <(git_changed) ;;
  --commit) mapfile -t files < <(git diff --name-only --diff-filter=d HEAD~1 HEAD --) ;;
  --all) mapfile -t files < <(git ls-files --cached --others --exclude-standard) ;;
  -*) usage ;;
  *)
    files=("$@")
    for file in "${files[@]}"; do
      [ -f "$file" ] || { echo "tidy.sh: no file '$file'" >&2; exit 2; }
    done
    ;;
esac

tidy=$(command -v clang-tidy-16 || command -v clang-tidy) || { echo "tidy.sh: no clang-tidy-16; run ./setup.sh" >&2; exit 2; }
cmake -S . -B build/tidy -GNinja -DCMAKE_BUILD_TYPE=Release -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON \
  -DCMAKE_CXX_COMPILER_LAUNCHER= -DDIFFBENCH_CUDA=OFF >/dev/null
cmake --build build/tidy --target diffbench_interface >/dev/null # a header that is written while building

# only files that the build compiles have a command line to parse them with
compiled=()
for file in "${files[@]}"; do
  case "$file" in
    *.cpp) if grep -qF "\"file\": \"$(realpath "$file")\"" build/tidy/compile_commands.json; then compiled+=("$file"); fi ;;
  esac
done
if [ ${#compiled[@]} -eq 0 ]; then
  echo "tidy.sh: nothing to check" >&2
  exit 0
fi
printf '%s\0' "${compiled[@]}" |
  xargs -0 -n 1 -P "${JOBS:-$(env -u OMP_NUM_THREADS nproc)}" "$tidy" -p build/tidy --quiet --extra-arg=-Wno-unknown-warning-option || exit 1
