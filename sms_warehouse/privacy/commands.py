"""``sms-warehouse erase`` and ``hold``: people who asked to be erased, and those who may not be yet."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import click

_recipient = click.option(
    "--recipient", "recipient_id", required=True, help="The recipient_id of the line."
)


@click.command()
@_recipient
@click.option(
    "--token", help="One more token of their phone number, that none of their rows tells."
)
@click.option("--request", "request_id", required=True, help="Number of the request, for the file.")
@click.option("--dry-run", is_flag=True, help="Only count the rows that would change.")
@click.option(
    "--raw-lines",
    "raw_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write here, as CSV, which lines of which raw objects still hold the person's records.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")
def erase(
    recipient_id: str,
    token: str | None,
    request_id: str,
    dry_run: bool,
    raw_file: Path | None,
    as_json: bool,
) -> None:
    """Take a person out of the warehouse, and prove it.

    Counts of campaigns stay as they are; what leads to the person goes, also from quarantined lines and lists that
    were handed over, and what lands later of them names nobody. Safe to repeat: a call that was stopped goes on. Ends
    with a search of every text column; exits with 1 when it finds anything. An erased recipient id stays erased,
    whoever gets the line. Raw objects in S3 are not written anew, since an object with new content is a new object to
    landing: --raw-lines says what to delete there, or the bucket's lifecycle does it.

    \b
    Example:
      sms-warehouse erase --recipient sub_81 --request DSR-2026-17 --dry-run
      sms-warehouse erase --recipient sub_81 --request DSR-2026-17 --raw-lines dsr-17.csv
    """
    from sms_warehouse.cli import print_table
    from sms_warehouse.privacy import erase as erasure
    from sms_warehouse.resources.lake import Lake
    from sms_warehouse.resources.redshift import Redshift

    redshift, lake = Redshift(), Lake()
    if dry_run:
        with redshift.session("erase_preview") as session:
            counts = erasure.preview(session, recipient_id, request_id)
        if as_json:
            click.echo(json.dumps(counts, indent=2))
        else:
            print_table("table", {name: {"rows": rows} for name, rows in counts.items()})
        return
    done = erasure.erase(
        redshift,
        lake,
        recipient_id,
        request_id,
        token=token,
        now=_now(),
        progress=lambda line: click.echo(line, err=True),
    )
    if raw_file is not None:
        with redshift.session("erase_raw_lines") as session:
            lines = erasure.raw_lines(session, done.request_id)
        with raw_file.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("bucket", "object_key", "line_number"))
            writer.writerows(lines)
        click.echo(f"{len(lines)} lines of raw objects: {raw_file}", err=True)
    if as_json:
        proof = {
            "request_id": done.request_id,
            "is_proved": done.is_proved,
            "changed": done.changed,
            "searched": [vars(found) for found in done.found],
        }
        click.echo(json.dumps(proof, indent=2))
    else:
        print_table("searched", [vars(found) for found in done.found])
    if not done.is_proved:
        click.echo("error: the search found the person; the request is not done", err=True)
        raise click.exceptions.Exit(1)


@click.command()
@_recipient
@click.option("--reason", help="The case, and who asked for the hold.")
@click.option("--release", "is_released", is_flag=True, help="End the hold.")
def hold(recipient_id: str, reason: str | None, is_released: bool) -> None:
    """Put a recipient under legal hold: they are not erased until it is released.

    \b
    Example:
      sms-warehouse hold --recipient sub_81 --reason "case 12 of 2026, legal department"
      sms-warehouse hold --recipient sub_81 --release
    """
    from sms_warehouse.privacy import erase as erasure
    from sms_warehouse.resources.redshift import Redshift

    if is_released:
        was_held = erasure.release(Redshift(), recipient_id, _now())
        click.echo("the hold is released" if was_held else "there was no hold")
        return
    if not reason:
        raise click.UsageError("--reason is missing: a hold says why")
    earlier = erasure.hold(Redshift(), recipient_id, reason, _now())
    click.echo("held")
    if earlier is not None:
        click.echo(
            f"warning: request {earlier} came before the hold: what it has erased is gone, and what lands of the"
            " recipient names nobody",
            err=True,
        )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
