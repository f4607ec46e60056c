#!/usr/bin/env bash
# The main job from nothing: 180 days of a simulated plant as historian workbooks, the whole pipeline over them (once), and
# a forecast of the plant's next hours with its drivers. usage: tools/up.sh FOREWARN
set -euo pipefail
forewarn=$1
home=${FOREWARN_UP_DIR:-build/up}
mkdir -p "$home"
if [ ! -d "$home/historian" ]; then
  "$forewarn" simulate --hours 4320 --out "$home/historian"
fi
"$forewarn" --data-dir "$home/data" models list --json >"$home/models.json" 2>/dev/null || true
if ! grep -q '"champion"' "$home/models.json"; then
  "$forewarn" --data-dir "$home/data" run "$home/historian" --keep "$home/tables" --first-champion
fi
# The same plant a day later: its last 24 hours are what an operator would see now.
"$forewarn" simulate --hours 4344 --out "$home/now.csv"
{ head -n 1 "$home/now.csv"; tail -n 24 "$home/now.csv"; } >"$home/last.csv"
for horizon in 1 3 6; do
  "$forewarn" --data-dir "$home/data" forecast --horizon "$horizon" "$home/last.csv"
done
echo "drivers of the 6 h forecast:"
"$forewarn" --data-dir "$home/data" explain --horizon 6 "$home/last.csv"
