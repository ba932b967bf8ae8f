"""The conformance table: what the Redshift Database Developer Guide documents, row by row, each with its page.

Rows are data, in a module for each family of topics. ``run`` compares all of them with a Redshift; every row
works in the scratch schema alone and in a transaction of its own, so that one that fails leaves the rest alone.
"""

from __future__ import annotations

from collections.abc import Callable

from local_redshift.conformance import (
    aggregates,
    conditions,
    dates,
    numbers,
    patterns,
    tables,
    text,
    transactions,
    zones,
)
from local_redshift.conformance.outcome import Outcome
from local_redshift.conformance.rows import Row, Scenario
from local_redshift.conformance.runner import Runner
from local_redshift.conformance.session import Connect

TOPICS: dict[str, tuple[Row | Scenario, ...]] = {
    "dates": dates.ROWS,
    "time zones": zones.ROWS,
    "numbers": numbers.ROWS,
    "conditions": conditions.ROWS,
    "texts": text.ROWS,
    "patterns": patterns.ROWS,
    "aggregates and windows": aggregates.ROWS,
    "tables": tables.ROWS,
    "transactions": transactions.ROWS,
}


def run(
    connect: Connect, schema: str, progress: Callable[[str], None] = lambda _: None
) -> list[Outcome]:
    """Compares every row with a Redshift; ``schema`` is an empty scratch schema, which keeps nothing.

    ``progress`` is told each topic before its rows run. A row that fails unexpectedly is an outcome that did
    not agree; only what the first ``connect`` raises is raised.
    """
    runner = Runner(connect, schema)
    try:
        found = []
        for topic, rows in TOPICS.items():
            progress(f"{topic}: {len(rows)} rows")
            found += [runner.outcome(topic, row) for row in rows]
        return found
    finally:
        runner.close()
