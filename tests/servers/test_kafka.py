"""Scoring a topic through a real broker: every reading at least once, a key's readings in their order, what cannot be
scored set aside with its reason, across kill -9 of the scorer and of the broker."""

import collections
import http.client
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
import uuid
from pathlib import Path

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic
from stack import CACHE, Clock, inference_service, kafka_broker, wait_until

MESSAGES = int(os.environ.get("FOREWARN_KAFKA_MESSAGES", "200000"))  # a million in the long form
KILLS = int(os.environ.get("FOREWARN_KAFKA_KILLS", "5"))
WINDOW = 2000  # KafkaOptions::max_uncommitted: what a crash repeats at most
KEYS = 50
PARTITIONS = 4


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with kafka_broker(tmp_path_factory.mktemp("kafka")) as started:
        yield started


@pytest.fixture
def topics(broker):
    return make_topics(broker)


def make_topics(broker, largest=None):
    """Names of three topics of their own, with four partitions each, and what the service is told of them; `largest`: of a
    message or batch in what it writes."""
    tag = uuid.uuid4().hex[:8]
    names = {"in": f"readings-{tag}", "out": f"risk-{tag}", "dead": f"dead-{tag}"}
    limits = {} if largest is None else {"max.message.bytes": str(largest)}
    new = [NewTopic(name, PARTITIONS, 1, config={} if role == "in" else limits) for role, name in names.items()]
    admin = AdminClient({"bootstrap.servers": broker.brokers})  # its answers end with it
    for made in admin.create_topics(new).values():
        made.result(30)
    names["group"] = f"group-{tag}"
    names["flags"] = ["--kafka", f"{broker.brokers}/{names['in']}>{names['out']}!{names['dead']}", "--kafka-group",
                      names["group"]]
    return names


def produce(broker, topic, messages):
    producer = Producer({"bootstrap.servers": broker.brokers, "enable.idempotence": True, "linger.ms": 5})
    for key, value in messages:
        producer.produce(topic, value, key, on_delivery=lambda error, _: error and pytest.fail(str(error)))
        producer.poll(0)
        while len(producer) > 50_000:
            producer.poll(0.1)
    assert producer.flush(120) == 0


class Reader:
    """A topic from its beginning, in the order of each partition."""

    def __init__(self, broker, topic):
        # No member of a group: that would wait for its own session's end after a broker was away.
        self.consumer = Consumer({"bootstrap.servers": broker.brokers, "group.id": uuid.uuid4().hex, "log_level": 0,
                                  "enable.auto.commit": False, "reconnect.backoff.max.ms": 1000})
        self.consumer.assign([TopicPartition(topic, n, OFFSET_BEGINNING) for n in range(PARTITIONS)])
        self.messages = []

    def take(self):
        messages = self.consumer.consume(5000, timeout=0.2)
        for message in messages:
            assert message.error() is None, message.error()
        return messages

    def more(self):
        self.messages += self.take()
        return self.messages


def reading(i):
    return json.dumps({"features": {"te301020": 100 + i % 17, "pdt31008": 200 + i % 101}})


def source_of(message):
    """Where the risk came from: partition and offset of the reading."""
    headers = dict(message.headers())
    return int(headers["forewarn.partition"]), int(headers["forewarn.offset"])


class Tally:
    """What has come out of a topic of risks so far, kept up message by message: which readings, how often, and whether
    each key's came in their order. A reading may come again after later ones; one that is new comes after all before it."""

    def __init__(self, broker, topic):
        self.reader = Reader(broker, topic)
        self.seen = collections.defaultdict(bytearray)  # by partition of the readings: 1 where the offset has come
        self.newest = {}  # by key
        self.distinct = self.repeats = 0

    @property
    def total(self):
        return self.distinct + self.repeats

    def more(self):
        """The number of different readings so far."""
        self.take()
        return self.distinct

    def take(self):
        """How many messages have come now."""
        messages = self.reader.take()
        for message in messages:
            partition, offset = source_of(message)
            seen = self.seen[partition]
            if offset >= len(seen):
                seen.extend(bytes(offset + 1000 - len(seen)))
            if seen[offset]:
                self.repeats += 1
                continue
            seen[offset] = 1
            self.distinct += 1
            key = message.key()
            assert offset > self.newest.get(key, -1), f"{key}: {offset} after {self.newest[key]}"
            self.newest[key] = offset
        return len(messages)


