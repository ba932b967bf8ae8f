"""A session: what a plan does to DuckDB, in which transaction, under which locks.

No sockets in here. A session belongs to one thread; only ``Session.stop`` may be called from another.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple, Protocol

import duckdb

from sms_warehouse.local.redshift import commands, copy, definitions, wire
from sms_warehouse.local.redshift.engine import Warehouse
from sms_warehouse.local.redshift.errors import PgError, from_duckdb
from sms_warehouse.local.redshift.plan import (
    ADD_COLUMN,
    DDL,
    DML,
    DROP,
    EMPTY,
    LIKE,
    QUERY,
    Plan,
)
from sms_warehouse.local.redshift.reader import Name

VERSION = (
    "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), "
    "Redshift 1.0 (local stand-in)"
)
BATCH_ROWS = 2048
_CORRUPTED_EXIT_CODE = 70

IDLE, IN_TRANSACTION, FAILED = "I", "T", "E"


class Sink(Protocol):
    """Where results go: the columns once, then rows in batches."""

    def columns(self, columns: Sequence[wire.Column]) -> None: ...

    def rows(self, rows: Sequence[Sequence[Any]]) -> None: ...

    def notice(self, text: str) -> None: ...


class _Call(NamedTuple):
    """One execution of a plan."""

    plan: Plan
    values: Sequence[Any]
    sink: Sink
    described: Sequence[wire.Column] | None
    """What the client was told of the columns, if it has been told."""


@dataclass(frozen=True)
class _Saved:
    settings: dict[str, str]
    temporary: frozenset[str]


class Session:
    """One client's connection to the database."""

    def __init__(
        self, warehouse: Warehouse, pid: int, settings: dict[str, str] | None = None
    ) -> None:
        self.pid = pid
        self.state = IDLE
        self.deadline: float | None = None
        """When the running statement times out, in seconds of time.monotonic()."""
        self._warehouse = warehouse
        self._cursor = warehouse.cursor()
        self._stop: PgError | None = None
        self._is_running = False
        self._guard = threading.Lock()
        self._defaults = {**commands.SETTINGS, **(settings or {})}
        self.settings = dict(self._defaults)
        self._local: dict[str, str] = {}
        self._tables = definitions.Tables(warehouse.database)
        self._saved = _Saved(self.settings, self._tables.temporary)
        for name, value in {
            "redshift_user": warehouse.user,
            "redshift_database": warehouse.database,
            "redshift_pid": pid,
            "redshift_version": VERSION,
            "redshift_copy_count": 0,
        }.items():
            self._set_variable(name, value)
        self._set_now()
        self._apply_search_path()

    # ---------- called from other threads

    def stop(self, reason: PgError) -> None:
        """Ends the running statement with this error; does nothing between statements."""
        with self._guard:
            if not self._is_running:
                return
            self._stop = self._stop or reason
            self._cursor.interrupt()
        self._warehouse.locks.wake()

    @property
    def is_running(self) -> bool:
        return self._is_running

    @property
    def is_stopping(self) -> bool:
        return self._stop is not None

    # ---------- statements

    @property
    def schema(self) -> str:
        """Where unqualified names are looked up and created."""
        return self._search_path()[0]

    def describe(self, plan: Plan, oids: Sequence[int]) -> tuple[wire.Column, ...] | None:
        """The columns of a plan's result, None for a statement that returns none. Executes nothing."""
        if plan.kind == commands.SHOW:
            return (wire.column(plan.data.name, "VARCHAR"),)
        if plan.kind != QUERY:
            return None
        self._check_state(plan)
        with _Statement(self):
            return self._described(plan, oids)

    def _described(self, plan: Plan, oids: Sequence[int]) -> tuple[wire.Column, ...]:
        # Text of its own type takes the type of its place, NULL of no type does not.
        for untyped in ("", None):
            values = [untyped if oid in wire.UNTYPED else _SAMPLES.get(oid) for oid in oids]
            try:
                rows = self._cursor.execute(f"describe {plan.sql[0]}", values).fetchall()
                break
            except (duckdb.ConversionException, duckdb.InvalidInputException):
                if untyped is None:
                    raise
        return _columns(plan, [(row[0], row[1]) for row in rows])

    def execute(
        self,
        plan: Plan,
        values: Sequence[Any],
        sink: Sink,
        described: Sequence[wire.Column] | None = None,
    ) -> str:
        """Runs a plan, hands its rows to the sink and returns the command tag. Raises PgError.

        After an error inside a transaction its changes and locks are gone; the client still has to end it.
        """
        self._check_state(plan)
        if plan.kind == EMPTY:
            return ""
        with _Statement(self):
            return self._handlers[plan.kind](self, _Call(plan, values, sink, described))

    def close(self) -> None:
        """Rolls back what is open and frees the locks."""
        with suppress(duckdb.Error):
            self._cursor.execute("rollback")
        self._warehouse.locks.release(self)
        with suppress(duckdb.Error):
            self._cursor.close()

    def _check_state(self, plan: Plan) -> None:
        if self.state == FAILED and plan.kind not in (commands.COMMIT, commands.ROLLBACK):
            raise PgError(
                "25P02",
                "current transaction is aborted, commands ignored until end of transaction block",
            )

    def _query(self, call: _Call) -> str:
        if call.plan.uses_clock:
            self._set_now()
        self._cursor.execute(call.plan.sql[0], call.values)
        columns = _columns(call.plan, [(d[0], str(d[1])) for d in self._cursor.description or []])
        if call.described is not None:
            _check_same(call.described, columns)
            columns = tuple(call.described)
        call.sink.columns(columns)
        while rows := self._cursor.fetchmany(BATCH_ROWS):
            call.sink.rows(rows)
        return call.plan.tag

    def _write(self, call: _Call) -> str:
        def work() -> str:
            for name in call.plan.tables_only:
                self._tables.check_is_table(self._cursor, name)
            if call.plan.uses_clock:
                self._set_now()
            (count,) = self._cursor.execute(call.plan.sql[0], call.values).fetchone() or (0,)
            if call.plan.tag == "MERGE":
                return call.plan.tag
            return f"INSERT 0 {count}" if call.plan.tag == "INSERT" else f"{call.plan.tag} {count}"

        return self._in_transaction(call.plan.locks, work)

    def _define(self, call: _Call) -> str:
        def work() -> str:
            if call.plan.uses_clock:
                self._set_now()
            definitions.run(call.plan, call.values, self._cursor, self._tables)
            return call.plan.tag

        return self._in_transaction(call.plan.locks, work)

    def _lock(self, call: _Call) -> str:
        self._acquire(call.plan.locks)
        # Looking for the tables is their first use: it comes after the locks, and so does the snapshot.
        for name in call.plan.locks:
            self._tables.check_is_table(self._cursor, name)
        if self.state == IDLE:
            self._warehouse.locks.release(self)
        return call.plan.tag

    def _copy(self, call: _Call) -> str:
        spec: commands.CopySpec = call.plan.data

        def check() -> None:
            if self._stop:
                raise self._stop

        def work() -> str:
            self._tables.check_is_table(self._cursor, spec.table)
            columns = definitions.columns_of(
                self._cursor, self._tables, spec.table, with_defaults=False
            )
            if spec.columns:
                by_name = {c.name: c for c in columns}
                for name in spec.columns:
                    if name not in by_name:
                        raise PgError(
                            "42703", f'column "{name}" of relation "{spec.table}" does not exist'
                        )
                columns = [by_name[name] for name in spec.columns]
            with copy.fetched(spec.manifest_url, self._warehouse.spool, check) as files:
                count = copy.load(
                    self._cursor, spec.table, [(c.name, c.type.sql) for c in columns], files
                )
            self._set_variable("redshift_copy_count", count)
            call.sink.notice(
                f"Load into table '{spec.table.table}' completed, {count} record(s) loaded successfully."
            )
            return call.plan.tag

        return self._in_transaction(call.plan.locks, work)

    def _begin(self, call: _Call) -> str:
        if self.state == IDLE:
            # DuckDB takes the snapshot when a table is first touched, not here.
            self._cursor.execute("begin")
            self._saved = _Saved(dict(self.settings), self._tables.temporary)
            self._local = {}
            self.state = IN_TRANSACTION
        else:
            call.sink.notice("there is already a transaction in progress")
        return call.plan.tag

    def _commit(self, call: _Call) -> str:
        if self.state == FAILED:
            return self._rollback(call).replace("COMMIT", "ROLLBACK")
        if self.state == IN_TRANSACTION:
            try:
                self._end("commit")
            except BaseException:
                self._undo(self._saved.temporary)
                self._restore(self._saved.settings)
                raise
            finally:
                self.state = IDLE
                self._warehouse.locks.release(self)
            self._restore({**self.settings, **self._local})
        return call.plan.tag

    def _rollback(self, call: _Call) -> str:
        if self.state == IN_TRANSACTION:
            self._abort()
        if self.state == FAILED:
            self.state = IDLE
            self._restore(self._saved.settings)
        return call.plan.tag

    def _set(self, call: _Call) -> str:
        setting: commands.Setting = call.plan.data
        value = self._defaults[setting.name] if setting.value is None else setting.value
        if setting.is_local:
            if self.state == IDLE:
                return call.plan.tag
            self._local.setdefault(setting.name, self.settings[setting.name])
        else:
            self._local.pop(setting.name, None)
        self._restore({**self.settings, setting.name: value})
        return call.plan.tag

    def _reset(self, call: _Call) -> str:
        self._restore(dict(self._defaults))
        return call.plan.tag

    def _show(self, call: _Call) -> str:
        name = call.plan.data.name
        call.sink.columns((wire.column(name, "VARCHAR"),))
        call.sink.rows([(self.settings[name],)])
        return call.plan.tag

    def _analyze(self, call: _Call) -> str:
        if call.plan.data:
            self._tables.check_is_table(self._cursor, call.plan.data)
        return call.plan.tag

    def _vacuum(self, call: _Call) -> str:
        if self.state != IDLE:
            raise PgError("25001", "VACUUM cannot run inside a transaction block")
        if call.plan.data:
            self._tables.check_is_table(self._cursor, call.plan.data)
        # Waits for nobody: with a transaction open elsewhere the space is freed another time.
        with suppress(duckdb.TransactionException):
            self._cursor.execute("checkpoint")
        return call.plan.tag

    _handlers: ClassVar[dict[str, Callable[..., str]]] = {
        QUERY: _query,
        DML: _write,
        DDL: _define,
        DROP: _define,
        LIKE: _define,
        ADD_COLUMN: _define,
        commands.BEGIN: _begin,
        commands.COMMIT: _commit,
        commands.ROLLBACK: _rollback,
        commands.SET: _set,
        commands.RESET: _reset,
        commands.SHOW: _show,
        commands.LOCK: _lock,
        commands.COPY: _copy,
        commands.ANALYZE: _analyze,
        commands.VACUUM: _vacuum,
    }

    # ---------- transactions

    def _in_transaction(self, locks: Sequence[Name], work: Callable[[], str]) -> str:
        """Runs ``work`` in the client's transaction, or in one of its own."""
        is_own = self.state == IDLE
        # Before anything is read: the snapshot must not be older than the lock.
        self._acquire(locks)
        if not is_own:
            return work()
        self._cursor.execute("begin")
        temporary = self._tables.temporary
        try:
            tag = work()
            self._end("commit")
        except BaseException:
            self._undo(temporary)
            raise
        finally:
            self._warehouse.locks.release(self)
        return tag

    def _acquire(self, names: Sequence[Name]) -> None:
        wanted: list[Hashable] = [
            str(self._tables.resolved(n))
            for n in names
            if n.schema or n.table not in self._tables.temporary
        ]
        self._warehouse.locks.acquire(self, wanted, lambda: self._stop)

    def fail(self) -> None:
        """After any error: the transaction's work is undone, its locks are free."""
        if self.state == IN_TRANSACTION:
            self._abort()
        self._warehouse.locks.release(self)

    def _abort(self) -> None:
        self._undo(self._saved.temporary)
        self._warehouse.locks.release(self)
        self.state = FAILED

    def _undo(self, temporary: frozenset[str]) -> None:
        with suppress(duckdb.Error):
            self._end("rollback")
        self._tables.temporary = temporary

    def _end(self, how: str) -> None:
        """COMMIT or ROLLBACK; from here on nobody can stop the statement."""
        with self._guard:
            self._is_running = False
        if self._stop and how == "commit":
            raise self._stop
        self._cursor.execute(how)

    # ---------- names and settings

    def _search_path(self) -> list[str]:
        names = [s.strip() for s in self.settings["search_path"].split(",")]
        return [n for n in names if n != "$user"] or ["public"]

    def _apply_search_path(self) -> None:
        path = ",".join(self._search_path())
        self._tables.schema = self.schema
        self._cursor.execute(f"set search_path = '{path}'")

    def _restore(self, settings: dict[str, str]) -> None:
        changed = settings["search_path"] != self.settings["search_path"]
        old, self.settings = self.settings, settings
        if changed:
            try:
                self._apply_search_path()
            except duckdb.Error:
                self.settings = old
                raise

    def _set_variable(self, name: str, value: object) -> None:
        self._cursor.execute(f"set variable {name} = $1", [value])

    def _set_now(self) -> None:
        self._set_variable("redshift_now", dt.datetime.now(dt.UTC).replace(tzinfo=None))


