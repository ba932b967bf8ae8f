"""What the clock asks for: days of their own accord, and reports that fell behind."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.events import DagsterEvent, DagsterEventType
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)

import sms_warehouse
from sms_warehouse.reports import REPORTS
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.platform import doors

SLOW = {name for name, report in REPORTS.items() if report.every is not None}
TODAY = date(2026, 3, 10)
PROJECT = Path(sms_warehouse.__file__).parents[1]


def record_run(
    instance: dg.DagsterInstance,
    job: str,
    status: dg.DagsterRunStatus,
    *,
    heard_of: timedelta = timedelta(0),
    **tags: str,
) -> None:
    """A run in Dagster's records that nobody has heard of for a while."""
    place = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "platform")
    run = instance.create_run_for_job(
        doors.definitions().resolve_job_def(job),
        status=status,
        tags=tags,
        remote_job_origin=RemoteJobOrigin(place, job),
    )
    if status is dg.DagsterRunStatus.STARTED:
        event = DagsterEvent(DagsterEventType.RUN_START.value, job_name=job)
        then = datetime.now(UTC) - heard_of
        instance.report_dagster_event(event, run.run_id, timestamp=then.timestamp())


def days_asked_by(
    schedule: Callable[..., list[dg.RunRequest]], instance: dg.DagsterInstance
) -> list[str | None]:
    requests = schedule(dg.build_schedule_context(instance=instance))
    assert all(request.run_key is None for request in requests)
    return [request.partition_key for request in requests]


