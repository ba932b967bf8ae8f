"""The functions of Redshift that run here, each as DuckDB says the same, and nothing else: an allow-list.

``page`` names the page of the Redshift Database Developer Guide that says what a function returns. What
differs only in some types is guarded by macros in DuckDB (``MACROS``), because only there the type is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from sms_warehouse.local.redshift.errors import PgError, unsupported

Sql = Callable[[Any], str]
Render = str | Callable[[Sql, list[exp.Expr]], str]

SYSTEM_SCHEMA = "_redshift"
"""Macros and catalog views of the stand-in live here, out of the clients' sight."""

_REFUSE = f"{SYSTEM_SCHEMA}.refuse"

# typeof() is a constant once the query is bound, so the guards cost nothing per row.
MACROS = (
    "refuse(state, message) as error('RS:' || state || ':' || message)",
    f"ordered(x) as case when typeof(x) = 'BOOLEAN' then {_REFUSE}('42883', "
    "'function min or max(boolean) does not exist') else x end",
    f"averaged(x) as case when typeof(x) in ('DOUBLE', 'FLOAT', '\"NULL\"') then x else {_REFUSE}('0A000', "
    "'an average of ' || typeof(x) || ' has another type on Redshift: cast the argument to FLOAT8') end",
    "divided(a, b) as case when typeof(a) not in ('DOUBLE', 'FLOAT') and typeof(b) not in ('DOUBLE', 'FLOAT') "
    "and (typeof(a) like 'DECIMAL%' or typeof(b) like 'DECIMAL%' or typeof(a) = 'HUGEINT' or typeof(b) = 'HUGEINT') "
    f"then {_REFUSE}('0A000', 'division of ' || typeof(a) || ' by ' || typeof(b) || "
    "' has another type on Redshift: cast both sides to FLOAT8 or BIGINT') else a / b end",
    f"as_text(x) as case when typeof(x) in ('BOOLEAN', 'DOUBLE', 'FLOAT') then {_REFUSE}('42846', "
    "'cannot cast type ' || typeof(x) || ' to character varying as Redshift does') else cast(x as varchar) end",
    # VARCHAR(n) counts bytes; a cast cuts there. Where a character would be cut in two, refuse. The message takes
    # nothing from the row, and still has to depend on it: DuckDB may evaluate a constant error() before the test.
    f"cut(s, n) as case when strlen(s) > n and strlen(left(s, n)) > n then {_REFUSE}("
    "'0A000', 'a cast that cuts text beyond ASCII to ' || n || ' bytes is not supported' || left(s, 0)) "
    "else left(s, n) end",
    f"uncut(s) as case when strlen(s) > 256 then {_REFUSE}('0A000', "
    "'a cast of more than 256 bytes to VARCHAR without a length: say VARCHAR(n)' || left(s, 0)) else s end",
    "add_months(d, n) as case when last_day(d) = cast(d as date) "
    "then cast(last_day(d + to_months(n)) as timestamp) "
    "+ (cast(d as timestamp) - date_trunc('day', cast(d as timestamp))) "
    "else cast(d + to_months(n) as timestamp) end",
    "json_text(j, path) as case when j is null then null else coalesce(json_extract_string(j, path), '') end",
    "strict_array(j) as case when json_type(j) <> 'ARRAY' then "
    f"{_REFUSE}('22P02', 'JSON parsing error: not an array' || left(cast(j as varchar), 0)) else j end",
)  # fmt: skip


@dataclass(frozen=True)
class Function:
    """How a function is written in DuckDB: a template over its arguments, or a renderer."""

    page: str
    least: int
    most: int | None
    render: Render


def _f(page: str, arity: int | tuple[int, int | None], render: Render) -> Function:
    least, most = (arity, arity) if isinstance(arity, int) else arity
    return Function(page, least, most, render)


def _call(name: str) -> Render:
    return lambda sql, args: f"{name}({', '.join(sql(a) for a in args)})"


