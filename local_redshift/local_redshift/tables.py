"""Where a session's names lead, and what columns a table has."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import duckdb

from local_redshift import records
from local_redshift.create_table import ColumnDefinition
from local_redshift.errors import PgError
from local_redshift.lengths import Column
from local_redshift.macros import SYSTEM_SCHEMA
from local_redshift.reader import Name, identifier
from local_redshift.records import Cursor
from local_redshift.types import ColumnType

TABLE, VIEW = "table", "view"

Remembered = dict[Hashable, tuple[int, Any]]
"""What follows from the definitions of permanent tables and views, and how many of them there had been by then."""

_MOST_REMEMBERED = 4096


class Tables:
    """Where a session's names lead: its schema, and its temporary tables, which come first."""

    _definitions = 0
    """Goes up when a definition of a permanent table or view begins and ends: what is remembered is as old as this."""

    def __init__(self, database: str, remembered: Remembered) -> None:
        self.path: tuple[str, ...] = ("public",)
        self.temporary: frozenset[str] = frozenset()
        self._database = database
        self._remembered = remembered
        self._temporary_shapes: dict[str, list[Column]] = {}
        self._temporary_types: dict[str, Hashable] = {}
        self._snapshot = -1

    @property
    def definitions(self) -> int:
        """Number of definitions of permanent tables and views by now."""
        return self._definitions

    @property
    def schema(self) -> str:
        """Schema of unqualified names: the first of the search path."""
        return self.path[0]

    def is_temporary(self, name: Name) -> bool:
        return not name.schema and name.table in self.temporary

    def resolved(self, name: Name) -> Name:
        return name if name.schema else Name(self.schema, name.table)

    def place(self, name: Name) -> tuple[str, str, str]:
        """DuckDB's database, schema and table."""
        if self.is_temporary(name):
            return "temp", "main", name.table
        name = self.resolved(name)
        return self._database, name.schema, name.table

    def kind(self, cursor: Cursor, name: Name, *, is_begun: bool = True) -> str | None:
        """TABLE or VIEW, None for what does not exist; ``is_begun`` as for ``remembered``."""
        if self.is_temporary(name):
            return TABLE
        found: str | None = self.remembered(
            ("kind", self.resolved(name)), lambda: self._kind(cursor, name), is_begun=is_begun
        )
        return found

    def _kind(self, cursor: Cursor, name: Name) -> str | None:
        is_view = records.is_view(cursor, self.resolved(name))
        if is_view is not None:
            return VIEW if is_view else TABLE
        # DuckDB describes every table and view of the database before it finds this one.
        found = cursor.execute(
            f"""select '{TABLE}' from duckdb_tables()
            where database_name = $1 and schema_name = $2 and table_name = $3
            union all select '{VIEW}' from duckdb_views()
            where database_name = $1 and schema_name = $2 and view_name = $3""",
            list(self.place(name)),
        ).fetchone()
        return str(found[0]) if found else None

    def check_is_table(self, cursor: Cursor, name: Name, *, is_begun: bool = True) -> None:
        """Raises PgError 42P01 or 42809."""
        found = self.kind(cursor, name, is_begun=is_begun)
        if found is None:
            raise PgError("42P01", f'relation "{name}" does not exist')
        if found != TABLE:
            raise PgError("42809", f'"{name}" is not a table')

    @classmethod
    def changed(cls) -> None:
        """To be called before every definition of a permanent table or view, and before its locks are free."""
        cls._definitions += 1

    def begin(self) -> None:
        """To be called before each snapshot of the database is taken."""
        self._snapshot = self._definitions

    def remembered(self, key: Hashable, ask: Callable[[], Any], *, is_begun: bool = True) -> Any:
        """What ``ask`` says, which depends on permanent tables and views alone; asked again once any was defined.

        ``is_begun``: the answer is that of the transaction's snapshot.
        """
        now = self._definitions
        seen = self._snapshot if is_begun else now
        since, found = self._remembered.get(key, (-1, None))
        if not since == seen == now:
            found = ask()
            if seen == now == self._definitions:
                if len(self._remembered) >= _MOST_REMEMBERED:
                    self._remembered.clear()
                self._remembered[key] = now, found
        return found

    def forget_temporary(self, table: str | None = None) -> None:
        """To be called before a temporary table is defined, and for all when others are or something is undone."""
        if table is None:
            self._temporary_shapes.clear()
            self._temporary_types.clear()
        else:
            self._temporary_shapes.pop(table, None)
            self._temporary_types.pop(table, None)

    def remember_temporary(self, table: str, columns: list[Column], types: Hashable) -> None:
        """To be called when a temporary table has been made; ``types`` tells the types of its columns."""
        self._temporary_shapes[table] = columns
        self._temporary_types[table] = types

    def statement(self, sql: str, names: Iterable[Name], values: Sequence[object]) -> Hashable:
        """Key of a statement by all that its types depend on besides permanent definitions; None if it is not known.

        Names are those of what it reads and writes.
        """
        temporary = [name.table for name in names if self.is_temporary(name)]
        if any(table not in self._temporary_types for table in temporary):
            return None
        shapes = tuple((table, self._temporary_types[table]) for table in temporary)
        return "judged", sql, self.path, shapes, tuple(map(type, values))

    def is_judged(self, statement: Hashable, *, is_begun: bool = True) -> bool:
        """True if the statement has run with its guards on types since definitions last changed."""
        seen = self._snapshot if is_begun else self._definitions
        since, _ = self._remembered.get(statement, (-1, None))
        return since == seen == self._definitions

    def judge(self, statement: Hashable, *, is_begun: bool = True) -> None:
        """Records that the statement has run with its guards on types."""
        if statement is not None:
            self.remembered(statement, lambda: True, is_begun=is_begun)

    def temporary_lengths(self, cursor: Cursor, name: Name) -> list[Column]:
        """The columns of a temporary table."""
        if name.table not in self._temporary_shapes:
            self._temporary_shapes[name.table] = _declared_lengths(cursor, self, name)
        return self._temporary_shapes[name.table]

    def lengths(self, cursor: Cursor, name: Name) -> list[Column]:
        """The columns of a permanent table or view, remembered while nobody changes any: its name is qualified."""
        found: list[Column] = self.remembered(name, lambda: _known_lengths(cursor, self, name))
        return found

    def identities(self, cursor: Cursor, name: Name) -> frozenset[str]:
        """The columns of a table that take no values: IDENTITY, but not GENERATED BY DEFAULT.

        Whoever asks holds the table's lock, so a definition that is not committed yet is not missed.
        """
        if self.is_temporary(name):
            return frozenset()
        name = self.resolved(name)
        found: frozenset[str] = self.remembered(
            ("identities", name),
            lambda: frozenset(f.column for f in records.facts(cursor, name, records.IDENTITY)),
        )
        return found


