"""Loads arrival days in this process, without Dagster's daemon: what ``sms-warehouse load`` does.

The runs are the same job that the sensor asks for and are recorded in the same instance, so the UI shows them
beside all others. Whether a daemon loads the same day at the same time makes no difference to the outcome.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from sms_warehouse import settings, sql
from sms_warehouse.assets import reports, staging, warehouse
from sms_warehouse.definitions import defs
from sms_warehouse.jobs import load_day, refresh_reports
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.landing.load import pending
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse.settings import SettingError

Progress = Callable[[str], object]


@dataclass(frozen=True)
class Waiting:
    """What S3 holds for a day and event type and has not landed."""

    day: date
    event_type: str
    objects_listed: int
    objects_to_land: int
    bytes_to_land: int


@dataclass
class Loaded:
    """What the runs read and stored of one event type; ``seconds`` is the time its loads took."""

    objects: int = 0
    poison: int = 0
    lines: int = 0
    landed: int = 0
    quarantined: int = 0
    blank: int = 0
    seconds: float = 0.0

    def row(self) -> dict[str, int | float]:
        rate = self.lines / self.seconds if self.seconds else 0.0
        return asdict(self) | {"lines_per_s": round(rate, 1), "seconds": round(self.seconds, 1)}


@dataclass
class Outcome:
    """The runs, what they loaded, and a line for each that failed and for each check that did not pass."""

    runs: dict[str, str] = field(default_factory=dict)
    loaded: dict[str, Loaded] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def rows(self) -> dict[str, dict[str, int | float]]:
        return {event_type: loaded.row() for event_type, loaded in self.loaded.items()}


def waiting(first_day: date, last_day: date, event_types: Sequence[str]) -> list[Waiting]:
    """What a load of these days would land. Raises LakeUnavailable, RedshiftUnavailable."""
    lake, redshift = Lake(), Redshift()
    found = []
    for day in _days(first_day, last_day):
        for event_type in event_types:
            listing, to_land = pending(redshift, lake, event_type, day)
            size_bytes = sum(o.size_bytes for o in to_land)
            found.append(Waiting(day, event_type, len(listing), len(to_land), size_bytes))
    return found


def load(
    first_day: date,
    last_day: date,
    event_type: str | None = None,
    *,
    as_of: datetime | None = None,
    progress: Progress,
) -> Outcome:
    """Runs ``load_day`` for each day, oldest first, then ``refresh_reports`` if all of them succeeded.

    A day that fails does not keep the next from being loaded. Raises LakeUnavailable, RedshiftUnavailable or
    RedshiftLoginFailed before a run that could only fail, SettingError when a variable is missing.
    """
    outcome = Outcome({}, {event: Loaded() for event in ([event_type] if event_type else EVENTS)})
    # What a run reads late, so that a missing variable is told once and before any work.
    settings.copy_role()
    settings.report_timezone()
    with _instance(progress) as instance:
        for day in _days(first_day, last_day):
            _reach_services()
            progress(f"{day}: loading")
            result = _execute(
                load_day.name,
                instance,
                partition_key=day.isoformat(),
                asset_selection=_selection(event_type),
            )
            outcome.runs[day.isoformat()] = result.run_id
            _tell_of(outcome, str(day), result)
            _add(outcome.loaded, result.run_id)
        if not outcome.failures:
            progress("refreshing the reports")
            result = _execute(refresh_reports.name, instance, config=_clock(as_of))
            outcome.runs[refresh_reports.name] = result.run_id
            _tell_of(outcome, "reports", result)
    return outcome


def _days(first_day: date, last_day: date) -> Iterator[date]:
    for number in range((last_day - first_day).days + 1):
        yield first_day + timedelta(days=number)


@contextmanager
def _instance(progress: Progress) -> Iterator[dg.DagsterInstance]:
    """The instance of DAGSTER_HOME, or one that is forgotten; what assets log is told to ``progress``."""
    narrated: dict[str, Any] = {
        "python_logs": {
            "dagster_handler_config": {
                "handlers": {"narrator": {"()": _Narrator, "progress": progress, "level": "INFO"}}
            }
        }
    }
    home = os.environ.get("DAGSTER_HOME", "").strip()
    if not home:
        progress("DAGSTER_HOME is not set: these runs are recorded nowhere but in the warehouse")
        with dg.DagsterInstance.ephemeral(settings=narrated) as instance:
            yield instance
        return
    if not Path(home).is_absolute() or not Path(home).is_dir():
        raise SettingError(
            f"environment variable DAGSTER_HOME must be the absolute path of a directory, not {home!r}"
        )
    ref = InstanceRef.from_dir(home, overrides=narrated)
    with dg.DagsterInstance.from_ref(ref) as instance:
        yield instance


class _Narrator(logging.Handler):
    """Passes on what our code logs, without Dagster's own events; failures are told at the end of a run."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", None)
        if meta and not meta.get("dagster_event") and record.levelno < logging.ERROR:
            self._progress(f"  {meta['orig_message']}")


