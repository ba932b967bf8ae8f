"""ALTER TABLE (guide: r_ALTER_TABLE).

DuckDB can add neither a CHECK nor a column that is NOT NULL, and cannot widen a column with a CHECK: for those the
table is made anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from local_redshift import ddl, records, views
from local_redshift.create_table import MAX_COLUMNS, ColumnDefinition, Constraint
from local_redshift.errors import PgError, unsupported
from local_redshift.reader import Name, identifier
from local_redshift.records import Cursor, Fact
from local_redshift.tables import TABLE, Tables, columns_of

_FIXED_ENCODINGS = {"bytedict", "runlength", "text255", "text32k"}


def _permanent(name: Name, cursor: Cursor, tables: Tables) -> Name:
    """The table's qualified name. Raises PgError."""
    if tables.is_temporary(name):
        raise unsupported(
            "ALTER TABLE of a temporary table", "use DROP TABLE and CREATE TEMP TABLE"
        )
    found = tables.kind(cursor, name)
    if found is None:
        raise PgError("42P01", f'relation "{name}" does not exist')
    if found != TABLE:
        raise unsupported("ALTER TABLE of a view", "use DROP VIEW and CREATE VIEW")
    return tables.resolved(name)


def _column(columns: Sequence[ColumnDefinition], table: Name, name: str) -> ColumnDefinition:
    for column in columns:
        if column.name == name:
            return column
    raise PgError("42703", f'column "{name}" of relation "{table.table}" does not exist')


def _check_new(columns: Sequence[ColumnDefinition], table: Name, name: str) -> None:
    if name in {c.name for c in columns}:
        raise PgError("42701", f'column "{name}" of relation "{table.table}" already exists')


def _add_column(add: ddl.AddColumn, cursor: Cursor, tables: Tables) -> None:
    table = _permanent(add.target, cursor, tables)
    columns = columns_of(cursor, tables, table, with_defaults=True)
    column = add.column
    _check_new(columns, table, column.name)
    if len(columns) >= MAX_COLUMNS:
        raise PgError("54011", f"tables can have at most {MAX_COLUMNS} columns")
    before = views.shapes(cursor, records.bound_views(cursor, table))
    if column.type.max_bytes is None and not column.is_not_null:
        cursor.execute(f"alter table {table.sql} add column {column.sql()}")
    else:
        _rebuild(cursor, table, [*columns, column], [c.name for c in columns])
    if column.encoding:
        records.add(cursor, table, [Fact(records.ENCODING, column.name, column.encoding)])
    if column.type.max_bytes is not None:
        records.add(cursor, table, [Fact(records.BYTES, column.name, str(column.type.max_bytes))])
    views.check_unchanged(
        cursor,
        before,
        unsupported(
            f'a column "{column.name}" that makes a name in a bound view ambiguous',
            "use another name",
        ),
    )


def _rebuild(
    cursor: Cursor, table: Name, columns: Sequence[ColumnDefinition], kept: Sequence[str]
) -> None:
    """Makes the table anew with these columns; the rows keep those of the old one."""
    comments = cursor.execute(
        """select null, comment from duckdb_tables()
        where database_name = current_database() and schema_name = $1 and table_name = $2
        union all select column_name, comment from duckdb_columns()
        where database_name = current_database() and schema_name = $1 and table_name = $2""",
        list(table),
    ).fetchall()
    new = Name(table.schema, f"{table.table}$new")
    cursor.execute(f"create table {new.sql} ({', '.join(c.sql() for c in columns)})")
    names = ", ".join(map(identifier, kept))
    cursor.execute(f"insert into {new.sql} ({names}) select {names} from {table.sql}")
    cursor.execute(f"drop table {table.sql}")
    cursor.execute(f"alter table {new.sql} rename to {identifier(table.table)}")
    for column, comment in comments:
        if comment is not None:
            text = comment.replace("'", "''")
            what = f"column {table.sql}.{identifier(column)}" if column else f"table {table.sql}"
            cursor.execute(f"comment on {what} is '{text}'")


