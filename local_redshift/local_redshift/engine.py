"""The databases in their directory: how DuckDB is opened, bounded and shut off from everything else."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import threading
import time
import uuid
from collections import Counter
from contextlib import suppress
from pathlib import Path

import duckdb

from local_redshift import catalog, records
from local_redshift.errors import PgError, is_disk_full
from local_redshift.isolation import SERIALIZABLE, SNAPSHOT, SerialOrder
from local_redshift.locks import Locks
from local_redshift.macros import MACROS, SYSTEM_SCHEMA
from local_redshift.reader import Name
from local_redshift.tables import Remembered

_OPEN_SECONDS = 10.0
_DROP_SECONDS = 5.0

_VERSION = f"{SYSTEM_SCHEMA}.version"
_SYSTEM = (
    "create schema if not exists public",
    f"create schema if not exists {SYSTEM_SCHEMA}",
    f"create table if not exists {_VERSION} (version varchar)",
    *records.TABLES,
    *(f"create or replace macro {SYSTEM_SCHEMA}.{macro}" for macro in MACROS),
    *(
        f"create or replace view {SYSTEM_SCHEMA}.{name} as {query}"
        for name, query in catalog.VIEWS.items()
    ),
)
_SYSTEM_VERSION = hashlib.sha256("\n".join(_SYSTEM).encode()).hexdigest()

# How r_STV_DB_ISOLATION_LEVEL spells them.
ISOLATION_NAMES = {SERIALIZABLE: "Serializable", SNAPSHOT: "Snapshot Isolation"}


class Invalidated(PgError):
    """DuckDB has given the database up: this process can do nothing with it any more, the next one can."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(
            "53100" if is_disk_full(error) else "58030",
            "the local Redshift ends, it has to be started again; nothing it acknowledged is lost",
            str(error).split("\n", 1)[0],
            is_fatal=True,
        )


