"""Servers to reach through the production door: the local Redshift, and what may stand between it and us."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from local_redshift.testing import PASSWORD, Client, RedshiftProcess

from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.driver.relay import Relay

Point = Callable[..., Redshift]


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedshiftProcess]:
    """One server for all tests that do not break it."""
    process = RedshiftProcess(tmp_path_factory.mktemp("redshift"))
    try:
        yield process
    finally:
        assert process.stop() == 0


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Callable[..., RedshiftProcess]]:
    """Starts servers that a test may kill."""
    started: list[RedshiftProcess] = []

    def start(*arguments: str, environment: dict[str, str] | None = None) -> RedshiftProcess:
        directory = tmp_path / f"redshift_{len(started)}"
        started.append(RedshiftProcess(directory, *arguments, environment=environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()


@pytest.fixture
def point(monkeypatch: pytest.MonkeyPatch) -> Point:
    """Points the environment, and with it the resource, at a port of this machine."""
    for name in ("REDSHIFT_IAM", "REDSHIFT_WORKGROUP", "REDSHIFT_CLUSTER_IDENTIFIER"):
        monkeypatch.delenv(name, raising=False)

    def to(port: int, *, attempts: int = 4, **variables: str) -> Redshift:
        settings = {
            "REDSHIFT_HOST": "localhost",
            "REDSHIFT_PORT": str(port),
            "REDSHIFT_DATABASE": "dev",
            "REDSHIFT_USER": "warehouse",
            "REDSHIFT_PASSWORD": PASSWORD,
            "REDSHIFT_SSL": "false",
            **variables,
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        return Redshift(attempts=attempts, first_pause_s=0.01)

    return to


@pytest.fixture
def redshift(server: RedshiftProcess, point: Point) -> Redshift:
    return point(server.port)


@pytest.fixture
def relay(server: RedshiftProcess) -> Iterator[Relay]:
    with Relay(server.port) as running:
        yield running


@dataclass(frozen=True)
class Table:
    """An empty table of one number, seen past the resource and whatever the environment points at."""

    server: RedshiftProcess
    name: str = "driver_test"

    def __str__(self) -> str:
        return self.name

    def count(self) -> int:
        with self.server.connect(autocommit=True) as connection:
            return int(Client(connection).value(f"select count(*) from {self}"))

    def run(self, statement: str) -> None:
        with self.server.connect(autocommit=True) as connection:
            Client(connection).run(statement)


@pytest.fixture
def table(server: RedshiftProcess) -> Iterator[Table]:
    made = Table(server)
    made.run(f"create table {made} (number integer)")
    yield made
    made.run(f"drop table {made}")
