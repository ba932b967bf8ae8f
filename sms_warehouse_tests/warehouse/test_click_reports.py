"""When clicks come, and which hours of sending are answered: exact rows, and Wilson's interval by its table."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from sms_warehouse.reports import refresh
from sms_warehouse_tests.conftest import FreshWarehouse
from sms_warehouse_tests.warehouse.in_step import Part, Steps, in_step
from sms_warehouse_tests.warehouse.random_worlds import anything
from sms_warehouse_tests.warehouse.test_ab_variant import multiply
from sms_warehouse_tests.warehouse.test_reports import AS_OF, check, report
from sms_warehouse_tests.warehouse.world import (
    NOON,
    PREVIEW,
    Event,
    at,
    click,
    load,
    message_id,
    receipt,
    submitted,
)

ANDROID = "Mozilla/5.0 (Linux; Android 15; {}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0 {}Safari/537.36"
PHONE = ANDROID.format("Pixel 9", "Mobile ")
TABLET = ANDROID.format("SM-X910", "")
WEEK = timedelta(weeks=1)
"""Counts that no id tells apart are of a year that belongs to one test."""
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:139.0) Gecko/20100101 Firefox/139.0"


@in_step
def test_an_hour_of_a_campaign_says_who_asked_for_its_links(own: Part) -> Steps:
    a, b, c = (message_id(n) for n in range(3))
    yield own.load(
        submitted(a, recipient_id="sub_1"),
        submitted(b, recipient_id="sub_2"),
        submitted(c, recipient_id="sub_3", campaign_id="cmp_2"),
        # Clicked at noon already: later clicks are not its first.
        click(a, at(minutes=30)),
        click(a, at(hours=2)),
        click(a, at(hours=2, seconds=1)),
        click(b, at(hours=2, minutes=1), link_token="b", visitor_token="v2", user_agent=PHONE),
        click(b, at(hours=2, minutes=59), link_token="b", visitor_token="v3", user_agent=TABLET),
        click(b, at(hours=2, minutes=4), link_token="b", visitor_token="v4", user_agent=WINDOWS),
        click(b, at(hours=2, minutes=5), link_token="b", method="HEAD"),
        click(b, at(hours=2, minutes=6), link_token="b", user_agent=PREVIEW),
        click(b, at(hours=2, minutes=7), link_token="b", user_agent=PREVIEW, visitor_token="v6"),
        click(c, at(hours=2, minutes=8), link_token="c", method="HEAD"),
        # The next hour, and a message nobody knows.
        click(b, at(hours=3), link_token="b", visitor_token="v7"),
        click(message_id(9), at(hours=2, minutes=9), link_token="d", visitor_token="v8"),
    )
    yield own.refresh("click_activity_hourly", AS_OF, "America/New_York")
    rows = {
        (r["click_hour_utc"], r["campaign_id"]): r
        for r in [
            *own.report("click_activity_hourly"),
            *report(own.redshift, "click_activity_hourly", campaign_id="-"),
        ]
    }
    hour = at(hours=2)
    assert set(rows) == {
        (NOON, "cmp_1"),
        (hour, "cmp_1"),
        (hour, "cmp_2"),
        (hour, "-"),
        (at(hours=3), "cmp_1"),
    }
    assert rows[hour, "cmp_1"] == {
        "click_hour_utc": hour,
        "campaign_id": "cmp_1",
        "human_clicks": 4,
        "bot_clicks": 3,
        "repeat_clicks": 1,
        "unique_messages_clicked": 2,
        "new_first_clicks": 1,
        # Of 120, 121, 124 and 179 minutes.
        "p50_message_age_h": Decimal("2.041667"),
        "top_bot_reason": "preview",
        "ios_clicks": 1,
        "android_clicks": 2,
        "other_os_clicks": 1,
        "mobile_clicks": 2,
        "tablet_clicks": 1,
        "desktop_clicks": 1,
        "other_device_clicks": 0,
        "as_of": AS_OF,
    }
    check(
        rows[hour, "cmp_2"],
        human_clicks=0,
        bot_clicks=1,
        new_first_clicks=0,
        p50_message_age_h=None,
    )
    check(rows[hour, "-"], human_clicks=1, unique_messages_clicked=1, new_first_clicks=0)
    check(rows[NOON, "cmp_1"], human_clicks=1, new_first_clicks=1, p50_message_age_h=Decimal("0.5"))


def test_requests_of_all_hours_are_the_requests_there_were(
    fresh_warehouse: FreshWarehouse,
) -> None:
    """Up to the clock, and from the day 35 days before it."""
    redshift = fresh_warehouse(world=anything)
    m = message_id(99, at(days=-40))
    load(
        redshift,
        submitted(m, at(days=-40), recipient_id="sub_9"),
        click(m, datetime(2026, 2, 7, 23, 59, 59), link_token="z"),
        click(m, datetime(2026, 2, 8), link_token="z", visitor_token="v9"),
        click(m, AS_OF, link_token="z", visitor_token="v10"),
        click(m, AS_OF + timedelta(seconds=1), link_token="z", visitor_token="v11"),
    )
    as_of = at(days=5)
    for clock, left_out in ((as_of + timedelta(days=25), 1), (AS_OF, None)):
        refresh(redshift, "click_activity_hourly", as_of=clock, report_tz="UTC")
        rows = report(redshift, "click_activity_hourly")
        found = sum(r["human_clicks"] + r["bot_clicks"] + r["repeat_clicks"] for r in rows)
        with redshift.session("tests") as session:
            requests = session.value(
                "select count(*) as requests from warehouse.fact_click"
                " where event_date >= :first and occurred_at <= :clock",
                first=clock.date() - timedelta(days=35),
                clock=clock,
            )
            all_requests = session.value("select count(*) as requests from warehouse.fact_click")
        assert found == requests
        assert left_out is None or found == all_requests - 2
        for r in rows:
            assert r["human_clicks"] == r["ios_clicks"] + r["android_clicks"] + r["other_os_clicks"]
            assert r["human_clicks"] == sum(
                r[f"{device}_clicks"] for device in ("mobile", "tablet", "desktop", "other_device")
            )


@in_step
def test_the_hour_of_sending_is_the_recipients_own(own: Part) -> Steps:
    """2026-03-08 is a Sunday; clocks in New York went forward at 07:00 UTC."""
    sends = {
        (0, 1): (datetime(2026, 3, 8, 6, 59, 59), "America/New_York"),
        (0, 3): (datetime(2026, 3, 8, 7), "America/New_York"),
        (6, 20): (datetime(2026, 3, 8, 5, 45), "Pacific/Marquesas"),
        (0, 12): (datetime(2026, 3, 8, 7), "Asia/Kolkata"),
        (1, 0): (datetime(2026, 3, 8, 10), "Pacific/Kiritimati"),
    }
    world = []
    for n, (sent, zone) in enumerate(
        [*sends.values(), (NOON - timedelta(days=2), None), (NOON - timedelta(days=2), "Nowhere")]
    ):
        m = message_id(n, sent)
        world += [
            submitted(m, sent, recipient_id=f"sub_{n}", recipient_tz=zone),
            receipt(m, "DELIVERED", sent + timedelta(seconds=5)),
        ]
    yield own.load(*world)
    yield own.refresh("send_time_heatmap", AS_OF)
    rows = report(own.redshift, "send_time_heatmap", segment="*")
    assert [(r["dow_local"], r["hour_local"]) for r in rows] == sorted(sends)
    assert {r["delivered"] for r in rows} == {1}
    assert {r["window_end"] for r in rows} == {date(2026, 3, 10)}


@in_step
def test_hours_are_ranked_by_the_lower_end_of_wilsons_interval(own: Part) -> Steps:
    """Newcombe (1998), Statistics in Medicine 17, table I, method 3: the published lower ends."""
    table = {0: (81, 263, "0.2553"), 1: (15, 148, "0.0624"), 2: (0, 20, "0"), 3: (1, 29, "0.0061")}
    world: list[Event] = []
    copies = {}
    for hour, (clicked, delivered, _) in table.items():
        sent = datetime(2026, 3, 4, hour) - 52 * WEEK
        for n, times in enumerate((clicked, delivered - clicked)):
            if not times:
                continue
            m = message_id(10 * hour + n, sent)
            copies[own.named("message_id", m)] = times
            world.append(submitted(m, sent, recipient_id=f"sub_{m}", recipient_tz="Etc/UTC"))
            world.append(receipt(m, "DELIVERED", sent + timedelta(seconds=5)))
            if n == 0:
                world.append(click(m, sent + timedelta(hours=24), link_token=m, visitor_token=m))
    yield own.load(*world)
    multiply(own.redshift, copies)
    yield own.refresh("send_time_heatmap", AS_OF - 52 * WEEK)
    rows = {r["hour_local"]: r for r in report(own.redshift, "send_time_heatmap", segment="*")}
    for hour, (clicked, delivered, low) in table.items():
        check(rows[hour], dow_local=3, delivered=delivered, clicked_delivered_24h=clicked)
        assert round(rows[hour]["wilson_low95"], 4) == Decimal(low)
        assert round(rows[hour]["ctr_24h"], 6) == round(Decimal(clicked) / delivered, 6)
        assert rows[hour]["median_sec_to_click"] == (86_400 if clicked else None)


@in_step
def test_only_messages_that_had_their_24_hours_tell_of_an_hour(own: Part) -> Steps:
    """The window's ninety days are of the report's zone; a click of the second after 24 hours is too late."""
    first, last = datetime(2023, 12, 14, 5), datetime(2024, 3, 13, 3, 59, 59)
    times = {
        "before": first - timedelta(seconds=1),
        "first": first,
        "last": last,
        "after": last + timedelta(seconds=1),
        "failed": NOON - 104 * WEEK - timedelta(days=9),
    }
    world = []
    for n, (name, sent) in enumerate(times.items()):
        m = message_id(n, sent)
        late = 86_401 if name == "last" else 86_400
        world += [
            submitted(m, sent, recipient_id=name, recipient_tz="America/New_York"),
            receipt(m, "EXPIRED" if name == "failed" else "DELIVERED", sent + timedelta(seconds=5)),
            click(m, sent + timedelta(seconds=late), link_token=m, visitor_token=m),
        ]
    yield own.load(*world)
    as_of = datetime(2024, 3, 14, 9)
    yield own.refresh("recipient_engagement", as_of, "America/New_York")
    yield own.refresh("send_time_heatmap", as_of, "America/New_York")
    rows = report(own.redshift, "send_time_heatmap")
    found = {
        (r["segment"], r["dow_local"], r["hour_local"]): (
            r["delivered"],
            r["clicked_delivered_24h"],
            r["median_sec_to_click"],
        )
        for r in rows
    }
    assert found == {
        ("*", 4, 0): (1, 1, 86_400),
        ("*", 2, 23): (1, 0, 86_401),
        ("AT_RISK", 4, 0): (1, 1, 86_400),
        ("ENGAGED", 2, 23): (1, 0, 86_401),
    }
    with own.redshift.session("tests") as session:
        ((start, end),) = session.rows(
            "select window_start, window_end from control.report_refresh"
            " where report_name = 'send_time_heatmap'"
        )
    assert (start, end) == (date(2023, 12, 14), date(2024, 3, 12))
