"""What a statement comes to: DuckDB's SQL, and what has to be known before it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from local_redshift.reader import Name

# What the engine tells apart; commands have kinds of their own.
QUERY, DML, DDL, EMPTY = "query", "dml", "ddl", "empty"


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
    reads: tuple[Name, ...] = ()
    """The tables and views it reads, as far as they hold data of users."""
    written: tuple[str, ...] | None = ()
    """The columns that INSERT, UPDATE and MERGE give values to; None: all of the table's."""
    uses_clock: bool = False
    is_alone: bool = False
    """May not run inside a transaction block."""
    data: Any = None
