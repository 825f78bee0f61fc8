"""Holds `s3://` against moto's S3 server, which computes every signature again with botocore. Arguments: store, run.json."""

import json
import logging
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

STORE, RUN = Path(sys.argv[1]), sys.argv[2]
BUCKET, PREFIX = "lab-data", "stores/of one hospital"  # a blank, which must be escaped
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


def patchstream(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {"PATH": os.environ["PATH"], "AWS_ENDPOINT_URL": ENDPOINT, "AWS_REGION": "eu-central-1", **environment}
    return subprocess.run(["node", "dist/cli/main.js", *arguments], env=kept, capture_output=True, text=True)


def upload() -> dict[str, str]:
    """Puts the store into a bucket that only a new user may read. Returns the user's keys."""
    options = {
        "endpoint_url": ENDPOINT,
        "aws_access_key_id": "root",
        "aws_secret_access_key": "root",
        "region_name": "eu-central-1",
    }
    s3, iam = boto3.client("s3", **options), boto3.client("iam", **options)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    for file in STORE.rglob("*"):
        if file.is_file():
            s3.upload_file(str(file), BUCKET, f"{PREFIX}/{file.relative_to(STORE)}")
    iam.create_user(UserName="trainer")
    iam.put_user_policy(UserName="trainer", PolicyName="read", PolicyDocument=json.dumps(POLICY))
    key = iam.create_access_key(UserName="trainer")["AccessKey"]
    checked = urllib.request.Request(f"{ENDPOINT}/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
    urllib.request.urlopen(checked)  # from now on, every request is
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def expect(what: str, condition: bool, shown: object) -> None:
    if not condition:
        sys.exit(f"{what}: {shown}")
    print(f"ok: {what}")


logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
ENDPOINT = f"http://{host}:{port}"
try:
    keys = upload()
    place = f"s3://{BUCKET}/{PREFIX}"
    verified = patchstream("inspect", place, "--verify", **keys)
    expect(
        "every byte of the store is the one that was written", verified.stdout.endswith("verified\n"), verified.stderr
    )

    step = ["--run", RUN, "--step", "3", "--json"]
    here, there = patchstream("get", "--store", str(STORE), *step), patchstream("get", "--store", place, *step, **keys)
    expect("a batch is that of the folder", here.stdout == there.stdout != "", there.stderr)

    wrong = patchstream("inspect", place, **{**keys, "AWS_SECRET_ACCESS_KEY": "wrong-secret"})
    expect(
        "a wrong key is refused in one line",
        wrong.returncode == 1 and "403" in wrong.stderr and wrong.stderr.count("\n") == 1,
        wrong.stderr,
    )
    expect("no secret is printed", "wrong-secret" not in wrong.stderr + wrong.stdout, wrong.stderr)

    elsewhere = patchstream("inspect", f"s3://{BUCKET}/nowhere", **keys)
    expect(
        "a prefix without a store is named",
        f"s3://{BUCKET}/nowhere: there is no finished store here" in elsewhere.stderr,
        elsewhere.stderr,
    )
finally:
    server.stop()
