#!/usr/bin/env bash
# clang-format over every tracked C++ file; --check only tells.
set -euo pipefail
cd "$(dirname "$0")/.."
mode=(-i)
[ "${1:-}" = --check ] && mode=(--dry-run --Werror)
git ls-files -z '*.cc' '*.h' | xargs -0 clang-format-19 "${mode[@]}"
