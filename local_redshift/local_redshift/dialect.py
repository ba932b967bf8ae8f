"""Redshift's SQL in, a plan for DuckDB or a refusal out: pure, no connection, no state.

A statement goes by its first word: queries and DML through sqlglot's parser, everything else is read by hand.
"""

from __future__ import annotations

import re
from functools import lru_cache

from local_redshift import commands, databases, ddl, leader, queries
from local_redshift.errors import PgError, syntax_error, unsupported
from local_redshift.plan import EMPTY, Plan
from local_redshift.reader import Reader, tokens


def translate(
    text: str, oids: tuple[int, ...] = (), schema: str = "public", database: str = ""
) -> Plan:
    """The plan of one statement; ``schema`` is where unqualified names of new views are looked up.

    Raises PgError with what Redshift would say, or 0A000 for what is not done here as Redshift does it.
    """
    if database and re.search(rf'\b{re.escape(database)}"?\s*\.', text, re.IGNORECASE):
        text = _of_this_database(text, database)
    remembered = _remembered if len(text) <= _REMEMBERED_CHARACTERS else _translated
    return remembered(text, oids, schema)


def _of_this_database(text: str, database: str) -> str:
    """Names of three parts without the first where it is the database one is connected to."""
    found = tokens(text)
    out: list[str] = []
    at = 0
    for i, token in enumerate(found):
        names = [t for t in found[i : i + 5 : 2] if t.kind in ("word", "quoted")]
        dots = [t.text for t in found[i + 1 : i + 5 : 2]]
        is_first = i == 0 or found[i - 1].text != "."
        if (
            is_first
            and len(names) == 3
            and dots == [".", "."]
            and token.text.strip('"').lower() == database
        ):
            out.append(text[at : token.start])
            at = found[i + 2].start
    return "".join([*out, text[at:]])


def _translated(text: str, oids: tuple[int, ...], schema: str) -> Plan:
    if plan := leader.plan(text):
        return plan
    found = tokens(text)
    while found and found[-1].text == ";":
        text = text[: found.pop().start]
    if not found:
        return Plan(EMPTY, "")
    if any(t.text == ";" for t in found):
        raise PgError("42601", "cannot insert multiple commands into a prepared statement")
    word = next((t.word for t in found if t.text != "("), "")
    if word == "explain":
        if oids:
            raise unsupported("a bound value in EXPLAIN", "write the value into the statement")
        return databases.explain(
            text, Reader(text, found), lambda explained: _translated(explained, (), schema)
        )
    if word in databases.STATEMENTS and len(found) > 1 and found[1].word == "database":
        return databases.STATEMENTS[word](Reader(text, found))
    if word in queries.STATEMENTS:
        return queries.STATEMENTS[word](text, oids, found)
    if word in ddl.STATEMENTS:
        return ddl.STATEMENTS[word](Reader(text, found), schema, oids)
    if word in commands.STATEMENTS:
        return commands.STATEMENTS[word](Reader(text, found))
    if word in commands.REFUSED:
        raise commands.refused(word)
    raise syntax_error(found[0].text)


# Longer ones are loads of values that do not come again.
_REMEMBERED_CHARACTERS = 20_000
_remembered = lru_cache(maxsize=4096)(_translated)
