"""The champion changes under load: no request fails and no answer is of two versions. FOREWARN_SWAPS (10; full run 200) and
FOREWARN_REQUESTS (50,000; full run 1,000,000) set the size."""

import json
import os
import re
import subprocess

import services

SWAPS = int(os.environ.get("FOREWARN_SWAPS", "10"))
REQUESTS = int(os.environ.get("FOREWARN_REQUESTS", "50000"))
# With the hour and the day: what is missing of the time is filled from the plant's clock, which goes on.
BODY = {"features": {"te301020": 109.8, "pdt31008": 340, "lt301031": 8, "hour_of_day": 14, "day_of_week": 2}}
# Counts every distinct reply; one connection a thread keeps wrk's threads few and their counts complete.
SCRIPT = """
wrk.method = "POST"
wrk.body = %s
wrk.headers["Content-Type"] = "application/json"
local threads = {}
function setup(thread) table.insert(threads, thread) end
function init() seen = "" counts = {} failed = 0 end
function response(status, headers, body)
  if status ~= 200 then failed = failed + 1 return end
  if not counts[body] then counts[body] = 0 end
  counts[body] = counts[body] + 1
end
function report()
  local out = {}
  for body, count in pairs(counts) do table.insert(out, count .. "\\t" .. body) end
  return table.concat(out, "\\n")
end
function done()
  for _, thread in ipairs(threads) do
    print("FAILED " .. thread:get("failed"))
    for body, count in pairs(thread:get("counts")) do print("REPLY " .. count .. "\\t" .. body) end
  end
end
"""


def test_swaps_fail_no_request_and_mix_no_versions(fresh_data, tmp_path):
    rows = json.loads(services.forewarn("--data-dir", fresh_data, "models", "list", "--json").stdout)
    versions = [row["version"] for row in rows if row["name"] == "plant_alarm_champion"][:2]
    assert len(versions) == 2
    script = tmp_path / "swap.lua"
    script.write_text(SCRIPT % json.dumps(json.dumps(BODY)))
    with services.Up(fresh_data, "--no-train") as up:
        # What each version answers when nothing changes.
        expected = set()
        for version in versions:
            services.forewarn("--data-dir", fresh_data, "models", "promote", "plant_alarm_champion", version)
            answer = services.wait_until(lambda: [a for a in [services.call(up.url("inference") + "/predict", BODY)]
                                                  if a["model"]["version"] == version], up.child)
            expected.add((answer[0]["model"]["version"], answer[0]["risk_score"]))
        failed, replies, swaps = 0, {}, 0
        while sum(replies.values()) < REQUESTS or swaps < SWAPS:
            load = subprocess.Popen(["wrk", "-t1", "-c16", "-d2s", "-s", script, up.url("inference") + "/predict"],
                                    stdout=subprocess.PIPE, text=True)
            while load.poll() is None:
                services.forewarn("--data-dir", fresh_data, "models", "promote", "plant_alarm_champion",
                                  versions[swaps % 2])
                swaps += 1
            out = load.stdout.read()
            failed += sum(int(n) for n in re.findall(r"^FAILED (\d+)", out, re.M))
            assert "Socket errors" not in out, out
            for count, body in re.findall(r"^REPLY (\d+)\t(.*)$", out, re.M):
                answer = json.loads(body)
                key = (answer["model"]["version"], answer["risk_score"])
                replies[key] = replies.get(key, 0) + int(count)
        assert failed == 0
        assert set(replies) <= expected, f"answers of no version: {set(replies) - expected}"
        assert len(replies) == 2, "only one version ever answered: the swaps had no effect"
        print(f"{sum(replies.values())} requests, {swaps} swaps")
