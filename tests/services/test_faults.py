"""What went wrong in the system this one replaces, asked of the running services: each fault with its right answer. (The
faults of training and of the page have their tests beside their source.)"""

import base64
import hashlib
import hmac
import json
import math
import os
import statistics
import time
import urllib.error

import pytest
import services

GOOD = {"features": {"te301020": 107.2, "pdt31008": 225}}
FULL = os.environ.get("FOREWARN_TIMING") == "1"


@pytest.fixture(scope="module")
def up(tmp_path_factory, trained):
    import shutil

    with services.Up(shutil.copytree(trained, tmp_path_factory.mktemp("faults") / "data"), "--no-train") as running:
        yield running


@pytest.fixture(scope="module")
def headers(up):
    return up.sign_in()


def answer(url, body=None, headers=None, method=None):
    """Status and JSON, whatever the status."""
    try:
        return 200, services.call(url, body, headers, method, timeout=60)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def pointers(problem):
    return [fault["pointer"] for fault in problem["errors"]]


def rows(**changed):
    row = {"te301020": 107.1, "pdt31008": 220, "pdt31001": 6.2, "pdt31007": 53, "fq31050": 84, "lt301031": 47, "lic31012_pv": 80,
           "lic31002_pv": 70, "fic31011_pv": 413}
    return [{**row, **changed} for _ in range(12)]


def test_without_a_model_every_question_is_answered_at_once(tmp_path):
    with services.Up(tmp_path / "empty", "--no-train").started(ready=False) as empty:
        headers = empty.sign_in()
        for url, with_sign_in in ((empty.url("inference") + "/predict", {}), (empty.url() + "/infer/predict", headers)):
            code, problem = answer(url, GOOD, with_sign_in)
            assert code == 503 and "no model" in problem["detail"], problem
        code, explained = answer(empty.url("inference") + "/explain", GOOD)
        assert (code, explained["method"], explained["local_importance"]) == (200, "unavailable", [])


def test_names_are_found_in_any_case_and_the_others_are_told(up):
    code, upper = answer(up.url("inference") + "/predict", {"features": {"TE301020": 107.2, "PDT31008": 225, "pdt31O08": 1}})
    assert code == 200 and upper["ignored"] == ["pdt31O08"]
    assert upper["risk_score"] == answer(up.url("inference") + "/predict", GOOD)[1]["risk_score"]
    code, problem = answer(up.url("inference") + "/forecast", {"recent_observations": [{k: v for k, v in r.items()
                                                                                         if k != "pdt31008"} for r in rows()]})
    assert code == 422 and "/recent_observations/0/pdt31008" in pointers(problem)


def test_explanations_add_up_to_the_output_they_name(up):
    code, told = answer(up.url("inference") + "/explain", GOOD)
    total = told["base_value"] + sum(driver["shap_value"] for driver in told["local_importance"])
    assert code == 200 and math.isclose(total, told["output_value"], rel_tol=1e-9, abs_tol=1e-9)
    if told["output"] == "log-odds":
        assert math.isclose(1 / (1 + math.exp(-total)), told["risk_score"], rel_tol=1e-9)
    elif told["output"] == "probability":
        assert math.isclose(total, told["risk_score"], rel_tol=1e-9, abs_tol=1e-9)
    else:
        assert told["output"] == "score"  # before its calibration: the sum is the score, not the risk


@pytest.mark.parametrize("features, code", [
    (b'{"features":{"te301020":NaN}}', 400), (b'{"features":{"te301020":Infinity}}', 400),
    (b'{"features":{"te301020":"107.2"}}', 422), (b'{"features":{"te301020":true}}', 422), (b'{"features":{}}', 422),
    (b"{}", 422), (b"[" * 100_000, 400), (b'{"features":{"te301020":"\xff"}}', 400), (b'{"\\ud800":1}', 400)])
def test_what_is_no_number_is_refused_by_both_services(up, headers, features, code):
    for url, with_sign_in in ((up.url("inference") + "/predict", {}), (up.url() + "/infer/predict", headers)):
        got, problem = answer(url, features, with_sign_in)
        assert got == code, problem
        assert isinstance(problem["detail"], str) and not problem["detail"].startswith("{"), "encoded twice"


@pytest.mark.parametrize("body", [{"risk_score": 17}, {"failure_frequency_48": -3}, {"risk_score": "0.5"}])
def test_impossible_numbers_get_no_recommendation(up, body):
    code, problem = answer(up.url("inference") + "/recommend", body)
    assert code == 422 and pointers(problem) == ["/" + next(iter(body))]


