"""Rules about values: types, bound values, times, texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from sqlglot import exp

from local_redshift.lint.rule import Place, Rule, Sent, call, selects, within

_WHOLE = {exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT}
_FLOATS = {exp.DType.FLOAT, exp.DType.DOUBLE}
_FRACTIONS = {*_FLOATS, exp.DType.DECIMAL}
_ROUNDING = frozenset({"round", "floor", "ceil", "ceiling", "trunc"})


def _cast_to(node: exp.Expr | None, types: set[exp.DType]) -> bool:
    """Whether a node is a cast to one of the types, or arithmetic on one that says its type."""
    if isinstance(node, exp.Cast):
        return node.args["to"].this in types
    if isinstance(node, (exp.Paren, exp.Neg)):
        return _cast_to(node.this, types)
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Div)):
        return _cast_to(node.this, types) or _cast_to(node.expression, types)
    if call(node) in {"nullif", "coalesce", "sum", "avg", "abs", "round", "power", "sqrt"}:
        return any(_cast_to(a, types) for a in node.expressions) if node is not None else False
    return False


def _is_literal(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string


def _cast_division(sent: Sent) -> Iterator[Place]:
    for node in sent.all(exp.Div):
        sides = (node.this, node.expression)
        if not any(_cast_to(side, _WHOLE | _FLOATS) for side in sides):
            yield node


def _divisor_not_zero(sent: Sent) -> Iterator[Place]:
    for node in sent.all(exp.Div, exp.Mod, exp.Anonymous):
        if isinstance(node, exp.Anonymous):
            if call(node) != "mod" or len(node.expressions) != 2:
                continue
            divisor = node.expressions[1].unnest()
        else:
            divisor = node.expression.unnest()
        if not _is_literal(divisor) and not _never_zero(divisor):
            yield node


def _never_zero(divisor: exp.Expr) -> bool:
    if isinstance(divisor, exp.Cast):
        divisor = divisor.this
    return call(divisor) == "nullif" or _is_literal(divisor)


def _cast_sum(sent: Sent) -> Iterator[Place]:
    for node in sent.all(exp.Anonymous):
        if call(node) == "sum" and not _cast_to(node, _FLOATS) and not within(node, exp.Cast):
            yield node


_DEVIATIONS = frozenset({"stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop"})
_AVERAGES = _DEVIATIONS | {"avg", "median", "percentile_cont"}


def _cast_average(sent: Sent) -> Iterator[Place]:
    for node in sent.all(exp.Anonymous):
        if call(node) in _AVERAGES:
            argument = node.expressions[0] if node.expressions else None
            if isinstance(node.parent, exp.WithinGroup):
                argument = node.parent.expression.expressions[0].this
            if isinstance(argument, exp.Distinct):
                argument = argument.expressions[0]
            if not _cast_to(argument, _FRACTIONS):
                yield node


def _round_before_integer(sent: Sent) -> Iterator[Place]:
    for node in sent.all(exp.Cast):
        if node.args["to"].this in _WHOLE and _has_fraction(node.this):
            yield node


def _has_fraction(node: exp.Expr) -> bool:
    if isinstance(node, exp.Literal):
        return not node.is_string and "." in node.this
    if call(node) in _ROUNDING:
        return False
    return _cast_to(node, _FRACTIONS)


def _cast_null(sent: Sent) -> Iterator[Place]:
    yield from (e for e in _columns(sent) if isinstance(e.unalias(), exp.Null))


def _cast_bound(sent: Sent) -> Iterator[Place]:
    yield from (e for e in _columns(sent) if isinstance(e.unalias(), exp.Parameter))
    for node in sent.all(exp.Anonymous):
        if call(node) not in {"coalesce", "nullif", "nvl", "greatest", "least"}:
            yield from (a for a in node.expressions if isinstance(a, exp.Parameter))


def _columns(sent: Sent) -> Iterator[exp.Expr]:
    for select in sent.all(exp.Select):
        if not isinstance(select.parent, exp.Exists):
            yield from select.expressions


_BINDS = frozenset({"select", "insert", "update", "delete"})


def _bound_statement(sent: Sent) -> Iterator[Place]:
    if sent.kind not in _BINDS:
        yield from (t for t in sent.tokens if t.kind == "parameter")


def _as_of(sent: Sent) -> Iterator[Place]:
    if sent.kind == "view":
        return
    for node in sent.all(exp.CurrentDate, exp.CurrentTimestamp, exp.Anonymous):
        if not isinstance(node, exp.Anonymous) or call(node) == "getdate":
            yield node


def _moment_difference(sent: Sent) -> Iterator[Place]:
    for node in sent.all(exp.Extract, exp.Anonymous):
        source = node.args.get("expression")
        if call(node) == "date_part" and len(node.expressions) == 2:
            source = node.expressions[1]
        if isinstance(source, exp.Expr) and isinstance(source.unnest(), exp.Sub):
            yield node


_COUNTS = frozenset({"count", "sum", "avg", "len", "length", "octet_length", "strpos", "datediff"})
_NUMERIC = _COUNTS | _ROUNDING | {"abs"}


def _one_type(sent: Sent) -> Iterator[Place]:
    for node in sent.all(exp.Case, exp.Anonymous):
        if isinstance(node, exp.Case):
            branches = [*(i.args["true"] for i in node.args["ifs"]), node.args.get("default")]
        elif call(node) in {"coalesce", "nvl", "greatest", "least", "nvl2"}:
            branches = node.expressions
        else:
            continue
        has_text = any(isinstance(b, exp.Literal) and b.is_string for b in branches)
        others = [b for b in branches if b is not None]
        if has_text and any(_is_number(b) for b in others):
            yield node


def _is_number(node: exp.Expr) -> bool:
    return (
        _is_literal(node)
        or _cast_to(node, _WHOLE | _FRACTIONS)
        or isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg))
        or call(node) in _NUMERIC
    )


def _union_literals(sent: Sent) -> Iterator[Place]:
    for union in sent.all(exp.SetOperation):
        branches = [select.expressions for select in selects(union)]
        for column in zip(*branches, strict=False):
            literals = [e.unalias() for e in column if isinstance(e.unalias(), exp.Literal)]
            if len({literal.is_string for literal in literals}) > 1:
                yield literals[-1]


_SINGLE_BACKSLASH = re.compile(r"(?<!\\)(?:\\\\)*\\(?!\\)")
_MATCHES = frozenset({"like", "ilike", "~", "!~"})


def _single_backslash(sent: Sent) -> Iterator[Place]:
    calls: list[str] = []
    for before, token in pairwise(sent.tokens):
        if token.text == "(":
            calls.append(before.word)
        elif token.text == ")" and calls:
            calls.pop()
        is_pattern = before.text.lower() in _MATCHES or (calls and calls[-1].startswith("regexp_"))
        if is_pattern and token.kind == "string" and _SINGLE_BACKSLASH.search(token.text):
            yield token


RULES = (
    Rule(
        "cast-division",
        "a side of / is cast to FLOAT8 or a whole type: what 3 / 4 is depends on the types of the columns",
        "r_OPERATOR_SYMBOLS",
        "select delivered / nullif(sent, 0) as rate from reports.campaign_performance",
        "select cast(delivered as float8) / nullif(sent, 0) as rate from reports.campaign_performance",
        _cast_division,
    ),
    Rule(
        "divisor-not-zero",
        "a divisor is a number or stands in NULLIF(..., 0): one row with 0 fails the whole statement on Redshift",
        "r_NULLIF_function",
        "select cast(delivered as float8) / sent as rate from reports.campaign_performance",
        "select cast(delivered as float8) / nullif(sent, 0) as rate from reports.campaign_performance",
        _divisor_not_zero,
    ),
    Rule(
        "cast-sum",
        "SUM is cast: of INTEGER it is BIGINT and of BIGINT it is NUMERIC(38,0), DuckDB has HUGEINT for both",
        "r_SUM",
        "select event_type, sum(rows_landed) as landed from control.load group by event_type",
        "select event_type, cast(sum(rows_landed) as bigint) as landed from control.load group by event_type",
        _cast_sum,
    ),
    Rule(
        "cast-average",
        "the argument of an average is cast to FLOAT8 or DECIMAL: of whole numbers Redshift's is a whole number",
        "r_AVG",
        "select avg(attempts) as tries from warehouse.fact_message",
        "select avg(cast(attempts as float8)) as tries from warehouse.fact_message",
        _cast_average,
    ),
    Rule(
        "round-before-integer",
        "a fraction is rounded by ROUND, FLOOR or CEIL before it is cast to a whole type: halves go different ways",
        "r_CAST_function",
        "select cast(cast(attempts as float8) / 2 as integer) as half from warehouse.fact_message",
        "select cast(floor(cast(attempts as float8) / 2) as integer) as half from warehouse.fact_message",
        _round_before_integer,
    ),
    Rule(
        "cast-null",
        "NULL as a column is cast: else its type is for each engine to guess",
        "r_CAST_function",
        "select event_id, null as bot_reason from warehouse.fact_click",
        "select event_id, cast(null as varchar(64)) as bot_reason from warehouse.fact_click",
        _cast_null,
    ),
    Rule(
        "cast-bound",
        "a bound value that is a column or an argument of a function is cast: text is sent without a type",
        "r_PREPARE",
        "select load_id, :table_name as table_name from control.load",
        "select load_id, cast(:table_name as varchar(64)) as table_name from control.load",
        _cast_bound,
    ),
    Rule(
        "bound-statement",
        "values are bound in SELECT, INSERT, UPDATE and DELETE only",
        "r_PREPARE",
        "merge into warehouse.dim_asn using new_asn as n on dim_asn.asn = n.asn when matched then"
        " update set loaded_at = :now when not matched then insert (asn) values (n.asn)",
        "update warehouse.dim_asn set loaded_at = :now from new_asn as n where dim_asn.asn = n.asn",
        _bound_statement,
    ),
    Rule(
        "as-of",
        "the time is bound (:as_of, :now), not asked of the clock: a statement run again gives the same rows",
        "r_GETDATE",
        "select message_id from warehouse.fact_message where sent_at < getdate()",
        "select message_id from warehouse.fact_message where sent_at < :as_of",
        _as_of,
    ),
    Rule(
        "moment-difference",
        "the time between two times is DATEDIFF's: their difference is an interval, of which EXTRACT takes one field",
        "r_EXTRACT_function",
        "select extract(second from (first_click_at - sent_at)) as seconds from warehouse.fact_message",
        "select datediff(second, sent_at, first_click_at) as seconds from warehouse.fact_message",
        _moment_difference,
    ),
    Rule(
        "one-type",
        "all branches of a CASE, COALESCE and their like have one type: Redshift does not make text of numbers",
        "r_CASE_function",
        "select case when attempts > 0 then 1 else 'none' end as tries from warehouse.fact_message",
        "select case when attempts > 0 then 1 else 0 end as tries from warehouse.fact_message",
        _one_type,
    ),
    Rule(
        "union-literals",
        "a column of a UNION is text in all queries or a number in all: the first alone decides nothing on Redshift",
        "r_UNION",
        "select 1 as step union all select 'two' as step",
        "select 'one' as step union all select 'two' as step",
        _union_literals,
    ),
    Rule(
        "single-backslash",
        "a backslash of a pattern is written twice: the literal takes the first away, and the pattern never sees it",
        "r_patternmatching_condition_like",
        r"select object_id from control.landed_object where object_key like 'raw\_%'",
        r"select object_id from control.landed_object where object_key like 'raw\\_%'",
        _single_backslash,
    ),
)  # fmt: skip
