"""How far the warehouse and its reports have come, and how complete the logs are that a report was made from."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sms_warehouse import model, sql
from sms_warehouse.apply import STEPS
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.reports import REPORTS, refresh
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.conftest import FreshWarehouse
from sms_warehouse_tests.warehouse.world import (
    DAY,
    NOON,
    apply_all,
    at,
    campaign,
    click,
    land,
    message_id,
    objects,
    refresh_all,
    submitted,
)

AS_OF = datetime(2026, 3, 12, 9)
REPORT = "rolling_30d"
STATE = f"select * from reports.report_state where report_name = '{REPORT}'"
# Thirty days up to yesterday; logs of the day before may hold events of the first one in some zone.
FIRST_ARRIVAL_DAY = date(2026, 2, 9)


def one(redshift: Redshift, statement: str) -> dict[str, Any]:
    with redshift.session("tests") as session:
        (row,) = session.records(statement)
    return row


def state(redshift: Redshift, as_of: datetime = AS_OF) -> dict[str, Any]:
    refresh(redshift, REPORT, as_of=as_of, report_tz="UTC")
    return one(redshift, STATE)


def list_day(redshift: Redshift, event_type: str, day: date, count: int) -> None:
    """What landing writes down when S3 lists a day."""
    with redshift.session("tests") as session:
        sql.run(
            session,
            "landing/record_listing",
            event_type=event_type,
            day=day,
            objects=count,
            listed_at=NOON,
        )


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in after.items() if v != before[k] and k != "refreshed_at"}


def test_freshness_has_a_clock_for_every_report() -> None:
    named = {c.name for c in model.table("reports.freshness").columns}
    assert {f"{report}_as_of" for report in REPORTS} == {n for n in named if n.endswith("_as_of")}


def test_freshness_is_one_row_before_anything_has_landed(redshift: Redshift) -> None:
    row = one(redshift, "select * from reports.freshness")
    assert set(row.values()) == {None}


def test_freshness_follows_landing_applying_and_each_refresh(redshift: Redshift) -> None:
    began = datetime.now(UTC).replace(tzinfo=None) - timedelta(minutes=5)
    land(redshift, objects(campaign(), submitted(message_id(), at(hours=2))))
    row = one(redshift, "select * from reports.freshness")
    assert row["newest_event_at"] == at(hours=2) + timedelta(milliseconds=20)
    assert row["newest_load_at"] is not None
    assert row["newest_applied_at"] is None
    apply_all(redshift)
    refresh(redshift, REPORT, as_of=AS_OF, report_tz="UTC")
    row = one(redshift, "select * from reports.freshness")
    assert row["newest_applied_at"] > began
    assert {k for k, v in row.items() if k.endswith("_as_of") and v} == {f"{REPORT}_as_of"}
    refresh_all(redshift, AS_OF + timedelta(hours=1))
    row = one(redshift, "select * from reports.freshness")
    assert {v for k, v in row.items() if k.endswith("_as_of")} == {AS_OF + timedelta(hours=1)}


def test_a_silent_service_shows_beside_others_that_write(redshift: Redshift) -> None:
    land(redshift, objects(click(message_id(), NOON)))
    land(redshift, objects(submitted(message_id(), at(hours=30)), day=DAY + timedelta(days=1)))
    apply_all(redshift, ["message_submitted"])
    with redshift.session("tests") as session:
        rows = {
            row.pop("event_type"): row
            for row in session.records("select * from reports.event_freshness")
        }
    assert rows.keys() == EVENTS.keys()
    delay = timedelta(milliseconds=20)
    assert rows["link_click"]["newest_event_at"] == NOON + delay
    assert rows["link_click"]["newest_arrival_date"] == DAY
    assert rows["message_submitted"]["newest_event_at"] == at(hours=30) + delay
    assert rows["message_submitted"]["newest_arrival_date"] == DAY + timedelta(days=1)
    assert {name for name, row in rows.items() if row["newest_load_at"]} == {
        "link_click",
        "message_submitted",
    }
    assert rows["message_submitted"]["newest_applied_at"]
    assert set(rows["inbound_message"].values()) == {None}


def whole(redshift: Redshift) -> None:
    """A report whose two objects have landed whole."""
    land(redshift, objects(campaign(), submitted(message_id())))
    apply_all(redshift)
    for event_type in ("campaign_upserted", "message_submitted"):
        list_day(redshift, event_type, DAY, 1)
    state(redshift)


@pytest.fixture
def begun(fresh_warehouse: FreshWarehouse) -> Redshift:
    """A warehouse where that report has been refreshed."""
    return fresh_warehouse(world=whole)


@pytest.fixture
def complete(begun: Redshift) -> dict[str, Any]:
    """Its state."""
    return one(begun, STATE)


def test_a_report_says_what_it_covers_and_that_nothing_is_missing(complete: dict[str, Any]) -> None:
    assert complete | {"refreshed_at": None} == {
        "report_name": REPORT,
        "anchor": "COHORT",
        "as_of": AS_OF,
        "report_tz": "UTC",
        "window_start": date(2026, 2, 10),
        "window_end": date(2026, 3, 11),
        "final_before": None,
        "newest_event_at": NOON + timedelta(milliseconds=20),
        "objects_known": 2,
        "objects_landed": 2,
        "objects_poison": 0,
        "objects_waiting": 0,
        "objects_not_applied": 0,
        "lines_quarantined": 0,
        "is_complete": True,
        "refreshed_at": None,
    }


def test_an_object_that_has_not_landed_is_known_and_waits(
    begun: Redshift, complete: dict[str, Any]
) -> None:
    list_day(begun, "message_submitted", DAY, 2)
    assert changes(complete, state(begun)) == {
        "objects_known": 3,
        "objects_waiting": 1,
        "is_complete": False,
    }


def test_poison_is_neither_landed_nor_waiting(begun: Redshift, complete: dict[str, Any]) -> None:
    list_day(begun, "message_submitted", DAY, 2)
    with begun.session("tests") as session:
        (landed,) = session.records(
            "select * from control.landed_object where event_type = 'message_submitted'"
        )
        poison = {"object_id": "p" * 64, "object_key": landed["object_key"] + "2"}
        insert_rows(
            session,
            "control.landed_object",
            [landed | poison | {"status": "poison", "rows_landed": 0}],
        )
    assert changes(complete, state(begun)) == {
        "objects_known": 3,
        "objects_poison": 1,
        "is_complete": False,
    }


def test_what_landed_and_is_not_applied_is_missing(
    begun: Redshift, complete: dict[str, Any]
) -> None:
    """A run that was killed between the two leaves its objects landed, and a refresh finds them so."""
    land(begun, objects(submitted(message_id(2)), campaign(version=2)))
    for event_type in ("campaign_upserted", "message_submitted"):
        list_day(begun, event_type, DAY, 2)
    killed = state(begun)
    assert changes(complete, killed) == {
        "objects_known": 4,
        "objects_landed": 4,
        "objects_not_applied": 2,
        "is_complete": False,
    }
    apply_all(begun)
    assert changes(killed, state(begun)) == {"objects_not_applied": 0, "is_complete": True}
    with begun.session("tests") as session:
        session.execute("delete from control.applied_load where table_name = 'dim_variant'")
    assert changes(complete, state(begun))["objects_not_applied"] == 2


def test_fact_message_takes_in_last_what_reports_read() -> None:
    """All but dim_variant: what control.report_refresh calls applied looks at these two."""
    above = {"fact_message", *STEPS["fact_message"].upstream}
    for table in STEPS["fact_message"].upstream:
        above |= set(STEPS[table].upstream)
    read = {source for report in REPORTS.values() for source in report.sources if source in STEPS}
    assert read - above == {"dim_variant"}
    assert set(STEPS["fact_message"].event_types) == set(EVENTS)


def test_a_quarantined_line_counts_until_it_is_resolved(
    begun: Redshift, complete: dict[str, Any]
) -> None:
    """It is a loss that is known, and makes no report incomplete."""
    with begun.session("tests") as session:
        insert_rows(
            session,
            "control.quarantined_line",
            [
                {
                    "object_id": "q" * 64,
                    "object_key": "raw/key",
                    "event_type": "link_click",
                    "arrival_date": day,
                    "line_number": 1,
                    "reason": "not_json",
                    "is_base64": False,
                    "load_id": "load",
                    "quarantined_at": NOON,
                    "resolved_at": resolved_at,
                }
                for day, resolved_at in (
                    (DAY, None),
                    (DAY, NOON),
                    (FIRST_ARRIVAL_DAY, None),
                    (FIRST_ARRIVAL_DAY - timedelta(days=1), None),
                )
            ],
        )
    assert changes(complete, state(begun)) == {"lines_quarantined": 2}


def test_what_arrived_before_the_days_of_the_report_is_not_its_concern(
    begun: Redshift, complete: dict[str, Any]
) -> None:
    list_day(begun, "message_submitted", FIRST_ARRIVAL_DAY - timedelta(days=1), 5)
    assert changes(complete, state(begun)) == {}
    list_day(begun, "message_submitted", FIRST_ARRIVAL_DAY, 5)
    assert changes(complete, state(begun))["objects_waiting"] == 5


def test_a_report_names_the_days_it_works_out_and_whose_they_are(redshift: Redshift) -> None:
    """Here it is the twelfth in UTC and the eleventh in New York."""
    refresh_all(redshift, datetime(2026, 3, 12, 2), "America/New_York")
    with redshift.session("tests") as session:
        states = {
            name: (report_tz, first, last, final)
            for name, report_tz, first, last, final in session.rows(
                "select report_name, report_tz, window_start, window_end, final_before"
                " from reports.report_state"
            )
        }
    here, there = date(2026, 3, 12), date(2026, 3, 11)
    spans = {
        "campaign_performance": (here, 400, None),
        "ab_variant": (here, 90, None),
        "recipient_engagement": (here, 400, None),
        "followup_audience": (here, 14, None),
        "click_activity_hourly": (here, 35, None),
        "pipeline_quality_hourly": (here, 7, None),
        "campaign_daily": (there, 35, 30),
        "delivery_failure_daily": (there, 35, 4),
        "rolling_30d": (there - timedelta(days=1), 29, None),
        "send_time_heatmap": (there - timedelta(days=2), 89, None),
        "optout_compliance_daily": (there, 399, None),
    }
    assert states == {
        name: (
            "UTC" if last == here else "America/New_York",
            last - timedelta(days=days),
            last,
            None if final is None else there - timedelta(days=final),
        )
        for name, (last, days, final) in spans.items()
    }
