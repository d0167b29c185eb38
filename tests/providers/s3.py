"""A storage that speaks S3, on this machine: moto's server in a process of its own, checking nothing but the protocol.

with standing() as url:          "s3://stoa-test/files", with the environment that obstore reads set for it
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

BUCKET = "stoa-test"


@contextmanager
def standing() -> Iterator[str]:
    """The server with an empty bucket; ended afterwards, and the environment as it was."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    env = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT": address,
        "AWS_ALLOW_HTTP": "true",
    }
    before = {name: os.environ.get(name) for name in env}
    os.environ.update(env)
    try:
        _wait(process, address)
        httpx.put(f"{address}/{BUCKET}", headers={"Authorization": "AWS test:test"}).raise_for_status()
        yield f"s3://{BUCKET}/files"
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value
        process.terminate()
        process.wait(10)


def _wait(process: "subprocess.Popen[bytes]", address: str) -> None:
    for _ in range(300):
        try:
            httpx.get(f"{address}/moto-api/data.json", timeout=1)
            return
        except httpx.HTTPError:
            assert process.poll() is None, "the S3 server did not start"
            time.sleep(0.1)
    raise AssertionError("the S3 server does not answer")
