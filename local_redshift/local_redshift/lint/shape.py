"""Rules about the shape of statements: columns, order, joins and subqueries."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from local_redshift.functions import FRAMED, RANKINGS
from local_redshift.lint.rule import Place, Rule, Sent, call, own, selects

_STORES = ("insert", "table", "view")


def _insert_names_columns(sent: Sent) -> Iterator[Place]:
    tree = sent.tree
    if isinstance(tree, exp.Insert) and isinstance(tree.this, exp.Table) and tree.this.db:
        yield tree.this


def _insert_in_order(sent: Sent) -> Iterator[Place]:
    tree = sent.tree
    if not isinstance(tree, exp.Insert) or not isinstance(tree.expression, exp.Query):
        return
    if isinstance(tree.this, exp.Schema):
        wanted = {tuple(column.name for column in tree.this.expressions)}
    else:
        wanted = sent.project.temporary.get(tree.this.name, set())
    for select in selects(tree.expression):
        if wanted and not any(e.is_star for e in select.expressions):
            names = tuple(e.alias_or_name for e in select.expressions)
            if names not in wanted:
                yield _difference(select, names, wanted)


def _difference(
    select: exp.Select, names: tuple[str, ...], wanted: set[tuple[str, ...]]
) -> exp.Expr:
    for list_ in wanted:
        for place, name, expected in zip(select.expressions, names, list_, strict=False):
            if name != expected:
                return place
    return select


def _star_into_table(sent: Sent) -> Iterator[Place]:
    if sent.kind in _STORES:
        for select in selects(sent.query):
            yield from (e for e in select.expressions if e.is_star)


def _column_alias(sent: Sent) -> Iterator[Place]:
    for query in _naming(sent):
        # The first branch names the columns of a set operation.
        select = next(selects(query), None)
        for expression in select.expressions if select else ():
            if not isinstance(expression, (exp.Alias, exp.Column)) and not expression.is_star:
                yield expression


def _naming(sent: Sent) -> Iterator[exp.Expr]:
    """The queries the names of whose columns are read by somebody."""
    if sent.query is not None:
        yield sent.query
    for node in sent.all(exp.CTE, exp.Subquery):
        is_named = isinstance(node, exp.CTE) or isinstance(node.parent, (exp.From, exp.Join))
        if is_named and not (node.args["alias"] and node.args["alias"].columns):
            yield node.this


def _lateral_alias(sent: Sent) -> Iterator[Place]:
    for select in sent.all(exp.Select):
        seen: set[str] = set()
        for expression in select.expressions:
            yield from (c for c in own(expression, exp.Column) if not c.table and c.name in seen)
            if _renames(expression) and not _covers(expression):
                seen.add(expression.alias)


def _covers(expression: exp.Expr) -> bool:
    """Whether an expression of a list is made from a column of its name: then everybody takes the column."""
    return any(c.name == expression.alias for c in expression.this.find_all(exp.Column))


def _renames(expression: exp.Expr) -> bool:
    """Whether an expression of a list has another value than a column of its name."""
    if not isinstance(expression, exp.Alias):
        return False
    inner = expression.this
    return not (isinstance(inner, exp.Column) and inner.name == expression.alias)


def _alias_in_where(sent: Sent) -> Iterator[Place]:
    for select in sent.all(exp.Select):
        aliases = {e.alias for e in select.expressions if _renames(e)}
        if where := select.args.get("where"):
            yield from (c for c in own(where, exp.Column) if not c.table and c.name in aliases)


def _shadowed_group(sent: Sent) -> Iterator[Place]:
    for select in sent.all(exp.Select):
        computed = {e.alias for e in select.expressions if _renames(e) and _covers(e)}
        if group := select.args.get("group"):
            for key in group.expressions:
                if isinstance(key, exp.Column) and not key.table and key.name in computed:
                    yield key


def _limit_needs_order(sent: Sent) -> Iterator[Place]:
    for query in sent.all(exp.Select, exp.SetOperation):
        limit = query.args.get("limit") or query.args.get("offset")
        if not limit or query.args.get("order"):
            continue
        is_look = isinstance(query, exp.Select) and all(
            isinstance(e.unalias(), exp.Literal) for e in query.expressions
        )
        is_empty = isinstance(limit, exp.Limit) and limit.expression.name == "0"
        if not is_look and not is_empty:
            yield query


def _order_unread(sent: Sent) -> Iterator[Place]:
    for query in sent.all(exp.Select, exp.SetOperation):
        order = query.args.get("order")
        if order and not query.args.get("limit"):
            is_top = query is sent.query and sent.kind == "select"
            if not is_top:
                yield order


_ORDERED = RANKINGS.keys() | FRAMED.keys()


def _window_order(sent: Sent) -> Iterator[Place]:
    for window in sent.all(exp.Window):
        function = window.this
        if isinstance(function, (exp.IgnoreNulls, exp.RespectNulls)):
            function = function.this
        if call(function) in _ORDERED and not window.args.get("order"):
            yield window


def _not_in_query(sent: Sent) -> Iterator[Place]:
    for node in sent.all(exp.In):
        if node.args.get("query") and isinstance(node.parent, exp.Not):
            yield node


def _full_join(sent: Sent) -> Iterator[Place]:
    for join in sent.all(exp.Join):
        if str(join.args.get("side") or "").upper() == "FULL" and not join.args.get("using"):
            on = join.args.get("on")
            terms = list(on.flatten()) if isinstance(on, exp.And) else [on]
            if not all(isinstance(t, exp.EQ) for t in terms):
                yield join


def _join_condition(sent: Sent) -> Iterator[Place]:
    for join in sent.all(exp.Join):
        words = {str(join.args.get(key) or "").upper() for key in ("side", "kind")}
        is_said = join.args.get("on") or join.args.get("using")
        if not is_said and "CROSS" not in words:
            yield join


def _listagg_order(sent: Sent) -> Iterator[Place]:
    for node in sent.all(exp.Anonymous):
        if call(node) == "listagg" and not isinstance(node.parent, exp.WithinGroup):
            yield node


def _update_join(sent: Sent) -> Iterator[Place]:
    tree = sent.tree
    if not isinstance(tree, exp.Update) or not tree.args.get("from_"):
        return
    target, where = tree.this.alias_or_name, tree.args.get("where")
    for equality in where.find_all(exp.EQ) if where else ():
        sides = [
            {column.table for column in side.find_all(exp.Column)}
            for side in (equality.this, equality.expression)
        ]
        if {target} in sides and any(side and target not in side for side in sides):
            return
    yield tree.this


RULES = (
    Rule(
        "insert-names-columns",
        "an INSERT into a permanent table names its columns: without names it fills them by position",
        "r_INSERT_30",
        "insert into control.load select load_id, event_type from new_load",
        "insert into control.load (load_id, event_type) select load_id, event_type from new_load",
        _insert_names_columns,
    ),
    Rule(
        "insert-in-order",
        "the columns of the query have the names of the columns they fill, in the same order",
        "r_INSERT_30",
        "insert into control.line (object_id, load_id) select load_id, object_id from new_line",
        "insert into control.line (object_id, load_id) select object_id, load_id from new_line",
        _insert_in_order,
    ),
    Rule(
        "star-into-table",
        "no * in what is stored: a column that is added later goes in, or shifts the others",
        "r_CREATE_TABLE_AS",
        "create temp table old_load as select * from control.load",
        "create temp table old_load as select load_id, event_type from control.load",
        _star_into_table,
    ),
    Rule(
        "column-alias",
        "every expression in a list of columns has a name of its own: Redshift and DuckDB make up different ones",
        "r_SELECT_list",
        "select event_type, count(*) from control.load group by event_type",
        "select event_type, count(*) as loads from control.load group by event_type",
        _column_alias,
    ),
    Rule(
        "lateral-alias",
        "an expression uses no name given earlier in its list: a column of that name would be taken instead",
        "r_SELECT_list",
        "select upper(status) as state, state || '!' as cry from control.landed_object",
        "select upper(status) as state, upper(status) || '!' as cry from control.landed_object",
        _lateral_alias,
    ),
    Rule(
        "alias-in-where",
        "WHERE uses no name given in the list, which only DuckDB knows there",
        "r_WHERE_clause",
        "select upper(status) as state from control.landed_object where state = 'LANDED'",
        "select upper(status) as state from control.landed_object where upper(status) = 'LANDED'",
        _alias_in_where,
    ),
    Rule(
        "shadowed-group",
        "GROUP BY a name that is both a column and an expression over it groups by the column: repeat the expression",
        "r_GROUP_BY_clause",
        "select left(object_id, 6) as object_id, count(*) as objects from control.load group by object_id",
        "select left(object_id, 6) as object_id, count(*) as objects from control.load group by left(object_id, 6)",
        _shadowed_group,
    ),
    Rule(
        "limit-needs-order",
        "LIMIT and OFFSET stand with ORDER BY: each slice returns its rows in an order of its own",
        "r_ORDER_BY_clause",
        "select load_id from control.load limit 10",
        "select load_id from control.load order by load_id limit 10",
        _limit_needs_order,
    ),
    Rule(
        "order-unread",
        "ORDER BY inside a table, a view or a subquery orders nothing: it belongs to the query that is read",
        "r_ORDER_BY_clause",
        "create temp table waiting as select load_id from control.load order by load_id",
        "create temp table waiting as select load_id from control.load",
        _order_unread,
    ),
    Rule(
        "window-order",
        "a function that depends on the order of rows says which: DuckDB happens to keep theirs, Redshift does not",
        "r_WF_ROW_NUMBER",
        "select load_id, row_number() over (partition by event_type) as n from control.load",
        "select load_id, row_number() over (partition by event_type order by load_id) as n from control.load",
        _window_order,
    ),
    Rule(
        "not-in-query",
        "NOT IN (query) finds nothing as soon as the query gives one NULL: use NOT EXISTS or a left join",
        "r_in_condition",
        "select load_id from control.load where load_id not in (select load_id from control.applied_load)",
        "select l.load_id from control.load as l where not exists "
        "(select 1 as one from control.applied_load as a where a.load_id = l.load_id)",
        _not_in_query,
    ),
    Rule(
        "full-join-equality",
        "a FULL JOIN is on equalities alone: Redshift supports no other",
        "r_FROM_clause30",
        "select a.load_id, b.table_name from control.load as a"
        " full join control.applied_load as b on a.load_id < b.load_id",
        "select a.load_id, b.table_name from control.load as a"
        " full join control.applied_load as b on a.load_id = b.load_id",
        _full_join,
    ),
    Rule(
        "join-condition",
        "a JOIN has a condition or is a CROSS JOIN: without one DuckDB makes it one, Redshift refuses it",
        "r_FROM_clause30",
        "select m.message_id, r.threshold from touched as m join warehouse.dim_bot_rule as r",
        "select m.message_id, r.threshold from touched as m cross join warehouse.dim_bot_rule as r",
        _join_condition,
    ),
    Rule(
        "listagg-order",
        "LISTAGG says WITHIN GROUP (ORDER BY ...): else the texts come in the order the slices return them",
        "r_LISTAGG",
        "select event_type, listagg(load_id, ',') as loads from control.load group by event_type",
        "select event_type, listagg(load_id, ',') within group (order by load_id) as loads"
        " from control.load group by event_type",
        _listagg_order,
    ),
    Rule(
        "update-join",
        "UPDATE ... FROM joins its table to the other by =: else each row takes the values of any row of the other",
        "r_UPDATE",
        "update warehouse.dim_asn set asn_kind = n.asn_kind from new_asn as n where n.asn_kind = 'X'",
        "update warehouse.dim_asn set asn_kind = n.asn_kind from new_asn as n where dim_asn.asn = n.asn",
        _update_join,
    ),
)  # fmt: skip
