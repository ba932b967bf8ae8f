"""Views: bound ones hold on to what they read, late-binding ones do not (guide: r_CREATE_VIEW).

DuckDB binds every view anew when it is read. What Redshift decides when a view is made - which columns a * stands
for, what cannot be dropped any more - is decided here then.
"""

from __future__ import annotations

import duckdb
from sqlglot import exp

from local_redshift import ddl, lengths, records, wire
from local_redshift.create_table import check_columns
from local_redshift.errors import PgError, unsupported
from local_redshift.macros import judged
from local_redshift.reader import Name, identifier
from local_redshift.records import Cursor, Fact
from local_redshift.tables import VIEW, Tables, text_lengths

_TEXT = "VARCHAR"
_Shapes = dict[Name, list[tuple[str, str]]]


def create(view: ddl.CreateView, cursor: Cursor, tables: Tables) -> None:
    target = tables.resolved(view.target)
    if tables.temporary & view.unqualified:
        raise unsupported("a view of a temporary table", "use a permanent table")
    existing = tables.kind(cursor, target)
    if existing is not None and not view.is_replacing:
        raise PgError("42P07", f'relation "{target.table}" already exists')
    if existing not in (None, VIEW):
        raise PgError("42809", f'"{target.table}" is not a view')
    if target in records.below(cursor, view.sources):
        raise PgError("42P17", f'infinite recursion detected in rules for relation "{target}"')
    if view.is_late:
        _check_sources(view, cursor, tables)
    described = described_columns(cursor, view.sql)
    names = [name for name, _ in described]
    if len(view.columns) > len(names):
        raise PgError("42601", "CREATE VIEW specifies more column names than columns")
    columns = [*view.columns, *names[len(view.columns) :]]
    check_columns(columns)
    shape = _with_lengths(view, cursor, tables, columns, described)
    comment = None
    if existing:
        _check_replaced(view, cursor, tables, target, shape)
        comment = _comment(cursor, tables, target)
        records.forget(cursor, target)
    query = view.sql
    if not view.is_late:
        # Judged now, and for good: what a bound view reads keeps its types.
        cursor.execute(f"explain {query}")
        query = judged(query)
    if not view.is_late and view.tree.find(exp.Star):
        # Columns that a table gets later are not in the view.
        query = f"select {', '.join(map(identifier, names))} from ({query}) as q"
    listed = f" ({', '.join(map(identifier, columns))})" if view.columns else ""
    cursor.execute(f"create or replace view {target.sql}{listed} as {query}")
    if comment is not None:
        text = comment.replace("'", "''")
        cursor.execute(f"comment on view {target.sql} is '{text}'")
    binding = records.LATE if view.is_late else records.BOUND
    records.add_view(cursor, target, view.sources, binding)
    known = [Fact(records.BYTES, name, str(size)) for name, _, size in shape if size is not None]
    if not view.is_late:
        known += [Fact(records.VIEW_COLUMN, name, number=n) for n, name in enumerate(columns)]
    records.add(cursor, target, known)


def described_columns(cursor: Cursor, query: str) -> list[tuple[str, str]]:
    """Names and DuckDB's types of a query's columns. Raises PgError for a type Redshift would not give them."""
    rows = cursor.execute(f"describe {query}").fetchall()
    for name, kind, *_ in rows:
        if kind == '"NULL"':
            raise unsupported(f'the column "{name}" that is only NULL', "write CAST(NULL AS type)")
        wire.column(name, kind)
    return [(row[0], row[1]) for row in rows]


def known_lengths(
    cursor: Cursor, tables: Tables, tree: exp.Expr, described: list[tuple[str, str]]
) -> list[int | None]:
    """The lengths in bytes of a query's columns, as far as they are known."""
    found = lengths.of_query(tree, lambda name: text_lengths(cursor, tables, name))
    if [c.name for c in found] != [name for name, _ in described]:
        return [None] * len(described)
    return [
        c.max_bytes if kind == _TEXT else None
        for c, (_, kind) in zip(found, described, strict=True)
    ]


_Shape = list[tuple[str, str, int | None]]


def _with_lengths(
    view: ddl.CreateView,
    cursor: Cursor,
    tables: Tables,
    names: list[str],
    described: list[tuple[str, str]],
) -> _Shape:
    sizes = known_lengths(cursor, tables, view.tree, described)
    return [
        (name, kind, size) for name, (_, kind), size in zip(names, described, sizes, strict=True)
    ]


def _check_sources(view: ddl.CreateView, cursor: Cursor, tables: Tables) -> None:
    for source in view.sources:
        if tables.kind(cursor, source) is None:
            raise unsupported(
                f"a late-binding view of {source}, which does not exist yet,",
                "use CREATE TABLE before CREATE VIEW",
            )


def _check_replaced(
    view: ddl.CreateView, cursor: Cursor, tables: Tables, target: Name, shape: _Shape
) -> None:
    """A view can only be replaced by one with the same columns (guide: r_CREATE_VIEW)."""
    was_late = records.binding(cursor, target) == records.LATE
    if was_late != view.is_late:
        raise unsupported("replacing a view by one that binds differently", "use DROP VIEW before")
    if was_late:
        return
    sizes = {c.name: c.max_bytes for c in text_lengths(cursor, tables, target)}
    old = [(name, kind, sizes[name]) for name, kind in shapes(cursor, [target])[target]]
    if len(old) != len(shape):
        raise PgError("42P16", "cannot change number of columns in view")
    for (old_name, old_kind, old_size), (name, kind, size) in zip(old, shape, strict=True):
        if old_name != name:
            raise PgError("42P16", f'cannot change name of view column "{old_name}"')
        if old_kind != kind or (size != old_size and None not in (size, old_size)):
            raise PgError("42P16", f'cannot change data type of view column "{name}"')


def _comment(cursor: Cursor, tables: Tables, view: Name) -> str | None:
    (found,) = cursor.execute(
        """select comment from duckdb_views()
        where database_name = $1 and schema_name = $2 and view_name = $3""",
        list(tables.place(view)),
    ).fetchone() or (None,)
    return None if found is None else str(found)


# ---------- what else depends on a table or view


def shapes(cursor: Cursor, views: list[Name]) -> _Shapes:
    """Names and types of the views' columns. Raises duckdb.Error for one that has lost what it reads."""
    found = {}
    for view in views:
        rows = cursor.execute(f"describe select * from {view.sql}").fetchall()
        found[view] = [(row[0], row[1]) for row in rows]
    return found


def check_unchanged(cursor: Cursor, before: _Shapes, broken: PgError) -> None:
    """Raises ``broken`` if a view is not what it was."""
    try:
        after = shapes(cursor, list(before))
    except duckdb.Error:
        raise broken from None
    if after != before:
        raise broken


def drop_dependents(
    cursor: Cursor, kind: str, name: Name, *, is_cascading: bool, outside: str = ""
) -> None:
    """Drops what depends on a table or view, ``outside`` a schema only. Raises PgError 2BP01 unless told to cascade."""
    views = [v for v in records.bound_views(cursor, name) if v.schema != outside]
    keys = [t for t in records.pointing_at(cursor, name) if t.schema != outside]
    if (views or keys) and not is_cascading:
        first = f"view {views[0]}" if views else f"a foreign key of table {keys[0]}"
        raise PgError(
            "2BP01",
            f"cannot drop {kind} {name.table} because other objects depend on it",
            f"{first} depends on {kind} {name}; use DROP ... CASCADE to drop it too",
        )
    for view in reversed(views):
        cursor.execute(f"drop view if exists {view.sql}")
        records.forget(cursor, view)
    records.drop_foreign_keys(cursor, name)