def _drop_column(drop: ddl.DropColumn, cursor: Cursor, tables: Tables) -> None:
    table = _permanent(drop.target, cursor, tables)
    columns = columns_of(cursor, tables, table, with_defaults=False)
    _column(columns, table, drop.column)
    if len(columns) == 1:
        raise PgError("0A000", "cannot drop the last column of a table", "use DROP TABLE")
    facts = [f for f in records.facts(cursor, table) if f.column == drop.column]
    kinds = {f.what for f in facts}
    for key in (records.DISTKEY, records.SORTKEY, records.INTERLEAVED):
        if key in kinds:
            word = "distkey" if key == records.DISTKEY else "sortkey"
            raise PgError("0A000", f'cannot drop {word} column "{drop.column}"')
    depend = PgError(
        "2BP01",
        f"cannot drop table {table.table} column {drop.column} because other objects depend on it",
        "a view, or a key of the table",
    )
    if kinds & set(records.CONSTRAINTS):
        if not drop.is_cascading:
            raise depend
        _drop_constraints(cursor, table, facts)
    if drop.is_cascading:
        depend = unsupported(
            "DROP COLUMN ... CASCADE of a column that bound views use", "use DROP VIEW before"
        )
    before = views.shapes(cursor, records.bound_views(cursor, table))
    cursor.execute(f"alter table {table.sql} drop column {identifier(drop.column)}")
    for fact in facts:
        if fact.what in records.IDENTITIES:
            cursor.execute(f"drop sequence {Name(table.schema, fact.detail).sql}")
    records.forget(cursor, table, drop.column)
    views.check_unchanged(cursor, before, depend)


def _drop_constraints(cursor: Cursor, table: Name, of_column: Sequence[Fact]) -> None:
    """Forgets the constraints that a column takes part in, and the foreign keys that may point at them."""
    for fact in of_column:
        if fact.what in records.CONSTRAINTS:
            records.forget_constraint(cursor, table, fact)
            if fact.what != records.FOREIGN_KEY:
                records.drop_foreign_keys(cursor, table)


def _alter_type(alter: ddl.AlterType, cursor: Cursor, tables: Tables) -> None:
    table = _permanent(alter.target, cursor, tables)
    columns = columns_of(cursor, tables, table, with_defaults=True)
    column = _column(columns, table, alter.column)
    if column.type.max_bytes is None or alter.type.max_bytes is None:
        raise PgError("0A000", f'cannot alter type of column "{column.name}": it is no VARCHAR')
    facts = [f for f in records.facts(cursor, table) if f.column == column.name]
    if column.default not in (None, "NULL"):
        raise PgError("0A000", f'cannot alter type of column "{column.name}": it has a default')
    if {f.what for f in facts} & set(records.CONSTRAINTS):
        raise PgError("0A000", f'cannot alter type of column "{column.name}": it is in a key')
    for fact in facts:
        if fact.what == records.ENCODING and fact.detail in _FIXED_ENCODINGS:
            raise PgError(
                "0A000", f'cannot alter type of column "{column.name}" with encoding {fact.detail}'
            )
    if records.bound_views(cursor, table):
        raise unsupported(
            "ALTER COLUMN TYPE under bound views", "use DROP VIEW, ALTER TABLE and CREATE VIEW"
        )
    (longest,) = cursor.execute(
        f"select max(strlen({identifier(column.name)})) from {table.sql}"
    ).fetchone() or (None,)
    if longest is not None and longest > alter.type.max_bytes:
        raise PgError(
            "22001",
            f'column "{column.name}" holds values of {longest} bytes: its size must be more',
        )
    changed = [
        ColumnDefinition(c.name, alter.type, c.default, c.is_not_null) if c is column else c
        for c in columns
    ]
    _rebuild(cursor, table, changed, [c.name for c in columns])
    records.resize(cursor, table, column.name, alter.type.max_bytes)