def _make(path: Path) -> None:
    """An empty database file, whole from the moment it has its name.

    DuckDB writes the head of a new file in several steps, and cannot open one that a killed server, or a full disk,
    left without all of them.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unnamed = path.with_suffix(".new")
    unnamed.unlink(missing_ok=True)
    duckdb.connect(str(unnamed)).close()
    unnamed.rename(path)


def _recover(path: Path) -> None:
    """Takes what a killed server left in the log into the database file.

    Where a database is opened as the first, DuckDB replays its log before it has its functions, and what changes a
    column of a table with a CHECK, as ours have for the lengths of texts, cannot be replayed.
    """
    if not path.with_name(f"{path.name}.wal").exists():
        return
    name = str(path).replace("'", "''")
    with duckdb.connect() as db:
        db.execute(f"attach '{name}' as killed")
        db.execute("detach killed")


class Warehouse:
    """One database in a directory. One process at a time may have it open."""

    def __init__(
        self,
        directory: Path,
        *,
        database: str,
        user: str,
        isolation: str = SNAPSHOT,
        memory_limit: str = "4GB",
        threads: int | None = None,
    ) -> None:
        self.database = database
        self.user = user
        self.isolation = isolation
        self.locks = Locks()
        self.order = SerialOrder()
        self.names: dict[Name, list[str]] = {}
        """Where names lead: a table to itself, a view to itself and the tables behind it."""
        self.remembered: Remembered = {}
        """What its sessions have asked of permanent tables and views; see Tables."""
        self.spool = directory.resolve() / "spool"
        spill = directory.resolve() / "spill"
        self._db = self._opened(directory / f"{database}.duckdb")
        for folder in (self.spool, spill):
            # What a killed server left behind is of no use to anybody.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        settings = {
            "threads": str(threads or os.cpu_count() or 1),
            "memory_limit": f"'{memory_limit}'",
            "temp_directory": f"'{spill}'",
            "TimeZone": "'UTC'",
            "integer_division": "true",
            "preserve_insertion_order": "false",
            "python_enable_replacements": "false",
            "allowed_directories": f"['{self.spool}']",
            "enable_external_access": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
        for name, value in settings.items():
            self._db.execute(f"set global {name} = {value}")
        self._make_system()
        self._db.execute("set global lock_configuration = true")

    def _make_system(self) -> None:
        """Makes what the server needs in each database, unless this version of it is there already."""
        if self._system_version() == _SYSTEM_VERSION:
            return
        # What sessions set; views are bound to its fields.
        self._db.execute(
            "set variable redshift_session = "
            "{'user': '', 'database': '', 'pid': 0, 'version': '', 'copied': 0}"
        )
        self._db.execute("begin")
        for statement in _SYSTEM:
            self._db.execute(statement)
        self._db.execute(f"delete from {_VERSION}")
        self._db.execute(f"insert into {_VERSION} values ($1)", [_SYSTEM_VERSION])
        self._db.execute("commit")

    def _system_version(self) -> str | None:
        try:
            (version,) = self._db.execute(f"select version from {_VERSION}").fetchone() or (None,)
        except duckdb.CatalogException:
            return None
        return version

    @staticmethod
    def _opened(path: Path) -> duckdb.DuckDBPyConnection:
        # A server that was killed may hold the file for a moment longer.
        deadline = time.monotonic() + _OPEN_SECONDS
        while True:
            try:
                _make(path)
                _recover(path)
                return duckdb.connect(str(path))
            except duckdb.IOException as error:
                if "lock" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        return self._db.cursor()

    def forget_names(self) -> None:
        """To be called when definitions have been committed."""
        self.names = {}

    def close(self) -> None:
        """Writes everything to the database file and closes it."""
        with suppress(duckdb.Error):
            self._db.execute("checkpoint")
        self._db.close()


class Databases:
    """The databases of a server: the one it was made for, and those that clients create.

    A created database is a directory whose name tells its isolation level; it is there, or not there, by one
    rename, so a server that is killed meanwhile leaves nothing half done.
    """

    def __init__(
        self,
        directory: Path,
        *,
        main: str,
        user: str,
        isolation: str = SNAPSHOT,
        memory_limit: str = "4GB",
        threads: int | None = None,
    ) -> None:
        self.version = 0
        """Changes with the list of databases."""
        self._main = main
        self._user = user
        self._default = isolation
        self._memory_limit = memory_limit
        self._threads = threads
        self._directory = directory / "databases"
        self._directory.mkdir(parents=True, exist_ok=True)
        for dropped in self._directory.glob("dropped.*"):
            shutil.rmtree(dropped, ignore_errors=True)
        self._changed = threading.Condition()
        self._users: Counter[str] = Counter()
        self._open = {main: self._opened(directory, main, isolation)}

    def _opened(self, directory: Path, name: str, isolation: str) -> Warehouse:
        return Warehouse(
            directory,
            database=name,
            user=self._user,
            isolation=isolation,
            memory_limit=self._memory_limit,
            threads=self._threads,
        )

    def listing(self) -> dict[str, str]:
        """Isolation levels by database."""
        found = (re.fullmatch(r"([\w$]+)\.(\w+)", p.name) for p in self._directory.iterdir())
        return {self._main: self._default} | {m[1]: m[2] for m in found if m and m[1] != "dropped"}

    def enter(self, name: str) -> Warehouse:
        """The database of that name for one more client, until ``leave``. Raises PgError 3D000."""
        with self._changed:
            if name not in self._open:
                isolation = self.listing().get(name)
                if isolation is None:
                    raise PgError("3D000", f'database "{name}" does not exist')
                place = self._directory / f"{name}.{isolation}"
                self._open[name] = self._opened(place, name, isolation)
            self._users[name] += 1
            return self._open[name]

    def leave(self, name: str) -> None:
        with self._changed:
            self._users[name] -= 1
            self._changed.notify_all()

    def create(self, name: str, isolation: str | None) -> None:
        """Raises PgError 42P04."""
        with self._changed:
            if name in self.listing():
                raise PgError("42P04", f'database "{name}" already exists')
            (self._directory / f"{name}.{isolation or self._default}").mkdir()
            self.version += 1

    def drop(self, name: str) -> None:
        """Raises PgError 3D000, or 55006 as long as clients are connected to it."""
        with self._changed:
            isolation = self.listing().get(name)
            if isolation is None:
                raise PgError("3D000", f'database "{name}" does not exist')
            if name == self._main:
                raise PgError("55006", f'cannot drop database "{name}"')
            # A client that has just closed its connection may not have been noticed yet.
            if not self._changed.wait_for(lambda: not self._users[name], _DROP_SECONDS):
                raise PgError("55006", f'database "{name}" is being accessed by other users')
            if name not in self.listing():
                raise PgError("3D000", f'database "{name}" does not exist')
            if warehouse := self._open.pop(name, None):
                warehouse.close()
            dropped = self._directory / f"dropped.{uuid.uuid4().hex}"
            (self._directory / f"{name}.{isolation}").rename(dropped)
            self.version += 1
        shutil.rmtree(dropped, ignore_errors=True)

    def close(self) -> None:
        """Writes everything to the files and closes them."""
        with self._changed:
            for warehouse in self._open.values():
                warehouse.close()
