"""`kill -9` at random moments under write load, on SQLite and on PostgreSQL: every acknowledged write is there afterwards, the
store opens, the registry verifies. FOREWARN_KILLS sets how often each (5; the full run takes 250 of each)."""

import json
import os
import random
import threading
import urllib.error

import pytest
import services

KILLS = int(os.environ.get("FOREWARN_KILLS", "5"))
WRITERS = 4


def write_until_killed(url, headers, body, kept):
    """Posts predictions; notes the id of each that was acknowledged."""
    while True:
        try:
            kept.append(services.call(url + "/infer/predict", body, headers)["id"])
        except (urllib.error.URLError, ConnectionError, TimeoutError, json.JSONDecodeError, ValueError):
            return


def move_until_killed(data, versions, stop):
    """Moves the champion to and fro: writes of the registry, by a process of its own."""
    turn = 0
    while not stop.is_set():
        services.forewarn("--data-dir", data, "models", "promote", "plant_alarm_champion", versions[turn % 2])
        turn += 1


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request):
    if request.param == "sqlite":
        yield {}
        return
    if services.postgres_programs() is None:
        pytest.skip("PostgreSQL is not installed (package postgresql)")
    with services.postgres() as url:
        yield {"DATABASE_URL": url}


def test_no_acknowledged_write_is_lost(fresh_data, database):
    dice = random.Random(42)
    body = {"features": {"te301020": 107.2, "pdt31008": 225}}
    rows = json.loads(services.forewarn("--data-dir", fresh_data, "models", "list", "--json").stdout)
    versions = [row["version"] for row in rows if row["name"] == "plant_alarm_champion"][:2]
    acknowledged = []
    up = services.Up(fresh_data, "--no-train", env=database)
    try:
        up.start()
        headers = up.sign_in()
        for _ in range(KILLS):
            kept = [[] for _ in range(WRITERS)]
            stop = threading.Event()
            threads = [threading.Thread(target=write_until_killed, args=(up.url(), headers, body, k)) for k in kept]
            threads.append(threading.Thread(target=move_until_killed, args=(fresh_data, versions, stop)))
            threads.append(threading.Timer(dice.uniform(0.01, 0.25), lambda: (up.kill(), stop.set())))
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            acknowledged += sum(kept, [])
            up.start()
        stored = services.stored_ids(up.url(), headers)
    finally:
        services.stop(up.child)
    missing = set(acknowledged) - stored
    assert len(acknowledged) >= KILLS, "hardly anything was written: the test shows nothing"
    assert not missing, f"{len(missing)} of {len(acknowledged)} acknowledged writes are gone"
    services.forewarn("--data-dir", fresh_data, "models", "verify")
    print(f"{KILLS} kills, {len(acknowledged)} acknowledged writes")