def text_literal(node: exp.Expr, what: str) -> str:
    """The text of a string literal. Raises PgError 0A000: ``what`` has to be a literal here."""
    if isinstance(node, exp.Literal) and node.is_string:
        return str(node.this)
    raise unsupported(f"{what} that is not a literal")


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# ---------- dates and times

_PARTS = {
    name: part
    for part, names in {
        "year": "year years y yr yrs",
        "quarter": "quarter quarters qtr qtrs",
        "month": "month months mon mons",
        "week": "week weeks w",
        "day": "day days d",
        "hour": "hour hours h hr hrs",
        "minute": "minute minutes m min mins",
        "second": "second seconds s sec secs",
        "millisecond": "millisecond milliseconds ms msec msecs msecond mseconds millisec millisecs millisecon",
        "microsecond": "microsecond microseconds us usec usecs usecond useconds microsec microsecs microsecon",
        "dow": "dow dayofweek dw weekday",
        "doy": "doy dayofyear dy yearday",
        "epoch": "epoch",
    }.items()
    for name in names.split()
}
_ADDED = {
    "year": "to_years(cast({n} as integer))",
    "quarter": "to_months(cast(3 * {n} as integer))",
    "month": "to_months(cast({n} as integer))",
    "week": "to_weeks(cast({n} as integer))",
    "day": "to_days(cast({n} as integer))",
    "hour": "to_hours(cast({n} as bigint))",
    "minute": "to_minutes(cast({n} as bigint))",
    "second": "to_seconds(cast({n} as bigint))",
    "millisecond": "to_milliseconds(cast({n} as bigint))",
    "microsecond": "to_microseconds(cast({n} as bigint))",
}
_EXTRACTED = {
    "year",
    "quarter",
    "month",
    "week",
    "day",
    "hour",
    "minute",
    "second",
    "dow",
    "doy",
    "epoch",
}
_TRUNCATED = {"year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"}
# Weeks are left out: DuckDB counts Monday's boundaries differently from Redshift's Sunday's.
_COUNTED = {
    "year",
    "quarter",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "millisecond",
    "microsecond",
}


def _part(node: exp.Expr, allowed: set[str] | dict[str, str], function: str) -> str:
    name = node.name.lower() if isinstance(node, (exp.Column, exp.Literal, exp.Var)) else ""
    part = _PARTS.get(name)
    if part is None:
        raise PgError("22023", f'unknown date part "{name}" in {function}')
    if part not in allowed:
        raise unsupported(f"the date part {part} in {function}")
    return part


def _moment(sql: Sql, node: exp.Expr) -> str:
    """A date or time; text without a type of its own is a timestamp."""
    text = sql(node)
    untyped = isinstance(node, exp.Parameter) or (isinstance(node, exp.Literal) and node.is_string)
    return f"cast({text} as timestamp)" if untyped else text


def _dateadd(sql: Sql, args: list[exp.Expr]) -> str:
    part = _part(args[0], _ADDED, "DATEADD")
    return f"({_moment(sql, args[2])} + {_ADDED[part].format(n=sql(args[1]))})"


def _datediff(sql: Sql, args: list[exp.Expr]) -> str:
    part = _part(args[0], _COUNTED, "DATEDIFF")
    return f"datediff('{part}', {_moment(sql, args[1])}, {_moment(sql, args[2])})"


def _date_trunc(sql: Sql, args: list[exp.Expr]) -> str:
    return f"date_trunc('{_part(args[0], _TRUNCATED, 'DATE_TRUNC')}', {_moment(sql, args[1])})"


def extract(sql: Sql, part_node: exp.Expr, of: exp.Expr) -> str:
    """EXTRACT and DATE_PART: an INTEGER."""
    part = _part(part_node, _EXTRACTED, "EXTRACT")
    value = f"date_part('{part}', {_moment(sql, of)})"
    if part == "epoch":
        value = f"floor({value})"
    return f"cast({value} as integer)"


def _convert_timezone(sql: Sql, args: list[exp.Expr]) -> str:
    source = "'UTC'" if len(args) == 2 else sql(args[0])
    return f"timezone({sql(args[-2])}, timezone({source}, cast({sql(args[-1])} as timestamp)))"


