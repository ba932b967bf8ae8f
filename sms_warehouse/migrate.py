"""Brings the warehouse's schema up to date, and says so when it cannot.

``sql/schema`` creates what is missing and replaces views; nothing here ever alters or drops a table
that holds data. A table that was made by an earlier version and differs from what is wanted is an
error that names the column, for a person to decide on: Redshift cannot change a column's type or
place in one step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sms_warehouse import model, sql
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.resources.redshift import Redshift, Session, StatementFailed

_BEGINNING = "schema/control"
# Views come after what they read; of the reports only the measures are read by others.
_ORDER = (
    "schema/pii",
    "schema/staging",
    "schema/warehouse/facts",
    "schema/warehouse/dimensions",
    "schema/warehouse/reference",
    "schema/warehouse/members",
    "schema/warehouse/landed",
    "schema/warehouse/settings",
    "schema/reports",
    "schema/reports/message_measure",
)
_REPORTS = "schema/reports"
_SEEDS = "reference"
_ATTEMPTS = 5
# Two first migrations at once: "if not exists" of Redshift and PostgreSQL does not wait for a
# creation that is not committed yet, so the slower one is told that the object, or its catalog row,
# exists.
_MADE_BY_ANOTHER = frozenset({"42P06", "42P07", "42710", "23505"})

# What the catalog calls the types that a statement names.
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
    redshift.transaction("describe", _describe)
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
    session.execute("lock control.landing_mutex, control.report_mutex, control.warehouse_mutex")
    _check_tables(session)
    for path in schema_files()[1:]:
        sql.run(session, path)
        progress(path)
    seed(session, progress)


def seed(session: Session, progress: Callable[[str], object] = lambda _: None) -> None:
    """Loads the reference data: each file of ``sql/reference`` replaces its table's rows, or begins a
    table that people may change.
    """
    for file in sorted((sql.root() / _SEEDS).glob("*.sql")):
        path = f"{_SEEDS}/{file.stem}"
        sql.run(session, path)
        progress(path)


def _describe(session: Session) -> None:
    """Writes what tables and columns mean into the catalog, where it says something else."""
    session.execute("lock control.landing_mutex, control.report_mutex, control.warehouse_mutex")
    tables = {t.full_name: t for path in schema_files() for t in model.tables(path)}
    places = _described_schemas(tables)
    remarks = {
        f"{schema}.{name}": remark
        for schema, name, remark in session.rows(
            f"select table_schema, table_name, remarks from svv_tables where {places}"
        )
    }
    column_remarks = {
        (f"{schema}.{name}", column): remark
        for schema, name, column, remark in session.rows(
            f"select table_schema, table_name, column_name, remarks from svv_columns where {places}"
        )
    }
    for name, table in tables.items():
        if remarks.get(name) != table.remark:
            kind = "view" if table.is_view else "table"
            session.execute(f"comment on {kind} {table.full_name} is {_quoted(table.remark)}")
        for column in () if table.is_view else table.columns:
            if column_remarks.get((name, column.name)) != column.meaning:
                session.execute(
                    f"comment on column {table.full_name}.{column.name} is {_quoted(column.meaning)}"
                )


def _described_schemas(tables: Mapping[str, model.Table]) -> str:
    names = sorted({t.schema for t in tables.values()})
    return f"table_schema in ({', '.join(map(_quoted, names))})"


def _quoted(text: str) -> str:
    """``text`` as a literal: COMMENT binds no values."""
    return "'" + text.replace("'", "''") + "'"


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
    for path in schema_files():
        for table in model.tables(path):
            if table.is_view or table.full_name not in columns:
                continue
            found = dict(columns[table.full_name])
            for column in table.columns:
                name, bracket, size = column.type.partition("(")
                expected = _FULL_NAMES.get(name, name) + bracket + size.replace(" ", "")
                if found.get(column.name) != expected:
                    raise ContractMismatch(
                        table.full_name,
                        column.name,
                        expected,
                        found.get(column.name, "no such column"),
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


def schema_files() -> list[str]:
    """The files of ``sql/schema`` in the order in which they run."""
    reports = (f"{_REPORTS}/{file.stem}" for file in sorted((sql.root() / _REPORTS).glob("*.sql")))
    return list(dict.fromkeys((_BEGINNING, *_ORDER, *reports)))
