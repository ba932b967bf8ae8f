"""Counts by day of sending: exact rows, what is final, and what a late event restates."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from sms_warehouse.reports import refresh
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.conftest import FreshWarehouse
from sms_warehouse_tests.warehouse.in_step import Part, Steps, in_step
from sms_warehouse_tests.warehouse.test_reports import AS_OF, check, report, six_messages
from sms_warehouse_tests.warehouse.world import (
    DAY,
    NOON,
    at,
    campaign,
    click,
    load,
    message_id,
    receipt,
    submitted,
)

COUNTS = (
    "attempted",
    "suppressed",
    "submit_failed",
    "sent",
    "delivered",
    "failed",
    "pending",
    "unknown",
    "carrier_accepted_only",
    "clicked",
    "clicked_delivered",
    "clicked_without_receipt",
    "clicked_24h_delivered",
    "clicked_72h_delivered",
    "clicked_7d_delivered",
    "clicked_in_window",
    "total_clicks",
    "bot_clicks",
    "opt_outs",
    "replies",
    "segments_sent",
)
"""All that may be summed over days, campaigns and variants."""


def daily(redshift: Redshift, as_of: datetime, report_tz: str = "UTC") -> list[dict[str, Any]]:
    refresh(redshift, "campaign_daily", as_of=as_of, report_tz=report_tz)
    return report(redshift, "campaign_daily")


def counted(**counts: int) -> dict[str, int]:
    return dict.fromkeys(COUNTS, 0) | counts


@in_step
def test_each_variant_of_a_day_has_its_counts(own: Part) -> Steps:
    yield own.load(campaign(), *six_messages())
    yield own.refresh("campaign_daily", AS_OF)
    rows = {row["variant_id"]: row for row in own.report("campaign_daily")}
    shared = {
        "sent_date_report": DAY,
        "campaign_id": "cmp_1",
        "is_final": False,
        "restated_count": 0,
        "as_of": AS_OF,
    }
    assert rows == {
        "A": {
            **shared,
            "variant_id": "A",
            **counted(
                attempted=2,
                sent=2,
                delivered=2,
                clicked=1,
                clicked_delivered=1,
                clicked_24h_delivered=1,
                clicked_72h_delivered=1,
                clicked_7d_delivered=1,
                clicked_in_window=1,
                total_clicks=2,
                bot_clicks=1,
                opt_outs=1,
                segments_sent=4,
            ),
        },
        "B": {
            **shared,
            "variant_id": "B",
            **counted(
                attempted=2,
                sent=2,
                failed=1,
                pending=1,
                carrier_accepted_only=1,
                clicked=1,
                clicked_without_receipt=1,
                clicked_in_window=1,
                total_clicks=1,
                segments_sent=4,
            ),
        },
        "-": {
            **shared,
            "variant_id": "-",
            **counted(attempted=1, suppressed=1, submit_failed=1),
        },
    }


@in_step
def test_a_first_click_counts_for_the_spans_it_came_within(own: Part) -> Steps:
    """To the second; a click of the last second of a span is within it."""
    spans = {
        "clicked_24h_delivered": 86_400,
        "clicked_72h_delivered": 259_200,
        "clicked_7d_delivered": 604_800,
        "clicked_in_window": 2 * 86_400,
    }
    world = [campaign(click_window_days=2)]
    for n, seconds in enumerate(s + late for s in spans.values() for late in (0, 1)):
        m = message_id(n)
        world += [
            submitted(m, recipient_id=f"sub_{n}"),
            receipt(m, "DELIVERED", at(seconds=9)),
            click(m, at(seconds=seconds), link_token=f"token-{n}", visitor_token=f"v{n}"),
        ]
    yield own.load(*world)
    yield own.refresh("campaign_daily", at(days=10))
    (row,) = own.report("campaign_daily")
    check(
        row,
        delivered=8,
        clicked=8,
        clicked_24h_delivered=1,
        clicked_in_window=1 + 1 + 1,
        clicked_72h_delivered=2 + 2 + 1,
        clicked_7d_delivered=2 + 2 + 2 + 1,
    )


@in_step
def test_a_message_that_was_sent_stays_sent_when_it_is_not_sent_again(own: Part) -> Steps:
    """The recipient opted out before the second attempt: the first was made all the same."""
    m = message_id()
    yield own.load(
        submitted(m),
        submitted(
            m,
            at(hours=1),
            attempt_no=2,
            submit_status="SUPPRESSED",
            suppress_reason="OPTED_OUT",
        ),
        receipt(m, "DELIVERED", at(seconds=9)),
        click(m, at(minutes=5)),
    )
    yield own.refresh("campaign_daily", AS_OF)
    (row,) = own.report("campaign_daily")
    check(row, attempted=1, suppressed=0, sent=1, delivered=1, clicked=1, total_clicks=1)


def test_what_is_pending_turns_unknown_though_nothing_happens(redshift: Redshift) -> None:
    """Also of a day that went from new to long past between two refreshes."""
    load(redshift, submitted(message_id()))
    for hours, expected in ((71.9, (1, 0)), (72, (0, 1)), (1, (1, 0)), (24 * 90, (0, 1))):
        (row,) = daily(redshift, at(hours=hours))
        assert (row["pending"], row["unknown"], row["restated_count"]) == (*expected, 0)


def test_a_day_is_final_when_thirty_days_lie_between(redshift: Redshift) -> None:
    as_of = datetime(2026, 4, 9, 3, 59, 59)
    load(
        redshift,
        *(submitted(message_id(n, at(days=-n)), at(days=-n)) for n in range(3)),
    )
    for clock, zone, expected in (
        (as_of, "UTC", [False, True, True]),
        # There it is still the day before.
        (as_of, "America/New_York", [False, False, True]),
        (as_of + timedelta(seconds=1), "America/New_York", [False, True, True]),
    ):
        rows = daily(redshift, clock, zone)
        assert [r["sent_date_report"] for r in rows] == [DAY - timedelta(days=n) for n in range(3)]
        assert [r["is_final"] for r in rows] == expected
        assert {r["restated_count"] for r in rows} == {0}


def old_day(redshift: Redshift) -> None:
    """A day 200 days before with three campaigns and variants, each a delivered message; published as final."""
    sent = at(days=-200)
    world = []
    for n, (campaign_id, variant_id) in enumerate(
        (("cmp_1", "A"), ("cmp_1", "B"), ("cmp_2", None))
    ):
        m = message_id(n, sent)
        world += [
            submitted(
                m, sent, recipient_id=f"sub_{n}", campaign_id=campaign_id, variant_id=variant_id
            ),
            receipt(m, "DELIVERED", sent + timedelta(seconds=9)),
        ]
    load(redshift, *world)
    rows = daily(redshift, at(days=-100))
    assert [(r["is_final"], r["restated_count"]) for r in rows] == [(True, 0)] * 3


@pytest.fixture
def published(fresh_warehouse: FreshWarehouse) -> Redshift:
    """A warehouse with the old day."""
    return fresh_warehouse(world=old_day)


def test_a_click_of_200_days_later_restates_the_one_row_it_belongs_to(published: Redshift) -> None:
    before = report(published, "campaign_daily")
    m = message_id(0, at(days=-200))
    load(published, click(m, NOON), click(m, at(hours=1)))
    after = daily(published, AS_OF)
    changed = {
        "clicked": 1,
        "clicked_delivered": 1,
        "total_clicks": 2,
        "restated_count": 1,
        "as_of": AS_OF,
    }
    # Of the campaign the whole day is counted again; the other's row stands, and says of when it is.
    counted_again: dict[str, dict[str, Any]] = {"A": changed, "B": {"as_of": AS_OF}}
    assert after == [row | counted_again.get(row["variant_id"], {}) for row in before]
    refresh(published, "campaign_performance", as_of=AS_OF, report_tz="UTC")
    (row,) = report(published, "campaign_performance", campaign_id="cmp_1", variant_id="A")
    check(row, ctr=1, ctr_sent=1, ctr_24h=0, ctr_72h=0, ctr_7d=0, clicked_in_window=0)
    # Nothing new: nothing is restated again; a further click restates it once more.
    assert daily(published, AS_OF) == after
    load(published, click(m, at(hours=2)))
    rows = daily(published, AS_OF)
    assert [r["restated_count"] for r in rows] == [2, 0, 0]


def test_days_of_which_no_message_changed_are_not_counted_again(published: Redshift) -> None:
    with published.session("tests") as session:
        session.execute("update reports.campaign_daily set replies = 77")
    load(published, click(message_id(0, at(days=-200)), NOON))
    assert [(r["campaign_id"], r["replies"]) for r in daily(published, AS_OF)] == [
        ("cmp_1", 0),
        ("cmp_1", 0),
        ("cmp_2", 77),
    ]


def test_messages_that_move_to_another_day_leave_no_row_behind(redshift: Redshift) -> None:
    """The campaign's zone is corrected long after: its late evening is Tokyo's next morning."""
    sent = datetime(2025, 8, 22, 23, 30)
    load(redshift, campaign(), submitted(message_id(0, sent), sent))
    (row,) = daily(redshift, at(days=-100))
    check(row, sent_date_report=date(2025, 8, 22), restated_count=0)
    load(redshift, campaign(version=2, occurred_at=at(days=-1), report_tz="Asia/Tokyo"))
    (row,) = daily(redshift, AS_OF)
    check(row, sent_date_report=date(2025, 8, 23), sent=1, is_final=True, restated_count=1)


def test_a_message_that_changes_variant_is_counted_under_the_new_one_alone(
    published: Redshift,
) -> None:
    """An earlier report of the attempt, whose log came 200 days late, was of another variant."""
    sent = at(days=-200)
    load(
        published,
        submitted(
            message_id(0, sent),
            sent - timedelta(minutes=1),
            recipient_id="sub_0",
            variant_id="B",
        ),
    )
    rows = daily(published, AS_OF)
    assert [(r["campaign_id"], r["variant_id"], r["sent"], r["restated_count"]) for r in rows] == [
        ("cmp_1", "B", 2, 1),
        ("cmp_2", "-", 1, 0),
    ]


def test_a_refresh_for_a_clock_of_the_past_can_be_undone(redshift: Redshift) -> None:
    """Days between the two clocks leave the report and come back, though no message of theirs changed."""
    load(
        redshift,
        *(
            submitted(message_id(n, at(days=-n)), at(days=-n), campaign_id=f"cmp_{n}")
            for n in (0, 40, 80, 120)
        ),
    )
    shown = daily(redshift, AS_OF)
    assert len(shown) == 4
    past = daily(redshift, at(days=-70))
    assert [r["campaign_id"] for r in past] == ["cmp_80", "cmp_120"]
    again = daily(redshift, AS_OF)
    assert [row | {"restated_count": 0} for row in again] == shown
