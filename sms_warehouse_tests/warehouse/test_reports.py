"""What the reports say, for a clock of our choosing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sms_warehouse.reports import REPORTS, refresh
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.conftest import FreshWarehouse
from sms_warehouse_tests.warehouse.in_step import Part, Steps, in_step
from sms_warehouse_tests.warehouse.random_worlds import anything
from sms_warehouse_tests.warehouse.world import (
    NOON,
    Event,
    at,
    campaign,
    click,
    message_id,
    opt_out,
    receipt,
    submitted,
)

AS_OF = datetime(2026, 3, 12, 9)
YEAR = timedelta(days=365)
"""Counts that no campaign tells apart are of a year that belongs to one test."""


def report(redshift: Redshift, name: str, **where: Any) -> list[dict[str, Any]]:
    conditions = " and ".join(f"{column} = :{column}" for column in where) or "1 = 1"
    order = REPORTS[name].preview_order if name in REPORTS else "message_id"
    with redshift.session("tests") as session:
        return session.records(
            f"select * from reports.{name} where {conditions} order by {order}",
            **where,
        )


def check(row: dict[str, Any], **expected: Any) -> None:
    assert {name: row[name] for name in expected} == expected


def six_messages() -> list[Event]:
    """Delivered and clicked; delivered; failed; pending; suppressed; refused. The first two are of variant A."""
    m = [message_id(n) for n in range(6)]
    return [
        *(
            submitted(m[n], recipient_id=f"sub_{n}", variant_id="AABBBB"[n], segment_count=2)
            for n in range(4)
        ),
        submitted(
            m[4], recipient_id="sub_4", submit_status="SUPPRESSED", suppress_reason="FREQ_CAP"
        ),
        submitted(m[5], recipient_id="sub_5", submit_status="REJECTED", submit_error_code="429"),
        *(receipt(m[n], "DELIVERED", at(seconds=9), segment_seq=None) for n in range(2)),
        receipt(m[2], "UNDELIVERED", at(seconds=9), segment_seq=None, error_code="012"),
        receipt(m[3], "CARRIER_ACCEPTED", at(seconds=9), segment_seq=None),
        click(m[0], at(minutes=10)),
        click(m[0], at(hours=9)),
        click(m[0], at(hours=9), method="HEAD"),
        # A click on what was not delivered, two days later.
        click(m[3], at(hours=40), visitor_token="v3"),
        opt_out("sub_1", at(hours=1)),
    ]


@in_step
def test_a_campaign_adds_up(own: Part) -> Steps:
    yield own.load(campaign(campaign_type="TRIGGERED"), *six_messages())
    yield own.refresh("campaign_performance", AS_OF)
    (total,) = own.report("campaign_performance", variant_id="*")
    check(
        total,
        campaign_id="cmp_1",
        campaign_name="Spring",
        attempted=5,
        suppressed=1,
        submit_failed=1,
        sent=4,
        delivered=2,
        failed=1,
        pending=1,
        unknown=0,
        carrier_accepted_only=1,
        delivery_rate=Decimal("0.5"),
        dlr_coverage=Decimal("0.75"),
        delivery_rate_final=Decimal("0.666667"),
        clicked=2,
        clicked_delivered=1,
        clicked_without_receipt=1,
        total_clicks=3,
        bot_clicks=1,
        bot_share=Decimal("0.25"),
        ctr=Decimal("0.5"),
        ctr_sent=Decimal("0.5"),
        ctr_24h=Decimal("0.5"),
        clicks_per_clicker=Decimal("1.5"),
        ctr_72h=Decimal("0.5"),
        ctr_7d=Decimal("0.5"),
        median_sec_to_click=(600 + 144_000) / 2,
        p90_sec_to_click=600 + 0.9 * (144_000 - 600),
        opt_outs=1,
        optout_rate=Decimal("0.5"),
        segments_sent=8,
        segments_per_msg=Decimal(2),
        # No campaign of its type has had 72 hours yet.
        score_vs_baseline=None,
        replies=0,
        first_sent_at=NOON,
        last_sent_at=NOON,
        is_mature=False,
        as_of=AS_OF,
    )
    variants = own.report("campaign_performance", campaign_id="cmp_1")
    assert {row["variant_id"]: row["sent"] for row in variants} == {"*": 4, "A": 2, "B": 2, "-": 0}


@in_step
def test_what_is_pending_is_unknown_after_72_hours_and_delivered_when_it_is(own: Part) -> Steps:
    m = message_id()
    yield own.load(submitted(m))
    for hours, expected in ((71.9, (1, 0)), (72, (0, 1))):
        yield own.refresh("campaign_performance", at(hours=hours))
        (row,) = own.report("campaign_performance", variant_id="*")
        assert (row["pending"], row["unknown"]) == expected
    yield own.load(receipt(m, "DELIVERED", at(days=5)))
    yield own.refresh("campaign_performance", at(days=6))
    (row,) = own.report("campaign_performance", variant_id="*")
    assert (row["pending"], row["unknown"], row["delivered"]) == (0, 0, 1)


@in_step
def test_the_window_is_thirty_days_of_the_reports_zone(own: Part) -> Steps:
    # Yesterday in New York is 2025-03-11; its summer time began on the 9th.
    as_of = datetime(2025, 3, 12, 4)
    times = {
        "before the window": datetime(2025, 2, 10, 4, 59, 59),
        "its first second": datetime(2025, 2, 10, 5),
        "its last second": datetime(2025, 3, 12, 3, 59, 59),
        "today": datetime(2025, 3, 12, 4),
        "before the one before": datetime(2025, 1, 11, 4, 59, 59),
    }
    yield own.load(
        *(
            submitted(message_id(n, when), when, recipient_id=f"sub_{n}")
            for n, when in enumerate(times.values())
        ),
    )
    yield own.refresh("rolling_30d", as_of, "America/New_York")
    (row,) = report(own.redshift, "rolling_30d", scope_type="ALL")
    check(
        row,
        report_date=date(2025, 3, 11),
        window_start=date(2025, 2, 10),
        window_end=date(2025, 3, 11),
        report_tz="America/New_York",
        anchor="COHORT",
        sent=2,
        prev_sent=1,
        recipients_exact=2,
        delta_pct=Decimal(1),
        today_attempted=1,
        today_sent=1,
        today_delivered=0,
        today_clicked=0,
        source_watermark=times["its last second"] + timedelta(milliseconds=20),
    )


@in_step
def test_recipients_of_a_window_are_counted_once_in_each_scope(own: Part) -> Steps:
    sends = [("cmp_1", "sub_1"), ("cmp_1", "sub_1"), ("cmp_2", "sub_1"), ("cmp_2", "sub_2")]
    noon = NOON - 3 * YEAR
    yield own.load(
        *(
            submitted(message_id(n, noon), noon, campaign_id=c, recipient_id=s, mcc_mnc="310410")
            for n, (c, s) in enumerate(sends)
        ),
        click(message_id(0, noon), noon + timedelta(hours=1)),
        click(message_id(2, noon), noon + timedelta(hours=1), visitor_token="v2"),
    )
    yield own.refresh("rolling_30d", AS_OF - 3 * YEAR)
    found = {
        (r["scope_type"], r["scope_id"]): (r["sent"], r["recipients_exact"], r["unique_clickers"])
        for r in report(own.redshift, "rolling_30d")
    }
    assert found == {
        ("ALL", "*"): (4, 2, 1),
        ("CAMPAIGN", own.named("campaign_id", "cmp_1")): (2, 1, 1),
        ("CAMPAIGN", own.named("campaign_id", "cmp_2")): (2, 2, 1),
        ("CARRIER", "310410"): (4, 2, 1),
        ("CATEGORY", "MARKETING"): (4, 2, 1),
    }


@in_step
def test_failures_are_shares_of_what_their_carrier_was_sent(own: Part) -> Steps:
    noon = NOON - 5 * YEAR
    m = [message_id(n, noon) for n in range(4)]
    yield own.load(
        *(submitted(x, noon, recipient_id="sub_1", mcc_mnc="310410") for x in m[:3]),
        submitted(m[3], noon, mcc_mnc="310260"),
        receipt(m[0], "UNDELIVERED", noon + timedelta(seconds=5), error_code="012"),
        receipt(m[1], "UNDELIVERED", noon + timedelta(seconds=9), error_code="012"),
        receipt(m[2], "DELIVERED", noon + timedelta(seconds=9)),
    )
    yield own.refresh("delivery_failure_daily", AS_OF - 5 * YEAR)
    (row,) = report(own.redshift, "delivery_failure_daily")
    check(
        row,
        sent_date_report=noon.date(),
        carrier="310410",
        carrier_name="AT&T Mobility",
        provider="smsc-east",
        failure_category="INVALID_NUMBER",
        error_code="012",
        messages=2,
        sent=3,
        pct_of_sent=Decimal("0.666667"),
        permanent_messages=2,
        distinct_recipients=1,
        first_seen=noon + timedelta(seconds=5),
        last_seen=noon + timedelta(seconds=9),
    )


@in_step
def test_a_window_is_compared_with_the_thirty_days_before(own: Part) -> Steps:
    """Three messages to two recipients after four before; today's are in neither."""
    noon = NOON - 2 * YEAR
    world = []
    for n, (days, delivered, clicked_after) in enumerate(
        [
            *((40, True, hours) for hours in (1, 100, None)),
            (40, False, None),
            *((10, True, hours) for hours in (1, None)),
            (10, False, None),
            (0, True, 1),
        ]
    ):
        sent = noon - timedelta(days=days)
        m = message_id(n, sent)
        world.append(submitted(m, sent, recipient_id=f"sub_{n % 2}", link_token=m))
        world.append(
            receipt(m, "DELIVERED" if delivered else "EXPIRED", sent + timedelta(seconds=5))
        )
        if clicked_after:
            world.append(
                click(m, sent + timedelta(hours=clicked_after), link_token=m, visitor_token=m)
            )
    yield own.load(*world)
    yield own.refresh("rolling_30d", noon + timedelta(hours=2))
    (row,) = report(own.redshift, "rolling_30d", scope_type="ALL")
    check(
        row,
        sent=3,
        delivered=2,
        failed=1,
        recipients_exact=2,
        unique_clickers=1,
        delivery_rate=Decimal("0.666667"),
        delivery_rate_final=Decimal("0.666667"),
        dlr_coverage=Decimal(1),
        ctr=Decimal("0.5"),
        ctr_72h=Decimal("0.5"),
        msgs_per_recipient=Decimal("1.5"),
        optout_rate=Decimal(0),
        prev_sent=4,
        prev_delivered=3,
        prev_clicked_delivered=2,
        prev_ctr=Decimal("0.666667"),
        prev_ctr_72h=Decimal("0.333333"),
        delta_pp=Decimal("-0.166667"),
        delta_pct=Decimal("-0.25"),
        today_attempted=1,
        today_sent=1,
        today_delivered=1,
        today_clicked=1,
    )


