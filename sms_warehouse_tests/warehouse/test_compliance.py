"""Whether opt-outs were heeded, counted by day and listed message by message."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sms_warehouse import invariants
from sms_warehouse.reports import refresh
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.warehouse.world import (
    NOON,
    Event,
    at,
    load,
    message_id,
    opt_out,
    receipt,
    submitted,
)

REPORT = "optout_compliance_daily"


def sent(number: int, when: datetime, **fields: Any) -> Event:
    return submitted(message_id(number, when), when, **fields)


def opt_in(recipient: str, when: datetime, **fields: Any) -> Event:
    return opt_out(recipient, when, new_status="OPTED_IN", **fields)


def days(
    redshift: Redshift, as_of: datetime, report_tz: str = "UTC"
) -> dict[tuple[date, str], dict[str, Any]]:
    refresh(redshift, REPORT, as_of=as_of, report_tz=report_tz)
    with redshift.session("tests") as session:
        rows = session.records(f"select * from reports.{REPORT}")
    return {(row["effective_date"], row["program_id"]): row for row in rows}


def listed(redshift: Redshift) -> list[dict[str, Any]]:
    with redshift.session("tests") as session:
        return session.records(
            "select * from reports.sent_after_optout order by sent_at, message_id"
        )


def test_a_day_of_opt_outs(redshift: Redshift) -> None:
    """Two of four opt-outs follow a delivered message; one recipient is written to 20 minutes later."""
    load(
        redshift,
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
    assert days(redshift, at(hours=9)) == {
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
            "as_of": at(hours=9),
        }
    }
    with redshift.session("tests") as session:
        assert all(check.passed for check in invariants.evaluate(session, REPORT))
    (row,) = listed(redshift)
    assert (row["message_id"], row["recipient_key"], row["minutes_after"]) == (
        message_id(4, at(minutes=20)),
        "sub_2#0",
        20,
    )


@pytest.mark.parametrize(
    ("after", "is_counted"),
    [
        pytest.param(timedelta(minutes=5), False, id="five minutes"),
        pytest.param(timedelta(minutes=5, milliseconds=1), True, id="a moment more"),
        pytest.param(timedelta(minutes=-1), False, id="before the opt-out"),
        pytest.param(timedelta(days=399), True, id="more than a year later"),
    ],
)
def test_five_minutes_are_left_for_what_is_on_its_way(
    redshift: Redshift, after: timedelta, is_counted: bool
) -> None:
    load(redshift, opt_out("sub_1", NOON), sent(1, NOON + after))
    (row,) = days(redshift, NOON + timedelta(days=399, hours=1)).values()
    assert row["sent_after_optout"] == len(listed(redshift)) == int(is_counted)


@pytest.mark.parametrize(
    ("left", "later", "is_counted"),
    [
        pytest.param("ALL", ("ALL", "OPTED_IN"), False, id="agreed again"),
        pytest.param("ALL", ("deals", "OPTED_IN"), False, id="agreed to one program"),
        pytest.param("deals", ("deals", "OPTED_IN"), False, id="agreed to the program left"),
        pytest.param("deals", ("ALL", "OPTED_IN"), False, id="agreed to all programs"),
        pytest.param("deals", ("news", "OPTED_IN"), True, id="agreed to another program"),
        pytest.param("ALL", ("ALL", "PENDING_CONFIRM"), True, id="has not confirmed yet"),
        pytest.param("ALL", ("ALL", "OPTED_OUT"), True, id="opted out twice"),
        pytest.param("ALL", ("ALL", "REASSIGNED"), False, id="someone else has the line"),
    ],
)
def test_an_opt_out_holds_until_the_next_consent(
    redshift: Redshift, left: str, later: tuple[str, str], is_counted: bool
) -> None:
    program, status = later
    load(
        redshift,
        opt_out("sub_1", NOON, program_id=left),
        opt_out("sub_1", at(hours=2), program_id=program, new_status=status),
        sent(1, at(hours=3)),
        sent(2, at(hours=3), recipient_id="sub_2"),
    )
    found = days(redshift, at(hours=9))
    assert found[NOON.date(), left]["sent_after_optout"] == int(is_counted)
    assert sum(row["sent_after_optout"] for row in found.values()) == int(is_counted)
    assert [row["effective_at"] for row in listed(redshift)] == [NOON] * is_counted


def test_a_consent_that_arrives_late_takes_the_blame_back(redshift: Redshift) -> None:
    load(redshift, opt_out("sub_1", NOON), sent(1, at(hours=3)))
    (row,) = days(redshift, at(hours=9)).values()
    assert row["sent_after_optout"] == 1
    load(redshift, opt_in("sub_1", at(hours=2)), day=NOON.date() + timedelta(days=1))
    (row,) = days(redshift, at(hours=9)).values()
    assert row["sent_after_optout"] == 0


@pytest.mark.parametrize(
    ("opted_out_at", "sent_at", "business_days"),
    [
        # 2026-07-03 is the day off for Independence Day.
        pytest.param(datetime(2026, 6, 29, 9), datetime(2026, 7, 14, 9), 9, id="the tenth day"),
        pytest.param(datetime(2026, 6, 29, 9), datetime(2026, 7, 15, 9), 10, id="the day after"),
        pytest.param(datetime(2026, 6, 26, 9), datetime(2026, 7, 11, 9), 9, id="a Saturday"),
        pytest.param(datetime(2026, 6, 26, 9), datetime(2026, 6, 28, 9), 0, id="a weekend"),
        pytest.param(datetime(2026, 6, 29, 9), datetime(2026, 6, 29, 10), 0, id="the same day"),
    ],
)
def test_ten_business_days_are_the_laws_limit(
    redshift: Redshift, opted_out_at: datetime, sent_at: datetime, business_days: int
) -> None:
    load(redshift, opt_out("sub_1", opted_out_at), sent(1, sent_at))
    (row,) = days(redshift, sent_at + timedelta(days=1)).values()
    assert row["sent_after_optout"] == 1
    assert row["sent_after_10_business_days"] == int(business_days >= 10)
    (found,) = listed(redshift)
    assert found["business_days"] == business_days
    assert found["is_after_10_business_days"] == (business_days >= 10)


def test_days_are_those_of_the_reports_zone(redshift: Redshift) -> None:
    """Half past two in the morning of Greenwich is the evening before in New York."""
    late = datetime(2026, 3, 11, 2, 30)
    load(redshift, opt_out("sub_1", late), sent(1, late + timedelta(hours=1)))
    assert [day for day, _ in days(redshift, datetime(2026, 3, 12))] == [date(2026, 3, 11)]
    assert [day for day, _ in days(redshift, datetime(2026, 3, 12), "America/New_York")] == [
        date(2026, 3, 10)
    ]


def test_what_is_sent_to_a_deactivated_number_is_no_breach_of_consent(redshift: Redshift) -> None:
    load(
        redshift,
        opt_out("sub_1", at(days=-1)),
        opt_out("sub_1", NOON, new_status="DEACTIVATED", method="CARRIER_DEACT"),
        sent(1, at(hours=1)),
        opt_out("sub_1", at(hours=2), new_status="REASSIGNED", method="CARRIER_DEACT"),
        sent(2, at(hours=3)),
    )
    found = days(redshift, at(hours=9))
    counts = {
        day: (row["opt_outs"], row["sent_after_optout"], row["deactivated_numbers_hit"])
        for (day, _), row in found.items()
    }
    assert counts == {NOON.date() - timedelta(days=1): (1, 0, 0), NOON.date(): (0, 0, 1)}
    assert listed(redshift) == []


def test_a_day_of_repeated_opt_outs_has_nothing_to_suppress(redshift: Redshift) -> None:
    load(redshift, opt_out("sub_1", NOON), opt_out("sub_1", at(days=1)), sent(1, at(days=2)))
    found = days(redshift, at(days=3))
    first, second = (found[NOON.date() + timedelta(days=n), "ALL"] for n in (0, 1))
    assert (first["sent_after_optout"], first["p95_min_to_suppression"]) == (1, 2880)
    assert (second["opt_outs"], second["sent_after_optout"]) == (1, 0)
    assert second["p95_min_to_suppression"] is None


def test_what_has_not_happened_yet_is_not_counted(redshift: Redshift) -> None:
    load(redshift, opt_out("sub_1", NOON), opt_out("sub_2", at(hours=5)), sent(1, at(hours=3)))
    (row,) = days(redshift, at(hours=2)).values()
    assert (row["opt_outs"], row["sent_after_optout"]) == (1, 0)
