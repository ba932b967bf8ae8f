"""What fact_message says of a message: the rules of delivery, attempts, answers, opt-outs and time zones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sms_warehouse.landing.events import EVENTS, INTEGER_RANGES, Kind
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.reference.logs import variants
from sms_warehouse_tests.warehouse.in_step import Part, Steps, in_step
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


def check(own: Part | Facts, message: str, **expected: Any) -> None:
    row = own.message(message)
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


@in_step(cases={scenario.promise: (scenario,) for scenario in SCENARIOS})
def test_message(own: Part, scenario: Scenario) -> Steps:
    yield own.load(*scenario.events(M))
    check(own, M, **scenario.expected)


def test_no_text_or_number_that_may_land_stops_a_load_or_a_report(
    redshift: Redshift, facts: Facts
) -> None:
    """Every field as long as it may be, of letters that take more bytes in lower or upper case, or four each."""
    cases = [("Ⱥ", 0), ("ɐ", 1), ("𐀀", 1)]
    worlds = {
        message_id(n): full_events(message_id(n), letter, end)
        for n, (letter, end) in enumerate(cases)
    }
    load(redshift, *(e for events in worlds.values() for e in events))
    refresh_all(redshift, at(days=4))
    with redshift.session("tests") as session:
        compared = session.rows("select variant_id from reports.ab_variant where attempted = 0")
    for (message, events), (letter, _) in zip(worlds.items(), cases, strict=True):
        campaign_id = events[0].fields["campaign_id"]
        check(facts, message, receipts=1, click_requests=2, campaign_id=campaign_id)
        (agent,) = facts.rows("dim_user_agent", "user_agent", letter * 60 + APP)
        assert agent["browser"] == letter * (64 // len(letter.encode()))
        assert (letter * 64,) in compared


APP = "/1.0 CFNetwork/1240.0.4 Darwin/20.6.0"


def full_events(message: str, letter: str, end: int) -> list[Event]:
    """Events of all types about a message, and one of another message in the same campaign."""
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
    filled["campaign_upserted"]["variants"] = variants(
        {"variant_id": "a", "allocation_pct": 50, "is_control": True},
        {"variant_id": letter * 64, "name": letter * 512, "allocation_pct": 50},
    )
    about: dict[str, dict[str, Any]] = {
        "message_submitted": {"message_id": message},
        "delivery_receipt": {"message_id": message, "status": "FAILED"},
        "link_click": {"message_id": message, "referer": f"https://{letter * (2039 // size)}/"},
    }
    events = [
        event(event_type, at(minutes=n), **(fields | about.get(event_type, {})))
        for n, (event_type, fields) in enumerate(filled.items())
    ]
    request = filled["link_click"] | about["link_click"]
    tap = request | {"user_agent": letter * 60 + APP, "method": "GET", "sec_purpose": None}
    campaign_id = filled["message_submitted"]["campaign_id"]
    other = message_id(int(message[-4:], 36))
    plain = submitted(other, campaign_id=campaign_id, variant_id="a")
    return [*events, plain, event("link_click", at(hours=1), **tap)]


@in_step
def test_a_receipt_before_its_submission_makes_a_stub_that_the_submission_completes(
    own: Part,
) -> Steps:
    yield own.load(receipt(M, "DELIVERED", at(seconds=4)))
    check(own, M, is_stub=True, delivery_state="DELIVERED", sent_at=None, campaign_id=None)
    yield own.load(submitted(M))
    yield own.load(receipt(M, "SENT", at(seconds=1)))
    check(own, M, is_stub=False, delivery_state="DELIVERED", receipts=2, sent_at=NOON)


@in_step(cases={"before": (1,), "after": (100,)})
def test_delivery_beats_expiry_of_the_same_part_in_either_order(
    own: Part, delivered_after: int
) -> Steps:
    yield own.load(
        submitted(M),
        receipt(M, "EXPIRED", at(minutes=10)),
        receipt(M, "DELIVERED", at(minutes=delivered_after)),
    )
    check(own, M, delivery_state="DELIVERED", conflicting_final=True, failure_category=None)


@in_step
def test_a_silent_part_keeps_the_message_under_way_until_it_is_delivered(own: Part) -> Steps:
    yield own.load(
        submitted(M, segment_count=3),
        receipt(M, "DELIVERED", at(seconds=2)),
        receipt(M, "DELIVERED", at(seconds=3), segment_seq=2),
    )
    check(own, M, delivery_state="SENT", segments_delivered=2, delivered_at=None)
    yield own.load(receipt(M, "DELIVERED", at(days=5), segment_seq=3), day=date(2026, 3, 15))
    check(own, M, delivery_state="DELIVERED", delivered_at=at(days=5))


@in_step
def test_of_two_reports_of_one_attempt_the_earlier_counts(own: Part) -> Steps:
    yield own.load(submitted(M, at(seconds=5), campaign_id="cmp_2"))
    yield own.load(submitted(M, NOON, campaign_id="cmp_1"))
    check(own, M, campaign_id="cmp_1", sent_at=NOON, attempts=1)


@in_step
def test_the_day_of_sending_is_the_campaigns_day(own: Part) -> Steps:
    sent = datetime(2025, 3, 9, 4, 30)
    yield own.load(
        campaign(report_tz="America/New_York"),
        submitted(M, sent, recipient_tz="America/Los_Angeles"),
    )
    check(
        own,
        M,
        sent_date=date(2025, 3, 9),
        sent_date_report=date(2025, 3, 8),
        report_tz="America/New_York",
        sent_hour_local=20,
        sent_dow_local=6,
    )


@in_step
def test_a_campaign_that_comes_late_changes_the_day_of_its_messages(own: Part) -> Steps:
    sent = datetime(2025, 3, 9, 4, 30)
    yield own.load(submitted(M, sent))
    check(own, M, sent_date_report=date(2025, 3, 9), report_tz="UTC")
    yield own.load(campaign(report_tz="America/New_York"))
    check(own, M, sent_date_report=date(2025, 3, 8))
    yield own.load(campaign(version=2, report_tz="Asia/Tokyo", optout_window_hours=4))
    check(own, M, sent_date_report=date(2025, 3, 9), report_tz="Asia/Tokyo", optout_window_hours=4)


@in_step
def test_a_time_zone_nobody_knows_stops_nothing(own: Part) -> Steps:
    yield own.load(campaign(report_tz="Mars/Olympus"), submitted(M, recipient_tz="EST5EDT4"))
    check(own, M, report_tz="UTC", sent_date_report=NOON.date(), sent_hour_local=None)


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


@in_step
def test_an_opt_out_is_put_down_to_the_last_message_delivered_within_the_window(own: Part) -> Steps:
    early, late, events = two_messages()
    stop = opt_out("sub_1", NOON)
    yield own.load(*events, stop)
    check(own, late, opted_out_at=NOON)
    check(own, early, opted_out_at=None)
    row = own.of_event("fact_subscription_event", stop)
    assert (row["attributed_message_id"], row["attribution_window_hours"]) == (late, 24)
    assert not row["is_attribution_due"]


@in_step
def test_an_opt_out_moves_when_a_later_message_turns_up(own: Part) -> Steps:
    early, late, events = two_messages()
    yield own.load(campaign(optout_window_hours=48), *events[:2], opt_out("sub_1", NOON))
    check(own, early, opted_out_at=NOON)
    yield own.load(*events[2:])
    check(own, late, opted_out_at=NOON)
    check(own, early, opted_out_at=None)


@in_step
def test_an_opt_out_moves_back_when_the_later_message_proves_undelivered(own: Part) -> Steps:
    early, late, events = two_messages(segment_count=2)
    events += [
        receipt(early, "DELIVERED", at(hours=-25.9), segment_seq=2),
        receipt(late, "DELIVERED", at(minutes=-28), segment_seq=2),
    ]
    yield own.load(campaign(optout_window_hours=48), *events, opt_out("sub_1", NOON))
    check(own, late, opted_out_at=NOON)
    # A third part of the submission that counts: two are no longer all.
    yield own.load(submitted(late, at(minutes=-31), segment_count=3))
    check(own, late, delivery_state="SENT", opted_out_at=None)
    check(own, early, opted_out_at=NOON)


@in_step
def test_an_opt_out_that_names_a_message_is_put_down_to_it(own: Part) -> Steps:
    early, late, events = two_messages()
    yield own.load(*events, opt_out("sub_1", NOON, in_reply_to_message_id=early))
    check(own, early, opted_out_at=NOON)
    check(own, late, opted_out_at=None)


@in_step
def test_a_shorter_window_of_the_campaign_frees_the_opt_out(own: Part) -> Steps:
    _, late, events = two_messages()
    yield own.load(*events, opt_out("sub_1", at(hours=5)))
    check(own, late, opted_out_at=at(hours=5))
    yield own.load(campaign(optout_window_hours=4))
    check(own, late, opted_out_at=None)


@in_step
def test_a_line_that_changed_hands_is_another_recipient_from_then_on(own: Part) -> Steps:
    before, after = message_id(1, at(days=-9)), message_id(2)
    yield own.load(submitted(before, at(days=-9)), submitted(after))
    check(own, after, recipient_key="sub_1#0")
    for days, status in ((-5, "DEACTIVATED"), (-2, "REASSIGNED")):
        yield own.load(event("subscription_changed", at(days=days), new_status=status))
    check(own, before, recipient_key="sub_1#0")
    check(own, after, recipient_key="sub_1#2")


@in_step
def test_an_answer_is_a_reply_and_stop_is_not(own: Part) -> Steps:
    other = message_id(2)
    yield own.load(
        submitted(M),
        submitted(other),
        event("inbound_message", at(minutes=9), in_reply_to_message_id=M),
        event("inbound_message", at(minutes=8), in_reply_to_message_id=other, intent="STOP"),
    )
    check(own, M, replied_at=at(minutes=9))
    check(own, other, replied_at=None)


@in_step
def test_a_message_knows_that_it_was_followed_up(own: Part) -> Steps:
    reminder = message_id(2, at(days=2))
    yield own.load(submitted(M))
    yield own.load(submitted(reminder, at(days=2), follow_up_of_message_id=M))
    check(own, M, followed_up_at=at(days=2))


@in_step
def test_an_answer_alone_makes_no_message(own: Part) -> Steps:
    yield own.load(event("inbound_message", NOON, in_reply_to_message_id=M))
    assert own.rows("fact_message", "message_id", M) == []


@in_step
def test_a_click_months_later_still_counts(own: Part) -> Steps:
    yield own.load(submitted(M), receipt(M, "DELIVERED", at(seconds=5)))
    yield own.load(click(M, at(days=200)), day=NOON.date() + timedelta(days=200))
    check(own, M, human_clicks=1, sec_to_first_click=200 * 86400, delivery_state="DELIVERED")


@in_step
def test_an_event_from_the_future_counts_from_when_it_was_logged(own: Part) -> Steps:
    """A clock that is more than five minutes ahead would put the message into another day's cohort."""
    ahead, near = message_id(1), message_id(2)
    yield own.load(
        submitted(ahead, at(days=40), logged_at=NOON),
        submitted(near, at(minutes=5), logged_at=NOON),
    )
    check(own, ahead, sent_at=NOON, sent_date=NOON.date())
    check(own, near, sent_at=at(minutes=5))
