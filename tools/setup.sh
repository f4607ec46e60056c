#!/usr/bin/env bash
# Everything a build and the tests need on a fresh Debian 12, once: system packages and the Python environment of the
# parity tests. Quick when there is nothing to do. usage: tools/setup.sh [build|test|stack|servers]
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
[ "$stage" = test ] && packages+=(clang-19 libclang-rt-19-dev clang-format-19 clang-tidy-19 postgresql chromium optipng wrk nghttp2-client curl)
[ "$stage" = stack ] && packages+=(openjdk-17-jre-headless)
[ "$stage" = servers ] && packages+=(postgresql nginx-light prometheus prometheus-alertmanager openjdk-17-jre-headless maven podman runc netavark aardvark-dns iptables debootstrap jq curl)

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

# The real servers of tests/servers: an environment for the tests, one for each server that will not share, a Kafka
# broker, MinIO.
[ "$stage" = servers ] || exit 0
cache=$PWD/build/_cache
export UV_CACHE_DIR=$cache/uv
uv=build/venv-servers/bin/uv
[ -x build/venv-servers/bin/python ] || python3 -m venv build/venv-servers
[ -x $uv ] || build/venv-servers/bin/pip install -q --disable-pip-version-check "$(grep '^uv==' tests/servers/requirements.txt)"
environment() { # FOLDER REQUIREMENTS
  local want stamp="$1/.requirements.sha256"
  want=$(sha256sum "$2" | cut -d' ' -f1)
  [ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && return
  echo "setup: making the environment ${1#"$PWD/"}"
  [ -x "$1/bin/python" ] || $uv venv -q --python python3 "$1"
  $uv pip install -q --python "$1" -r "$2"
  echo "$want" >"$stamp"
}
environment build/venv-servers tests/servers/requirements.txt
for server in mlflow2 mlflow3 airflow; do
  environment "$cache/venvs/$server" "tests/servers/$server.txt"
done
if ! compgen -G "$cache/kafka/lib/kafka_2.13-*.jar" >/dev/null; then
  echo "setup: fetching a Kafka broker"
  mvn -q -B -f tests/servers/kafka.pom.xml dependency:copy-dependencies -DoutputDirectory="$cache/kafka/lib"
fi
for program in minio mc; do
  if [ ! -x "$cache/bin/$program" ] && command -v go >/dev/null; then
    echo "setup: building MinIO's $program (some minutes, once)"
    GOBIN=$cache/bin GOFLAGS=-p=2 go install "github.com/minio/$program@latest" ||
      echo "setup: $program could not be built; the S3 server of the tests is moto, and the whole stack is not started in containers" >&2
  fi
done