def _execute(
    job: str, instance: dg.DagsterInstance, config: dict[str, Any] | None = None, **of: Any
) -> dg.ExecuteInProcessResult:
    # Dagster's own console lines would drown ours; the instance keeps them all.
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    return defs.resolve_job_def(job).execute_in_process(
        run_config=quiet | (config or {}), instance=instance, raise_on_error=False, **of
    )


def _selection(event_type: str | None) -> list[dg.AssetKey] | None:
    """A staging table and the tables that follow from it, within ``load_day``."""
    if event_type is None:
        return None
    follows = dg.AssetSelection.assets(staging.key(event_type)).downstream()
    in_job = dg.AssetSelection.groups(staging.GROUP, warehouse.GROUP)
    return sorted((follows & in_job).resolve(defs.resolve_asset_graph()))


def _clock(as_of: datetime | None) -> dict[str, Any]:
    if as_of is None:
        return {}
    config = {"config": {"as_of": as_of.isoformat()}}
    return {"ops": {node.name: config for node in defs.resolve_job_def(refresh_reports.name).nodes}}


def _reach_services() -> None:
    """Raises what is wrong with S3 or Redshift before a run hides it behind retries and a long trace."""
    with Redshift().session("reach") as session:
        session.value("select 1 as alive")
    Lake().list_days(next(iter(EVENTS)))


def _tell_of(outcome: Outcome, what: str, result: dg.ExecuteInProcessResult) -> None:
    """Adds the steps that failed by their own error, and the checks that did not pass, each by its severity."""
    reasons = []
    for check in result.get_asset_check_evaluations():
        if check.passed:
            continue
        if check.severity is dg.AssetCheckSeverity.WARN:
            outcome.warnings.append(f"{what}: {failed_check(check)}")
        else:
            reasons.append(failed_check(check))
    for event in result.filter_events(lambda e: e.is_step_failure):
        error = event.step_failure_data.error
        if error is None or error.cls_name != "DagsterAssetCheckFailedError":
            reasons.append(first_cause(event))
    if not result.success and not reasons:
        reasons.append(f"run {result.run_id} failed")
    outcome.failures += [f"{what}: {reason}" for reason in reasons]


def failed_check(check: dg.AssetCheckEvaluation) -> str:
    """Which check did not pass, and what it found or where to look."""
    *_, layer, table = check.asset_key.path
    if layer == reports.GROUP:
        found = f"`sql/checks/{table}/{check.check_name}.sql` finds the rows"
    else:
        found = check.description or "see control.quarantined_line and control.landed_object"
    return f"check {check.check_name} of {layer}/{table} did not pass: {found}"


def first_cause(event: dg.DagsterEvent) -> str:
    """Which step failed and why, in one line, without the frames that Dagster and the driver put around it."""
    error = event.step_failure_data.error
    if error is not None and error.cause is not None:
        error = error.cause
    if error is None:
        return f"{event.step_key} failed"
    # Dagster writes the module of the error's class before it.
    message = error.message.strip().splitlines()[0].partition(f"{error.cls_name}: ")[2]
    return f"{event.step_key}: {message or error.cls_name}"


def _add(loaded: dict[str, Loaded], run_id: str) -> None:
    (statement,) = sql.statements("landing/loads_of_run")
    with Redshift().session("loads_of_run") as session:
        for load in session.records(statement.text, run_id=run_id):
            found = loaded[load["event_type"]]
            found.objects += load["objects"]
            found.poison += load["poison"]
            found.lines += load["lines"]
            found.landed += load["rows_landed"]
            found.quarantined += load["lines_quarantined"]
            found.blank += load["lines_blank"]
            found.seconds += (load["committed_at"] - load["started_at"]).total_seconds()