class _Statement:
    """Brackets a running statement: its deadline, who may stop it, and what an error does."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> None:
        session = self._session
        timeout_ms = int(session.settings["statement_timeout"])
        session.deadline = time.monotonic() + timeout_ms / 1000 if timeout_ms else None
        session._stop = None
        session._is_running = True

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        session = self._session
        with session._guard:
            session._is_running = False
            session.deadline = None
        if error is None:
            return
        if isinstance(error, duckdb.FatalException) or "database has been invalidated" in str(
            error
        ):
            # Nothing can be done in this process any more; whoever supervises it starts another.
            os._exit(_CORRUPTED_EXIT_CODE)
        session.fail()
        if isinstance(error, duckdb.InterruptException) and session._stop:
            raise session._stop from None
        if isinstance(error, (duckdb.Error, RuntimeError)):
            raise from_duckdb(error) from None
        if isinstance(error, UnicodeEncodeError):
            raise PgError("22021", "invalid byte sequence for encoding UTF8") from None


def _columns(plan: Plan, found: Sequence[tuple[str, str]]) -> tuple[wire.Column, ...]:
    names = [name for name, _ in found]
    names[: len(plan.names)] = plan.names
    return tuple(wire.column(name, kind) for name, (_, kind) in zip(names, found, strict=True))


# A NUMERIC takes its scale from its value, so there is none to tell before it comes.
_SAMPLES = {wire.NUMERIC: Decimal(0)}
_NO_TYPE = '"NULL"'


def _check_same(described: Sequence[wire.Column], found: Sequence[wire.Column]) -> None:
    """The client decodes what it was told, so the result must have these very columns."""
    if len(described) != len(found):
        raise PgError("0A000", "cached plan must not change result type")
    for told, now in zip(described, found, strict=True):
        if told.duckdb_type == now.duckdb_type or _NO_TYPE in (told.duckdb_type, now.duckdb_type):
            continue
        if told.oid == now.oid == wire.NUMERIC:
            raise PgError(
                "22003", f'column "{told.name}": a bound NUMERIC has no scale here, cast it'
            )
        raise PgError("0A000", "cached plan must not change result type")
