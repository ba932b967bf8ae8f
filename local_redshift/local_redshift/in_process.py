"""The engine without a socket, for tests of SQL: the same statements, refusals and rows as through the server.

Values are bound by name (``:day``), with the types the driver would send them as.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from local_redshift import wire
from local_redshift.dialect import translate
from local_redshift.engine import Databases
from local_redshift.reader import positional
from local_redshift.session import Session

_INT2, _INT4, _INT8, _UNKNOWN = 21, 23, 20, 705
_OIDS: dict[type, int] = {
    bool: 16,
    dt.date: 1082,
    dt.datetime: 1114,
    Decimal: wire.NUMERIC,
    float: 701,
    str: _UNKNOWN,
    type(None): _UNKNOWN,
}


@dataclass
class Answer:
    """Result of a statement: rows, names of their columns, and the number of rows changed (-1: not told)."""

    names: list[str] = field(default_factory=list)
    found: list[tuple[Any, ...]] = field(default_factory=list)
    changed: int = -1

    # A session hands its results to these.

    def columns(self, columns: Sequence[wire.Column]) -> None:
        self.names = [column.name for column in columns]

    def rows(self, rows: Sequence[Sequence[Any]]) -> None:
        self.found += [tuple(row) for row in rows]

    def notice(self, text: str) -> None:
        """Nobody reads it."""


class Client:
    """One client of a database, in this process."""

    def __init__(self, session: Session, database: str) -> None:
        self._session = session
        self._database = database

    def run(self, statement: str, values: Mapping[str, object]) -> Answer:
        """Runs one statement. Raises PgError, after which a transaction that was open has to be rolled back."""
        text, names = _positional(statement)
        bound = [values[name] for name in names]
        plan = translate(text, tuple(map(_oid, bound)), self._session.schema, self._database)
        answer = Answer()
        count = self._session.execute(plan, bound, answer).rpartition(" ")[2]
        if count.isdigit():
            answer.changed = int(count)
        return answer


@contextmanager
def connected(databases: Databases, database: str) -> Iterator[Client]:
    """A client in autocommit, rolled back and closed at the end. Raises PgError 3D000."""
    session = Session(databases, database, pid=1)
    try:
        yield Client(session, database)
    finally:
        session.close()


def _oid(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return _INT2 if abs(value) < 2**15 else _INT4 if abs(value) < 2**31 else _INT8
    return _OIDS[type(value)]


_positional = lru_cache(maxsize=4096)(positional)
