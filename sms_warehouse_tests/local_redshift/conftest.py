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
from decimal import getcontext
from pathlib import Path
from typing import Any

import pytest
import redshift_connector

PASSWORD = "local-secret"


class RedshiftProcess:
    """A server in a process of its own, on a directory that outlives it."""

    def __init__(
        self, directory: Path, *arguments: str, environment: dict[str, str] | None = None
    ) -> None:
        self.directory = directory
        self._arguments = arguments
        self._environment = {
            **os.environ,
            "REDSHIFT_USER": "warehouse",
            "REDSHIFT_PASSWORD": PASSWORD,
            "REDSHIFT_DATABASE": "dev",
            **(environment or {}),
        }
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "sms_warehouse.local.redshift",
                "--dir",
                str(self.directory),
                *self._arguments,
            ],
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line.startswith("listening on 127.0.0.1:"), line
        self.port = int(line.rsplit(":", 1)[1])

    def connect(self, *, autocommit: bool = False, **options: Any) -> redshift_connector.Connection:
        # The driver rounds decimals to the context's digits.
        getcontext().prec = 40
        settings: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "user": "warehouse",
            "password": PASSWORD,
            "database": "dev",
            "ssl": False,
            "application_name": "tests",
        }
        connection = redshift_connector.connect(**{**settings, **options})
        connection.autocommit = autocommit
        return connection

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)


class Client:
    """A connection with one-line reads; remembers nothing."""

    def __init__(self, connection: redshift_connector.Connection) -> None:
        self.connection = connection
        self.cursor = connection.cursor()

    def run(self, sql: str, values: Any = None) -> int:
        if values is None:
            self.cursor.execute(sql)
        else:
            self.cursor.execute(sql, values)
        return int(self.cursor.rowcount)

    def rows(self, sql: str, values: Any = None) -> list[tuple[Any, ...]]:
        self.run(sql, values)
        return [tuple(row) for row in self.cursor.fetchall()]

    def value(self, sql: str, values: Any = None) -> Any:
        ((value,),) = self.rows(sql, values)
        return value

    def names(self) -> list[str]:
        return [c[0] if isinstance(c[0], str) else c[0].decode() for c in self.cursor.description]

    def error(self, sql: str, values: Any = None) -> dict[str, str]:
        """What the server says no with; the transaction is rolled back."""
        with pytest.raises(redshift_connector.error.ProgrammingError) as caught:
            self.run(sql, values)
        if not self.connection.autocommit:
            self.connection.rollback()
        return dict(caught.value.args[0])


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
