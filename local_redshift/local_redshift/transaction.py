"""A session's transaction: DuckDB's own, the table locks, and the place in the serial order.

Begun late, with the first statement that takes a snapshot: BEGIN, SET and LOCK do not, so that a LOCK comes
before what it protects is looked at (guide: c_serial_isolation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import duckdb

from local_redshift import definitions
from local_redshift.engine import Warehouse
from local_redshift.errors import PgError
from local_redshift.isolation import SERIALIZABLE, Member, Violation
from local_redshift.locks import Mode
from local_redshift.reader import Name

Cursor = duckdb.DuckDBPyConnection


class Transaction:
    """What a session holds between its first statement and COMMIT or ROLLBACK."""

    def __init__(
        self,
        warehouse: Warehouse,
        cursor: Cursor,
        tables: definitions.Tables,
        pid: int,
        stopped: Callable[[], PgError | None],
    ) -> None:
        self.is_begun = False
        """Whether it has a snapshot."""
        self._warehouse = warehouse
        self._cursor = cursor
        self._tables = tables
        self._pid = pid
        self._stopped = stopped
        self._member: Member | None = None
        self._has_defined = False
        self._names: dict[Name, list[str]] = {}
        self._committed: dict[Name, list[str]] = {}

    def lock(self, names: Iterable[Name], mode: Mode) -> None:
        """Takes the locks on tables that others can see. Raises PgError 40P01, or what stopped the wait."""
        wanted = [str(self._tables.resolved(n)) for n in names if not self._is_temporary(n)]
        if wanted:
            self._warehouse.locks.acquire(self, wanted, mode, self._stopped)

    def lock_reads(self, names: Sequence[Name]) -> list[str]:
        """Locks tables against LOCK, DROP and ALTER, those behind views too; returns their full names."""
        found = self._bases(names)
        if found:
            self._warehouse.locks.acquire(self, found, Mode.READ, self._stopped)
        return found

    def enter(self, reads: Sequence[Name], writes: Sequence[Name], mode: Mode) -> None:
        """Comes before a statement: waits for its locks, then takes the snapshot if there is none.

        The snapshot must not be older than the locks. Raises PgError XX000/1023 where the statement leaves no
        serial order.
        """
        self.lock(writes, mode)
        read = self.lock_reads(reads)
        if not self.is_begun:
            if self._warehouse.isolation == SERIALIZABLE:
                self._member = self._warehouse.order.join(self._pid)
            self._committed = self._warehouse.names
            self._tables.begin()
            self._cursor.execute("begin")
            self.is_begun = True
        if self._member:
            written = [str(self._tables.resolved(n)) for n in writes if not self._is_temporary(n)]
            try:
                self._warehouse.order.note(self._member, read, written)
            except Violation as violation:
                raise self._violation(violation) from None

    def defined(self) -> None:
        """Says that names may lead elsewhere from now on; a temporary table changes nothing for others."""
        self._has_defined = True
        self._names = {}
        self._tables.changed()

    def commit(self) -> None:
        """Makes it last. Raises duckdb.Error when it did not."""
        if self.is_begun:
            self._cursor.execute("commit")
            self.is_begun = False
        if self._member:
            self._warehouse.order.committed(self._member)
            self._member = None
        if self._has_defined:
            self._warehouse.forget_names()
            self._tables.changed()
        self.release()

    def rollback(self) -> None:
        """Undoes it and frees its locks; does nothing when there is none."""
        if self.is_begun:
            with suppress(duckdb.Error):
                self._cursor.execute("rollback")
            self.is_begun = False
        self._tables.forget_temporary()
        if self._member:
            self._warehouse.order.leave(self._member)
            self._member = None
        if self._has_defined:
            self._tables.changed()
        self.release()

    def release(self) -> None:
        self._has_defined = False
        self._names = {}
        self._warehouse.locks.release(self)

    # ---------- names

    def _is_temporary(self, name: Name) -> bool:
        return not name.schema and name.table in self._tables.temporary

    def _bases(self, names: Sequence[Name]) -> list[str]:
        """The names with the tables behind the views among them."""
        committed = self._warehouse.names
        found: dict[str, None] = {}
        for name in names:
            if self._is_temporary(name):
                continue
            full = self._tables.resolved(name)
            bases = self._names.get(full) if self._has_defined else committed.get(full)
            if bases is None:
                behind = definitions.view_tables(self._cursor, self._tables, full)
                bases = [str(full), *sorted(str(n) for n in behind if n != full)]
                if self._has_defined:
                    self._names[full] = bases
                elif not self.is_begun or committed is self._committed:
                    # What an older snapshot says may be out of date for others.
                    committed[full] = bases
            found.update(dict.fromkeys(bases))
        return list(found)

    def _violation(self, violation: Violation) -> PgError:
        schema, _, table = violation.table.partition(".")
        number = self._cursor.execute(
            "select table_oid from duckdb_tables() where database_name = $1 and schema_name = $2 and table_name = $3",
            [self._warehouse.database, schema, table],
        ).fetchone()
        circle = ", ".join(str(member.xid) for member in reversed(violation.circle))
        return PgError(
            "XX000",
            "1023",
            f"Serializable isolation violation on table - {number[0] if number else violation.table}, "
            f"transactions forming the cycle are: {circle} (pid:{self._pid})",
        )
