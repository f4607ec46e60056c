"""Each server behind the product killed under load and started again: what was acknowledged is there, what does not need it
answers on, the rest says 503 in words, and all of it is back without a restart of the product. FOREWARN_OUTAGE_SECONDS says how
long each stays away (5; a minute in the long form)."""

import collections
import contextlib
import csv
import datetime
import io
import itertools
import json
import os
import shutil
import threading
import time
import urllib.error
import urllib.request

import boto3
import botocore.exceptions
import pytest
import services
import stack
from test_kafka import Tally, make_topics, reading
from test_mlflow import forewarn_bucket, move_alias, served_version

OUTAGE = float(os.environ.get("FOREWARN_OUTAGE_SECONDS", "5"))
ROW = {"te301020": 107.2, "pdt31008": 225.0}


class Load:
    """One kind of request from some clients, again and again; every answer with its time. A reply that is neither a success nor
    a problem in words ends it and fails the test."""

    def __init__(self, url, body=None, headers=None, clients=2):
        self.ask = lambda: services.call(url, body, headers)
        self.some, self.pause = 200, 0
        self.answers, self.faults, self.ended = [], [], threading.Event()
        self.threads = [threading.Thread(target=self.run) for _ in range(clients)]

    def run(self):
        while not self.ended.wait(self.pause):
            try:
                self.answers.append((time.monotonic(), 200, self.ask()))
            except urllib.error.HTTPError as error:
                problem = json.loads(error.read())
                self.answers.append((time.monotonic(), error.code, problem))
                if error.code != 503 or not problem.get("detail"):
                    self.faults.append((error.code, problem))
                    return
                self.ended.wait(0.05)
            except OSError as error:
                self.faults.append(repr(error))
                return

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def good(self):
        return [answer for _, status, answer in list(self.answers) if status == 200]

    def refused(self):
        return [answer for _, status, answer in list(self.answers) if status == 503]

    def wait_for_some(self):
        stack.wait_until(lambda: self.faults or len(self.good()) >= self.some)

    def wait_for_good_after(self, moment):
        stack.wait_until(lambda: any(t > moment and status == 200 for t, status, _ in self.answers[-50:]), seconds=60)


