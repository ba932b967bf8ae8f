"""The warehouse: the only module that imports the Redshift driver.

Two ways in: ``session`` for reading, where every statement commits by itself, and ``transaction`` for writing,
which runs a piece of work between BEGIN and COMMIT and runs all of it again when Redshift asks for that or
the connection is lost. Whatever the driver raises comes out as one of the exceptions below.
"""

from __future__ import annotations

import logging
import random
import re
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import boto3
import dagster as dg
import redshift_connector
from botocore.exceptions import BotoCoreError, ClientError
from redshift_connector.error import DatabaseError, InterfaceError

from sms_warehouse import settings

T = TypeVar("T")

_LONGEST_PAUSE_S = 10.0
_MOST_VALUES = 32767
_LOGIN_SECONDS = 30
# Numbers and dates come as text. The driver's binary protocol rounds a NUMERIC to the digits of the thread's
# decimal context and moves dates before 1582-10-15 by ten days and more.
_PROTOCOL = 1
# A NAT gateway forgets a silent connection after 350 s, the kernel's first probe would come after two hours.
_KEEPALIVE = {
    "tcp_keepalive_idle": 60,
    "tcp_keepalive_interval": 10,
    "tcp_keepalive_count": 6,
}

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
# Redshift reports these with the general SQLSTATE XX000 and the number as the whole message: 1023 is a
# serialization conflict, 1018 a table that was dropped or altered beside us, 1020 a snapshot that was cleaned up.
# https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation-serializable-isolation-troubleshooting.html
_RETRIED_NUMBERS = re.compile(r"(error:\s*)?(1018|1020|1023)\b(?!\S)", re.IGNORECASE)

# Words for data that cannot be read, as in STL_LOAD_ERRORS, and the detail that Redshift draws a line above.
# https://docs.aws.amazon.com/redshift/latest/dg/r_Load_Error_Reference.html
_DATA_ERROR = re.compile(r"\bcode:\s*12\d\d\b")
_DETAIL = re.compile(r"\s*-{5,}")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")

_logger = logging.getLogger(__name__)


class RedshiftUnavailable(Exception):
    """Nobody answers at the warehouse's address, or nobody is let in; the message names the address and what
    sets it."""

    is_worth_retrying = False


class RedshiftBusy(RedshiftUnavailable):
    """The warehouse answers and has no room at the moment: it starts, it stops, or it is full."""

    is_worth_retrying = True


class ConnectionLost(RedshiftUnavailable):
    """The connection ended in the middle of a statement. Nobody knows whether the statement took effect."""

    is_worth_retrying = True


class RedshiftLoginFailed(Exception):
    """The warehouse answers and refuses the login, or AWS gives none; the message names the variables that set
    it."""


class StatementFailed(Exception):
    """Redshift refused a statement: ``state`` is the SQLSTATE, ``message`` its words.

    As text it tells no value of a row: what a run fails with, Dagster stores and shows.
    """

    def __init__(self, state: str, message: str, statement: str) -> None:
        self.state = state
        self.message = message
        self.statement = statement
        told = _without_values(message) if self.is_about_a_value else message
        super().__init__(f"[{state}] {told} (in: {_first_line(statement)})")

    @property
    def is_about_a_value(self) -> bool:
        """Whether the words may quote a value: a data exception, or an error of Redshift's for data it reads."""
        return self.state.startswith("22") or _DATA_ERROR.search(self.message) is not None

    @property
    def is_worth_retrying(self) -> bool:
        return self.state in _RETRIED_STATES or (
            self.state == "XX000" and _RETRIED_NUMBERS.match(self.message) is not None
        )


