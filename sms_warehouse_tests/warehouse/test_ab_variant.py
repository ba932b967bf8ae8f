"""Variants against their control: the test statistic by hand, the split against the shares, and when to decide."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sms_warehouse.reports import refresh
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.warehouse.test_reports import check, report
from sms_warehouse_tests.warehouse.world import (
    NOON,
    Event,
    at,
    campaign,
    click,
    load,
    message_id,
    receipt,
    submitted,
)

AS_OF = at(days=9)


def multiply(redshift: Redshift, copies: dict[str, int]) -> None:
    """Makes of each message, by its id, so many alike."""
    with redshift.session("tests") as session:
        columns = [
            name
            for (name,) in session.rows(
                "select column_name from information_schema.columns"
                " where table_schema = 'warehouse' and table_name = 'fact_message'"
                " and column_name <> 'message_id' order by ordinal_position"
            )
        ]
        for number, (message, times) in enumerate(copies.items()):
            session.execute(
                f"insert into warehouse.fact_message (message_id, {', '.join(columns)})"
                " select cast(:prefix || cast(copy.number as varchar(8)) as varchar(26)),"
                f" {', '.join('message.' + name for name in columns)}"
                " from warehouse.fact_message as message cross join"
                " (select row_number() over (order by date_key) as number from warehouse.dim_date) as copy"
                " where message.message_id = :message and copy.number < :times",
                prefix=f"copy-{number}-",
                message=message,
                times=times,
            )


@dataclass(frozen=True)
class Group:
    """The messages of one variant."""

    variant: str
    clicked: int
    delivered: int
    undelivered: int = 0
    sent_at: datetime = NOON


Variants = list[dict[str, Any]]
Test = tuple[Sequence[Group], Variants]


def give_all(redshift: Redshift, tests: Mapping[str, Test]) -> None:
    """Fills the warehouse with campaigns of messages of these variants, and the report from it."""
    world: list[Event] = []
    copies = {}
    for campaign_id, (groups, variants) in tests.items():
        world.append(campaign(campaign_id, variants=json.dumps(variants)))
        for group in groups:
            for kind, times in (
                ("clicked", group.clicked),
                ("DELIVERED", group.delivered - group.clicked),
                ("EXPIRED", group.undelivered),
            ):
                if not times:
                    continue
                number = len(copies)
                m = message_id(number, group.sent_at)
                copies[m] = times
                world.append(
                    submitted(m, group.sent_at, campaign_id=campaign_id, variant_id=group.variant)
                )
                status = "DELIVERED" if kind == "clicked" else kind
                world.append(receipt(m, status, at(days=1)))
                if kind == "clicked":
                    token = {"link_token": f"token-{number}", "visitor_token": f"v{number}"}
                    world.append(click(m, at(days=1, hours=1), **token))
    load(redshift, *world)
    multiply(redshift, copies)
    refresh(redshift, "ab_variant", as_of=AS_OF, report_tz="UTC")


def give(redshift: Redshift, *groups: Group, variants: Variants) -> None:
    """The same for one campaign."""
    give_all(redshift, {"cmp_1": (groups, variants)})


def share(variant: str, percent: float | None, control: bool | None = False) -> dict[str, Any]:
    return {"variant_id": variant, "allocation_pct": percent, "is_control": control}


HALVES = [share("A", 50, control=True), share("B", 50)]


def test_a_variant_is_compared_with_the_control(redshift: Redshift) -> None:
    """z = 0.03 / sqrt(0.115 * 0.885 * (1/1000 + 1/1000)) = 0.03 / 0.0142671 = 2.10274."""
    give(redshift, Group("A", 100, 1000, 20), Group("B", 130, 1000), variants=HALVES)
    shared = {
        "campaign_id": "cmp_1",
        "delivered": 1000,
        "control_ctr": Decimal("0.1"),
        "srm_flag": False,
        "decision_ready": True,
        "as_of": AS_OF,
    }
    assert report(redshift, "ab_variant") == [
        {
            **shared,
            "variant_id": "A",
            "is_control": True,
            "attempted": 1020,
            "clicked_72h": 100,
            "ctr_72h": Decimal("0.1"),
            "abs_lift": None,
            "rel_lift": None,
            "z": None,
            "p_value_bucket": None,
        },
        {
            **shared,
            "variant_id": "B",
            "is_control": False,
            "attempted": 1000,
            "clicked_72h": 130,
            "ctr_72h": Decimal("0.13"),
            "abs_lift": Decimal("0.03"),
            "rel_lift": Decimal("0.3"),
            "z": Decimal("2.102741"),
            "p_value_bucket": "<0.05",
        },
    ]


def test_the_sides_of_a_test_may_differ_in_size_and_sign(redshift: Redshift) -> None:
    """Of 40 of 400 and 6 of 200, z is -0.07 / sqrt(23/300 * 277/300 * 3/400) = -0.07 / 0.0230416 = -3.03798."""
    give(
        redshift,
        Group("A", 40, 400),
        Group("B", 6, 200),
        Group("C", 0, 200),
        Group("D", 20, 200),
        variants=[share("A", 40, control=True), *(share(v, 20) for v in "BCD")],
    )
    b, c, d = report(redshift, "ab_variant")[1:]
    check(b, z=Decimal("-3.037980"), p_value_bucket="<0.01", decision_ready=False)
    check(b, abs_lift=Decimal("-0.07"), rel_lift=Decimal("-0.7"), srm_flag=False)
    # 0.1 / sqrt(1/15 * 14/15 * 3/400) = 0.1 / 0.0216025
    check(c, z=Decimal("-4.629100"), p_value_bucket="<0.001")
    check(d, z=Decimal(0), p_value_bucket=">=0.05")


def test_a_split_unlike_the_shares_is_flagged(redshift: Redshift) -> None:
    cases: list[tuple[tuple[int, ...], tuple[float | None, ...], bool | None]] = [
        # 2 * 76.5 ** 2 / 1076.5 = 10.873 and 2 * 76 ** 2 / 1076 = 10.736, around 10.828
        ((1000, 1153), (50, 50), True),
        ((1000, 1152), (50, 50), False),
        ((1800, 200), (90, 10), False),
        ((200, 1800), (90, 10), True),
        # Shares need not add up to a hundred.
        ((300, 600), (10, 20), False),
        # With 2000 expected of A and 1000 of each other: 88 ** 2 / 1000 * 2 = 15.488 and 80 ** 2 / 1000 * 2 = 12.8,
        # around 13.816.
        ((2000, 1088, 912), (50, 25, 25), True),
        ((2000, 1080, 920), (50, 25, 25), False),
        # Nobody got B.
        ((1000, 0), (50, 50), True),
        # Four messages expected of B tell nothing.
        ((8, 0), (50, 50), None),
        ((1000, 1153), (50, None), None),
        ((1000, 1153), (100, 0), None),
    ]
    give_all(
        redshift,
        {
            f"cmp_{n:02}": (
                [Group(v, 0, size) for v, size in zip("ABC", sizes, strict=False)],
                [share(v, percent, v == "A") for v, percent in zip("ABC", shares, strict=False)],
            )
            for n, (sizes, shares, _) in enumerate(cases)
        },
    )
    found: dict[str, list[tuple[int, bool | None]]] = {}
    for row in report(redshift, "ab_variant"):
        found.setdefault(row["campaign_id"], []).append((row["attempted"], row["srm_flag"]))
    assert list(found.values()) == [[(size, flag) for size in sizes] for sizes, _, flag in cases]


def test_without_exactly_one_control_nothing_is_compared(redshift: Redshift) -> None:
    """None declared, two declared, or one that was never sent."""
    groups = [Group("A", 100, 1000), Group("B", 130, 1000)]
    give_all(
        redshift,
        {
            f"control {controls}": (groups, [share(v, None, v in controls) for v in "ABC"])
            for controls in ("", "AB", "C")
        },
    )
    rows = report(redshift, "ab_variant")
    assert [r["ctr_72h"] for r in rows] == [Decimal("0.1"), Decimal("0.13")] * 3
    for row in rows:
        check(row, control_ctr=None, abs_lift=None, rel_lift=None, z=None, p_value_bucket=None)
        check(row, srm_flag=None, decision_ready=False)


def test_messages_younger_than_72_hours_put_the_decision_off(redshift: Redshift) -> None:
    """They are in no count yet; a second later the last of them is."""
    give(
        redshift,
        Group("A", 100, 1000),
        Group("B", 130, 1000),
        Group("B", 0, 1, sent_at=at(days=6)),
        variants=HALVES,
    )
    for late, delivered, is_ready in ((-1, 1000, False), (0, 1001, True)):
        refresh(redshift, "ab_variant", as_of=at(days=9, seconds=late), report_tz="UTC")
        a, b = report(redshift, "ab_variant")
        check(a, delivered=1000, decision_ready=is_ready)
        check(b, delivered=delivered, clicked_72h=130, decision_ready=is_ready)


def test_a_thousand_deliveries_of_both_sides_are_needed(redshift: Redshift) -> None:
    give(redshift, Group("A", 100, 999, 5), Group("B", 130, 2000), variants=HALVES)
    assert [r["decision_ready"] for r in report(redshift, "ab_variant")] == [False, False]


def test_a_campaign_without_a_second_variant_has_no_rows(redshift: Redshift) -> None:
    give(redshift, Group("A", 10, 100), variants=[share("A", 100, control=True), share("B", 0)])
    assert report(redshift, "ab_variant") == []


def test_a_variant_nobody_declared_stands_beside_the_others(redshift: Redshift) -> None:
    give(redshift, Group("A", 10, 100), Group("Z", 20, 100), variants=[share("A", 100, True)])
    a, z = report(redshift, "ab_variant")
    check(a, is_control=True, srm_flag=None)
    # 0.1 / sqrt(0.15 * 0.85 * 0.02) = 0.1 / 0.0504975
    check(z, variant_id="Z", is_control=None, z=Decimal("1.980295"), p_value_bucket="<0.05")
