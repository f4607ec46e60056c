#!/usr/bin/env bash
# Everything a build and the tests need on a fresh Debian 12, once: system packages and the Python environment of the
# parity tests. Quick when there is nothing to do. usage: tools/setup.sh [build|test|stack]
set -euo pipefail
cd "$(dirname "$0")/.."
stage=${1:-test}

packages=(
  ca-certificates git make cmake ninja-build g++ ccache mold pkg-config python3 python3-pip python3-venv
  libxgboost-dev libonnx-dev libprotobuf-dev protobuf-compiler libeigen3-dev libcli11-dev libspdlog-dev
  libfmt-dev nlohmann-json3-dev libsimdjson-dev libtomlplusplus-dev libzip-dev libexpat1-dev libfreexl-dev
  libxlsxwriter-dev libpcre2-dev libsqlite3-dev libssl-dev zlib1g-dev libgtest-dev libgmock-dev libbenchmark-dev libhowardhinnant-date-dev tzdata
  libboost1.81-dev libsoci-dev libpq-dev libsodium-dev libutf8proc-dev prometheus-cpp-dev libcurl4-openssl-dev librdkafka-dev nodejs npm
)
[ "$stage" = test ] && packages+=(clang-19 libclang-rt-19-dev clang-format-19 clang-tidy-19 postgresql chromium pngquant wrk nghttp2-client curl)
[ "$stage" = stack ] && packages+=(openjdk-17-jre-headless)

missing=()
installed=$(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' 2>/dev/null | sed -n 's/^ii  *//p')
for package in "${packages[@]}"; do
  case $package in
    nodejs | npm) command -v "${package/nodejs/node}" >/dev/null && continue ;;
    openjdk-*) command -v java >/dev/null && continue ;;
  esac
  grep -qx "$package" <<<"$installed" || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { echo "setup: root or sudo is needed to install: ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
  fi
  echo "setup: installing ${missing[*]}"
  "${as_root[@]}" apt-get -q -o DPkg::Lock::Timeout=300 update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
    install --no-install-recommends "${missing[@]}"
fi

# One Python environment for the parity tests, remade when its requirements change.
if [ "$stage" = test ] && [ -f tests/parity/requirements.txt ]; then
  want=$(sha256sum tests/parity/requirements.txt | cut -d' ' -f1)
  stamp=build/venv/.requirements.sha256
  if [ "$(cat "$stamp" 2>/dev/null)" != "$want" ]; then
    echo "setup: making the Python environment of the parity tests"
    rm -rf build/venv
    python3 -m venv build/venv
    build/venv/bin/pip install -q --disable-pip-version-check -r tests/parity/requirements.txt
    echo "$want" >"$stamp"
  fi
fi
