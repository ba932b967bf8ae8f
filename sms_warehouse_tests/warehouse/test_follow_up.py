"""Whom to follow up, when, and why not: the decision table over messages, for a clock of our choosing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sms_warehouse import sql
from sms_warehouse.follow_up import decision_table
from sms_warehouse.reports import refresh
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.warehouse.in_step import Part, Steps, in_step
from sms_warehouse_tests.warehouse.world import (
    Event,
    campaign,
    click,
    event,
    load,
    message_id,
    opt_out,
    receipt,
    submitted,
)

CLOCK = datetime(2026, 6, 10, 12)
REPORT = "followup_audience"


def ago(**before: float) -> datetime:
    return CLOCK - timedelta(**before)


def message(
    sent_at: datetime, status: str | None = "DELIVERED", number: int = 1, **fields: Any
) -> list[Event]:
    name = message_id(number, sent_at)
    error_code = fields.pop("error_code", None)
    sent = submitted(name, sent_at, **({"link_token": f"token-{number}"} | fields))
    if status is None:
        return [sent]
    at = sent_at + timedelta(seconds=10)
    return [sent, receipt(name, status, at, segment_seq=None, error_code=error_code)]


def clicked(sent_at: datetime, clicked_at: datetime, number: int = 1) -> Event:
    return click(message_id(number, sent_at), clicked_at)


def of_campaign(own: Part) -> dict[str, Any]:
    """The row of the one recipient in the campaign."""
    (row,) = own.report(REPORT, campaign_id="cmp_1")
    return row


def _rule_cases() -> Iterable[Any]:
    """Events, and the action they call for."""
    day, days = ago(hours=25), ago(days=4)
    yield "opted_out", [*message(day), opt_out("sub_1", ago(hours=24, minutes=30))], "NONE"
    yield "opted_out_elsewhere", [*message(days), opt_out("sub_1", ago(hours=1))], "NONE"
    yield "never_accepted", message(day, None, submit_status="REJECTED"), "NO_ACTION"
    yield "pending", message(ago(hours=71, minutes=59), None), "WAIT"
    yield "pending_though_clicked", [*message(day, None), clicked(day, ago(hours=1))], "WAIT"
    yield "clicked", [*message(day), clicked(day, ago(hours=1))], "NURTURE_CLICKER"
    yield (
        "clicked_and_never_confirmed",
        [*message(days, None), clicked(days, ago(hours=1))],
        "NURTURE_CLICKER",
    )
    yield "failed_for_good", message(day, "UNDELIVERED", error_code="001"), "SUPPRESS_NUMBER"
    yield (
        "filtered",
        message(day, "UNDELIVERED", error_code="30007", provider="twilio")[:1]
        + [receipt(message_id(1, day), "UNDELIVERED", day, error_code="30007", provider="twilio")],
        "HOLD_CONTENT_REVIEW",
    )
    yield "failed_in_passing", message(day, "UNDELIVERED", error_code="034"), "RESEND"
    yield (
        "failed_twice",
        [
            submitted(message_id(1, day), day),
            submitted(message_id(1, day), ago(hours=24), attempt_no=2),
            receipt(message_id(1, day), "UNDELIVERED", ago(hours=23), attempt_no=2),
        ],
        "NO_ACTION",
    )
    yield "unknown_after_72_hours", message(ago(hours=72), None), "ALT_CHANNEL"
    yield "delivered_less_than_a_day_ago", message(ago(hours=23, minutes=59)), "NO_ACTION"
    yield "delivered_a_day_ago", message(ago(hours=24)), "REMIND_NON_CLICKER"
    yield "delivered_without_a_link", message(ago(hours=24), link_token=None), "NO_ACTION"
    yield (
        "delivered_almost_a_week_ago",
        message(ago(days=7) + timedelta(minutes=1)),
        ("REMIND_NON_CLICKER"),
    )
    yield "delivered_a_week_ago", message(ago(days=7)), "NO_ACTION"
    yield (
        "reminded_by_a_message_of_another_campaign",
        [
            *message(days),
            submitted(
                message_id(2, day),
                day,
                campaign_id="another",
                submit_status="ACCEPTED",
                follow_up_of_message_id=message_id(1, days),
            ),
        ],
        "NO_ACTION",
    )
    yield "a_reminder_itself", message(day, follow_up_of_message_id=message_id(9)), "NO_ACTION"
    yield (
        "only_machines_clicked",
        [*message(day), click(message_id(1, day), ago(hours=2), method="HEAD")],
        "REMIND_NON_CLICKER",
    )


@in_step(cases={name: given for name, *given in _rule_cases()})
def test_what_a_message_calls_for(own: Part, events: list[Event], action: str) -> Steps:
    yield own.load(*events)
    yield own.refresh(REPORT, CLOCK)
    assert of_campaign(own)["action"] == action


@in_step
def test_the_latest_message_of_the_last_14_days_speaks_for_its_campaign(own: Part) -> Steps:
    old, recent = ago(days=14), ago(days=3)
    yield own.load(
        *message(recent, number=2),
        *message(ago(days=5), number=1),
        *message(ago(days=1), None, number=3, submit_status="SUPPRESSED", suppress_reason="X"),
        *message(old, number=4, campaign_id="old"),
        *message(old + timedelta(seconds=1), number=5, campaign_id="young"),
        *message(CLOCK + timedelta(seconds=1), number=6),
        *message(ago(days=1), number=7, message_category="SERVICE"),
    )
    yield own.refresh(REPORT, CLOCK)
    found = {(row["campaign_id"], row["message_id"]) for row in own.report(REPORT)}
    assert found == {
        ("cmp_1", message_id(2, recent)),
        ("young", message_id(5, old + timedelta(seconds=1))),
    }


@in_step
def test_a_row_says_when_and_why(own: Part) -> Steps:
    sent_at = ago(days=2)
    yield own.load(*message(sent_at, recipient_tz="America/New_York"))
    yield own.refresh(REPORT, CLOCK)
    assert of_campaign(own) == {
        "campaign_id": "cmp_1",
        "recipient_key": "sub_1#0",
        "message_id": message_id(1, sent_at),
        "action": "REMIND_NON_CLICKER",
        "reason": "Delivered a day ago or more, and no click: remind once.",
        "rule_order": 90,
        # It is 8:00 in New York.
        "eligible_from": CLOCK,
        "eligible_until": sent_at + timedelta(days=7),
        "priority": 5,
        "is_eligible_now": True,
        "suppression_reason": None,
        "computed_at": CLOCK,
        "fresh_until": CLOCK + timedelta(minutes=15),
    }


@in_step
def test_a_rule_about_clicks_holds_from_the_last_click(own: Part) -> Steps:
    sent_at = ago(days=9)
    yield own.load(*message(sent_at), clicked(sent_at, ago(hours=71)))
    yield own.refresh(REPORT, CLOCK)
    row = of_campaign(own)
    assert (row["eligible_until"], row["suppression_reason"]) == (CLOCK + timedelta(hours=1), None)
    yield own.refresh(REPORT, CLOCK + timedelta(hours=1))
    late = of_campaign(own)
    assert (late["is_eligible_now"], late["suppression_reason"]) == (False, "EXPIRED")


def _suppression_cases() -> Iterable[Any]:
    sent_at = ago(days=2)
    due = message(sent_at)
    yield "consent_not_known", due, None
    yield "agreed", [*due, opt_out("sub_1", ago(days=9), new_status="OPTED_IN")], None
    yield (
        "not_confirmed",
        [*due, opt_out("sub_1", ago(days=9), new_status="PENDING_CONFIRM")],
        "NO_CONSENT",
    )
    yield (
        "the_line_has_a_new_owner_since",
        [*due, opt_out("sub_1", ago(days=1), new_status="REASSIGNED")],
        "LINE_ENDED",
    )
    yield (
        "the_new_owner_never_agreed",
        [*due, opt_out("sub_1", ago(days=9), new_status="REASSIGNED")],
        "NO_CONSENT",
    )
    yield (
        "the_line_is_dead",
        [*due, opt_out("sub_1", ago(days=9), new_status="DEACTIVATED")],
        "LINE_ENDED",
    )
    yield (
        "three_messages_in_a_week",
        [*due, *_others(2)],
        None,
    )
    yield "four_messages_in_a_week", [*due, *_others(3)], "FREQUENCY_CAP"
    yield "service_messages_do_not_count", [*due, *_others(3, message_category="SERVICE")], None
    yield "nor_do_refused_ones", [*due, *_others(3, submit_status="REJECTED")], None
    yield "nor_older_ones", [*due, *_others(2), *_others(3, first_at=ago(days=7, hours=3))], None
    yield (
        "clicked_and_followed_up",
        [
            *due,
            clicked(sent_at, ago(hours=3)),
            submitted(
                message_id(7, ago(hours=2)),
                ago(hours=2),
                campaign_id="another",
                follow_up_of_message_id=message_id(1, sent_at),
            ),
        ],
        "FOLLOWED_UP",
    )
    yield "quiet_in_tokyo", message(sent_at, recipient_tz="Asia/Tokyo"), "QUIET_HOURS"


def _others(count: int, first_at: datetime | None = None, **fields: Any) -> list[Event]:
    """Messages of another campaign to the same recipient, three days old unless told otherwise."""
    first_at = first_at or ago(days=3)
    return [
        submitted(message_id(n, first_at), first_at, campaign_id="another", **fields)
        for n in range(20, 20 + count)
    ]


@in_step(cases={name: given for name, *given in _suppression_cases()})
def test_why_a_recipient_is_left_alone(own: Part, events: list[Event], reason: str | None) -> Steps:
    yield own.load(*events)
    yield own.refresh(REPORT, CLOCK)
    row = of_campaign(own)
    assert row["suppression_reason"] == reason
    assert row["is_eligible_now"] == (reason is None)


NEW_YORK = "America/New_York"


_QUIET_CASES: list[tuple[str, str | None, str | None, str]] = [
    # Winter, 7:59 and 8:00 in New York, and 20:59 and 21:00.
    ("2026-01-14 12:59", NEW_YORK, None, "2026-01-14 13:00"),
    ("2026-01-14 13:00", NEW_YORK, None, "2026-01-14 13:00"),
    ("2026-01-15 01:59", NEW_YORK, None, "2026-01-15 01:59"),
    ("2026-01-15 02:00", NEW_YORK, None, "2026-01-15 13:00"),
    # The evening before clocks go forward, and before they go back.
    ("2026-03-08 02:30", NEW_YORK, None, "2026-03-08 12:00"),
    ("2026-11-01 02:30", NEW_YORK, None, "2026-11-01 13:00"),
    # Early in the morning of those days.
    ("2026-03-08 08:30", NEW_YORK, None, "2026-03-08 12:00"),
    ("2026-11-01 08:30", NEW_YORK, None, "2026-11-01 13:00"),
    # The last day of a year, east and west.
    ("2026-12-31 12:00", "Pacific/Auckland", None, "2026-12-31 19:00"),
    ("2026-12-31 10:00", "Pacific/Honolulu", None, "2026-12-31 18:00"),
    ("2026-01-14 03:00", "Asia/Kolkata", None, "2026-01-14 03:00"),
    # A zone nobody knows, and none: the campaign's, or UTC.
    ("2026-01-14 12:00", "Mars/Olympus", NEW_YORK, "2026-01-14 13:00"),
    ("2026-01-14 12:00", None, NEW_YORK, "2026-01-14 13:00"),
    ("2026-01-14 07:00", None, None, "2026-01-14 08:00"),
]


@in_step(cases={" ".join(map(str, case[:3])): case for case in _QUIET_CASES})
def test_quiet_hours_are_those_of_the_recipient(
    own: Part, as_of: str, zone: str | None, campaign_zone: str | None, expected: str
) -> Steps:
    clock = datetime.fromisoformat(as_of)
    sent_at = clock - timedelta(days=2)
    yield own.load(
        campaign(occurred_at=sent_at, report_tz=campaign_zone),
        *message(sent_at, recipient_tz=zone),
    )
    yield own.refresh(REPORT, clock)
    row = of_campaign(own)
    assert row["eligible_from"] == datetime.fromisoformat(expected)
    assert row["is_eligible_now"] == (row["eligible_from"] == clock)
    assert row["suppression_reason"] == (None if row["is_eligible_now"] else "QUIET_HOURS")


@in_step
def test_what_needs_no_contact_knows_no_quiet_hours(own: Part) -> Steps:
    sent_at = ago(hours=5)
    yield own.load(
        *message(sent_at, "UNDELIVERED", error_code="001", recipient_tz="Asia/Tokyo"),
        opt_out("sub_1", ago(days=9), new_status="PENDING_CONFIRM"),
    )
    yield own.refresh(REPORT, CLOCK)
    row = of_campaign(own)
    assert (row["action"], row["is_eligible_now"]) == ("SUPPRESS_NUMBER", True)
    assert (row["eligible_from"], row["eligible_until"]) == (CLOCK, None)


def test_a_message_and_the_audience_follow_the_same_rules(redshift: Redshift) -> None:
    """Also after the rules changed. Both clocks are now, because a view has no other."""
    now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    events = []
    for n, hours in enumerate((1, 30, 80, 100, 200)):
        sent_at = now - timedelta(hours=hours)
        for m, (status, code) in enumerate(
            [("DELIVERED", None), (None, None), ("UNDELIVERED", "034"), ("UNDELIVERED", "001")]
        ):
            number = 10 * n + m
            sub = f"sub_{number}"
            events += message(sent_at, status, number, recipient_id=sub, error_code=code)
            if m == n % 4:
                events.append(clicked(sent_at, sent_at + timedelta(minutes=30), number))
    answered = message_id(0, now - timedelta(hours=1))
    events.append(event("inbound_message", now, in_reply_to_message_id=answered))
    load(redshift, *events, day=now.date())

    def actions() -> dict[str, str]:
        refresh(redshift, REPORT, as_of=now, report_tz="UTC")
        with redshift.session("tests") as session:
            seen = session.rows(
                "select message_id, status.follow_up_action, audience.action"
                " from reports.message_status as status"
                " join reports.followup_audience as audience using (message_id)"
            )
        assert len(seen) == 20
        assert [one for _, one, _ in seen] == [other for _, _, other in seen]
        return {message: action for message, action, _ in seen}

    assert len(set(actions().values())) == 6
    decision_table.set_rules(
        redshift,
        _table(
            "1,,,true,false,,,,,,,,,ANSWER,CONTACT,x,1,",
            "2,,DELIVERED,,,,,,24,,,,,LATE,CONTACT,x,1,",
            "3,,FAILED,,,false,,,,90,,,,AGAIN,CONTACT,x,1,5",
            "4,,,,,,,,,,,,,NO_ACTION,NOTHING,x,1,",
        ),
    )
    changed = actions()
    assert changed[answered] == "NO_ACTION"  # it was clicked too
    assert set(changed.values()) == {"NO_ACTION", "LATE", "AGAIN"}


HEADER = (
    "rule_order,opted_out,outcome,engaged,clicked,failure_permanent,failure_category,max_attempts,"
    "min_age_hours,max_age_hours,followed_up,is_follow_up,has_link,action,effect,reason,priority,"
    "valid_hours"
)
CATCH_ALL = "99,,,,,,,,,,,,,NO_ACTION,NOTHING,nothing to do,9,"


def _table(*lines: str) -> str:
    return "\n".join([HEADER, *lines, ""])


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "line 1: column rule_order is missing"),
        (HEADER.replace("clicked", "klicked"), "line 1: 'klicked' is no column"),
        (HEADER + ",action", "line 1: column action twice"),
        (_table(), "there is no rule"),
        (_table("x" + CATCH_ALL), "line 2, column rule_order: 'x99' is not a whole number"),
        (_table("5,yes,,,,,,,,,,,,A,NOTHING,x,1,", CATCH_ALL), "line 2, column opted_out: 'yes'"),
        (_table("5,,LOST,,,,,,,,,,,A,NOTHING,x,1,", CATCH_ALL), "line 2, column outcome: 'LOST'"),
        (
            _table("5,,,,,,SPAM,,,,,,,A,NOTHING,x,1,", CATCH_ALL),
            "line 2, column failure_category: 'SPAM' is none of CARRIER_FILTERED",
        ),
        (_table("5,,,,,,,-1,,,,,,A,NOTHING,x,1,", CATCH_ALL), "line 2, column max_attempts: '-1'"),
        (_table("5,,,,,,,,24,24,,,,A,CONTACT,x,1,", CATCH_ALL), "line 2, column max_age_hours"),
        (_table("5,,,false,true,,,,,,,,,A,CONTACT,x,1,", CATCH_ALL), "line 2, column engaged"),
        (_table("5,true,,,,,,,,,,,,a b,NOTHING,x,1,", CATCH_ALL), "line 2, column action: 'a b'"),
        (
            _table("5,true,,,,,,,,,,,,,NOTHING,x,1,", CATCH_ALL),
            "line 2, column action: it must not",
        ),
        (_table("5,true,,,,,,,,,,,,A,SEND,x,1,", CATCH_ALL), "line 2, column effect: 'SEND'"),
        (_table("5,true,,,,,,,,,,,,A,NOTHING,x,0,", CATCH_ALL), "line 2, column priority: '0'"),
        (_table("5,true,,,,,,,,,,,,A,NOTHING,x,1,7", CATCH_ALL), "line 2, column valid_hours"),
        (_table(CATCH_ALL, CATCH_ALL), "line 3, column rule_order: 99 is line 2's too"),
        (_table("5,,,,,,,,,,,,,A,NOTHING,x,1,", CATCH_ALL), "line 2: it fits every message"),
        (
            _table("5,true,,,,,,,,,,,,A,NOTHING,x,1,"),
            "line 2: the last rule must fit every message",
        ),
        (_table("5,true", CATCH_ALL), "line 2: 2 cells, and the header names 18"),
        (_table('5,true,,,,,,,,,,,,A,NOTHING,"x,1,'), "line 2: unexpected end of data"),
        (_table("5,true,,,,,,,,,,,,A,NOTHING," + "é" * 129 + ",1,", CATCH_ALL), "column reason"),
    ],
)
def test_a_mistake_in_the_rules_is_named_and_changes_nothing(text: str, mistake: str) -> None:
    with pytest.raises(decision_table.RulesRefused) as refused:
        decision_table.parse(text, {"CARRIER_FILTERED", "UNKNOWN"})
    assert any(mistake in said for said in refused.value.mistakes), refused.value.mistakes


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(decision_table.RulesRefused) as refused:
        decision_table.parse(
            _table("5,yes,LOST,,,,,,,,,,,A,NOTHING,x,1,", "6,,,maybe,,,,,,,,,,,,,,"), {}
        )
    assert len(refused.value.mistakes) == 7


def test_who_opted_out_is_not_contacted_whatever_the_rules_say(redshift: Redshift) -> None:
    """Somebody has taken the rule of those who opted out from the table."""
    decision_table.set_rules(redshift, _table("1,,,,,,,,,,,,,REMIND,CONTACT,x,1,"))
    sent_at = ago(hours=30)
    load(
        redshift,
        campaign(),
        *message(sent_at, recipient_id="sub_1"),
        *message(sent_at, number=2, recipient_id="sub_2"),
        opt_out("sub_1", ago(hours=20)),
    )
    refresh(redshift, REPORT, as_of=CLOCK, report_tz="UTC")
    with redshift.session("tests") as session:
        found = session.rows(
            f"select recipient_key, is_eligible_now, suppression_reason from reports.{REPORT} order by 1"
        )
    assert found == [("sub_1#0", False, "OPTED_OUT"), ("sub_2#0", True, None)]


def test_rules_printed_and_read_again_are_the_same(redshift: Redshift) -> None:
    with redshift.session("tests") as session:
        before = decision_table.rules(session)
        text = decision_table.as_csv(before)
    # As a spreadsheet would save it.
    changes = decision_table.set_rules(redshift, "\ufeff" + text.replace("\n", "\r\n"))
    assert changes == decision_table.RuleChanges(10, [], [], {})
    with redshift.session("tests") as session:
        assert decision_table.rules(session) == before


def test_rules_and_settings_of_a_person_outlive_a_migration(redshift: Redshift) -> None:
    decision_table.set_rules(redshift, _table(CATCH_ALL))
    decision_table.set_settings(redshift, {"cap_messages": 1})
    with redshift.session("tests") as session:
        for table in ("follow_up_rule", "follow_up_setting"):
            sql.run(session, f"reference/{table}")
        assert [rule["action"] for rule in decision_table.rules(session)] == ["NO_ACTION"]
        assert decision_table.settings(session)["cap_messages"] == 1


def test_hours_that_allow_nothing_are_refused(redshift: Redshift) -> None:
    with pytest.raises(decision_table.FollowUpFailed, match="21, is not before the end hour, 21"):
        decision_table.set_settings(redshift, {"first_hour": 21})
