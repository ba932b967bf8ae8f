"""Guards that run in DuckDB, because only there a column's type is known.

``typeof()`` is a constant once a statement is bound, so a guard on types is gone before the first row is read. A
guard on values costs a comparison a row. A macro repeats its argument as often as it names it, and macros stand in
each other: what is wrapped around whole expressions names it as seldom as can be.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from local_redshift.errors import PgError, unsupported
from local_redshift.kinds import CODES, MOMENTS, NUMBERS, Kind

SYSTEM_SCHEMA = "_redshift"
"""Macros and catalog views of the stand-in live here, out of the clients' sight."""

SESSION = "getvariable('redshift_session')"
"""The session's ``user``, ``database``, ``pid`` and ``version``, and the rows that its last COPY loaded, ``copied``."""

# DuckDB's types by the first seven letters of their names: DECIMAL(10,2) is DECIMAL.
_TYPES = {
    Kind.TEXT: ("VARCHAR",),
    Kind.WHOLE: ("SMALLIN", "INTEGER", "BIGINT", "HUGEINT"),
    Kind.DECIMAL: ("DECIMAL",),
    Kind.FLOAT: ("FLOAT", "DOUBLE"),
    Kind.BOOLEAN: ("BOOLEAN",),
    Kind.DATE: ("DATE",),
    Kind.TIMESTAMP: ("TIMESTA",),
    Kind.TIMESTAMPTZ: ("TIMESTA",),
    Kind.INTERVAL: ("INTERVA",),
    Kind.UNTYPED: ('"NULL"',),
}


def type_name(kind: Kind) -> str:
    """DuckDB's name of a type of that kind, as far as guards look at it."""
    return _TYPES[kind][-1]


def _types(kinds: frozenset[Kind]) -> list[str]:
    return sorted({name for kind in kinds for name in _TYPES[kind]})


def _pairs(*families: tuple[frozenset[Kind], frozenset[Kind]]) -> str:
    found = {f"{a}={b}" for left, right in families for a in _types(left) for b in _types(right)}
    return "|" + "|".join(sorted(found)) + "|"


def _pair(a: str, b: str) -> str:
    return f"left(typeof({a}), 7) || '=' || left(typeof({b}), 7)"


_ANY = frozenset(Kind)
_NONE = frozenset({Kind.UNTYPED})
_TEXT = frozenset({Kind.TEXT})
# guide: c_Supported_data_types, implicit conversions in assignments; of text only what is written alike.
FAMILIES = {
    "number": NUMBERS,
    "text": _TEXT,
    "moment": MOMENTS,
    "boolean": frozenset({Kind.BOOLEAN}),
    "interval": frozenset({Kind.INTERVAL}),
}
"""Kinds that compare with each other."""
_COMPARED = _pairs(*((f, f) for f in FAMILIES.values()), (_ANY, _NONE), (_NONE, _ANY))
_ASSIGNED = _pairs(
    *((f, f) for name, f in FAMILIES.items() if name != "number"),
    # What a FLOAT loses on its way into a whole number is not rounded alike.
    (NUMBERS - {Kind.WHOLE}, NUMBERS),
    (frozenset({Kind.WHOLE}), NUMBERS - {Kind.FLOAT}),
    (_ANY, _NONE),
    (_TEXT, frozenset({Kind.WHOLE, Kind.DECIMAL, Kind.DATE})),
)


class _Guard(NamedTuple):
    """``good``, or an error where ``bad`` is true, which follows from types alone."""

    bad: str
    state: str
    message: str
    good: str


def _unless(bad: str, state: str, message: str, good: str) -> str:
    """``good``, or an error where ``bad`` is true.

    DuckDB's error() is volatile and therefore not allowed everywhere; a cast that fails is. Each function that is
    named costs a tenth of a millisecond when a statement is bound, so few are.
    """
    head = (
        f"'RS:{state}:{message[1:]}" if message.startswith("'") else f"'RS:{state}:' || {message}"
    )
    return f"case when cast(case when {bad} then {head} else 'f' end as boolean) then null else {good} end"


def _list(kinds: frozenset[Kind]) -> str:
    return "|" + "|".join(_types(kinds)) + "|"


# Where Redshift may convert what DuckDB does not, the refusal is the local Redshift's own.
_SOFT = frozenset("twxdef")


def _kind_guard(code: str) -> _Guard:
    bad = f"not contains('{_list(CODES[code] | _NONE)}', left(typeof(x), 7))"
    if code in "de":
        bad += " or typeof(x) = 'TIMESTAMP WITH TIME ZONE'"
    if code in _SOFT:
        message = "f || ' of ' || typeof(x) || ' is not supported by the local Redshift: cast the argument'"
        return _Guard(bad, "0A000", message, "x")
    message = "'function ' || f || ' does not take ' || typeof(x) || ': cast the argument'"
    return _Guard(bad, "42883", message, "x")


