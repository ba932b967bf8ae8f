"""``python -m sms_warehouse.model_page``: writes ``docs/model.md``, the model as a page to read.

Nothing on the page is written twice: tables and columns come from the statements in ``sql/schema``, what is said of a
report comes from its specification.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sms_warehouse import model, sql
from sms_warehouse.migrate import schema_files
from sms_warehouse.reports import REPORTS, Anchor, Report

_SCHEMAS = {
    "reports": "what the reporting application reads",
    "warehouse": "facts and dimensions",
    "staging": "one table per event type, one row per good line",
    "pii": "what leads to a person",
    "control": "what has landed, what has been applied, and what could not be used",
}
_ANCHORS = {
    Anchor.COHORT: "the day its messages were sent: what came of them counts there, however late",
    Anchor.ACTIVITY: "the time the thing itself happened",
    Anchor.ARRIVAL: "the time the log arrived",
}
_OPENING = """\
# The model

What one row of each table is, and what each column holds: its formula, and for a rate its denominator. The same texts
stand in the catalog of the warehouse (`svv_tables.remarks`, `svv_columns.remarks`) and in the Dagster UI. This page is
made from `sql/schema` and the specifications of the reports by `make docs`; a test keeps it in step with them.

Numbers are verified in three ways: rows worked out by hand, which each report names below; stories of events in and
rows out (`sms_warehouse_tests/scenarios`); and on random worlds every column of every fact and report table, and of the
view message_status, against a second implementation in plain Python (`sms_warehouse_tests/reference`).

How complete a report is stands beside it in `control.report_refresh`: the days it covers, the objects known, landed and
poisoned and the lines in quarantine of those days, and before which day its counts are final.
"""


def page() -> str:
    """The whole page, in Markdown."""
    return "\n".join(_lines()) + "\n"


def path() -> Path:
    """Where the page stands in a checkout."""
    return sql.root().parent / "docs" / "model.md"


def _lines() -> Iterator[str]:
    found = [table for file in schema_files() for table in model.tables(file)]
    yield _OPENING
    for schema, meaning in _SCHEMAS.items():
        tables = sorted((t for t in found if t.schema == schema), key=lambda t: t.name)
        if tables:
            yield f"- `{schema}`, {meaning}: " + ", ".join(
                f"[{t.name}](#{t.schema}{t.name})" for t in tables
            )
    for schema, meaning in _SCHEMAS.items():
        tables = sorted((t for t in found if t.schema == schema), key=lambda t: t.name)
        if tables:
            yield f"\n## Schema {schema}: {meaning}"
        for table in tables:
            yield from _table(table)


def _table(table: model.Table) -> Iterator[str]:
    yield f"\n### {table.full_name}\n\n{table.meaning}\n"
    report = REPORTS.get(table.name) if table.schema == "reports" else None
    if report:
        yield from _report(report)
    elif table.is_view:
        yield f"A view: `sql/{table.path}.sql`.\n"
    if table.layout:
        yield f"`{table.layout}`\n"
    yield "| column | " + ("" if table.is_view else "type | ") + "meaning |"
    yield "|---|" + ("" if table.is_view else "---|") + "---|"
    for column in table.columns:
        cells = [f"`{column.name}`"]
        if not table.is_view:
            cells.append(column.type + ("" if column.is_nullable else " not null"))
        yield f"| {' | '.join(cells)} | {_cell(column.meaning)} |"
    if table.others_as_in:
        schema, _, name = table.others_as_in.partition(".")
        yield f"| all others | as in [{table.others_as_in}](#{schema}{name}) |"


def _report(report: Report) -> Iterator[str]:
    yield f"- Anchor: {report.anchor.value}, {_ANCHORS[report.anchor]}."
    yield f"- Time zone: {report.zone}"
    yield f"- Window: {report.days} days up to {report.last_day}."
    if report.final_days is None:
        yield "- Final: no row is; each refresh makes them anew."
    else:
        yield (
            f"- Final: rows of days more than {report.final_days} days before the day of `as_of`; "
            "what comes later still restates them."
        )
    if report.is_personal:
        yield "- Personal: none of its rows is shown outside the warehouse."
    yield f"- Verified by hand: {report.verified}\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")


if __name__ == "__main__":
    path().write_text(page(), encoding="utf-8")
