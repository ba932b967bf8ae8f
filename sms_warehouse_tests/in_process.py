"""The warehouse on the local Redshift's engine in this process: the same SQL, no socket and no login.

For tests of rules that live in SQL alone. What the driver, the server or S3 do belongs to tests of the whole stack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from local_redshift.engine import Databases
from local_redshift.errors import PgError
from local_redshift.in_process import Answer, Client, connected
from sms_warehouse.resources.redshift import Redshift, Session, StatementFailed

T = TypeVar("T")


class InProcessSession(Session):
    """A session of the engine; a statement that it refuses fails as on Redshift."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._answer = Answer()

    def execute(self, statement: str, **values: object) -> int:
        try:
            self._answer = self._client.run(statement, values)
        except PgError as error:
            words = " ".join(filter(None, (error.message, error.detail)))
            raise StatementFailed(error.state, words, statement) from error
        return self._answer.changed

    def rows(self, statement: str, **values: object) -> list[tuple[Any, ...]]:
        self.execute(statement, **values)
        return self._answer.found

    def records(self, statement: str, **values: object) -> list[dict[str, Any]]:
        rows = self.rows(statement, **values)
        return [dict(zip(self._answer.names, row, strict=True)) for row in rows]


class InProcessRedshift(Redshift):
    """One database of the engine. Tests call it from one thread: nobody else can hold a lock."""

    _databases: Databases
    _database: str

    @classmethod
    def of(cls, databases: Databases, database: str) -> InProcessRedshift:
        redshift = cls()
        object.__setattr__(redshift, "_databases", databases)
        object.__setattr__(redshift, "_database", database)
        return redshift

    @contextmanager
    def session(self, query_group: str, *, autocommit: bool = True) -> Iterator[Session]:
        with connected(self._databases, self._database) as client:
            session = InProcessSession(client)
            if not autocommit:
                session.execute("begin")
            yield session

    def transaction(self, query_group: str, work: Callable[[Session], T]) -> T:
        with self.session(query_group, autocommit=False) as session:
            try:
                result = work(session)
                session.execute("commit")
            except Exception:
                with suppress(StatementFailed):
                    session.execute("rollback")
                raise
            return result
