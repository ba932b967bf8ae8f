"""How recipients take messages: counts, recency and segments, for a clock of our choosing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sms_warehouse.reports import refresh
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.warehouse.in_step import Part, Steps, in_step
from sms_warehouse_tests.warehouse.world import (
    NOON,
    Event,
    campaign,
    click,
    load,
    message_id,
    opt_out,
    receipt,
    submitted,
)

CLOCK = datetime(2026, 6, 10, 12)
REPORT = "recipient_engagement"


def ago(**before: float) -> datetime:
    return CLOCK - timedelta(**before)


def message(
    number: int, sent_at: datetime, status: str | None = "DELIVERED", **fields: Any
) -> list[Event]:
    """A message to sub_1, and its one receipt ten seconds later."""
    name = message_id(number, sent_at)
    codes = {"error_code": fields.pop("error_code", None)}
    sent = submitted(name, sent_at, **fields)
    if status is None:
        return [sent]
    received_at = sent_at + timedelta(seconds=10)
    return [sent, receipt(name, status, received_at, segment_seq=None, **codes)]


def clicked(number: int, sent_at: datetime, clicked_at: datetime) -> Event:
    return click(message_id(number, sent_at), clicked_at, visitor_token=f"v{number}")


def several(
    count: int, first_at: datetime, status: str = "DELIVERED", **fields: Any
) -> list[Event]:
    """Messages an hour apart."""
    return [
        e
        for n in range(count)
        for e in message(1000 + n, first_at + timedelta(hours=n), status, **fields)
    ]


def engagement(own: Part) -> dict[str, dict[str, Any]]:
    """Rows of the newest week, by recipient."""
    return {row["recipient_key"]: row for row in own.report(REPORT) if row["is_current"]}


@in_step
def test_a_recipient_adds_up(own: Part) -> Steps:
    old, first, second, third = ago(days=95), ago(days=60), ago(days=20), ago(days=10)
    yield own.load(
        *message(1, old),
        *message(2, first, recipient_tz="America/New_York"),
        *message(3, second, recipient_tz="America/New_York"),
        *message(4, third),
        *message(5, ago(days=5), "UNDELIVERED", error_code="034"),
        *message(6, ago(hours=1), None),
        *message(7, ago(hours=2), None, submit_status="SUPPRESSED", suppress_reason="FREQ_CAP"),
        clicked(1, old, ago(days=94)),
        # 14:30 and 14:59 in New York, then 9:00.
        clicked(2, first, datetime(2026, 4, 12, 18, 30)),
        clicked(2, first, datetime(2026, 4, 13, 18, 59)),
        clicked(3, second, datetime(2026, 5, 22, 13)),
    )
    yield own.refresh(REPORT, CLOCK)
    assert engagement(own) == {
        "sub_1#0": {
            "recipient_key": "sub_1#0",
            "snapshot_date": date(2026, 6, 8),
            "is_current": True,
            "sent_30d": 4,
            "sent_90d": 5,
            "delivered_30d": 2,
            "delivered_90d": 3,
            "clicked_30d": 1,
            "clicked_90d": 2,
            "total_clicks_90d": 3,
            "ctr_90d": Decimal("0.666667"),
            "last_sent_at": ago(hours=1),
            "last_delivered_at": third + timedelta(seconds=10),
            "last_click_at": datetime(2026, 5, 22, 13),
            "days_since_click": 18,
            "consecutive_no_click": 1,
            "consecutive_failures": 1,
            "permanent_failure": False,
            "preferred_hour_local": 14,
            "r_score": 4,
            "f_score": 2,
            "segment": "ENGAGED",
            "subscription_status": "UNKNOWN",
            "as_of": CLOCK,
        }
    }


@in_step
def test_a_recipient_only_ever_suppressed_has_a_row_without_counts(own: Part) -> Steps:
    yield own.load(
        *message(1, ago(days=2), None, submit_status="SUPPRESSED", suppress_reason="OPTED_OUT"),
        opt_out("sub_1", ago(days=9)),
    )
    yield own.refresh(REPORT, CLOCK)
    row = engagement(own)["sub_1#0"]
    assert (row["sent_90d"], row["ctr_90d"], row["last_sent_at"]) == (0, None, None)
    assert (row["days_since_click"], row["r_score"], row["f_score"]) == (None, 1, 1)
    assert row["segment"] == "OPTED_OUT"


@in_step
def test_messages_sent_after_the_clock_are_not_known_yet(own: Part) -> Steps:
    yield own.load(*message(1, ago(days=1)), *message(2, CLOCK + timedelta(seconds=1)))
    yield own.refresh(REPORT, CLOCK)
    assert engagement(own)["sub_1#0"]["sent_30d"] == 1


def _segment_cases() -> Iterable[Any]:
    """Events, and the segment they make, each threshold just on either side."""
    sent_at, long_ago = ago(days=35), ago(days=100)
    yield (
        "clicked_30_days_ago",
        [*message(1, sent_at), clicked(1, sent_at, ago(days=30))],
        "ENGAGED",
    )
    yield (
        "clicked_31_days_ago",
        [*message(1, sent_at), clicked(1, sent_at, ago(days=31))],
        "AT_RISK",
    )
    yield (
        "clicked_90_days_ago",
        [*message(1, long_ago), clicked(1, long_ago, ago(days=90, hours=23))],
        "AT_RISK",
    )
    yield (
        "clicked_91_days_ago_and_three_deliveries",
        [*message(1, long_ago), clicked(1, long_ago, ago(days=91)), *several(3, ago(days=80))],
        "LAPSED",
    )
    yield (
        "clicked_91_days_ago_and_two_deliveries",
        [*message(1, long_ago), clicked(1, long_ago, ago(days=91)), *several(2, ago(days=80))],
        "LOW_DATA",
    )
    yield "first_delivered_lately", message(1, ago(days=29, hours=23)), "NEW"
    yield "first_delivered_30_days_ago", message(1, ago(days=30, minutes=1)), "LOW_DATA"
    yield (
        "new_and_at_risk_is_new",
        [
            *message(1, ago(days=40), None),
            clicked(1, ago(days=40), ago(days=39)),
            *message(2, ago(days=3)),
        ],
        "NEW",
    )
    yield "three_deliveries_without_click", several(3, ago(days=80)), "NEVER_ENGAGED"
    yield "two_deliveries_without_click", several(2, ago(days=80)), "LOW_DATA"
    yield "two_failures", several(2, ago(days=3), "UNDELIVERED", error_code="034"), "LOW_DATA"
    yield "three_failures", several(3, ago(days=3), "UNDELIVERED", error_code="034"), "UNREACHABLE"
    yield (
        "failures_before_a_delivery",
        [
            *several(3, ago(days=3), "UNDELIVERED", error_code="034"),
            *message(9, ago(days=1)),
        ],
        "NEW",
    )
    yield (
        "one_failure_for_good",
        [*message(1, ago(days=4)), *message(2, ago(days=3), "UNDELIVERED", error_code="001")],
        "UNREACHABLE",
    )
    yield (
        "a_failure_for_good_and_then_one_that_passes",
        [
            *message(1, ago(days=4), "UNDELIVERED", error_code="001"),
            *message(2, ago(days=3), "UNDELIVERED", error_code="034"),
        ],
        "LOW_DATA",
    )
    yield (
        "pending_after_a_failure_for_good",
        [
            *message(1, ago(days=4), "UNDELIVERED", error_code="001"),
            *message(2, ago(hours=1), None),
        ],
        "UNREACHABLE",
    )
    yield (
        "opted_out_of_one_program",
        [*message(1, ago(days=1)), opt_out("sub_1", ago(hours=9), program_id="deals")],
        "OPTED_OUT",
    )
    yield (
        "opted_out_and_in_again",
        [
            *message(1, ago(days=1)),
            opt_out("sub_1", ago(hours=9)),
            opt_out("sub_1", ago(hours=8), new_status="OPTED_IN"),
        ],
        "NEW",
    )
    yield (
        "opted_out_and_in_to_one_program",
        [
            *message(1, ago(days=1)),
            opt_out("sub_1", ago(hours=9)),
            opt_out("sub_1", ago(hours=8), new_status="OPTED_IN", program_id="news"),
        ],
        "NEW",
    )
    yield (
        "opted_out_and_not_confirmed_again",
        [
            *message(1, ago(days=1)),
            opt_out("sub_1", ago(hours=9)),
            opt_out("sub_1", ago(hours=8), new_status="PENDING_CONFIRM"),
        ],
        "OPTED_OUT",
    )
    yield (
        "opts_out_after_the_clock",
        [*message(1, ago(days=1)), opt_out("sub_1", CLOCK + timedelta(hours=1))],
        "NEW",
    )
    yield (
        "the_line_ended",
        [*message(1, ago(days=1)), opt_out("sub_1", ago(hours=1), new_status="DEACTIVATED")],
        "UNREACHABLE",
    )


@in_step(cases={name: given for name, *given in _segment_cases()})
def test_the_segment_of_a_recipient(own: Part, events: list[Event], segment: str) -> Steps:
    yield own.load(*events)
    yield own.refresh(REPORT, CLOCK)
    assert engagement(own)["sub_1#0"]["segment"] == segment


@in_step
def test_scores_at_their_thresholds(own: Part) -> Steps:
    """Days since the only click, and messages clicked in 90 days, one on either side of each threshold."""
    recency = {7: 5, 8: 4, 30: 4, 31: 3, 60: 3, 61: 2, 90: 2, 91: 1}
    frequency = {10: 5, 9: 4, 5: 4, 4: 3, 3: 3, 2: 2, 1: 2, 0: 1}
    numbers = iter(range(1, 1000))
    events: list[Event] = []

    def sent_to(recipient: str, sent_at: datetime, clicked_at: datetime | None) -> None:
        number = next(numbers)
        events.extend(message(number, sent_at, recipient_id=recipient, link_token=f"t{number}"))
        if clicked_at is not None:
            events.append(clicked(number, sent_at, clicked_at))

    for days in recency:
        sent_to(f"days_{days}", ago(days=days + 1), ago(days=days))
    for count in frequency:
        sent_to(f"clicks_{count}", ago(days=80), None)
        for n in range(count):
            sent_to(f"clicks_{count}", ago(days=50, hours=n), ago(days=50, hours=n - 1))
    yield own.load(campaign(), *events)
    yield own.refresh(REPORT, CLOCK)
    found = engagement(own)
    assert {d: found[f"days_{d}#0"]["r_score"] for d in recency} == recency
    assert {c: found[f"clicks_{c}#0"]["f_score"] for c in frequency} == frequency


@in_step
def test_consent_is_that_of_the_person_who_had_the_line(own: Part) -> Steps:
    yield own.load(
        opt_out("sub_1", ago(days=50), new_status="OPTED_IN"),
        *message(1, ago(days=40)),
        opt_out("sub_1", ago(days=30), new_status="REASSIGNED"),
        *message(2, ago(days=20)),
        opt_out("sub_2", ago(days=30), new_status="PENDING_CONFIRM"),
        *message(3, ago(days=20), recipient_id="sub_2"),
    )
    yield own.refresh(REPORT, CLOCK)
    rows = engagement(own)
    assert {key: row["subscription_status"] for key, row in rows.items()} == {
        "sub_1#0": "ENDED",
        "sub_1#1": "REASSIGNED",
        "sub_2#0": "PENDING_CONFIRM",
    }


@in_step(
    cases={
        "two clicks": ([9, 9], None),
        "three clicks": ([9, 9, 17], 9),
        "as many of two hours": ([17, 9, 17, 9], 9),
        "late in the evening": ([23, 23, 1], 23),
    }
)
def test_the_preferred_hour_needs_three_clicks_and_is_the_smallest_of_several(
    own: Part, hours: list[int], preferred: int | None
) -> Steps:
    sent_at = ago(days=20)
    yield own.load(
        *message(1, sent_at, recipient_tz="Asia/Tokyo"),
        *(
            clicked(1, sent_at, datetime(2026, 6, 1) + timedelta(days=n, hours=hour - 9))
            for n, hour in enumerate(hours)
        ),
    )
    yield own.refresh(REPORT, CLOCK)
    assert engagement(own)["sub_1#0"]["preferred_hour_local"] == preferred


def _rows(redshift: Redshift) -> list[dict[str, Any]]:
    with redshift.session("tests") as session:
        return session.records(
            f"select * from reports.{REPORT} order by snapshot_date, recipient_key"
        )


def test_each_week_keeps_its_rows_and_the_newest_is_current(redshift: Redshift) -> None:
    load(redshift, *message(1, NOON))
    sunday, monday = datetime(2026, 6, 7, 23, 59), datetime(2026, 6, 8)
    for as_of in (sunday - timedelta(days=1), sunday, monday):
        refresh(redshift, REPORT, as_of=as_of, report_tz="UTC")
    assert [(r["snapshot_date"], r["as_of"], r["is_current"]) for r in _rows(redshift)] == [
        (date(2026, 6, 1), sunday, False),
        (date(2026, 6, 8), monday, True),
    ]
    # A week of the past, computed again, does not become the newest.
    refresh(redshift, REPORT, as_of=sunday, report_tz="UTC")
    assert [r["is_current"] for r in _rows(redshift)] == [False, True]


def test_thirteen_weeks_are_kept(redshift: Redshift) -> None:
    load(redshift, *message(1, NOON))
    for weeks in (12, 13, 14, 0):
        refresh(redshift, REPORT, as_of=ago(weeks=weeks), report_tz="UTC")
    kept = [row["snapshot_date"] for row in _rows(redshift)]
    assert kept == [date(2026, 6, 8) - timedelta(weeks=12), date(2026, 6, 8)]
