"""How functions are written that need more than a template: date parts, formats, patterns, JSON paths."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlglot import exp

from local_redshift.errors import PgError, unsupported
from local_redshift.macros import SYSTEM_SCHEMA

Sql = Callable[[Any], str]
Render = str | Callable[[Sql, list[exp.Expr]], str]


def call(name: str) -> Render:
    return lambda sql, args: f"{name}({', '.join(sql(a) for a in args)})"


def text_literal(node: exp.Expr, what: str) -> str:
    """The text of a string literal. Raises PgError 0A000: ``what`` has to be a literal here."""
    if isinstance(node, exp.Literal) and node.is_string:
        return str(node.this)
    raise unsupported(f"{what} that is not a literal", "write it into the statement in quotes")


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def whole_literal(node: exp.Expr) -> int | None:
    """The value of a whole number that stands in the statement."""
    if isinstance(node, exp.Neg):
        value = whole_literal(node.this)
        return None if value is None else -value
    if isinstance(node, exp.Literal) and not node.is_string and node.this.isdigit():
        return int(node.this)
    return None


def at_least(least: int, function: str, sql: Sql, node: exp.Expr) -> str:
    """A number that a function takes from ``least`` on, 0 or 1: checked here, or row by row."""
    value = whole_literal(node)
    if value is None:
        macro = "counted" if least else "positive"
        return f"{SYSTEM_SCHEMA}.{macro}(cast({sql(node)} as integer), {quoted(function)})"
    if value < least:
        raise PgError("22023", f"{function} takes no number below {least}: {value}")
    return sql(node)


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


_LONG_PARTS = frozenset(
    [
        "decade",
        "decades",
        "dec",
        "decs",
        "century",
        "centuries",
        "c",
        "cent",
        "cents",
        "millennium",
        "millennia",
        "mil",
        "mils",
    ]
)
_OTHER_PARTS = {
    "week": "subtract DATE_TRUNC('week', a) from DATE_TRUNC('week', b) in days and divide by 7",
    "millisecond": "take the second, or TO_CHAR with MS",
    "microsecond": "take the second, or TO_CHAR with US",
}


def _part(node: exp.Expr, allowed: set[str] | dict[str, str], function: str) -> str:
    name = node.name.lower() if isinstance(node, (exp.Column, exp.Literal, exp.Var)) else ""
    part = _PARTS.get(name)
    if name in _LONG_PARTS:
        raise unsupported(f"the date part {name}", "compute it from the year")
    if part is None:
        raise PgError("22023", f'unknown date part "{name}" in {function}')
    if part not in allowed:
        raise unsupported(f"the date part {part} in {function}", _OTHER_PARTS.get(part, ""))
    return part


def _moment(sql: Sql, node: exp.Expr) -> str:
    """A date or time; text without a type of its own is a timestamp."""
    text = sql(node)
    untyped = isinstance(node, exp.Parameter) or (isinstance(node, exp.Literal) and node.is_string)
    return f"cast({text} as timestamp)" if untyped else text


def dateadd(sql: Sql, args: list[exp.Expr]) -> str:
    part = _part(args[0], _ADDED, "DATEADD")
    if part == "year":
        return (
            f"{SYSTEM_SCHEMA}.add_years({_moment(sql, args[2])}, cast({sql(args[1])} as integer))"
        )
    return f"({_moment(sql, args[2])} + {_ADDED[part].format(n=sql(args[1]))})"


def datediff(sql: Sql, args: list[exp.Expr]) -> str:
    part = _part(args[0], _COUNTED, "DATEDIFF")
    return f"datediff('{part}', {_moment(sql, args[1])}, {_moment(sql, args[2])})"


def date_trunc(sql: Sql, args: list[exp.Expr]) -> str:
    return f"date_trunc('{_part(args[0], _TRUNCATED, 'DATE_TRUNC')}', {_moment(sql, args[1])})"


def extract(sql: Sql, part_node: exp.Expr, of: exp.Expr) -> str:
    """EXTRACT and DATE_PART: an INTEGER."""
    part = _part(part_node, _EXTRACTED, "EXTRACT")
    value = f"date_part('{part}', {_moment(sql, of)})"
    if part == "epoch":
        value = f"floor({value})"
    return f"cast({value} as integer)"


def convert_timezone(sql: Sql, args: list[exp.Expr]) -> str:
    source = "'UTC'" if len(args) == 2 else zone(sql, args[0])
    return (
        f"timezone({zone(sql, args[-2])}, timezone({source}, cast({sql(args[-1])} as timestamp)))"
    )


def zone(sql: Sql, node: exp.Expr) -> str:
    """A time zone by its name: offsets and abbreviations mean different things in different places."""
    return f"{SYSTEM_SCHEMA}.zone({sql(node)})"


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
            raise unsupported(
                f'the datetime format "{text}" (at "{text[at:]}")',
                "put it together from YYYY MM DD DDD HH24 HH12 MI SS MS US IYYY IW AM",
            )
        token = found[0]
        if found["quoted"]:
            out.append(token[1:-1].replace("%", "%%"))
        else:
            out.append(token if found["plain"] else _FORMATS[token])
        at = found.end()
    return "".join(out)


def to_char(sql: Sql, args: list[exp.Expr]) -> str:
    return (
        f"strftime({sql(args[0])}, {quoted(_format(text_literal(args[1], 'a format of TO_CHAR')))})"
    )


def to_date(sql: Sql, args: list[exp.Expr]) -> str:
    return f"cast(strptime({sql(args[0])}, {quoted(_format(text_literal(args[1], 'a format of TO_DATE')))}) as date)"


def add_months(sql: Sql, args: list[exp.Expr]) -> str:
    return f"{SYSTEM_SCHEMA}.add_months({_moment(sql, args[0])}, cast({sql(args[1])} as integer))"


def last_day(sql: Sql, args: list[exp.Expr]) -> str:
    return f"last_day({_moment(sql, args[0])})"


def trunc(sql: Sql, args: list[exp.Expr]) -> str:
    if len(args) == 1:
        return f"cast(date_trunc('day', {_moment(sql, args[0])}) as date)"
    return f"trunc({sql(args[0])}, {sql(args[1])})"


def date_part(sql: Sql, args: list[exp.Expr]) -> str:
    """As EXTRACT, but a DOUBLE."""
    return f"cast({extract(sql, args[0], args[1])} as double)"


# ---------- text


def part(sql: Sql, args: list[exp.Expr]) -> str:
    """SUBSTRING, whose start may be before the text."""
    start = whole_literal(args[1])
    length = whole_literal(args[2]) if len(args) == 3 else 0
    if start is not None and start >= 1 and length is not None and length >= 0:
        return f"substring({', '.join(sql(a) for a in args)})"
    macro = "part" if len(args) == 3 else "part_from"
    return f"{SYSTEM_SCHEMA}.{macro}({', '.join(sql(a) for a in args)})"


def end(name: str) -> Render:
    """LEFT and RIGHT."""
    return lambda sql, args: f"{name}({sql(args[0])}, {at_least(0, name.upper(), sql, args[1])})"


def split_part(sql: Sql, args: list[exp.Expr]) -> str:
    if isinstance(args[1], exp.Literal) and not args[1].this:
        raise unsupported("SPLIT_PART at an empty delimiter", "use SUBSTRING")
    position = at_least(1, "SPLIT_PART", sql, args[2])
    return f"split_part({sql(args[0])}, {sql(args[1])}, {position})"


def pad(name: str) -> Render:
    def render(sql: Sql, args: list[exp.Expr]) -> str:
        filler = sql(args[2]) if len(args) == 3 else "' '"
        return f"{name}({sql(args[0])}, {sql(args[1])}, {filler})"

    return render


def regexp_replace(sql: Sql, args: list[exp.Expr]) -> str:
    replacement = text_literal(args[2], "a replacement of REGEXP_REPLACE") if len(args) == 3 else ""
    if "$" in replacement or "\\" in replacement:
        raise unsupported("a back reference in REGEXP_REPLACE", "use SPLIT_PART or SUBSTRING")
    pattern = found_pattern(args[1], "REGEXP_REPLACE")
    return f"regexp_replace({sql(args[0])}, {pattern}, {quoted(replacement)}, 'g')"


def regexp_count(sql: Sql, args: list[exp.Expr]) -> str:
    pattern = found_pattern(args[1], "REGEXP_COUNT")
    return f"cast(len(regexp_extract_all({sql(args[0])}, {pattern})) as integer)"


def regexp_substr(sql: Sql, args: list[exp.Expr]) -> str:
    return f"regexp_extract({sql(args[0])}, {found_pattern(args[1], 'REGEXP_SUBSTR')})"


# What POSIX expressions and DuckDB's RE2 read alike; \\d, \\s, \\w and escaped signs among it.
_PATTERN = re.compile(
    r"(?:\\[dDsSwW]|\\[^A-Za-z0-9]|\[\^?\]?(?:\[:[a-z]+:\]|\\[^A-Za-z0-9]|[^\]\\\[])+\]|"
    r"[*+?](?![?+*])|\{\d+(?:,\d*)?\}(?![?+*])|\((?!\?)|[^\\\[*+?{(])*"
)


def pattern(node: exp.Expr) -> str:
    """A regular expression. Raises PgError 0A000 for what POSIX and RE2 read differently."""
    text = text_literal(node, "a regular expression")
    if not _PATTERN.fullmatch(text):
        raise unsupported(
            f"the regular expression {quoted(text)}",
            "leave out (?...), \\y, back references and lazy or doubled quantifiers",
        )
    return quoted(text)


# Words of which none begins another: there is only one way to choose.
_ALTERNATIVES = re.compile(r"(?<=\()\w+(?:\|\w+)+(?=\))")


def _longest(function: str) -> PgError:
    return unsupported(
        f"this | in {function}", "the longest alternative wins on Redshift: use [...] or CASE"
    )


def found_pattern(node: exp.Expr, function: str) -> str:
    """A regular expression whose match, not only whether there is one, has to be the same."""
    text = text_literal(node, "a regular expression")
    sql = pattern(node)
    for group in _ALTERNATIVES.findall(text):
        words = group.split("|")
        if any(a is not b and b.startswith(a) for a in words for b in words):
            raise _longest(function)
    if "|" in _ALTERNATIVES.sub("", text):
        raise _longest(function)
    with_python = re.sub(r"\[:[a-z]+:\]", "a", text)
    if re.match(f"(?:{with_python})\\Z", ""):
        raise unsupported(f"{function} of a pattern that matches nothing", "use + instead of *")
    return sql


def sha2(sql: Sql, args: list[exp.Expr]) -> str:
    if not isinstance(args[1], exp.Literal) or args[1].this not in ("256", "0"):
        raise unsupported("SHA2 with another length than 256", "use SHA2(x, 256)")
    return f"sha256({sql(args[0])})"


# ---------- JSON


def _guarded(sql: Sql, args: list[exp.Expr], least: int) -> tuple[list[exp.Expr], str]:
    """Splits off the last argument null_if_invalid; the text is the JSON, NULL where it is invalid."""
    document = f"{SYSTEM_SCHEMA}.strict_json({sql(args[0])})"
    if len(args) > least and isinstance(args[-1], exp.Boolean):
        if args[-1].this:
            document = f"case when json_valid({document}) then {document} end"
        args = args[:-1]
    return args, document


def is_json_object(sql: Sql, args: list[exp.Expr]) -> str:
    """IS_VALID_JSON takes objects only."""
    document = f"{SYSTEM_SCHEMA}.strict_json({sql(args[0])})"
    return f"case when json_valid({document}) then json_type({document}) = 'OBJECT' else json_valid({document}) end"


def json_path(sql: Sql, args: list[exp.Expr]) -> str:
    args, document = _guarded(sql, args, 2)
    names = [text_literal(a, "a path element") for a in args[1:]]
    if any('"' in n or not n for n in names) or len(names) > 5:
        raise unsupported(
            "a path element that is empty or holds a quote, or more than five of them",
            "take the inner document out first",
        )
    path = "$" + "".join(f'."{n}"' for n in names)
    return f"{SYSTEM_SCHEMA}.json_text({document}, {quoted(path)})"


def json_element(sql: Sql, args: list[exp.Expr]) -> str:
    args, document = _guarded(sql, args, 2)
    index = args[1]
    if (
        len(args) != 2
        or not isinstance(index, exp.Literal)
        or index.is_string
        or not index.this.isdigit()
    ):
        raise unsupported(
            "JSON_EXTRACT_ARRAY_ELEMENT_TEXT with a position that is not a whole number literal",
            "write the position into the statement",
        )
    return f"{SYSTEM_SCHEMA}.json_text({SYSTEM_SCHEMA}.strict_array({document}), '$[{index.this}]')"


def json_length(sql: Sql, args: list[exp.Expr]) -> str:
    _, document = _guarded(sql, args, 1)
    return f"cast(json_array_length({SYSTEM_SCHEMA}.strict_array({document})) as integer)"
