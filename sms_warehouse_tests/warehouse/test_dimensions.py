"""Campaigns and their variants through time."""

from __future__ import annotations

import json
from datetime import date

from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.warehouse.in_step import Part, Steps, in_step
from sms_warehouse_tests.warehouse.world import (
    NOON,
    at,
    campaign,
)


@in_step
def test_a_campaign_keeps_every_image_and_the_highest_version_is_current(own: Part) -> Steps:
    yield own.load(campaign(version=2, occurred_at=at(hours=2), owner="growth"))
    yield own.load(campaign(version=1, occurred_at=NOON, owner="retention"))
    yield own.load(campaign(version=3, occurred_at=at(hours=5), owner="devices", deleted=True))
    rows = sorted(own.rows("dim_campaign", "campaign_id", "cmp_1"), key=lambda r: r["version"])
    assert [(r["owner"], r["valid_from"], r["valid_to"], r["is_current"]) for r in rows] == [
        ("retention", NOON, at(hours=2), False),
        ("growth", at(hours=2), at(hours=5), False),
        ("devices", at(hours=5), None, True),
    ]
    assert rows[2]["is_deleted"]


@in_step
def test_a_variant_is_as_the_newest_image_that_names_it_says(own: Part) -> Steps:
    first = [
        {"variant_id": "A", "name": "offer", "allocation_pct": 50, "is_control": True},
        {"variant_id": "B", "name": "deadline", "allocation_pct": 50.5, "is_control": False},
    ]
    second = [
        {"variant_id": "A", "name": "offer first", "allocation_pct": 100.0},
        "junk",
        {"variant_id": 7},
    ]
    yield own.load(campaign(version=2, variants=json.dumps(second)))
    yield own.load(campaign(version=1, variants=json.dumps(first)))
    rows = sorted(own.rows("dim_variant", "campaign_id", "cmp_1"), key=lambda r: r["variant_id"])
    columns = ("variant_id", "variant_name", "allocation_pct", "is_control", "is_current")
    assert [tuple(row[column] for column in columns) for row in rows] == [
        ("A", "offer first", 100.0, None, True),
        ("B", "deadline", 50.5, False, False),
    ]


@in_step
def test_a_campaign_whose_object_was_overwritten_is_forgotten(own: Part) -> Steps:
    variants = json.dumps([{"variant_id": "A"}])
    for campaign_id in ("cmp_1", "cmp_2"):
        yield own.put("raw/overwritten", campaign(campaign_id, variants=variants))
    for table in ("dim_campaign", "dim_variant"):
        assert own.rows(table, "campaign_id", "cmp_1") == []
        assert len(own.rows(table, "campaign_id", "cmp_2")) == 1


def test_the_calendar_agrees_with_pythons(module_warehouse: Redshift) -> None:
    with module_warehouse.session("tests") as session:
        days = session.records("select * from warehouse.dim_date order by date_key")
    first, last = date(2018, 1, 1), date(2040, 12, 31)
    assert [d["date_key"] for d in days] == [
        date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)
    ]
    for day in days:
        key = day["date_key"]
        iso = key.isocalendar()
        assert (day["iso_year"], day["iso_week"]) == (iso.year, iso.week)
        assert (day["year_number"], day["month_number"], day["day_of_month"]) == (
            key.year,
            key.month,
            key.day,
        )
        assert day["day_of_year"] == key.timetuple().tm_yday
        assert day["quarter_number"] == (key.month + 2) // 3
        assert day["dow"] == (key.weekday() + 1) % 7
        assert day["is_weekend"] == (key.weekday() >= 5)
        assert day["is_business_day"] == (not day["is_weekend"] and not day["is_holiday"])


def test_holidays_of_a_year_are_known(module_warehouse: Redshift) -> None:
    with module_warehouse.session("tests") as session:
        holidays = session.rows(
            "select date_key, holiday_name from warehouse.dim_date"
            " where is_holiday and year_number = 2026 order by date_key"
        )
    assert holidays == [
        (date(2026, 1, 1), "New Year's Day"),
        (date(2026, 1, 19), "Martin Luther King Jr. Day"),
        (date(2026, 2, 16), "Washington's Birthday"),
        (date(2026, 5, 25), "Memorial Day"),
        (date(2026, 6, 19), "Juneteenth National Independence Day"),
        (date(2026, 7, 3), "Independence Day (observed)"),
        (date(2026, 7, 4), "Independence Day"),
        (date(2026, 9, 7), "Labor Day"),
        (date(2026, 10, 12), "Columbus Day"),
        (date(2026, 11, 11), "Veterans Day"),
        (date(2026, 11, 26), "Thanksgiving Day"),
        (date(2026, 12, 25), "Christmas Day"),
    ]
