"""What every test may ask for: a local stack for each worker, and on it a platform of the test's own.

A database is a copy of one file that ``migrate`` made once for all workers, so no test meets what another left, and
none pays for a schema. Servers start once a worker and only when a test needs them.
"""

from __future__ import annotations

import os
import pickle
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from local_redshift.engine import Databases
from local_redshift.isolation import SNAPSHOT

from sms_warehouse.local.services import exclusive
from sms_warehouse.local.stack import LocalStack, make_inbox
from sms_warehouse.migrate import migrate
from sms_warehouse.resources.inbox import Inbox, sqs_client
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift, StatementFailed
from sms_warehouse.resources.s3 import s3_client
from sms_warehouse_tests.in_process import InProcessRedshift

BUCKET = "tests"
_PATIENCE_S = 300
_numbers = count(1)


def pytest_xdist_auto_num_workers() -> int:
    """As many as there are cores: a worker and its servers keep one busy."""
    return os.cpu_count() or 1


def pytest_configure() -> None:
    """Lets Ctrl-C reach what tests start, in a run that a shell started in the background too.

    Such a run ignores SIGINT, and every process below it would.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class Platform:
    """The three services as the platform sees them; bucket, queue and database are this test's own."""

    lake: Lake
    inbox: Inbox
    redshift: Redshift
    bucket: str
    queue_url: str


def forget_clients() -> None:
    """Makes the next use of S3 and SQS read the environment again."""
    s3_client.cache_clear()
    sqs_client.cache_clear()


# ---------- databases


@dataclass(frozen=True)
class DatabaseFiles:
    """The databases of one server's directory, made by copying files before anybody has connected to them."""

    directory: Path

    def make(self, content: Path, isolation: str = SNAPSHOT) -> str:
        """A new database with the content of a file; returns its name."""
        name = f"t{next(_numbers)}"
        (self.directory / "databases" / f"{name}.{isolation}").mkdir(parents=True)
        self.fill(name, content)
        return name

    def fill(self, name: str, content: Path) -> None:
        """Puts the content of a file into a database to which nobody has connected yet."""
        shutil.copyfile(content, self._file(name))

    def keep(self, name: str, content: Path) -> None:
        """Copies a database that was vacuumed and has no open transaction."""
        log = self._file(name).with_name(f"{name}.duckdb.wal")
        assert not log.exists() or log.stat().st_size == 0, "a transaction is open"
        shutil.copyfile(self._file(name), content)

    def _file(self, name: str) -> Path:
        (folder,) = (self.directory / "databases").glob(f"{name}.*")
        return folder / f"{name}.duckdb"


@pytest.fixture(scope="session")
def run_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that the workers of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def _beside(place: Path, what: str) -> Path:
    """A path of its own for each place: one state may be made out of another."""
    return place.with_name(f"{place.name}.{what}")


@contextmanager
def made_once(place: Path) -> Iterator[bool]:
    """Whether ``place`` is still to be made, by whoever comes first; the others wait for it."""
    with exclusive(_beside(place, "lock"), seconds=_PATIENCE_S):
        yield not place.exists()


@pytest.fixture(scope="session")
def migrated(run_directory: Path) -> Path:
    """The file of a database as ``migrate`` leaves it."""
    place = run_directory / "migrated"
    with made_once(place) as is_missing:
        if is_missing:
            making = run_directory / "migrating"
            databases = Databases(making, main="dev", user="admin")
            migrate(InProcessRedshift.of(databases, "dev"))
            databases.close()
            making.rename(place)
    return place / "dev.duckdb"


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Databases, DatabaseFiles]]:
    """The local Redshift's engine in this process."""
    directory = tmp_path_factory.mktemp("engine")
    databases = Databases(directory, main="dev", user="admin", threads=1)
    yield databases, DatabaseFiles(directory)
    databases.close()


FreshWarehouse = Callable[..., Redshift]
"""Makes a warehouse in this process, with its schema and reference data and no events.

Arguments are the isolation level, a function that makes the ``world`` it begins with (called once a run; the others
copy what it made), and fields of the resource.
"""


@contextmanager
def _warehouses(
    engine: tuple[Databases, DatabaseFiles], migrated: Path
) -> Iterator[FreshWarehouse]:
    databases, files = engine
    made: list[str] = []

    def fresh(
        isolation: str = SNAPSHOT,
        *,
        world: Callable[[Redshift], object] | None = None,
        **fields: Any,
    ) -> Redshift:
        content = migrated if world is None else kept(world)
        made.append(files.make(content, isolation))
        return InProcessRedshift.of(databases, made[-1], **fields)

    def kept(world: Callable[[Redshift], object]) -> Path:
        place = migrated.parent / f"{world.__module__}.{world.__qualname__}"
        with made_once(place) as is_missing:
            if is_missing:
                redshift = fresh()
                world(redshift)
                with redshift.session("tests") as session:
                    session.execute("vacuum")
                files.keep(made[-1], _beside(place, "making"))
                _beside(place, "making").rename(place)
        return place

    yield fresh
    for name in made:
        databases.drop(name)


