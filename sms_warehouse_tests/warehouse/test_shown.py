"""What a refresh leaves in the Dagster UI: pictures, completeness, and no row about a person."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from sms_warehouse.assets import describe, plots
from sms_warehouse.reports import REPORTS
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.warehouse.test_invariants import CHECKS, full_world
from sms_warehouse_tests.warehouse.world import (
    NOON,
    at,
    click,
    load,
    message_id,
    receipt,
    submitted,
)

AS_OF = NOON + timedelta(days=2)
Metadata = dict[str, dict[str, Any]]
M = message_id(77)
SECRETS = ("sub_7007", M, "f" * 64, "aZ3kP9xQ", "203.0.113.7", "visitor_1")

# What is compared is refreshed first.
CHECKS_OF_DAYS = [
    ("campaign_daily", "every_message_is_in_one_state"),
    ("rolling_30d", "days_add_up"),
]


@pytest.fixture(scope="module")
def instance(dagsters_warehouse: Redshift) -> Iterator[dg.DagsterInstance]:
    """Dagster, before anything ran; its reports are of New York."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SMS_WAREHOUSE_REPORT_TIMEZONE", "America/New_York")
        yield dg.DagsterInstance.ephemeral()


@pytest.fixture(scope="module")
def refreshed(instance: dg.DagsterInstance, dagsters_warehouse: Redshift) -> Metadata:
    """What Dagster shows after one refresh of all reports, of a world with one message, clicked."""
    load(
        dagsters_warehouse,
        submitted(M, recipient_id="sub_7007"),
        click(M, at(hours=1)),
    )
    with dagsters_warehouse.session("tests") as session:
        session.execute(
            "insert into control.listed_day (event_type, arrival_date, objects, listed_at) "
            "values ('link_click', '2026-03-10', 4, '2026-03-11 00:00:00')"
        )
    assert refresh(instance, AS_OF).success
    return metadata(instance)


LATER = AS_OF + timedelta(minutes=1)


@pytest.fixture(scope="module")
def refreshed_again(
    instance: dg.DagsterInstance, refreshed: Metadata, dagsters_warehouse: Redshift
) -> dg.ExecuteInProcessResult:
    """A refresh a minute later, of a larger world with codes that nobody mapped."""
    full_world(dagsters_warehouse)
    load(
        dagsters_warehouse,
        receipt(message_id(3), "FAILED", at(minutes=1), error_code="777"),
        submitted(message_id(20), submit_status="REJECTED", submit_error_code="R99"),
    )
    return refresh(instance, LATER)


def refresh(instance: dg.DagsterInstance, as_of: datetime) -> dg.ExecuteInProcessResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sms_warehouse.definitions import defs
    config = {"ops": {f"reports__{r}": {"config": {"as_of": as_of.isoformat()}} for r in REPORTS}}
    job = defs.resolve_job_def("refresh_reports")
    return job.execute_in_process(run_config=config, instance=instance, raise_on_error=False)


def metadata(instance: dg.DagsterInstance) -> Metadata:
    """What the newest refresh of each report shows."""
    found = {}
    for report in REPORTS:
        event = instance.get_latest_materialization_event(dg.AssetKey(["reports", report]))
        assert event is not None
        assert event.asset_materialization is not None
        found[report] = dict(event.asset_materialization.metadata)
    return found


def test_a_refresh_shows_its_days_and_how_complete_they_are(refreshed: Metadata) -> None:
    shown = refreshed["rolling_30d"]
    assert {name: shown[name].value for name in shown if name.startswith("objects_")} == {
        "objects_known": 4,
        "objects_landed": 2,
        "objects_poison": 0,
        "objects_not_applied": 0,
        "objects_waiting": 2,
    }
    assert shown["is_complete"].value is False
    assert shown["anchor"].value == "COHORT"
    assert shown["report_timezone"].value == "America/New_York"
    assert shown["window"].value == "2026-02-10 to 2026-03-11"
    assert shown["final_before"].value == "no day"
    assert refreshed["campaign_daily"]["final_before"].value == "2026-02-10"
    assert shown["as_of"].value == AS_OF.replace(tzinfo=UTC).timestamp()


