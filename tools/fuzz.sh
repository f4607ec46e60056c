#!/usr/bin/env bash
# Builds the fuzz targets with clang, ASan and UBSan and runs each for a number of seconds, two at a time. A finding
# fails, and its input stays in build/fuzz/findings. usage: [FUZZ_SEED=N] tools/fuzz.sh SECONDS [TARGET...]
# Without FUZZ_SEED every run is another one and goes on from the corpus in build/fuzz/corpus. With it a run tries the same
# inputs in the same order each time, from fuzz/corpus alone and at most FUZZ_RUNS of them, so that a faster machine does not
# try others: `make test` judges the code, not the day's luck.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
[ -f build/fuzz/build.ninja ] || cmake --preset fuzz >/dev/null
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for source in fuzz/*_fuzz.cc; do targets+=("$(basename "$source" .cc)"); done
fi
cmake --build build/fuzz -j "$(nproc)" --target "${targets[@]}" | tail -n 1

one() {
  local name=$1 seconds=$2
  local corpus=build/fuzz/corpus/$name seeds=fuzz/corpus/${name%_fuzz}
  if [ -n "${FUZZ_SEED:-}" ]; then
    corpus=build/fuzz/corpus/$name.seed$FUZZ_SEED
    rm -rf "$corpus"
  fi
  mkdir -p "$corpus" build/fuzz/findings
  local inputs=("$corpus")
  local runs=-1
  [ -z "${FUZZ_SEED:-}" ] || runs=${FUZZ_RUNS:-40000}
  [ -d "$seeds" ] && inputs+=("$seeds")
  # mimalloc inside Arrow would hide overruns from ASan.
  if ARROW_DEFAULT_MEMORY_POOL=system "build/fuzz/$name" -seed="${FUZZ_SEED:-0}" -max_total_time="$seconds" \
      -runs="$runs" -timeout=20 -rss_limit_mb=3000 -max_len=65536 -artifact_prefix="build/fuzz/findings/$name-" -print_final_stats=1 "${inputs[@]}" \
      >"build/fuzz/$name.log" 2>&1; then
    echo "fuzz $name: clean, $(sed -n 's/stat::number_of_executed_units: *//p' "build/fuzz/$name.log") inputs"
  else
    echo "fuzz $name: FAILED"
    tail -n 40 "build/fuzz/$name.log"
    return 1
  fi
}
export -f one
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I{} bash -c "one {} $seconds"
