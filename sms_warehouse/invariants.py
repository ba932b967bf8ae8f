"""What must hold of each report after each refresh, as checks of its asset.

A check is a file ``sql/checks/<report>/<check>.sql``: its comment says what must hold, its statement returns what
breaks it, and a check without rows has passed. The rows are of aggregates, never of persons: they are shown in
Dagster. They are evaluated in the step that refreshed the report, by its window and clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import dagster as dg

from sms_warehouse import sql
from sms_warehouse.resources.redshift import Session

_FOLDER = "checks"
_WARNINGS = frozenset(
    {
        "every_error_code_is_mapped",
        "nobody_is_sent_to_after_ten_business_days",
        "nobody_waits_to_be_erased",
    }
)
"""What is for people to mend; all other checks fail by an error of the platform's own."""

_SHOWN = 20
"""Rows shown in a check's metadata; the count is of all."""


@dataclass(frozen=True)
class Invariant:
    """One check: its file below ``sql/``, and in words what must hold."""

    name: str
    path: str
    description: str

    @property
    def severity(self) -> dg.AssetCheckSeverity:
        is_warning = self.name in _WARNINGS
        return dg.AssetCheckSeverity.WARN if is_warning else dg.AssetCheckSeverity.ERROR


@cache
def of(report: str) -> tuple[Invariant, ...]:
    """What must hold of a report."""
    files = sorted((sql.root() / _FOLDER / report).glob("*.sql"))
    return tuple(
        Invariant(file.stem, path, _description(path))
        for file in files
        for path in [f"{_FOLDER}/{report}/{file.stem}"]
    )


def _description(path: str) -> str:
    lines = sql.text(path).splitlines()
    end = next(n for n, line in enumerate(lines) if not line.startswith("--"))
    return " ".join(line.removeprefix("--").strip() for line in lines[:end])


def specs(asset: dg.AssetKey, report: str) -> list[dg.AssetCheckSpec]:
    """The checks of a report's asset."""
    return [dg.AssetCheckSpec(i.name, asset=asset, description=i.description) for i in of(report)]


def evaluate(session: Session, report: str) -> list[dg.AssetCheckResult]:
    """All checks of a report as it was last refreshed."""
    (state,) = session.records(
        "select as_of, report_tz, window_start, window_end from control.report_refresh"
        " where report_name = :report",
        report=report,
    )
    return [_result(invariant, _broken(session, invariant, state)) for invariant in of(report)]


def _broken(
    session: Session, invariant: Invariant, state: dict[str, Any]
) -> Sequence[dict[str, Any]]:
    (statement,) = sql.statements(invariant.path)
    return session.records(statement.text, **{name: state[name] for name in statement.parameters})


def _result(invariant: Invariant, broken: Sequence[dict[str, Any]]) -> dg.AssetCheckResult:
    metadata: dict[str, dg.MetadataValue] = {"broken": dg.MetadataValue.int(len(broken))}
    if broken:
        metadata["rows"] = dg.MetadataValue.table(
            [
                dg.TableRecord({name: str(value) for name, value in row.items()})
                for row in broken[:_SHOWN]
            ],
            dg.TableSchema([dg.TableColumn(name, "string") for name in broken[0]]),
        )
    return dg.AssetCheckResult(
        check_name=invariant.name,
        passed=not broken,
        severity=invariant.severity,
        metadata=metadata,
    )
