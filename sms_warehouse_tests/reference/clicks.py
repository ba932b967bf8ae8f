"""Requests for links: whose they are, people's or machines', and which of them count."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise

from sms_warehouse import click_rules
from sms_warehouse_tests.reference.given import Given, Row

_REPEAT = timedelta(seconds=2)
_SESSION = timedelta(minutes=30)


def judge(clicks: list[Row], sent_at: dict[str, datetime | None], given: Given) -> None:
    """Adds to each request what it is taken for; ``sent_at`` tells when a message was first accepted."""
    links: dict[tuple[str, int], set[str]] = defaultdict(set)
    requests: Counter[tuple[str, int]] = Counter()
    for click in clicks:
        if click["ip_token"] is not None:
            links[click["ip_token"], click["slot_number"]].add(click["link_token"])
        requests[click["link_token"], click["slot_number"]] += 1
    for click in clicks:
        swept = links.get((click["ip_token"], click["slot_number"]), set())
        click["is_ip_sweep"] = len(swept) >= given.thresholds["IP_SWEEP"]
        click["is_over_rate"] = (
            requests[click["link_token"], click["slot_number"]] > given.thresholds["RATE"]
        )
        click["click_class"], click["bot_reason"] = _class(click, sent_at, given)
        click["is_human"] = click["click_class"] == "HUMAN"
        click["bot_ruleset_version"] = given.ruleset_version
        click["is_repeat_fire"] = False
    _mark_repeats(clicks)


def _class(click: Row, sent_at: dict[str, datetime | None], given: Given) -> tuple[str, str | None]:
    agent = str(click_rules.classify(click["user_agent"] or ""))
    network = given.asn_kinds.get(click["asn"])
    sent = sent_at.get(click["message_id"])
    if click["method"].upper() != "GET":
        return "NON_GET", click["method"].upper()
    if click["sec_purpose"]:
        return "PREFETCH", click["sec_purpose"].lower()
    if agent == "EMPTY":
        return "EMPTY_UA", None
    if agent in ("BOT", "TOOL"):
        return "UA_BOT", agent.lower()
    if agent == "PREVIEW":
        return "UA_PREVIEW", agent.lower()
    if click["message_id"] is None:
        return "INVALID_TOKEN", None
    if network == "DATACENTER":
        return "DATACENTER_ASN", f"AS{click['asn']}"
    too_fast = given.thresholds["TOO_FAST"]
    if sent is not None and click["occurred_at"] < sent + timedelta(seconds=too_fast):
        return "TOO_FAST", f"within {too_fast} s of sending"
    if click["is_ip_sweep"] and network != "OWN_CGNAT":
        return "IP_SWEEP", f"{given.thresholds['IP_SWEEP']} links or more in 10 min"
    if click["is_over_rate"]:
        return "RATE", f"over {given.thresholds['RATE']} requests in 10 min"
    return "HUMAN", None


def _mark_repeats(clicks: list[Row]) -> None:
    """A person's request at most two seconds after the same visitor's for the same link is the same tap."""
    taps: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for click in clicks:
        if click["is_human"] and click["visitor_token"] is not None:
            taps[click["link_token"], click["visitor_token"]].append(click)
    for tapped in taps.values():
        tapped.sort(key=lambda click: (click["occurred_at"], click["event_id"]))
        for before, click in pairwise(tapped):
            click["is_repeat_fire"] = click["occurred_at"] - before["occurred_at"] <= _REPEAT


def summed(clicks: list[Row]) -> Row:
    """What the requests for one message's link say together."""
    machines = [c for c in clicks if not c["is_human"]]
    repeats = [c for c in clicks if c["is_human"] and c["is_repeat_fire"]]
    people = sorted(
        (c for c in clicks if c["is_human"] and not c["is_repeat_fire"]),
        key=lambda c: c["occurred_at"],
    )
    times = [c["occurred_at"] for c in people]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    return {
        "click_requests": len(clicks),
        "bot_clicks": len(machines),
        "repeat_clicks": len(repeats),
        "human_clicks": len(people),
        "click_sessions": (1 if people else 0) + sum(pause > _SESSION for pause in pauses),
        "distinct_visitors": len({c["visitor_token"] for c in people + repeats} - {None}),
        "first_click_at": min(times, default=None),
        "last_click_at": max(times, default=None),
        "first_bot_click_at": min((c["occurred_at"] for c in machines), default=None),
        "bot_ruleset_version": max((c["bot_ruleset_version"] for c in clicks), default=None),
    }
