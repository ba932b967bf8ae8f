"""How the commands of ``sms-warehouse`` write: results to standard output, as a table or JSON, progress beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import click

as_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, for a program to read."
)


def say(line: str) -> None:
    """Tells of progress and what is to be noted, on standard error."""
    click.echo(line, err=True)


def print_table(
    label: str, rows: Mapping[str, Mapping[str, Any]] | Sequence[Mapping[str, Any]]
) -> None:
    """Prints rows under the names of their columns, numbers to the right; a mapping's keys come first."""
    if isinstance(rows, Mapping):
        rows = [{label: key, **row} for key, row in rows.items()]
    if not rows:
        click.echo("nothing")
        return
    texts = [[name.replace("_", " ") for name in rows[0]]]
    texts += [[_cell(value) for value in row.values()] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    is_number = [isinstance(value, int | float) for value in rows[0].values()]
    for row in texts:
        click.echo(
            "  ".join(
                cell.rjust(width) if right else cell.ljust(width)
                for cell, width, right in zip(row, widths, is_number, strict=True)
            ).rstrip()
        )


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.1f}" if isinstance(value, float) else str(value)
