"""What starts runs by itself: news in the queue, and reports that fell behind.

``new_logs`` confirms before it deletes. A message stays in the queue until the warehouse says that every
object it names is settled, so a run that fails, is killed or never starts loses nothing: the message comes
back and the day is asked for again. Requests carry no run key, because Dagster would never ask a second time
for a key whose run failed.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from sms_warehouse import settings
from sms_warehouse.apply import settled_tables
from sms_warehouse.assets import raw
from sms_warehouse.assets.reports import key as report_key
from sms_warehouse.jobs import load_day, refresh_reports
from sms_warehouse.landing import keys, ledger
from sms_warehouse.partitions import today
from sms_warehouse.reports import REPORTS, is_slow
from sms_warehouse.resources.inbox import Inbox, InboxUnavailable, Message, NewObject, Unreadable
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift, RedshiftLoginFailed, RedshiftUnavailable
from sms_warehouse.resources.s3 import LakeUnavailable

MOST_MESSAGES = 10_000
"""Messages received in one tick: the ledger is asked for 500 objects at once, and ten messages are deleted at
once, eight times side by side. Half a second for a question and a tenth for a deletion still leave time.
"""
RECEIVE_SECONDS = 20.0
"""Dagster gives a tick 60 s; receiving takes a third, asking, looking and deleting the rest."""
LOOK_SECONDS = 10.0
LONGEST_RUN = timedelta(hours=2)
"""A run that has been under way for longer has died and could not say so, by SIGKILL or a power cut: nobody waits
for it. ``max_runtime_seconds`` of both dagster.yaml says the same, so that the queue does not wait either.
"""

_LOOK_THREADS = 16
_FINISHED = {
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
}
_UNFINISHED = [status for status in dg.DagsterRunStatus if status not in _FINISHED]


@dataclass
class News:
    """What the messages of one tick say."""

    done: list[Message] = field(default_factory=list)
    waiting: dict[str, NewObject] = field(default_factory=dict)
    days: dict[tuple[str, date], int] = field(default_factory=lambda: defaultdict(int))
    rejected: dict[tuple[str, str], str] = field(default_factory=dict)
    unreadable: int = 0


def days_being_loaded(instance: dg.DagsterInstance) -> set[str]:
    """Partition keys that an unfinished run of ``load_day`` is about."""
    runs = _unfinished(instance, load_day.name)
    return {run.tags["dagster/partition"] for run in runs if "dagster/partition" in run.tags}


def _unfinished(instance: dg.DagsterInstance, job: str) -> list[dg.DagsterRun]:
    """A job's runs that wait for their turn, however long, or are under way."""
    alive_since = datetime.now(UTC) - LONGEST_RUN
    return [
        record.dagster_run
        for record in instance.get_run_records(dg.RunsFilter(job_name=job, statuses=_UNFINISHED))
        if record.dagster_run.status is dg.DagsterRunStatus.QUEUED
        or record.update_timestamp > alive_since
    ]


def requests(instance: dg.DagsterInstance, days: Iterable[date]) -> list[dg.RunRequest]:
    """A request for each day that no unfinished run is about already, oldest first."""
    busy = days_being_loaded(instance)
    return [
        dg.RunRequest(partition_key=day.isoformat())
        for day in sorted(set(days))
        if day.isoformat() not in busy
    ]


@dg.sensor(
    job=load_day,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Asks for the days that have news in the queue. A message is deleted when all it names has landed and "
        "been applied, is poison, was superseded, or is not ours."
    ),
)
def new_logs(
    context: dg.SensorEvaluationContext, inbox: Inbox, lake: Lake, redshift: Redshift
) -> dg.SensorResult:
    try:
        with redshift.session("new_logs") as session:
            session.value("select 1 as alive")
    except (RedshiftUnavailable, RedshiftLoginFailed) as error:
        # What is received now could not be confirmed, and would only be hidden from the next tick.
        return dg.SensorResult(skip_reason=f"nothing received: {error}")
    try:
        messages = inbox.receive(MOST_MESSAGES, seconds=RECEIVE_SECONDS)
    except InboxUnavailable as error:
        return dg.SensorResult(skip_reason=str(error))
    if not messages:
        return dg.SensorResult(skip_reason="no news")
    news = _read(messages, lake, redshift)
    ledger.reject_keys(redshift, news.rejected)
    deleted = inbox.delete(news.done)
    wanted = requests(context.instance, (day for _, day in news.days))
    said = (
        f"{len(messages)} messages: {deleted} settled and deleted, {len(news.waiting)} objects waiting on "
        f"{len({day for _, day in news.days})} days, {len(wanted)} days asked for, "
        f"{len(news.rejected)} keys rejected, {news.unreadable} messages unreadable"
    )
    context.log.info(said)
    observations = [
        raw.observed(event_type, day, new_objects=objects)
        for (event_type, day), objects in sorted(news.days.items())
    ]
    if not wanted:
        return dg.SensorResult(skip_reason=said, asset_events=observations)
    return dg.SensorResult(run_requests=wanted, asset_events=observations)