_FORMATS = {
    "YYYY": "%Y",
    "MM": "%m",
    "DDD": "%j",
    "DD": "%d",
    "HH24": "%H",
    "HH12": "%I",
    "HH": "%I",
    "MI": "%M",
    "SS": "%S",
    "MS": "%g",
    "US": "%f",
    "IYYY": "%G",
    "IW": "%V",
    "AM": "%p",
    "PM": "%p",
}
_FORMAT_TOKEN = re.compile(
    "|".join(sorted(_FORMATS, key=len, reverse=True))
    + r'|(?P<quoted>"[^"]*")|(?P<plain>[-/:. ,_]|T(?=HH24))'
)


def _format(text: str) -> str:
    """A datetime format in strftime's terms. Raises PgError 0A000 for a pattern not listed."""
    out, at = [], 0
    while at < len(text):
        found = _FORMAT_TOKEN.match(text, at)
        if not found:
            raise unsupported(f'the datetime format "{text}" (at "{text[at:]}")')
        token = found[0]
        if found["quoted"]:
            out.append(token[1:-1].replace("%", "%%"))
        else:
            out.append(token if found["plain"] else _FORMATS[token])
        at = found.end()
    return "".join(out)


def _to_char(sql: Sql, args: list[exp.Expr]) -> str:
    return (
        f"strftime({sql(args[0])}, {quoted(_format(text_literal(args[1], 'a format of TO_CHAR')))})"
    )


def _to_date(sql: Sql, args: list[exp.Expr]) -> str:
    return f"cast(strptime({sql(args[0])}, {quoted(_format(text_literal(args[1], 'a format of TO_DATE')))}) as date)"


def _add_months(sql: Sql, args: list[exp.Expr]) -> str:
    return f"{SYSTEM_SCHEMA}.add_months({_moment(sql, args[0])}, cast({sql(args[1])} as integer))"


def _trunc(sql: Sql, args: list[exp.Expr]) -> str:
    if len(args) == 1:
        return f"cast(date_trunc('day', {_moment(sql, args[0])}) as date)"
    return f"trunc({sql(args[0])}, {sql(args[1])})"


# ---------- text


def _pad(name: str) -> Render:
    def render(sql: Sql, args: list[exp.Expr]) -> str:
        filler = sql(args[2]) if len(args) == 3 else "' '"
        return f"{name}({sql(args[0])}, {sql(args[1])}, {filler})"

    return render


def _regexp_replace(sql: Sql, args: list[exp.Expr]) -> str:
    replacement = text_literal(args[2], "a replacement of REGEXP_REPLACE") if len(args) == 3 else ""
    if "$" in replacement or "\\" in replacement:
        raise unsupported("a back reference in REGEXP_REPLACE")
    return f"regexp_replace({sql(args[0])}, {sql(args[1])}, {quoted(replacement)}, 'g')"


def _sha2(sql: Sql, args: list[exp.Expr]) -> str:
    if not isinstance(args[1], exp.Literal) or args[1].this not in ("256", "0"):
        raise unsupported("SHA2 with another length than 256")
    return f"sha256({sql(args[0])})"


def _decode(sql: Sql, args: list[exp.Expr]) -> str:
    value = sql(args[0])
    pairs, rest = args[1:], ""
    if len(pairs) % 2:
        rest = f" else {sql(pairs[-1])}"
        pairs = pairs[:-1]
    whens = " ".join(
        f"when {value} is not distinct from {sql(pairs[i])} then {sql(pairs[i + 1])}"
        for i in range(0, len(pairs), 2)
    )
    return f"case {whens}{rest} end"


# ---------- JSON


def _guarded(sql: Sql, args: list[exp.Expr], least: int) -> tuple[list[exp.Expr], str]:
    """Splits off the last argument null_if_invalid; the text is the JSON, NULL where it is invalid."""
    document = sql(args[0])
    if len(args) > least and isinstance(args[-1], exp.Boolean):
        if args[-1].this:
            document = f"case when json_valid({document}) then {document} end"
        args = args[:-1]
    return args, document