@in_step
def test_a_campaign_is_scored_against_its_kind(own: Part) -> Steps:
    """Of blasts that began 3 to 90 days before, the median; campaigns too young or too old are no measure."""
    campaigns = {
        "half": ("BLAST", 10, 1, 2),
        "all": ("BLAST", 90, 1, 1),
        "none": ("BLAST", 3, 0, 2),
        "too young": ("BLAST", 2.9, 2, 2),
        "too old": ("BLAST", 90.1, 1, 1),
        "of another kind": ("JOURNEY", 10, 1, 1),
        "of no kind": (None, 10, 1, 1),
    }
    world = []
    for n, (name, (kind, days, clicked, delivered)) in enumerate(campaigns.items()):
        sent = NOON - timedelta(days=days)
        world.append(campaign(name, campaign_type=kind))
        for k in range(delivered):
            m = message_id(10 * n + k, sent)
            world.append(submitted(m, sent, campaign_id=name, recipient_id=m, link_token=m))
            world.append(receipt(m, "DELIVERED", sent + timedelta(seconds=5)))
            if k < clicked:
                world.append(click(m, sent + timedelta(hours=1), link_token=m, visitor_token=m))
    yield own.load(*world)
    yield own.refresh("campaign_performance", NOON)
    rows = own.report("campaign_performance", variant_id="*")
    assert {r["campaign_id"]: (r["score_vs_baseline"], r["is_mature"]) for r in rows} == {
        "half": (1, True),
        "all": (2, True),
        "none": (0, False),
        "too young": (2, False),
        "too old": (2, True),
        "of another kind": (1, True),
        "of no kind": (None, True),
    }


