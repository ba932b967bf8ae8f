"""Brings the warehouse's schema up to date, and says so when it cannot.

``sql/schema`` creates what is missing and replaces views; nothing here ever alters or drops a table
that holds data. A table that was made by an earlier version and differs from what is wanted is an
error that names the column, for a person to decide on: Redshift cannot change a column's type or
place in one step.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from sms_warehouse import sql
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.resources.redshift import Redshift, Session, StatementFailed

_BEGINNING = "schema/control"
_ORDER = ("schema/staging", "schema/warehouse", "schema/reports")
_SEEDS = "reference"
_ATTEMPTS = 5
# Two first migrations at once: "if not exists" of Redshift and PostgreSQL does not wait for a
# creation that is not committed yet, so the slower one is told that the object, or its catalog row,
# exists.
_MADE_BY_ANOTHER = frozenset({"42P06", "42P07", "42710", "23505"})

# The columns of a table in a schema file, one a line, and what the catalog calls their types.
_TABLE = re.compile(r"create table if not exists (\w+)\.(\w+) \((.*?)^\)", re.DOTALL | re.M)
_COLUMN = re.compile(r"^\s+(\w+) (double precision|\w+)((?:\([\d, ]+\))?)", re.M)
_FULL_NAMES = {
    "varchar": "character varying",
    "decimal": "numeric",
    "timestamp": "timestamp without time zone",
}


class ContractMismatch(Exception):
    """A table exists already and is not what this version needs."""

    def __init__(self, table: str, column: str, expected: str, found: str) -> None:
        self.table = table
        self.column = column
        self.expected = expected
        self.found = found
        super().__init__(
            f"table {table}, column {column}: expected {expected}, found {found}; another version "
            "made the table, and migrating never changes one that exists: alter it, or move its "
            "rows to one made anew"
        )


def migrate(redshift: Redshift, progress: Callable[[str], object] = lambda _: None) -> None:
    """Creates the schemas, tables and views that are missing and loads the reference data.

    Safe to repeat and safe beside a running platform or another migration: it takes the same locks
    as landing and applying, so it waits for the transaction under way. ``progress`` is told each
    file. Raises ContractMismatch when a table that was there is not what this version needs.
    """
    _begin(redshift, progress)
    redshift.transaction("migrate", lambda session: _finish(session, progress))
    check_staging(redshift)


def _begin(redshift: Redshift, progress: Callable[[str], object]) -> None:
    # The tables that everyone locks: nothing can be locked before they exist.
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with redshift.session("migrate") as session:
                sql.run(session, _BEGINNING)
        except StatementFailed as error:
            is_race = error.state in _MADE_BY_ANOTHER or error.is_worth_retrying
            if not is_race or attempt == _ATTEMPTS:
                raise
        else:
            break
    progress(_BEGINNING)


def _finish(session: Session, progress: Callable[[str], object]) -> None:
    session.execute("lock control.landing_mutex, control.warehouse_mutex")
    _check_tables(session)
    for path in _existing(_ORDER):
        sql.run(session, path)
        progress(path)
    seed(session, progress)


def seed(session: Session, progress: Callable[[str], object] = lambda _: None) -> None:
    """Loads the reference data: each file of ``sql/reference`` replaces its table's rows."""
    for file in sorted((sql.root() / _SEEDS).glob("*.sql")):
        path = f"{_SEEDS}/{file.stem}"
        sql.run(session, path)
        progress(path)


def check_staging(redshift: Redshift, event_types: Iterable[str] = EVENTS) -> None:
    """Compares staging tables with their events' contracts: columns, order, types and lengths.

    COPY of Parquet maps columns by position. Raises ContractMismatch for the first difference.
    """
    with redshift.session("check_staging") as session:
        columns = _columns(session)
    for event_type in event_types:
        table = f"staging.{event_type}"
        wanted = [(f.name, f.redshift_type) for f in EVENTS[event_type].staged_fields]
        found = columns.get(table, [])
        for position, (column, expected) in enumerate(wanted):
            name, data_type = found[position] if position < len(found) else (None, "nothing")
            if name != column:
                there = f"column {name}" if name else "nothing"
                at_position = f"{expected} at position {position + 1}"
                raise ContractMismatch(table, column, at_position, f"{there} there")
            if data_type != expected:
                raise ContractMismatch(table, column, expected, data_type)
        for name, data_type in found[len(wanted) :]:
            raise ContractMismatch(table, name, "no such column", data_type)


def _check_tables(session: Session) -> None:
    """Compares each table that is there with the statement in ``sql/schema`` that would make it."""
    columns = _columns(session)
    for path in (_BEGINNING, *_existing(_ORDER)):
        for schema, table, body in _TABLE.findall(sql.text(path)):
            if f"{schema}.{table}" not in columns:
                continue
            found = dict(columns[f"{schema}.{table}"])
            for column, data_type, size in _COLUMN.findall(body):
                expected = _FULL_NAMES.get(data_type, data_type) + size.replace(" ", "")
                if found.get(column) != expected:
                    raise ContractMismatch(
                        f"{schema}.{table}", column, expected, found.get(column, "no such column")
                    )


def _columns(session: Session) -> dict[str, list[tuple[str, str]]]:
    """The columns of each table, in order, and their types as Redshift names them."""
    found: dict[str, list[tuple[str, str]]] = {}
    for schema, table, column, data_type, max_bytes, precision, scale in session.rows(
        "select table_schema, table_name, column_name, data_type, "
        "character_maximum_length, numeric_precision, numeric_scale "
        "from information_schema.columns "
        "where table_schema in ('control', 'staging', 'warehouse', 'reports', 'pii') "
        "order by table_schema, table_name, ordinal_position"
    ):
        if data_type == "numeric":
            data_type += f"({precision},{scale})"
        elif max_bytes is not None:
            data_type += f"({max_bytes})"
        found.setdefault(f"{schema}.{table}", []).append((column, data_type))
    return found


def _existing(paths: Iterable[str]) -> list[str]:
    return [path for path in paths if (sql.root() / f"{path}.sql").exists()]