@pytest.fixture
def fresh_warehouse(
    engine: tuple[Databases, DatabaseFiles], migrated: Path
) -> Iterator[FreshWarehouse]:
    with _warehouses(engine, migrated) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def module_warehouse(engine: tuple[Databases, DatabaseFiles], migrated: Path) -> Iterator[Redshift]:
    """A warehouse that the tests of a module share: what they load is kept apart by its ids."""
    with _warehouses(engine, migrated) as fresh:
        yield fresh()


# ---------- the stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[LocalStack]:
    """This worker's running stack. Tests that stop or kill servers start their own."""
    directory = tmp_path_factory.mktemp("stack")
    seeded(directory, migrated)
    with LocalStack(directory) as running:
        yield running


def seeded(directory: Path, migrated: Path) -> Path:
    """A directory for a stack whose warehouse has its schema already."""
    (directory / "redshift").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(migrated, directory / "redshift" / "dev.duckdb")
    return directory


@pytest.fixture
def env(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The stack's environment, set for this test."""
    for name, value in stack.env.items():
        monkeypatch.setenv(name, value)
    forget_clients()
    yield stack.env
    forget_clients()


FreshPlatform = Callable[[], Platform]


@contextmanager
def platforms(
    stack: LocalStack, migrated: Path, patch: pytest.MonkeyPatch
) -> Iterator[FreshPlatform]:
    """Makes platforms on a stack, each an empty bucket, an empty queue, and another database without events.

    The environment names the last one made. The bucket keeps its name: objects are named by it too.
    """
    files = DatabaseFiles(stack.directory / "redshift")
    made: list[str] = []
    for name, value in stack.env.items():
        patch.setenv(name, value)

    def fresh() -> Platform:
        queue_url = make_inbox(stack.env["AWS_ENDPOINT_URL"], BUCKET)
        made.append(files.make(migrated))
        patch.setenv("REDSHIFT_DATABASE", made[-1])
        patch.setenv("SMS_WAREHOUSE_BUCKET", BUCKET)
        patch.setenv("SMS_WAREHOUSE_QUEUE_URL", queue_url)
        forget_clients()
        lake = Lake()
        lake.delete([o.key for o in lake.list_prefix("")])
        sqs_client().purge_queue(QueueUrl=queue_url)
        return Platform(lake, Inbox(), Redshift(), BUCKET, queue_url)

    try:
        yield fresh
    finally:
        with pytest.MonkeyPatch.context() as drop:
            for name, value in stack.env.items():
                drop.setenv(name, value)
            with Redshift().session("tests") as session:
                for name in made:
                    # Whoever is still connected keeps it: the next test has a database of its own.
                    with suppress(StatementFailed):
                        session.execute(f"drop database {name}")


@pytest.fixture
def fresh_platform(
    stack: LocalStack, env: dict[str, str], migrated: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FreshPlatform]:
    """Makes the platform anew."""
    with platforms(stack, migrated, monkeypatch) as fresh:
        yield fresh


@pytest.fixture
def platform(fresh_platform: FreshPlatform) -> Platform:
    """An empty bucket, an empty queue that hears of its objects, and a warehouse without events."""
    return fresh_platform()


@pytest.fixture
def lake(platform: Platform) -> Lake:
    return platform.lake


@pytest.fixture
def inbox(platform: Platform) -> Inbox:
    return platform.inbox


@pytest.fixture
def redshift(platform: Platform) -> Redshift:
    return platform.redshift


# ---------- states that several tests begin with


@dataclass(frozen=True)
class Worlds:
    """States of a platform: made by the first test of the run that begins with one, copied for the others."""

    directory: Path
    files: DatabaseFiles

    def begin(self, platform: Platform, make: Callable[[Platform], object]) -> Platform:
        """A fresh platform as ``make`` leaves it: what is in the warehouse and in the bucket."""
        place = self.directory / f"{make.__module__}.{make.__qualname__}"
        database = os.environ["REDSHIFT_DATABASE"]
        with made_once(place) as is_missing:
            if is_missing:
                make(platform)
                self._keep(platform, database, place)
                return platform
        self.files.fill(database, place / "database")
        for key, body in pickle.loads((place / "objects").read_bytes()).items():
            platform.lake.put(key, body)
        return platform

    def _keep(self, platform: Platform, database: str, place: Path) -> None:
        making = _beside(place, "making")
        making.mkdir()
        with platform.redshift.session("tests") as session:
            session.execute("vacuum")
        self.files.keep(database, making / "database")
        found = platform.lake.list_prefix("")
        objects = {o.key: platform.lake.get(o.key) or b"" for o in found}
        (making / "objects").write_bytes(pickle.dumps(objects))
        making.rename(place)


@pytest.fixture(scope="session")
def worlds(run_directory: Path, stack: LocalStack) -> Worlds:
    return Worlds(run_directory, DatabaseFiles(stack.directory / "redshift"))
