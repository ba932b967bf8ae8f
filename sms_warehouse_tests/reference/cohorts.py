"""Reports by day of sending: how campaigns, days, windows and variants did, and what failed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from statistics import median
from typing import Any

from sms_warehouse_tests.reference.given import (
    Given,
    Row,
    local,
    midnight,
    percentile,
    share,
    six_digits,
)
from sms_warehouse_tests.reference.measures import measure, total
from sms_warehouse_tests.reference.messages import by

_CHI_SQUARE_999 = {1: 10.827566, 2: 13.815511, 3: 16.266236}
_P_VALUES = {3.290527: "<0.001", 2.575829: "<0.01", 1.959964: "<0.05"}
_Z = 1.959964


@dataclass(frozen=True)
class World:
    """Everything the reports are made of, and their clock."""

    messages: list[Row]
    clicks: list[Row]
    changes: list[Row]
    submissions: list[Row]
    images: dict[str, list[Row]]
    variants: list[Row]
    subscriptions: list[Row]
    given: Given
    as_of: datetime
    report_tz: str

    @property
    def today(self) -> date:
        return local(self.as_of, self.report_tz).date()

    @cached_property
    def measured(self) -> list[Row]:
        """Messages submitted up to the clock, with their measures."""
        return [
            measure(message, self.as_of)
            for message in self.messages
            if not message["is_stub"] and message["cohort_at"] <= self.as_of
        ]


def rates(counted: Row) -> Row:
    """The shares that several reports give."""
    return {
        "delivery_rate": share(counted["delivered"], counted["sent"]),
        "delivery_rate_final": share(
            counted["delivered"], counted["delivered"] + counted["failed"]
        ),
        "dlr_coverage": share(counted["delivered"] + counted["failed"], counted["sent"]),
        "ctr": share(counted["clicked_delivered"], counted["delivered"]),
        "ctr_72h": share(counted["clicked_72h_delivered"], counted["delivered"]),
        "optout_rate": share(counted["opt_outs"], counted["delivered"]),
    }


def campaign_performance(world: World) -> list[Row]:
    first_day = world.as_of.date() - timedelta(days=400)
    measured = [m for m in world.measured if m["cohort_date"] >= first_day]
    scopes = by(measured, "campaign_id", "variant_id")
    scopes |= {(campaign, "*"): rows for campaign, rows in by(measured, "campaign_id").items()}
    found = [
        _performance(world, campaign, variant, rows) for (campaign, variant), rows in scopes.items()
    ]
    usual: dict[str, list[float]] = {}
    for row in found:
        began = row["first_sent_at"]
        is_counted = (
            row["variant_id"] == "*"
            and row["delivered"]
            and began
            and world.as_of - timedelta(days=90) <= began <= world.as_of - timedelta(hours=72)
        )
        if row["campaign_type"] and is_counted:
            usual.setdefault(row["campaign_type"], []).append(
                row["clicked_72h_delivered"] / row["delivered"]
            )
    for row in found:
        others = usual.get(row["campaign_type"])
        row["score_vs_baseline"] = (
            share(row["clicked_72h_delivered"] / row["delivered"], median(others))
            if others and row["delivered"]
            else None
        )
    return found


def _performance(world: World, campaign_id: str, variant_id: str, rows: list[Row]) -> Row:
    counted = total(rows)
    image: Row = world.images[campaign_id][-1] if campaign_id in world.images else {}
    sent = [row["sent_at"] for row in rows if row["sent"]]
    times = [
        float(row["sec_to_first_click"])
        for row in rows
        if row["clicked"] and row["sec_to_first_click"] is not None
    ]
    last = max(sent, default=None)
    return (
        counted
        | rates(counted)
        | {
            "campaign_id": campaign_id,
            "variant_id": variant_id,
            "campaign_name": image.get("campaign_name"),
            "campaign_type": image.get("campaign_type"),
            "first_sent_at": min(sent, default=None),
            "last_sent_at": last,
            "bot_share": share(
                counted["bot_clicks"], counted["bot_clicks"] + counted["total_clicks"]
            ),
            "ctr_sent": share(counted["clicked"], counted["sent"]),
            "ctr_24h": share(counted["clicked_24h_delivered"], counted["delivered"]),
            "ctr_7d": share(counted["clicked_7d_delivered"], counted["delivered"]),
            "clicks_per_clicker": share(counted["total_clicks"], counted["clicked"]),
            "median_sec_to_click": percentile(times, 0.5),
            "p90_sec_to_click": percentile(times, 0.9),
            "segments_per_msg": share(counted["segments_sent"], counted["sent"]),
            "is_mature": last is not None and last < world.as_of - timedelta(days=7),
            "as_of": world.as_of,
        }
    )


def campaign_daily(world: World) -> list[Row]:
    """All days, as the first refresh finds them: no row has been restated yet."""
    days = by(world.measured, "cohort_date_report", "campaign_id", "variant_id")
    return [
        total(rows)
        | {
            "sent_date_report": day,
            "campaign_id": campaign_id,
            "variant_id": variant_id,
            "is_final": day < world.today - timedelta(days=30),
            "restated_count": 0,
            "as_of": world.as_of,
        }
        for (day, campaign_id, variant_id), rows in days.items()
    ]


def rolling_30d(world: World) -> list[Row]:
    report_date = world.today - timedelta(days=1)
    window_start = report_date - timedelta(days=29)
    begin = midnight(window_start, world.report_tz)
    end = midnight(world.today, world.report_tz)
    before = midnight(window_start - timedelta(days=30), world.report_tz)
    measured = [m for m in world.measured if m["cohort_at"] >= before]
    scopes: dict[tuple[str, Any], list[Row]] = {("ALL", "*"): measured} if measured else {}
    for scope_type, column in (
        ("CAMPAIGN", "campaign_id"),
        ("CARRIER", "carrier"),
        ("CATEGORY", "message_category"),
    ):
        scopes |= {(scope_type, value): rows for value, rows in by(measured, column).items()}
    logged = [s["received_at"] for s in world.submissions if begin <= s["occurred_at"] < end]
    found = []
    for (scope_type, scope_id), rows in scopes.items():
        current = [row for row in rows if begin <= row["cohort_at"] < end]
        counted = total(current)
        previous = total(row for row in rows if row["cohort_at"] < begin)
        today = total(row for row in rows if row["cohort_at"] >= end)
        rated, rated_before = rates(counted), rates(previous)
        recipients = {row["recipient_key"] for row in current if row["sent"]}
        ctr, ctr_before = rated["ctr"], rated_before["ctr"]
        found.append(
            counted
            | rated
            | {
                "report_date": report_date,
                "scope_type": scope_type,
                "scope_id": scope_id,
                "window_start": window_start,
                "window_end": report_date,
                "report_tz": world.report_tz,
                "anchor": "COHORT",
                "recipients_exact": len(recipients),
                "unique_clickers": len({r["recipient_key"] for r in current if r["clicked"]}),
                "msgs_per_recipient": share(counted["sent"], len(recipients)),
                "prev_sent": previous["sent"],
                "prev_delivered": previous["delivered"],
                "prev_clicked_delivered": previous["clicked_delivered"],
                "prev_ctr": ctr_before,
                "prev_ctr_72h": rated_before["ctr_72h"],
                "delta_pp": None if ctr is None or ctr_before is None else ctr - ctr_before,
                "delta_pct": share(counted["sent"] - previous["sent"], previous["sent"]),
                **{f"today_{n}": today[n] for n in ("attempted", "sent", "delivered", "clicked")},
                "source_watermark": max(logged, default=None),
                "as_of": world.as_of,
            }
        )
    return found


def delivery_failure_daily(world: World) -> list[Row]:
    first_day = world.today - timedelta(days=35)
    sent = [m for m in world.measured if m["sent"] and m["sent_date_report"] >= first_day]
    day_sent = by(sent, "sent_date_report", "carrier")
    for message in sent:
        message["error_code"] = message["final_error_code"] or "-"
    failures = by(
        [m for m in sent if m["failed"]],
        "sent_date_report",
        "carrier",
        "final_error_provider",
        "failure_category",
        "error_code",
    )
    return [
        {
            "sent_date_report": day,
            "carrier": carrier,
            "carrier_name": world.given.carriers.get(carrier, {}).get("carrier_name"),
            "provider": provider,
            "failure_category": category,
            "error_code": error_code,
            "messages": len(rows),
            "sent": len(day_sent[day, carrier]),
            "pct_of_sent": share(len(rows), len(day_sent[day, carrier])),
            "permanent_messages": sum(bool(row["failure_permanent"]) for row in rows),
            "distinct_recipients": len({row["recipient_key"] for row in rows}),
            "first_seen": min(row["failed_at"] for row in rows),
            "last_seen": max(row["failed_at"] for row in rows),
            "as_of": world.as_of,
        }
        for (day, carrier, provider, category, error_code), rows in failures.items()
    ]


def ab_variant(world: World) -> list[Row]:
    first_day = world.as_of.date() - timedelta(days=90)
    tested = by(
        [
            m
            for m in world.measured
            if m["variant_id"] != "-" and m["attempted"] and m["cohort_date"] >= first_day
        ],
        "campaign_id",
    )
    found = []
    for campaign_id, messages in tested.items():
        found += _compared(world, campaign_id, messages)
    return found


def _compared(world: World, campaign_id: str, messages: list[Row]) -> list[Row]:
    ripe = [m for m in messages if m["cohort_at"] <= world.as_of - timedelta(hours=72)]
    declared = {v["variant_id"]: v for v in world.variants if v["campaign_id"] == campaign_id}
    names = {m["variant_id"] for m in messages} | {
        name for name, v in declared.items() if v["is_current"] and (v["allocation_pct"] or 0) > 0
    }
    if len(names) < 2 or not ripe:
        return []
    counted = {name: total(m for m in ripe if m["variant_id"] == name) for name in names}
    controls = [name for name in names if declared.get(name, {}).get("is_control")]
    control = controls[0] if len(controls) == 1 else None
    shares = {name: declared.get(name, {}).get("allocation_pct") for name in names}
    found = []
    for name in names:
        one = counted[name]
        base = counted[control] if control else None
        p1 = _ratio(one["clicked_72h_delivered"], one["delivered"])
        p0 = _ratio(base["clicked_72h_delivered"], base["delivered"]) if base else None
        is_compared = name != control and p1 is not None and p0 is not None
        lift = p1 - p0 if is_compared and p1 is not None and p0 is not None else None
        z = _z(one, base) if is_compared and base else None
        found.append(
            {
                "campaign_id": campaign_id,
                "variant_id": name,
                "is_control": declared.get(name, {}).get("is_control"),
                "attempted": one["attempted"],
                "delivered": one["delivered"],
                "clicked_72h": one["clicked_72h_delivered"],
                "ctr_72h": None if p1 is None else six_digits(p1),
                "control_ctr": None if p0 is None else six_digits(p0),
                "abs_lift": None if lift is None else six_digits(lift),
                "rel_lift": share(lift, p0),
                "z": None if z is None else six_digits(z),
                "p_value_bucket": None
                if z is None
                else next((text for bound, text in _P_VALUES.items() if abs(z) > bound), ">=0.05"),
                "srm_flag": _is_skewed({n: counted[n]["attempted"] for n in names}, shares),
                "decision_ready": base is not None
                and min(one["delivered"], base["delivered"]) >= 1000
                and len(ripe) == len(messages),
                "as_of": world.as_of,
            }
        )
    return found


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _z(one: Row, base: Row) -> float | None:
    n1, n0 = one["delivered"], base["delivered"]
    x1, x0 = one["clicked_72h_delivered"], base["clicked_72h_delivered"]
    p = (x1 + x0) / (n1 + n0)
    spread = math.sqrt(p * (1 - p) * (1 / n1 + 1 / n0))
    return (x1 / n1 - x0 / n0) / spread if spread else None


def _is_skewed(attempted: dict[str, int], shares: dict[str, float | None]) -> bool | None:
    """Chi-square of what was attempted against the declared shares."""
    if not all(shares.values()):
        return None
    whole = sum(value or 0 for value in shares.values())
    expected = {n: sum(attempted.values()) * (shares[n] or 0) / whole for n in attempted}
    if min(expected.values()) < 5:
        return None
    square = sum((attempted[n] - expected[n]) ** 2 / expected[n] for n in attempted)
    return square > _CHI_SQUARE_999[len(attempted) - 1]


def send_time_heatmap(world: World, segments: dict[str, str]) -> list[Row]:
    """``segments`` are the recipients' current ones."""
    window_end = world.today - timedelta(days=2)
    begin = midnight(window_end - timedelta(days=89), world.report_tz)
    end = midnight(window_end + timedelta(days=1), world.report_tz)
    scoped = []
    for message in world.measured:
        is_shown = message["delivered"] and message["sent_hour_local"] is not None
        if is_shown and begin <= message["sent_at"] < end:
            scoped.append(message | {"segment": "*"})
            if message["recipient_key"] in segments:
                scoped.append(message | {"segment": segments[message["recipient_key"]]})
    return [
        _hour(world, window_end, key, rows)
        for key, rows in by(scoped, "sent_dow_local", "sent_hour_local", "segment").items()
    ]


def _hour(world: World, window_end: date, key: tuple[int, int, str], rows: list[Row]) -> Row:
    n = len(rows)
    clicked = sum(row["clicked_24h"] for row in rows)
    p, z2 = clicked / n, _Z * _Z
    low = (p + z2 / (2 * n) - _Z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    times = [float(r["sec_to_first_click"]) for r in rows if r["sec_to_first_click"] is not None]
    return {
        "window_end": window_end,
        "dow_local": key[0],
        "hour_local": key[1],
        "segment": key[2],
        "delivered": n,
        "clicked_delivered_24h": clicked,
        "ctr_24h": share(clicked, n),
        "wilson_low95": six_digits(low),
        "median_sec_to_click": percentile(times, 0.5),
        "as_of": world.as_of,
    }
