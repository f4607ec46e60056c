"""Feature sets in a real object store, in one part and in many; uploads that are cut; what is told when it does not want us."""

import collections
import json
import os
import signal
import subprocess

import boto3
import pytest
import services
from stack import Clock, forewarn, free_port, s3_environment, s3_server, wait_until


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        server.client = boto3.client("s3", endpoint_url=server.url, region_name="us-east-1",
                                     aws_access_key_id=server.env_of_clients["AWS_ACCESS_KEY_ID"],
                                     aws_secret_access_key=server.env_of_clients["AWS_SECRET_ACCESS_KEY"])
        server.client.create_bucket(Bucket="features")
        yield server


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return services.labelled_table(tmp_path_factory.mktemp("table"))


def files_of(client, prefix):
    listed = client.list_objects_v2(Bucket="features", Prefix=prefix)["Contents"]
    return {o["Key"].removeprefix(prefix): client.get_object(Bucket="features", Key=o["Key"])["Body"].read() for o in listed}


def test_etl_stores_the_same_bytes_as_in_a_folder_and_training_reads_them(store, table, features, tmp_path):
    forewarn("etl", table, "--out", "s3://features/plant_alarm", env=store.env_of_clients)
    there = files_of(store.client, "plant_alarm/latest/")
    here = {str(p.relative_to(features / "latest")): p.read_bytes() for p in (features / "latest").rglob("*") if p.is_file()}
    assert there.keys() == here.keys()
    for name in here.keys() - {"manifest.json"}:
        assert there[name] == here[name], name
    forewarn("--data-dir", tmp_path, "train", "--features", "s3://features/plant_alarm", "--no-verdicts", "--only",
             "rf_soft_alarm", env=store.env_of_clients)


def refusal(table, env, uri="s3://features/x"):
    done = forewarn("etl", table, "--out", uri, env=env, check=False)
    assert done.returncode not in (0, 3), done.stderr  # 3 is the validation's
    lines = done.stderr.strip().splitlines()
    print(lines[-1])
    return lines[-1]


def test_a_wrong_key_is_told(store, table):
    if not store.real:
        pytest.skip("moto checks no keys")
    for user, password in ((services.SERVICES[0], "no-such-secret"), ("forewarn-test", "wrong-secret")):
        message = refusal(table, s3_environment(store.url, user, password))
        assert "key" in message.lower() or "denied" in message.lower(), message
        assert "wrong-secret" not in message and "no-such-secret" not in message


def test_a_missing_bucket_is_named(store, table):
    message = refusal(table, store.env_of_clients, "s3://no-such-bucket/x")
    assert "no-such-bucket" in message and "bucket" in message.replace("no-such-bucket", ""), message


def test_a_store_that_is_away_is_told_with_its_address(store, table):
    port = free_port()
    message = refusal(table, s3_environment(f"http://127.0.0.1:{port}"))
    assert str(port) in message, message


@pytest.fixture(scope="module")
def long_table(tmp_path_factory):
    """Years of hours: their feature set has files of many parts."""
    folder = tmp_path_factory.mktemp("long")
    forewarn("simulate", "--hours", 60_000, "--out", folder / "raw.csv")
    forewarn("label", folder / "raw.csv", "--out", folder / "labelled.parquet")
    return folder / "labelled.parquet"


def start_etl(store, table, uri, log):
    with open(log, "wb") as out:
        return subprocess.Popen([services.PROGRAM, "etl", table, "--out", uri], stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                                env={**os.environ, **store.env_of_clients})


def uploads_under_way(store):
    """MinIO lists them by whole keys only; it keeps the parts of each in a folder of its own."""
    return [where for where, _, files in os.walk(store.data / ".minio.sys" / "multipart") if "xl.meta" in files]


def newest_rows(store, uri, folder):
    """Of the set that `latest` is, read whole with every digest by a training."""
    said = forewarn("--data-dir", folder, "--json", "train", "--features", uri, "--no-verdicts", "--only", "pca",
                    env=store.env_of_clients).stdout
    assert json.loads(said), said
    manifest = store.client.get_object(Bucket="features", Key=uri.removeprefix("s3://features/") + "/latest/manifest.json")
    return json.loads(manifest["Body"].read())


