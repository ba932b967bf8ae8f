"""The ``sms-warehouse`` command: reads arguments, calls the parts that do the work, prints what came of it.

What a verb needs is imported inside it, so that ``--help`` answers at once and production does without the
packages of the local stack. Errors that say what is wrong and what sets it are printed as one line.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from sms_warehouse.console import as_json_option, print_table, say
from sms_warehouse.follow_up.commands import follow_up
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.local.commands import local
from sms_warehouse.privacy.commands import erase, hold
from sms_warehouse.reclassify_command import reclassify
from sms_warehouse.trace.command import trace

if TYPE_CHECKING:
    from sms_warehouse.local.traffic import Faults


class _Verbs(click.Group):
    """Turns the errors a person can act on into one line and exit code 1; others keep their traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.UsageError:
            raise
        except click.ClickException as error:
            _fail(error.format_message())
        except (click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if not isinstance(error, _expected_errors()):
                raise
            _fail(str(error))


def _fail(message: str) -> NoReturn:
    click.echo(f"error: {message}", err=True)
    raise click.exceptions.Exit(1)


def _expected_errors() -> tuple[type[Exception], ...]:
    from sms_warehouse.demo import DemoFailed
    from sms_warehouse.follow_up.decision_table import FollowUpFailed
    from sms_warehouse.landing.load import LandingMismatch
    from sms_warehouse.local.services import ServerFailed
    from sms_warehouse.local.stack import NotReady, StackRunning
    from sms_warehouse.migrate import ContractMismatch
    from sms_warehouse.privacy.erase import ErasureRefused
    from sms_warehouse.resources.inbox import InboxUnavailable
    from sms_warehouse.resources.redshift import (
        RedshiftLoginFailed,
        RedshiftUnavailable,
        StatementFailed,
    )
    from sms_warehouse.resources.s3 import LakeUnavailable
    from sms_warehouse.settings import SettingError
    from sms_warehouse.trace.model import TraceFailed
    from sms_warehouse.verify.scratch import ScratchTaken

    return (
        ContractMismatch,
        DemoFailed,
        ErasureRefused,
        FollowUpFailed,
        InboxUnavailable,
        LakeUnavailable,
        LandingMismatch,
        NotReady,
        RedshiftLoginFailed,
        RedshiftUnavailable,
        ScratchTaken,
        ServerFailed,
        SettingError,
        StackRunning,
        StatementFailed,
        TraceFailed,
    )


def _need(*packages: str) -> None:
    """Ends with an error unless packages of the extra ``local``, which production goes without, are installed."""
    for package in packages:
        if find_spec(package) is None:
            _fail(f"{package} is not installed; `pip install 'sms-warehouse[local]'` brings it")


class _Day(click.ParamType):
    """An arrival day the platform knows: from ``SMS_WAREHOUSE_FIRST_DAY`` to today, UTC."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        from sms_warehouse import settings

        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day like 2026-01-31", param, ctx)
        first_day, today = settings.first_day(), datetime.now(UTC).date()
        if day < first_day:
            self.fail(
                f"{day} is before the first arrival day, {first_day}; SMS_WAREHOUSE_FIRST_DAY sets it",
                param,
                ctx,
            )
        if day > today:
            self.fail(f"{day} is still to come: today is {today}, UTC", param, ctx)
        return day


class _Moment(click.ParamType):
    """A time that has been, read as UTC unless it names its offset."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a time like 2026-01-31T12:00:00", param, ctx)
        moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        now = datetime.now(UTC).replace(tzinfo=None)
        if moment > now:
            self.fail(f"{value} is still to come: it is {now:%Y-%m-%dT%H:%M:%S}, UTC", param, ctx)
        return moment