def _json_path(sql: Sql, args: list[exp.Expr]) -> str:
    args, document = _guarded(sql, args, 2)
    names = [text_literal(a, "a path element") for a in args[1:]]
    if any('"' in n or not n for n in names) or len(names) > 5:
        raise unsupported(
            "a path element that is empty or holds a quote, or more than five of them"
        )
    path = "$" + "".join(f'."{n}"' for n in names)
    return f"{SYSTEM_SCHEMA}.json_text({document}, {quoted(path)})"


def _json_element(sql: Sql, args: list[exp.Expr]) -> str:
    args, document = _guarded(sql, args, 2)
    index = args[1]
    if (
        len(args) != 2
        or not isinstance(index, exp.Literal)
        or index.is_string
        or not index.this.isdigit()
    ):
        raise unsupported(
            "JSON_EXTRACT_ARRAY_ELEMENT_TEXT with a position that is not a whole number literal"
        )
    return f"{SYSTEM_SCHEMA}.json_text({SYSTEM_SCHEMA}.strict_array({document}), '$[{index.this}]')"


def _json_length(sql: Sql, args: list[exp.Expr]) -> str:
    _, document = _guarded(sql, args, 1)
    return f"cast(json_array_length({SYSTEM_SCHEMA}.strict_array({document})) as integer)"