def kind_error(code: str, function: str, kind: Kind) -> PgError:
    """What is said of an argument of the wrong kind."""
    if code in _SOFT:
        return unsupported(f"{function} of {kind}", "cast the argument")
    return PgError("42883", f"function {function} does not take {kind}: cast the argument")


_WHOLE_TEXT = r"\s*[+-]?[0-9]+\s*"
_NUMBER_TEXT = r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
_DATE_TEXT = r"\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
_TIME_TEXT = r"([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?"
TEXT_FORMS = {
    "whole": _WHOLE_TEXT,
    "number": _NUMBER_TEXT,
    "boolean": r"\s*(?i:t|true|y|yes|1|f|false|n|no|0)\s*",
    "date": rf"{_DATE_TEXT}{_TIME_TEXT}\s*",
    "timestamp": rf"{_DATE_TEXT}{_TIME_TEXT}\s*",
    "timestamptz": rf"{_DATE_TEXT}{_TIME_TEXT}( ?(Z|UTC|[+-][0-9]{{2}}(:?[0-9]{{2}})?))?\s*",
}
"""How text has to look that is cast to a type: what Redshift and DuckDB read alike."""


def form_error(form: str, text: str) -> PgError:
    """What is said of text that has not this form; Redshift may read more, but no date without a digit."""
    if form in ("date", "timestamp", "timestamptz"):
        if re.search(r"\d", text):
            return unsupported(f'"{text}" as a {form}', _FORM_ADVICE)
        return PgError("22007", f'invalid input syntax for type {form}: "{text}"')
    return PgError(
        "22P02", f'invalid input syntax for type {_FORM_NAMES.get(form, form)}: "{text}"'
    )


_FORM_ADVICE = "write YYYY-MM-DD HH:MI:SS.US, with a zone for a timestamptz only"
_FORM_NAMES = {"whole": "integer", "number": "numeric"}


def _read_guard(form: str) -> str:
    bad = (
        f"typeof(x) = 'VARCHAR' and not regexp_full_match(cast(x as varchar), '{TEXT_FORMS[form]}')"
    )
    name = _FORM_NAMES.get(form, form)
    message = f"'invalid input syntax for type {name}: \"' || cast(x as varchar) || '\"'"
    state = "22007" if form in ("date", "timestamp", "timestamptz") else "22P02"
    return f"read_{form}(x) as {_unless(bad, state, message, 'x')}"


_DECIDED = "typeof(a) not in ('DOUBLE', 'FLOAT') and typeof(b) not in ('DOUBLE', 'FLOAT')"
_INEXACT = (
    "(typeof(a) like 'DECIMAL%' or typeof(b) like 'DECIMAL%' "
    "or typeof(a) = 'HUGEINT' or typeof(b) = 'HUGEINT')"
)
_BOTH = "typeof(a) || {0} || typeof(b) || {1}"

