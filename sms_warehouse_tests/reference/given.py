"""What the reference takes as given: the reviewed reference data, and small arithmetic that SQL and Python share."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sms_warehouse.resources.redshift import Redshift

Row = dict[str, Any]


@dataclass(frozen=True)
class Given:
    """Reference data by key."""

    thresholds: dict[str, int]
    ruleset_version: int
    asn_kinds: dict[int, str]
    carriers: dict[str, Row]
    errors: dict[tuple[str, str], Row]
    zones: dict[str, str]
    business_days: list[date]
    follow_up_rules: list[Row]
    follow_up_setting: Row
    engagement: Row
    agents: dict[str, Row] = field(default_factory=dict)

    @classmethod
    def read(cls, redshift: Redshift) -> Given:
        with redshift.session("reference") as session:
            rules = session.records("select * from warehouse.dim_bot_rule")
            (engagement,) = session.records("select * from reports.engagement_setting")
            (follow_up,) = session.records("select * from reports.follow_up_setting")
            return cls(
                {r["click_class"]: r["threshold"] for r in rules},
                max(r["ruleset_version"] for r in rules),
                {
                    r["asn"]: r["asn_kind"]
                    for r in session.records("select * from warehouse.dim_asn")
                },
                {r["mcc_mnc"]: r for r in session.records("select * from warehouse.dim_carrier")},
                {
                    (r["provider"], r["error_code"]): r
                    for r in session.records("select * from warehouse.dim_delivery_error")
                },
                {
                    r["time_zone"]: r["redshift_name"]
                    for r in session.records("select * from warehouse.dim_time_zone")
                },
                sorted(
                    day
                    for (day,) in session.rows(
                        "select date_key from warehouse.dim_date where is_business_day"
                    )
                ),
                session.records("select * from reports.follow_up_rule order by rule_order"),
                follow_up,
                engagement,
            )


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def local(at: datetime, zone: str) -> datetime:
    """A UTC time as the clocks of a zone showed it."""
    return at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def midnight(day: date, zone: str) -> datetime:
    """When a day began in a zone, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)


def whole_seconds(at: datetime) -> int:
    return math.floor((at - datetime(1970, 1, 1)) / timedelta(seconds=1))


def seconds_between(start: datetime | None, end: datetime | None) -> int | None:
    """Seconds of the clock from one time to another: fractions are cut off first."""
    if start is None or end is None:
        return None
    return whole_seconds(end) - whole_seconds(start)


def share(part: float | None, whole: float | None) -> Decimal | None:
    """part / whole with six digits; None of nothing."""
    if part is None or not whole:
        return None
    return six_digits(part / whole)


def six_digits(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(Decimal("0.000001"), ROUND_HALF_UP)


def percentile(values: list[float], p: float) -> float | None:
    """The value below which a share p lies, interpolated between the two nearest."""
    if not values:
        return None
    ordered = sorted(values)
    place = p * (len(ordered) - 1)
    below = math.floor(place)
    above = math.ceil(place)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def first(*values: Any) -> Any:
    """The first that is known."""
    return next((value for value in values if value is not None), None)


def earliest(*values: Any) -> Any:
    return min((value for value in values if value is not None), default=None)


def latest(*values: Any) -> Any:
    return max((value for value in values if value is not None), default=None)
