#!/usr/bin/env bash
# The main job from nothing: 180 days of a simulated plant as historian workbooks, the whole pipeline over them, and a
# forecast of the plant's last hours with its drivers. usage: tools/up.sh FOREWARN
set -euo pipefail
forewarn=$1
home=${FOREWARN_UP_DIR:-build/up}
mkdir -p "$home"
if [ ! -d "$home/historian" ]; then
  "$forewarn" simulate --hours 4320 --out "$home/historian"
fi
if ! "$forewarn" --data-dir "$home/data" models list --json 2>/dev/null | grep -q '"champion"'; then
  "$forewarn" --data-dir "$home/data" run "$home/historian" --promote auto
fi
"$forewarn" simulate --hours 4344 --out "$home/now.csv"
tail -n 24 "$home/now.csv" >"$home/last.body"
{ head -n 1 "$home/now.csv"; cat "$home/last.body"; } >"$home/last.csv"
for horizon in 1 3 6; do
  "$forewarn" --data-dir "$home/data" forecast --horizon "$horizon" "$home/last.csv"
done
"$forewarn" --data-dir "$home/data" explain --horizon 6 "$home/last.csv"