SCALARS: dict[str, Function] = {
    # conditions
    "coalesce": _f("r_NVL_function", (1, None), _call("coalesce")),
    "nvl": _f("r_NVL_function", (1, None), _call("coalesce")),
    "nvl2": _f("r_NVL2", 3, "case when {0} is not null then {1} else {2} end"),
    "nullif": _f("r_NULLIF_function", 2, _call("nullif")),
    "decode": _f("r_DECODE_expression", (3, None), _decode),
    "greatest": _f("r_GREATEST_LEAST", (1, None), _call("greatest")),
    "least": _f("r_GREATEST_LEAST", (1, None), _call("least")),
    # text
    "ascii": _f("r_ASCII", 1, _call("ascii")),
    "btrim": _f("r_BTRIM", (1, 2), _call("trim")),
    "char_length": _f("r_CHAR_LENGTH", 1, "cast(length({0}) as integer)"),
    "character_length": _f("r_CHARACTER_LENGTH", 1, "cast(length({0}) as integer)"),
    "charindex": _f("r_CHARINDEX", 2, "cast(strpos({1}, {0}) as integer)"),
    "chr": _f("r_CHR", 1, _call("chr")),
    # NULL when either is NULL, unlike DuckDB's concat().
    "concat": _f("r_CONCAT", 2, "({0} || {1})"),
    "left": _f("r_LEFT", 2, _call("left")),
    "len": _f("r_LEN", 1, "cast(length({0}) as integer)"),
    "length": _f("r_LENGTH", 1, "cast(length({0}) as integer)"),
    "lower": _f("r_LOWER", 1, _call("lower")),
    "lpad": _f("r_LPAD", (2, 3), _pad("lpad")),
    "ltrim": _f("r_LTRIM", (1, 2), _call("ltrim")),
    "md5": _f("r_MD5", 1, _call("md5")),
    "octet_length": _f("r_OCTET_LENGTH", 1, "cast(strlen({0}) as integer)"),
    "regexp_count": _f("REGEXP_COUNT", 2, "cast(len(regexp_extract_all({0}, {1})) as integer)"),
    "regexp_replace": _f("REGEXP_REPLACE", (2, 3), _regexp_replace),
    "regexp_substr": _f("REGEXP_SUBSTR", 2, "regexp_extract({0}, {1})"),
    "repeat": _f("r_REPEAT", 2, _call("repeat")),
    "replace": _f("r_REPLACE", 3, _call("replace")),
    "reverse": _f("r_REVERSE", 1, _call("reverse")),
    "right": _f("r_LEFT", 2, _call("right")),
    "rpad": _f("r_LPAD", (2, 3), _pad("rpad")),
    "rtrim": _f("r_RTRIM", (1, 2), _call("rtrim")),
    "sha2": _f("SHA2", 2, _sha2),
    "split_part": _f("SPLIT_PART", 3, _call("split_part")),
    "strpos": _f("r_STRPOS", 2, "cast(strpos({0}, {1}) as integer)"),
    "substr": _f("r_SUBSTRING", (2, 3), _call("substring")),
    "translate": _f("r_TRANSLATE", 3, _call("translate")),
    "upper": _f("r_UPPER", 1, _call("upper")),
    # dates and times
    "add_months": _f("r_ADD_MONTHS", 2, _add_months),
    "convert_timezone": _f("CONVERT_TIMEZONE", (2, 3), _convert_timezone),
    "dateadd": _f("r_DATEADD_function", 3, _dateadd),
    "date_add": _f("r_DATEADD_function", 3, _dateadd),
    "datediff": _f("r_DATEDIFF_function", 3, _datediff),
    "date_diff": _f("r_DATEDIFF_function", 3, _datediff),
    "date_part": _f("r_DATE_PART_function", 2, lambda s, a: extract(s, a[0], a[1])),
    "date_trunc": _f("r_DATE_TRUNC", 2, _date_trunc),
    "getdate": _f("r_GETDATE", 0, "date_trunc('second', cast(getvariable('redshift_now') as timestamp))"),
    "last_day": _f("r_LAST_DAY", 1, lambda s, a: f"last_day({_moment(s, a[0])})"),
    "to_char": _f("r_TO_CHAR", 2, _to_char),
    "to_date": _f("r_TO_DATE_function", 2, _to_date),
    # JSON
    "can_json_parse": _f("CAN_JSON_PARSE", 1, _call("json_valid")),
    "is_valid_json": _f("IS_VALID_JSON", 1, _call("json_valid")),
    "json_array_length": _f("JSON_ARRAY_LENGTH", (1, 2), _json_length),
    "json_extract_array_element_text": _f("JSON_EXTRACT_ARRAY_ELEMENT_TEXT", (2, 3), _json_element),
    "json_extract_path_text": _f("JSON_EXTRACT_PATH_TEXT", (2, 7), _json_path),
    # numbers
    "abs": _f("r_ABS", 1, _call("abs")),
    "ceil": _f("r_CEILING_FLOOR", 1, _call("ceil")),
    "ceiling": _f("r_CEILING_FLOOR", 1, _call("ceil")),
    "exp": _f("r_EXP", 1, _call("exp")),
    "floor": _f("r_FLOOR", 1, _call("floor")),
    "ln": _f("r_LN", 1, _call("ln")),
    "log": _f("r_LOG", 1, _call("log10")),
    "mod": _f("r_MOD", 2, "({0} % {1})"),
    "pi": _f("r_PI", 0, "pi()"),
    "power": _f("r_POWER", 2, _call("power")),
    "pow": _f("r_POWER", 2, _call("power")),
    "random": _f("r_RANDOM", 0, "random()"),
    "round": _f("r_ROUND", (1, 2), _call("round")),
    "sign": _f("r_SIGN", 1, "cast(sign({0}) as integer)"),
    "sqrt": _f("r_SQRT", 1, _call("sqrt")),
    # With one argument only timestamps: TRUNC(number) would have another type.
    "trunc": _f("r_TRUNC_date", (1, 2), _trunc),
    # the session; the engine sets these variables
    "current_database": _f("r_CURRENT_DATABASE", 0, "cast(getvariable('redshift_database') as varchar)"),
    "current_schema": _f("r_CURRENT_SCHEMA", 0, "current_schema()"),
    "pg_backend_pid": _f("PG_BACKEND_PID", 0, "cast(getvariable('redshift_pid') as integer)"),
    "pg_last_copy_count": _f("PG_LAST_COPY_COUNT", 0, "cast(getvariable('redshift_copy_count') as bigint)"),
    "version": _f("r_VERSION", 0, "cast(getvariable('redshift_version') as varchar)"),
}  # fmt: skip