def _days(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options --from and --to, both included."""
    to = click.option("--to", "last_day", type=_Day(), required=True, help="Last arrival day, UTC.")
    begin = click.option(
        "--from", "first_day", type=_Day(), required=True, help="First arrival day, UTC."
    )
    return begin(to(command))


def _check_order(first_day: date, last_day: date) -> None:
    if first_day > last_day:
        raise click.BadParameter(f"{first_day} is after --to {last_day}", param_hint="'--from'")


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sms-warehouse")
def main() -> None:
    """Lands the logs of an SMS marketing platform in Redshift, proves every record, and reports on it.

    To see all of it at work on this machine: sms-warehouse demo
    """


main.add_command(local)
main.add_command(follow_up)
main.add_command(erase)
main.add_command(hold)
main.add_command(trace)
main.add_command(reclassify)


@main.command()
def migrate() -> None:
    """Bring the warehouse's schema up to date.

    Creates what sql/schema names and the warehouse lacks; safe to repeat, safe beside running loads.

    \b
    Example:
      eval "$(sms-warehouse local env)"
      sms-warehouse migrate
    """
    from sms_warehouse.migrate import migrate as bring_up_to_date
    from sms_warehouse.resources.redshift import Redshift

    bring_up_to_date(Redshift(), say)
    say("the schema is up to date")


@main.command()
@_days
@click.option(
    "--messages", type=click.IntRange(1), required=True, help="Messages handed over a day."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another world.")
@click.option(
    "--world-start",
    type=_Day(),
    help="Day of the first message ever; receipts and clicks follow from earlier days. Default: --from.",
)
@click.option(
    "--faults",
    type=click.Choice(["none", "usual", "hostile"]),
    default="none",
    show_default=True,
    help="How badly the services behave: not at all, as in life, or in every way they could.",
)
@as_json_option
def traffic(
    first_day: date,
    last_day: date,
    messages: int,
    seed: int,
    world_start: date | None,
    faults: Faults,
    as_json: bool,
) -> None:
    """Let the simulated services write to the bucket all that arrives on these days.

    The same call writes the same keys and bytes. Prints, per event type, what a correct load has to find.

    \b
    Example:
      sms-warehouse traffic --from 2026-03-01 --to 2026-03-03 --messages 10000 --seed 7 --faults usual
    """
    _check_order(first_day, last_day)
    if world_start is not None and world_start > first_day:
        raise click.BadParameter(
            f"{world_start} is after --from {first_day}", param_hint="'--world-start'"
        )
    from botocore.exceptions import BotoCoreError, ClientError

    from sms_warehouse import settings
    from sms_warehouse.local import traffic as services
    from sms_warehouse.resources.lake import Lake
    from sms_warehouse.resources.s3 import explained, s3_client

    bucket = settings.bucket()
    # A bucket that is not there is told before anything is made up.
    Lake().list_days(next(iter(EVENTS)))
    began = time.monotonic()
    try:
        counts = services.write(
            bucket,
            s3_client(),
            first_day,
            last_day,
            messages=messages,
            seed=seed,
            world_start=world_start,
            faults=faults,
            progress=say,
        )
    except (BotoCoreError, ClientError) as error:
        raise explained(error, bucket) from error
    seconds = time.monotonic() - began
    rows = {event_type: vars(counted) for event_type, counted in counts.items()}
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        print_table("event_type", rows)
    lines = sum(row["lines"] for row in rows.values())
    say(f"{lines:,} lines in {seconds:.1f} s: {lines / seconds:,.0f} lines/s")


@main.command()
@_days
@click.option(
    "--event",
    "event_type",
    type=click.Choice(list(EVENTS)),
    help="Only this event type, and the tables that follow from it.",
)
@click.option(
    "--as-of",
    type=_Moment(),
    help="The reports' clock, UTC, like 2026-01-31T12:00:00. Default: now.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be landed.")
@as_json_option
def load(
    first_day: date,
    last_day: date,
    event_type: str | None,
    as_of: datetime | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Load these arrival days here and now, then refresh the reports.

    Runs the job load_day for each day in this process, without Dagster's daemon, and records it in the
    instance of DAGSTER_HOME like any other run. Running it again lands nothing twice and works out the days'
    messages again. Reports are windows that end at their clock: --as-of moves it back. Exits with 1 when a
    run fails or a check does not pass that is no mere warning.

    Without DAGSTER_HOME the runs are recorded in the warehouse alone. Beside an instance that starts runs on
    other machines, as deploy/dagster.yaml does, unset it: the daemon looks for the task of each run, and
    would take this one for dead.

    \b
    Example:
      sms-warehouse load --from 2026-03-01 --to 2026-03-03 --dry-run
      sms-warehouse load --from 2026-03-01 --to 2026-03-03 --as-of 2026-03-04T00:00:00
    """
    _check_order(first_day, last_day)
    _hide_stability_warnings()
    from sms_warehouse import backfill

    event_types = [event_type] if event_type else list(EVENTS)
    if dry_run:
        waiting = backfill.waiting(first_day, last_day, event_types)
        if as_json:
            click.echo(
                json.dumps([vars(w) | {"day": w.day.isoformat()} for w in waiting], indent=2)
            )
        else:
            print_table("day", [vars(w) for w in waiting])
        return
    outcome = backfill.load(first_day, last_day, event_type, as_of=as_of, progress=say)
    if as_json:
        click.echo(json.dumps(vars(outcome) | {"loaded": outcome.rows()}, indent=2))
    else:
        print_table("event_type", outcome.rows())
    for warning in outcome.warnings:
        click.echo(f"warning: {warning}", err=True)
    for failure in outcome.failures:
        click.echo(f"error: {failure}", err=True)
    if outcome.failures:
        raise click.exceptions.Exit(1)


@main.command()
@click.option(
    "--once", is_flag=True, help="No UI; stop when everything has been loaded and checked."
)
@click.option(
    "--messages", type=click.IntRange(1), default=10_000, show_default=True, help="Messages a day."
)
@click.option(
    "--days",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Days of logs, today included; with fewer than five no test of variants is old enough to be judged.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another world.")
@click.option("--port", type=int, default=3000, show_default=True, help="Port of Dagster's UI.")
@click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep everything here. Without it, it lives in a temporary directory and goes with the demo.",
)
@click.option(
    "--timeout",
    "timeout_minutes",
    type=click.FloatRange(0, min_open=True),
    default=20.0,
    show_default=True,
    help="Minutes until everything has to be loaded.",
)
def demo(
    once: bool,
    messages: int,
    days: int,
    seed: int,
    port: int,
    directory: Path | None,
    timeout_minutes: float,
) -> None:
    """Run the whole platform on this machine: S3, SQS, Redshift, Dagster and the services that write.

    Shows how files arrive, days are asked for, loads commit and checks pass, then a summary and the
    addresses of Dagster's UI and the warehouse. Goes on until Ctrl-C and leaves nothing running.

    \b
    Example:
      sms-warehouse demo
      sms-warehouse demo --once --messages 5000
    """
    _need("local_redshift", "ministack")
    _hide_stability_warnings()
    from sms_warehouse.demo import run

    run(
        is_once=once,
        messages=messages,
        days=days,
        seed=seed,
        port=port,
        directory=directory,
        timeout_s=timeout_minutes * 60,
    )


@main.command()
@click.option("--schema", help="Name of the scratch schema. Default: a new one.")
@click.option(
    "--only",
    "sections",
    type=click.Choice(["conformance", "sql", "copy", "transactions"]),
    multiple=True,
    help="Only this section; may be given several times.",
)
@click.option("--keep", is_flag=True, help="Leave the scratch schema behind, for a look at it.")
@click.option(
    "--remove",
    is_flag=True,
    help="Only remove what a killed run left of --schema, and its objects.",
)
@as_json_option
def verify(
    schema: str | None, sections: tuple[str, ...], keep: bool, remove: bool, as_json: bool
) -> None:
    """Tell whether this Redshift is what the platform takes it for, and which promises that proves.

    In scratch schemas of its own it runs a table of documented results, every SQL file, COPY with its limits,
    and transactions that conflict at both isolation levels; then it removes them. Needs the right to create
    schemas, the bucket and the COPY role, and, for the isolation level the database does not have, the
    right to create a database. The real warehouse is neither read nor written. Exits with 1 when
    something did not agree.

    \b
    Example:
      sms-warehouse verify
      sms-warehouse verify --only copy --json
    """
    _need("local_redshift")  # Its conformance table.
    from sms_warehouse.verify import verification

    if remove:
        if not schema:
            raise click.UsageError("--remove needs the --schema that was left")
        verification.remove(schema)
        say(f"{schema} is removed")
        return
    report = verification.verify(say, schema=schema, only=sections, keep=keep)
    for name in report.leftovers:
        click.echo(
            f"warning: there is a scratch schema {name}; unless its run goes on, remove it with "
            f"`sms-warehouse verify --schema {name} --remove`",
            err=True,
        )
    click.echo(json.dumps(report.data(), indent=2) if as_json else report.text())
    if report.was_stopped:
        raise click.ClickException("the verification was stopped before its end")
    if not report.is_green:
        raise click.exceptions.Exit(1)


def _hide_stability_warnings() -> None:
    """Dagster warns of each preview and beta feature it is given: a page before the first line of ours."""
    import dagster as dg

    for category in (dg.PreviewWarning, dg.BetaWarning):
        warnings.simplefilter("ignore", category)


if __name__ == "__main__":
    sys.exit(main())
