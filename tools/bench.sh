#!/usr/bin/env bash
# Runs every benchmark and prints its ratios: C++ programs (bench/*_bench.cc), then whole-process comparisons with Python
# peers (bench/*.py) in the parity tests' environment.
set -euo pipefail
cd "$(dirname "$0")/.."
export FOREWARN_BIN=$PWD/build/release/forewarn FOREWARN_BUILD=$PWD/build/release
for source in bench/*_bench.cc; do
  name=$(basename "$source" .cc)
  echo "== $name"
  "build/release/$name"
done
for script in bench/*.py; do
  echo "== $(basename "$script")"
  build/venv/bin/python "$script"
done
