"""Names and sub-selects that DuckDB allows in more places than Redshift does."""

from __future__ import annotations

from sqlglot import exp

from sms_warehouse.local.redshift.errors import PgError, unsupported


def check(tree: exp.Expr) -> None:
    """Raises PgError for an alias or a correlated sub-select where Redshift takes none."""
    for common in tree.find_all(exp.With):
        _check_with(common)
    for select in tree.find_all(exp.Select):
        _check_truth(select)
        _check_having(select)
        _check_order(select)
        _check_correlation(select)


def _check_with(common: exp.With) -> None:
    """guide: r_WITH_clause, a table of it sees only those before itself."""
    names = [c.alias.lower() for c in common.expressions]
    for position, cte in enumerate(common.expressions):
        later = set(names[position + 1 :])
        for table in cte.this.find_all(exp.Table):
            if not table.db and table.name.lower() in later:
                raise PgError("42P01", f'relation "{table.name}" does not exist')


def _check_truth(select: exp.Select) -> None:
    """guide: r_Boolean_type, IS TRUE is a predicate of WHERE and not of the select list."""
    for projection in select.expressions:
        found = projection.unalias()
        if isinstance(found, exp.Is) and isinstance(found.expression, exp.Boolean):
            raise unsupported("IS TRUE or IS FALSE in the select list", "use CASE WHEN")


def _aliases(select: exp.Select) -> set[str]:
    """Names given in the select list, but for columns that keep their own."""
    return {
        p.alias.lower()
        for p in select.expressions
        if isinstance(p, exp.Alias)
        and not (isinstance(p.this, exp.Column) and p.this.name.lower() == p.alias.lower())
    }


def _own_columns(node: exp.Expr) -> list[exp.Column]:
    """The columns of an expression without those of its sub-selects."""
    return [
        n
        for n in node.walk(prune=lambda n: isinstance(n, exp.Query) and n is not node)
        if isinstance(n, exp.Column)
    ]


def _check_having(select: exp.Select) -> None:
    having = select.args.get("having")
    if not having:
        return
    aliases = _aliases(select)
    for column in _own_columns(having):
        if not column.table and column.name.lower() in aliases:
            # guide: r_HAVING_clause
            raise PgError(
                "42703",
                f'column "{column.name}" does not exist in HAVING: '
                "repeat the expression instead of its alias, or qualify the column",
            )


def _check_order(select: exp.Select) -> None:
    order = select.args.get("order")
    if not order:
        return
    aliases = _aliases(select)
    terms = [o.this for o in order.expressions]
    for term in terms:
        if isinstance(term, exp.Column):
            continue
        for column in _own_columns(term):
            if not column.table and column.name.lower() in aliases:
                raise PgError(
                    "42703",
                    f'column "{column.name}" does not exist in an ORDER BY expression: '
                    "order by the alias alone, or repeat the expression",
                )
    if select.args.get("distinct") and not any(p.is_star for p in select.expressions):
        chosen = {p.alias_or_name.lower() for p in select.expressions}
        chosen |= {p.unalias().sql() for p in select.expressions}
        for term in terms:
            is_there = term.sql() in chosen or (
                isinstance(term, exp.Column) and term.name.lower() in chosen
            )
            if not is_there and not isinstance(term, exp.Literal):
                raise PgError(
                    "42P10",
                    "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
                )


def _sources(select: exp.Select) -> set[str]:
    found = [select.args.get("from_"), *(select.args.get("joins") or [])]
    return {source.this.alias_or_name.lower() for source in found if source}


def _check_correlation(select: exp.Select) -> None:
    """The patterns of r_correlated_subqueries, as far as qualified names show them."""
    outer = _outer(select)
    if outer is None:
        return
    own = _sources(select)
    foreign = {
        c.table.lower() for c in _own_columns(select) if c.table and c.table.lower() not in own
    }
    if not foreign:
        return
    if (foreign - _sources(outer)) & _sources_around(outer):
        raise unsupported(
            "a correlated sub-select that skips a query block", "join the tables instead"
        )
    if not foreign & _sources(outer):
        return
    if any(True for _ in select.find_all(exp.Window)):
        raise unsupported(
            "a window function in a correlated sub-select", "compute it in a joined sub-select"
        )
    join = select.find_ancestor(exp.Join, exp.Select)
    if isinstance(join, exp.Join) and join.args.get("side"):
        raise unsupported(
            "a correlated sub-select in ON of an outer join", "join its result instead"
        )
    if select.args.get("limit") or select.args.get("offset"):
        raise unsupported(
            "LIMIT in a correlated sub-select", "use MIN or MAX, or number the rows in a join"
        )
    group = outer.args.get("group")
    if group and _is_grouped_by(outer, group, select):
        raise unsupported("GROUP BY the result of a correlated sub-select", "join it first")


def _outer(select: exp.Select) -> exp.Select | None:
    """The query whose columns a sub-select sees: none for one in FROM or WITH."""
    node: exp.Expr = select
    while node.parent is not None:
        parent = node.parent
        if isinstance(parent, (exp.From, exp.CTE)):
            return None
        if isinstance(parent, exp.Join) and node.arg_key == "this":
            return None
        if isinstance(parent, exp.Select):
            return parent
        node = parent
    return None


def _sources_around(select: exp.Select) -> set[str]:
    found: set[str] = set()
    outer = _outer(select)
    while outer is not None:
        found |= _sources(outer)
        outer = _outer(outer)
    return found


def _is_grouped_by(outer: exp.Select, group: exp.Expr, select: exp.Select) -> bool:
    keys = {k.name.lower() for k in group.expressions}
    return any(
        any(found is select for found in projection.find_all(exp.Select))
        and keys & ({str(position), projection.alias.lower()} - {""})
        for position, projection in enumerate(outer.expressions, 1)
    )
