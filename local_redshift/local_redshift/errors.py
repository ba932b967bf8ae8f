"""Errors in the shape Redshift sends them: an SQLSTATE, a message and sometimes a detail.

The table translates DuckDB's exceptions. DuckDB knows no SQLSTATEs, so its messages are the interface: the
version is pinned and every row of the table is tested through the driver.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import duckdb


class PgError(Exception):
    """What the client is told: ``state`` is the SQLSTATE, ``is_fatal`` ends the connection."""

    def __init__(
        self, state: str, message: str, detail: str | None = None, *, is_fatal: bool = False
    ) -> None:
        super().__init__(f"[{state}] {message}")
        self.state = state
        self.message = message
        self.detail = detail
        self.is_fatal = is_fatal


def unsupported(what: str, instead: str = "") -> PgError:
    """A refusal: Redshift may know this, the stand-in does not do it as Redshift does.

    ``instead`` says what to write.
    """
    advice = f": {instead}" if instead else ""
    return PgError("0A000", f"{what} is not supported by the local Redshift{advice}")


def syntax_error(near: str) -> PgError:
    return PgError("42601", f'syntax error at or near "{near}"')


class _Rule(NamedTuple):
    pattern: re.Pattern[str]
    state: str
    message: str
    detail: str | None = None


def _rule(pattern: str, state: str, message: str, detail: str | None = None) -> _Rule:
    return _Rule(re.compile(pattern, re.DOTALL | re.IGNORECASE), state, message, detail)


_CONFLICT = "Serializable isolation violation on table - {0}"

# The first match decides. {0} and {1} are the groups of the pattern.
_RULES = (
    # Raised by the stand-in's own macros, through a cast that fails or through DuckDB's error().
    _rule(
        r"Could not convert string 'RS:(?P<state>\w{5}):(.*?)' to BOOL(?:\n|$|\.| when)", "", "{1}"
    ),
    _rule(r"RS:(?P<state>\w{5}):(.*)", "", "{1}"),
    _rule(
        r'Table with name "?([\w.$]+?)"? does not exist because schema "(.+?)" does',
        "3F000",
        'schema "{1}" does not exist',
    ),
    _rule(r'Schema with name "?(.+?)"? does not exist', "3F000", 'schema "{0}" does not exist'),
    _rule(
        r'(?:Table|View) with name "?(.+?)"? does not exist',
        "42P01",
        'relation "{0}" does not exist',
    ),
    # A table that does not exist might be a file to DuckDB, which may not look.
    _rule(r'Cannot access file "(.+?)"', "42P01", 'relation "{0}" does not exist'),
    _rule(r'No catalog \+ schema named "(.+?)" found', "3F000", 'schema "{0}" does not exist'),
    _rule(r"Table function with name .*? does not exist", "42883", "function does not exist"),
    _rule(
        r'Referenced table "(.+?)" not found', "42P01", 'missing FROM-clause entry for table "{0}"'
    ),
    _rule(r'Existing object "?(.+?)"? is of type (\w+), trying to', "42809", '"{0}" is a {1}'),
    _rule(r'Existing object "?(.+?)"? is of type', "42P07", 'relation "{0}" already exists'),
    _rule(r'Schema with name "?(.+?)"? already exists', "42P06", 'schema "{0}" already exists'),
    _rule(
        r'(?:Table|View) with name "?(.+?)"? already exists',
        "42P07",
        'relation "{0}" already exists',
    ),
    _rule(r'Column with name "?(.+?)"? already exists', "42701", 'column "{0}" already exists'),
    _rule(r"duplicate column name \"?(.+?)\"?", "42701", "column is specified more than once"),
    _rule(
        r'Referenced (?:update )?column "?(.+?)"? not found', "42703", 'column "{0}" does not exist'
    ),
    _rule(
        r'does not have a column (?:named|with name) "?([^"\s]+)"?',
        "42703",
        'column "{0}" does not exist',
    ),
    _rule(
        r'column "?([\w$]+)"? (?:not found|does not exist)', "42703", 'column "{0}" does not exist'
    ),
    _rule(
        r'Ambiguous reference to column name "(.+?)"',
        "42702",
        'column reference "{0}" is ambiguous',
    ),
    _rule(
        r'Ambiguous reference to table "(.+?)"',
        "42712",
        'table name "{0}" specified more than once',
    ),
    _rule(r'Duplicate alias "(.+?)"', "42712", 'table name "{0}" specified more than once'),
    _rule(
        r'column "(.+?)" must appear in the GROUP BY clause',
        "42803",
        'column "{0}" must appear in the GROUP BY clause or be used in an aggregate function',
    ),
    _rule(
        r"(?:aggregates?|aggregate functions?) (?:cannot|are not|calls cannot)",
        "42803",
        "aggregates not allowed here",
    ),
    _rule(
        r"(?:cannot contain|not supported in).*?aggregate", "42803", "aggregates not allowed here"
    ),
    _rule(
        r"(?:Scalar|Aggregate|Table)?\s?Function with name \"?(.+?)\"? does not exist",
        "42883",
        "function {0} does not exist",
    ),
    _rule(
        r"No function matches the given name and argument types '(.+?)'\.",
        "42883",
        "function {0} does not exist",
    ),
    _rule(
        r'best candidate function for the function call "(.+?)"\.',
        "42725",
        "function {0} is not unique; cast its arguments",
    ),
    _rule(
        r"Cannot (?:mix|compare|combine) .*?types?",
        "42804",
        "types do not match; an explicit cast is required",
    ),
    _rule(
        r"Cannot compare values of type (.+?) and (?:type )?(.+?)[ -]",
        "42883",
        "operator does not exist between {0} and {1}; cast one side",
    ),
    _rule(
        r"(?:table .+? has (\d+) columns but (\d+) values|Column count mismatch|Expected \d+ columns)",
        "42601",
        "INSERT has not as many expressions as target columns",
    ),
    _rule(
        r"set operations? can only apply to expressions with the same number",
        "42601",
        "each UNION query must have the same number of columns",
    ),
    _rule(r"Subquery returns \d+ columns", "42601", "subquery must return only one column"),
    _rule(
        r"NOT NULL constraint failed: (?:.+\.)?(\S+)",
        "23502",
        "Cannot insert a NULL value into column {0}",
    ),
    # The CHECKs of create_table.limit_sql and of CREATE TABLE AS.
    _rule(
        r'CHECK constraint failed on table "(.+?)" with expression CHECK\(CASE.*?strlen\("?(.+?)"?\) <= (\d+)',
        "0A000",
        "text that only trailing blanks make longer than character varying({2}) is not supported by the local "
        "Redshift: trim it, Redshift cuts the blanks",
        "column {1} of table {0}",
    ),
    _rule(
        r'CHECK constraint failed on table "(.+?)" with expression CHECK\(\(\(strlen\("?(.+?)"?\) < 0\) OR',
        "0A000",
        "a write to column {1} of {0} is not supported by the local Redshift: CREATE TABLE AS made it of an "
        "expression of unknown length; write CAST(... AS VARCHAR(n)) there",
    ),
    _rule(
        r'CHECK constraint failed on table "(.+?)" with expression CHECK\(\(strlen\("?(.+?)"?\) <= (\d+)\)\)',
        "22001",
        "value too long for type character varying({2})",
        "column {1} of table {0}",
    ),
    _rule(r"Division by zero", "22012", "division by zero"),
    _rule(
        r"More than one row returned by a subquery",
        "21000",
        "more than one row returned by a subquery used as an expression",
    ),
    _rule(
        r"cannot affect the same target row more than once",
        "XX000",
        "Found multiple matches to update the same tuple",
    ),
    _rule(
        r"(?:ORDER|GROUP BY) term out of range",
        "42P10",
        "ORDER BY or GROUP BY position is not in select list",
    ),
    _rule(
        r"(?:date|timestamp|time) field value out of range: \"(.+?)\"",
        "22008",
        'date/time field value out of range: "{0}"',
    ),
    _rule(
        r"(?:Overflow in|out of range|Could not cast value .*? to DECIMAL|Casting value .*? failed|"
        r"Failed to cast decimal value)",
        "22003",
        "numeric value out of range",
    ),
    _rule(
        r"invalid (date|timestamp|time) field format: \"(.*?)\"",
        "22007",
        'invalid input syntax for type {0}: "{1}"',
    ),
    _rule(
        r"Could not parse string \"(.*?)\" according to format",
        "22007",
        'invalid value "{0}" for the format',
    ),
    _rule(
        r"Could not convert string '(.*?)' to (\S+)",
        "22P02",
        'invalid input syntax for type {1}: "{0}"',
    ),
    _rule(
        r"Can only (?:update|delete from|merge into|insert into) base table|is not an table",
        "42809",
        "cannot change a view",
    ),
    _rule(r"Malformed JSON", "22P02", "JSON parsing error"),
    _rule(r"Unknown TimeZone '(.+?)'", "22023", 'time zone "{0}" not recognized'),
    _rule(
        r"(?:cannot take square root|cannot take logarithm|out of range.*?logarithm)",
        "2201E",
        "argument out of range",
    ),
    _rule(
        r"Like pattern must not end with escape character",
        "22025",
        "LIKE pattern must not end with escape character",
    ),
    _rule(r"Insufficient padding in [LR]PAD", "22023", "LPAD and RPAD need text to fill with"),
    _rule(
        r"Argument for (\w+) must be greater than zero",
        "22023",
        "argument of {0} must be greater than zero",
    ),
    _rule(r"Query interrupted|Interrupted", "57014", "Query (cancelled) on user's request"),
    _rule(
        r"Out of Memory|could not allocate|failed to (?:allocate|offload)", "53200", "out of memory"
    ),
    _rule(
        r"Cannot (?:drop|alter) .*? because (?:there are entries|.*?depend)",
        "2BP01",
        "cannot drop it because other objects depend on it",
    ),
)


# DuckDB's words for types, in Redshift's.
_WORDS = {
    "STRING_LITERAL": "unknown",
    "INTEGER_LITERAL": "integer",
    "INT16": "smallint",
    "INT32": "integer",
    "INT64": "bigint",
}
_WORD = re.compile(rf"\b({'|'.join(_WORDS)})\b(?=[^\"]*(?:\"[^\"]*\")*[^\"]*$)")


_DISK_FULL = re.compile(r"No space left on device|File too large|Disk quota exceeded")


def is_disk_full(error: BaseException) -> bool:
    """Whether a file could not be written for want of room, or a limit on its size."""
    return isinstance(error, (duckdb.Error, OSError)) and bool(_DISK_FULL.search(str(error)))


def from_duckdb(error: Exception) -> PgError:
    """The PgError for an exception of DuckDB; what no rule knows is XX000 with DuckDB's own words."""
    text = str(error)
    first = text.split("\n", 1)[0]
    if is_disk_full(error):
        return PgError("53100", "no space left on the disk of the local Redshift", first)
    if isinstance(error, duckdb.InterruptException):
        return PgError("57014", "Query (cancelled) on user's request")
    is_conflict = isinstance(error, duckdb.TransactionException) and "conflict" in text.lower()
    if is_conflict or "write-write conflict" in text:
        return PgError("XX000", "1023", _CONFLICT.format(first.split(": ", 1)[-1]))
    if isinstance(error, duckdb.ParserException):
        near = re.search(r'at or near "(.*?)"', text, re.DOTALL)
        return syntax_error(near[1] if near else "end of input")
    for rule in _RULES:
        if found := rule.pattern.search(text):
            groups = found.groups()
            state = rule.state or found["state"]
            return PgError(
                state,
                rule.message.format(
                    *(_WORD.sub(lambda w: _WORDS[w[0]], g or "") for g in groups)
                ).split("\n", 1)[0],
                rule.detail.format(*groups) if rule.detail else None,
            )
    if isinstance(error, duckdb.BinderException):
        return PgError("42804", first.split(": ", 1)[-1])
    if isinstance(error, duckdb.OutOfMemoryException):
        return PgError("53200", "out of memory")
    return PgError("XX000", first)