def test_schedules_ask_for_each_recent_day_that_nobody_loads(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """A run whose process was killed stays unfinished in Dagster's records: after a while nobody waits for it."""
    from sms_warehouse.schedules import every_day_that_differs, last_35_days, last_two_days
    from sms_warehouse.sensors import LONGEST_RUN

    monkeypatch.setattr("sms_warehouse.schedules.today", lambda: TODAY)
    days = [(TODAY - timedelta(days=n)).isoformat() for n in reversed(range(35))]
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        assert days_asked_by(last_35_days, instance) == days
        hour = timedelta(hours=1)
        for day, status, heard_of in (
            (days[-2], dg.DagsterRunStatus.STARTED, LONGEST_RUN - hour),
            (days[-1], dg.DagsterRunStatus.STARTED, LONGEST_RUN + hour),
            (days[-1], dg.DagsterRunStatus.FAILURE, hour),
        ):
            tags = {"dagster/partition": day}
            record_run(instance, "load_day", status, heard_of=heard_of, **tags)
        assert days_asked_by(last_two_days, instance) == days[-1:]
        monkeypatch.setenv("SMS_WAREHOUSE_FIRST_DAY", days[-5])
        assert days_asked_by(last_35_days, instance) == [*days[-5:-2], days[-1]]
        # Who waits for their turn, however long, has no process that could have died.
        monkeypatch.setattr("sms_warehouse.sensors.LONGEST_RUN", timedelta(0))
        queued = {"dagster/partition": days[-1]}
        record_run(instance, "load_day", dg.DagsterRunStatus.QUEUED, **queued)
        assert days_asked_by(last_two_days, instance) == days[-2:-1]
        (request,) = every_day_that_differs.evaluate_tick(
            dg.build_schedule_context(instance=instance)
        ).run_requests
    assert (every_day_that_differs.job_name, request.run_key) == ("reconcile", None)


@pytest.mark.parametrize("file", ["sms_warehouse/local/dagster.yaml", "deploy/dagster.yaml"])
def test_dagster_ends_the_runs_that_sensors_take_for_dead(file: str):
    """Else a dead run would keep its day's turn in the queue."""
    from sms_warehouse.sensors import LONGEST_RUN

    monitoring = yaml.safe_load((PROJECT / file).read_text())["run_monitoring"]
    assert monitoring["enabled"]
    assert monitoring["max_runtime_seconds"] == LONGEST_RUN.total_seconds()


def reports_asked(instance: dg.DagsterInstance) -> set[str]:
    """The reports that one tick of the sensor asks for."""
    from sms_warehouse.sensors import stale_reports

    result = stale_reports(
        dg.build_sensor_context(instance=instance, resources={"redshift": Redshift()})
    )
    return {
        key.path[-1] for request in result.run_requests or [] for key in request.asset_selection
    }


def test_the_sensor_asks_for_the_reports_whose_time_has_come_and_no_others(platform, monkeypatch):
    """They are made and nothing else is: what Dagster records of a report is of its own refresh."""
    began = stopped_at = datetime.now(UTC)

    class Stopped(datetime):
        """The sensor's clock, so that no hour turns meanwhile."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return stopped_at.astimezone(tz)

    monkeypatch.setattr("sms_warehouse.sensors.datetime", Stopped)

    def set_clock(ago: timedelta, *names: str) -> None:
        clock = began.replace(tzinfo=None) - ago
        with platform.redshift.session("test") as session:
            for name in names:
                session.execute(
                    "update control.report_refresh set as_of = :clock where report_name = :name",
                    clock=clock,
                    name=name,
                )

    new = dg.DagsterInstance.ephemeral
    assert reports_asked(new()) == set()
    with platform.redshift.session("test") as session:
        session.execute(
            "insert into control.applied_load (load_id, table_name, applied_at)"
            " values ('01K0', 'fact_click', :now)",
            now=datetime.now(UTC).replace(tzinfo=None),
        )
    instance = new()
    assert reports_asked(instance) == set(REPORTS)
    job = doors.definitions().resolve_job_def("refresh_reports")
    first = job.execute_in_process(instance=instance)
    assert first.success
    # None of them before SMS_WAREHOUSE_REPORT_MINUTES have passed, however a refresh ended.
    set_clock(timedelta(days=2), *REPORTS)
    assert reports_asked(instance) == set()
    failed = new()
    record_run(failed, "refresh_reports", dg.DagsterRunStatus.FAILURE)
    assert reports_asked(failed) == set()

    set_clock(timedelta(0), *REPORTS)
    assert reports_asked(new()) == set()
    set_clock(timedelta(hours=23), "recipient_engagement")
    assert reports_asked(new()) == set()
    set_clock(timedelta(days=1), "recipient_engagement")
    assert reports_asked(new()) == {"recipient_engagement"}
    again = job.execute_in_process(
        instance=instance, asset_selection=[dg.AssetKey(["reports", "recipient_engagement"])]
    )
    assert [e.asset_key.path[-1] for e in again.get_asset_materialization_events()] == [
        "recipient_engagement"
    ]
    assert {e.asset_key.path[-1] for e in again.get_asset_check_evaluations()} == {
        "recipient_engagement"
    }

    # Those of one rhythm together: after the hour's turn, or when facts are newer.
    for late in (timedelta(minutes=61), timedelta(minutes=16), -timedelta(days=1)):
        set_clock(timedelta(0), *REPORTS)
        with platform.redshift.session("test") as session:
            session.execute(
                "update control.applied_load set applied_at = dateadd(minute, -1, sysdate)"
            )
        set_clock(late, "campaign_daily")
        assert reports_asked(new()) == set(REPORTS) - SLOW, late
    # A clock that is still to come is no reason to wait for it.
    set_clock(timedelta(0), *REPORTS)
    set_clock(-timedelta(days=1), "recipient_engagement")
    assert reports_asked(new()) == {"recipient_engagement"}

    monkeypatch.setenv("SMS_WAREHOUSE_REPORT_MINUTES", "0")
    set_clock(timedelta(days=2), *REPORTS)
    # Dagster's own clock goes on: these runs begin before the sensor looks.
    stopped_at = began + timedelta(hours=1)
    for heard_of, asked in ((0, set()), (3, set(REPORTS))):
        instance = new()
        started = dg.DagsterRunStatus.STARTED
        record_run(instance, "refresh_reports", started, heard_of=timedelta(hours=heard_of))
        assert reports_asked(instance) == asked