AGGREGATES: dict[str, Function] = {
    "any_value": _f("r_ANY_VALUE", 1, "any_value({0})"),
    "avg": _f("r_AVG", 1, f"avg({SYSTEM_SCHEMA}.averaged({{0}}))"),
    "bool_and": _f("r_BOOL_AND", 1, "bool_and({0})"),
    "bool_or": _f("r_BOOL_OR", 1, "bool_or({0})"),
    "count": _f("r_COUNT", 1, "count({0})"),
    "max": _f("r_MAX", 1, f"max({SYSTEM_SCHEMA}.ordered({{0}}))"),
    "median": _f("r_MEDIAN", 1, f"median({SYSTEM_SCHEMA}.averaged({{0}}))"),
    "min": _f("r_MIN", 1, f"min({SYSTEM_SCHEMA}.ordered({{0}}))"),
    "stddev": _f("r_STDDEV_functions", 1, f"stddev_samp({SYSTEM_SCHEMA}.averaged({{0}}))"),
    "stddev_pop": _f("r_STDDEV_functions", 1, f"stddev_pop({SYSTEM_SCHEMA}.averaged({{0}}))"),
    "stddev_samp": _f("r_STDDEV_functions", 1, f"stddev_samp({SYSTEM_SCHEMA}.averaged({{0}}))"),
    "sum": _f("r_SUM", 1, "sum({0})"),
    "var_pop": _f("r_VARIANCE_functions", 1, f"var_pop({SYSTEM_SCHEMA}.averaged({{0}}))"),
    "var_samp": _f("r_VARIANCE_functions", 1, f"var_samp({SYSTEM_SCHEMA}.averaged({{0}}))"),
    "variance": _f("r_VARIANCE_functions", 1, f"var_samp({SYSTEM_SCHEMA}.averaged({{0}}))"),
}
DISTINCT_AGGREGATES = frozenset({"avg", "count", "max", "min", "sum", "stddev", "variance"})

# Need an order inside: WITHIN GROUP (ORDER BY x). {order} is the rendered order, {0} the first argument.
ORDERED_AGGREGATES: dict[str, Function] = {
    "listagg": _f("r_LISTAGG", (1, 2), "string_agg({0}, {1} {order})"),
    "percentile_cont": _f("r_PERCENTILE_CONT", 1, "quantile_cont({value}, {0} {order})"),
    "percentile_disc": _f(
        "r_APPROXIMATE_PERCENTILE_DISC", 1, "quantile_disc({value}, {0} {order})"
    ),
}

# Take no frame. FIRST_VALUE and LAST_VALUE need one with ORDER BY, as aggregates do.
RANKINGS: dict[str, Function] = {
    "cume_dist": _f("r_WF_CUME_DIST", 0, "cume_dist()"),
    "dense_rank": _f("r_WF_DENSE_RANK", 0, "dense_rank()"),
    "lag": _f("r_WF_LAG", (1, 2), _call("lag")),
    "lead": _f("r_WF_LEAD", (1, 2), _call("lead")),
    "ntile": _f("r_WF_NTILE", 1, _call("ntile")),
    "percent_rank": _f("r_WF_PERCENT_RANK", 0, "percent_rank()"),
    "rank": _f("r_WF_RANK", 0, "rank()"),
    "row_number": _f("r_WF_ROW_NUMBER", 0, "row_number()"),
}
FRAMED: dict[str, Function] = {
    "first_value": _f("r_WF_first_value", 1, _call("first_value")),
    "last_value": _f("r_WF_last_value", 1, _call("last_value")),
    "nth_value": _f("r_WF_NTH", 2, _call("nth_value")),
}


def checked(name: str, function: Function, args: list[exp.Expr]) -> Function:
    """Raises PgError 42883 for a number of arguments the function does not take."""
    if len(args) < function.least or (function.most is not None and len(args) > function.most):
        raise PgError("42883", f"function {name} with {len(args)} arguments does not exist")
    return function


def rendered(function: Function, sql: Sql, args: list[exp.Expr]) -> str:
    if callable(function.render):
        return function.render(sql, args)
    return function.render.format(*(sql(a) for a in args))