class Session:
    """One connection. Statements bind their values by name (``:day``).

    Raises StatementFailed and ConnectionLost, and for values that cannot be sent ValueError or the driver's
    NotSupportedError.
    """

    def __init__(self, connection: redshift_connector.Connection) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._cursor.paramstyle = "named"
        self._failed: StatementFailed | None = None

    def execute(self, statement: str, **values: object) -> int:
        """Runs one statement; returns its row count, -1 where Redshift tells none."""
        if len(values) > _MOST_VALUES:
            # The driver finds that out too, after a search that is quadratic in their number.
            raise ValueError(f"{len(values)} values: a statement binds at most {_MOST_VALUES}")
        with self._errors_of(statement):
            self._cursor.execute(statement, values)
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

    def _commit(self) -> None:
        # To COMMIT after an error Redshift answers with a ROLLBACK and no error.
        if self._failed:
            raise self._failed
        with self._errors_of("commit"):
            self._connection.commit()

    @contextmanager
    def _errors_of(self, statement: str) -> Iterator[None]:
        # The driver forgets the last error when it reads, which it never does if it cannot even write.
        self._connection.error = None
        try:
            yield
        except OSError as error:
            # The server may have said why before it hung up.
            last = _said(self._connection.error)
            words = f"[{last['C']}] {last['M']}" if last else str(error)
            raise ConnectionLost(
                f"Redshift ended the connection: {words} (in: {_first_line(statement)}); "
                "nobody knows whether the statement took effect"
            ) from error
        except (DatabaseError, InterfaceError) as error:
            said = _said(error)
            if not said:
                raise
            self._failed = StatementFailed(
                said.get("C", ""), " ".join(said[k] for k in ("M", "D") if said.get(k)), statement
            )
            raise self._failed from (None if self._failed.is_about_a_value else error)


def _without_values(message: str) -> str:
    return _QUOTED.sub("...", _DETAIL.split(message)[0])


def _first_line(statement: str) -> str:
    lines = (line.strip() for line in statement.splitlines())
    return next(filter(None, lines), "")[:120]


def _said(error: BaseException | None) -> dict[str, str]:
    """The fields of the server's message that an error of the driver carries, empty if the server sent none."""
    said = error.args[0] if error is not None and error.args else None
    return said if isinstance(said, dict) else {}


def _connect() -> redshift_connector.Connection:
    login = settings.redshift_login()
    if login.get("iam") and (region := boto3.session.Session().region_name):
        # Otherwise the driver guesses it from the reverse name of the host's address.
        login["region"] = region
    try:
        connection = redshift_connector.connect(
            application_name="sms_warehouse",
            client_protocol_version=_PROTOCOL,
            timeout=_LOGIN_SECONDS,
            **_KEEPALIVE,
            **login,
        )
    except Exception as error:
        # While it connects the driver decodes whatever comes from that address, so anything can be raised.
        raise _refused(error, login) from error
    # Until the end of the login a server that stays silent is a dead one; a statement may take hours.
    connection._usock.settimeout(None)
    connection._read = _whole(connection._read)
    return connection


def _whole(read: Callable[[int], bytes]) -> Callable[[int], bytes]:
    """Reads all or raises: the driver takes a stream that ends in a message for a short message, and decodes it."""

    def read_all(count: int) -> bytes:
        data = read(count)
        if len(data) < count:
            raise ConnectionResetError("the server closed the connection")
        return data

    return read_all


def _refused(error: Exception, login: dict[str, Any]) -> Exception:
    """What stands between us and a connection, and which variables change it."""
    where = str(
        login.get("host") or login.get("cluster_identifier") or login["serverless_work_group"]
    )
    if "port" in login:
        where += f":{login['port']}"
    user = login.get("user", login.get("db_user"))
    if isinstance(error, (BotoCoreError, ClientError)):
        return RedshiftLoginFailed(
            f"AWS gave no login for Redshift at {where}: {error}; check the AWS_* variables, and which Redshift "
            f"{_iam_names(login)} name"
        )
    said = _said(error)
    state, words = said.get("C", ""), said.get("M")
    if state.startswith("28"):
        names = _iam_names(login) if login.get("iam") else "REDSHIFT_USER and REDSHIFT_PASSWORD"
        whom = f"user {user!r}" if user else "the user that AWS named"
        return RedshiftLoginFailed(f"Redshift at {where} refused {whom}: {words}; check {names}")
    if state == "3D000":
        return RedshiftLoginFailed(
            f"Redshift at {where} has no database {login['database']!r}; check REDSHIFT_DATABASE"
        )
    if state in _RETRIED_STATES:
        return RedshiftBusy(f"Redshift at {where} does not let us in now: [{state}] {words}")
    if state:
        return RedshiftUnavailable(f"Redshift at {where} does not let us in: [{state}] {words}")
    if hint := _tls_hint(error):
        return RedshiftUnavailable(f"Redshift at {where} and we do not agree on TLS: {hint}")
    return RedshiftUnavailable(
        f"Redshift at {where} does not answer: {_words(error)}; check REDSHIFT_HOST and REDSHIFT_PORT"
    )


