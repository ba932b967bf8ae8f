"""``sms-warehouse trace``: the history of a message or recipient, on the terminal and nowhere else."""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from sms_warehouse.console import as_json_option

if TYPE_CHECKING:
    from sms_warehouse.trace.lines import Line
    from sms_warehouse.trace.model import Event, Message, Quarantined, Trace

_DAY = click.DateTime(formats=["%Y-%m-%d"])
_WIDTH = 110


@click.command()
@click.argument("name", metavar="MESSAGE_ID|RECIPIENT_ID|RECIPIENT_KEY")
@click.option(
    "--from", "first_day", type=_DAY, metavar="DAY", help="Only events from this day on, UTC."
)
@click.option("--to", "last_day", type=_DAY, metavar="DAY", help="Only events up to this day, UTC.")
@click.option(
    "--raw",
    is_flag=True,
    help="Fetch each line from S3 too, as it stands there now; never those of people who were erased.",
)
@as_json_option
def trace(
    name: str, first_day: datetime | None, last_day: datetime | None, raw: bool, as_json: bool
) -> None:
    """Show every event of a message or recipient, where it came from and what the facts made of it.

    Events in the order in which they happened, UTC: what the service said, the S3 object and line, whether it counts
    or was set aside for a copy, and which event decided what. Then the rows of the messages with their reasons, the
    recipient's consent, what was sent after an opt-out, and lines in quarantine that speak of it. A recipient_key is
    one person's use of a line; a recipient_id is the line. Of lines too long for the quarantine's table only the
    beginning is searched. What is printed is personal: nothing of it is logged. --raw needs the right to read schema
    pii, and refuses names that stand for erased people.

    \b
    Example:
      sms-warehouse trace 01J8Z3K7Q5V9T2M4N6P8R0S1W3
      sms-warehouse trace 'sub_88213#0' --from 2026-03-01 --to 2026-03-31 --raw
    """
    from sms_warehouse.resources.redshift import Redshift
    from sms_warehouse.trace import find

    if first_day and last_day and first_day > last_day:
        raise click.BadParameter(
            f"{first_day.date()} is after --to {last_day.date()}", param_hint="'--from'"
        )
    found = find.trace(
        Redshift(),
        name,
        first_date=first_day.date() if first_day else None,
        last_date=last_day.date() if last_day else None,
        raw=raw,
    )
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2, default=_json_value))
    else:
        _show(found)


def _json_value(value: Any) -> str:
    return value.isoformat() + "Z" if isinstance(value, datetime) else str(value)


def _show(found: Trace) -> None:
    _say(f"{found.kind} {found.name}: {len(found.events)} events, times in UTC")
    for event in found.events:
        _show_event(event)
    for message in found.messages:
        _show_message(message)
    if found.consent:
        _say("\nconsent")
    for row in found.consent:
        until = f"until {_moment(row['valid_to'])}" if row["valid_to"] else "and still does"
        _say(
            f"  {row['recipient_key']}  {row['program_id']}: {row['status']} by {row['method']},"
            f" holds from {_moment(row['valid_from'])} {until} (event {row['event_id']})"
        )
    if found.sent_after_optout:
        _say("\nsent after an opt-out")
    for row in found.sent_after_optout:
        counted = "" if row["is_counted"] else ", within the five minutes that nobody counts"
        _say(
            f"  {_moment(row['sent_at'])}  {row['message_category']} message {row['message_id']} of campaign"
            f" {row['campaign_id']}, {row['minutes_after']} minutes after the opt-out from"
            f" {row['program_id']} of {_moment(row['effective_at'])} (event {row['event_id']}){counted}"
        )
    if found.quarantined:
        _say("\nlines in quarantine that speak of it")
    for quarantined in found.quarantined:
        _show_quarantined(quarantined)


def _show_event(event: Event) -> None:
    _say(f"\n{_moment(event.occurred_at)}  {event.event_type}  {event.event_id}  {event.fate}")
    _part("said", "  ".join(f"{name}={_shown(value)}" for name, value in event.said.items()))
    _part("from", f"{_place(event.line)}, logged {_moment(event.logged_at)}")
    for sentence in event.made_of_it:
        _part("so", sentence)
    _show_line(event.line)


def _show_message(message: Message) -> None:
    _say(f"\nmessage {message.row['message_id']}, its row in warehouse.fact_message")
    for sentence in message.because:
        _part("because", sentence)
    _part(
        "row",
        "  ".join(f"{k}={_shown(v)}" for k, v in message.row.items() if v is not None),
    )


def _show_quarantined(found: Quarantined) -> None:
    where = f" in field {found.field}" if found.field else ""
    _say(f"  {_moment(found.quarantined_at)}  {found.event_type}  {found.reason}{where}")
    _part("from", _place(found.line))
    if found.resolved_at:
        _part("so", f"resolved {_moment(found.resolved_at)}")
    _show_line(found.line)


def _show_line(line: Line) -> None:
    for other in line.replaced:
        _part("before", f"other content of the key, ETag {other['etag']}, was taken back")
    if line.raw is not None:
        _say(f"    raw      {_clean(line.raw)}")
    elif line.raw_error is not None:
        _part("raw", line.raw_error)


def _place(line: Line) -> str:
    if line.object_key is None:
        return f"object {line.object_id} line {line.line_number}"
    return f"s3://{line.bucket}/{line.object_key} line {line.line_number}"


def _part(label: str, text: str) -> None:
    begin = f"    {label:<8} "
    for line in textwrap.wrap(
        _clean(text),
        _WIDTH,
        initial_indent=begin,
        subsequent_indent=" " * len(begin),
        break_long_words=False,
        break_on_hyphens=False,
    ):
        click.echo(line)


def _moment(moment: datetime) -> str:
    return moment.isoformat(" ", "milliseconds")


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return _moment(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _clean(text: str) -> str:
    """Text of strangers must not steer the terminal: what is not printable is shown as an escape."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode()
        for c in text
    )


def _say(line: str) -> None:
    begin = "\n" if line.startswith("\n") else ""
    click.echo(begin + _clean(line.removeprefix("\n")))