def _read(messages: list[Message], lake: Lake, redshift: Redshift) -> News:
    """Sorts messages into those that may go and the days the others are about."""
    news = News()
    named: list[tuple[Message, list[NewObject]]] = []
    places: dict[str, keys.Place] = {}
    first_day, last_day = settings.first_day(), today()
    for message in messages:
        try:
            objects = message.objects()
        except Unreadable:
            # It stays in the queue until the redrive policy puts it where somebody looks.
            news.unreadable += 1
            continue
        ours = []
        for found in objects:
            if found.bucket != lake.bucket or not keys.is_ours(found.key):
                continue
            try:
                places[found.object_id] = keys.place(found.key, first_day=first_day, today=last_day)
                ours.append(found)
            except keys.UnplacedKey as reason:
                news.rejected[found.bucket, found.key] = str(reason)
        named.append((message, ours))
    with redshift.session("new_logs") as session:
        standing = ledger.standing(session, {key: place.day for key, place in places.items()})
    unsettled = {
        found.object_id: found
        for _, objects in named
        for found in objects
        if not _is_settled(standing.get(found.object_id))
    }
    returned = {
        found.object_id
        for message, objects in named
        for found in objects
        if message.receive_count > 1
    }
    # Content that S3 no longer shows cannot land. Looking costs a request, so only what should have landed by
    # now, or once had, is looked at.
    doubtful = [
        found
        for object_id, found in unsettled.items()
        if (object_id in standing and standing[object_id].status == ledger.SUPERSEDED)
        or (object_id not in standing and object_id in returned)
    ]
    for found in _vanished(lake, doubtful):
        del unsettled[found.object_id]
    for message, objects in named:
        if not any(found.object_id in unsettled for found in objects):
            news.done.append(message)
    news.waiting = unsettled
    for object_id in unsettled:
        place = places[object_id]
        news.days[place.event_type, place.day] += 1
    return news


def _is_settled(standing: ledger.Standing | None) -> bool:
    if standing is None or standing.status == ledger.SUPERSEDED:
        return False
    return standing.status == ledger.POISON or standing.applied_tables >= set(
        settled_tables(standing.event_type)
    )


def _vanished(lake: Lake, objects: list[NewObject]) -> list[NewObject]:
    """Those that S3 does not show any more: removed, or replaced by content with a message of its own."""
    end = time.monotonic() + LOOK_SECONDS

    def is_gone(found: NewObject) -> bool:
        if time.monotonic() > end:
            return False
        try:
            now = lake.head(found.key)
        except LakeUnavailable:
            # One object we may not look at must not keep the others from being asked for.
            return False
        return now is None or now.object_id != found.object_id

    with ThreadPoolExecutor(_LOOK_THREADS) as threads:
        return [f for f, gone in zip(objects, threads.map(is_gone, objects), strict=True) if gone]


@dg.sensor(
    job=refresh_reports,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "Asks for the reports when facts changed since they were computed and when the hour turned: windows and the "
        "72-hour closure move with it. Between two refreshes, failed ones too, are at least "
        "SMS_WAREHOUSE_REPORT_MINUTES; a report of a slower rhythm is asked for in its time."
    ),
)
def stale_reports(context: dg.SensorEvaluationContext, redshift: Redshift) -> dg.SensorResult:
    try:
        with redshift.session("stale_reports") as session:
            known = dict(session.rows("select report_name, as_of from control.report_refresh"))
            changed_at = session.value(
                "select max(applied_at) as changed_at from control.applied_load"
            )
    except (RedshiftUnavailable, RedshiftLoginFailed) as error:
        return dg.SensorResult(skip_reason=str(error))
    if changed_at is None:
        return dg.SensorResult(skip_reason="nothing has been loaded yet")
    if _unfinished(context.instance, refresh_reports.name):
        return dg.SensorResult(skip_reason="a refresh is under way")
    now = datetime.now(UTC)
    pause = timedelta(minutes=settings.report_minutes())
    # Whatever its outcome: a report that fails keeps its old clock, and would be asked for at each tick.
    for last in context.instance.get_run_records(
        dg.RunsFilter(job_name=refresh_reports.name), limit=1
    ):
        if now - last.create_timestamp < pause:
            return dg.SensorResult(
                skip_reason=f"the last refresh began at {last.create_timestamp:%H:%M} UTC"
            )
    due = _due(known, changed_at, now.replace(tzinfo=None), pause)
    if not due:
        return dg.SensorResult(skip_reason="no report is due")
    return dg.SensorResult(
        run_requests=[dg.RunRequest(asset_selection=[report_key(name) for name in due])]
    )


def _due(
    known: Mapping[str, datetime], changed_at: datetime, now: datetime, pause: timedelta
) -> list[str]:
    """The reports whose time has come, of the clocks they were last computed for.

    Those of the general rhythm are due together, and at the hour's turn those of an hourly one with them: they show
    one and the same moment, and checks may compare them.
    """

    def is_due(name: str) -> bool:
        as_of = known.get(name)
        if as_of is None or as_of > now:
            return True
        turned = _hour(now) - _hour(as_of)
        every = REPORTS[name].every
        if every is not None and is_slow(name):
            return turned >= every
        return bool(turned) or (changed_at > as_of and now - as_of >= pause)

    due = {name for name in REPORTS if is_due(name)}
    general = {name for name in REPORTS if not is_slow(name)}
    if due & general:
        due |= general
    return [name for name in REPORTS if name in due]


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