def _add_constraint(add: ddl.AddConstraint, cursor: Cursor, tables: Tables) -> None:
    table = _permanent(add.target, cursor, tables)
    columns = columns_of(cursor, tables, table, with_defaults=False)
    constraint = add.constraint
    for name in constraint.columns:
        column = _column(columns, table, name)
        if constraint.what == records.PRIMARY_KEY and not column.is_not_null:
            raise PgError("42P16", f'column "{name}" of a primary key has to be NOT NULL')
    known = records.facts(cursor, table, *records.CONSTRAINTS)
    if constraint.what == records.PRIMARY_KEY and any(f.what == records.PRIMARY_KEY for f in known):
        raise PgError("42P16", f'multiple primary keys for table "{table.table}" are not allowed')
    check_constraint(constraint, table, cursor, tables, [])
    number = 1 + max((f.number for f in known), default=0)
    records.add(cursor, table, constraint.facts(number, tables.resolved))


def check_constraint(
    constraint: Constraint,
    table: Name,
    cursor: Cursor,
    tables: Tables,
    own: Sequence[Constraint],
) -> None:
    """A foreign key points at a key of a table that exists. Raises PgError 42P01, 42703 or 42830."""
    if constraint.references is None:
        return
    keys = {(c.what, frozenset(c.columns)) for c in own if c.references is None}
    to = tables.resolved(constraint.references)
    if to != table or not own:
        tables.check_is_table(cursor, to)
        columns = columns_of(cursor, tables, to, with_defaults=False)
        for name in constraint.referenced:
            _column(columns, to, name)
        groups: dict[tuple[str, int], set[str]] = {}
        for fact in records.facts(cursor, to, records.PRIMARY_KEY, records.UNIQUE):
            groups.setdefault((fact.what, fact.number), set()).add(fact.column)
        keys = {(what, frozenset(names)) for (what, _), names in groups.items()}
    referenced = frozenset(constraint.referenced)
    found = [
        names
        for what, names in keys
        if (names == referenced if referenced else what == records.PRIMARY_KEY)
    ]
    if not found:
        raise PgError(
            "42830",
            f'there is no unique constraint matching given keys for referenced table "{to.table}"',
        )
    if len(found[0]) != len(constraint.columns):
        raise PgError(
            "42830", "number of referencing and referenced columns for foreign key disagree"
        )


def _rename_table(rename: ddl.RenameTable, cursor: Cursor, tables: Tables) -> None:
    table = _permanent(rename.target, cursor, tables)
    if records.bound_views(cursor, table):
        # Redshift's views know their tables by number, not by name.
        raise unsupported("renaming a table that views are bound to", "use DROP VIEW before")
    new = Name(table.schema, rename.new)
    if tables.kind(cursor, new) is not None:
        raise PgError("42P07", f'relation "{new.table}" already exists')
    cursor.execute(f"alter table {table.sql} rename to {identifier(rename.new)}")
    records.rename(cursor, table, rename.new)


def _rename_column(rename: ddl.RenameColumn, cursor: Cursor, tables: Tables) -> None:
    table = _permanent(rename.target, cursor, tables)
    columns = columns_of(cursor, tables, table, with_defaults=False)
    _column(columns, table, rename.old)
    _check_new(columns, table, rename.new)
    before = views.shapes(cursor, records.bound_views(cursor, table))
    cursor.execute(
        f"alter table {table.sql} rename column {identifier(rename.old)} to {identifier(rename.new)}"
    )
    records.rename_column(cursor, table, rename.old, rename.new)
    views.check_unchanged(
        cursor,
        before,
        unsupported("renaming a column that bound views use", "use DROP VIEW before"),
    )


ACTIONS: dict[type, Callable[[Any, Cursor, Tables], None]] = {
    ddl.AddColumn: _add_column,
    ddl.DropColumn: _drop_column,
    ddl.AlterType: _alter_type,
    ddl.AddConstraint: _add_constraint,
    ddl.RenameTable: _rename_table,
    ddl.RenameColumn: _rename_column,
}
