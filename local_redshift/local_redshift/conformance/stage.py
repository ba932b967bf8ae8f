"""Where scenarios play: sessions of their own on the scratch schema, and statements that have to wait."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress

from local_redshift.conformance.session import Connect, Session, StatementFailed

_PAUSE_S = 0.5
_PATIENCE_S = 60.0


class Stage:
    """The scratch schema for one scenario. Its sessions are closed and its tables dropped afterwards."""

    def __init__(self, connect: Connect, schema: str, exits: ExitStack) -> None:
        self._connect = connect
        self._schema = schema
        self._exits = exits
        # Ends after the sessions: one that waits for a lock is let go when the others close.
        self._threads = exits.enter_context(ThreadPoolExecutor())
        self._setup = self.session()
        self._tables: list[str] = []
        exits.callback(self._drop)

    def session(self) -> Session:
        """Another session, each statement of which commits by itself until it says BEGIN."""
        session = Session(self._exits.enter_context(self._connect()))
        session.execute(f"set search_path to {self._schema}")
        return session

    def table(self, name: str, columns: str, *rows: str) -> str:
        """Makes a table with these rows; returns its name."""
        self._setup.execute(f"drop table if exists {name}")
        self._tables.append(name)
        self._setup.execute(f"create table {name} ({columns})")
        for row in rows:
            self._setup.execute(f"insert into {name} values ({row})")
        return name

    def _drop(self) -> None:
        # Whoever comes here with an error has a more telling one than a table that stays.
        with suppress(Exception):
            for name in self._tables:
                self._setup.execute(f"drop table if exists {name}")

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What a session beside all the others sees now."""
        return self._setup.rows(query)

    def value(self, query: str) -> object:
        """The one value that a session beside all the others sees now."""
        return self._setup.value(query)

    def later(self, session: Session, statement: str) -> Future[str]:
        """Runs a statement that may have to wait; the future's result is "done" or its SQLSTATE."""
        return self._threads.submit(outcome_of, session, statement)


def outcome_of(session: Session, statement: str) -> str:
    """Runs the statement; "done", or the SQLSTATE it failed with."""
    try:
        session.execute(statement)
    except StatementFailed as error:
        return error.state
    return "done"


def is_waiting(future: Future[str]) -> bool:
    """Whether it is still not done after a pause in which anything that need not wait would be."""
    return not wait([future], timeout=_PAUSE_S).done


def ended(future: Future[str]) -> str:
    """How it ended; raises TimeoutError when it does not."""
    return future.result(timeout=_PATIENCE_S)


@contextmanager
def stage(connect: Connect, schema: str) -> Iterator[Stage]:
    with ExitStack() as exits:
        yield Stage(connect, schema, exits)
