#!/usr/bin/env bash
# The Python package: its wheel (build/wheels) in an environment of its own. usage: tools/python.sh [python|stack]
#   python  build/venv-python: the wheel and what its tests compare with
#   stack   build/venv-stack: the wheel with Spark, XGBoost on Spark and the notebooks' kernel
# An environment is remade when its requirements change; the wheel is rebuilt when a source did (ninja knows).
set -euo pipefail
cd "$(dirname "$0")/.."
which=${1:-python}

environment() {  # folder, requirements
  local stamp=$1/.requirements.sha256 want
  want=$(sha256sum "$2" | cut -d' ' -f1)
  [ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && return
  echo "python: making $1"
  rm -rf "$1"
  python3 -m venv "$1"
  "$1/bin/pip" install -q --disable-pip-version-check -r "$2"
  echo "$want" >"$stamp"
}

environment build/venv-python python/tests/requirements.txt
venv=$PWD/build/venv-python
PATH="$venv/bin:$PATH" "$venv/bin/pip" wheel -q --disable-pip-version-check --no-build-isolation --no-deps \
  -w build/wheels ./python
target=$venv
if [ "$which" = stack ]; then
  environment build/venv-stack tests/stack/requirements.txt
  target=$PWD/build/venv-stack
fi
"$target/bin/pip" install -q --disable-pip-version-check --no-deps --force-reinstall build/wheels/forewarn-*.whl
