"""Whether opt-outs were heeded, counted by day and listed message by message."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sms_warehouse import invariants
from sms_warehouse_tests.warehouse.in_step import Part, Steps, in_step
from sms_warehouse_tests.warehouse.world import (
    NOON,
    Event,
    at,
    message_id,
    opt_out,
    receipt,
    submitted,
)

REPORT = "optout_compliance_daily"
LATER = at(days=300)


def week(number: int) -> datetime:
    """Noon of a day in a week that belongs to one test: the report counts by day."""
    return NOON + timedelta(weeks=number)


def sent(number: int, when: datetime, **fields: Any) -> Event:
    return submitted(message_id(number, when), when, **fields)


def opt_in(recipient: str, when: datetime, **fields: Any) -> Event:
    return opt_out(recipient, when, new_status="OPTED_IN", **fields)


def days(own: Part, first: datetime) -> dict[tuple[date, str], dict[str, Any]]:
    """The report's rows of the week that begins the day before."""
    begins = first.date() - timedelta(days=1)
    with own.redshift.session("tests") as session:
        rows = session.records(
            f"select * from reports.{REPORT} where effective_date >= :first and effective_date < :end",
            first=begins,
            end=begins + timedelta(days=7),
        )
    return {(row["effective_date"], row["program_id"]): row for row in rows}


def listed(own: Part) -> list[dict[str, Any]]:
    return sorted(own.report("sent_after_optout"), key=lambda row: row["sent_at"])


@in_step
def test_a_day_of_opt_outs(own: Part) -> Steps:
    """Two of four opt-outs follow a delivered message; one recipient is written to 20 minutes later."""
    yield own.load(
        sent(1, at(hours=-1), recipient_id="sub_1"),
        sent(2, at(hours=-1), recipient_id="sub_2"),
        *(
            receipt(message_id(n, at(hours=-1)), "DELIVERED", at(minutes=-59), segment_seq=None)
            for n in (1, 2)
        ),
        opt_out("sub_1", NOON),
        opt_out("sub_2", NOON, method="WEB"),
        opt_out("sub_3", NOON, method="ERASURE"),
        opt_out("sub_4", NOON, method="IVR"),
        sent(3, at(minutes=4), recipient_id="sub_1"),
        sent(4, at(minutes=20), recipient_id="sub_2"),
    )
    yield own.refresh(REPORT, LATER)
    assert days(own, NOON) == {
        (NOON.date(), "ALL"): {
            "effective_date": NOON.date(),
            "program_id": "ALL",
            "opt_outs": 4,
            "by_keyword": 1,
            "by_web": 1,
            "by_agent": 0,
            "by_import": 0,
            "by_carrier": 0,
            "by_erasure": 1,
            "by_other": 1,
            "attributed_to_message": 2,
            "delivered": 2,
            "optout_rate": Decimal(1),
            # Of 0, 0, 4 and 20 minutes.
            "p95_min_to_suppression": Decimal("17.6"),
            "sent_after_optout": 1,
            "sent_after_10_business_days": 0,
            "deactivated_numbers_hit": 0,
            "report_tz": "UTC",
            "as_of": LATER,
        }
    }
    with own.redshift.session("tests") as session:
        checks = {check.check_name: check.passed for check in invariants.evaluate(session, REPORT)}
    assert checks["methods_add_up"]
    (row,) = listed(own)
    assert (row["message_id"], row["recipient_key"], row["minutes_after"]) == (
        message_id(4, at(minutes=20)),
        "sub_2#0",
        20,
    )


@in_step(
    cases={
        "five minutes": (1, timedelta(minutes=5), False),
        "a moment more": (2, timedelta(minutes=5, milliseconds=1), True),
        "before the opt-out": (3, timedelta(minutes=-1), False),
        "more than a year later": (4, timedelta(days=399), True),
    }
)
def test_five_minutes_are_left_for_what_is_on_its_way(
    own: Part, number: int, after: timedelta, is_counted: bool
) -> Steps:
    noon = week(number)
    yield own.load(opt_out("sub_1", noon), sent(1, noon + after))
    yield own.refresh(REPORT, noon + timedelta(days=399, hours=1))
    (row,) = days(own, noon).values()
    assert row["sent_after_optout"] == len(listed(own)) == int(is_counted)


@in_step(
    cases={
        "agreed again": (5, "ALL", ("ALL", "OPTED_IN"), False),
        "agreed to one program": (6, "ALL", ("deals", "OPTED_IN"), False),
        "agreed to the program left": (7, "deals", ("deals", "OPTED_IN"), False),
        "agreed to all programs": (8, "deals", ("ALL", "OPTED_IN"), False),
        "agreed to another program": (9, "deals", ("news", "OPTED_IN"), True),
        "has not confirmed yet": (10, "ALL", ("ALL", "PENDING_CONFIRM"), True),
        "opted out twice": (11, "ALL", ("ALL", "OPTED_OUT"), True),
        "someone else has the line": (12, "ALL", ("ALL", "REASSIGNED"), False),
    }
)
def test_an_opt_out_holds_until_the_next_consent(
    own: Part, number: int, left: str, later: tuple[str, str], is_counted: bool
) -> Steps:
    noon = week(number)
    program, status = later
    yield own.load(
        opt_out("sub_1", noon, program_id=left),
        opt_out("sub_1", noon + timedelta(hours=2), program_id=program, new_status=status),
        sent(1, noon + timedelta(hours=3)),
        sent(2, noon + timedelta(hours=3), recipient_id="sub_2"),
    )
    yield own.refresh(REPORT, LATER)
    found = days(own, noon)
    assert found[noon.date(), left]["sent_after_optout"] == int(is_counted)
    assert sum(row["sent_after_optout"] for row in found.values()) == int(is_counted)
    assert [row["effective_at"] for row in listed(own)] == [noon] * is_counted


