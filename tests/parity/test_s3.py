"""Feature sets in an object store: a local S3 server of the test's own."""

import hashlib
import json

import boto3
import numpy as np
import pandas as pd
import pyarrow.fs as pafs
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture(scope="module")
def server():
    started = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    started.start()
    host, port = started.get_host_and_port()
    yield f"http://{host}:{port}"
    started.stop()


@pytest.fixture(scope="module")
def environment(server):
    return {**KEYS, "MLFLOW_S3_ENDPOINT_URL": server, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture(scope="module")
def client(server):
    return boto3.client("s3", endpoint_url=server, aws_access_key_id="key", aws_secret_access_key="secret",
                        region_name="us-east-1")


@pytest.fixture(scope="module")
def stored(forewarn, gas_data, environment, client):
    """The real table's features below s3://features/gas; `etl`'s report."""
    client.create_bucket(Bucket="features")
    return forewarn.json("etl", gas_data / "labeled_dataset.csv", "--out", "s3://features/gas", env=environment)


def objects(client, prefix):
    listed = client.list_objects_v2(Bucket="features", Prefix=prefix).get("Contents", [])
    return {o["Key"].removeprefix(prefix) for o in listed}


def body(client, key):
    return client.get_object(Bucket="features", Key=key)["Body"].read()


def test_latest_and_the_run_hold_the_files_of_a_folder(stored, client, gas_features):
    run = gas_features.resolve()
    expected = {str(p.relative_to(run)) for p in run.rglob("*") if p.is_file()}
    assert objects(client, "gas/latest/") == expected
    assert objects(client, f"gas/runs/{stored['run']}/") == expected
    for name in sorted(expected - {"manifest.json"}):
        assert body(client, f"gas/latest/{name}") == (gas_features / name).read_bytes(), name
    manifest = json.loads(body(client, "gas/latest/manifest.json"))
    assert manifest["run"] == stored["run"]
    for entry in manifest["files"]:
        assert hashlib.sha256(body(client, f"gas/latest/{entry['path']}")).hexdigest() == entry["sha256"]


def test_other_tools_read_latest(stored, server, gas_features):
    files = pafs.S3FileSystem(access_key="key", secret_key="secret", endpoint_override=server, region="us-east-1")
    got = pq.read_table("features/gas/latest/windows_3h.parquet", filesystem=files)
    assert got.equals(pq.read_table(gas_features / "windows_3h.parquet"))


@pytest.mark.parametrize("below", ["", "/", "/latest"])
def test_train_reads_it(forewarn, stored, environment, tmp_path, below):
    out = forewarn.json("train", "--features", f"s3://features/gas{below}", "--only", "lr_soft_alarm", "--registry",
                        f"local:{tmp_path}", env=environment)
    assert [run["name"] for run in out["runs"]] == ["lr_soft_alarm"]
    assert out["features"]["digest"] == stored["digest"]


def test_a_second_run_takes_latest_and_keeps_the_first(forewarn, stored, gas_data, environment, client, tmp_path):
    table = pd.read_csv(gas_data / "labeled_dataset.csv").head(300)
    table.to_csv(tmp_path / "part.csv", index=False)
    again = forewarn.json("etl", tmp_path / "part.csv", "--out", "s3://features/twice", env=environment)
    newer = forewarn.json("etl", gas_data / "labeled_dataset.csv", "--out", "s3://features/twice", env=environment)
    assert json.loads(body(client, "twice/latest/manifest.json"))["run"] == newer["run"] != again["run"]
    assert "manifest.json" in objects(client, f"twice/runs/{again['run']}/")


def test_a_writer_that_died_while_copying_leaves_readers_the_old_set(forewarn, stored, gas_data, environment, client,
                                                                     tmp_path):
    """Half-copied objects below latest/, the manifest still the old one: `train` reads the old run whole."""
    first = forewarn.json("etl", gas_data / "labeled_dataset.csv", "--out", "s3://features/died", env=environment)
    client.put_object(Bucket="features", Key="died/latest/train/part-0.parquet", Body=b"of another run")
    out = forewarn.json("train", "--features", "s3://features/died", "--only", "lr_soft_alarm", "--registry",
                        f"local:{tmp_path}", env=environment)
    assert out["features"]["digest"] == first["digest"]


def test_an_altered_object_is_named(forewarn, stored, gas_data, environment, client, tmp_path):
    report = forewarn.json("etl", gas_data / "labeled_dataset.csv", "--out", "s3://features/altered", env=environment)
    key = f"altered/runs/{report['run']}/windows_6h.parquet"
    content = bytearray(body(client, key))
    content[np.random.default_rng(1).integers(len(content))] ^= 1
    client.put_object(Bucket="features", Key=key, Body=bytes(content))
    done = forewarn.run("train", "--features", "s3://features/altered", "--registry", f"local:{tmp_path}", check=False,
                        env=environment)
    assert done.returncode == 1
    assert "windows_6h.parquet" in done.stderr and "altered" in done.stderr


@pytest.mark.parametrize("uri, said", [("s3://no-such-bucket/x", "no-such-bucket"), ("s3://features/empty", "forewarn etl"),
                                       ("ftp://features/x", "ftp")])
def test_a_wrong_uri_is_one_line(forewarn, stored, environment, tmp_path, uri, said):
    done = forewarn.run("train", "--features", uri, "--registry", f"local:{tmp_path}", check=False, env=environment)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert said in done.stderr


def test_a_server_away_is_one_line(forewarn, gas_data):
    away = {**KEYS, "MLFLOW_S3_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_EC2_METADATA_DISABLED": "true"}
    done = forewarn.run("etl", gas_data / "labeled_dataset.csv", "--out", "s3://features/x", check=False, env=away)
    assert done.returncode == 1
    assert "127.0.0.1:9" in done.stderr or "s3://features" in done.stderr
