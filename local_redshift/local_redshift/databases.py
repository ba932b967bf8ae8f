"""CREATE DATABASE, DROP DATABASE and EXPLAIN: read word by word, carried out by the session."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from local_redshift.create_table import CreateTableAs
from local_redshift.errors import syntax_error, unsupported
from local_redshift.isolation import SERIALIZABLE, SNAPSHOT
from local_redshift.plan import DML, QUERY, Plan
from local_redshift.reader import Reader

CREATE_DATABASE, DROP_DATABASE, EXPLAIN = "create database", "drop database", "explain"

_COLLATIONS = ("case_sensitive", "cs", "case_insensitive", "ci")
_EXPLAINED = {"select", "with", "insert", "update", "delete", "create"}


@dataclass(frozen=True)
class DatabaseSpec:
    name: str
    isolation: str | None = None
    """None: what the server's databases have by default."""


def _create_database(reader: Reader) -> Plan:
    """guide: r_CREATE_DATABASE"""
    reader.expect("create", "database")
    name = _name(reader)
    reader.accept("with")
    isolation = None
    while not reader.at_end:
        if reader.accept("isolation", "level"):
            isolation = reader.one_of({SERIALIZABLE, SNAPSHOT}, "ISOLATION LEVEL")
        elif reader.accept("collate"):
            if reader.one_of(set(_COLLATIONS), "COLLATE") not in ("case_sensitive", "cs"):
                raise unsupported("COLLATE CASE_INSENSITIVE", "leave COLLATE out")
        else:
            raise unsupported(
                f"CREATE DATABASE ... {reader.peek().text.upper()}",
                "write ISOLATION LEVEL, or nothing",
            )
    return Plan(CREATE_DATABASE, "CREATE DATABASE", data=DatabaseSpec(name, isolation))


def _drop_database(reader: Reader) -> Plan:
    """guide: r_DROP_DATABASE"""
    reader.expect("drop", "database")
    name = _name(reader)
    reader.done()
    return Plan(DROP_DATABASE, "DROP DATABASE", data=DatabaseSpec(name))


def _name(reader: Reader) -> str:
    name = reader.qualified()
    if name.schema or not re.fullmatch(r"[a-z_][a-z0-9_$]{0,126}", name.table):
        raise unsupported(
            f'the database name "{name}"', "use a to z, 0 to 9, _ and $, up to 127 of them"
        )
    return name.table


def explain(text: str, reader: Reader, translate: Callable[[str], Plan]) -> Plan:
    """guide: r_EXPLAIN. ``translate`` gives the plan of what is explained."""
    reader.expect("explain")
    reader.accept("verbose")
    first = reader.peek()
    if first.word == "merge":
        raise unsupported("EXPLAIN of MERGE", "Redshift does not do that either, EXPLAIN its query")
    if first.word not in _EXPLAINED and first.text != "(":
        raise syntax_error(first.text or "end of input")
    plan = translate(text[first.start :])
    if plan.kind not in (QUERY, DML) and not isinstance(plan.data, CreateTableAs):
        raise syntax_error(first.text)
    return Plan(EXPLAIN, "EXPLAIN", data=plan)


STATEMENTS: dict[str, Callable[[Reader], Plan]] = {
    "create": _create_database,
    "drop": _drop_database,
}
