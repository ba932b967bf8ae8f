"""Watches the platform from outside, as an operator would: the queue, the ledger, and Dagster's own records.

Everything here only reads. ``Watch.missing`` is the definition of done: S3, queue, ledger, warehouse, checks and
reports agree that nothing is left to do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import click
import dagster as dg

from sms_warehouse import settings, sql
from sms_warehouse.apply import settled_tables
from sms_warehouse.backfill import failed_check, first_cause, waiting
from sms_warehouse.checks import EVERY_RECORD_LANDED
from sms_warehouse.console import print_table
from sms_warehouse.landing import ledger
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.reports import REPORTS, is_slow
from sms_warehouse.resources.inbox import sqs_client
from sms_warehouse.resources.redshift import Redshift, RedshiftUnavailable

_FAILURES = 3
"""A failed day is asked for again by itself; so many failures mean that it cannot succeed."""
_CAMPAIGNS = (
    "select campaign_name, attempted, sent, delivered, failed, pending, clicked, opt_outs, as_of"
    " from reports.campaign_performance where variant_id = '*'"
    " order by attempted desc, campaign_id limit 5"
)
_OVERLAP = timedelta(seconds=10)
_FINISHED = {
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
}


@dataclass(frozen=True)
class Books:
    """What the queue and the ledger say at one moment."""

    messages: int
    totals: dict[tuple[str, str], dict[str, int]]
    loads: int
    applied: int
    is_refreshed: bool

    @classmethod
    def open(cls) -> Books:
        """Raises RedshiftUnavailable."""
        (totals_statement,) = sql.statements("landing/totals")
        with Redshift().session("watch") as session:
            totals = {
                (row.pop("event_type"), row.pop("status")): row
                for row in session.records(totals_statement.text)
            }
            loads = dict(session.rows("select load_id, event_type from control.load"))
            applied = set(session.rows("select load_id, table_name from control.applied_load"))
            applied_at = session.value("select max(applied_at) as last from control.applied_load")
            clocks = dict(session.rows("select report_name, as_of from control.report_refresh"))
        settled = [
            load_id
            for load_id, event_type in loads.items()
            if all((load_id, table) in applied for table in settled_tables(event_type))
        ]
        return cls(
            _messages(),
            totals,
            len(loads),
            len(settled),
            applied_at is not None
            and all(
                name in clocks and (clocks[name] >= applied_at or is_slow(name)) for name in REPORTS
            ),
        )

    def sum(self, column: str) -> int:
        return sum(total[column] for total in self.totals.values())


def _messages() -> int:
    answer = sqs_client().get_queue_attributes(
        QueueUrl=settings.queue_url(),
        AttributeNames=[
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ],
    )
    return sum(int(number) for number in answer["Attributes"].values())


class Runs:
    """The runs of the instance of DAGSTER_HOME, followed from one look to the next.

    Runs from before ``began`` count, but are not told of.
    """

    def __init__(self, began: datetime) -> None:
        self._instance = dg.DagsterInstance.get()
        self._began = began
        self._looked: datetime | None = None
        self._statuses: dict[str, dg.DagsterRunStatus] = {}
        self._checks: dict[tuple[str, str, str | None], dg.AssetCheckEvaluation] = {}
        self._failures: Counter[str] = Counter()
        self.hopeless: str | None = None

    @property
    def unfinished(self) -> int:
        return sum(status not in _FINISHED for status in self._statuses.values())

    @property
    def finished(self) -> int:
        return len(self._statuses) - self.unfinished

    def checks(self) -> str:
        """How the checks of all tables and days went when they were last evaluated, in words."""
        outcomes = Counter(
            "passed"
            if check.passed
            else "warned"
            if check.severity is dg.AssetCheckSeverity.WARN
            else "failed"
            for check in self._checks.values()
        )
        return ", ".join(f"{outcomes[word]} {word}" for word in ("passed", "warned", "failed"))

    def failed_checks(self) -> list[str]:
        """What the checks that failed, and do not merely warn, say of what they were last evaluated for."""
        return [
            failed_check(check)
            for check in self._checks.values()
            if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR
        ]

    def is_proved(self, event_type: str, day: date) -> bool:
        """Whether the check that every record of the day landed was evaluated last with success."""
        check = self._checks.get((f"staging/{event_type}", EVERY_RECORD_LANDED, day.isoformat()))
        return check is not None and check.passed

    def look(self, tell: Callable[[str], object]) -> None:
        """Takes in what happened since the last look."""
        now = datetime.now(UTC)
        # Times of the records have the resolution of the database; a record twice does no harm.
        since = self._looked and self._looked - _OVERLAP
        for record in self._instance.get_run_records(
            dg.RunsFilter(updated_after=since), ascending=True
        ):
            run = record.dagster_run
            before = self._statuses.get(run.run_id)
            self._statuses[run.run_id] = run.status
            is_new = record.create_timestamp >= self._began
            name = f"{run.job_name} {run.tags.get('dagster/partition', '')}".rstrip()
            if before is None and is_new:
                asked_by = run.tags.get("dagster/sensor_name") or run.tags.get(
                    "dagster/schedule_name", "somebody"
                )
                tell(f"run {run.run_id[:8]}  {name}: asked for by {asked_by}")
            if run.status in _FINISHED and before not in _FINISHED:
                self._take_checks(run.run_id)
                if is_new:
                    self._tell_end(record, name, tell)
        self._looked = now

    def _take_checks(self, run_id: str) -> None:
        for entry in self._instance.all_logs(
            run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ):
            if entry.dagster_event is not None:
                check = entry.dagster_event.asset_check_evaluation_data
                key = (check.asset_key.to_user_string(), check.check_name, check.partition)
                self._checks[key] = check

    def _tell_end(self, record: Any, name: str, tell: Callable[[str], object]) -> None:
        run = record.dagster_run
        seconds = (record.end_time or 0) - (record.start_time or record.end_time or 0)
        if run.status is dg.DagsterRunStatus.SUCCESS:
            tell(f"run {run.run_id[:8]}  {name}: done in {seconds:.0f} s")
            return
        reasons = [
            first_cause(entry.dagster_event)
            for entry in self._instance.all_logs(
                run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE
            )
            if entry.dagster_event is not None
        ]
        reason = reasons[0] if reasons else run.status.value.lower()
        tell(f"run {run.run_id[:8]}  {name}: failed: {reason}")
        self._failures[name] += 1
        if self._failures[name] >= _FAILURES:
            self.hopeless = f"{name} failed {self._failures[name]} times: {reason}"


class Watch:
    """Looks at everything, tells what changed, and knows when nothing is left to do."""

    def __init__(self, tell: Callable[[str], object], *, began: datetime) -> None:
        self._tell = tell
        self._runs = Runs(began)
        self._books: Books | None = None
        self._told = ""

    def look(self, objects_written: int) -> None:
        """Tells what changed since the last look."""
        self._runs.look(self._tell)
        try:
            self._books = Books.open()
        except RedshiftUnavailable as error:
            self._books = None
            self._tell(str(error))
            return
        books = self._books
        told = (
            f"S3 {objects_written:,} objects | queue {books.messages:,} messages | "
            f"runs {self._runs.unfinished} going, {self._runs.finished} done | "
            f"landed {books.sum('objects'):,} objects, {books.sum('lines'):,} lines in {books.loads:,} loads, "
            f"{books.applied:,} applied | checks {self._runs.checks()}"
        )
        if told != self._told:
            self._tell(told)
            self._told = told

    @property
    def hopeless(self) -> str | None:
        """Why it will never be done: something fails again and again."""
        return self._runs.hopeless

    @property
    def failed_checks(self) -> list[str]:
        """What did not hold when it was checked last."""
        return self._runs.failed_checks()

    def missing(self, days: Sequence[date]) -> str | None:
        """What has not happened yet for these arrival days, in words; None when everything has."""
        books = self._books
        if books is None:
            return "the warehouse does not answer"
        if books.messages:
            return f"{books.messages} messages are still in the queue"
        if self._runs.unfinished:
            return f"{self._runs.unfinished} runs are not finished"
        if not days:
            return None
        found = [w for w in waiting(min(days), max(days), list(EVENTS)) if w.objects_listed]
        for w in found:
            if w.objects_to_land:
                return f"{w.objects_to_land} objects of {w.event_type} {w.day} have not landed"
            if not self._runs.is_proved(w.event_type, w.day):
                return f"nothing proves yet that all of {w.event_type} {w.day} landed"
        if books.applied < books.loads:
            return f"{books.loads - books.applied} loads have not been applied"
        return None if books.is_refreshed else "the reports are older than the facts"

    def summarise(self, written: Mapping[str, Mapping[str, int]]) -> list[str]:
        """Prints what the services wrote beside what the warehouse holds; returns event types that differ."""
        totals = Books.open().totals
        rows = {}
        for event_type in EVENTS:
            lines = Counter(written.get(event_type, {}))
            landed = Counter(totals.get((event_type, ledger.LANDED), {}))
            row = {
                "lines in S3": lines["lines"] - lines["superseded"],
                "in poison objects": lines["in_poison"],
                "landed": landed["rows_landed"],
                "quarantined": landed["lines_quarantined"],
                "blank": landed["lines_blank"],
            }
            first, *rest = row.values()
            rows[event_type] = row | {"unaccounted for": first - sum(rest)}
        click.echo("\nWhat the services wrote, and what became of it\n")
        print_table("event_type", rows)
        with Redshift().session("watch") as session:
            campaigns = session.records(_CAMPAIGNS)
        click.echo("\nreports.campaign_performance: the largest campaigns\n")
        print_table("campaign_id", campaigns)
        click.echo()
        return [event_type for event_type, row in rows.items() if row["unaccounted for"]]
