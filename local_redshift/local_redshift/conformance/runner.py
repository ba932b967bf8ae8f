"""Runs rows and scenarios against a Redshift, one after the other, and says for each what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from local_redshift.conformance.outcome import Outcome
from local_redshift.conformance.rows import Fails, Row, Scenario, Types, same
from local_redshift.conformance.session import Connect, Session, StatementFailed
from local_redshift.conformance.stage import stage

SECTION = "conformance"
# What the local stand-in says of itself in version(), and when it refuses what it cannot do as Redshift does.
_STAND_IN = "local stand-in"
_REFUSAL = "local Redshift"
_TYPED = "conformance_typed"


class _SetupFailed(Exception):
    """A statement before the one that is compared failed: never what a row expects."""

    def __init__(self, error: StatementFailed) -> None:
        super().__init__(str(error))
        self.error = error


class Runner:
    """Compares rows with one Redshift. All simple rows share a connection, made again when it is lost."""

    def __init__(self, connect: Connect, schema: str) -> None:
        self._connect = connect
        self._schema = schema
        self._open: ExitStack | None = None
        self._session: Session | None = None
        self._is_stand_in = _STAND_IN in str(self._connected().value("select version()"))

    def close(self) -> None:
        """Closes the shared connection."""
        if self._open is not None:
            self._open.close()
        self._open = self._session = None

    def outcome(self, topic: str, row: Row | Scenario) -> Outcome:
        """Runs one row. Whatever goes wrong is the row's outcome, so that the others still run."""
        try:
            found = self._found(row)
        except StatementFailed as error:
            return self._failed(topic, row, error, row.expected)
        except _SetupFailed as error:
            return self._failed(topic, row, error.error, None)
        except Exception as error:
            self.close()
            return self._said(topic, row, False, f"{type(error).__name__}: {error}")
        if isinstance(row.expected, Types):
            return self._said(topic, row, found == row.expected, str(found))
        if isinstance(row.expected, Fails):
            return self._said(topic, row, False, repr(found))
        return self._said(topic, row, same(found, row.expected), repr(found))

    def _failed(
        self, topic: str, row: Row | Scenario, error: StatementFailed, expected: object
    ) -> Outcome:
        found = f"[{error.state}] {error.message}"
        if isinstance(expected, Fails) and error.state in expected.states:
            return self._said(topic, row, expected.words.lower() in error.message.lower(), found)
        if self._is_stand_in and (error.state == "0A000" or _REFUSAL in error.message):
            note = f"refused by the local stand-in: {error.message}"
            return self._said(topic, row, None, found, note)
        agreed = (
            isinstance(expected, Fails)
            and not expected.states
            and expected.words.lower() in error.message.lower()
        )
        return self._said(topic, row, agreed, found)

    def _said(
        self, topic: str, row: Row | Scenario, agreed: bool | None, found: str, note: str = ""
    ) -> Outcome:
        expected = row.expected
        if agreed is False and self._is_stand_in and isinstance(row, Row) and row.differs:
            agreed, note = None, f"the local stand-in is known to differ: {row.differs}"
        shown = str(expected) if isinstance(expected, (Fails, Types)) else repr(expected)
        return Outcome(SECTION, f"{topic}: {row.name}", agreed, shown, found, row.page, note)

    def _found(self, row: Row | Scenario) -> object:
        if isinstance(row, Scenario):
            with stage(self._connect, self._schema) as its_own:
                return row.play(its_own)
        session = self._connected()
        with _rolled_back(session):
            try:
                for statement in row.setup:
                    session.execute(statement)
            except StatementFailed as error:
                raise _SetupFailed(error) from error
            if isinstance(row.expected, Types):
                session.execute(f"create table {_TYPED} as {row.sql}")
                return _types(session, self._schema)
            return session.rows(row.sql) if _is_query(row.sql) else session.execute(row.sql)

    def _connected(self) -> Session:
        if self._session is None:
            with ExitStack() as exits:
                session = Session(exits.enter_context(self._connect()))
                session.execute(f"set search_path to {self._schema}")
                self._open, self._session = exits.pop_all(), session
        return self._session


@contextmanager
def _rolled_back(session: Session) -> Iterator[None]:
    session.execute("begin")
    try:
        yield
    except StatementFailed:
        session.execute("rollback")
        raise
    except BaseException:
        with suppress(Exception):
            session.execute("rollback")
        raise
    else:
        session.execute("rollback")


def _is_query(sql: str) -> bool:
    return sql.split(None, 1)[0].lower().lstrip("(") in {"select", "with"}


def _types(session: Session, schema: str) -> Types:
    columns = session.rows(
        "select data_type, numeric_precision, numeric_scale, character_maximum_length "
        "from information_schema.columns "
        "where table_schema = :schema and table_name = :name order by ordinal_position",
        schema=schema,
        name=_TYPED,
    )
    return Types(tuple(_type(*column) for column in columns))


def _type(name: str, precision: int | None, scale: int | None, length: int | None) -> str:
    if name == "numeric":
        return f"numeric({precision},{scale})"
    return f"{name}({length})" if length is not None else name
