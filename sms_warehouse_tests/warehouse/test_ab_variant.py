"""Variants against their control: the test statistic by hand, the split against the shares, and when to decide."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

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


@dataclass(frozen=True)
class Campaign:
    """The groups of a campaign, and the variants it declares."""

    groups: Sequence[Group]
    variants: list[dict[str, Any]]


def share(variant: str, percent: float | None, control: bool | None = False) -> dict[str, Any]:
    return {"variant_id": variant, "allocation_pct": percent, "is_control": control}


HALVES = [share("A", 50, control=True), share("B", 50)]

SPLITS: dict[str, tuple[tuple[int, ...], tuple[float | None, ...], bool | None]] = {
    # 2 * 76.5 ** 2 / 1076.5 = 10.873 and 2 * 76 ** 2 / 1076 = 10.736, around 10.828
    "halves, just beyond": ((1000, 1153), (50, 50), True),
    "halves, just within": ((1000, 1152), (50, 50), False),
    "nine to one": ((1800, 200), (90, 10), False),
    "one to nine": ((200, 1800), (90, 10), True),
    # Shares need not add up to a hundred.
    "shares of thirty": ((300, 600), (10, 20), False),
    # With 2000 expected of A and 1000 of each other: 88 ** 2 / 1000 * 2 = 15.488 and 80 ** 2 / 1000 * 2 = 12.8,
    # around 13.816.
    "three, just beyond": ((2000, 1088, 912), (50, 25, 25), True),
    "three, just within": ((2000, 1080, 920), (50, 25, 25), False),
    "nobody got B": ((1000, 0), (50, 50), True),
    # Four messages expected of B tell nothing.
    "a few messages": ((8, 0), (50, 50), None),
    "a share nobody declared": ((1000, 1153), (50, None), None),
    "a share of nothing": ((1000, 1153), (100, 0), None),
}

CAMPAIGNS = {
    "halves": Campaign([Group("A", 100, 1000, 20), Group("B", 130, 1000)], HALVES),
    "four": Campaign(
        [Group("A", 40, 400), Group("B", 6, 200), Group("C", 0, 200), Group("D", 20, 200)],
        [share("A", 40, control=True), *(share(v, 20) for v in "BCD")],
    ),
    **{
        split: Campaign(
            [Group(v, 0, size) for v, size in zip("ABC", sizes, strict=False)],
            [share(v, percent, v == "A") for v, percent in zip("ABC", shares, strict=False)],
        )
        for split, (sizes, shares, _) in SPLITS.items()
    },
    **{
        f"control {controls}": Campaign(
            [Group("A", 100, 1000), Group("B", 130, 1000)],
            [share(v, None, v in controls) for v in "ABC"],
        )
        for controls in ("", "AB", "C")
    },
    "young": Campaign(
        [
            Group("A", 100, 1000),
            Group("B", 130, 1000),
            Group("B", 0, 1, sent_at=at(days=6)),
        ],
        HALVES,
    ),
    "small": Campaign([Group("A", 100, 999, 5), Group("B", 130, 2000)], HALVES),
    "alone": Campaign([Group("A", 10, 100)], [share("A", 100, control=True), share("B", 0)]),
    "undeclared": Campaign([Group("A", 10, 100), Group("Z", 20, 100)], [share("A", 100, True)]),
}


@pytest.fixture(scope="module")
def loaded(module_warehouse: Redshift) -> Redshift:
    """A warehouse with the campaigns of all tests."""
    world: list[Event] = []
    copies: dict[str, int] = {}
    for campaign_id, declared in CAMPAIGNS.items():
        world.append(campaign(campaign_id, variants=json.dumps(declared.variants)))
        for group in declared.groups:
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
                own = {"recipient_id": m, "link_token": m}
                world.append(
                    submitted(
                        m,
                        group.sent_at,
                        campaign_id=campaign_id,
                        variant_id=group.variant,
                        **own,
                    )
                )
                status = "DELIVERED" if kind == "clicked" else kind
                world.append(receipt(m, status, at(days=1)))
                if kind == "clicked":
                    tokens = {"link_token": m, "visitor_token": m, "ip_token": m}
                    world.append(click(m, at(days=1, hours=1), **tokens))
    load(module_warehouse, *world)
    multiply(module_warehouse, copies)
    return module_warehouse


@pytest.fixture(scope="module")
def rows(loaded: Redshift) -> dict[str, list[dict[str, Any]]]:
    """The report, by campaign."""
    refresh(loaded, "ab_variant", as_of=AS_OF, report_tz="UTC")
    return {c: report(loaded, "ab_variant", campaign_id=c) for c in CAMPAIGNS}


Rows = dict[str, list[dict[str, Any]]]


def test_a_variant_is_compared_with_the_control(rows: Rows) -> None:
    """z = 0.03 / sqrt(0.115 * 0.885 * (1/1000 + 1/1000)) = 0.03 / 0.0142671 = 2.10274."""
    shared = {
        "campaign_id": "halves",
        "delivered": 1000,
        "control_ctr": Decimal("0.1"),
        "srm_flag": False,
        "decision_ready": True,
        "as_of": AS_OF,
    }
    assert rows["halves"] == [
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


def test_the_sides_of_a_test_may_differ_in_size_and_sign(rows: Rows) -> None:
    """Of 40 of 400 and 6 of 200, z is -0.07 / sqrt(23/300 * 277/300 * 3/400) = -0.07 / 0.0230416 = -3.03798."""
    b, c, d = rows["four"][1:]
    check(b, z=Decimal("-3.037980"), p_value_bucket="<0.01", decision_ready=False)
    check(b, abs_lift=Decimal("-0.07"), rel_lift=Decimal("-0.7"), srm_flag=False)
    # 0.1 / sqrt(1/15 * 14/15 * 3/400) = 0.1 / 0.0216025
    check(c, z=Decimal("-4.629100"), p_value_bucket="<0.001")
    check(d, z=Decimal(0), p_value_bucket=">=0.05")


@pytest.mark.parametrize("split", SPLITS)
def test_a_split_unlike_the_shares_is_flagged(rows: Rows, split: str) -> None:
    sizes, _, flag = SPLITS[split]
    assert [(row["attempted"], row["srm_flag"]) for row in rows[split]] == [
        (size, flag) for size in sizes
    ]


@pytest.mark.parametrize("controls", ["", "AB", "C"])
def test_without_exactly_one_control_nothing_is_compared(rows: Rows, controls: str) -> None:
    """None declared, two declared, or one that was never sent."""
    found = rows[f"control {controls}"]
    assert [r["ctr_72h"] for r in found] == [Decimal("0.1"), Decimal("0.13")]
    for row in found:
        check(row, control_ctr=None, abs_lift=None, rel_lift=None, z=None, p_value_bucket=None)
        check(row, srm_flag=None, decision_ready=False)


def test_messages_younger_than_72_hours_put_the_decision_off(loaded: Redshift, rows: Rows) -> None:
    """They are in no count yet; a second later the last of them is."""
    refresh(loaded, "ab_variant", as_of=AS_OF - timedelta(seconds=1), report_tz="UTC")
    before = report(loaded, "ab_variant", campaign_id="young")
    for (a, b), delivered, is_ready in ((before, 1000, False), (rows["young"], 1001, True)):
        check(a, delivered=1000, decision_ready=is_ready)
        check(b, delivered=delivered, clicked_72h=130, decision_ready=is_ready)


def test_a_thousand_deliveries_of_both_sides_are_needed(rows: Rows) -> None:
    assert [row["decision_ready"] for row in rows["small"]] == [False, False]


def test_a_campaign_without_a_second_variant_has_no_rows(rows: Rows) -> None:
    assert rows["alone"] == []


def test_a_variant_nobody_declared_stands_beside_the_others(rows: Rows) -> None:
    a, z = rows["undeclared"]
    check(a, is_control=True, srm_flag=None)
    # 0.1 / sqrt(0.15 * 0.85 * 0.02) = 0.1 / 0.0504975
    check(z, variant_id="Z", is_control=None, z=Decimal("1.980295"), p_value_bucket="<0.05")