def test_readings_are_scored_as_predict_does_and_bad_ones_set_aside(broker, topics, trained, tmp_path):
    import requests
    data = shutil.copytree(trained, tmp_path / "data")
    bad = [(b"bad", b"no json"), (b"bad", b'{"features":{"te301020":"warm"}}'), (b"bad", b"")]
    produce(broker, topics["in"], [(b"k", reading(i)) for i in range(10)] + bad)
    risks, dead = Reader(broker, topics["out"]), Reader(broker, topics["dead"])
    with inference_service(data, tmp_path, *topics["flags"]) as service:
        wait_until(lambda: len(risks.more()) >= 10 and len(dead.more()) >= 3)
        for i, message in enumerate(risks.messages):
            expected = requests.post(service.url + "/predict", reading(i), timeout=10,
                                     headers={"Content-Type": "application/json"}).json()
            assert json.loads(message.value()) == expected
        metrics = requests.get(service.url + "/metrics", timeout=10).text
        for outcome, count in (("scored", 10), ("dead_letter", 3), ("repeated", 0)):
            assert f'inference_stream_messages_total{{outcome="{outcome}"}} {count}\n' in metrics, outcome
    assert [m.value() for m in dead.messages] == [b for _, b in bad]
    reasons = [dict(m.headers())["forewarn.reason"].decode() for m in dead.messages]
    assert "te301020" in reasons[1] and all(reasons), reasons
    assert "stopped" in service.said()


def resident_peak_mb(pid):
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def test_no_reading_is_lost_when_the_scorer_is_killed_again_and_again(broker, topics, trained, tmp_path):
    data = shutil.copytree(trained, tmp_path / "data")
    with Clock(f"{MESSAGES} readings written"):
        produce(broker, topics["in"], [(f"sensor-{i % KEYS}".encode(), reading(i)) for i in range(MESSAGES)])
    risks = Tally(broker, topics["out"])
    flags = [*topics["flags"], "--kafka-instance", "line-1"]
    began, waited, scoring, peak = time.monotonic(), [], 0, 0
    for kill in range(KILLS + 1):
        while risks.take():  # what the one before has left
            pass
        before = risks.total
        goal = risks.distinct + (MESSAGES - risks.distinct) // (KILLS + 1 - kill)
        started = time.monotonic()
        with inference_service(data, tmp_path, *flags) as service:
            wait_until(lambda: risks.distinct == MESSAGES or risks.take() and risks.total > before)
            at = time.monotonic()
            wait_until(lambda: risks.more() >= goal)
            waited.append(at - started)
            scoring += time.monotonic() - at
            peak = max(peak, resident_peak_mb(service.child.pid))
            if kill < KILLS:
                service.child.send_signal(signal.SIGKILL)
                service.child.wait()
    assert risks.distinct == MESSAGES and risks.repeats <= KILLS * WINDOW
    print(f"{MESSAGES} readings, {KILLS} kills: {time.monotonic() - began:.1f} s; {MESSAGES / scoring:.0f} readings/s while "
          f"scoring; from start to the first risk {min(waited):.1f} to {max(waited):.1f} s; {risks.repeats} scored more than "
          f"once; scorer's peak {peak:.0f} MB")