@in_step
def test_a_failure_counts_under_its_day_carrier_provider_and_code(own: Part) -> Steps:
    """A refusal at submission is no failure of delivery; a code nobody knows and none at all are told apart."""
    cases: list[tuple[dict[str, Any], dict[str, Any] | None]] = [
        ({"mcc_mnc": "310410"}, {"error_code": "012"}),
        ({"mcc_mnc": "310410"}, {"error_code": "9F3"}),
        ({}, {}),
        ({"occurred_at": datetime(2022, 3, 10, 2)}, {"error_code": "012"}),
        ({"submit_status": "REJECTED", "submit_error_code": "429"}, None),
        # The first day of the report in the campaign's zone, and the last moment before it.
        ({"occurred_at": datetime(2022, 2, 5, 5)}, {"error_code": "012"}),
        ({"occurred_at": datetime(2022, 2, 5, 4, 59, 59)}, {"error_code": "012"}),
    ]
    world: list[Event] = [campaign(report_tz="America/New_York")]
    for n, (sending, failure) in enumerate(cases):
        sent = sending.get("occurred_at", datetime(2022, 3, 10, 12))
        m = message_id(n, sent)
        world.append(submitted(m, recipient_id=f"sub_{n}", **({"occurred_at": sent} | sending)))
        if failure is not None:
            world.append(receipt(m, "UNDELIVERED", sent + timedelta(seconds=5), **failure))
    yield own.load(*world)
    yield own.refresh("delivery_failure_daily", datetime(2022, 3, 12, 9), "America/New_York")
    rows = report(own.redshift, "delivery_failure_daily")
    assert [
        (
            r["sent_date_report"],
            r["carrier"],
            r["error_code"],
            r["failure_category"],
            r["messages"],
            r["sent"],
            r["pct_of_sent"],
        )
        for r in rows
    ] == [
        (date(2022, 3, 10), "-", "-", rows[0]["failure_category"], 1, 1, 1),
        (date(2022, 3, 10), "310410", "012", "INVALID_NUMBER", 1, 2, Decimal("0.5")),
        (date(2022, 3, 10), "310410", "9F3", "UNKNOWN", 1, 2, Decimal("0.5")),
        (date(2022, 3, 9), "-", "012", "INVALID_NUMBER", 1, 1, 1),
        (date(2022, 2, 5), "-", "012", "INVALID_NUMBER", 1, 1, 1),
    ]


