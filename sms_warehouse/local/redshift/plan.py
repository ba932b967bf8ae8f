"""What a statement comes to: DuckDB's SQL, and what has to be known before it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sms_warehouse.local.redshift.reader import Name

# What the engine tells apart; commands have kinds of their own.
QUERY, DML, DDL, EMPTY = "query", "dml", "ddl", "empty"
DROP, LIKE, ADD_COLUMN = "drop", "like", "add_column"


@dataclass(frozen=True)
class Plan:
    """What the engine does for a statement: DuckDB's SQL, and what has to be known before it runs."""

    kind: str
    tag: str
    sql: tuple[str, ...] = ()
    locks: tuple[Name, ...] = ()
    names: tuple[str, ...] = ()
    """What Redshift calls the result's columns, as far as they can be told: up to the first *."""
    tables_only: tuple[Name, ...] = ()
    """Must be tables, not views."""
    uses_clock: bool = False
    data: Any = None