def test_every_refresh_shows_pictures(refreshed: Metadata) -> None:
    for report in REPORTS:
        shown = refreshed[report]
        for plot in plots.PLOTS[report]:
            value = shown[plot.title]
            assert value.value.startswith("![") or value.value == plot.nothing, report


def test_rows_about_persons_are_not_previewed(refreshed: Metadata) -> None:
    for name, report in REPORTS.items():
        assert ("preview" in refreshed[name]) is not report.is_personal, name


def test_nothing_of_a_person_is_in_dagsters_event_log(
    instance: dg.DagsterInstance, refreshed: Metadata
) -> None:
    log = "\n".join(
        dg.serialize_value(entry)
        for run in instance.get_runs()
        for entry in instance.all_logs(run.run_id)
    )
    assert "campaign_performance" in log
    assert [secret for secret in SECRETS if secret in log] == []


def test_a_refresh_evaluates_every_check(refreshed_again: dg.ExecuteInProcessResult) -> None:
    """A code nobody mapped is a warning: the run succeeds, and the check says which, of refusals too."""
    assert refreshed_again.success
    evaluations = refreshed_again.get_asset_check_evaluations()
    evaluated = [(e.asset_key.path[-1], e.check_name) for e in evaluations]
    assert sorted(evaluated) == sorted(CHECKS)
    assert evaluated.index(CHECKS_OF_DAYS[0]) < evaluated.index(CHECKS_OF_DAYS[1])
    (broken,) = [e for e in evaluations if not e.passed]
    assert broken.check_name == "every_error_code_is_mapped"
    assert broken.severity is dg.AssetCheckSeverity.WARN
    rows = broken.metadata["rows"]
    assert isinstance(rows, dg.TableMetadataValue)
    assert [row.data["error_code"] for row in rows.records] == ["777", "R99"]


def test_a_refresh_is_of_all_reports_however_young_and_never_for_a_clock_to_come(
    instance: dg.DagsterInstance, refreshed_again: dg.ExecuteInProcessResult
) -> None:
    """At a clock to come days that have not ended would be final, and reports stand still until then."""
    assert refreshed_again.success
    to_come = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)
    assert not refresh(instance, to_come).success
    for name, shown in metadata(instance).items():
        assert shown["as_of"].value == LATER.replace(tzinfo=UTC).timestamp(), name


def test_columns_are_shown_with_their_meanings() -> None:
    schema = describe.table_metadata("reports.rolling_30d")["dagster/column_schema"]
    (ctr,) = (column for column in schema.columns if column.name == "ctr")
    assert ctr.type == "decimal(18, 6)"
    assert ctr.description.startswith("clicked_delivered / delivered")
    assert ctr.constraints.nullable


@pytest.mark.parametrize(
    ("change", "is_complete"),
    [
        ({}, True),
        ({"objects_landed": 8}, False),
        ({"objects_landed": 8, "objects_poison": 1}, False),
        ({"objects_not_applied": 1}, False),
        ({"lines_quarantined": 1}, True),
        # Listed before an object came that has landed since.
        ({"objects_landed": 10}, True),
    ],
)
def test_a_report_is_complete_when_every_line_of_every_known_object_is_in(
    change: dict[str, int], is_complete: bool
) -> None:
    refresh: dict[str, Any] = {
        "anchor": "COHORT",
        "as_of": datetime(2026, 3, 12),
        "report_tz": "UTC",
        "window_start": date(2026, 2, 1),
        "window_end": date(2026, 3, 2),
        "final_before": None,
        "newest_event_at": None,
        "objects_known": 9,
        "objects_landed": 9,
        "objects_poison": 0,
        "objects_not_applied": 0,
        "lines_quarantined": 0,
    }
    shown = describe.refresh_metadata(refresh | change)
    assert shown["is_complete"].value is is_complete
    assert shown["final_before"].value == "no day"
