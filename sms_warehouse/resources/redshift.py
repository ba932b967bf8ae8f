"""The warehouse: the only module that imports the Redshift driver.

Two ways in: ``session`` for reading, where every statement commits by itself, and ``transaction`` for writing,
which runs a piece of work between BEGIN and COMMIT and runs all of it again when Redshift asks for that or
the connection is lost.
"""

from __future__ import annotations

import decimal
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import dagster as dg
import redshift_connector
from redshift_connector.error import DatabaseError, InterfaceError

from sms_warehouse import settings

T = TypeVar("T")

_ATTEMPTS = 8
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 10.0
_LOST_CONNECTION = (InterfaceError, OSError)
_RETRIED_STATES = frozenset(
    {
        "40001",  # serialization failure
        "40P01",  # deadlock
        "57P01",  # the server is shutting down or restarting
        "57P02",
        "57P03",
        "53300",  # too many connections
        "25P03",  # our transaction idled too long
    }
)
# Redshift reports these with the general SQLSTATE XX000: 1023 is a serialization conflict, 1018 a table
# that was dropped or altered beside us, 1020 a snapshot that was cleaned up.
_RETRIED_MESSAGES = ("1023", "1018", "1020")

_PLACE = "check REDSHIFT_HOST and REDSHIFT_PORT"


class RedshiftUnavailable(Exception):
    """Nobody answers at the warehouse's address; the message names the address and what sets it."""


class RedshiftLoginFailed(Exception):
    """The warehouse answers and refuses the login; the message names the variables that set it."""


class StatementFailed(Exception):
    """Redshift refused a statement: ``state`` is the SQLSTATE, ``message`` its words."""

    def __init__(self, state: str, message: str, statement: str) -> None:
        self.state = state
        self.message = message
        self.statement = statement
        first_line = next((line for line in statement.splitlines() if line.strip()), "")
        super().__init__(f"[{state}] {message} (in: {first_line.strip()[:120]})")

    @property
    def is_worth_retrying(self) -> bool:
        return self.state in _RETRIED_STATES or (
            self.state == "XX000" and any(code in self.message for code in _RETRIED_MESSAGES)
        )


class Session:
    """One connection. Statements bind their values by name (``:day``)."""

    def __init__(self, connection: redshift_connector.Connection) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._cursor.paramstyle = "named"

    def execute(self, statement: str, **values: object) -> int:
        """Runs one statement; returns its row count, -1 where Redshift tells none."""
        try:
            self._cursor.execute(statement, values)
        except DatabaseError as error:
            raise _translated(error, statement) from error
        return int(self._cursor.rowcount)

    def rows(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        """All rows of a query. The driver keeps them all in memory: aggregate or limit in SQL."""
        self.execute(statement, **values)
        return [tuple(row) for row in self._cursor.fetchall()]

    def records(self, statement: str, **values: object) -> list[dict[str, Any]]:
        """All rows of a query as dictionaries by column name."""
        rows = self.rows(statement, **values)
        names = [column[0] for column in self._cursor.description]
        return [dict(zip(names, row, strict=True)) for row in rows]

    def value(self, statement: str, **values: object) -> Any:
        """The one value of a query that gives one row with one column."""
        ((value,),) = self.rows(statement, **values)
        return value


def _translated(error: DatabaseError, statement: str) -> Exception:
    detail = error.args[0] if error.args else ""
    if isinstance(error, InterfaceError) or not isinstance(detail, dict):
        return error
    return StatementFailed(
        str(detail.get("C", "")),
        " ".join(str(detail[k]) for k in ("M", "D") if detail.get(k)),
        statement,
    )


def _connect() -> redshift_connector.Connection:
    login = settings.redshift_login()
    where = (
        f"{login.get('host', login.get('cluster_identifier', login.get('serverless_work_group')))}"
    )
    if "port" in login:
        where += f":{login['port']}"
    # The driver rounds decimals to the thread's context while it decodes them (38 digits on Redshift).
    decimal.getcontext().prec = max(decimal.getcontext().prec, 40)
    try:
        return redshift_connector.connect(application_name="sms_warehouse", **login)
    except (DatabaseError, *_LOST_CONNECTION) as error:
        # What the server says before a session begins comes as an InterfaceError with its words inside.
        detail = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
        state = str(detail.get("C", ""))
        if state.startswith("28"):
            raise RedshiftLoginFailed(
                f"Redshift at {where} refused user {login.get('user', login.get('db_user'))!r}: "
                f"{detail.get('M')}; check REDSHIFT_USER and REDSHIFT_PASSWORD"
            ) from None
        if state == "3D000":
            raise RedshiftLoginFailed(
                f"Redshift at {where} has no database {login['database']!r}; check REDSHIFT_DATABASE"
            ) from None
        if "SSL" in str(error):
            raise RedshiftUnavailable(
                f"Redshift at {where} and we do not agree on TLS: {error}; check REDSHIFT_SSL"
            ) from error
        said = "does not let us in" if detail else "does not answer"
        raise RedshiftUnavailable(f"Redshift at {where} {said}: {error}; {_PLACE}") from error


class Redshift(dg.ConfigurableResource):
    """Redshift through its own driver: a provisioned cluster, a serverless workgroup or the local stand-in.

    Where it is and who asks are the ``REDSHIFT_*`` environment variables.
    """

    @contextmanager
    def session(self, query_group: str, *, autocommit: bool = True) -> Iterator[Session]:
        """A connection of its own, closed at the end; ``query_group`` labels its queries in Redshift.

        With autocommit, the default, a reader never leaves a transaction open behind it.
        Raises RedshiftUnavailable, RedshiftLoginFailed or SettingError.
        """
        connection = _connect()
        try:
            connection.autocommit = True
            session = Session(connection)
            # Outside the transaction: LOCK has to be the first statement inside it.
            session.execute(f"set query_group to '{query_group}'")
            connection.autocommit = autocommit
            yield session
        finally:
            # A dead server makes close() fail too; the work's own error is the one to report.
            with suppress(Exception):
                connection.close()

    def transaction(self, query_group: str, work: Callable[[Session], T]) -> T:
        """Runs ``work`` in one transaction and commits it; returns what it returned.

        All of it is run again on a serialization conflict, a deadlock or a lost connection, the reply to
        COMMIT included: then nobody knows whether it was committed. So ``work`` has to begin with the LOCK
        that keeps others out, and then look at what is already done.
        """
        pause_s = _FIRST_PAUSE_S
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self.session(query_group, autocommit=False) as session:
                    try:
                        result = work(session)
                        session._connection.commit()
                    except BaseException:
                        # The error that brought us here matters, not that a dead connection cannot roll back.
                        with suppress(Exception):
                            session._connection.rollback()
                        raise
                    return result
            except RedshiftUnavailable:
                if attempt in (1, _ATTEMPTS):
                    raise
            except StatementFailed as error:
                if not error.is_worth_retrying or attempt == _ATTEMPTS:
                    raise
            except DatabaseError as error:
                failed = _translated(error, "commit")
                if isinstance(failed, StatementFailed) and not failed.is_worth_retrying:
                    raise failed from error
                if attempt == _ATTEMPTS:
                    raise
            except _LOST_CONNECTION:
                if attempt == _ATTEMPTS:
                    raise
            time.sleep(pause_s * random.uniform(0.5, 1.5))
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        raise AssertionError("unreachable: the last attempt returns or raises")
