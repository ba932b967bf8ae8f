"""Recipients and their consent through time."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.warehouse.in_step import Part, Steps, in_step
from sms_warehouse_tests.warehouse.world import (
    DAY,
    NOON,
    Content,
    Event,
    at,
    message_id,
    opt_out,
    submitted,
)

_LINE_CHANGES = ("DEACTIVATED", "REASSIGNED")


def _recipient(own: Part, key: str) -> dict[str, Any]:
    (row,) = own.rows("dim_recipient", "recipient_key", key)
    return row


def _consents(own: Part, recipient: str) -> list[tuple[Any, ...]]:
    columns = ("recipient_key", "program_id", "status", "valid_from", "valid_to", "is_current")
    rows = own.rows("dim_subscription", "recipient_id", recipient)
    return sorted(tuple(row[column] for column in columns) for row in rows)


@in_step
def test_a_recipient_is_as_the_last_message_says_and_was_seen_from_first_to_last(
    own: Part,
) -> Steps:
    yield own.load(
        submitted(
            message_id(2, at(days=2)),
            at(days=2),
            mcc_mnc="310260",
            recipient_tz="America/Denver",
            msisdn_token="b" * 64,
        ),
        submitted(message_id(1), NOON, mcc_mnc="310012", recipient_tz="America/New_York"),
    )
    yield own.load(opt_out("sub_1", at(days=9), msisdn_token="c" * 64))
    row = _recipient(own, "sub_1#0")
    assert (row["recipient_id"], row["assignment_seq"]) == ("sub_1", 0)
    assert (row["msisdn_token"], row["tz"]) == ("b" * 64, "America/Denver")
    assert (row["home_carrier"], row["country"]) == ("310260", "US")
    assert (row["first_seen_at"], row["last_seen_at"]) == (NOON, at(days=9))
    assert (row["first_message_id"], row["last_message_id"]) == (
        message_id(1),
        message_id(2, at(days=2)),
    )
    assert row["erased_at"] is None


@in_step
def test_a_recipient_known_only_by_their_consent_has_a_row(own: Part) -> Steps:
    yield own.load(opt_out("sub_9", at(hours=1), new_status="OPTED_IN", msisdn_token="d" * 64))
    row = _recipient(own, "sub_9#0")
    assert (row["msisdn_token"], row["tz"], row["last_message_id"]) == ("d" * 64, None, None)
    assert row["first_seen_at"] == row["last_seen_at"] == at(hours=1)


@in_step
def test_messages_without_a_known_recipient_find_a_row_to_join(own: Part) -> Steps:
    yield own.load(submitted(message_id(1)))
    assert _recipient(own, "-")["recipient_id"] == "-"


@in_step
def test_a_line_that_changed_hands_late_takes_its_later_messages_along(own: Part) -> Steps:
    months = [at(days=40 * n) for n in range(6)]
    yield own.load(*(submitted(message_id(n, t), t) for n, t in enumerate(months)))
    yield own.load(opt_out("sub_1", months[1] + timedelta(days=1), new_status="REASSIGNED"))
    before, after = _recipient(own, "sub_1#0"), _recipient(own, "sub_1#1")
    assert (before["first_message_at"], before["last_message_at"]) == (months[0], months[1])
    assert before["last_seen_at"] == months[1]
    assert (after["first_message_at"], after["last_message_at"]) == (months[2], months[5])
    assert after["first_seen_at"] == months[1] + timedelta(days=1)


@in_step
def test_a_retry_to_another_number_changes_the_recipients_token(own: Part) -> Steps:
    yield own.load(submitted(message_id(1)))
    yield own.load(submitted(message_id(1), at(hours=1), attempt_no=2, msisdn_token="e" * 64))
    assert _recipient(own, "sub_1#0")["msisdn_token"] == "e" * 64


@in_step
def test_a_recipient_whose_only_message_was_overwritten_is_forgotten(own: Part) -> Steps:
    for recipient in ("sub_1", "sub_2"):
        yield own.put("raw/overwritten", submitted(message_id(1), recipient_id=recipient))
    assert own.rows("dim_recipient", "recipient_id", "sub_1") == []
    assert len(own.rows("dim_recipient", "recipient_id", "sub_2")) == 1


@in_step
def test_consent_holds_until_the_next_change_in_its_program(own: Part) -> Steps:
    yield own.load(
        opt_out("sub_1", at(hours=5), program_id="ALL"),
        opt_out("sub_1", at(hours=1), program_id="deals", new_status="OPTED_IN"),
        opt_out("sub_1", at(hours=1), program_id="ALL", new_status="OPTED_IN"),
        opt_out("sub_2", at(hours=2), program_id="ALL"),
    )
    assert _consents(own, "sub_1") == [
        ("sub_1#0", "ALL", "OPTED_IN", at(hours=1), at(hours=5), False),
        ("sub_1#0", "ALL", "OPTED_OUT", at(hours=5), None, True),
        ("sub_1#0", "deals", "OPTED_IN", at(hours=1), None, True),
    ]


@in_step
def test_no_consent_outlives_the_line(own: Part) -> Steps:
    yield own.load(
        opt_out("sub_1", at(hours=1), program_id="deals", new_status="OPTED_IN"),
        opt_out("sub_1", at(hours=3), program_id="ALL", new_status="DEACTIVATED"),
        opt_out("sub_1", at(hours=4), program_id="deals", new_status="OPTED_IN"),
    )
    assert _consents(own, "sub_1") == [
        ("sub_1#0", "deals", "OPTED_IN", at(hours=1), at(hours=3), False),
        ("sub_1#1", "ALL", "DEACTIVATED", at(hours=3), None, True),
        ("sub_1#1", "deals", "OPTED_IN", at(hours=4), None, True),
    ]


@in_step
def test_of_changes_at_one_time_the_one_that_occurred_last_holds(own: Part) -> Steps:
    yield own.load(
        opt_out("sub_1", at(minutes=2), effective_at=NOON, event_id="a", new_status="OPTED_IN"),
        opt_out("sub_1", at(minutes=1), effective_at=NOON, event_id="b"),
    )
    assert _consents(own, "sub_1") == [
        ("sub_1#0", "ALL", "OPTED_IN", NOON, None, True),
        ("sub_1#0", "ALL", "OPTED_OUT", NOON, NOON, False),
    ]


@in_step(cases={"0": (0,), "1": (1,)})
def test_however_events_come_recipients_are_what_all_of_them_together_say(
    own: Part, seed: int
) -> Steps:
    """Batches of attempts, late changes of lines and overwritten objects against a count over everything."""
    draw = random.Random(seed)
    contents: list[Content] = []
    for _ in range(6):
        if contents and draw.random() < 0.4:
            old = draw.choice([c for c in contents if c.event_type == "message_submitted"])
            batch = [Content(old.key, tuple(_sends(draw, 4)), DAY)]
        else:
            changes = tuple(_changes(draw, draw.randint(1, 3)))
            number = len(contents)
            batch = [
                Content(f"raw/sends/{number}", tuple(_sends(draw, 12)), DAY),
                Content(f"raw/changes/{number}", changes, DAY),
            ]
        contents += batch
        draw.shuffle(batch)
        yield own.put_all(*batch)
        assert _rows(own.redshift) == _expected(own.redshift)


def _sends(draw: random.Random, count: int) -> list[Event]:
    events = []
    for _ in range(count):
        number = draw.randrange(40)
        made_at = at(days=7 * (number % 20), minutes=number)
        attempt = draw.choice([1, 1, 1, 2])
        events.append(
            submitted(
                message_id(number, made_at),
                made_at + timedelta(seconds=draw.randrange(3), hours=attempt),
                attempt_no=attempt,
                recipient_id=f"sub_{draw.choice([number % 5, number % 5, 7])}",
                msisdn_token=draw.choice("abc") * 64,
                mcc_mnc=draw.choice(["310260", "310012", None]),
                recipient_tz=draw.choice(["America/Denver", None]),
            )
        )
    return events


def _changes(draw: random.Random, count: int) -> list[Event]:
    statuses = ("OPTED_IN", "OPTED_OUT", *_LINE_CHANGES)
    return [
        opt_out(
            f"sub_{draw.randrange(9)}",
            at(days=draw.randrange(150)),
            new_status=draw.choice(statuses),
            msisdn_token=draw.choice("xyz") * 64,
        )
        for _ in range(count)
    ]


def _rows(redshift: Redshift) -> dict[str, tuple[Any, ...]]:
    with redshift.session("tests") as session:
        records = session.records("select * from warehouse.dim_recipient where recipient_id <> '-'")
    return {
        r["recipient_key"]: (
            r["first_message_id"],
            r["last_message_id"],
            r["first_message_at"],
            r["last_message_at"],
            r["tz"],
            r["home_carrier"],
            r["msisdn_token"],
            r["first_seen_at"],
            r["last_seen_at"],
        )
        for r in records
    }


def _expected(redshift: Redshift) -> dict[str, tuple[Any, ...]]:
    with redshift.session("tests") as session:
        messages = session.records("select * from warehouse.fact_message where not is_stub")
        sends = session.records("select * from warehouse.fact_submission")
        changes = session.records("select * from warehouse.fact_subscription_event")
    tokens: dict[tuple[str, str], tuple[Any, ...]] = {}
    for s in sends:
        rank = (-s["attempt_no"], s["occurred_at"], s["event_id"])
        best = tokens.setdefault((s["message_id"], s["recipient_id"]), (rank, s["msisdn_token"]))
        if rank < best[0]:
            tokens[s["message_id"], s["recipient_id"]] = (rank, s["msisdn_token"])
    of_key: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for m in messages:
        of_key[m["recipient_key"]].append(m)
    seen: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    uses: dict[str, int] = defaultdict(int)
    for c in sorted(changes, key=lambda c: (c["effective_at"], c["occurred_at"], c["event_id"])):
        uses[c["recipient_id"]] += c["new_status"] in _LINE_CHANGES
        key = f"{c['recipient_id']}#{uses[c['recipient_id']]}"
        seen[key].append((c["effective_at"], c["msisdn_token"]))
    expected = {}
    for key in of_key.keys() | seen.keys():
        own = sorted(of_key[key], key=lambda m: (m["first_submitted_at"], m["message_id"]))
        times = [t for t, _ in seen[key]] + [m["first_submitted_at"] for m in own]
        last = own[-1] if own else None
        expected[key] = (
            own[0]["message_id"] if own else None,
            last["message_id"] if last else None,
            own[0]["first_submitted_at"] if own else None,
            last["first_submitted_at"] if last else None,
            last["recipient_tz"] if last else None,
            last["mcc_mnc"] if last else None,
            tokens[last["message_id"], last["recipient_id"]][1] if last else seen[key][-1][1],
            min(times),
            max(times),
        )
    return expected
