"""``sms-warehouse reclassify``: today's rules and mappings applied to the past, from a terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from sms_warehouse.console import as_json_option, print_table, say

_DAYS = 35
_DAY = click.DateTime(formats=["%Y-%m-%d"])
_ROWS_SHOWN = 40


@click.command()
@click.option("--ruleset", is_flag=True, help="Only the rules that tell clicks of robots.")
@click.option("--errors", is_flag=True, help="Only what error codes mean.")
@click.option("--carriers", is_flag=True, help="Only the countries of mobile networks.")
@click.option(
    "--from",
    "first_day",
    type=_DAY,
    metavar="DAY",
    help=f"First day, UTC, of clicks and of sending. Default: {_DAYS} days, --to included.",
)
@click.option("--to", "last_day", type=_DAY, metavar="DAY", help="Last day. Default: today.")
@click.option(
    "--preview/--apply",
    "is_preview",
    default=True,
    show_default=True,
    help="Say what would change, or change it.",
)
@as_json_option
def reclassify(
    ruleset: bool,
    errors: bool,
    carriers: bool,
    first_day: datetime | None,
    last_day: datetime | None,
    is_preview: bool,
    as_json: bool,
) -> None:
    """Apply today's rules and mappings to what is in the warehouse already.

    New rules about clicks, error codes and networks come with `sms-warehouse migrate` and hold for what arrives from
    then on. This shows what they would make of the past, and with --apply makes it: only messages that something
    changes for are worked out again. Networks' countries are changed for all recipients, whatever the days. Safe
    beside running loads, and safe to repeat after it was stopped. The reports follow with their next refresh.

    \b
    Example:
      sms-warehouse reclassify
      sms-warehouse reclassify --ruleset --from 2026-03-01 --to 2026-03-31 --apply
    """
    from sms_warehouse import reclassify as past
    from sms_warehouse.resources.redshift import Redshift

    now = datetime.now(UTC).replace(tzinfo=None)
    last = (last_day or now).date()
    first = first_day.date() if first_day else last - timedelta(days=_DAYS - 1)
    if first > last:
        raise click.BadParameter(f"{first} is after --to {last}", param_hint="'--from'")
    chosen = {
        subject
        for subject, is_chosen in zip(past.Subject, (ruleset, errors, carriers), strict=True)
        if is_chosen
    } or set(past.Subject)
    if is_preview:
        found = past.preview(Redshift(), chosen, first, last)
        if as_json:
            click.echo(json.dumps(asdict(found), indent=2, default=str))
        else:
            _show(found)
            click.echo("nothing was changed; --apply does it", err=True)
        return
    done = past.reclassify(Redshift(), chosen, first, last, now=now, progress=say)
    if as_json:
        click.echo(json.dumps(asdict(done), indent=2))
    else:
        print_table("changed", [asdict(done)])


def _show(found: Any) -> None:
    click.echo(f"{found.first_date} to {found.last_date}, UTC")
    click.echo(
        f"{found.clicks_judged:,} requests judged, {found.clicks_rewritten:,} rows would change,"
        f" {found.messages_with_other_human_clicks:,} messages would have other human clicks"
    )
    for title, rows in (
        ("user agents", found.user_agents),
        ("clicks", found.click_classes),
        ("clicks by people, by campaign and day of sending", found.click_days),
        ("failures", found.failures),
        ("failures, by campaign and day of sending", found.failure_days),
        ("countries of recipients", found.carriers),
    ):
        if rows:
            _section(title, rows)


def _section(title: str, rows: Sequence[dict[str, Any]]) -> None:

    click.echo(f"\n{title}:")
    print_table("", [_words(row) for row in rows[:_ROWS_SHOWN]])
    if len(rows) > _ROWS_SHOWN:
        click.echo(f"and {len(rows) - _ROWS_SHOWN:,} rows more: --json prints all")


def _words(row: dict[str, Any]) -> dict[str, Any]:
    """A row for a reader: flags in words, since nothing and no are not the same."""
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in row.items()
    }
