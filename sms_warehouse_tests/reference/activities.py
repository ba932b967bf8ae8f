"""Reports by the day things happened: clicks by the hour, and whether opt-outs were heeded."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from datetime import date, datetime, timedelta

from sms_warehouse import click_rules
from sms_warehouse_tests.reference.cohorts import World
from sms_warehouse_tests.reference.given import (
    Row,
    local,
    midnight,
    percentile,
    seconds_between,
    share,
    six_digits,
)
from sms_warehouse_tests.reference.messages import by

_ON_ITS_WAY = timedelta(minutes=5)
_METHODS = {
    "by_keyword": "MO_KEYWORD",
    "by_web": "WEB",
    "by_agent": "AGENT",
    "by_import": "IMPORT",
    "by_carrier": "CARRIER_DEACT",
    "by_erasure": "ERASURE",
}


def click_activity_hourly(world: World) -> list[Row]:
    first_day = world.as_of.date() - timedelta(days=35)
    known = {m["message_id"]: m for m in world.messages if not m["is_stub"]}
    requests = []
    for click in world.clicks:
        if click["event_date"] >= first_day and click["occurred_at"] <= world.as_of:
            message = known.get(click["message_id"], {})
            hour = click["occurred_at"].replace(minute=0, second=0, microsecond=0)
            campaign_id = message.get("campaign_id", "-")
            requests.append(click | {"click_hour_utc": hour, "campaign_id": campaign_id})
    return [
        _hour(hour, campaign_id, rows, known, world.as_of)
        for (hour, campaign_id), rows in by(requests, "click_hour_utc", "campaign_id").items()
    ]


def _hour(
    hour: datetime, campaign_id: str, rows: list[Row], known: dict[str, Row], as_of: datetime
) -> Row:
    people = [r for r in rows if r["is_human"] and not r["is_repeat_fire"]]
    machines = [r for r in rows if not r["is_human"]]
    agents = [click_rules.describe(r["user_agent"] or "") for r in people]
    systems = Counter(agent.os for agent in agents)
    devices = Counter(agent.device_type for agent in agents)
    first_clicks = {
        r["message_id"]
        for r in people
        if known.get(r["message_id"], {}).get("first_click_at") == r["occurred_at"]
    }
    ages = [
        seconds_between(known.get(r["message_id"], {}).get("sent_at"), r["occurred_at"])
        for r in people
    ]
    age = percentile([float(a) for a in ages if a is not None], 0.5)
    reasons = Counter(r["bot_reason"] or r["click_class"] for r in machines)
    told = sorted(reasons, key=lambda r: (-reasons[r], r))
    return {
        "click_hour_utc": hour,
        "campaign_id": campaign_id,
        "human_clicks": len(people),
        "bot_clicks": len(machines),
        "repeat_clicks": len(rows) - len(people) - len(machines),
        "unique_messages_clicked": len({r["message_id"] for r in people}),
        "new_first_clicks": len(first_clicks),
        "p50_message_age_h": None if age is None else six_digits(age / 3600),
        "top_bot_reason": told[0] if told else None,
        "ios_clicks": systems["iOS"],
        "android_clicks": systems["Android"],
        "other_os_clicks": len(people) - systems["iOS"] - systems["Android"],
        "mobile_clicks": devices["MOBILE"],
        "tablet_clicks": devices["TABLET"],
        "desktop_clicks": devices["DESKTOP"],
        "other_device_clicks": len(people)
        - devices["MOBILE"]
        - devices["TABLET"]
        - devices["DESKTOP"],
        "as_of": as_of,
    }


def refusals(world: World) -> list[Row]:
    """Opt-outs and deactivations that began to hold, with the time they held."""
    found = []
    for changes in by(world.changes, "recipient_id").values():
        changes.sort(key=lambda c: (c["effective_at"], c["occurred_at"], c["event_id"]))
        seen: set[tuple[object, ...]] = set()
        for place, change in enumerate(changes):
            if change["new_status"] not in ("OPTED_OUT", "DEACTIVATED"):
                continue
            ends = [c["effective_at"] for c in changes[place + 1 :] if _ends(change, c)]
            ended_at = min(ends, default=None)
            # What ends at the same time held at the same time: the first of them counts.
            key = (change["program_id"], change["new_status"], ended_at)
            if key not in seen:
                seen.add(key)
                found.append(change | {"ended_at": ended_at})
    return found


def _ends(refusal: Row, later: Row) -> bool:
    agrees = later["new_status"] == "OPTED_IN"
    if refusal["new_status"] == "DEACTIVATED":
        return later["new_status"] == "REASSIGNED" or agrees
    if later["new_status"] in ("DEACTIVATED", "REASSIGNED"):
        return True
    programs = (refusal["program_id"], "ALL")
    return agrees and (refusal["program_id"] == "ALL" or later["program_id"] in programs)


def optout_compliance_daily(world: World) -> list[Row]:
    begin = midnight(world.today - timedelta(days=399), world.report_tz)

    def day(at: datetime) -> date:
        return local(at, world.report_tz).date()

    def is_covered(change: Row) -> bool:
        return bool(begin <= change["effective_at"] <= world.as_of)

    opt_outs = [
        c | {"effective_date": day(c["effective_at"])}
        for c in world.changes
        if c["new_status"] == "OPTED_OUT" and is_covered(c)
    ]
    refused = [
        r | {"effective_date": day(r["effective_at"]), "sent": _sent_while(world, r)}
        for r in refusals(world)
        if is_covered(r)
    ]
    delivered = Counter(
        day(m["delivered_at"])
        for m in world.measured
        if m["delivered"] and begin <= m["delivered_at"] <= world.as_of
    )
    counted = by(opt_outs, "effective_date", "program_id")
    heeded = by(refused, "effective_date", "program_id")
    return [
        _compliance(world, key, counted.get(key, []), heeded.get(key, []), delivered[key[0]])
        for key in {*counted, *heeded}
    ]


def _sent_while(world: World, refusal: Row) -> list[datetime]:
    """When messages were accepted for the recipient while they refused them."""
    return sorted(
        m["sent_at"]
        for m in world.measured
        if m["recipient_id"] == refusal["recipient_id"]
        and m["sent_at"]
        and refusal["effective_at"] < m["sent_at"] <= world.as_of
        and (refusal["ended_at"] is None or m["sent_at"] < refusal["ended_at"])
    )


def _compliance(
    world: World, key: tuple[date, str], opt_outs: list[Row], refused: list[Row], delivered: int
) -> Row:
    attributed = sum(c["attributed_message_id"] is not None for c in opt_outs)
    left = [r for r in refused if r["new_status"] == "OPTED_OUT"]
    ended = [r for r in refused if r["new_status"] == "DEACTIVATED"]
    minutes = [
        (r["sent"][-1] - r["effective_at"]) / timedelta(minutes=1) if r["sent"] else 0.0
        for r in left
    ]
    p95 = percentile(minutes, 0.95)
    return {
        "effective_date": key[0],
        "program_id": key[1],
        "opt_outs": len(opt_outs),
        **{n: sum(c["method"] == method for c in opt_outs) for n, method in _METHODS.items()},
        "by_other": sum(c["method"] not in _METHODS.values() for c in opt_outs),
        "attributed_to_message": attributed,
        "delivered": delivered,
        "optout_rate": share(attributed, delivered) if opt_outs else None,
        "p95_min_to_suppression": None if p95 is None else six_digits(p95),
        "sent_after_optout": sum(len(_against(r)) for r in left),
        "sent_after_10_business_days": sum(
            _business_days(world, r["effective_date"], local(at, world.report_tz).date()) >= 10
            for r in left
            for at in _against(r)
        ),
        "deactivated_numbers_hit": sum(len(_against(r)) for r in ended),
        "report_tz": world.report_tz,
        "as_of": world.as_of,
    }


def _against(refusal: Row) -> list[datetime]:
    return [at for at in refusal["sent"] if at > refusal["effective_at"] + _ON_ITS_WAY]


def _business_days(world: World, left: date, sent: date) -> int:
    """Whole business days between two days."""
    days = world.given.business_days
    return bisect_left(days, sent) - bisect_right(days, left)
