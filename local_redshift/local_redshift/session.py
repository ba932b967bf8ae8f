"""A session: what a plan does to DuckDB, in which transaction, under which locks.

No sockets in here. A session belongs to one thread; only ``Session.stop`` may be called from another.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar, NamedTuple, Protocol

import duckdb

from local_redshift import (
    commands,
    copy,
    copy_command,
    databases,
    definitions,
    results,
    wire,
)
from local_redshift.engine import ISOLATION_NAMES, Databases, Invalidated
from local_redshift.errors import PgError, from_duckdb, is_disk_full, unsupported
from local_redshift.locks import Mode
from local_redshift.macros import judged
from local_redshift.plan import DDL, DML, EMPTY, QUERY, Plan
from local_redshift.session_settings import Settings
from local_redshift.transaction import Transaction

VERSION = (
    "PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), "
    "Redshift 1.0 (local stand-in)"
)
BATCH_ROWS = 2048
_PLAN_OF = "local stand-in: this is DuckDB's plan, not Redshift's"

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


class Session:
    """One client's connection to a database. Raises PgError 3D000 where there is none of that name."""

    def __init__(
        self, known: Databases, database: str, pid: int, settings: dict[str, str] | None = None
    ) -> None:
        self.pid = pid
        self.state = IDLE
        self.deadline: float | None = None
        """When the running statement times out, in seconds of time.monotonic()."""
        self._stop: PgError | None = None
        self._is_running = False
        self._guard = threading.Lock()
        self._databases = known
        self._databases_version = -1
        self._warehouse = known.enter(database)
        try:
            self._open(settings or {})
        except BaseException:
            known.leave(database)
            raise

    def _open(self, settings: dict[str, str]) -> None:
        warehouse = self._warehouse
        self._cursor = warehouse.cursor()
        self._tables = definitions.Tables(warehouse.database, warehouse.remembered)
        self._temporary = self._tables.temporary
        self._transaction = Transaction(
            warehouse, self._cursor, self._tables, self.pid, lambda: self._stop
        )
        isolation = {"transaction_isolation": ISOLATION_NAMES[warehouse.isolation]}
        self.settings = Settings(
            {**commands.SETTINGS, **settings, **isolation}, self._apply_search_path
        )
        self._set_session(copied=0)
        self._set_now()

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
        return self.settings.search_path[0]

    def describe(self, plan: Plan, oids: Sequence[int]) -> tuple[wire.Column, ...] | None:
        """The columns of a plan's result, None for a statement that returns none. Executes nothing."""
        if plan.kind == commands.SHOW:
            return (wire.column(plan.data.name, "VARCHAR"),)
        if plan.kind == databases.EXPLAIN:
            return (wire.column("QUERY PLAN", "VARCHAR"),)
        if plan.kind != QUERY:
            return None
        self._check_state(plan)
        with _Statement(self):
            if any(self._tables.is_temporary(name) for name in plan.reads):
                return results.describe(self._cursor, plan, oids)
            columns: tuple[wire.Column, ...] = self._tables.remembered(
                (plan.sql, plan.names, tuple(oids), tuple(self.settings.search_path)),
                lambda: results.describe(self._cursor, plan, oids),
                is_begun=self._transaction.is_begun,
            )
            return columns

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
        self._transaction.rollback()
        with suppress(duckdb.Error):
            self._cursor.close()
        self._databases.leave(self._warehouse.database)

    def _check_state(self, plan: Plan) -> None:
        if self.state == FAILED and plan.kind not in (commands.COMMIT, commands.ROLLBACK):
            raise PgError(
                "25P02",
                "current transaction is aborted, commands ignored until end of transaction block",
            )

    def _query(self, call: _Call) -> str:
        plan = call.plan
        if plan.uses_clock:
            self._set_now()
        if self._databases_version != self._databases.version:
            self._list_databases()
        if plan.reads and self.state == IDLE:
            self._transaction.lock_reads(plan.reads)
        elif plan.reads:
            self._transaction.enter(plan.reads, (), Mode.READ)
        self._run_judged(call)
        columns = results.columns(plan, [(d[0], str(d[1])) for d in self._cursor.description or []])
        if call.described is not None:
            results.check_same(call.described, columns)
            columns = tuple(call.described)
        call.sink.columns(columns)
        while rows := self._cursor.fetchmany(BATCH_ROWS):
            call.sink.rows(rows)
        if plan.reads and self.state == IDLE:
            self._transaction.release()
        return plan.tag

    def _run_judged(self, call: _Call) -> None:
        """Runs a query or DML; without its guards on types once it has run with them."""
        plan, is_begun = call.plan, self._transaction.is_begun
        statement = self._tables.statement(plan.sql[0], (*plan.reads, *plan.locks), call.values)
        is_judged = self._tables.is_judged(statement, is_begun=is_begun)
        definitions = self._tables.definitions
        self._cursor.execute(judged(plan.sql[0]) if is_judged else plan.sql[0], call.values)
        # Outside a transaction others may have defined something meanwhile.
        if definitions == self._tables.definitions:
            self._tables.judge(statement, is_begun=is_begun)

    def _explain(self, call: _Call) -> str:
        """Checks what a run would check, and runs nothing (guide: r_EXPLAIN)."""
        plan: Plan = call.plan.data
        if plan.kind == DDL:
            query = plan.data.query
            self._try_definition(plan, replace(plan.data, query=f"select * from ({query}) limit 0"))
        else:
            (query,) = plan.sql
            self._check_written(plan)
            if plan.kind == QUERY:
                results.describe(self._cursor, plan, ())
        rows = self._cursor.execute(f"explain {query}").fetchall()
        call.sink.columns((wire.column("QUERY PLAN", "VARCHAR"),))
        lines = [_PLAN_OF, *(line for _, text in rows for line in str(text).splitlines())]
        call.sink.rows([(line,) for line in lines])
        return call.plan.tag

    def _try_definition(self, plan: Plan, data: object) -> None:
        """Makes it without its rows, and takes it back: only DuckDB knows whether it can be made."""
        if self.state != IDLE:
            raise unsupported(
                "EXPLAIN of CREATE TABLE AS in a transaction", "EXPLAIN it outside, or its query"
            )
        temporary = self._tables.temporary
        try:
            self._transaction.enter((), plan.locks, Mode.WRITE)
            definitions.run(replace(plan, data=data), self._cursor, self._tables)
        finally:
            self._transaction.rollback()
            self._tables.temporary = temporary

    def _write(self, call: _Call) -> str:
        def work() -> str:
            self._check_written(call.plan)
            if call.plan.uses_clock:
                self._set_now()
            self._run_judged(call)
            (count,) = self._cursor.fetchone() or (0,)
            if call.plan.tag == "MERGE":
                return call.plan.tag
            return f"INSERT 0 {count}" if call.plan.tag == "INSERT" else f"{call.plan.tag} {count}"

        return self._in_transaction(call.plan, Mode.WRITE, work)

    def _check_written(self, plan: Plan) -> None:
        for name in plan.tables_only:
            self._tables.check_is_table(self._cursor, name)
        if plan.written != ():
            (target,) = plan.locks
            definitions.check_written(self._cursor, self._tables, target, plan.written)

    def _define(self, call: _Call) -> str:
        def work() -> str:
            if call.plan.uses_clock:
                self._set_now()
            if getattr(call.plan.data, "is_temporary", False):
                self._tables.forget_temporary(call.plan.data.target.table)
            else:
                self._tables.forget_temporary()
                self._transaction.defined()
            definitions.run(call.plan, self._cursor, self._tables)
            return call.plan.tag

        if call.plan.is_alone:
            self._check_alone(call.plan)
        is_alone = call.plan.tag.startswith(("DROP", "ALTER"))
        return self._in_transaction(call.plan, Mode.ALONE if is_alone else Mode.WRITE, work)

    def _lock(self, call: _Call) -> str:
        self._transaction.lock(call.plan.locks, Mode.ALONE)
        for name in call.plan.locks:
            self._tables.check_is_table(self._cursor, name, is_begun=self._transaction.is_begun)
        if self.state == IDLE:
            self._transaction.release()
        return call.plan.tag

    def _copy(self, call: _Call) -> str:
        spec: copy_command.CopySpec = call.plan.data

        def check() -> None:
            if self._stop:
                raise self._stop

        def work() -> str:
            self._tables.check_is_table(self._cursor, spec.table)
            columns = definitions.copied_columns(
                self._cursor, self._tables, spec.table, spec.columns
            )
            with copy.fetched(spec.manifest_url, self._warehouse.spool, check) as files:
                count = copy.load(self._cursor, spec.table, columns, files)
            self._set_session(copied=count)
            call.sink.notice(
                f"Load into table '{spec.table.table}' completed, {count} record(s) loaded successfully."
            )
            return call.plan.tag

        return self._in_transaction(call.plan, Mode.WRITE, work)

    def _create_database(self, call: _Call) -> str:
        self._check_alone(call.plan)
        spec: databases.DatabaseSpec = call.plan.data
        self._databases.create(spec.name, spec.isolation)
        return call.plan.tag

    def _drop_database(self, call: _Call) -> str:
        self._check_alone(call.plan)
        spec: databases.DatabaseSpec = call.plan.data
        if spec.name == self._warehouse.database:
            raise PgError("55006", "cannot drop the currently open database")
        self._databases.drop(spec.name)
        return call.plan.tag

    def _begin(self, call: _Call) -> str:
        if self.state == IDLE:
            self._temporary = self._tables.temporary
            self.settings.begin()
            self.state = IN_TRANSACTION
        else:
            call.sink.notice("there is already a transaction in progress")
        return call.plan.tag

    def _commit(self, call: _Call) -> str:
        if self.state == FAILED:
            return self._rollback(call).replace("COMMIT", "ROLLBACK")
        if self.state == IN_TRANSACTION:
            try:
                self._commit_it()
            except BaseException:
                self._undo(self._temporary)
                self.settings.rollback()
                raise
            finally:
                self.state = IDLE
            self.settings.commit()
        return call.plan.tag

    def _rollback(self, call: _Call) -> str:
        if self.state == IN_TRANSACTION:
            self._abort()
        if self.state == FAILED:
            self.state = IDLE
            self.settings.rollback()
        return call.plan.tag

    def _set(self, call: _Call) -> str:
        setting: commands.Setting = call.plan.data
        if self.state != IDLE or not setting.is_local:
            self.settings.set(setting)
        return call.plan.tag

    def _reset(self, call: _Call) -> str:
        self.settings.reset()
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
        self._check_alone(call.plan)
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
        commands.BEGIN: _begin,
        commands.COMMIT: _commit,
        commands.ROLLBACK: _rollback,
        commands.SET: _set,
        commands.RESET: _reset,
        commands.SHOW: _show,
        commands.LOCK: _lock,
        copy_command.COPY: _copy,
        commands.ANALYZE: _analyze,
        commands.VACUUM: _vacuum,
        databases.EXPLAIN: _explain,
        databases.CREATE_DATABASE: _create_database,
        databases.DROP_DATABASE: _drop_database,
    }

    # ---------- transactions

    def _in_transaction(self, plan: Plan, mode: Mode, work: Callable[[], str]) -> str:
        """Runs ``work`` in the client's transaction, or in one of its own."""
        if self.state != IDLE:
            self._transaction.enter(plan.reads, plan.locks, mode)
            return work()
        temporary = self._tables.temporary
        try:
            self._transaction.enter(plan.reads, plan.locks, mode)
            tag = work()
            self._commit_it()
        except BaseException:
            self._undo(temporary)
            raise
        return tag

    def _check_alone(self, plan: Plan) -> None:
        if self.state != IDLE:
            raise PgError("25001", f"{plan.tag} cannot run inside a transaction block")

    def fail(self) -> None:
        """After any error: the transaction's work is undone, its locks are free."""
        if self.state == IN_TRANSACTION:
            self._abort()
        self._transaction.release()

    def _abort(self) -> None:
        self._undo(self._temporary)
        self.state = FAILED

    def _undo(self, temporary: frozenset[str]) -> None:
        self._finish()
        self._transaction.rollback()
        self._tables.temporary = temporary

    def _commit_it(self) -> None:
        self._finish()
        if self._stop:
            raise self._stop
        self._transaction.commit()

    def _finish(self) -> None:
        """From here on nobody can stop the statement."""
        with self._guard:
            self._is_running = False

    # ---------- names and settings

    def _apply_search_path(self, schemas: list[str]) -> None:
        self._tables.path = tuple(schemas)
        self._cursor.execute(f"set search_path = '{','.join(schemas)}'")

    def _set_variable(self, name: str, value: object) -> None:
        self._cursor.execute(f"set variable {name} = $1", [value])

    def _set_session(self, *, copied: int) -> None:
        about = {"user": self._warehouse.user, "database": self._warehouse.database}
        self._set_variable(
            "redshift_session", about | {"pid": self.pid, "version": VERSION, "copied": copied}
        )

    def _list_databases(self) -> None:
        self._databases_version = self._databases.version
        listed = [
            {"db_name": name, "isolation_level": ISOLATION_NAMES[level]}
            for name, level in self._databases.listing().items()
        ]
        self._set_variable("redshift_databases", listed)

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
            raise Invalidated(error) from None
        session.fail()
        if isinstance(error, duckdb.InterruptException) and session._stop:
            raise session._stop from None
        if isinstance(error, (duckdb.Error, RuntimeError, OSError)) and (
            not isinstance(error, OSError) or is_disk_full(error)
        ):
            raise from_duckdb(error) from None
        if isinstance(error, UnicodeEncodeError):
            raise PgError("22021", "invalid byte sequence for encoding UTF8") from None
