"""How long the texts of a query may be, in bytes: what CREATE TABLE AS and CREATE VIEW make of its columns.

A column keeps its length, a cast says one, and the functions here return one of their arguments. About anything
else the guide says only that the length "is determined using the input expression" (r_Character_types).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sqlglot import exp

from local_redshift.reader import Name
from local_redshift.types import VARCHAR_MAX_BYTES


class Column(NamedTuple):
    """``max_bytes`` is None for what is no text, and where nobody knows."""

    name: str
    max_bytes: int | None = None


Columns = list[Column]
Lookup = Callable[[Name], Columns]
_Sources = dict[str, Columns]

# guide: r_MIN, r_MAX, r_ANY_VALUE and the pages of the window functions: the type of the argument.
_FIRST_ARGUMENT = frozenset(
    {"min", "max", "any_value", "lag", "lead", "first_value", "last_value", "nth_value"}
)
_ONE_OF = frozenset({"coalesce", "nvl", "greatest", "least"})
_NULL = -1
_TEXTS = {exp.DType.VARCHAR, exp.DType.NVARCHAR, exp.DType.TEXT}


def of_query(tree: exp.Expr, lookup: Lookup) -> Columns:
    """The columns of a checked query. ``lookup`` gives those of a table or view."""
    return _query(tree, {}, lookup)


def _query(tree: exp.Expr, ctes: _Sources, lookup: Lookup) -> Columns:
    if with_ := tree.args.get("with_"):
        for cte in with_.expressions:
            found = _renamed(_query(cte.this, ctes, lookup), cte.args.get("alias"))
            ctes = {**ctes, cte.alias: found}
    if isinstance(tree, exp.Subquery):
        return _query(tree.this, ctes, lookup)
    if isinstance(tree, exp.SetOperation):
        left = _query(tree.this, ctes, lookup)
        right = _query(tree.expression, ctes, lookup)
        return [
            Column(a.name, _agreed([a.max_bytes, b.max_bytes]))
            for a, b in zip(left, right, strict=False)
        ]
    sources = _sources(tree, ctes, lookup)
    columns: Columns = []
    for projection in tree.expressions:
        if isinstance(projection, exp.Star):
            columns += _starred(tree, sources)
        elif isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star):
            columns += sources.get(projection.table, [])
        else:
            length = _length(projection, sources, ctes, lookup)
            columns.append(Column(projection.alias_or_name, None if length == _NULL else length))
    return columns


def _sources(tree: exp.Expr, ctes: _Sources, lookup: Lookup) -> _Sources:
    found: _Sources = {}
    joins = tree.args.get("joins") or []
    for clause in [tree.args.get("from_"), *joins]:
        if clause is None:
            continue
        source = clause.this
        if isinstance(source, exp.Table):
            name = Name(source.db, source.name)
            columns = ctes[name.table] if not name.schema and name.table in ctes else lookup(name)
        else:
            columns = _query(source, ctes, lookup)
        found[source.alias_or_name] = _renamed(columns, source.args.get("alias"))
    return found


def _renamed(columns: Columns, alias: exp.Expr | None) -> Columns:
    names = [c.name for c in alias.args.get("columns") or []] if alias is not None else []
    return [
        Column(names[i] if i < len(names) else c.name, c.max_bytes) for i, c in enumerate(columns)
    ]


def _starred(tree: exp.Expr, sources: _Sources) -> Columns:
    """All columns, those that USING joins once and first."""
    joined = [k.name for join in tree.args.get("joins") or [] for k in join.args.get("using") or []]
    joined = list(dict.fromkeys(joined))
    first = [Column(name, _named(name, sources)) for name in joined]
    rest = [c for columns in sources.values() for c in columns if c.name not in joined]
    return first + rest


def _named(name: str, sources: _Sources) -> int | None:
    found = [c.max_bytes for columns in sources.values() for c in columns if c.name == name]
    return _agreed(found)


def _agreed(lengths: list[int | None]) -> int | None:
    """The one length that all have; NULL has any."""
    found = {length for length in lengths if length != _NULL}
    return found.pop() if len(found) == 1 else None


def _length(node: exp.Expr, sources: _Sources, ctes: _Sources, lookup: Lookup) -> int | None:
    def of(inner: exp.Expr) -> int | None:
        return _length(inner, sources, ctes, lookup)

    if isinstance(node, (exp.Alias, exp.Paren, exp.Window, exp.IgnoreNulls, exp.RespectNulls)):
        return of(node.this)
    if isinstance(node, exp.Column):
        if node.table:
            return _agreed(
                [c.max_bytes for c in sources.get(node.table, []) if c.name == node.name]
            )
        return _named(node.name, sources)
    if isinstance(node, exp.Cast):
        return _cast(node.args["to"])
    if isinstance(node, exp.Null):
        return _NULL
    if isinstance(node, exp.Case):
        values = [branch.args["true"] for branch in node.args["ifs"]]
        default = node.args.get("default")
        return _agreed([of(v) for v in [*values, *([default] if default is not None else [])]])
    if isinstance(node, exp.Anonymous) and node.expressions:
        name = str(node.this).lower()
        first = node.expressions[0]
        if name in _FIRST_ARGUMENT:
            if isinstance(first, (exp.Distinct, exp.IgnoreNulls, exp.RespectNulls)):
                first = first.this if first.this is not None else first.expressions[0]
            return of(first)
        if name in _ONE_OF:
            return _agreed([of(argument) for argument in node.expressions])
    if isinstance(node, exp.Subquery):
        columns = _query(node, ctes, lookup)
        return columns[0].max_bytes if columns else None
    return None


def _cast(to: exp.DataType) -> int | None:
    if to.this not in _TEXTS or not to.expressions:
        return None
    size = to.expressions[0].this.name
    return VARCHAR_MAX_BYTES if size.lower() == "max" else int(size)
