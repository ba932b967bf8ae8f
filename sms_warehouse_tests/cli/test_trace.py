"""``sms-warehouse trace`` tells every event of a message or recipient, where it stands and what was made of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse.trace.lines import base64_parts
from sms_warehouse_tests.cli.conftest import Begin, Command
from sms_warehouse_tests.warehouse.world import (
    DAY,
    NOON,
    PREVIEW,
    Content,
    Event,
    Facts,
    apply_all,
    at,
    campaign,
    click,
    event,
    land,
    message_id,
    objects,
    opt_out,
    receipt,
    submitted,
)

M = message_id()
Tell = Callable[..., dict[str, Any]]


@pytest.fixture
def tell(command: Command) -> Tell:
    """What the command tells of a name, read back from its JSON."""

    def run(name: str, *options: str) -> dict[str, Any]:
        result = command("trace", name, "--json", *options)
        assert result.exit_code == 0, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    return run


def ids(told: dict[str, Any]) -> list[str]:
    return [e["event_id"] for e in told["events"]]


def made_of(told: dict[str, Any], one: Event) -> str:
    (found,) = [e for e in told["events"] if e["event_id"] == one.fields["event_id"]]
    return "; ".join(found["made_of_it"])


def named(name: str, *events: Event) -> list[Event]:
    """Events whose ids say what they are for; a world that was made once is known by them."""
    return [
        Event(e.event_type, {**e.fields, "event_id": f"{name}-{number}"})
        for number, e in enumerate(events, start=1)
    ]


STORY = named(
    "story",
    submitted(M, NOON, segment_count=2, submit_status="REJECTED", submit_error_code="088"),
    submitted(M, at(seconds=5), attempt_no=2, segment_count=2),
    receipt(M, "EXPIRED", at(seconds=8), attempt_no=2, segment_seq=1),
    receipt(M, "DELIVERED", at(seconds=9), attempt_no=2, segment_seq=1),
    receipt(M, "DELIVERED", at(seconds=10), attempt_no=2, segment_seq=2),
    click(M, at(minutes=1), user_agent=PREVIEW),
    click(M, at(minutes=2)),
    click(M, at(minutes=2, seconds=1)),
    event("inbound_message", at(minutes=3), in_reply_to_message_id=M),
    opt_out("sub_1", at(minutes=4)),
)
"""A message of two parts that was tried twice, clicked by a machine and a person, answered and refused."""

COPIED = named("copied", submitted(message_id(2), recipient_id="sub_2"))
LATE_COPY = Event(COPIED[0].event_type, {**COPIED[0].fields, "logged_at": at(hours=1)})

AT_ONCE = named("at-once", submitted(message_id(3), recipient_id="sub_3"))
AT_ONCE_TOO = Event(AT_ONCE[0].event_type, {**AT_ONCE[0].fields, "template_id": "t"})

REPORTED_TWICE = named(
    "reported-twice",
    submitted(message_id(4), recipient_id="sub_4"),
    submitted(message_id(4), at(minutes=1), recipient_id="sub_4", campaign_id="cmp_2"),
)
WHOLE_AND_PART = named(
    "whole-and-part",
    submitted(message_id(5), recipient_id="sub_5"),
    receipt(message_id(5), "DELIVERED", at(seconds=9), segment_seq=None),
    receipt(message_id(5), "UNDELIVERED", at(seconds=5), error_code="001"),
)
REMINDED = named(
    "reminded",
    submitted(message_id(6), recipient_id="sub_6"),
    submitted(
        message_id(7), at(hours=1), recipient_id="sub_6", follow_up_of_message_id=message_id(6)
    ),
)
STUB = named(
    "stub",
    receipt(message_id(9), "DELIVERED", at(seconds=5)),
    click(message_id(9), at(minutes=1)),
)
REFUSED = named(
    "refused",
    submitted(message_id(10), recipient_id="sub_10"),
    opt_out("sub_10", at(hours=1)),
    submitted(message_id(11), at(hours=1, minutes=4), recipient_id="sub_10"),
    submitted(message_id(12), at(hours=2), recipient_id="sub_10"),
    click(message_id(12), at(hours=3)),
)
SOMEBODY_ELSE = named(
    "somebody-else",
    submitted(message_id(13), recipient_id="sub_13"),
    opt_out("sub_13", at(hours=1)),
)
CHANGED_HANDS = named(
    "changed-hands",
    submitted(message_id(14), recipient_id="sub_14"),
    opt_out("sub_14", at(hours=1)),
    opt_out("sub_14", at(hours=2), new_status="REASSIGNED", method="CARRIER_DEACT"),
    submitted(message_id(15), at(hours=3), recipient_id="sub_14"),
)
CLICKED_LATE = named(
    "clicked-late",
    submitted(message_id(16), recipient_id="sub_16"),
    receipt(message_id(16), "DELIVERED", at(seconds=10)),
    click(message_id(16), at(minutes=2)),
    event(
        "inbound_message",
        at(minutes=3),
        recipient_id="sub_16",
        in_reply_to_message_id=message_id(16),
    ),
    opt_out("sub_16", at(minutes=4)),
    click(message_id(16), at(days=200)),
)
OF_THREE_DAYS = named(
    "of-three-days",
    opt_out("sub_17", at(hours=1)),
    *(
        submitted(message_id(17 + n, at(days=n)), at(days=n), recipient_id="sub_17")
        for n in range(3)
    ),
)
HALF_READ = named("half-read", submitted(message_id(20), recipient_id="sub_20"))
STRANGE = named(
    "strange",
    submitted(message_id(23), recipient_id="sub_23"),
    click(message_id(23), at(minutes=1), user_agent="\x1b[2J\nhuman"),
)
REPLACED, REPLACING = named(
    "replaced",
    submitted(message_id(22), recipient_id="sub_22"),
    submitted(message_id(22), recipient_id="sub_22", template_id="t2"),
)
REPLACED_KEY = f"raw/message_submitted/v=1/dt={DAY}/hh=12/a.json.gz"


def quarantine(redshift: Redshift, line: str, number: int, *, is_base64: bool = False) -> None:
    row = {
        "object_id": "o" * 64,
        "object_key": "raw/x",
        "event_type": "link_click",
        "arrival_date": DAY,
        "line_number": number,
        "reason": "wrong_type",
        "field": "http_status",
        "raw_line": base64.b64encode(line.encode()).decode() if is_base64 else line,
        "is_base64": is_base64,
        "raw_line_key": None,
        "load_id": "l",
        "quarantined_at": NOON,
        "resolved_at": None,
    }

    def work(session: Any) -> None:
        insert_rows(session, "control.quarantined_line", [row])

    redshift.transaction("tests", work)


def landed(redshift: Redshift) -> None:
    """All of them; only the copies of what came before, and what takes its place, wait to be applied."""
    land(
        redshift,
        objects(
            campaign(),
            *(STORY + COPIED + REPORTED_TWICE + WHOLE_AND_PART + REMINDED + STUB + REFUSED),
            *(SOMEBODY_ELSE + CHANGED_HANDS + CLICKED_LATE + OF_THREE_DAYS + HALF_READ + STRANGE),
        )
        + [Content(REPLACED_KEY, (REPLACED,))],
    )
    apply_all(redshift)
    land(redshift, objects(*COPIED) + objects(LATE_COPY))
    land(redshift, objects(*AT_ONCE) + objects(AT_ONCE_TOO))
    land(redshift, [Content(REPLACED_KEY, (REPLACING,))])
    quarantine(redshift, f'{{"message_id":"{message_id(20)}","http_status":"x"}}', 1)
    quarantine(redshift, f'{{"message_id":"{message_id(21)}"}}', 2)
    quarantine(redshift, f'\0{{"message_id":"{message_id(20)}"}}', 3, is_base64=True)
    quarantine(redshift, '{"recipient_id":"sub_20"}', 4)
    quarantine(redshift, '{"recipient_id":"sub_201"}', 5)


def applied(redshift: Redshift) -> None:
    landed(redshift)
    apply_all(redshift)


@pytest.fixture
def redshift(begin: Begin) -> Redshift:
    """The warehouse of these events, for this test alone."""
    return begin(landed)


def test_every_event_is_told_in_the_order_it_happened_with_what_was_made_of_it(
    redshift: Redshift, tell: Tell
) -> None:
    told = tell(M)
    assert told["kind"] == "message"
    assert ids(told) == [e.fields["event_id"] for e in STORY]
    assert {e["fate"] for e in told["events"]} == {"counts"}
    assert [made_of(told, e) for e in STORY] == [
        "the first attempt: first_submitted_at; "
        "attempt 1: says campaign, variant, recipient and link",
        "the first attempt that was accepted: sent_at; "
        "the latest attempt, 2: says sender, parts and provider",
        f"EXPIRED (rank 50) does not decide: event {STORY[3].fields['event_id']} says DELIVERED (rank 60)",
        "decides part 1 of attempt 2: DELIVERED (rank 60), and the attempt decides the message",
        "decides part 2 of attempt 2: DELIVERED (rank 60), and the attempt decides the message",
        "a machine: UA_PREVIEW (preview), rules of version 1",
        "a person's click, counted, rules of version 1",
        "a person's tap fired again within two seconds: not counted, rules of version 1",
        f"an answer to message {M}",
        f"put down to message {M}, the last one delivered within 24 hours before",
    ]


def test_each_event_names_what_was_said_and_the_line_that_says_it(
    redshift: Redshift, tell: Tell
) -> None:
    told = tell(M)
    accepted, robot = told["events"][1], told["events"][5]
    assert accepted["said"]["submit_status"] == "ACCEPTED"
    assert accepted["line"]["line_number"] == 2
    assert accepted["line"]["bucket"] == "bucket"
    assert accepted["line"]["object_key"].startswith(f"raw/message_submitted/v=1/dt={DAY}/")
    assert robot["said"]["user_agent"] == PREVIEW
    assert "click_class" not in robot["said"]


def test_the_row_of_the_message_is_told_with_its_reasons(redshift: Redshift, tell: Tell) -> None:
    (message,) = tell(M)["messages"]
    row = Facts(redshift).message(M)
    assert message["row"].keys() == row.keys()
    assert message["row"]["human_clicks"] == row["human_clicks"] == 1
    assert message["because"] == [
        "counted under 2026-03-10, the day of 2026-03-10 12:00:05 UTC in UTC",
        "the line had changed hands 0 times before it was first submitted",
        "DELIVERED: 2 parts delivered and 0 failed of 2, 3 receipts",
        "a part has receipts of delivery and of failure: delivery counts",
        "3 requests for the link = 1 clicks by people + 1 by machines + 1 repeats",
    ]


def test_what_counts_is_told_after_staging_was_purged(redshift: Redshift, tell: Tell) -> None:
    before = tell(M)
    with redshift.session("tests") as session:
        for event_type in {e.event_type for e in STORY}:
            session.execute(f"delete from staging.{event_type}")
    assert tell(M) == before


def test_copies_that_were_set_aside_are_told_with_the_copy_that_counts(
    begin: Begin, tell: Tell
) -> None:
    begin(landed)
    assert [e["fate"] for e in tell(message_id(2))["events"]] == [
        "counts",
        "landed, not applied yet",
        "landed, not applied yet",
    ]
    begin(applied)
    told = tell(message_id(2))["events"]
    # Of two that are the same it is the one whose object has the smaller id.
    (counted,) = [e for e in told if e["counts"]]
    of = f"the copy of line {counted['line']['line_number']} of object {counted['line']['object_id']}"
    assert sorted(e["fate"] for e in told) == [
        "counts",
        f"set aside for {of}, which was logged first",
        f"set aside: the same as {of}",
    ]


def test_of_copies_logged_at_once_the_smaller_content_is_told_to_count(
    begin: Begin, tell: Tell
) -> None:
    begin(applied)
    told = tell(message_id(3))["events"]
    assert sorted(e["counts"] for e in told) == [False, True]
    (loser,) = [e for e in told if not e["counts"]]
    assert loser["fate"].endswith(": logged at once, and the smaller content counts")


def test_a_second_report_of_an_attempt_does_not_count(redshift: Redshift, tell: Tell) -> None:
    first, second = REPORTED_TWICE
    told = tell(message_id(4))
    assert made_of(told, second) == (
        f"does not count: attempt 1 was reported first by event {first.fields['event_id']}"
    )
    assert told["messages"][0]["row"]["campaign_id"] == "cmp_1"


def test_a_receipt_for_the_whole_message_yields_to_those_for_its_parts(
    redshift: Redshift, tell: Tell
) -> None:
    _, whole, part = WHOLE_AND_PART
    told = tell(message_id(5))
    assert made_of(told, whole).startswith("does not count: receipts for parts say more")
    assert made_of(told, part).startswith("decides part 1 of attempt 1: UNDELIVERED")
    assert told["messages"][0]["because"][3] == (
        "INVALID_NUMBER: code '001' of smsc-east, unknown subscriber"
    )


def test_a_code_that_is_mapped_otherwise_by_now_is_said_to_be(
    redshift: Redshift, tell: Tell
) -> None:
    with redshift.session("tests") as session:
        session.execute(
            "update warehouse.dim_delivery_error set failure_category = 'EXPIRED_TTL'"
            " where provider = 'smsc-east' and error_code = '001'"
        )
    because = tell(message_id(5))["messages"][0]["because"]
    assert "which is EXPIRED_TTL by today's mapping" in because[3]


def test_a_reminder_is_told_with_the_message_it_reminds_of(redshift: Redshift, tell: Tell) -> None:
    told = tell(message_id(6))
    assert made_of(told, REMINDED[1]) == "an attempt to remind: another message"
    assert (
        "a reminder of it was accepted at 2026-03-10 13:00:00 UTC" in told["messages"][0]["because"]
    )


def test_receipts_and_clicks_without_a_submission_are_told(redshift: Redshift, tell: Tell) -> None:
    told = tell(message_id(9))
    assert ids(told) == [e.fields["event_id"] for e in STUB]
    assert told["messages"][0]["because"] == [
        "a stub: no submission is known, so no report of messages has it"
    ]


def test_a_recipient_is_told_whole_with_consent_and_what_was_sent_after_an_opt_out(
    redshift: Redshift, tell: Tell
) -> None:
    first, soon, late = (message_id(n) for n in (10, 11, 12))
    stop = REFUSED[1]
    told = tell("sub_10")
    assert told["kind"] == "recipient"
    assert ids(told) == [e.fields["event_id"] for e in REFUSED]
    assert [m["row"]["message_id"] for m in told["messages"]] == [first, soon, late]
    (consent,) = told["consent"]
    assert (consent["status"], consent["valid_to"]) == ("OPTED_OUT", None)
    assert [
        (row["message_id"], row["minutes_after"], row["is_counted"], row["event_id"])
        for row in told["sent_after_optout"]
    ] == [
        (soon, 4, False, stop.fields["event_id"]),
        (late, 60, True, stop.fields["event_id"]),
    ]
    with redshift.session("tests") as session:
        assert session.rows(
            "select message_id, minutes_after from reports.sent_after_optout"
            " where recipient_key = 'sub_10#0' and cohort_date = :day",
            day=DAY,
        ) == [(late, 60)]


def test_who_had_a_line_before_and_after_it_changed_hands_are_told_apart(
    redshift: Redshift, tell: Tell
) -> None:
    events = [e.fields["event_id"] for e in CHANGED_HANDS]
    before, after = tell("sub_14#0"), tell("sub_14#1")
    assert before["kind"] == "recipient key"
    assert ids(before) == events[:2]
    assert ids(after) == events[2:]
    assert [row["recipient_key"] for row in after["consent"]] == ["sub_14#1"]
    assert ids(tell("sub_14")) == events


def test_days_keep_what_happened_on_them(redshift: Redshift, tell: Tell) -> None:
    *soon, late = (e.fields["event_id"] for e in CLICKED_LATE)
    day = str(at(days=200).date())
    told = tell(message_id(16), "--from", day, "--to", day)
    assert ids(told) == [late]
    assert told["messages"][0]["row"]["human_clicks"] == 2
    assert ids(tell("sub_16", "--to", str(DAY))) == soon


def test_of_a_recipient_days_keep_the_messages_with_an_event_on_them(
    redshift: Redshift, tell: Tell
) -> None:
    message = message_id(18, at(days=1))
    day = str(at(days=1).date())
    told = tell("sub_17", "--from", day, "--to", day)
    assert [m["row"]["message_id"] for m in told["messages"]] == [message]
    assert [row["message_id"] for row in told["sent_after_optout"]] == [message]
    assert [row["event_id"] for row in told["consent"]] == [OF_THREE_DAYS[0].fields["event_id"]]


def test_lines_in_quarantine_that_speak_of_it_are_told(redshift: Redshift, tell: Tell) -> None:
    told = tell(message_id(20))["quarantined"]
    assert [q["line"]["line_number"] for q in told] == [1, 3]
    assert [q["line"]["line_number"] for q in tell("sub_20")["quarantined"]] == [1, 3, 4]
    only_there = tell(message_id(21))
    assert (only_there["events"], len(only_there["quarantined"])) == ([], 1)


@pytest.mark.parametrize("before", range(7))
@pytest.mark.parametrize("after", range(4))
def test_a_text_is_found_in_base64_wherever_it_begins(before: int, after: int) -> None:
    whole = base64.b64encode(b"\xff" * before + M.encode() + b"\x00" * after).decode()
    assert sum(part in whole for part in base64_parts(M)) == 1


def test_a_key_with_new_content_is_told_to_have_had_other(begin: Begin, tell: Tell) -> None:
    begin(landed)
    assert {e["event_id"]: e["fate"] for e in tell(message_id(22))["events"]} == {
        REPLACED.fields["event_id"]: "counts until the new content of its object is applied",
        REPLACING.fields["event_id"]: "landed, not applied yet",
    }
    begin(applied)
    (only,) = tell(message_id(22))["events"]
    assert (only["event_id"], only["fate"]) == (REPLACING.fields["event_id"], "counts")
    assert [other["status"] for other in only["line"]["replaced"]] == ["superseded"]


@pytest.mark.parametrize(
    "name", [message_id(77), "sub_77", "sub_77#0", "x' or 'a' = 'a", "x" * 300]
)
def test_what_nobody_knows_is_said_to_be_unknown(
    redshift: Redshift, command: Command, name: str
) -> None:
    result = command("trace", name)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"nothing is known of {name!r}" in result.stderr


def test_the_text_names_events_objects_and_reasons(redshift: Redshift, command: Command) -> None:
    result = command("trace", M.lower())
    assert result.exit_code == 0, result.output
    for one in STORY:
        assert one.fields["event_id"] in result.stdout
    assert f"s3://bucket/raw/link_click/v=1/dt={DAY}/" in result.stdout
    assert "a person's click, counted" in result.stdout
    assert "warehouse.fact_message" in result.stdout
    assert "OPTED_OUT by MO_KEYWORD" in result.stdout


def test_what_a_stranger_wrote_does_not_steer_the_terminal(
    redshift: Redshift, command: Command
) -> None:
    result = command("trace", message_id(23))
    assert "\x1b" not in result.stdout
    assert "\\x1b[2J\\nhuman" in result.stdout
