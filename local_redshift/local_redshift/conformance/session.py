"""One connection to the Redshift that is compared, and the error of a statement it refused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from redshift_connector import Connection, DatabaseError, InterfaceError

Connect = Callable[[], AbstractContextManager[Connection]]
"""Opens a connection of redshift_connector in autocommit, and closes it at the end."""


class StatementFailed(Exception):
    """Redshift refused a statement: ``state`` is the SQLSTATE, ``message`` its words."""

    def __init__(self, state: str, message: str) -> None:
        self.state = state
        self.message = message
        super().__init__(f"[{state}] {message}")


class Session:
    """Statements over one connection; values are bound by name (``:day``)."""

    def __init__(self, connection: Connection) -> None:
        self._cursor = connection.cursor()
        self._cursor.paramstyle = "named"

    def execute(self, statement: str, **values: object) -> int:
        """Runs one statement; returns its row count, -1 where Redshift tells none."""
        try:
            self._cursor.execute(statement, values)
        except (DatabaseError, InterfaceError) as error:
            said = error.args[0] if error.args else None
            if not isinstance(said, dict):
                raise
            words = " ".join(said[key] for key in ("M", "D") if said.get(key))
            raise StatementFailed(said.get("C", ""), words) from error
        return int(self._cursor.rowcount)

    def rows(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        self.execute(statement, **values)
        return [tuple(row) for row in self._cursor.fetchall()]

    def value(self, statement: str, **values: object) -> Any:
        """The one value of a query that gives one row with one column."""
        ((value,),) = self.rows(statement, **values)
        return value
