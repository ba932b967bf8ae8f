"""Days of time zones: clock changes, leap days, ends of years, zones east and west, and windows that add up."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from sms_warehouse.reports import Clock, refresh
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.warehouse.in_step import Part, Steps, in_step
from sms_warehouse_tests.warehouse.test_campaign_daily import COUNTS
from sms_warehouse_tests.warehouse.test_reports import check, report
from sms_warehouse_tests.warehouse.world import (
    campaign,
    click,
    load,
    message_id,
    opt_out,
    receipt,
    submitted,
)

NEW_YORK = "America/New_York"

DAYS = [
    # Sunday, 8 March 2026, had 23 hours in New York.
    (NEW_YORK, datetime(2026, 3, 8, 4, 59, 59), date(2026, 3, 7)),
    (NEW_YORK, datetime(2026, 3, 8, 5), date(2026, 3, 8)),
    (NEW_YORK, datetime(2026, 3, 9, 3, 59, 59), date(2026, 3, 8)),
    (NEW_YORK, datetime(2026, 3, 9, 4), date(2026, 3, 9)),
    # Sunday, 2 November 2025, had 25 hours.
    (NEW_YORK, datetime(2025, 11, 2, 3, 59, 59), date(2025, 11, 1)),
    (NEW_YORK, datetime(2025, 11, 2, 4), date(2025, 11, 2)),
    (NEW_YORK, datetime(2025, 11, 3, 4, 59, 59), date(2025, 11, 2)),
    (NEW_YORK, datetime(2025, 11, 3, 5), date(2025, 11, 3)),
    # A year's last and first moments.
    (NEW_YORK, datetime(2026, 1, 1, 4, 59, 59), date(2025, 12, 31)),
    (NEW_YORK, datetime(2026, 1, 1, 5), date(2026, 1, 1)),
    ("Pacific/Kiritimati", datetime(2025, 12, 31, 9, 59, 59), date(2025, 12, 31)),
    ("Pacific/Kiritimati", datetime(2025, 12, 31, 10), date(2026, 1, 1)),
    ("Pacific/Pago_Pago", datetime(2026, 1, 1, 10, 59, 59), date(2025, 12, 31)),
    ("Pacific/Pago_Pago", datetime(2026, 1, 1, 11), date(2026, 1, 1)),
    # A leap day.
    ("Asia/Kolkata", datetime(2024, 2, 28, 18, 30), date(2024, 2, 29)),
    ("Asia/Kolkata", datetime(2024, 2, 29, 18, 29, 59), date(2024, 2, 29)),
    ("Asia/Kolkata", datetime(2024, 2, 29, 18, 30), date(2024, 3, 1)),
    ("Nowhere/At_All", datetime(2024, 2, 29, 23, 59, 59), date(2024, 2, 29)),
]


def test_a_message_counts_under_the_day_of_its_campaigns_zone(redshift: Redshift) -> None:
    zones = dict.fromkeys(zone for zone, _, _ in DAYS)
    load(
        redshift,
        *(campaign(zone, report_tz=zone) for zone in zones),
        *(
            submitted(message_id(n, sent), sent, recipient_id=f"sub_{n}", campaign_id=zone)
            for n, (zone, sent, _) in enumerate(DAYS)
        ),
    )
    refresh(redshift, "campaign_daily", as_of=datetime(2026, 3, 12, 9), report_tz="UTC")
    expected: dict[tuple[str, date], int] = {}
    for zone, _, day in DAYS:
        expected[zone, day] = expected.get((zone, day), 0) + 1
    assert {
        (r["campaign_id"], r["sent_date_report"]): r["sent"]
        for r in report(redshift, "campaign_daily")
    } == expected


@pytest.mark.parametrize(
    ("last_day", "hours"),
    [(date(2025, 3, 20), 719), (date(2025, 11, 20), 721), (date(2024, 3, 1), 720)],
)
def test_thirty_days_are_calendar_days(last_day: date, hours: int) -> None:
    clock = Clock(datetime.combine(last_day, datetime.min.time()) + timedelta(hours=30), NEW_YORK)
    assert clock.today == last_day + timedelta(days=1)
    window = clock.midnight(clock.today) - clock.midnight(last_day - timedelta(days=29))
    assert window == timedelta(hours=hours)


def busy_days(first: datetime, days: int, zone: str) -> list[Any]:
    """Messages of several campaigns of a zone, around its midnights, with all that may become of them."""
    chance = random.Random(7)
    world: list[Any] = [campaign(c, report_tz=zone) for c in ("cmp_1", "cmp_2")]
    for n in range(120):
        sent = first + timedelta(days=chance.randrange(days), minutes=chance.randint(-90, 90))
        m = message_id(n, sent)
        recipient = f"sub_{n % 9}"
        status = chance.choice(["ACCEPTED"] * 8 + ["REJECTED", "SUPPRESSED"])
        world.append(
            submitted(
                m,
                sent,
                recipient_id=recipient,
                campaign_id=chance.choice(["cmp_1", "cmp_2"]),
                variant_id=chance.choice(["A", "B", None]),
                submit_status=status,
                segment_count=2,
                link_token=m,
                mcc_mnc=chance.choice([None, "310410"]),
                message_category=chance.choice(["MARKETING", "SERVICE"]),
            )
        )
        if status == "ACCEPTED":
            for state in chance.choice(
                [["DELIVERED"]] * 4 + [["EXPIRED"], ["UNKNOWN"], ["CARRIER_ACCEPTED"], []]
            ):
                world.append(receipt(m, state, sent + timedelta(seconds=9), segment_seq=None))
            if chance.random() < 0.5:
                later = timedelta(seconds=chance.choice([60, 90_000, 300_000, 900_000]))
                world.append(click(m, sent + later, link_token=m, visitor_token=recipient))
            if chance.random() < 0.1:
                world.append(opt_out(recipient, sent + timedelta(minutes=5)))
    return world


@in_step(
    cases={
        "the clock goes forward": (NEW_YORK, date(2026, 3, 20), datetime(2026, 3, 21, 4, 0)),
        "the clock goes back": (NEW_YORK, date(2025, 11, 20), datetime(2025, 11, 22, 4, 59)),
        "far east": ("Pacific/Kiritimati", date(2026, 1, 9), datetime(2026, 1, 10, 2)),
    }
)
def test_the_days_of_a_window_add_up_to_the_window(
    own: Part, zone: str, last_day: date, as_of: datetime
) -> Steps:
    """In campaigns whose zone is the report's: every count, of all and of each campaign; and today beside it.

    Nothing else was sent in the days of a window.
    """
    clock = Clock(as_of, zone)
    yield own.load(*busy_days(clock.midnight(last_day - timedelta(days=45)), 47, zone))
    yield own.refresh("campaign_daily", as_of, zone)
    days = own.report("campaign_daily")
    yield own.refresh("rolling_30d", as_of, zone)
    (whole,) = report(own.redshift, "rolling_30d", scope_type="ALL")
    campaigns = {row["scope_id"]: row for row in own.report("rolling_30d", scope_type="CAMPAIGN")}
    in_window = [
        d for d in days if last_day - timedelta(days=29) <= d["sent_date_report"] <= last_day
    ]
    today = [d for d in days if d["sent_date_report"] == clock.today]
    for scope in ("*", "cmp_1", "cmp_2"):
        row = whole if scope == "*" else campaigns[scope]
        mine = [d for d in in_window if scope in ("*", d["campaign_id"])]
        assert row["sent"] > 10
        assert {c: row[c] for c in COUNTS} == {c: sum(d[c] for d in mine) for c in COUNTS}
        for count in ("attempted", "sent", "delivered", "clicked"):
            expected = sum(d[count] for d in today if scope in ("*", d["campaign_id"]))
            assert row[f"today_{count}"] == expected
        check(row, report_date=last_day, window_start=last_day - timedelta(days=29))


def test_messages_sent_after_the_clock_are_in_no_report(redshift: Redshift) -> None:
    """A run computes all its reports for one clock, while messages go on being sent and logged."""
    as_of = datetime(2026, 3, 21, 9)
    world = []
    for n, sent in enumerate((as_of, as_of + timedelta(seconds=1))):
        m = message_id(n, sent)
        world += [submitted(m, sent), receipt(m, "EXPIRED", sent + timedelta(seconds=5))]
    load(redshift, *world)
    for clock, expected in ((as_of, 1), (as_of + timedelta(seconds=1), 2)):
        for name, column in (
            ("campaign_daily", "sent"),
            ("campaign_performance", "sent"),
            ("rolling_30d", "today_sent"),
            ("delivery_failure_daily", "messages"),
        ):
            refresh(redshift, name, as_of=clock, report_tz="UTC")
            assert report(redshift, name)[0][column] == expected


def test_a_campaign_of_another_zone_may_count_under_a_day_outside_the_window(
    redshift: Redshift,
) -> None:
    """In Tokyo it is the next day already; the window's ends are New York's."""
    sent = datetime(2026, 3, 20, 20)
    load(
        redshift,
        campaign(report_tz="Asia/Tokyo"),
        submitted(message_id(0, sent), sent),
    )
    for name in ("campaign_daily", "rolling_30d"):
        refresh(redshift, name, as_of=datetime(2026, 3, 21, 9), report_tz=NEW_YORK)
    (day,) = report(redshift, "campaign_daily")
    (window,) = report(redshift, "rolling_30d", scope_type="ALL")
    check(day, sent_date_report=date(2026, 3, 21), sent=1)
    check(window, window_end=date(2026, 3, 20), sent=1, today_sent=0)
