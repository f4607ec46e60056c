"""The s3: object store against moto, a stand-in for AWS that checks keys when told to. Started here on a free port."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

boto3 = pytest.importorskip("boto3")
pytest.importorskip("moto")
BUILD = Path(os.environ.get("FOREWARN_BUILD", Path(__file__).parents[2] / "build/release"))


@pytest.fixture(scope="module")
def server():
    """An S3 server with the bucket forewarn-test; gives its address and the one pair of keys it accepts."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    # Requests before this many pass unchecked: the user and its keys must be made by somebody.
    env = dict(os.environ, INITIAL_NO_AUTH_ACTION_COUNT="4")
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(url + "/moto-api/", timeout=1)
                break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("moto did not start")

        def client(name, key="setup", secret="setup"):
            return boto3.client(name, endpoint_url=url, region_name="us-east-1", aws_access_key_id=key,
                                aws_secret_access_key=secret)

        iam = client("iam")
        iam.create_user(UserName="forewarn")
        keys = iam.create_access_key(UserName="forewarn")["AccessKey"]
        policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
        iam.put_user_policy(UserName="forewarn", PolicyName="s3", PolicyDocument=policy)
        client("s3").create_bucket(Bucket="forewarn-test")
        yield {"MLFLOW_S3_ENDPOINT_URL": url, "FOREWARN_S3_TEST_ENDPOINT": url,
               "AWS_ACCESS_KEY_ID": keys["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"]}
    finally:
        process.terminate()
        process.wait(10)


def test_object_store_keeps_its_promises_on_s3(server):
    done = subprocess.run([BUILD / "test_io", "--gtest_filter=ObjectStore.AnS3BucketHoldsObjects"],
                          env=dict(os.environ, **server), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "[  PASSED  ] 1 test" in done.stdout
