"""What every test may ask for: one local stack for the whole session, and a clean platform on it.

Servers start once and only when a test needs them. A test that asks for ``platform``, or for one of
its parts, finds an empty bucket, an empty queue and a warehouse as ``migrate`` leaves it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from sms_warehouse.local.stack import LocalStack, make_inbox
from sms_warehouse.migrate import seed
from sms_warehouse.resources.inbox import Inbox, sqs_client
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift, Session
from sms_warehouse.resources.s3 import s3_client

BUCKET = "tests"


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores, since a worker waits for disks, deadlines and processes that start."""
    return (os.cpu_count() or 1) + 1


@dataclass(frozen=True)
class Platform:
    """The three services as the platform sees them; bucket and queue are this test's own."""

    lake: Lake
    inbox: Inbox
    redshift: Redshift
    bucket: str
    queue_url: str


def forget_clients() -> None:
    """Makes the next use of S3 and SQS read the environment again."""
    s3_client.cache_clear()
    sqs_client.cache_clear()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The session's running stack. Tests that stop or kill servers start their own."""
    with LocalStack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture
def env(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The stack's environment, set for this test."""
    for name, value in stack.env.items():
        monkeypatch.setenv(name, value)
    forget_clients()
    yield stack.env
    forget_clients()


@pytest.fixture
def platform(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Platform:
    """An empty bucket, an empty queue that hears of its objects, and a warehouse without events."""
    return fresh_platform(env, monkeypatch)


def fresh_platform(env: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Platform:
    """Empties bucket, queue and warehouse. The bucket keeps its name: objects are named by it too."""
    queue_url = make_inbox(env["AWS_ENDPOINT_URL"], BUCKET)
    monkeypatch.setenv("SMS_WAREHOUSE_BUCKET", BUCKET)
    monkeypatch.setenv("SMS_WAREHOUSE_QUEUE_URL", queue_url)
    lake, redshift = Lake(), Redshift()
    lake.delete([o.key for o in lake.list_prefix("")])
    sqs_client().purge_queue(QueueUrl=queue_url)
    _empty(redshift)
    return Platform(lake, Inbox(), redshift, BUCKET, queue_url)


@pytest.fixture
def lake(platform: Platform) -> Lake:
    return platform.lake


@pytest.fixture
def inbox(platform: Platform) -> Inbox:
    return platform.inbox


@pytest.fixture
def redshift(platform: Platform) -> Redshift:
    return platform.redshift


@dataclass
class Worlds:
    """States that several tests begin with: made by the first of them, and brought back for the others."""

    _objects: dict[Callable[[Platform], object], dict[str, bytes]] = field(default_factory=dict)

    def begin(self, platform: Platform, make: Callable[[Platform], object]) -> Platform:
        """A fresh platform as ``make`` leaves it: what is in the warehouse and in the bucket."""
        is_known = make in self._objects
        if not is_known:
            make(platform)
            found = platform.lake.list_prefix("")
            self._objects[make] = {o.key: platform.lake.get(o.key) or b"" for o in found}
        schema = f"world_{list(self._objects).index(make)}"
        move = _bring_back if is_known else _keep
        platform.redshift.transaction("tests", lambda session: move(session, schema))
        if is_known:
            for key, body in self._objects[make].items():
                platform.lake.put(key, body)
        return platform


def _keep(session: Session, schema: str) -> None:
    session.execute(f"create schema {schema}")
    for table in _tables(session):
        if session.rows(f"select 1 as found from {table} limit 1"):
            copy = table.replace(".", "__")
            session.execute(f"create table {schema}.{copy} as select * from {table}")


def _bring_back(session: Session, schema: str) -> None:
    for (copy,) in session.rows(
        "select table_name from information_schema.tables where table_schema = :schema",
        schema=schema,
    ):
        table = copy.replace("__", ".", 1)
        session.execute(f"delete from {table}")
        session.execute(f"insert into {table} select * from {schema}.{copy}")


@pytest.fixture(scope="session")
def worlds() -> Worlds:
    return Worlds()


def _empty(redshift: Redshift) -> None:
    with redshift.session("tests") as session:
        for table in _tables(session):
            session.execute(f"delete from {table}")
        seed(session)


def _tables(session: Session) -> list[str]:
    """All tables of the platform."""
    return [
        f"{schema}.{table}"
        for schema, table in session.rows(
            "select table_schema, table_name from information_schema.tables "
            "where table_type = 'BASE TABLE' "
            "and table_schema in ('control', 'staging', 'warehouse', 'reports', 'pii') "
            "order by 1, 2"
        )
    ]
