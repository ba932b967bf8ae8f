"""Brings the warehouse's schema up to date, and says so when it cannot.

``sql/schema`` creates what is missing and replaces views; nothing here ever alters or drops a table
that holds data. A table that was made by an earlier version and differs from what is wanted is an
error that names the column, for a person to decide on: Redshift cannot change a column's type or
place in one step.
"""

from __future__ import annotations

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


class ContractMismatch(Exception):
    """A staging table is not what COPY of Parquet needs, which maps columns by position."""

    def __init__(self, table: str, column: str, expected: str, found: str) -> None:
        self.table = table
        self.column = column
        self.expected = expected
        self.found = found
        super().__init__(
            f"table {table}, column {column}: expected {expected}, found {found}; the table was "
            "made for another version of the event's contract: alter it, or drop it once its "
            "loads are applied and run `sms-warehouse migrate`"
        )


def migrate(redshift: Redshift, progress: Callable[[str], object] = lambda _: None) -> None:
    """Creates the schemas, tables and views that are missing and loads the reference data.

    Safe to repeat and safe beside a running platform or another migration: it takes the same locks
    as landing and applying, so it waits for the transaction under way. ``progress`` is told each
    file. Raises ContractMismatch when a staging table does not keep its event's contract.
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
    for path in _ORDER:
        if (sql.root() / f"{path}.sql").exists():
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

    Raises ContractMismatch for the first difference.
    """
    with redshift.session("check_staging") as session:
        found: dict[str, list[tuple[str, str]]] = {}
        for table, column, data_type, max_bytes in session.rows(
            "select table_name, column_name, data_type, character_maximum_length "
            "from information_schema.columns where table_schema = 'staging' "
            "order by table_name, ordinal_position"
        ):
            described = f"{data_type}({max_bytes})" if max_bytes is not None else data_type
            found.setdefault(table, []).append((column, described))
    for event_type in event_types:
        wanted = [(f.name, f.redshift_type) for f in EVENTS[event_type].staged_fields]
        _compare(f"staging.{event_type}", wanted, found.get(event_type, []))


def _compare(table: str, wanted: list[tuple[str, str]], found: list[tuple[str, str]]) -> None:
    for position, (column, expected) in enumerate(wanted, start=1):
        if position > len(found):
            raise ContractMismatch(table, column, f"{expected} at position {position}", "nothing")
        name, data_type = found[position - 1]
        if name != column:
            raise ContractMismatch(
                table, column, f"{expected} at position {position}", f"column {name} there"
            )
        if data_type != expected:
            raise ContractMismatch(table, column, expected, data_type)
    if len(found) > len(wanted):
        name, data_type = found[len(wanted)]
        raise ContractMismatch(table, name, "no such column", data_type)
