"""What the Dagster UI shows of a table: its SQL, what its columns mean, how complete it is, its first rows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

import dagster as dg

from sms_warehouse import model, sql


def code_version(files: Sequence[str]) -> str:
    """Changes when the SQL does: the UI then marks the table as made by older code."""
    return hashlib.sha256("\0".join(sql.text(f) for f in files).encode()).hexdigest()[:12]


def sql_metadata(files: Sequence[str]) -> dict[str, dg.MetadataValue]:
    """The SQL that fills a table, and links that open the files in an editor."""
    return {
        "sql": dg.MetadataValue.md(
            "\n\n".join(f"`sql/{f}.sql`\n```sql\n{sql.text(f)}\n```" for f in files)
        ),
        "dagster/code_references": dg.CodeReferencesMetadataValue(
            code_references=[
                dg.LocalFileCodeReference(file_path=str(sql.root() / f"{f}.sql"), label=f"{f}.sql")
                for f in files
            ]
        ),
    }


def table_metadata(full_name: str) -> dict[str, Any]:
    """A table's name and its columns with their types and meanings, as ``sql/schema`` says them."""
    table = model.table(full_name)
    return {
        "dagster/table_name": full_name,
        "dagster/column_schema": dg.TableSchema(
            [
                dg.TableColumn(
                    column.name,
                    column.type or "of a view",
                    description=column.meaning,
                    constraints=dg.TableColumnConstraints(nullable=column.is_nullable),
                )
                for column in table.columns
            ]
        ),
    }


def refresh_metadata(refresh: Mapping[str, Any]) -> dict[str, dg.MetadataValue]:
    """What a row of control.report_refresh says: the report's clock, its days, and how complete their logs are."""
    known, landed, poison, not_applied = (
        int(refresh[f"objects_{kind}"]) for kind in ("known", "landed", "poison", "not_applied")
    )
    waiting = max(known - landed - poison, 0)
    text: dict[str, Any] = {
        "anchor": refresh["anchor"],
        "report_timezone": refresh["report_tz"],
        "window": f"{refresh['window_start']} to {refresh['window_end']}",
        "final_before": refresh["final_before"] or "no day",
    }
    shown: dict[str, dg.MetadataValue] = {
        name: dg.MetadataValue.text(str(value)) for name, value in text.items()
    }
    for name in ("as_of", "newest_event_at"):
        if refresh[name] is not None:
            shown[name] = dg.MetadataValue.timestamp(refresh[name].replace(tzinfo=UTC))
    for name in (
        "objects_known",
        "objects_landed",
        "objects_poison",
        "objects_not_applied",
        "lines_quarantined",
    ):
        shown[name] = dg.MetadataValue.int(int(refresh[name]))
    shown["objects_waiting"] = dg.MetadataValue.int(waiting)
    # As in reports.report_state: lines in quarantine are known, and counted beside.
    shown["is_complete"] = dg.MetadataValue.bool(not (waiting or poison or not_applied))
    return shown


def preview(records: Sequence[dict[str, Any]]) -> dg.TableMetadataValue:
    """The first rows of an aggregate report. Never used for tables that hold a recipient's rows."""
    columns = list(records[0]) if records else ["no rows"]
    return dg.MetadataValue.table(
        [
            dg.TableRecord({name: "" if value is None else str(value) for name, value in r.items()})
            for r in records
        ],
        dg.TableSchema([dg.TableColumn(name, "string") for name in columns]),
    )