_TYPE_GUARDS = {
    **{f"kind_{code}(x, f)": _kind_guard(code) for code in CODES if code != "a"},
    # The second value of a comparison, if it compares with the first one.
    "beside(b, a)": _Guard(
        f"not contains('{_COMPARED}', {_pair('a', 'b')})",
        "42883",
        "'operator does not exist between ' || " + _BOTH.format("' and '", "': cast one side'"),
        "b",
    ),
    # The same where one side is known to be of a family: b goes in once, and there is less to bind.
    **{
        f"beside_{name}(b, a)": _Guard(
            f"not contains('{_list(kinds | _NONE)}', left(typeof(a), 7))",
            "42883",
            f"'operator does not exist between ' || typeof(a) || ' and a {name}: cast one side'",
            "b",
        )
        for name, kinds in FAMILIES.items()
    },
    # Quoted text that would be read in another way beside such a type.
    "beside_fraction(b, a)": _Guard(
        "contains('|SMALLIN|INTEGER|BIGINT|HUGEINT|', left(typeof(a), 7))",
        "22P02",
        "'invalid input syntax for integer: ' || b",
        "b",
    ),
    "beside_zone(b, a)": _Guard(
        "typeof(a) in ('TIMESTAMP', 'DATE')",
        "0A000",
        "'text with a time zone beside a ' || typeof(a) || ': write the time in UTC, without'",
        "cast_to_type(b, a)",
    ),
    "beside_digits(b, a)": _Guard(
        "left(typeof(a), 7) in ('TIMESTA', 'DATE')",
        "0A000",
        "'text with more than six fractional digits beside a ' || typeof(a) || ': write microseconds'",
        "cast_to_type(b, a)",
    ),
    # What is assigned to a column, if its type can be.
    "assigned(b, a)": _Guard(
        f"not contains('{_ASSIGNED}', {_pair('a', 'b')})",
        "42804",
        "'column is of type ' || " + _BOTH.format("' but expression is of type '", "': cast it'"),
        "b",
    ),
    # The same for a value whose type is told by its text.
    "assigned_as(b, t, a)": _Guard(
        f"not contains('{_ASSIGNED}', left(typeof(a), 7) || '=' || left(t, 7))",
        "42804",
        "'column is of type ' || typeof(a) || ' but expression is of type ' || t || ': cast it'",
        "b",
    ),
    "condition(x)": _Guard(
        "typeof(x) not in ('BOOLEAN', '\"NULL\"')",
        "42804",
        "'a condition must be type boolean, not type ' || typeof(x)",
        "x",
    ),
    "averaged(x)": _Guard(
        "typeof(x) not in ('DOUBLE', 'FLOAT', '\"NULL\"')",
        "0A000",
        "'an average of ' || typeof(x) || ' has another type on Redshift: cast it to FLOAT8'",
        "x",
    ),
    "divided(a, b)": _Guard(
        f"{_DECIDED} and {_INEXACT}",
        "0A000",
        "'division of ' || "
        + _BOTH.format(
            "' by '", "' has another type on Redshift: cast both sides to FLOAT8 or BIGINT'"
        ),
        "a / b",
    ),
    "subtracted(a, b)": _Guard(
        "typeof(a) = 'DATE' and typeof(b) = 'DATE'",
        "0A000",
        "'date - date has another type on Redshift: use DATEDIFF(day, b, a)'",
        "a - b",
    ),
    "as_text(x)": _Guard(
        "typeof(x) in ('BOOLEAN', 'DOUBLE', 'FLOAT', 'INTERVAL')",
        "42846",
        "'cannot cast type ' || typeof(x) || ' to character varying as Redshift does: "
        "cast it to DECIMAL first, or use CASE'",
        "cast(x as varchar)",
    ),
}

_DROPPED = (
    "'a cast that drops decimal places is not rounded everywhere on Redshift: ROUND or FLOOR first'"
)

_VALUE_GUARDS = {
    # VARCHAR(n) counts bytes; a cast cuts there. Where a character would be cut in two, refuse.
    "cut(s, n)": _unless(
        "strlen(left(s, n)) > n",
        "0A000",
        "'a cast that cuts text beyond ASCII to ' || n || ' bytes is not supported'",
        "left(s, n)",
    ),
    "uncut(s)": _unless(
        "strlen(s) > 256",
        "0A000",
        "'a cast of more than 256 bytes to VARCHAR without a length: say VARCHAR(n)'",
        "s",
    ),
    # guide: r_Numeric_types201, results of explicit casts of values selected from tables are not rounded.
    "exact(x, y)": _unless("typeof(x) <> 'VARCHAR' and x <> y", "0A000", _DROPPED, "y"),
    "exact_number(x, y)": _unless("x <> y", "0A000", _DROPPED, "y"),
    "json_same(j, t, kind)": _unless(
        "kind in ('DOUBLE', 'OBJECT', 'ARRAY') and not "
        "regexp_matches(j, '(^|[:,\\[\\s])' || regexp_escape(t) || '($|[\\s,\\]}])')",
        "0A000",
        "'a JSON value that is not written as ' || t || ': its text on Redshift is not known'",
        "t",
    ),
    "strict_array(j)": _unless(
        "json_type(j) <> 'ARRAY'",
        "22P02",
        "'JSON parsing error: not an array'",
        "j",
    ),
    # guide: r_SUBSTRING, the characters before the first count too.
    "part(s, n, m)": _unless(
        "m < 0",
        "22011",
        "'negative substring length not allowed: ' || m",
        "case when n < 1 then left(s, case when n + m - 1 > 0 then n + m - 1 else 0 end) "
        "else substring(s, n, m) end",
    ),
    "positive(n, f)": _unless("n < 0", "22023", "f || ' takes no negative number: ' || n", "n"),
    "counted(n, f)": _unless("n < 1", "22023", "f || ' counts from 1: ' || n", "n"),
    "character(n)": _unless(
        "n < 1",
        "22023",
        "'CHR takes a code point from 1 on: ' || n",
        "case when n < 128 then chr(cast(n as integer)) end",
    ),
    "root(x)": _unless(
        "x < 0", "2201F", "'cannot take square root of a negative number: ' || x", "sqrt(x)"
    ),
    "logged(x)": _unless("x <= 0", "2201E", "'cannot take logarithm of zero or less: ' || x", "x"),
    "finite(y)": _unless("isinf(y) or isnan(y)", "22003", "'value out of range: ' || y", "y"),
    "zone(z)": _unless(
        # guide: CONVERT_TIMEZONE, abbreviations are offsets without summer time, and POSIX counts to the west.
        "regexp_full_match(z, '[A-Za-z]{1,5}|.*[0-9].*') and upper(z) not in ('UTC', 'GMT')",
        "0A000",
        "'the time zone ' || z || ': write a name of the IANA database, such as Europe/Berlin'",
        "z",
    ),
    "listed(s)": _unless(
        "strlen(s) > 65535",
        "XX000",
        "'Result size exceeds LISTAGG limit'",
        "s",
    ),
    "ascii_only(s)": _unless(
        "strlen(s) <> length(s)",
        "0A000",
        "'ILIKE beyond ASCII: use LOWER() on both sides and LIKE'",
        "s",
    ),
}

