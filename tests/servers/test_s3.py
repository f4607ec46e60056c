"""Feature sets in a real object store; what is told when it does not want us."""

import boto3
import pytest
import services
from stack import forewarn, free_port, s3_environment, s3_server


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
