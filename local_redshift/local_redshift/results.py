"""The columns of a result: what DuckDB calls them, what Redshift does, and whether a client was told the same."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import duckdb

from local_redshift import wire
from local_redshift.errors import PgError
from local_redshift.plan import Plan

_NO_TYPE = '"NULL"'
# A NUMERIC takes its scale from its value, so there is none to tell before it comes.
_SAMPLES = {wire.NUMERIC: Decimal(0)}


def describe(
    cursor: duckdb.DuckDBPyConnection, plan: Plan, oids: Sequence[int]
) -> tuple[wire.Column, ...]:
    """The columns a query would give. Raises PgError for types that Redshift would not give, or duckdb.Error."""
    # Text of its own type takes the type of its place, NULL of no type does not.
    for untyped in ("", None):
        values = [untyped if oid in wire.UNTYPED else _SAMPLES.get(oid) for oid in oids]
        try:
            rows = cursor.execute(f"describe {plan.sql[0]}", values).fetchall()
            break
        except (duckdb.ConversionException, duckdb.InvalidInputException):
            if untyped is None:
                raise
    return columns(plan, [(row[0], row[1]) for row in rows])


def columns(plan: Plan, found: Sequence[tuple[str, str]]) -> tuple[wire.Column, ...]:
    """Columns of DuckDB's names and types under Redshift's names."""
    names = [name for name, _ in found]
    names[: len(plan.names)] = plan.names
    return tuple(wire.column(name, kind) for name, (_, kind) in zip(names, found, strict=True))


def check_same(described: Sequence[wire.Column], found: Sequence[wire.Column]) -> None:
    """The client decodes what it was told, so the result must have these very columns."""
    if len(described) != len(found):
        raise PgError("0A000", "cached plan must not change result type")
    for told, now in zip(described, found, strict=True):
        if told.duckdb_type == now.duckdb_type or _NO_TYPE in (told.duckdb_type, now.duckdb_type):
            continue
        if told.oid == now.oid == wire.NUMERIC:
            raise PgError(
                "22003", f'column "{told.name}": a bound NUMERIC has no scale here, cast it'
            )
        raise PgError("0A000", "cached plan must not change result type")
