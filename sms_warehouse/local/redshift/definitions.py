"""What CREATE, ALTER and DROP do to DuckDB's catalog, and where a session finds its tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb

from sms_warehouse.local.redshift import ddl, wire
from sms_warehouse.local.redshift.errors import PgError, from_duckdb, unsupported
from sms_warehouse.local.redshift.functions import SYSTEM_SCHEMA
from sms_warehouse.local.redshift.plan import ADD_COLUMN, DROP, LIKE, Plan
from sms_warehouse.local.redshift.reader import Name, identifier
from sms_warehouse.local.redshift.types import ColumnType

Cursor = duckdb.DuckDBPyConnection


class Tables:
    """Where a session's names lead: its schema, and its temporary tables, which come first."""

    def __init__(self, database: str) -> None:
        self.schema = "public"
        self.temporary: frozenset[str] = frozenset()
        self._database = database

    def resolved(self, name: Name) -> Name:
        return name if name.schema else Name(self.schema, name.table)

    def place(self, name: Name) -> tuple[str, str, str]:
        """DuckDB's database, schema and table."""
        if not name.schema and name.table in self.temporary:
            return "temp", "main", name.table
        name = self.resolved(name)
        return self._database, name.schema, name.table

    def check_is_table(self, cursor: Cursor, name: Name) -> None:
        """Raises PgError 42P01 or 42809."""
        found = cursor.execute(
            """select 'table' from duckdb_tables()
            where database_name = $1 and schema_name = $2 and table_name = $3
            union all select 'view' from duckdb_views()
            where database_name = $1 and schema_name = $2 and view_name = $3""",
            list(self.place(name)),
        ).fetchone()
        if found is None:
            raise PgError("42P01", f'relation "{name}" does not exist')
        if found[0] != "table":
            raise PgError("42809", f'"{name}" is not a table')


def run(plan: Plan, values: Sequence[Any], cursor: Cursor, tables: Tables) -> None:
    """Carries out one definition inside the transaction that is open. Raises PgError or duckdb.Error."""
    if plan.kind == DROP:
        _drop(plan, cursor, tables)
    elif plan.kind == LIKE:
        _create_like(plan.data, cursor, tables)
    elif plan.kind == ADD_COLUMN:
        _add_column(plan.data, cursor, tables)
    else:
        _define(plan, values, cursor, tables)


def _define(plan: Plan, values: Sequence[Any], cursor: Cursor, tables: Tables) -> None:
    created = plan.data if isinstance(plan.data, ddl.Created) else None
    if created and created.query:
        # A column must not get a type that Redshift would not give it.
        for row in cursor.execute(f"describe {created.query}", values).fetchall():
            wire.column(row[0], row[1])
    for statement in plan.sql:
        cursor.execute(statement, values)
    if created and created.is_temporary:
        tables.temporary |= {created.target.table}


def _drop(plan: Plan, cursor: Cursor, tables: Tables) -> None:
    kind, _, names = plan.data
    for statement in plan.sql:
        try:
            cursor.execute(statement)
        except duckdb.CatalogException as error:
            # IF EXISTS of a table covers its schema too.
            if "if exists" not in statement or from_duckdb(error).state != "3F000":
                raise
    if kind == "table":
        tables.temporary -= {n.table for n in names if not n.schema}


def _create_like(like: ddl.Like, cursor: Cursor, tables: Tables) -> None:
    columns = columns_of(cursor, tables, like.source, with_defaults=like.with_defaults)
    words = f"create {'temp ' if like.is_temporary else ''}table "
    words += "if not exists " if like.if_not_exists else ""
    cursor.execute(f"{words}{like.target.sql} ({', '.join(c.sql() for c in columns)})")
    if like.is_temporary:
        tables.temporary |= {like.target.table}


def _add_column(add: ddl.AddColumn, cursor: Cursor, tables: Tables) -> None:
    """DuckDB can add neither a CHECK nor NOT NULL: such a column makes a new table of the old one."""
    if add.target.table in tables.temporary and not add.target.schema:
        raise unsupported("ALTER TABLE of a temporary table")
    old = tables.resolved(add.target)
    column = add.column
    if column.type.max_bytes is None and not column.is_not_null:
        cursor.execute(f"alter table {old.sql} add column {column.sql()}")
        return
    columns = columns_of(cursor, tables, add.target, with_defaults=True)
    if column.name in {c.name for c in columns}:
        raise PgError("42701", f'column "{column.name}" already exists')
    new = Name(old.schema, f"{old.table}$new")
    cursor.execute(f"create table {new.sql} ({', '.join(c.sql() for c in [*columns, column])})")
    names = ", ".join(identifier(c.name) for c in columns)
    cursor.execute(f"insert into {new.sql} ({names}) select {names} from {old.sql}")
    cursor.execute(f"drop table {old.sql}")
    cursor.execute(f"alter table {new.sql} rename to {identifier(old.table)}")


def columns_of(
    cursor: Cursor, tables: Tables, name: Name, *, with_defaults: bool
) -> list[ddl.ColumnDefinition]:
    """The columns of a table as they were declared. Raises PgError 42P01."""
    rows = cursor.execute(
        f"""select c.column_name, c.data_type, c.column_default, c.is_nullable, l.max_bytes
        from duckdb_columns() as c
        left join {SYSTEM_SCHEMA}.limits as l using (database_name, schema_name, table_name, column_name)
        where c.database_name = $1 and c.schema_name = $2 and c.table_name = $3
        order by c.column_index""",
        list(tables.place(name)),
    ).fetchall()
    if not rows:
        raise PgError("42P01", f'relation "{name}" does not exist')
    return [
        ddl.ColumnDefinition(
            column_name,
            ColumnType(data_type, max_bytes),
            default if with_defaults else None,
            not is_nullable,
        )
        for column_name, data_type, default, is_nullable, max_bytes in rows
    ]