def test_names_and_passwords_that_are_none_are_422(up):
    good = "a-good-password"
    for body in (b'{"username":"a\\u0000bc","password":"a-good-password"}', b'{"username":"\\ud800abc","password":"a-good-password"}',
                 json.dumps({"username": "x" * 1_000_000, "password": good}).encode(),
                 json.dumps({"username": "alice ", "password": good}).encode(),
                 json.dumps({"username": "alice", "password": "a-good\0password"}).encode()):
        code, problem = answer(up.url() + "/auth/register", body)
        # A lone surrogate is no text, so the body is no JSON.
        assert code == (400 if b"ud800" in body else 422), (body[:60], problem)
    tail = "x" * 72
    assert answer(up.url() + "/auth/register", {"username": "long", "password": tail + "right"})[0] == 200
    assert answer(up.url() + "/auth/session", {"username": "long", "password": tail + "wrong"})[0] == 401, "cut at 72 bytes"
    assert answer(up.url() + "/auth/register", {"username": "LONG", "password": good})[0] == 409


def test_limits_and_ids_that_are_none_are_422(up, headers):
    for path in ("/history?limit=-1", "/history?limit=12345678901234567890", "/history?limit=0", "/history?before=x",
                 "/sensors/history?n=-5"):
        assert answer(up.url() + path, None, headers)[0] == 422, path
    assert answer(up.url("sensors") + "/sensors/history?n=-5")[0] == 422
    assert answer(up.url() + "/history/12345678901234567890", None, headers, "DELETE")[0] == 422


def test_bodies_are_bounded(up):
    code, problem = answer(up.url("inference") + "/predict", b'{"features":{"' + b"x" * (1 << 20) + b'":1}}')
    assert code == 413, problem


def test_anothers_row_is_not_there(up, headers):
    row = answer(up.url() + "/infer/predict", GOOD, headers)[1]["id"]
    other = up.sign_in("somebody-else")
    assert answer(up.url() + f"/history/{row}", None, other, "DELETE")[0] == 404
    assert answer(up.url() + "/history", None, other)[1] == []
    assert answer(up.url() + f"/history/{row}", None, headers, "DELETE")[0] == 200


def jwt(claims, key, alg="HS256"):
    def part(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=")

    text = part(json.dumps({"alg": alg, "typ": "JWT"}).encode()) + b"." + part(json.dumps(claims).encode())
    signature = b"" if alg == "none" else hmac.new(key, text, hashlib.sha256).digest()
    return (text + b"." + part(signature)).decode()


def test_forged_expired_and_revoked_tokens_are_401(up, tmp_path):
    secret = b"a secret of the test's own, which is long enough"
    with services.Up(tmp_path / "data", "--no-train", env={"JWT_SECRET": secret.decode()}).started(ready=False) as own:
        good = own.sign_in()["Authorization"].removeprefix("Bearer ")
        claims = json.loads(base64.urlsafe_b64decode(good.split(".")[1] + "=="))

        def ask(token, path="/auth/me", body=None):
            return answer(own.url() + path, body, {"Authorization": f"Bearer {token}"})[0]

        assert ask(good) == 200
        assert ask(jwt(claims, secret)) == 200, "the same claims under the same key are a token"
        forged = {"alg: none": jwt(claims, b"", "none"), "another key": jwt(claims, b"another key, just as long as the first"),
                  "expired": jwt({**claims, "exp": 1_700_000_000}, secret),
                  "without expiry": jwt({k: v for k, v in claims.items() if k != "exp"}, secret),
                  "cut": good[:-2], "empty": ""}
        assert {name: ask(token) for name, token in forged.items()} == dict.fromkeys(forged, 401)
        assert ask(good, "/auth/logout", b"") == 200
        assert ask(good) == 401, "revoked"


def test_ten_wrong_tries_lock_that_account_from_that_address_alone(up):
    for name in ("victim", "bystander"):
        up.sign_in(name)

    def sign_in(name, password, path="/auth/session"):
        return answer(up.url() + path, {"username": name, "password": password})[0]

    assert [sign_in("victim", "a-wrong-password") for _ in range(10)] == [401] * 10
    assert sign_in("victim", "a-good-password") == 429
    assert sign_in("bystander", "a-good-password") == 200


@pytest.mark.skipif(not FULL, reason="a measurement of time; part of make test-services-full")
def test_unknown_names_take_as_long_as_wrong_passwords(up):
    """The medians, as far apart as each kind's own halves: by rank sums, not by a bound in milliseconds."""
    names = [f"known-{i}" for i in range(12)]
    for name in names:
        up.sign_in(name)
        time.sleep(1)  # the limit on registrations by address
    times = {"known": [], "unknown": []}
    for turn in range(6):
        for i, name in enumerate(names):
            for kind, who in (("known", name), ("unknown", f"nobody-{i}")):
                time.sleep(1)
                start = time.perf_counter()
                code, _ = answer(up.url() + "/auth/session", {"username": who, "password": "a-wrong-password"})
                assert code == 401, (turn, who, code)
                times[kind].append(time.perf_counter() - start)
    n = len(times["known"])
    above = sum((a > b) + 0.5 * (a == b) for a in times["known"] for b in times["unknown"])
    z = (above - n * n / 2) / math.sqrt(n * n * (2 * n + 1) / 12)
    print(f"known {statistics.median(times['known']) * 1e3:.2f} ms, unknown {statistics.median(times['unknown']) * 1e3:.2f} ms, "
          f"z {z:.2f} of {n} each")
    assert abs(z) < 4, "the time tells who has an account"
