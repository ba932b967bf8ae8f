"""A local Redshift and a local S3 as processes of their own, as the platform meets them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
import redshift_connector
from local_redshift.testing import Client, RedshiftProcess


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    log = (tmp_path_factory.mktemp("s3") / "log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "ministack"],
        env={**os.environ, "GATEWAY_PORT": str(port)},
        stdout=log,
        stderr=log,
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=1)
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield endpoint
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="session")
def aws(s3_endpoint: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": s3_endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


@pytest.fixture(scope="package")
def server(
    tmp_path_factory: pytest.TempPathFactory, aws: dict[str, str]
) -> Iterator[RedshiftProcess]:
    """One server for all tests that do not break it."""
    process = RedshiftProcess(tmp_path_factory.mktemp("redshift"), environment=aws)
    try:
        yield process
    finally:
        assert process.stop() == 0


@pytest.fixture
def connect(server: RedshiftProcess) -> Iterator[Callable[..., Client]]:
    """Opens clients; they are closed at the end of the test."""
    opened: list[redshift_connector.Connection] = []

    def open_client(**options: Any) -> Client:
        opened.append(server.connect(**options))
        return Client(opened[-1])

    yield open_client
    for connection in opened:
        with suppress(redshift_connector.error.Error, OSError):
            connection.close()


@pytest.fixture
def client(connect: Callable[..., Client]) -> Iterator[Client]:
    """A client in autocommit with a schema of its own, ``t``, gone afterwards."""
    found = connect(autocommit=True)
    found.run("drop schema if exists t cascade")
    found.run("create schema t")
    found.run("set search_path to t")
    return found
