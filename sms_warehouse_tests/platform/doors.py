"""The doors through which these tests use the platform, and the picture they compare: every fact and report."""

import json
import random
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from datetime import date, datetime
from typing import TypeVar

import dagster as dg

from sms_warehouse import reports, settings
from sms_warehouse.apply import STEPS, apply_step
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.local import traffic
from sms_warehouse.reports import REPORTS
from sms_warehouse.resources.inbox import Inbox
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse.resources.s3 import s3_client

T = TypeVar("T")

DAYS = (date(2026, 3, 1), date(2026, 3, 2))
AS_OF = datetime(2026, 3, 9, 12)
# Few messages, of which each day has all event types, late files and lines written twice.
MESSAGES, SEED = 90, 3
# As many as it takes for nearly every kind of damage.
HOSTILE_MESSAGES, HOSTILE_SEED = 200, 7
SENSOR = {"dagster/sensor_name": "new_logs"}

# Half a thousand lines a run otherwise.
_QUIET = {"loggers": {"console": {"config": {"log_level": "WARNING"}}}}
_WHEN_WE_WORKED = {"loaded_at", "updated_at", "first_loaded_at"}


def definitions() -> dg.Definitions:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sms_warehouse.definitions import defs
    return defs


def files(faults: str = "usual", days: Iterable[date] = DAYS) -> list[traffic.LogFile]:
    """What the simulated services write on these days, in the order in which it arrives."""
    is_hostile = faults == "hostile"
    messages, seed = (HOSTILE_MESSAGES, HOSTILE_SEED) if is_hostile else (MESSAGES, SEED)
    return [
        file
        for day in days
        for file in traffic.day_files(
            day, messages=messages, seed=seed, world_start=DAYS[0], faults=faults
        )
    ]


def put(*found: traffic.LogFile) -> None:
    lake = Lake()
    for file in found:
        lake.put(file.key, file.body)


def run_day(
    day: date,
    instance: dg.DagsterInstance | None = None,
    tags: dict[str, str] | None = None,
    only: Sequence[str] = (),
) -> dg.ExecuteInProcessResult:
    """One run of load_day, as the UI, a backfill or (with its tags) a sensor would start it.

    ``only`` selects assets by ``schema/table``, as a person may in the UI.
    """
    # One of our own is closed by the thread that made it: SQLite takes it from no other.
    with nullcontext(instance) if instance else dg.DagsterInstance.ephemeral() as used:
        return (
            definitions()
            .resolve_job_def("load_day")
            .execute_in_process(
                instance=used,
                partition_key=day.isoformat(),
                tags=tags,
                run_config=_QUIET,
                asset_selection=[dg.AssetKey(key.split("/")) for key in only] or None,
                raise_on_error=False,
            )
        )


def refresh_reports(as_of: datetime = AS_OF) -> None:
    config = {"ops": {f"reports__{r}": {"config": {"as_of": as_of.isoformat()}} for r in REPORTS}}
    result = (
        definitions()
        .resolve_job_def("refresh_reports")
        .execute_in_process(run_config=config | _QUIET, instance=dg.DagsterInstance.ephemeral())
    )
    assert result.success


def apply() -> None:
    """Takes all that has landed into the facts."""
    for table in STEPS:
        apply_step(Redshift(), table)


def failed_checks(result: dg.ExecuteInProcessResult) -> list[tuple[str, str]]:
    """Tables and checks of them that found something."""
    evaluations = result.get_asset_check_evaluations()
    return [(e.asset_key.path[-1], e.check_name) for e in evaluations if not e.passed]


def materialised(result: dg.ExecuteInProcessResult) -> set[str]:
    return {e.asset_key.path[-1] for e in result.get_asset_materialization_events()}


def tick(instance: dg.DagsterInstance) -> dg.SensorResult:
    """One tick of the sensor, without running what it asks for."""
    from sms_warehouse.sensors import new_logs

    context = dg.build_sensor_context(
        instance=instance,
        resources={"inbox": Inbox(), "lake": Lake(), "redshift": Redshift()},
    )
    return new_logs(context)


