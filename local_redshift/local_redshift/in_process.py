"""The engine without a socket, for tests of SQL: a connection like redshift_connector's over a session in this process.

The same statements, refusals and rows as through the server, without its protocol: nothing is encoded and decoded on
the way. Values are bound by name (``:day``), with the types the driver would send them as.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import duckdb
from redshift_connector import ProgrammingError

from local_redshift import commands, wire
from local_redshift.dialect import translate
from local_redshift.engine import Databases
from local_redshift.errors import PgError, from_duckdb
from local_redshift.plan import Plan
from local_redshift.reader import positional
from local_redshift.session import IDLE, Session

_INT2, _INT4, _INT8 = 21, 23, 20
_OIDS: dict[type, int] = {
    bool: 16,
    dt.date: wire.DATE,
    dt.datetime: wire.TIMESTAMP,
    Decimal: wire.NUMERIC,
    float: wire.FLOAT8,
    str: wire.UNKNOWN,
    type(None): wire.UNKNOWN,
}

_positional = lru_cache(maxsize=4096)(positional)


class Connection:
    """One client of a database. Raises ProgrammingError where it does not exist."""

    def __init__(self, databases: Databases, database: str) -> None:
        self.autocommit = False
        self.error: Exception | None = None
        self._database = database
        try:
            self._session = Session(databases, database, pid=1)
        except PgError as error:
            raise _as_driver(error) from error

    def cursor(self) -> Cursor:
        return Cursor(self)

    def commit(self) -> None:
        self._end(commands.COMMIT)

    def rollback(self) -> None:
        self._end(commands.ROLLBACK)

    def close(self) -> None:
        """Rolls back what is open."""
        self._session.close()

    def _end(self, how: str) -> None:
        self._run(Plan(how, how.upper()), [], Cursor(self))

    def execute(self, statement: str, values: Mapping[str, object], sink: Cursor) -> str:
        """Runs one statement, in a transaction unless in autocommit; returns its tag."""
        text, names = _positional(statement)
        bound = [values[name] for name in names]
        try:
            plan = translate(text, tuple(map(_oid, bound)), self._session.schema, self._database)
        except PgError as error:
            self._session.fail()
            raise _as_driver(error) from error
        if not self.autocommit and self._session.state == IDLE:
            self._run(Plan(commands.BEGIN, "BEGIN"), [], sink)
        return self._run(plan, bound, sink)

    def _run(self, plan: Plan, values: Sequence[Any], sink: Cursor) -> str:
        try:
            return self._session.execute(plan, values, sink)
        except PgError as error:
            raise _as_driver(error) from error
        except duckdb.Error as error:
            self._session.fail()
            raise _as_driver(from_duckdb(error)) from error


class Cursor:
    """The rows of the last statement; also where the session hands them over."""

    def __init__(self, connection: Connection) -> None:
        self.paramstyle = "named"
        self.rowcount = -1
        self.description: list[tuple[str]] = []
        self._connection = connection
        self._rows: list[tuple[Any, ...]] = []

    def execute(self, statement: str, values: Mapping[str, object] | None = None) -> None:
        self.rowcount, self.description, self._rows = -1, [], []
        count = self._connection.execute(statement, values or {}, self).rpartition(" ")[2]
        if count.isdigit():
            self.rowcount = int(count)

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._rows

    def columns(self, columns: Sequence[wire.Column]) -> None:
        self.description = [(column.name,) for column in columns]

    def rows(self, rows: Sequence[Sequence[Any]]) -> None:
        self._rows += map(tuple, rows)

    def notice(self, text: str) -> None:
        """Nobody reads it."""


def _as_driver(error: PgError) -> ProgrammingError:
    """The error as the driver raises it: the fields of the server's message."""
    said = {"S": "ERROR", "C": error.state, "M": error.message}
    return ProgrammingError(said | ({"D": error.detail} if error.detail else {}))


def _oid(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return _INT2 if abs(value) < 2**15 else _INT4 if abs(value) < 2**31 else _INT8
    return _OIDS[type(value)]
