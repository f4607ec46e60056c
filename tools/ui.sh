#!/usr/bin/env bash
# The operator's page. usage: tools/ui.sh build [OUT] | test | e2e | screenshots
# build writes the page's files to OUT (build/ui), which it empties first; test lints, type-checks and runs the unit tests; e2e drives a real browser against a real
# `forewarn up`; screenshots does the same for docs/screenshots.
set -euo pipefail
out=$(realpath -m "${2:-$(dirname "$0")/../build/ui}")
# Only an earlier page is ever emptied.
if [ "${1:-}" = build ] && [ -n "$(ls -A "$out" 2>/dev/null)" ] && ! [ -f "$out/index.html" ]; then
  echo "ui: $out holds files and no page (index.html); name an empty or a new folder" >&2
  exit 2
fi
cd "$(dirname "$0")/../ui"
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1

# Vite needs Node 20.19 or newer and the lock file npm 9.5; Debian 12 has 18 and 9.2. npm's own packages of both serve then.
node_dir=../build/_cache/node
fits='const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'
if ! node -e "$fits" 2>/dev/null; then
  if ! [ -x "$node_dir/node_modules/.bin/npm" ]; then
    echo "ui: the system's Node is older than 20.19; installing Node 22 and npm 10 from npm"
    mkdir -p "$node_dir"
    npm install --loglevel error --no-save --prefix "$node_dir" node@22 npm@10 >/dev/null
  fi
  PATH="$(cd "$node_dir/node_modules/.bin" && pwd):$PATH"
  export PATH
fi

# Installed once for each lock file.
digest=$(sha256sum package-lock.json | cut -d' ' -f1)
if [ "$(cat node_modules/.lock-digest 2>/dev/null)" != "$digest" ]; then
  npm ci --loglevel error --no-audit --no-fund >/dev/null
  echo "$digest" >node_modules/.lock-digest
fi

case ${1:-} in
  build) FOREWARN_UI_OUT=$out npm run --silent build -- --logLevel warn ;;
  test) npm run --silent generate && npm run --silent lint && npm run --silent check && npm run --silent test ;;
  e2e) npm run --silent generate && npm run --silent e2e -- "${@:2}" ;;
  screenshots) npm run --silent screenshots ;;
  *) sed -n '2,4s/^# //p' "../tools/ui.sh" && exit 2 ;;
esac
