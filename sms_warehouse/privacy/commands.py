"""``sms-warehouse erase`` and ``hold``: people who asked to be erased, and those who may not be yet."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import click

from sms_warehouse.console import as_json_option, print_table

_recipient = click.option(
    "--recipient", "recipient_id", required=True, help="The recipient_id of the line."
)
_unknown = click.option(
    "--unknown",
    "is_expected",
    is_flag=True,
    help="Also when no row names the recipient: lines of theirs are still to come.",
)


def _listing(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option --list, which needs no other."""

    def show(ctx: click.Context, _: click.Parameter, is_asked: bool) -> None:
        if not is_asked or ctx.resilient_parsing:
            return
        from sms_warehouse.privacy import erase as erasure
        from sms_warehouse.resources.redshift import Redshift

        with Redshift().session(f"{ctx.info_name}_list") as session:
            rows = (
                erasure.requests(session, _now()) if what == "requests" else erasure.holds(session)
            )
        print_table(what, rows)
        ctx.exit()

    return click.option(
        "--list",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help=f"Print the {what} and do nothing else.",
    )


@click.command()
@_recipient
@click.option(
    "--token", help="One more token of their phone number, that none of their rows tells."
)
@click.option("--request", "request_id", required=True, help="Number of the request, for the file.")
@_unknown
@click.option(
    "--dry-run",
    is_flag=True,
    help="Change nothing; count the rows that name the recipient or a message of theirs.",
)
@click.option(
    "--raw-lines",
    "raw_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write here, as CSV, which lines of which raw objects still hold the person's records.",
)
@as_json_option
@_listing("requests")
def erase(
    recipient_id: str,
    token: str | None,
    request_id: str,
    is_expected: bool,
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

    --dry-run counts rows by recipient and message. What only a link, a number or a provider's id leads to, quarantined
    lines, reports and files come on top of that.

    \b
    Example:
      sms-warehouse erase --recipient sub_81 --request DSR-2026-17 --dry-run
      sms-warehouse erase --recipient sub_81 --request DSR-2026-17 --raw-lines dsr-17.csv
    """
    from sms_warehouse.privacy import erase as erasure
    from sms_warehouse.resources.lake import Lake
    from sms_warehouse.resources.redshift import Redshift

    if dry_run and raw_file is not None:
        raise click.UsageError(
            "--raw-lines says what is left in S3 after an erasure; --dry-run makes none"
        )
    redshift, lake = Redshift(), Lake()
    with redshift.session("erase_preview") as session:
        counts = erasure.preview(session, recipient_id, request_id, is_expected=is_expected)
    if dry_run:
        if as_json:
            click.echo(json.dumps(counts, indent=2))
        else:
            print_table("table", {name: {"rows": rows} for name, rows in counts.items()})
        return
    click.echo(f"{sum(counts.values())} rows name them or a message of theirs", err=True)
    # Opened first: a path that cannot be written is found while nothing has happened yet.
    with _written_whole(raw_file) as file:
        done = erasure.erase(
            redshift,
            lake,
            recipient_id,
            request_id,
            token=token,
            is_expected=is_expected,
            now=_now(),
            progress=lambda line: click.echo(line, err=True),
        )
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
        if file is not None:
            with redshift.session("erase_raw_lines") as session:
                lines = erasure.raw_lines(session, done.request_id)
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("bucket", "object_key", "line_number"))
            writer.writerows(lines)
            click.echo(f"{len(lines)} lines of raw objects: {raw_file}", err=True)
    if not done.is_proved:
        click.echo("error: the search found the person; the request is not done", err=True)
        raise click.exceptions.Exit(1)


@contextmanager
def _written_whole(path: Path | None) -> Iterator[IO[str] | None]:
    """A file that gets its name at the end, or none if no name is given."""
    if path is None:
        yield None
        return
    beginning = path.with_name(f"{path.name}.part")
    try:
        file = beginning.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise click.FileError(str(path), error.strerror) from error
    try:
        with file:
            yield file
        beginning.replace(path)
    finally:
        beginning.unlink(missing_ok=True)


@click.command()
@_recipient
@click.option("--reason", help="The case, and who asked for the hold.")
@click.option("--release", "is_released", is_flag=True, help="End the hold.")
@_unknown
@_listing("holds")
def hold(recipient_id: str, reason: str | None, is_released: bool, is_expected: bool) -> None:
    """Put a recipient under legal hold: they are not erased until it is released.

    An erasure under way stops where it is, and what lands of the recipient stays as it is. Once the hold is released,
    call erase again.

    \b
    Example:
      sms-warehouse hold --recipient sub_81 --reason "case 12 of 2026, legal department"
      sms-warehouse hold --recipient sub_81 --release
      sms-warehouse hold --list
    """
    from sms_warehouse.privacy import erase as erasure
    from sms_warehouse.resources.redshift import Redshift

    if is_released:
        if not erasure.release(Redshift(), recipient_id, _now()):
            raise click.ClickException(f"there is no hold of {recipient_id!r} to release")
        click.echo("the hold is released")
        return
    if not (reason or "").strip():
        raise click.UsageError("--reason is missing: a hold says why")
    earlier = erasure.hold(Redshift(), recipient_id, reason or "", _now(), is_expected=is_expected)
    click.echo("held")
    if earlier is not None:
        click.echo(
            f"warning: request {earlier} came before the hold: what it has erased is gone; what lands of the recipient"
            " stays as it is until the hold is released and erase is called again",
            err=True,
        )


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