@in_step
def test_a_messages_status_is_computed_when_it_is_asked_for(own: Part) -> Steps:
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    ages = {1: "PENDING", 100: "UNKNOWN"}
    messages = {hours: message_id(hours, now - timedelta(hours=hours)) for hours in ages}
    yield own.load(*(submitted(m, now - timedelta(hours=hours)) for hours, m in messages.items()))
    for hours, outcome in ages.items():
        asked_at = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        (row,) = own.report("message_status", message_id=messages[hours])
        check(
            row,
            delivery_outcome=outcome,
            follow_up_action={1: "WAIT", 100: "ALT_CHANNEL"}[hours],
            engaged=False,
        )
        assert asked_at <= row["as_of"] <= datetime.now(UTC).replace(tzinfo=None)


@in_step
def test_a_message_calls_for_what_its_recipient_did(own: Part) -> Steps:
    sent = datetime.now(UTC).replace(tzinfo=None, microsecond=0) - timedelta(hours=30)
    cases: list[tuple[dict[str, Any], dict[str, Any] | None, str]] = [
        ({"status": "DELIVERED"}, None, "REMIND_NON_CLICKER"),
        ({"status": "DELIVERED"}, {"method": "GET"}, "NURTURE_CLICKER"),
        ({"status": "DELIVERED"}, {"method": "HEAD"}, "REMIND_NON_CLICKER"),
        ({"status": "UNDELIVERED", "error_code": "012"}, None, "SUPPRESS_NUMBER"),
        ({"status": "UNDELIVERED", "error_code": "034"}, None, "RESEND"),
    ]
    unlinked, served = message_id(7, sent), message_id(8, sent)
    world = []
    for n, (reported, request, _) in enumerate(cases):
        m = message_id(n, sent)
        world.append(submitted(m, sent, recipient_id=f"sub_{n}", link_token=f"token-{n}"))
        world.append(receipt(m, occurred_at=sent + timedelta(seconds=5), **reported))
        if request:
            world.append(click(m, sent + timedelta(hours=1), link_token=f"token-{n}", **request))
    stopped = message_id(9, sent)
    world += [
        submitted(unlinked, sent, recipient_id="sub_7"),
        receipt(unlinked, "DELIVERED", sent + timedelta(seconds=5)),
        submitted(
            served, sent, recipient_id="sub_8", message_category="SERVICE", link_token="token-8"
        ),
        receipt(served, "DELIVERED", sent + timedelta(seconds=5)),
        submitted(stopped, sent, recipient_id="sub_9"),
        receipt(stopped, "DELIVERED", sent + timedelta(seconds=5)),
        opt_out("sub_9", sent + timedelta(hours=1)),
    ]
    yield own.load(*world)
    found = {r["message_id"]: r for r in own.report("message_status")}
    for n, (_, request, action) in enumerate(cases):
        row = found[message_id(n, sent)]
        assert row["follow_up_action"] == action
        assert row["bot_only"] == (request == {"method": "HEAD"})
    assert found[stopped]["follow_up_action"] == "NONE"
    assert found[unlinked]["follow_up_action"] == "NO_ACTION"
    assert found[served]["follow_up_action"] is None


def test_a_refresh_is_recorded_and_repeats_itself(fresh_warehouse: FreshWarehouse) -> None:
    redshift = fresh_warehouse(world=anything)
    shown = []
    for run_id in ("one", "two"):
        for name in REPORTS:
            refresh(redshift, name, as_of=AS_OF, report_tz="America/Chicago", run_id=run_id)
        shown.append([report(redshift, name) for name in REPORTS])
    assert shown[0] == shown[1]
    with redshift.session("tests") as session:
        known = session.rows(
            "select report_name, as_of, run_id from control.report_refresh order by 1"
        )
    assert known == sorted((name, AS_OF, "two") for name in REPORTS)
