"""What arrived hour by hour: each kind of odd event is counted and changes nothing but the row it is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.reports import refresh
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.conftest import FreshWarehouse
from sms_warehouse_tests.warehouse.in_step import Part
from sms_warehouse_tests.warehouse.world import (
    DAY,
    NOON,
    Content,
    Event,
    Facts,
    apply_all,
    at,
    campaign,
    click,
    land,
    load,
    message_id,
    objects,
    opt_out,
    receipt,
    submitted,
)

REPORT = "pipeline_quality_hourly"
NEXT_DAY = DAY + timedelta(days=1)
AS_OF = datetime(2026, 3, 11, 15)

# Columns that are 0 in a row about nothing odd.
ODD = (
    "poison_files",
    "duplicates",
    "rows_waiting",
    "quarantined",
    "orphans",
    "stubs_open",
    "late_rows",
    "clock_skew_rows",
    "unmapped_error_codes",
    "conflicting_finals",
    "conflicting_sends",
    "unknown_campaigns",
    "undeclared_variants",
    "impossible_times",
    "unknown_tokens",
)


def quality(redshift: Redshift, as_of: datetime = AS_OF) -> list[dict[str, Any]]:
    refresh(redshift, REPORT, as_of=as_of, report_tz="UTC")
    with redshift.session("tests") as session:
        return session.records(
            f"select * from reports.{REPORT} order by arrival_hour, event_type, source"
        )


def odd(rows: list[dict[str, Any]], day: date) -> dict[str, dict[str, int]]:
    """What is not 0, by event type, of the rows of a day."""
    return {
        row["event_type"]: {name: row[name] for name in ODD if row[name]}
        for row in rows
        if row["arrival_hour"].date() == day and any(row[name] for name in ODD)
    }


def add_up(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        kept = row["rows_loaded"] + row["duplicates"] + row["rows_waiting"]
        assert row["rows_in"] == kept + row["quarantined"]


def good(redshift: Redshift) -> None:
    load(redshift, *good_world())


@pytest.fixture
def begun(fresh_warehouse: FreshWarehouse) -> Redshift:
    """A warehouse that has applied the good world."""
    return fresh_warehouse(world=good)


def good_world() -> list[Event]:
    """Two messages, delivered and clicked, a campaign with a variant, and an opt-out."""
    m = [message_id(n) for n in (1, 2)]
    return [
        campaign(variants='[{"variant_id": "A"}]', occurred_at=at(hours=-1)),
        *(submitted(x, variant_id="A", recipient_id=f"sub_{n}") for n, x in enumerate(m)),
        *(receipt(x, "DELIVERED", at(seconds=9)) for x in m),
        *(click(x, at(minutes=9), link_token=f"t{n}") for n, x in enumerate(m)),
        opt_out("sub_9", at(hours=1)),
    ]


ODD_MESSAGE = message_id(2)
LATER = at(hours=23)
NEW = message_id(7, LATER)

CASES: dict[str, tuple[list[Event], dict[str, dict[str, int]]]] = {
    "a code nobody mapped": (
        [
            submitted(NEW, LATER),
            receipt(NEW, "UNDELIVERED", LATER, error_code="777"),
            receipt(NEW, "UNDELIVERED", LATER, error_code="012"),
        ],
        {"delivery_receipt": {"unmapped_error_codes": 1}},
    ),
    "a refusal with a code nobody mapped": (
        [submitted(NEW, LATER, submit_status="REJECTED", submit_error_code="777")],
        {"message_submitted": {"unmapped_error_codes": 1}},
    ),
    "a delivery with a code that says all is well": (
        [submitted(NEW, LATER), receipt(NEW, "DELIVERED", LATER, error_code="000")],
        {},
    ),
    "a campaign nobody declared": (
        [submitted(NEW, LATER, campaign_id="cmp_x", variant_id="Z")],
        {"message_submitted": {"unknown_campaigns": 1}},
    ),
    "a variant its campaign does not declare": (
        [submitted(NEW, LATER, variant_id="Z")],
        {"message_submitted": {"undeclared_variants": 1}},
    ),
    "a receipt from before its message": (
        [submitted(NEW, LATER), receipt(NEW, "DELIVERED", LATER - timedelta(seconds=61))],
        {"delivery_receipt": {"impossible_times": 1}},
    ),
    "a receipt without seconds": (
        [submitted(NEW, LATER), receipt(NEW, "DELIVERED", LATER - timedelta(seconds=60))],
        {},
    ),
    "a click from before its message": (
        [submitted(NEW, LATER), click(NEW, LATER - timedelta(hours=1), link_token="new")],
        {"link_click": {"impossible_times": 1}},
    ),
    "a message sent twice": (
        [submitted(ODD_MESSAGE, LATER, recipient_id="sub_7", template_id="other")],
        {"message_submitted": {"conflicting_sends": 1}},
    ),
    "a second attempt": ([submitted(ODD_MESSAGE, LATER, attempt_no=2, variant_id="A")], {}),
    "a click for a token nobody made": (
        [click(None, LATER, link_token="made-up", visitor_token="v")],
        {"link_click": {"unknown_tokens": 1, "orphans": 1}},
    ),
    "a receipt for no message": (
        [receipt(None, "DELIVERED", LATER)],
        {"delivery_receipt": {"orphans": 1}},
    ),
    "receipts for a message nobody submitted": (
        [receipt(NEW, "SENT", LATER), receipt(NEW, "DELIVERED", LATER)],
        {"delivery_receipt": {"orphans": 2, "stubs_open": 1}},
    ),
    "a failure of what was delivered": (
        [receipt(ODD_MESSAGE, "EXPIRED", LATER)],
        {"delivery_receipt": {"conflicting_finals": 1}},
    ),
    "a failure of another part": ([receipt(ODD_MESSAGE, "EXPIRED", LATER, segment_seq=2)], {}),
    "failures of what was delivered and of another part": (
        [receipt(ODD_MESSAGE, "EXPIRED", LATER, segment_seq=part) for part in (1, 2)],
        {"delivery_receipt": {"conflicting_finals": 1}},
    ),
    "an event logged an hour late": (
        [opt_out("sub_8", LATER, logged_at=LATER + timedelta(seconds=3600.001))],
        {"subscription_changed": {"late_rows": 1}},
    ),
    "a clock that is ahead": (
        [opt_out("sub_8", LATER, logged_at=LATER - timedelta(seconds=5.001))],
        {"subscription_changed": {"clock_skew_rows": 1}},
    ),
}


HOURS = {name: datetime.combine(NEXT_DAY, time(n)) for n, name in enumerate(CASES)}
"""When the odd events of each case arrive."""


@dataclass(frozen=True)
class Odd:
    """All cases at once, each in a part of the warehouse and in an hour of its own."""

    before: dict[str, list[tuple[Any, ...]]]
    after: dict[str, list[tuple[Any, ...]]]
    odd_messages: set[str]
    quality: list[dict[str, Any]]


@pytest.fixture(scope="module")
def odd_events(module_warehouse: Redshift) -> Odd:
    redshift, facts = module_warehouse, Facts(module_warehouse)
    parts = {name: Part(redshift, n) for n, name in enumerate(CASES)}
    load(redshift, *(e for part in parts.values() for e in part.load(*good_world()).events))
    before = facts.everything()
    contents = [
        content
        for name, (events, _) in CASES.items()
        for content in objects(
            *parts[name].load(*events).events, day=NEXT_DAY, hour=HOURS[name].hour
        )
    ]
    land(redshift, contents)
    apply_all(redshift)
    return Odd(
        before,
        facts.everything(),
        {part.named("message_id", ODD_MESSAGE) for part in parts.values()},
        quality(redshift, datetime.combine(NEXT_DAY, time(23))),
    )


@pytest.mark.parametrize("case", CASES)
def test_an_odd_event_is_counted(odd_events: Odd, case: str) -> None:
    found = [row for row in odd_events.quality if row["arrival_hour"] == HOURS[case]]
    assert found
    assert odd(found, NEXT_DAY) == CASES[case][1]
    add_up(found)


def test_an_odd_event_changes_no_other_row(odd_events: Odd) -> None:
    """Rows of the message or recipient that the event is about may change; all others stand as they stood."""
    compared = 0
    for table, rows in odd_events.before.items():
        if table.startswith("warehouse."):
            after = set(map(repr, odd_events.after[table]))
            for row in map(repr, rows):
                if not any(message in row for message in odd_events.odd_messages):
                    assert row in after, table
                    compared += 1
    assert compared > len(CASES) * len(good_world())
    assert odd(odd_events.quality, DAY) == {}


def test_an_ordinary_hour(begun: Redshift) -> None:
    row = next(r for r in quality(begun) if r["event_type"] == "delivery_receipt")
    assert row == dict.fromkeys(ODD, 0) | {
        "arrival_hour": NOON,
        "event_type": "delivery_receipt",
        "source": "dlr-gateway",
        "files": 1,
        "rows_in": 2,
        "rows_loaded": 2,
        "p50_lateness_s": Decimal("0.02"),
        "p95_lateness_s": Decimal("0.02"),
        "max_lateness_s": Decimal("0.02"),
        "freshness_s": Decimal(str((AS_OF - at(seconds=9)).total_seconds())) - Decimal("0.02"),
        "as_of": AS_OF,
    }


def test_copies_are_counted_where_the_copy_is_that_was_not_kept(redshift: Redshift) -> None:
    """The same line in two files, and one event with two contents: of each the one logged first stays."""
    m = message_id()
    again = receipt(m, "DELIVERED", at(seconds=9))
    later = receipt(m, "SENT", at(seconds=5))
    earlier = Event(
        "delivery_receipt",
        dict(later.fields) | {"logged_at": later.fields["logged_at"] - timedelta(seconds=1)},
    )
    load(redshift, campaign(), submitted(m), again, later)
    load(redshift, again, earlier, day=NEXT_DAY)
    rows = [r for r in quality(redshift) if r["event_type"] == "delivery_receipt"]
    # Of two files with the same line it is the object's id that decides.
    assert sum(r["rows_loaded"] for r in rows) == sum(r["duplicates"] for r in rows) == 2
    assert rows[0]["duplicates"] >= 1
    add_up(rows)


def test_an_orphan_is_none_any_more_when_its_message_comes(redshift: Redshift) -> None:
    m = message_id()
    load(redshift, campaign(), receipt(m, "DELIVERED", at(seconds=9)))
    assert odd(quality(redshift), DAY) == {"delivery_receipt": {"orphans": 1, "stubs_open": 1}}
    load(redshift, submitted(m), day=NEXT_DAY)
    assert odd(quality(redshift), DAY) == {}


def test_older_hours_stand_until_something_lands_for_them(redshift: Redshift) -> None:
    """A row of three weeks ago keeps its clock, though its orphan found its message; a new object renews it."""
    m = message_id()
    load(redshift, campaign(), receipt(m, "DELIVERED", at(seconds=9)))
    quality(redshift)
    with redshift.session("tests") as session:
        session.execute("update control.load set committed_at = dateadd(day, -9, committed_at)")
        session.execute("update control.applied_load set applied_at = dateadd(day, -9, applied_at)")
    load(redshift, submitted(m), day=DAY + timedelta(days=20))
    weeks_later = AS_OF + timedelta(days=21)
    rows = [r for r in quality(redshift, weeks_later) if r["arrival_hour"] == NOON]
    assert {r["as_of"] for r in rows} == {AS_OF}
    assert odd(rows, DAY) == {"delivery_receipt": {"orphans": 1, "stubs_open": 1}}
    load(redshift, receipt(m, "SENT", at(seconds=4)))
    rows = [r for r in quality(redshift, weeks_later) if r["arrival_hour"] == NOON]
    assert odd(rows, DAY) == {}
    assert {r["event_type"]: r["as_of"] for r in rows} == {
        "campaign_upserted": AS_OF,
        "delivery_receipt": weeks_later,
    }


def test_rows_past_their_time_in_staging_are_not_forgotten(begun: Redshift) -> None:
    before = quality(begun)
    with begun.session("tests") as session:
        session.execute("delete from staging.delivery_receipt")
    later = AS_OF + timedelta(hours=1)
    kept = [r for r in quality(begun, later) if r["event_type"] == "delivery_receipt"]
    assert kept == [r for r in before if r["event_type"] == "delivery_receipt"]


def test_what_the_warehouse_has_not_taken_in_waits(redshift: Redshift) -> None:
    land(redshift, objects(*good_world()))
    apply_all(redshift, ["campaign_upserted"])
    assert odd(quality(redshift), DAY) == {
        event_type: {"rows_waiting": n}
        for event_type, n in (
            ("message_submitted", 2),
            ("delivery_receipt", 2),
            ("link_click", 2),
            ("subscription_changed", 1),
        )
    }


def test_lines_in_quarantine_and_files_that_are_poison(begun: Redshift) -> None:
    with begun.session("tests") as session:
        session.execute(
            "update control.landed_object set lines = 5, lines_quarantined = 3"
            " where event_type = 'link_click'"
        )
        (landed,) = session.records(
            "select * from control.landed_object where event_type = 'delivery_receipt'"
        )
        insert_rows(
            session,
            "control.landed_object",
            [
                landed
                | {
                    "object_id": "p" * 64,
                    "object_key": landed["object_key"].replace("hh=12", "hh=13"),
                    "status": "poison",
                    "lines": 0,
                    "rows_landed": 0,
                }
            ],
        )
    rows = quality(begun)
    add_up(rows)
    (poison,) = [r for r in rows if r["arrival_hour"] == at(hours=1)]
    assert (poison["source"], poison["files"], poison["rows_in"]) == ("dlr-gateway", 1, 0)
    assert odd(rows, DAY) == {
        "link_click": {"quarantined": 3},
        "delivery_receipt": {"poison_files": 1},
    }


def test_hours_that_the_clock_has_not_reached_are_left_out(redshift: Redshift) -> None:
    land(redshift, [Content("raw/x/v=1/dt=d/hh=17/1", (opt_out("sub_1", NOON),))])
    apply_all(redshift)
    assert quality(redshift, at(hours=4)) == []
    assert len(quality(redshift, at(hours=5))) == 1


def test_a_service_of_another_name_has_rows_of_its_own(redshift: Redshift) -> None:
    load(redshift, opt_out("sub_1", NOON))
    load(redshift, opt_out("sub_2", NOON, source="web-shop"))
    assert [(r["source"], r["rows_in"]) for r in quality(redshift)] == [
        ("preference-center", 1),
        ("web-shop", 1),
    ]
