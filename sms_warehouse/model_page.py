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

Which days a report covers, in which zone, before which day its rows are final, and how complete the logs are that it
was made from stand for each report in [reports.report_state](#reportsreport_state); how new everything is, in
[reports.freshness](#reportsfreshness) and, by event type, in [reports.event_freshness](#reportsevent_freshness).

Reports count messages of marketing and of service alike, for a campaign sends both kinds; rolling_30d tells them apart
(scope CATEGORY), and only marketing is followed up.

Numbers are verified in three ways: rows worked out by hand, which each report names below; stories of events in and
rows out (`sms_warehouse_tests/scenarios`); and on random worlds every column of every fact and report table, and of the
view message_status, against a second implementation in plain Python (`sms_warehouse_tests/reference`), but for these:

- `loaded_at`, `updated_at` and message_status's `as_of` tell when we worked, `object_id` and `line_number` which of
  several equal copies was kept; they are not compared, and `arrival_date` has to be that of one of the copies.
- In pipeline_quality_hourly the counts that follow from which copy was kept (`rows_loaded`, `duplicates` and what was
  odd) are compared as sums by event type, `stubs_open` not at all. Nothing of these worlds is in quarantine, poison or
  waiting, so `quarantined`, `poison_files` and `rows_waiting` are 0 on both sides.
- A world is refreshed once, so `restated_count` is 0, and recipient_engagement has one week.
- The views sent_after_optout, freshness, event_freshness and report_state, and what was exported, are not compared.
"""

_MESSAGE_STATUS = """\
- Anchor: none, a row is of one message and of no day.
- Time zone: UTC in all its columns.
- Window: every message that was submitted, of any age.
- Rows: worked out when they are asked for, from the facts as they are then; nothing is stored, and reports.report_state
  has no row of it.
- Final: no row is. PENDING ends 72 hours after sending; receipts, clicks and opt-outs that come later change a row of
  any age.
- Refreshed: never; it is as new as warehouse.fact_message (newest_applied_at in reports.freshness).
- Verified by hand: outcomes on both sides of 72 hours and the action for each (warehouse/test_reports.py,
  warehouse/test_follow_up.py); each outcome, machines, answers and a refused message with a receipt of delivery
  (scenarios/delivery.txt).
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
    elif table.full_name == "reports.message_status":
        yield _MESSAGE_STATUS
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
    yield f"- Window: {report.window_in_words}."
    yield f"- Rows: {report.kept}"
    yield f"- Final: {report.final}"
    yield f"- Refreshed: {report.rhythm}."
    if report.is_personal:
        yield "- Personal: none of its rows is shown outside the warehouse."
    yield f"- Verified by hand: {report.verified}\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")


if __name__ == "__main__":
    path().write_text(page(), encoding="utf-8")
