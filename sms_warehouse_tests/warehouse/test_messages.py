"""What fact_message says of a message: the rules of delivery, attempts, answers, opt-outs and time zones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from sms_warehouse.landing.events import EVENTS, INTEGER_RANGES, Kind
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.reference.logs import variants
from sms_warehouse_tests.warehouse.world import (
    NOON,
    Event,
    Facts,
    at,
    campaign,
    click,
    event,
    load,
    message_id,
    opt_out,
    receipt,
    refresh_all,
    submitted,
)

M = message_id()


def check(facts: Facts, message: str, **expected: Any) -> None:
    row = facts.message(message)
    assert {name: row[name] for name in expected} == expected


@dataclass(frozen=True)
class Scenario:
    """A promise, the events of one message, and what fact_message then says."""

    promise: str
    events: Callable[[str], list[Event]]
    expected: dict[str, Any]


SCENARIOS = [
    Scenario(
        "a delivered message is delivered",
        lambda m: [
            submitted(m),
            receipt(m, "SENT", at(seconds=1)),
            receipt(m, "DELIVERED", at(seconds=4)),
        ],
        {
            "delivery_state": "DELIVERED",
            "delivery_rank": 60,
            "receipts": 2,
            "sent_at": NOON,
            "first_receipt_at": at(seconds=1),
            "delivered_at": at(seconds=4),
            "last_receipt_at": at(seconds=4),
            "segments_delivered": 1,
            "conflicting_final": False,
            "is_stub": False,
        },
    ),
    Scenario(
        "one failed part fails the message",
        lambda m: [
            submitted(m, segment_count=2),
            receipt(m, "UNDELIVERED", at(seconds=2), error_code="012", error_permanent=True),
            receipt(m, "DELIVERED", at(seconds=9), segment_seq=2),
        ],
        {
            "delivery_state": "UNDELIVERED",
            "segments_delivered": 1,
            "segments_failed": 1,
            "delivered_at": None,
            "failed_at": at(seconds=2),
            "final_error_code": "012",
            "failure_category": "INVALID_NUMBER",
            "failure_permanent": True,
        },
    ),
    Scenario(
        "receipts for parts outweigh one for the whole message",
        lambda m: [
            submitted(m, segment_count=2),
            receipt(m, "DELIVERED", at(seconds=9), segment_seq=None),
            receipt(m, "CARRIER_ACCEPTED", at(seconds=2)),
            receipt(m, "DELIVERED", at(seconds=3), segment_seq=2),
        ],
        {
            "delivery_state": "CARRIER_ACCEPTED",
            "delivery_level": "CARRIER",
            "carrier_accepted_at": at(seconds=2),
        },
    ),
    Scenario(
        "a receipt for the whole message speaks for all parts",
        lambda m: [
            submitted(m, segment_count=3),
            receipt(m, "DELIVERED", at(seconds=9), segment_seq=None),
        ],
        {"delivery_state": "DELIVERED", "segments_delivered": 3},
    ),
    Scenario(
        "a receipt that counts fewer parts delivered than sent is not delivery",
        lambda m: [
            submitted(m, segment_count=2),
            receipt(
                m,
                "DELIVERED",
                at(seconds=9),
                segment_seq=None,
                receipt_text="id:1d305b4c sub:002 dlvrd:001 submit date:2603101200 stat:DELIVRD err:000",
            ),
        ],
        {"delivery_state": "SENT", "delivered_at": None},
    ),
    Scenario(
        "what only the carrier accepted is not delivered",
        lambda m: [
            submitted(m),
            receipt(m, "CARRIER_ACCEPTED", at(seconds=2)),
            receipt(m, "SENT", at(seconds=3)),
        ],
        {"delivery_state": "CARRIER_ACCEPTED", "delivered_at": None},
    ),
    Scenario(
        "a second attempt that delivers makes up for the first",
        lambda m: [
            submitted(m),
            receipt(m, "FAILED", at(seconds=30), error_code="069"),
            submitted(m, at(minutes=1), attempt_no=2),
            receipt(m, "DELIVERED", at(minutes=2), attempt_no=2),
        ],
        {"delivery_state": "DELIVERED", "attempts": 2, "sent_at": NOON, "failure_category": None},
    ),
    Scenario(
        "the latest attempt counts when none delivered",
        lambda m: [
            submitted(m),
            receipt(m, "FAILED", at(seconds=30), error_code="069"),
            submitted(m, at(minutes=1), attempt_no=2),
        ],
        {"delivery_state": "SENT", "attempts": 2, "final_error_code": None},
    ),
    Scenario(
        "an attempt that was refused leaves the state of the one before",
        lambda m: [
            submitted(m),
            receipt(m, "FAILED", at(seconds=30), error_code="069"),
            submitted(
                m, at(minutes=1), attempt_no=2, submit_status="REJECTED", submit_error_code="30001"
            ),
        ],
        {"delivery_state": "FAILED", "submit_status": "REJECTED", "final_error_code": "069"},
    ),
    Scenario(
        "an error code nobody mapped is unknown",
        lambda m: [
            submitted(m),
            receipt(m, "EXPIRED", at(seconds=30), error_code="9F3"),
        ],
        {"failure_category": "UNKNOWN", "final_error_code": "9F3", "failure_permanent": None},
    ),
    Scenario(
        "an expiry without a code is still an expiry",
        lambda m: [
            submitted(m),
            receipt(m, "EXPIRED", at(seconds=30)),
        ],
        {"failure_category": "EXPIRED_TTL", "final_error_code": None, "failure_permanent": False},
    ),
    Scenario(
        "a suppressed message was never sent",
        lambda m: [
            submitted(m, submit_status="SUPPRESSED", suppress_reason="QUIET_HOURS"),
        ],
        {
            "submit_status": "SUPPRESSED",
            "suppress_reason": "QUIET_HOURS",
            "sent_at": None,
            "sent_date": None,
            "delivery_state": None,
            "cohort_date": NOON.date(),
            "is_stub": False,
        },
    ),
    Scenario(
        "a refused message fails with what the provider answered",
        lambda m: [
            submitted(m, submit_status="REJECTED", submit_error_code="ESME_RINVDSTADR"),
        ],
        {
            "sent_at": None,
            "delivery_state": None,
            "final_error_code": "ESME_RINVDSTADR",
            "failure_category": "INVALID_NUMBER",
            "failure_permanent": True,
        },
    ),
    Scenario(
        "clicks do not change what receipts say",
        lambda m: [
            submitted(m),
            click(m, at(minutes=3)),
        ],
        {
            "delivery_state": "SENT",
            "human_clicks": 1,
            "first_click_at": at(minutes=3),
            "sec_to_first_click": 180,
        },
    ),
]


@pytest.fixture(scope="module")
def scenarios(module_warehouse: Redshift) -> dict[str, dict[str, Any]]:
    """What fact_message says of each scenario, by promise; all are landed and applied together."""
    messages = {s.promise: message_id(n) for n, s in enumerate(SCENARIOS)}
    redshift = module_warehouse
    load(redshift, *(e for s in SCENARIOS for e in s.events(messages[s.promise])))
    return {
        promise: dict(Facts(redshift).message(message)) for promise, message in messages.items()
    }


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.promise)
def test_message(scenario: Scenario, scenarios: dict[str, dict[str, Any]]) -> None:
    row = scenarios[scenario.promise]
    assert {name: row[name] for name in scenario.expected} == scenario.expected


@pytest.mark.parametrize(("letter", "end"), [("Ⱥ", 0), ("ɐ", 1), ("𐀀", 1)])
def test_no_text_or_number_that_may_land_stops_a_load_or_a_report(
    redshift: Redshift, facts: Facts, letter: str, end: int
) -> None:
    """Every field as long as it may be, of letters that take more bytes in lower or upper case, or four each."""
    size = len(letter.encode())
    filled = {
        event_type: {
            f.name: INTEGER_RANGES[f.kind][end]
            if f.kind in INTEGER_RANGES
            else letter * ((f.max_bytes or 0) // size)
            for f in contract.fields
            if f.kind in INTEGER_RANGES or (f.kind in (Kind.TEXT, Kind.KEY) and not f.choices)
            if f.name not in ("event_id", "event_type", "source", "schema_version")
        }
        for event_type, contract in EVENTS.items()
    }
    app = letter * 60 + "/1.0 CFNetwork/1240.0.4 Darwin/20.6.0"
    long_id = letter * 64
    filled["campaign_upserted"]["variants"] = variants(
        {"variant_id": "a", "allocation_pct": 50, "is_control": True},
        {"variant_id": long_id, "name": letter * 512, "allocation_pct": 50},
    )
    about: dict[str, dict[str, Any]] = {
        "message_submitted": {"message_id": M},
        "delivery_receipt": {"message_id": M, "status": "FAILED"},
        "link_click": {"message_id": M, "referer": f"https://{letter * (2039 // size)}/"},
    }
    events = [
        event(event_type, at(minutes=n), **(fields | about.get(event_type, {})))
        for n, (event_type, fields) in enumerate(filled.items())
    ]
    request = filled["link_click"] | about["link_click"]
    tap = request | {"user_agent": app, "method": "GET", "sec_purpose": None}
    campaign_id = filled["message_submitted"]["campaign_id"]
    plain = submitted(message_id(2), campaign_id=campaign_id, variant_id="a")
    load(redshift, *events, plain, event("link_click", at(hours=1), **tap))
    check(facts, M, receipts=1, click_requests=2, campaign_id=campaign_id)
    (agent,) = facts.rows("dim_user_agent", "user_agent", app)
    assert agent["browser"] == letter * (64 // size)
    refresh_all(redshift, at(days=4))
    with redshift.session("tests") as session:
        compared = session.rows("select variant_id from reports.ab_variant where attempted = 0")
    assert (long_id,) in compared


def test_a_receipt_before_its_submission_makes_a_stub_that_the_submission_completes(
    redshift: Redshift, facts: Facts
) -> None:
    load(redshift, receipt(M, "DELIVERED", at(seconds=4)))
    check(facts, M, is_stub=True, delivery_state="DELIVERED", sent_at=None, campaign_id=None)
    load(redshift, submitted(M))
    load(redshift, receipt(M, "SENT", at(seconds=1)))
    check(facts, M, is_stub=False, delivery_state="DELIVERED", receipts=2, sent_at=NOON)


@pytest.mark.parametrize("delivered_after", [1, 100])
def test_delivery_beats_expiry_of_the_same_part_in_either_order(
    redshift: Redshift, facts: Facts, delivered_after: int
) -> None:
    load(
        redshift,
        submitted(M),
        receipt(M, "EXPIRED", at(minutes=10)),
        receipt(M, "DELIVERED", at(minutes=delivered_after)),
    )
    check(facts, M, delivery_state="DELIVERED", conflicting_final=True, failure_category=None)


def test_a_silent_part_keeps_the_message_under_way_until_it_is_delivered(
    redshift: Redshift, facts: Facts
) -> None:
    load(
        redshift,
        submitted(M, segment_count=3),
        receipt(M, "DELIVERED", at(seconds=2)),
        receipt(M, "DELIVERED", at(seconds=3), segment_seq=2),
    )
    check(facts, M, delivery_state="SENT", segments_delivered=2, delivered_at=None)
    load(redshift, receipt(M, "DELIVERED", at(days=5), segment_seq=3), day=date(2026, 3, 15))
    check(facts, M, delivery_state="DELIVERED", delivered_at=at(days=5))


def test_of_two_reports_of_one_attempt_the_earlier_counts(redshift: Redshift, facts: Facts) -> None:
    load(redshift, submitted(M, at(seconds=5), campaign_id="cmp_2"))
    load(redshift, submitted(M, NOON, campaign_id="cmp_1"))
    check(facts, M, campaign_id="cmp_1", sent_at=NOON, attempts=1)


def test_the_day_of_sending_is_the_campaigns_day(redshift: Redshift, facts: Facts) -> None:
    sent = datetime(2025, 3, 9, 4, 30)
    load(
        redshift,
        campaign(report_tz="America/New_York"),
        submitted(M, sent, recipient_tz="America/Los_Angeles"),
    )
    check(
        facts,
        M,
        sent_date=date(2025, 3, 9),
        sent_date_report=date(2025, 3, 8),
        report_tz="America/New_York",
        sent_hour_local=20,
        sent_dow_local=6,
    )


def test_a_campaign_that_comes_late_changes_the_day_of_its_messages(
    redshift: Redshift, facts: Facts
) -> None:
    sent = datetime(2025, 3, 9, 4, 30)
    load(redshift, submitted(M, sent))
    check(facts, M, sent_date_report=date(2025, 3, 9), report_tz="UTC")
    load(redshift, campaign(report_tz="America/New_York"))
    check(facts, M, sent_date_report=date(2025, 3, 8))
    load(redshift, campaign(version=2, report_tz="Asia/Tokyo", optout_window_hours=4))
    check(
        facts, M, sent_date_report=date(2025, 3, 9), report_tz="Asia/Tokyo", optout_window_hours=4
    )


def test_a_time_zone_nobody_knows_stops_nothing(redshift: Redshift, facts: Facts) -> None:
    load(redshift, campaign(report_tz="Mars/Olympus"), submitted(M, recipient_tz="EST5EDT4"))
    check(facts, M, report_tz="UTC", sent_date_report=NOON.date(), sent_hour_local=None)


def two_messages(**fields: Any) -> tuple[str, str, list[Event]]:
    """A message sent 26 hours before an opt-out at NOON and one sent 30 minutes before it, both delivered."""
    early, late = message_id(1, at(hours=-26)), message_id(2, at(minutes=-30))
    return (
        early,
        late,
        [
            submitted(early, at(hours=-26), **fields),
            receipt(early, "DELIVERED", at(hours=-25.9)),
            submitted(late, at(minutes=-30), **fields),
            receipt(late, "DELIVERED", at(minutes=-29)),
        ],
    )


def test_an_opt_out_is_put_down_to_the_last_message_delivered_within_the_window(
    redshift: Redshift, facts: Facts
) -> None:
    early, late, events = two_messages()
    stop = opt_out("sub_1", NOON)
    load(redshift, *events, stop)
    check(facts, late, opted_out_at=NOON)
    check(facts, early, opted_out_at=None)
    (row,) = facts.rows("fact_subscription_event", "event_id", stop.fields["event_id"])
    assert (row["attributed_message_id"], row["attribution_window_hours"]) == (late, 24)
    assert not row["is_attribution_due"]


def test_an_opt_out_moves_when_a_later_message_turns_up(redshift: Redshift, facts: Facts) -> None:
    early, late, events = two_messages()
    load(redshift, campaign(optout_window_hours=48), *events[:2], opt_out("sub_1", NOON))
    check(facts, early, opted_out_at=NOON)
    load(redshift, *events[2:])
    check(facts, late, opted_out_at=NOON)
    check(facts, early, opted_out_at=None)


def test_an_opt_out_moves_back_when_the_later_message_proves_undelivered(
    redshift: Redshift, facts: Facts
) -> None:
    early, late, events = two_messages(segment_count=2)
    events += [
        receipt(early, "DELIVERED", at(hours=-25.9), segment_seq=2),
        receipt(late, "DELIVERED", at(minutes=-28), segment_seq=2),
    ]
    load(redshift, campaign(optout_window_hours=48), *events, opt_out("sub_1", NOON))
    check(facts, late, opted_out_at=NOON)
    # A third part of the submission that counts: two are no longer all.
    load(redshift, submitted(late, at(minutes=-31), segment_count=3))
    check(facts, late, delivery_state="SENT", opted_out_at=None)
    check(facts, early, opted_out_at=NOON)


def test_an_opt_out_that_names_a_message_is_put_down_to_it(
    redshift: Redshift, facts: Facts
) -> None:
    early, late, events = two_messages()
    load(redshift, *events, opt_out("sub_1", NOON, in_reply_to_message_id=early))
    check(facts, early, opted_out_at=NOON)
    check(facts, late, opted_out_at=None)


def test_a_shorter_window_of_the_campaign_frees_the_opt_out(
    redshift: Redshift, facts: Facts
) -> None:
    _, late, events = two_messages()
    load(redshift, *events, opt_out("sub_1", at(hours=5)))
    check(facts, late, opted_out_at=at(hours=5))
    load(redshift, campaign(optout_window_hours=4))
    check(facts, late, opted_out_at=None)


def test_a_line_that_changed_hands_is_another_recipient_from_then_on(
    redshift: Redshift, facts: Facts
) -> None:
    before, after = message_id(1, at(days=-9)), message_id(2)
    load(redshift, submitted(before, at(days=-9)), submitted(after))
    check(facts, after, recipient_key="sub_1#0")
    for days, status in ((-5, "DEACTIVATED"), (-2, "REASSIGNED")):
        load(redshift, event("subscription_changed", at(days=days), new_status=status))
    check(facts, before, recipient_key="sub_1#0")
    check(facts, after, recipient_key="sub_1#2")


def test_an_answer_is_a_reply_and_stop_is_not(redshift: Redshift, facts: Facts) -> None:
    other = message_id(2)
    load(
        redshift,
        submitted(M),
        submitted(other),
        event("inbound_message", at(minutes=9), in_reply_to_message_id=M),
        event("inbound_message", at(minutes=8), in_reply_to_message_id=other, intent="STOP"),
    )
    check(facts, M, replied_at=at(minutes=9))
    check(facts, other, replied_at=None)


def test_a_message_knows_that_it_was_followed_up(redshift: Redshift, facts: Facts) -> None:
    reminder = message_id(2, at(days=2))
    load(redshift, submitted(M))
    load(redshift, submitted(reminder, at(days=2), follow_up_of_message_id=M))
    check(facts, M, followed_up_at=at(days=2))


def test_an_answer_alone_makes_no_message(redshift: Redshift, facts: Facts) -> None:
    load(redshift, event("inbound_message", NOON, in_reply_to_message_id=M))
    assert facts.rows("fact_message", "message_id", M) == []


def test_a_click_months_later_still_counts(redshift: Redshift, facts: Facts) -> None:
    load(redshift, submitted(M), receipt(M, "DELIVERED", at(seconds=5)))
    load(redshift, click(M, at(days=200)), day=NOON.date() + timedelta(days=200))
    check(facts, M, human_clicks=1, sec_to_first_click=200 * 86400, delivery_state="DELIVERED")


def test_an_event_from_the_future_counts_from_when_it_was_logged(
    redshift: Redshift, facts: Facts
) -> None:
    """A clock that is more than five minutes ahead would put the message into another day's cohort."""
    ahead, near = message_id(1), message_id(2)
    load(
        redshift,
        submitted(ahead, at(days=40), logged_at=NOON),
        submitted(near, at(minutes=5), logged_at=NOON),
    )
    check(facts, ahead, sent_at=NOON, sent_date=NOON.date())
    check(facts, near, sent_at=at(minutes=5))