@pytest.mark.parametrize("instance", [[], ["--kafka-instance", "line-1"]], ids=["nameless", "named"])
def test_a_broker_that_is_away_for_longer_than_a_session_loses_nothing(broker, topics, trained, tmp_path, instance):
    data = shutil.copytree(trained, tmp_path / "data")
    half = 2000
    risks = Tally(broker, topics["out"])
    with inference_service(data, tmp_path, *topics["flags"], *instance, env={"FOREWARN_LOG_FORMAT": "json"}) as service:
        produce(broker, topics["in"], [(f"s-{i % KEYS}".encode(), reading(i)) for i in range(half)])
        wait_until(lambda: risks.more() >= half // 2)
        broker.kill()
        wait_until(lambda: "session timed out" in service.said(), service.child)
        broker.start(broker.ready)
        produce(broker, topics["in"], [(f"s-{i % KEYS}".encode(), reading(i)) for i in range(half, 2 * half)])
        with Clock("readings scored after the broker is back"):
            wait_until(lambda: risks.more() >= 2 * half, service.child)
    lines = [json.loads(line) for line in service.said().splitlines()]  # the library's among them
    assert any("session timed out" in line["message"] for line in lines)


def test_a_member_takes_over_from_one_that_was_killed(broker, topics, trained, tmp_path):
    admin = AdminClient({"bootstrap.servers": broker.brokers})
    risks = Tally(broker, topics["out"])
    sent = 0

    def shares():
        try:
            members = admin.describe_consumer_groups([topics["group"]])[topics["group"]].result(30).members
        except KafkaException:  # the group is still being founded
            return []
        return sorted(len(m.assignment.topic_partitions) for m in members if m.assignment)

    def send(count):
        nonlocal sent
        produce(broker, topics["in"], [(f"s-{i % KEYS}".encode(), reading(i)) for i in range(sent, sent + count)])
        sent += count

    one, other = (shutil.copytree(trained, tmp_path / name / "data") for name in ("one", "other"))
    with inference_service(one, one.parent, *topics["flags"]) as first, \
            inference_service(other, other.parent, *topics["flags"]) as second:
        wait_until(lambda: shares() == [2, 2])
        send(20_000)
        wait_until(lambda: risks.more() >= 2000)
        first.kill()
        send(5000)
        with Clock("a member's partitions taken over"):
            wait_until(lambda: risks.more() >= sent, second.child)
    assert risks.repeats <= WINDOW


def test_two_members_of_one_name_are_told_apart(broker, topics, trained, tmp_path):
    one, other = (shutil.copytree(trained, tmp_path / name / "data") for name in ("one", "other"))
    flags = [*topics["flags"], "--kafka-instance", "line-1"]
    risks = Tally(broker, topics["out"])
    with inference_service(one, one.parent, *flags) as first:
        produce(broker, topics["in"], [(b"k", reading(i)) for i in range(10)])
        wait_until(lambda: risks.more() >= 10)
        with inference_service(other, other.parent, *flags) as second:
            wait_until(lambda: first.child.poll() is not None)
            assert first.child.returncode != 0 and "another has taken the name 'line-1'" in first.said()
            produce(broker, topics["in"], [(b"k", reading(i)) for i in range(10)])
            wait_until(lambda: risks.more() >= 20, second.child)


def test_what_a_topic_is_too_small_for_holds_up_nothing(broker, trained, tmp_path):
    """The brokers refuse batches of this topic as a whole, the good messages with the one that is too large."""
    topics = make_topics(broker, largest=3000)
    data = shutil.copytree(trained, tmp_path / "data")
    large = random.Random(1).randbytes(20_000)
    messages = [(f"s-{i % 4}".encode(), large if i % 100 == 50 else reading(i)) for i in range(400)]
    produce(broker, topics["in"], [*messages, (large, b"not json")])  # and one with a key too large
    risks, dead = Tally(broker, topics["out"]), Reader(broker, topics["dead"])
    with inference_service(data, tmp_path, *topics["flags"]) as service:
        wait_until(lambda: risks.more() >= 396 and len({source_of(m) for m in dead.more()}) >= 5, service.child)
    for message in dead.messages:
        assert not message.value() and "Message size too large" in dict(message.headers())["forewarn.reason"].decode()


def quota(broker, rate):
    """Bytes a second that the broker takes from the service."""
    subprocess.run(["java", "-cp", f"{CACHE}/kafka/lib/*", "kafka.admin.ConfigCommand", "--bootstrap-server", broker.brokers,
                    "--alter", "--entity-type", "clients", "--entity-name", "forewarn", "--add-config",
                    f"producer_byte_rate={rate}"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_memory_is_bounded_while_the_broker_takes_little(broker, topics, trained, tmp_path):
    data = shutil.copytree(trained, tmp_path / "data")
    count, noise = 100_000, random.Random(2)
    produce(broker, topics["in"], ((f"s-{i % KEYS}".encode(), noise.randbytes(1500).hex() if i % 10 == 0 else
                                    reading(i) + " " * 3000) for i in range(count)))  # 300 MB
    quota(broker, 300_000)
    risks, dead = Tally(broker, topics["out"]), Tally(broker, topics["dead"])
    try:
        with inference_service(data, tmp_path, *topics["flags"]) as service:
            before = resident_peak_mb(service.child.pid)
            wait_until(lambda: risks.more() >= 10_000, service.child)
            throttled, at = resident_peak_mb(service.child.pid), risks.distinct
            quota(broker, 10**12)
            wait_until(lambda: risks.more() + dead.more() >= count, service.child)
            after = resident_peak_mb(service.child.pid)
    finally:
        quota(broker, 10**12)
    print(f"scorer's peak: {before:.0f} MB at its start, {throttled:.0f} MB throttled ({at} scored), {after:.0f} MB in the end")
    assert after - before < 80  # 16 MB read ahead, 32 MB to be written, and what holds them


@pytest.mark.skipif(os.environ.get("FOREWARN_TIMING") != "1", reason="a measurement of time; part of make test-stack-full")
def test_throughput_against_a_plain_consumer(broker, topics, trained, tmp_path):
    """A ratio, printed: what a consumer that asks /predict for each message does in its place."""
    data = shutil.copytree(trained, tmp_path / "data")
    few, many = 5000, 200_000
    produce(broker, topics["in"], [(f"s-{i % KEYS}".encode(), reading(i)) for i in range(many)])
    with inference_service(data, tmp_path) as service:
        connection = http.client.HTTPConnection(service.url.removeprefix("http://"))
        consumer = Reader(broker, topics["in"]).consumer
        producer = Producer({"bootstrap.servers": broker.brokers, "enable.idempotence": True, "linger.ms": 5})
        waiting = consumer.consume(1, timeout=60)  # the group has formed
        began = time.monotonic()
        for done in range(few):
            message = waiting.pop() if waiting else consumer.poll(10)
            connection.request("POST", "/predict", message.value(), {"Content-Type": "application/json"})
            producer.produce(topics["dead"], connection.getresponse().read(), message.key())
            producer.poll(0)
            if done % 500 == 499:
                producer.flush()
                consumer.commit(asynchronous=False)
        plain = few / (time.monotonic() - began)
    risks = Tally(broker, topics["out"])
    with inference_service(data, tmp_path, *topics["flags"]) as service:
        wait_until(lambda: risks.more() > 0)
        began, first = time.monotonic(), risks.distinct
        wait_until(lambda: risks.more() >= many, service.child)
        ours = (many - first) / (time.monotonic() - began)
    print(f"scored from the topic: {ours:.0f} readings/s, {ours / plain:.1f} times a plain consumer's {plain:.0f}")