_VALUE_GUARDS["strict_json(j)"] = _unless(
    "regexp_matches(j, ',\\s*[\\]}]')",
    "0A000",
    "'JSON that may hold a comma before a bracket is not supported by the local Redshift: ' || j",
    "j",
)

_GUARDED = (
    "refuse(state, message) as error('RS:' || state || ':' || message)",
    *(_read_guard(form) for form in TEXT_FORMS),
    *(f"{head} as {_unless(*guard)}" for head, guard in _TYPE_GUARDS.items()),
    *(f"{head} as {body}" for head, body in _VALUE_GUARDS.items()),
    # The first of several columns whose type does not take its value's: both are typeof() of a row of them all
    # and of one column more, for the last one ends in a bracket.
    "mismatched(columns, vals) as list_extract(list_filter(list_transform(list_zip("
    "string_split(replace(columns, 'TUPLE(', ''), ', '), string_split(replace(vals, 'TUPLE(', ''), ', ')), "
    f"lambda p: left(p[1], 7) || '=' || left(p[2], 7)), lambda p: not contains('{_ASSIGNED}', p)), 1)",
    # The families of the first column that does not fit in a set operation: each type is that of a row, as above.
    "family(t) as case "
    + " ".join(
        f"when contains('{_list(kinds)}', '|' || left(t, 7) || '|') then '{name}'"
        for name, kinds in FAMILIES.items()
    )
    + " end",
    "disunited(types) as array_to_string(list_extract(list_filter(list_transform(range(1, case when "
    "len(list_distinct(list_transform(types, lambda t: len(string_split(t, ', '))))) = 1 "
    "then len(string_split(types[1], ', ')) else 1 end), "
    "lambda i: list_sort(list_distinct(list_transform(types, lambda t: "
    f"{SYSTEM_SCHEMA}.family(string_split(replace(t, 'TUPLE(', ''), ', ')[i]))))), "
    "lambda c: len(c) > 1), 1), ' and ')",
    "part_from(s, n) as substring(s, case when n < 1 then 1 else n end)",
    "add_months(d, n) as case when last_day(d) = cast(d as date) "
    "then cast(last_day(d + to_months(n)) as timestamp) "
    "+ (cast(d as timestamp) - date_trunc('day', cast(d as timestamp))) "
    "else cast(d + to_months(n) as timestamp) end",
    # guide: r_DATEADD_function, usage notes: a year after the 29th of February is the 1st of March.
    "add_years(d, n) as d + to_years(n) + to_days(case when day(d) = 29 and day(d + to_years(n)) = 28 "
    "then 1 else 0 end)",
    "json_text(j, path) as case when j is null then null else coalesce("
    f"{SYSTEM_SCHEMA}.json_same(j, json_extract_string(j, path), json_type(j, path)), '') end",
)

# What stands in the place of the guards on types in a statement whose types have been judged.
_UNGUARDED = (
    *(f"{head} as {guard.good}" for head, guard in _TYPE_GUARDS.items()),
    "mismatched(columns, vals) as null",
    "disunited(types) as null",
)
MACROS = (*_GUARDED, *(f"judged_{macro}" for macro in _UNGUARDED))
_NAMES = "|".join(sorted(macro.partition("(")[0] for macro in _UNGUARDED))
_GUARD_CALL = re.compile(rf"'(?:[^']|'')*'|\b{SYSTEM_SCHEMA}\.(?=(?:{_NAMES})\()")


@lru_cache(maxsize=4096)
def judged(sql: str) -> str:
    """The same statement for DuckDB without its guards on types; guards on values stay."""
    return _GUARD_CALL.sub(lambda m: m[0] if m[0][0] == "'" else f"{m[0]}judged_", sql)
