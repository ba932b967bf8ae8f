"""UNION, INTERSECT and EXCEPT: columns of different categories need a cast."""

from __future__ import annotations

from sqlglot import exp

from local_redshift.errors import PgError
from local_redshift.guards import family
from local_redshift.kinds import Kind, Kinds
from local_redshift.macros import SYSTEM_SCHEMA


def branches(kinds: Kinds, tree: exp.Expr) -> dict[int, list[exp.Expr]]:
    """The branches after the first one of each set operation whose types only DuckDB knows.

    guide: r_UNION, types of different categories need a cast. Raises PgError 42804.
    """
    out = {}
    for node in tree.find_all(exp.SetOperation):
        parent = node.parent
        while isinstance(parent, exp.Subquery):
            parent = parent.parent
        if isinstance(parent, exp.SetOperation):
            continue
        first, *others = _leaves(node)
        rows = [[p.unalias() for p in leaf.expressions] for leaf in (first, *others)]
        is_known = len({len(row) for row in rows}) == 1
        for column in zip(*rows, strict=False):
            found = [_branch_kind(kinds, value) for value in column]
            is_known = is_known and None not in found
            names = dict.fromkeys(family(k) for k in found if k and k is not Kind.UNTYPED)
            if len(names) > 1 and not any(value.is_star for row in rows for value in row):
                raise PgError("42804", f"set operation of {' and '.join(names)}: cast both sides")
        if not is_known:
            out[id(first)] = others
    return out


def _leaves(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.SetOperation):
        return [*_leaves(node.this), *_leaves(node.expression)]
    return _leaves(node.this) if isinstance(node, exp.Subquery) else [node]


def _branch_kind(kinds: Kinds, node: exp.Expr) -> Kind | None:
    """Quoted text is text here; NULL goes with everything."""
    if isinstance(node, exp.Literal) and node.is_string:
        return Kind.TEXT
    kind = kinds.of(node)
    return None if kind is Kind.UNTYPED and not isinstance(node, exp.Null) else kind


def checked_first(first: str, others: list[str]) -> str:
    """The first branch, rendered, which fails where the others' types do not fit."""
    rows = ", ".join(
        f"typeof((select row(*columns(*), 0) from ({branch}) as _branch))"
        for branch in (first, *others)
    )
    # A limit is computed when the statement is bound, rows or none.
    return (
        f"select * from (select * from ({first}) as _first limit case when cast(coalesce("
        f"'RS:42804:set operation of ' || {SYSTEM_SCHEMA}.disunited([{rows}]) || ': cast both sides', 'f') "
        "as boolean) then 0 end) as _first"
    )