def test_large_files_go_up_in_parts(store, long_table, tmp_path):
    if not store.real:
        pytest.skip("moto's entity tags are not asked for")
    with Clock("features of 60,000 hours into the store"):
        forewarn("etl", long_table, "--out", "s3://features/long", env=store.env_of_clients)
    forewarn("etl", long_table, "--out", tmp_path / "long")
    here = {str(p.relative_to(tmp_path / "long" / "latest")): p.read_bytes()
            for p in (tmp_path / "long" / "latest").rglob("*") if p.is_file()}
    assert here.keys() == files_of(store.client, "long/latest/").keys()
    listed = store.client.list_objects_v2(Bucket="features", Prefix="long/runs/")["Contents"]
    parts = {o["Key"]: int(o["ETag"].strip('"').partition("-")[2] or 1) for o in listed if o["Size"] > 10 << 20}
    print({key.rsplit("/", 1)[1]: n for key, n in parts.items()})
    assert parts and all(n > 1 for n in parts.values()), parts
    there = files_of(store.client, "long/latest/")
    for name in here.keys() - {"manifest.json"}:
        assert there[name] == here[name], name
    assert newest_rows(store, "s3://features/long", tmp_path / "data")


def runs_of(store):
    """Of the feature set `cut`: the names of each run's objects."""
    runs = collections.defaultdict(set)
    for listed in store.client.list_objects_v2(Bucket="features", Prefix="cut/runs/")["Contents"]:
        run, _, name = listed["Key"].removeprefix("cut/runs/").partition("/")
        runs[run].add(name)
    return runs


def test_a_killed_upload_leaves_the_run_before_and_the_next_one_is_whole(store, table, long_table, tmp_path):
    if not store.real:
        pytest.skip("moto keeps no uploads under way")
    uri = "s3://features/cut"
    forewarn("etl", table, "--out", uri, env=store.env_of_clients)
    before = newest_rows(store, uri, tmp_path / "data")
    etl = start_etl(store, long_table, uri, tmp_path / "etl.log")
    wait_until(lambda: len(runs_of(store)) == 2 and uploads_under_way(store), etl)
    etl.send_signal(signal.SIGKILL)
    etl.wait()
    assert newest_rows(store, uri, tmp_path / "data") == before, "the run before is the newest, and whole"
    left = uploads_under_way(store)
    print(f"{len(left)} uploads never ended; the store drops them by itself after a day")
    cut = json.loads(forewarn("--json", "etl", long_table, "--out", uri, env=store.env_of_clients).stdout)["unfinished"]
    assert cut == [f"{uri}/runs/{run}" for run, files in runs_of(store).items() if "manifest.json" not in files]
    assert len(cut) == 1, cut
    after = newest_rows(store, uri, tmp_path / "data")
    assert after != before


def test_an_upload_goes_on_after_a_short_outage_of_the_store_or_says_that_it_could_not(table, long_table, tmp_path):
    with s3_server(tmp_path / "s3") as server:
        if not server.real:
            pytest.skip("moto forgets what it holds when it is killed")
        server.client = boto3.client("s3", endpoint_url=server.url, region_name="us-east-1",
                                     aws_access_key_id=server.env_of_clients["AWS_ACCESS_KEY_ID"],
                                     aws_secret_access_key=server.env_of_clients["AWS_SECRET_ACCESS_KEY"])
        server.client.create_bucket(Bucket="features")
        uri = "s3://features/outage"
        forewarn("etl", table, "--out", uri, env=server.env_of_clients)
        before = newest_rows(server, uri, tmp_path / "data")
        etl = start_etl(server, long_table, uri, tmp_path / "etl.log")
        wait_until(lambda: uploads_under_way(server), etl)
        server.kill()
        server.start(server.ready)
        code = etl.wait(timeout=300)
        said = (tmp_path / "etl.log").read_text()
        print(f"etl ended with {code}: {said.strip().splitlines()[-1]}")
        now = newest_rows(server, uri, tmp_path / "data")
        if code == 0:
            assert now != before
        else:
            assert now == before and "s3://features/outage" in said, said
            forewarn("etl", long_table, "--out", uri, env=server.env_of_clients)
            assert newest_rows(server, uri, tmp_path / "data") != before