class SignIns(Load):
    """New accounts and new sessions by turns, as fast as one address may; an answer is what to send as who was let in."""

    def __init__(self, up):
        super().__init__(None, clients=1)
        self.up, self.turn, self.some, self.pause = up, itertools.count(), 4, 1  # SignInOptions: one a second
        self.ask = self.sign_in

    def sign_in(self):
        turn = next(self.turn)
        if turn % 2 == 0:
            account = {"username": f"operator-{turn}", "password": "a-good-password"}
            return {"Authorization": "Bearer " + services.call(self.up.url() + "/auth/register", account)["access_token"]}
        account = {"username": "tester", "password": "a-good-password"}
        request = urllib.request.Request(self.up.url() + "/auth/session", json.dumps(account).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as reply:
            return {"Cookie": reply.headers["Set-Cookie"].partition(";")[0]}


def away(component, loads, recovered):
    """Kills it, leaves it away, starts it; says how long after its own readiness `recovered()` took."""
    for load in loads:
        load.wait_for_some()
    component.kill()
    threading.Event().wait(OUTAGE)
    component.start(component.ready)
    back = time.monotonic()
    recovered(back)
    print(f"recovered {time.monotonic() - back:.2f} s after the server's start")


def check(loads):
    for load in loads:
        assert not load.faults, load.faults[:3]


def test_postgresql_away_loses_no_acknowledged_prediction(trained, tmp_path):
    data = shutil.copytree(trained, tmp_path / "data")
    with stack.postgres_server(tmp_path / "postgres") as postgres:
        postgres.create("forewarn")
        with services.Up(data, "--no-train", env={"DATABASE_URL": postgres.url("forewarn")}, log=tmp_path / "up.log") as up:
            headers = up.sign_in()
            writes = Load(up.url() + "/infer/predict", {"features": ROW}, headers, clients=4)
            pure = Load(up.url("inference") + "/predict", {"features": ROW})
            sign_ins = SignIns(up)
            without_store = [pure, Load(up.url() + "/health"), Load(up.url() + "/sensors/live", None, headers, clients=1),
                             Load(up.url() + "/infer/explain", {"features": ROW}, headers, clients=1)]
            loads = [writes, sign_ins, *without_store]

            def recovered(back):
                for load in (writes, sign_ins):
                    load.wait_for_good_after(back)
            with contextlib.ExitStack() as running:
                for load in loads:
                    running.enter_context(load)
                away(postgres, loads, recovered)
            check(loads)
            for load in without_store:
                assert not load.refused(), load.refused()[:3]
            assert writes.refused() and sign_ins.refused(), "nothing was refused: the store was not away"
            acknowledged = {answer["id"] for answer in writes.good()}
            missing = acknowledged - services.stored_ids(up.url(), headers)
            print(f"PostgreSQL away {OUTAGE} s: {len(acknowledged)} predictions and {len(sign_ins.good())} sign-ins acknowledged, "
                  f"{len(writes.refused())} and {len(sign_ins.refused())} refused, "
                  f"{sum(len(load.good()) for load in without_store)} answered beside")
            assert not missing, f"{len(missing)} of {len(acknowledged)} acknowledged writes are gone"
            for let_in in sign_ins.good():
                assert services.call(up.url() + "/auth/me", None, let_in)["username"]


@pytest.fixture(scope="module")
def registered(tmp_path_factory, features):
    """MLflow over an object store, two versions of the champion in it, each part to be killed."""
    folder = tmp_path_factory.mktemp("registered")
    with stack.s3_server(folder / "s3") as s3:
        if not s3.real:
            pytest.skip("moto forgets what it holds when it is killed")
        forewarn_bucket(s3, "mlflow-artifacts")
        with stack.mlflow_server("mlflow2", folder / "mlflow", None, "s3://mlflow-artifacts", s3.env_of_clients) as mlflow:
            mlflow.s3 = s3
            stack.forewarn("--data-dir", folder / "trainer", "--registry", mlflow.url, "train", "--features", features,
                           "--no-verdicts", "--only", "gradient_boosting,rf_soft_alarm,xgboost_calibrated")
            yield mlflow


def wait_for_version(service, version):
    stack.wait_until(lambda: served_version(service.url) == version, seconds=60)


def test_mlflow_away_while_predictions_are_asked_for(registered, tmp_path):
    move_alias(registered, 1)
    with stack.inference_service(tmp_path / "data", tmp_path, registry=registered.url) as service:
        wait_for_version(service, 1)
        with Load(service.url + "/predict", {"features": ROW}, clients=4) as load:
            def recovered(_):
                move_alias(registered, 2)
                wait_for_version(service, 2)
            away(registered, [load], recovered)
        check([load])
        assert not load.refused(), load.refused()[:3]
        print(f"MLflow away {OUTAGE} s: {len(load.good())} predictions, none refused")
        assert service.child.poll() is None


def test_versions_that_were_registered_are_whole_after_mlflow_was_killed(registered, features, tmp_path):
    """Training goes on while the server dies: what it said it registered is there, whole."""
    done = []

    def train():
        done.append(stack.forewarn("--data-dir", tmp_path / "data", "--registry", registered.url, "--json", "train", "--features",
                                   features, "--no-verdicts", "--only", "gradient_boosting", check=False))

    before = versions_of(registered)
    thread = threading.Thread(target=train)
    thread.start()
    stack.wait_until(lambda: versions_of(registered) != before or not thread.is_alive())
    registered.kill()
    thread.join()
    registered.start(registered.ready)
    [train_run] = done
    if train_run.returncode != 0:
        assert "tracking server" in train_run.stderr, train_run.stderr
    verified = stack.forewarn("--registry", registered.url, "models", "verify", check=False)
    print(f"train ended with {train_run.returncode}; verify: {verified.stderr.strip().splitlines()[-1]}")
    if train_run.returncode == 0:
        assert "every file as it was registered" in verified.stderr


def versions_of(server):
    found = services.call(server.url + "/api/2.0/mlflow/model-versions/search?max_results=100")
    return {(v["name"], v["version"]) for v in found.get("model_versions", [])}


def test_the_object_store_away_while_a_version_is_promoted(registered, tmp_path):
    move_alias(registered, 1)
    # This data folder has no copy of version 2's files.
    with stack.inference_service(tmp_path / "fresh", tmp_path, registry=registered.url) as service:
        wait_for_version(service, 1)
        with Load(service.url + "/predict", {"features": ROW}, clients=4) as load:
            load.wait_for_some()
            registered.s3.kill()
            move_alias(registered, 2)
            threading.Event().wait(OUTAGE)
            assert served_version(service.url) == 1, "what cannot be fetched replaces nothing"
            registered.s3.start(registered.s3.ready)
            back = time.monotonic()
            wait_for_version(service, 2)
            print(f"MinIO away {OUTAGE} s: version 2 in service {time.monotonic() - back:.2f} s after its start")
        check([load])
        assert not load.refused(), load.refused()[:3]


def test_feature_sets_that_were_stored_are_there_after_the_store_was_killed(registered, tmp_path):
    s3 = registered.s3
    forewarn_bucket(s3, "features")
    table = services.labelled_table(tmp_path)
    stored, refused, ended = [], [], threading.Event()

    def store():
        for n in itertools.count():
            if ended.is_set():
                return
            uri = f"s3://features/set{n}"
            done = stack.forewarn("etl", table, "--out", uri, env=s3.env_of_clients, check=False)
            (stored if done.returncode == 0 else refused).append((uri, done.stderr))

    thread = threading.Thread(target=store)
    thread.start()
    try:
        stack.wait_until(lambda: len(stored) >= 2)
        s3.kill()
        threading.Event().wait(OUTAGE)
        s3.start(s3.ready)
        count = len(stored)
        stack.wait_until(lambda: len(stored) > count)
    finally:
        ended.set()
        thread.join()
    port = s3.url.rsplit(":", 1)[1]
    assert refused, "nothing was refused: the store was not away"
    assert all(port in said or "away" in said for _, said in refused), refused[:2]
    for uri, _ in stored:
        stack.forewarn("--data-dir", tmp_path / "data", "train", "--features", uri, "--no-verdicts", "--only", "pca",
                       env=s3.env_of_clients)
    print(f"MinIO away {OUTAGE} s: {len(stored)} feature sets acknowledged and readable, {len(refused)} refused")


def test_the_sensors_flush_goes_on_after_the_store_was_away(tmp_path):
    with stack.s3_server(tmp_path / "s3") as s3:
        if not s3.real:
            pytest.skip("moto forgets what it holds when it is killed")
        forewarn_bucket(s3, "raw")
        client = boto3.client("s3", endpoint_url=s3.url, region_name="us-east-1", aws_access_key_id=stack.S3_USER,
                              aws_secret_access_key=stack.S3_PASSWORD)
        port = stack.free_port()
        url = f"http://127.0.0.1:{port}"
        env = {"MINIO_ENABLED": "true", "MINIO_ENDPOINT": s3.url, "MINIO_ACCESS_KEY": stack.S3_USER,
               "MINIO_SECRET_KEY": stack.S3_PASSWORD, "MINIO_BUCKET": "raw", "MINIO_FLUSH_INTERVAL": "1",
               "FOREWARN_SECONDS_PER_HOUR": str(max(0.1, OUTAGE / 250))}  # a source keeps 600 hours
        sensors = stack.Service(["--data-dir", tmp_path / "data", "serve", "sensors", "--listen", f"127.0.0.1:{port}"],
                                tmp_path / "sensors.log", env)

        def flushed(key="live/latest.csv"):
            try:
                body = client.get_object(Bucket="raw", Key=key)["Body"].read().decode()
            except (botocore.exceptions.ClientError, botocore.exceptions.HTTPClientError):  # not there, or the store is away
                return []
            return list(csv.DictReader(io.StringIO(body)))

        try:
            sensors.start(stack.answers(url + "/health"))
            stack.wait_until(flushed)
            first = flushed()[-1]["timestamp"]
            with Load(url + "/sensors/live") as load:
                load.wait_for_some()
                s3.kill()
                threading.Event().wait(OUTAGE)
                said = services.call(url + "/health")
                assert said["status"] == "ok", said
                s3.start(s3.ready)
                back = time.monotonic()
                stack.wait_until(lambda: (rows := flushed()) and rows[-1]["timestamp"] > first, seconds=60)
                print(f"flushed again {time.monotonic() - back:.2f} s after the store's start")
            check([load])
            assert not load.refused()
            newest = flushed()
            served = {at(hour["timestamp"]): hour for hour in services.call(url + "/sensors/history?n=600")["readings"]}
        finally:
            sensors.stop()
        # What lies there is what the service tells, and no hour is missing.
        listed = client.list_objects_v2(Bucket="raw", Prefix="live/sensor_")["Contents"]
        hours = {at(row["timestamp"]): row for o in listed for row in flushed(o["Key"])}
        assert len(listed) >= 2 and hours.keys() >= {at(row["timestamp"]) for row in newest}
        assert sorted(hours) == [min(hours) + datetime.timedelta(hours=n) for n in range(len(hours))]
        print(f"MinIO away {OUTAGE} s: {len(hours)} hours flushed in {len(listed)} objects")
        compared = 0
        for time_of, hour in served.items():
            for name, value in hours.get(time_of, {}).items():
                if name not in ("timestamp", "scenario"):
                    assert (float(value) if value else None) == hour[name], (time_of, name)
                    compared += 1
        assert compared > 1000
        # And it is a table like any other.
        client.download_file("raw", "live/latest.csv", str(tmp_path / "latest.csv"))
        stack.forewarn("ingest", tmp_path / "latest.csv", "--out", tmp_path / "latest.parquet")


def at(text):
    return datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with stack.kafka_broker(tmp_path_factory.mktemp("kafka")) as started:
        yield started


def test_kafka_away_while_readings_are_produced(broker, trained, tmp_path):
    from confluent_kafka import Producer
    data, topics = shutil.copytree(trained, tmp_path / "data"), make_topics(broker)
    acknowledged = collections.Counter()

    def delivered(error, message):
        if error is None:
            acknowledged[message.partition(), message.offset()] += 1

    producer = Producer({"bootstrap.servers": broker.brokers, "enable.idempotence": True, "linger.ms": 5, "log_level": 0,
                         "delivery.timeout.ms": 600_000, "reconnect.backoff.max.ms": 500})
    ended = threading.Event()

    def produce():
        for i in itertools.count():
            if ended.is_set():
                return
            producer.produce(topics["in"], reading(i), f"sensor-{i % 50}".encode(), on_delivery=delivered)
            producer.poll(0)
            ended.wait(0.002)

    risks = Tally(broker, topics["out"])  # checks each key's order
    thread = threading.Thread(target=produce)
    with stack.inference_service(data, tmp_path, *topics["flags"]) as service:
        with Load(service.url + "/predict", {"features": ROW}) as load:
            thread.start()
            stack.wait_until(lambda: risks.more() > 100)

            def recovered(_):
                count = risks.more()
                stack.wait_until(lambda: risks.more() > count, seconds=60)
            away(broker, [load], recovered)
            ended.set()
            thread.join()
            assert producer.flush(120) == 0
        check([load])
        assert not load.refused()
        stack.wait_until(lambda: risks.more() >= len(acknowledged))
    missing = [at for at in acknowledged if not risks.seen[at[0]][at[1]]]
    print(f"Kafka away {OUTAGE} s: {len(acknowledged)} readings acknowledged, {risks.repeats} scored more than once")
    assert not missing, missing[:5]