@in_step
def test_a_consent_that_arrives_late_takes_the_blame_back(own: Part) -> Steps:
    noon = week(13)
    yield own.load(opt_out("sub_1", noon), sent(1, noon + timedelta(hours=3)))
    yield own.refresh(REPORT, LATER)
    (row,) = days(own, noon).values()
    assert row["sent_after_optout"] == 1
    consent = opt_in("sub_1", noon + timedelta(hours=2))
    yield own.load(consent, day=NOON.date() + timedelta(days=1))
    yield own.refresh(REPORT, LATER)
    (row,) = days(own, noon).values()
    assert row["sent_after_optout"] == 0


@in_step
def test_ten_business_days_are_the_laws_limit(own: Part) -> Steps:
    """2026-07-03 is the day off for Independence Day."""
    cases = {
        "the tenth day": (datetime(2026, 6, 29, 9), datetime(2026, 7, 14, 9), 9),
        "the day after": (datetime(2026, 6, 29, 9), datetime(2026, 7, 15, 9), 10),
        "a Saturday": (datetime(2026, 6, 26, 9), datetime(2026, 7, 11, 9), 9),
        "a weekend": (datetime(2026, 6, 26, 9), datetime(2026, 6, 28, 9), 0),
        "the same day": (datetime(2026, 6, 29, 9), datetime(2026, 6, 29, 10), 0),
    }
    yield own.load(
        *(opt_out(name, opted_out_at) for name, (opted_out_at, _, _) in cases.items()),
        *(
            sent(n, sent_at, recipient_id=name)
            for n, (name, (_, sent_at, _)) in enumerate(cases.items())
        ),
    )
    yield own.refresh(REPORT, LATER)
    found = {row["recipient_key"]: row for row in listed(own)}
    for name, (_, _, business_days) in cases.items():
        row = found[f"{name}#0"]
        assert row["business_days"] == business_days, name
        assert row["is_after_10_business_days"] == (business_days >= 10), name
    counts = {
        day: (row["sent_after_optout"], row["sent_after_10_business_days"])
        for (day, _), row in days(own, datetime(2026, 6, 26)).items()
    }
    assert counts == {date(2026, 6, 26): (2, 0), date(2026, 6, 29): (3, 1)}


@in_step
def test_days_are_those_of_the_reports_zone(own: Part) -> Steps:
    """Half past two in the morning of Greenwich is the evening before in New York."""
    late = datetime(2026, 10, 14, 2, 30)
    yield own.load(opt_out("sub_1", late), sent(1, late + timedelta(hours=1)))
    yield own.refresh(REPORT, LATER)
    assert [day for day, _ in days(own, late)] == [date(2026, 10, 14)]
    yield own.refresh(REPORT, LATER, "America/New_York")
    assert [day for day, _ in days(own, late)] == [date(2026, 10, 13)]


@in_step
def test_what_is_sent_to_a_deactivated_number_is_no_breach_of_consent(own: Part) -> Steps:
    noon = week(20)
    yield own.load(
        opt_out("sub_1", noon - timedelta(days=1)),
        opt_out("sub_1", noon, new_status="DEACTIVATED", method="CARRIER_DEACT"),
        sent(1, noon + timedelta(hours=1)),
        opt_out(
            "sub_1", noon + timedelta(hours=2), new_status="REASSIGNED", method="CARRIER_DEACT"
        ),
        sent(2, noon + timedelta(hours=3)),
    )
    yield own.refresh(REPORT, LATER)
    counts = {
        day: (row["opt_outs"], row["sent_after_optout"], row["deactivated_numbers_hit"])
        for (day, _), row in days(own, noon).items()
    }
    assert counts == {noon.date() - timedelta(days=1): (1, 0, 0), noon.date(): (0, 0, 1)}
    assert listed(own) == []


@in_step
def test_a_day_of_repeated_opt_outs_has_nothing_to_suppress(own: Part) -> Steps:
    noon = week(21)
    yield own.load(
        opt_out("sub_1", noon),
        opt_out("sub_1", noon + timedelta(days=1)),
        sent(1, noon + timedelta(days=2)),
    )
    yield own.refresh(REPORT, LATER)
    found = days(own, noon)
    first, second = (found[noon.date() + timedelta(days=n), "ALL"] for n in (0, 1))
    assert (first["sent_after_optout"], first["p95_min_to_suppression"]) == (1, 2880)
    assert (second["opt_outs"], second["sent_after_optout"]) == (1, 0)
    assert second["p95_min_to_suppression"] is None


@in_step
def test_what_has_not_happened_yet_is_not_counted(own: Part) -> Steps:
    noon = week(22)
    yield own.load(
        opt_out("sub_1", noon),
        opt_out("sub_2", noon + timedelta(hours=5)),
        sent(1, noon + timedelta(hours=3)),
    )
    yield own.refresh(REPORT, noon + timedelta(hours=2))
    (row,) = days(own, noon).values()
    assert (row["opt_outs"], row["sent_after_optout"]) == (1, 0)