def _iam_names(login: dict[str, Any]) -> str:
    if "serverless_work_group" in login:
        return "REDSHIFT_IAM and REDSHIFT_WORKGROUP"
    return "REDSHIFT_IAM, REDSHIFT_CLUSTER_IDENTIFIER and REDSHIFT_USER"


def _words(error: Exception) -> str:
    causes = [str(a) for a in error.args if isinstance(a, Exception)]
    return ", ".join(causes) or f"{type(error).__name__}: {error}"


def _tls_hint(error: Exception) -> str | None:
    """Why TLS failed and what to change; None for an error of another kind."""
    if "Server refuses SSL" in str(error):
        return "the server offers none; REDSHIFT_SSL=false does without"
    failed = next((a for a in error.args if isinstance(a, ssl.SSLError)), None)
    if not isinstance(failed, ssl.SSLCertVerificationError):
        return f"{failed}; check REDSHIFT_HOST, REDSHIFT_PORT and REDSHIFT_SSL" if failed else None
    # The codes are OpenSSL's X509_V_ERR_*.
    match failed.verify_code:
        case 10:
            return "the server's certificate has expired; renew it"
        case 62 | 64:
            return f"{failed.verify_message}; set REDSHIFT_HOST to the name in the server's certificate"
        case _:
            return (
                f"{failed.verify_message}; the driver knows the authorities of AWS and the system's, "
                "set SSL_CERT_FILE to a PEM file with yours"
            )


class Redshift(dg.ConfigurableResource):
    """Redshift through its own driver: a provisioned cluster, a serverless workgroup or the local stand-in.

    Where it is and who asks are the ``REDSHIFT_*`` environment variables. ``attempts`` is how often a transaction
    is tried, ``first_pause_s`` the seconds before the second try; each further pause is twice as long, up to ten.
    """

    attempts: int = 8
    first_pause_s: float = 0.1

    @contextmanager
    def connection(self, query_group: str) -> Iterator[redshift_connector.Connection]:
        """A connection of the driver in autocommit, closed at the end; ``query_group`` labels its queries.

        Raises RedshiftUnavailable, RedshiftLoginFailed or SettingError.
        """
        connection = _connect()
        try:
            connection.autocommit = True
            session = Session(connection)
            # Outside a transaction: LOCK has to be the first statement inside it.
            session.execute(f"set query_group to '{query_group}'")
            # The driver reads every other style as the last day of the year 9999.
            session.execute("set datestyle to 'ISO, MDY'")
            yield connection
        finally:
            # A dead server makes close() fail too; the work's own error is the one to report.
            with suppress(Exception):
                connection.close()

    @contextmanager
    def session(self, query_group: str, *, autocommit: bool = True) -> Iterator[Session]:
        """A session over a connection of its own, closed at the end.

        With autocommit, the default, a reader never leaves a transaction open behind it.
        Raises RedshiftUnavailable, RedshiftLoginFailed or SettingError.
        """
        with self.connection(query_group) as connection:
            connection.autocommit = autocommit
            yield Session(connection)

    def transaction(self, query_group: str, work: Callable[[Session], T]) -> T:
        """Runs ``work`` in one transaction and commits it; returns what it returned.

        All of it is run again on a serialization conflict, a deadlock or a lost connection, the reply to
        COMMIT included: then nobody knows whether it was committed. So ``work`` has to begin with the LOCK
        that keeps others out, and then look at what is already done. After the last attempt its error is raised.
        """
        pause_s = self.first_pause_s
        for attempt in range(1, self.attempts + 1):
            try:
                return self._attempt(query_group, work)
            except (StatementFailed, RedshiftUnavailable) as error:
                # Who never answered is not waited for; who did a moment ago may be starting again.
                is_restarting = attempt > 1 and isinstance(error, RedshiftUnavailable)
                if attempt == self.attempts or not (error.is_worth_retrying or is_restarting):
                    raise
                pause = pause_s * random.uniform(0.5, 1.5)
                _logger.warning(
                    "%s, attempt %d of %d: %s; again in %.1f s",
                    query_group,
                    attempt,
                    self.attempts,
                    error,
                    pause,
                )
            time.sleep(pause)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _attempt(self, query_group: str, work: Callable[[Session], T]) -> T:
        with self.session(query_group, autocommit=False) as session:
            try:
                result = work(session)
                session._commit()
            except Exception:
                # The error that brought us here matters, not that a dead connection cannot roll back. After an
                # interrupt there is no ROLLBACK: it would wait for the statement that was interrupted.
                with suppress(Exception):
                    session._connection.rollback()
                raise
            return result
