"""Settings, the drop folder, backup and restore: the operating side at the command line."""
import json
import os
import signal
import sqlite3
import stat

import pytest
from product import ROOT, forewarn


def test_config_lists_every_setting_with_its_origin(tmp_path):
    (tmp_path / "forewarn.toml").write_text('seconds_per_hour = 5\nlisten = "0.0.0.0"\n')
    rows = json.loads(forewarn("config", "--json", "--config", tmp_path / "forewarn.toml", "--log-level", "warn",
                               env={"JWT_SECRET": "x" * 40, "DATABASE_URL": "postgresql://fw:hidden@db/fw",
                                    "FOREWARN_LISTEN": "127.0.0.2"}).stdout)
    settings = {row["name"]: row for row in rows}
    assert settings["seconds_per_hour"]["value"] == "5"
    assert settings["seconds_per_hour"]["origin"].startswith("file ")
    assert settings["listen"]["value"] == "127.0.0.2", "the environment beats the file"
    assert settings["log_level"]["origin"] == "flag --log-level"
    assert settings["jwt_secret"]["value"] == "(set)"
    assert settings["database_url"]["value"] == "postgresql://fw:***@db/fw"
    assert settings["sensors_port"] == {**settings["sensors_port"], "value": "7500", "origin": "default"}


@pytest.mark.parametrize("url, shown", [
    ("postgresql://db/fw?user=fw&password=hidden&sslmode=require", "postgresql://db/fw?user=fw&password=***&sslmode=require"),
    ("host=db password=hidden dbname=fw", "host=db password=*** dbname=fw"),
    ("postgresql://db/no-password=here", "postgresql://db/no-password=here"),
])
def test_config_hides_a_password_wherever_it_stands(url, shown):
    rows = json.loads(forewarn("config", "--json", env={"DATABASE_URL": url}).stdout)
    assert next(row["value"] for row in rows if row["name"] == "database_url") == shown


def test_a_newer_data_folder_is_refused_in_words(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "forewarn.json").write_text('{"product":"forewarn","schema":99,"version":"9.1.0"}')
    done = forewarn("--data-dir", data, "models", "list", check=False)
    assert done.returncode == 1
    assert "newer forewarn (9.1.0" in done.stderr and "update forewarn" in done.stderr
    assert os.listdir(data) == ["forewarn.json"], "nothing was touched"


def history(tmp_path, name):
    table = tmp_path / name
    forewarn("simulate", "--hours", 24 * 28, "--out", table)
    return table


def test_watch_handles_what_is_dropped_and_stops_when_told(tmp_path, start):
    data, drop = tmp_path / "data", tmp_path / "drop"
    watch = start("--data-dir", data, "watch", drop, "--settle", "0.2")
    watch.wait_for("watching", folder=str(drop))
    busy = forewarn("--data-dir", data, "watch", drop, "--once", check=False)
    assert busy.returncode == 1 and f"process {watch.process.pid}" in busy.stderr
    history(tmp_path, "table.csv").rename(drop / "Table.CSV")
    (drop / "bad.parquet").write_text("no parquet")
    with watch.changed:
        watch.changed.wait_for(lambda: sum("Table.CSV" in str(line) or "bad.parquet" in str(line) for line in watch.lines) >= 2,
                               120)
    report = json.loads((drop / "processed" / "Table.CSV.report.json").read_text())
    assert report["outcome"] == "processed" and report["features"]["stored"] == "now"
    assert (drop / "processed" / "Table.CSV").exists()
    assert "rejected" in (drop / "rejected" / "bad.parquet.report.txt").read_text()
    assert watch.kill(signal.SIGTERM) == 0
    # The features are the pipeline's own: training takes them as they are.
    trained = json.loads(forewarn("--data-dir", data, "--json", "train", "--no-verdicts", "--only", "lr_soft_alarm",
                                  "--features", data / "features" / "gas-treatment").stdout)
    assert trained["runs"][0]["registered"]


def test_watch_survives_being_killed(tmp_path, start):
    data, drop = tmp_path / "data", tmp_path / "drop"
    drop.mkdir()
    history(tmp_path, "table.parquet").rename(drop / "table.parquet")
    watch = start("--data-dir", data, "watch", drop, "--settle", "0")
    watch.wait_for("watching")
    watch.kill()
    forewarn("--data-dir", data, "watch", drop, "--once", "--settle", "0.05")
    assert (drop / "processed" / "table.parquet").exists()
    assert len(os.listdir(data / "features" / "gas-treatment" / "runs")) == 1


def test_backup_and_restore(tmp_path):
    data, other, archive = tmp_path / "data", tmp_path / "other", tmp_path / "b.zip"
    table = history(tmp_path, "h.csv")
    forewarn("--data-dir", data, "run", "--from", "cleaned", table, "--only", "lr_soft_alarm", "--no-verdicts",
             "--first-champion")
    done = forewarn("--data-dir", data, "--json", "backup", archive)
    assert json.loads(done.stdout)["files"] > 5
    assert stat.S_IMODE(os.stat(archive).st_mode) == 0o600
    forewarn("restore", archive, "--check")
    forewarn("--data-dir", other, "restore", archive)
    ours = json.loads(forewarn("--data-dir", data, "models", "list", "--json").stdout)
    theirs = json.loads(forewarn("--data-dir", other, "models", "list", "--json").stdout)
    assert ours == theirs and ours
    assert forewarn("--data-dir", other, "models", "verify").returncode == 0
    bytes_ = bytearray(archive.read_bytes())
    bytes_[len(bytes_) // 2] ^= 0xFF
    archive.write_bytes(bytes_)
    broken = forewarn("--data-dir", other, "restore", archive, check=False)
    assert broken.returncode == 1 and "damaged" in broken.stderr
    assert json.loads(forewarn("--data-dir", other, "models", "list", "--json").stdout) == ours


def test_a_backup_with_a_newer_store_is_refused_and_touches_nothing(tmp_path):
    data, other, archive = tmp_path / "data", tmp_path / "other", tmp_path / "b.zip"
    for folder, name in ((data, "ann"), (other, "bob")):
        forewarn("--data-dir", folder, "user", "add", name, "--password-stdin", stdin="long enough, really\n")
    with sqlite3.connect(data / "accounts.db") as store:
        store.execute("UPDATE forewarn_schema SET version = version + 100")
    forewarn("--data-dir", data, "backup", archive)
    refused = forewarn("--data-dir", other, "restore", archive, check=False)
    assert refused.returncode == 1 and "newer" in refused.stderr
    assert "bob" in forewarn("--data-dir", other, "user", "list").stdout


def test_the_systemd_unit_says_what_the_program_knows():
    unit = (ROOT / "deploy" / "systemd" / "forewarn.service").read_text()
    assert "Type=notify" in unit and "ExecStart=/usr/bin/forewarn up" in unit
    known = {name for row in json.loads(forewarn("config", "--json").stdout) for name in row["environment"]}
    for word in unit.split():
        if word.startswith("FOREWARN_"):
            assert word.split("=")[0] in known
