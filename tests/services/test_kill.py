"""`kill -9` at random moments under write load: every acknowledged write is there afterwards, the store opens, the registry
verifies. FOREWARN_KILLS sets how often (20; the full run takes 500)."""

import json
import os
import random
import threading
import urllib.error

import services

KILLS = int(os.environ.get("FOREWARN_KILLS", "20"))
WRITERS = 4


def write_until_killed(url, headers, body, kept):
    """Posts predictions; notes the id of each that was acknowledged."""
    while True:
        try:
            kept.append(services.call(url + "/infer/predict", body, headers)["id"])
        except (urllib.error.URLError, ConnectionError, TimeoutError, json.JSONDecodeError, ValueError):
            return


def stored_ids(url, headers):
    ids, before = set(), ""
    while True:
        page = services.call(url + f"/history?limit=1000{before}", None, headers)
        ids |= {row["id"] for row in page}
        if len(page) < 1000:
            return ids
        before = f"&before={page[-1]['id']}"


def test_no_acknowledged_write_is_lost(fresh_data):
    dice = random.Random(42)
    body = {"features": {"te301020": 107.2, "pdt31008": 225}}
    acknowledged = []
    up = services.Up(fresh_data, "--no-train")
    up.start()
    headers = up.sign_in()
    for _ in range(KILLS):
        kept = [[] for _ in range(WRITERS)]
        writers = [threading.Thread(target=write_until_killed, args=(up.url(), headers, body, k)) for k in kept]
        for writer in writers:
            writer.start()
        killer = threading.Timer(dice.uniform(0.01, 0.25), up.kill)
        killer.start()
        for thread in [killer, *writers]:
            thread.join()
        acknowledged += sum(kept, [])
        up.start()
    with_all = stored_ids(up.url(), headers)
    services.stop(up.child)
    missing = set(acknowledged) - with_all
    assert len(acknowledged) >= KILLS, "hardly anything was written: the test shows nothing"
    assert not missing, f"{len(missing)} of {len(acknowledged)} acknowledged writes are gone"
    services.forewarn("--data-dir", fresh_data, "models", "verify")
