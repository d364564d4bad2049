#!/usr/bin/env bash
# Runs every fuzz target for a while, each from a seed corpus made of the tests' golden files:
#   cmake --preset fuzz && cmake --build --preset fuzz && tests/fuzz/run.sh [seconds] [target ...]
# Corpora, logs and findings stay in build/fuzz/corpus. The exit code is 1 when a target found something.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
shift $(($# > 0 ? 1 : 0))
build=${DIFFBENCH_FUZZ_BUILD:-build/fuzz}
goldens=tests/methods/data/goldens

# prints the files that seed a target
seeds_of() {
  case $1 in
    pickle) ls "$goldens"/*.pth "$goldens"/hostile/*.pth ;; # their data.pkl
    npy) ls "$goldens"/*.npz "$goldens"/hostile/*.npz ;;    # their arrays
    statistics) ls "$goldens"/statistics.* "$goldens"/arrays_stored.npz "$goldens"/types.pth ;;
    idx) ls "$goldens"/*.idx* ;;
    image) ls tests/methods/data/image_goldens/*.{png,jpg,jpeg,webp} ;;
    suite) ls harness/suites/*.toml ;;
    model) find methods/zoo tests/methods/backbones/goldens -name model.toml ;;
    recipe) find methods/zoo -name '*recipe*.toml' ;;
    calibration) find methods/zoo -path '*calibration*' -name '*.toml' ;;
    results) rm -f "$build/seed.db" && python3 tests/fuzz/results_seed.py "$build/seed.db" && echo "$build/seed.db" ;;
    *) find "$goldens" -name "*.$1" ;;
  esac
}

# copies the seeds of target $1 into folder $2, taking archives apart where the target parses what is inside
make_corpus() {
  local seed
  mkdir -p "$2"
  while read -r seed; do
    case $1 in
      pickle | npy) python3 - "$seed" "$2" "$1" <<'PYTHON'
import pathlib, sys, zipfile
source, target, kind = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
if zipfile.is_zipfile(source):
    with zipfile.ZipFile(source) as archive:
        for name in archive.namelist():
            if name.endswith({"pickle": "data.pkl", "npy": ".npy"}[kind]):
                (target / f"{source.stem}.{name.replace('/', '_')}").write_bytes(archive.read(name))
PYTHON
        ;;
      *) cp "$seed" "$2/${seed//\//_}" ;; # whole path: many are called model.toml
    esac
  done < <(seeds_of "$1")
}

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for source in tests/fuzz/*_fuzz.cpp; do
    targets+=("$(basename "$source" _fuzz.cpp)")
  done
fi
run_target() { # $1: target
  local program=$build/bin/$1_fuzz corpus=$build/corpus/$1
  make_corpus "$1" "$corpus"
  echo "== $1: $seconds s from $(find "$corpus" -type f | wc -l) inputs"
  "$program" -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$corpus-finding-" "$corpus" > "$corpus.log" 2>&1 && return
  grep -E -A 12 'ERROR|runtime error|Test unit written' "$corpus.log" >&2 || tail -n 20 "$corpus.log" >&2
  echo "$1" >> "$build/corpus/failed"
}

for target in "${targets[@]}"; do
  if [ ! -x "$build/bin/${target}_fuzz" ]; then
    echo "run.sh: $build/bin/${target}_fuzz is not built; cmake --preset fuzz && cmake --build --preset fuzz" >&2
    exit 2
  fi
done
mkdir -p "$build/corpus"
rm -f "$build/corpus/failed"
for target in "${targets[@]}"; do # as many at a time as there are cores
  while [ "$(jobs -rp | wc -l)" -ge "$(env -u OMP_NUM_THREADS nproc)" ]; do wait -n || true; done
  run_target "$target" &
done
wait
failed=()
[ -e "$build/corpus/failed" ] && mapfile -t failed < "$build/corpus/failed"
if [ ${#failed[@]} -gt 0 ]; then
  echo "run.sh: findings in ${failed[*]}; see $build/corpus/*-finding-*" >&2
  exit 1
fi
echo "run.sh: nothing found in ${#targets[@]} targets"
