"""Names, sub-selects and ordered aggregates that DuckDB allows in more places than Redshift does."""

from __future__ import annotations

from typing import TypeVar

from sqlglot import exp

from local_redshift.errors import PgError, unsupported

Node = TypeVar("Node", bound=exp.Expr)


def check(tree: exp.Expr) -> None:
    """Raises PgError for a name or a correlated sub-select where Redshift takes none.

    A column that has the name of its table is qualified: without a column of that name DuckDB takes the whole row.
    """
    for common in tree.find_all(exp.With):
        _check_with(common)
    for select in tree.find_all(exp.Select):
        _check_truth(select)
        _check_having(select)
        _check_order(select)
        _check_correlation(select)
        _check_sorted(select)
        _check_repeated(select)
    for statement in tree.find_all(exp.Select, exp.Update, exp.Delete, exp.Merge):
        _qualify_rows(statement)


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


def _own(node: exp.Expr, kind: type[Node]) -> list[Node]:
    """The nodes below an expression without those of its sub-selects."""
    below = node.walk(prune=lambda n: isinstance(n, exp.Query) and n is not node)
    return [n for n in below if isinstance(n, kind)]


def _own_columns(node: exp.Expr) -> list[exp.Column]:
    return _own(node, exp.Column)


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


_SORTED = frozenset({"listagg", "percentile_cont", "median"})


def _check_sorted(select: exp.Select) -> None:
    """guide: r_LISTAGG and r_MEDIAN, sorting aggregates share one order and stand with no DISTINCT one."""
    orders: set[str] = set()
    has_distinct = has_sorted = False
    for call in _own(select, exp.Anonymous):
        name = str(call.this).lower()
        within = call.parent if isinstance(call.parent, exp.WithinGroup) else None
        if name not in _SORTED:
            has_distinct |= bool(call.find(exp.Distinct))
            continue
        if isinstance((within or call).parent, exp.Window):
            continue
        has_sorted = True
        if within:
            orders.add(", ".join(o.sql() for o in within.expression.expressions))
        elif name == "median":
            orders.add(", ".join(exp.Ordered(this=a.copy()).sql() for a in call.expressions))
    if len(orders) > 1:
        raise unsupported(
            "LISTAGG, PERCENTILE_CONT or MEDIAN in more than one order in a SELECT",
            "aggregate in joined sub-selects of one order each",
        )
    if has_sorted and has_distinct:
        raise unsupported(
            "a DISTINCT aggregate beside LISTAGG, PERCENTILE_CONT or MEDIAN",
            "count distinct in a joined sub-select",
        )


def _check_repeated(select: exp.Select) -> None:
    """A name that a sub-select gives twice is a column of the result, but nobody can ask for it."""
    for source in _source_nodes(select):
        query = source.this
        if not isinstance(source, exp.Subquery) or not isinstance(query, exp.Select):
            continue
        if source.args["alias"].columns:
            continue
        names = [p.alias_or_name.lower() for p in query.expressions]
        repeated = {n for n in names if n and names.count(n) > 1}
        for column in _own_columns(select):
            if column.name.lower() in repeated and column.table in ("", source.alias):
                raise PgError("42702", f'column reference "{column.name}" is ambiguous')


_DATE_PART_FIRST = frozenset(
    {"dateadd", "date_add", "datediff", "date_diff", "date_part", "date_trunc"}
)


def _qualify_rows(statement: exp.Expr) -> None:
    own = [s.alias_or_name.lower() for s in _source_nodes(statement)]
    around = _sources_around(statement) if isinstance(statement, exp.Select) else set()
    aliases = _aliases(statement) if isinstance(statement, exp.Select) else set()
    for column in _own_columns(statement):
        name = column.name.lower()
        if column.table or name not in {*own, *around} or _is_no_value(column):
            continue
        if name in aliases and isinstance(column.parent, (exp.Ordered, exp.Group)):
            continue
        if own != [name]:
            raise unsupported(
                f'the column "{name}" beside a table of that name', "write table.column"
            )
        column.set("table", exp.to_identifier(name, quoted=True))


def _is_no_value(column: exp.Column) -> bool:
    """A date part, or a column that SET or INSERT gives a value to."""
    parent = column.parent
    if isinstance(parent, exp.Anonymous):
        is_first = parent.expressions[0] is column
        return is_first and str(parent.this).lower() in _DATE_PART_FIRST
    if isinstance(parent, exp.Tuple):
        return isinstance(parent.parent, exp.Insert) and parent.arg_key == "this"
    is_assignment = isinstance(parent, exp.EQ) and isinstance(parent.parent, exp.Update)
    return (is_assignment and column.arg_key == "this") or column.arg_key == "using"


def _source_nodes(statement: exp.Expr) -> list[exp.Expr]:
    """The tables and sub-selects whose columns a SELECT or DML statement sees."""
    clauses = [statement.args.get("from_"), *(statement.args.get("joins") or [])]
    found = [clause.this for clause in clauses if clause]
    if isinstance(statement, exp.Merge):
        return [statement.this, statement.args["using"]]
    if isinstance(statement, (exp.Update, exp.Delete)):
        # An UPDATE that MERGE does has no table of its own.
        found += [statement.this, *(statement.args.get("using") or [])]
    return [source for source in found if source]


def _sources(select: exp.Select) -> set[str]:
    return {source.alias_or_name.lower() for source in _source_nodes(select)}


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
    if any(found is select for found in group.find_all(exp.Select)):
        return True
    return any(
        any(found is select for found in projection.find_all(exp.Select))
        and keys & ({str(position), projection.alias.lower()} - {""})
        for position, projection in enumerate(outer.expressions, 1)
    )