def run_requested(result: dg.SensorResult, instance: dg.DagsterInstance) -> list[str]:
    """Runs what a tick asked for, one day after the other; returns the days."""
    days = [request.partition_key for request in result.run_requests or []]
    for day in days:
        assert run_day(date.fromisoformat(day), instance, SENSOR).success
    return days


def messages_waiting() -> int:
    """Messages in the queue, visible or not."""
    from sms_warehouse.resources.inbox import sqs_client
    from sms_warehouse.settings import queue_url

    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs_client().get_queue_attributes(QueueUrl=queue_url(), AttributeNames=names)[
        "Attributes"
    ]
    return sum(int(found[name]) for name in names)


def rows() -> dict[str, list[str]]:
    """Every row of every warehouse table and report, without the columns that tell when we worked."""
    tables = [f"warehouse.{t}" for t in STEPS] + [f"reports.{r}" for r in REPORTS]
    seen: dict[str, list[str]] = {}
    with Redshift().session("rows") as session:
        for table in tables:
            seen[table] = sorted(
                json.dumps({k: v for k, v in row.items() if k not in _WHEN_WE_WORKED}, default=str)
                for row in session.records(f"select * from {table}")
            )
    return seen


def refresh(*names: str) -> None:
    """What a run of refresh_reports does to the tables, without its pictures."""
    for name in names:
        reports.refresh(Redshift(), name, as_of=AS_OF, report_tz=settings.report_timezone())


def picture() -> dict[str, list[str]]:
    """The same after a refresh of all reports."""
    refresh(*REPORTS)
    return rows()


def assert_same(one: dict[str, list[str]], other: dict[str, list[str]]) -> None:
    assert one.keys() == other.keys()
    for table in one:
        only_one = sorted(set(one[table]) - set(other[table]))[:3]
        only_other = sorted(set(other[table]) - set(one[table]))[:3]
        assert one[table] == other[table], f"{table}: {only_one} against {only_other}"


def ledger() -> dict[str, dict[str, int]]:
    """What the ledger counts, by event type, of the objects that landed and of those that are poison."""
    counted = dict.fromkeys(EVENTS, None)
    with Redshift().session("ledger") as session:
        for event_type in EVENTS:
            counted[event_type] = session.records(
                "select count(*) as objects, cast(coalesce(sum(lines), 0) as bigint) as lines,"
                " cast(coalesce(sum(rows_landed), 0) as bigint) as landed,"
                " cast(coalesce(sum(lines_quarantined), 0) as bigint) as quarantined,"
                " cast(coalesce(sum(lines_blank), 0) as bigint) as blank,"
                " cast(coalesce(sum(case when status = 'poison' then 1 else 0 end), 0) as bigint) as poison"
                " from control.landed_object"
                " where event_type = :event_type and status <> 'superseded'",
                event_type=event_type,
            )[0]
    return counted


def staged_rows() -> dict[str, int]:
    with Redshift().session("staged_rows") as session:
        return {e: session.value(f"select count(*) as n from staging.{e}") for e in EVENTS}


def shuffled(found: list[traffic.LogFile], seed: int) -> list[traffic.LogFile]:
    mixed = list(found)
    random.Random(seed).shuffle(mixed)
    return mixed


def stored_keys(prefix: str) -> list[str]:
    return [o.key for o in Lake().list_prefix(prefix)]


def remove(key: str) -> None:
    s3_client().delete_object(Bucket=Lake().bucket, Key=key)


def until(happens: Callable[[], T], *, seconds: float = 300) -> T:
    """Tries until something happens: a hidden message comes back in its own time."""
    end = time.monotonic() + seconds
    while True:
        if result := happens():
            return result
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.2)


def drop_messages() -> None:
    """Loses every message of the queue."""
    until(lambda: Inbox().delete(Inbox().receive(1000, seconds=5)) and messages_waiting() == 0)


def drain(instance: dg.DagsterInstance) -> None:
    """Lets the sensor tick, and runs what it asks for, until the queue is empty."""
    until(lambda: run_requested(tick(instance), instance) == [] and messages_waiting() == 0)
