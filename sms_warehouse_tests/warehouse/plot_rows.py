"""Rows as the queries of ``sql/plots`` give them, a few weeks of a made-up business."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

_FIRST_DAY = date(2026, 2, 1)
_DAYS = [_FIRST_DAY + timedelta(days=n) for n in range(35)]
_REASONS = ("INVALID_NUMBER", "EXPIRED_TTL", "CARRIER_FILTERED", "UNKNOWN")

Row = dict[str, Any]


def _day(number: int, day: date) -> Row:
    sent = 4000 + 500 * (number % 7)
    young = number > 31
    return {
        "sent_date_report": day,
        "sent": sent,
        "delivered": sent * (85 if young else 93) // 100,
        "failed": sent * 4 // 100,
        "pending": sent * 10 // 100 if young else 0,
        "unknown": sent - sent * (85 if young else 93) // 100 - sent * 4 // 100
        - (sent * 10 // 100 if young else 0),
        "clicked_72h_delivered": sent * (3 + number % 3) // 100,
    }  # fmt: skip


def _campaign(number: int) -> Row:
    return {
        "campaign_id": f"cmp_{number}",
        "campaign_name": "Was $50^, now $5"
        if number == 2
        else f"Campaign {number} with quite a long name indeed",
        "delivered": 9000 // (number + 1),
        "clicked_delivered": 300 // (number + 1),
        "opt_outs": 20 // (number + 1),
        "is_mature": number % 3 > 0,
    }


def _scope(scope_type: str, scope_id: str, sent: int, carrier: str | None = None) -> Row:
    return {
        "scope_type": scope_type,
        "scope_id": scope_id,
        "carrier_name": carrier,
        "window_start": _DAYS[0],
        "window_end": _DAYS[29],
        "sent": sent,
        "delivered": sent * 9 // 10,
        "failed": sent // 20,
        "pending": 0,
        "unknown": sent - sent * 9 // 10 - sent // 20,
        "ctr_72h": Decimal("0.041"),
        "prev_ctr_72h": None if carrier is None else Decimal("0.035"),
    }


def _variant(campaign: str, variant: str, is_control: bool, clicked: int, p: str | None) -> Row:
    return {
        "campaign_id": campaign,
        "campaign_name": f"{campaign.title()} for $5_ or $6",
        "variant_id": variant,
        "is_control": is_control,
        "delivered": 2000,
        "clicked_72h": clicked,
        "p_value_bucket": p,
        "srm_flag": campaign == "autumn" and variant == "B",
        "decision_ready": campaign == "spring",
    }


ROWS: dict[str, list[Row]] = {
    "delivery_by_day": [_day(number, day) for number, day in enumerate(_DAYS)],
    "campaigns": [_campaign(number) for number in range(12)],
    "rolling_window": [
        _scope("ALL", "*", 130_000),
        _scope("CARRIER", "310410", 60_000, "AT&T Mobility"),
        _scope("CARRIER", "99999", 50_000),
        _scope("CARRIER", "310170", 20_000, "AT&T Mobility"),
        _scope("CATEGORY", "MARKETING", 120_000),
        _scope("CATEGORY", "SERVICE", 10_000),
    ],
    "failures_by_day": [
        {
            "sent_date_report": day,
            "failure_category": reason,
            "messages": (number * 7 + place * 13) % 60 + 5,
            "permanent_messages": 3 if place else (number * 7) % 60 + 5,
        }
        for number, day in enumerate(_DAYS)
        for place, reason in enumerate(_REASONS)
    ],
    "clicks_by_hour": [
        {
            "click_hour_utc": datetime(2026, 3, 1) + timedelta(hours=hour),
            "human_clicks": round(200 + 150 * math.sin(hour / 24 * 2 * math.pi)),
            "bot_clicks": 60 + hour % 5 * 10,
        }
        for hour in range(168)
        if not 40 < hour < 50
    ],
    "click_curve": [
        {"half_hour": n, "delivered": 100_000, "first_clicks": round(1500 * 0.85**n) + 3}
        for n in range(144)
    ],
    "send_times": [
        {
            "dow_local": weekday,
            "hour_local": hour,
            "delivered": 1000,
            "ctr_24h": Decimal(str(round(0.02 + 0.02 * math.sin(hour / 8) ** 2, 6))),
            "wilson_low95": Decimal(str(round(0.01 + 0.02 * math.sin(hour / 8) ** 2, 6))),
        }
        for weekday in range(7)
        for hour in range(8, 21)
    ],
    "variants": [
        _variant("spring", "A", True, 60, None),
        _variant("spring", "B", False, 95, "<0.01"),
        _variant("autumn", "A", True, 60, None),
        _variant("autumn", "B", False, 62, ">=0.05"),
    ],
    "segments": [
        {"segment": segment, "r_score": r, "f_score": f, "recipients": recipients}
        for segment, r, f, recipients in (
            ("ENGAGED", 5, 3, 12_000),
            ("ENGAGED", 5, 2, 30_000),
            ("AT_RISK", 3, 2, 22_000),
            ("LAPSED", 1, 1, 41_000),
            ("OPTED_OUT", 1, 1, 3_500),
        )
    ],
    "follow_ups": [
        {"action": action, "state": state, "recipients": recipients}
        for action, state, recipients in (
            ("REMIND_NON_CLICKER", "NOW", 40_000),
            ("REMIND_NON_CLICKER", "QUIET_HOURS", 12_000),
            ("REMIND_NON_CLICKER", "FREQUENCY_CAP", 3_000),
            ("NURTURE_CLICKER", "NOW", 5_000),
            ("RESEND", "QUIET_HOURS", 1_500),
            ("NO_ACTION", "NOTHING_TO_DO", 21_000),
        )
    ],
    "opt_outs_by_day": [
        {
            "effective_date": day,
            "by_keyword": 40 + number % 9,
            "by_web": 8,
            "by_agent": 2,
            "by_import": 0,
            "by_carrier": 5,
            "by_erasure": 1,
            "by_other": 0,
            "sent_after_optout": 4 if number % 10 == 0 else 0,
            "sent_after_10_business_days": 1 if number == 20 else 0,
        }
        for number, day in enumerate(_DAYS)
    ],
    "lateness_by_hour": [
        {
            "arrival_hour": datetime(2026, 3, 1) + timedelta(hours=hour),
            "rows_in": 5000,
            "p50_lateness_s": Decimal("0.02"),
            "p95_lateness_s": Decimal(4000 if hour == 70 else 40 + hour % 7),
            "duplicates": 12,
            "quarantined": 3,
            "orphans": 5,
            "late_rows": 60 if hour == 70 else 1,
            "odd_rows": 4,
        }
        for hour in range(190)
    ],
}