def columns_of(
    cursor: Cursor, tables: Tables, name: Name, *, with_defaults: bool
) -> list[ColumnDefinition]:
    """The columns of a table as they were declared. Raises PgError 42P01."""
    place = tables.place(name)
    # duckdb_columns() describes every table of the database before it finds this one.
    try:
        rows = cursor.execute(
            """select name, type, dflt_value, not "notnull" from pragma_table_info($1)
            order by cid""",
            [".".join(map(identifier, place))],
        ).fetchall()
    except duckdb.CatalogException as error:
        raise PgError("42P01", f'relation "{name}" does not exist') from error
    texts = {column_name for column_name, data_type, *_ in rows if data_type == "VARCHAR"}
    sizes = _limits(cursor, tables, name, texts)
    return [
        ColumnDefinition(
            column_name,
            ColumnType(data_type, sizes.get(column_name)),
            default if with_defaults else None,
            not is_nullable,
        )
        for column_name, data_type, default, is_nullable in rows
    ]


def _limits(cursor: Cursor, tables: Tables, name: Name, texts: set[str]) -> dict[str, int]:
    """The lengths of a table's or view's texts in bytes, as far as they are known."""
    known: dict[str, int] = {}
    if not tables.is_temporary(name):
        facts = records.facts(cursor, tables.resolved(name), records.BYTES, records.VIEW)
        known = {f.column: int(f.detail) for f in facts if f.what == records.BYTES}
        if texts <= known.keys() or any(f.what == records.VIEW for f in facts):
            return known
    if not texts:
        return known
    # A table without records: DuckDB writes down every constraint of the database before it finds these.
    rows = cursor.execute(
        f"""select column_name, max_bytes from {SYSTEM_SCHEMA}.limits
        where database_name = $1 and schema_name = $2 and table_name = $3""",
        list(tables.place(name)),
    ).fetchall()
    return dict(rows)


def text_lengths(cursor: Cursor, tables: Tables, name: Name) -> list[Column]:
    """The columns of a table or view with their lengths in bytes, as far as they are known."""
    if tables.is_temporary(name):
        return tables.temporary_lengths(cursor, name)
    return tables.lengths(cursor, tables.resolved(name))


def _declared_lengths(cursor: Cursor, tables: Tables, name: Name) -> list[Column]:
    columns = columns_of(cursor, tables, name, with_defaults=False)
    return [Column(c.name, c.type.max_bytes) for c in columns]


def _known_lengths(cursor: Cursor, tables: Tables, name: Name) -> list[Column]:
    facts = records.facts(cursor, name, records.BYTES, records.VIEW_COLUMN)
    # To ask DuckDB for the columns of a view is to bind it, with all views below it.
    of_view = sorted((f.number, f.column) for f in facts if f.what == records.VIEW_COLUMN)
    if not of_view:
        return _declared_lengths(cursor, tables, name)
    known = {f.column: int(f.detail) for f in facts if f.what == records.BYTES}
    return [Column(column, known.get(column)) for _, column in of_view]
