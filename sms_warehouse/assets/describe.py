"""What the Dagster UI shows of a table: its SQL, its columns, the first rows of an aggregate."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import dagster as dg

from sms_warehouse import sql
from sms_warehouse.resources.redshift import Session


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


def column_schema(session: Session, schema: str, table: str) -> dg.TableSchema:
    """The columns of a table as the warehouse itself knows them."""
    rows = session.rows(
        "select column_name, data_type, character_maximum_length, is_nullable"
        " from information_schema.columns"
        " where table_schema = :schema and table_name = :table order by ordinal_position",
        schema=schema,
        table=table,
    )
    return dg.TableSchema(
        [
            dg.TableColumn(
                name,
                f"{data_type}({length})" if length else data_type,
                constraints=dg.TableColumnConstraints(nullable=is_nullable == "YES"),
            )
            for name, data_type, length, is_nullable in rows
        ]
    )


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
