"""What INSERT, UPDATE and MERGE assign, guarded by the types of the columns."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from sqlglot import exp

from local_redshift.guards import Guards
from local_redshift.kinds import Kind, Kinds
from local_redshift.macros import SYSTEM_SCHEMA
from local_redshift.reader import identifier


def first_select(tree: exp.Expr) -> exp.Expr:
    """The query that names the columns of a set operation."""
    while isinstance(tree, (exp.SetOperation, exp.Subquery)):
        tree = tree.this
    return tree


class Written(exp.Expression):
    """SQL of DuckDB in the place of an expression."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True}


class Writer(Protocol):
    """What writes the parts of a statement."""

    kinds: Kinds
    guards: Guards

    def sql(self, expression: Any, /) -> str: ...


def guard_assignments(writer: Writer, target: exp.Expr, assignments: list[exp.Expr]) -> None:
    """SET of UPDATE and MERGE, each guarded by its column's type."""
    for assignment in assignments:
        value = assignment.expression
        name = identifier(assignment.this.name)
        if isinstance(value, exp.Var) or value.find(exp.Query):
            text = writer.sql(value)
        else:
            text = writer.guards.assigned(value, f"{identifier(target.alias_or_name)}.{name}")
        assignment.replace(Written(this=f"{name} = {text}"))


def insert_of_query(writer: Writer, tree: exp.Insert) -> str:
    """INSERT of a query, each column guarded; with neither names nor a * there are none to tell."""
    target = tree.this
    names: list[exp.Expr] = []
    if isinstance(target, exp.Schema):
        target, names = target.this, target.expressions
    into, query = writer.sql(target), writer.sql(tree.expression)
    columns = ", ".join(writer.sql(n) for n in names)
    head = f"insert into {into}" + (f" ({columns})" if names else "")
    projections = first_select(tree.expression).expressions
    is_known = not any(p.is_star for p in projections)
    if not is_known and not names:
        return f"{head} {query}"
    count = len(projections) if is_known else len(names)
    places = [f"#{position + 1}" for position in range(count)]
    targets = [writer.sql(n) for n in names] or places
    if len(targets) != count or not count:
        return f"{head} {query}"
    typed = places
    if is_known:
        kinds = [writer.kinds.of(p.unalias()) for p in projections]
        typed = [
            "null" if kind is Kind.UNTYPED else place
            for kind, place in zip(kinds, places, strict=True)
        ]
    # One guard for all, in the place of the first column.
    mismatch = (
        f"{SYSTEM_SCHEMA}.mismatched(typeof((select row({', '.join(targets)}, 0) from {into})), "
        f"typeof(row({', '.join(typed)}, 0)))"
    )
    first = (
        f"case when cast(coalesce('RS:42804:a column has another type than its expression, ' || {mismatch} "
        "|| ': cast it', 'f') as boolean) then null else #1 end"
    )
    return f"{head} select {', '.join([first, *places[1:]])} from ({query}) as _inserted"


def guard_values(writer: Writer, tree: exp.Insert) -> None:
    """INSERT of expressions, each guarded by its column's type."""
    target, names = tree.this, []
    if isinstance(target, exp.Schema):
        target, names = target.this, target.expressions
    into = writer.sql(target)
    for row in tree.expression.expressions:
        for place, value in enumerate(list(row.expressions)):
            is_default = isinstance(value, (exp.Var, exp.Column))
            if is_default or value.find(exp.Query) or (names and place >= len(names)):
                continue
            column = writer.sql(names[place]) if names else f"#{place + 1}"
            guarded = writer.guards.assigned(value, f"(select {column} from {into})")
            value.replace(Written(this=guarded))
