"""Scoring a topic through a real broker: every reading at least once, a key's readings in their order, what cannot be
scored set aside with its reason, across kill -9 of the scorer and of the broker."""

import json
import os
import shutil
import signal
import uuid

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from stack import Clock, inference_service, kafka_broker, wait_until

MESSAGES = int(os.environ.get("FOREWARN_KAFKA_MESSAGES", "20000"))  # a million in the long form
KILLS = int(os.environ.get("FOREWARN_KAFKA_KILLS", "5"))
KEYS = 50


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with kafka_broker(tmp_path_factory.mktemp("kafka")) as started:
        yield started


@pytest.fixture
def topics(broker):
    """Names of three topics of their own, with four partitions each."""
    tag = uuid.uuid4().hex[:8]
    names = {"in": f"readings-{tag}", "out": f"risk-{tag}", "dead": f"dead-{tag}"}
    admin = AdminClient({"bootstrap.servers": broker.brokers})
    for made in admin.create_topics([NewTopic(n, 4, 1) for n in names.values()]).values():
        made.result(30)
    names["kafka"] = f"{broker.brokers}/{names['in']}>{names['out']}!{names['dead']}"
    names["group"] = f"group-{tag}"
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
    """Everything of a topic so far, in the order of each partition."""

    def __init__(self, broker, topic):
        self.consumer = Consumer({"bootstrap.servers": broker.brokers, "group.id": uuid.uuid4().hex,
                                  "auto.offset.reset": "earliest", "enable.auto.commit": False})
        self.consumer.subscribe([topic])
        self.messages = []

    def more(self):
        for message in self.consumer.consume(5000, timeout=0.2):
            assert message.error() is None, message.error()
            self.messages.append(message)
        return self.messages


def reading(i):
    return json.dumps({"features": {"te301020": 100 + i % 17, "pdt31008": 200 + i % 101}})


def source_of(message):
    """Where the risk came from: partition and offset of the reading."""
    headers = dict(message.headers())
    return int(headers["forewarn.partition"]), int(headers["forewarn.offset"])


def check_complete_and_ordered(messages, expected):
    first = {}
    for message in messages:
        first.setdefault(source_of(message), message)
    assert len(first) == expected
    by_key = {}
    for message in messages:  # a partition's messages are read in its order, and a key lives in one partition
        by_key.setdefault(message.key(), []).append(source_of(message)[1])
    for key, offsets in by_key.items():
        seen, newest = set(), -1
        for offset in offsets:  # repeats go back; what is new only goes forward
            if offset not in seen:
                assert offset > newest, f"{key}: {offset} after {newest}"
                newest = offset
                seen.add(offset)


def test_readings_are_scored_as_predict_does_and_bad_ones_set_aside(broker, topics, trained, tmp_path):
    import requests
    data = shutil.copytree(trained, tmp_path / "data")
    bad = [(b"bad", b"no json"), (b"bad", b'{"features":{"te301020":"warm"}}'), (b"bad", b"")]
    produce(broker, topics["in"], [(b"k", reading(i)) for i in range(10)] + bad)
    risks, dead = Reader(broker, topics["out"]), Reader(broker, topics["dead"])
    with inference_service(data, tmp_path, "--kafka", topics["kafka"], "--kafka-group", topics["group"]) as service:
        wait_until(lambda: len(risks.more()) >= 10 and len(dead.more()) >= 3)
        for i, message in enumerate(risks.messages):
            expected = requests.post(service.url + "/predict", reading(i), timeout=10,
                                     headers={"Content-Type": "application/json"}).json()
            assert json.loads(message.value()) == expected
    assert [m.value() for m in dead.messages] == [b for _, b in bad]
    reasons = [dict(m.headers())["forewarn.reason"].decode() for m in dead.messages]
    assert "te301020" in reasons[1] and all(reasons), reasons
    assert "stopped" in service.said()


def test_no_reading_is_lost_when_the_scorer_is_killed_again_and_again(broker, topics, trained, tmp_path):
    data = shutil.copytree(trained, tmp_path / "data")
    produce(broker, topics["in"], [(f"sensor-{i % KEYS}".encode(), reading(i)) for i in range(MESSAGES)])
    risks = Reader(broker, topics["out"])
    with Clock(f"{MESSAGES} readings, {KILLS} kills"):
        for kill in range(1, KILLS + 1):
            with inference_service(data, tmp_path, "--kafka", topics["kafka"], "--kafka-group", topics["group"]) as service:
                goal = min(MESSAGES - 1, len({source_of(m) for m in risks.messages}) + MESSAGES // (KILLS + 2))
                wait_until(lambda: len({source_of(m) for m in risks.more()}) >= goal)
                service.child.send_signal(signal.SIGKILL)
                service.child.wait()
        with inference_service(data, tmp_path, "--kafka", topics["kafka"], "--kafka-group", topics["group"]):
            wait_until(lambda: len({source_of(m) for m in risks.more()}) >= MESSAGES)
    print(f"{len(risks.messages) - MESSAGES} of {MESSAGES} scored more than once")
    check_complete_and_ordered(risks.messages, MESSAGES)


def test_a_broker_that_is_killed_loses_nothing(broker, topics, trained, tmp_path):
    data = shutil.copytree(trained, tmp_path / "data")
    half = 2000
    risks = Reader(broker, topics["out"])
    with inference_service(data, tmp_path, "--kafka", topics["kafka"], "--kafka-group", topics["group"]):
        produce(broker, topics["in"], [(f"s-{i % KEYS}".encode(), reading(i)) for i in range(half)])
        wait_until(lambda: len(risks.more()) >= half // 2)
        broker.kill()
        broker.start(broker.ready)
        produce(broker, topics["in"], [(f"s-{i % KEYS}".encode(), reading(i)) for i in range(half, 2 * half)])
        fresh = Reader(broker, topics["out"])
        wait_until(lambda: len({source_of(m) for m in fresh.more()}) >= 2 * half)
    check_complete_and_ordered(fresh.messages, 2 * half)
