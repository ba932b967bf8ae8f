"""What a definition says that DuckDB's catalog has no place for, kept in two tables beside it.

Both are written in the transaction that defines. Temporary tables leave no records here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import duckdb

from local_redshift.macros import SYSTEM_SCHEMA
from local_redshift.reader import Name

Cursor = duckdb.DuckDBPyConnection

DECLARED = f"{SYSTEM_SCHEMA}.declared"
VIEW_SOURCE = f"{SYSTEM_SCHEMA}.view_source"
TABLES = (
    f"""create table if not exists {DECLARED} (
        schema_name varchar, table_name varchar, column_name varchar,
        what varchar, detail varchar, number integer
    )""",
    f"""create table if not exists {VIEW_SOURCE} (
        schema_name varchar, view_name varchar, source_schema varchar, source_name varchar
    )""",
)

# Values of ``what``. The number of a key's column is its place, of a constraint's column which constraint it is; the
# detail of a foreign key is the table it points at, of an IDENTITY its sequence.
DISTSTYLE, DISTKEY, SORTKEY, INTERLEAVED = "diststyle", "distkey", "sortkey", "interleaved"
BACKUP, ENCODING = "backup", "encode"
PRIMARY_KEY, UNIQUE, FOREIGN_KEY = "primary key", "unique", "foreign key"
IDENTITY, DEFAULT_IDENTITY = "identity", "default identity"
VIEW, BYTES, VIEW_COLUMN = "view", "bytes", "view column"
BOUND, LATE = "bound", "late"

KEYS = (DISTKEY, SORTKEY, INTERLEAVED)
CONSTRAINTS = (PRIMARY_KEY, UNIQUE, FOREIGN_KEY)
IDENTITIES = (IDENTITY, DEFAULT_IDENTITY)
_INHERITED = (*KEYS, DISTSTYLE, BACKUP, BYTES)


class Fact(NamedTuple):
    """One thing said of a table, or of one of its columns."""

    what: str
    column: str = ""
    detail: str = ""
    number: int = 0


def add(cursor: Cursor, of: Name, facts: Iterable[Fact]) -> None:
    """Records facts of a table or view; its name is qualified."""
    rows = [[of.schema, of.table, f.column, f.what, f.detail, f.number] for f in facts]
    if rows:
        marks = ", ".join(["(?, ?, ?, ?, ?, ?)"] * len(rows))
        cursor.execute(
            f"insert into {DECLARED} values {marks}", [value for row in rows for value in row]
        )


def facts(cursor: Cursor, of: Name, *kinds: str) -> list[Fact]:
    """What was said of a table or view, of these kinds or of all."""
    rows = cursor.execute(
        f"""select what, column_name, detail, number from {DECLARED}
        where schema_name = $1 and table_name = $2 and (len($3) = 0 or list_contains($3, what))""",
        [of.schema, of.table, list(kinds)],
    ).fetchall()
    return [Fact(*row) for row in rows]


def forget(cursor: Cursor, of: Name, column: str | None = None) -> None:
    """Forgets a table or view, or one column of it."""
    where = "schema_name = $1 and table_name = $2"
    if column is not None:
        cursor.execute(
            f"delete from {DECLARED} where {where} and column_name = $3",
            [of.schema, of.table, column],
        )
        return
    cursor.execute(f"delete from {DECLARED} where {where}", list(of))
    cursor.execute(f"delete from {VIEW_SOURCE} where schema_name = $1 and view_name = $2", list(of))


def forget_constraint(cursor: Cursor, of: Name, fact: Fact) -> None:
    """Forgets the constraint that this column takes part in."""
    cursor.execute(
        f"""delete from {DECLARED}
        where schema_name = $1 and table_name = $2 and what = $3 and number = $4""",
        [*of, fact.what, fact.number],
    )


def forget_schema(cursor: Cursor, schema: str) -> None:
    for table in (DECLARED, VIEW_SOURCE):
        cursor.execute(f"delete from {table} where schema_name = $1", [schema])


def rename(cursor: Cursor, old: Name, new: str) -> None:
    cursor.execute(
        f"update {DECLARED} set table_name = $3 where schema_name = $1 and table_name = $2",
        [*old, new],
    )
    cursor.execute(
        f"update {DECLARED} set detail = $2 where what = '{FOREIGN_KEY}' and detail = $1",
        [str(old), str(Name(old.schema, new))],
    )


def rename_column(cursor: Cursor, of: Name, old: str, new: str) -> None:
    cursor.execute(
        f"""update {DECLARED} set column_name = $4
        where schema_name = $1 and table_name = $2 and column_name = $3""",
        [*of, old, new],
    )


def resize(cursor: Cursor, of: Name, column: str, size: int) -> None:
    """Changes the length of a text in bytes."""
    cursor.execute(
        f"""update {DECLARED} set detail = $4
        where schema_name = $1 and table_name = $2 and column_name = $3 and what = '{BYTES}'""",
        [*of, column, str(size)],
    )


def is_view(cursor: Cursor, of: Name) -> bool | None:
    """Whether it is a view or a table; None where nothing is recorded, which a table may be too."""
    (found,) = cursor.execute(
        f"""select bool_or(what = '{VIEW}') from {DECLARED}
        where schema_name = $1 and table_name = $2""",
        list(of),
    ).fetchone() or (None,)
    return None if found is None else bool(found)


def inherited(cursor: Cursor, parent: Name) -> list[Fact]:
    """What a table made with LIKE takes over: distribution, sort order, BACKUP and the lengths of texts."""
    return facts(cursor, parent, *_INHERITED)


def pointing_at(cursor: Cursor, table: Name) -> list[Name]:
    """Other tables with a foreign key to this one."""
    rows = cursor.execute(
        f"""select distinct schema_name, table_name from {DECLARED}
        where what = '{FOREIGN_KEY}' and detail = $1 and (schema_name, table_name) <> ($2, $3)
        order by all""",
        [str(table), *table],
    ).fetchall()
    return [Name(*row) for row in rows]


def drop_foreign_keys(cursor: Cursor, to: Name) -> None:
    cursor.execute(
        f"delete from {DECLARED} where what = '{FOREIGN_KEY}' and detail = $1", [str(to)]
    )


# ---------- views


def add_view(cursor: Cursor, view: Name, sources: Sequence[Name], binding: str) -> None:
    """Records a view and what it reads; all names are qualified."""
    add(cursor, view, [Fact(VIEW, "", binding)])
    for source in sources:
        cursor.execute(f"insert into {VIEW_SOURCE} values ($1, $2, $3, $4)", [*view, *source])


def binding(cursor: Cursor, view: Name) -> str:
    """BOUND or LATE."""
    found = facts(cursor, view, VIEW)
    return found[0].detail if found else BOUND


def bound_views(cursor: Cursor, of: Name) -> list[Name]:
    """The views bound to a table or view, through others too; the nearest come first."""
    rows = cursor.execute(
        f"""with recursive above(schema_name, view_name, depth) as (
            select v.schema_name, v.view_name, 1 from {VIEW_SOURCE} as v
            where v.source_schema = $1 and v.source_name = $2
            and exists (select 1 from {DECLARED} as d where d.schema_name = v.schema_name
                and d.table_name = v.view_name and d.what = '{VIEW}' and d.detail = '{BOUND}')
            union
            select v.schema_name, v.view_name, a.depth + 1 from {VIEW_SOURCE} as v
            inner join above as a on v.source_schema = a.schema_name and v.source_name = a.view_name
            where exists (select 1 from {DECLARED} as d where d.schema_name = v.schema_name
                and d.table_name = v.view_name and d.what = '{VIEW}' and d.detail = '{BOUND}')
        )
        select schema_name, view_name from above group by all order by min(depth), 1, 2""",
        list(of),
    ).fetchall()
    return [Name(*row) for row in rows]


def below(cursor: Cursor, names: Sequence[Name]) -> set[Name]:
    """These tables and views, and all that they read."""
    found: set[Name] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        rows = cursor.execute(
            f"""select source_schema, source_name from {VIEW_SOURCE}
            where schema_name = $1 and view_name = $2""",
            list(name),
        ).fetchall()
        waiting += [Name(*row) for row in rows]
    return found


def tables_of(cursor: Cursor, view: Name) -> set[Name]:
    """The tables that a view reads, through other views too; empty for what is no view."""
    rows = cursor.execute(
        f"""with recursive below(schema_name, name) as (
            select source_schema, source_name from {VIEW_SOURCE}
            where schema_name = $1 and view_name = $2
            union
            select v.source_schema, v.source_name from {VIEW_SOURCE} as v
            inner join below as b on v.schema_name = b.schema_name and v.view_name = b.name
        )
        select schema_name, name from below where not exists (
            select 1 from {DECLARED} as d where d.schema_name = below.schema_name
            and d.table_name = below.name and d.what = '{VIEW}'
        )""",
        list(view),
    ).fetchall()
    return {Name(*row) for row in rows}
