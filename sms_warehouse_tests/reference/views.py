"""Views over facts and names: settings of campaigns, and everything that events name, declared or not."""

from __future__ import annotations

import re

from sms_warehouse_tests.reference.given import Given, Row
from sms_warehouse_tests.reference.messages import by

_TOLL_FREE = re.compile(r"\+?1?8(00|33|44|55|66|77|88)[0-9]{7}")
_DESCRIBED = (
    "campaign_name",
    "campaign_type",
    "owner",
    "target_segment",
    "parent_campaign_id",
    "is_deleted",
)


def campaign_setting(settings: dict[str, Row], given: Given) -> list[Row]:
    return [
        {"campaign_id": c, "redshift_tz": given.zones.get(s["report_tz"], "UTC"), **s}
        for c, s in settings.items()
    ]


def _seen(named: list[Row], kind: str) -> dict[tuple[str, str], Row]:
    """When members of a kind were first and last seen."""
    found = by([row for row in named if row["kind"] == kind], "member_id", "member_part")
    return {
        key: {
            "first_seen_at": min(row["first_seen_at"] for row in rows),
            "last_seen_at": max(row["last_seen_at"] for row in rows),
        }
        for key, rows in found.items()
    }


_NEVER: Row = {"first_seen_at": None, "last_seen_at": None}


def dim_sender(named: list[Row]) -> list[Row]:
    senders = [
        {"sender_id": sender, "sender_kind": _sender_kind(sender), **seen}
        for (sender, _), seen in _seen(named, "SENDER").items()
    ]
    return [*senders, {"sender_id": "-", "sender_kind": None, **_NEVER}]


def _sender_kind(sender: str) -> str:
    if re.fullmatch(r"[0-9]{3,8}", sender):
        return "SHORT_CODE"
    if _TOLL_FREE.fullmatch(sender):
        return "TOLL_FREE"
    return "LONG_CODE" if re.fullmatch(r"\+?[0-9]+", sender) else "ALPHANUMERIC"


def dim_link_url(named: list[Row]) -> list[Row]:
    links = [{"link_url_id": link, **seen} for (link, _), seen in _seen(named, "LINK").items()]
    return [*links, {"link_url_id": "-", **_NEVER}]


def every_campaign(images: dict[str, list[Row]], named: list[Row]) -> list[Row]:
    unknown: Row = dict.fromkeys(_DESCRIBED)
    found = [
        {"campaign_id": c, "is_inferred": False, **{n: of[-1][n] for n in _DESCRIBED}}
        for c, of in images.items()
    ]
    found += [
        {"campaign_id": campaign, "is_inferred": True, **unknown}
        for campaign, _ in _seen(named, "CAMPAIGN")
        if campaign not in images
    ]
    return [*found, {"campaign_id": "-", "is_inferred": False, **unknown}]


def every_variant(variants: list[Row], images: dict[str, list[Row]], named: list[Row]) -> list[Row]:
    unknown: Row = dict.fromkeys(("variant_name", "allocation_pct", "is_control", "is_current"))
    declared = {(v["campaign_id"], v["variant_id"]) for v in variants}
    found = [v | {"is_inferred": False} for v in variants]
    found += [
        {"campaign_id": campaign, "variant_id": variant, "is_inferred": True, **unknown}
        for campaign, variant in _seen(named, "VARIANT")
        if (campaign, variant) not in declared
    ]
    found += [
        {"campaign_id": row["campaign_id"], "variant_id": "-", "is_inferred": False, **unknown}
        for row in every_campaign(images, named)
    ]
    return found


def every_carrier(named: list[Row], given: Given) -> list[Row]:
    unknown: Row = dict.fromkeys(("carrier_name", "country", "is_own_network"))
    found = [row | {"is_inferred": False} for row in given.carriers.values()]
    found += [
        {"mcc_mnc": network, "is_inferred": True, **unknown}
        for network, _ in _seen(named, "CARRIER")
        if network not in given.carriers
    ]
    return [*found, {"mcc_mnc": "-", "is_inferred": False, **unknown}]


def every_delivery_error(named: list[Row], given: Given) -> list[Row]:
    found: list[Row] = []
    for (provider, code), seen in _seen(named, "ERROR").items():
        entries = [
            given.errors[key] for key in ((provider, code), ("*", code)) if key in given.errors
        ]
        told = {
            name: next((e[name] for e in entries if e[name] is not None), None)
            for name in ("failure_category", "is_permanent", "description")
        }
        told["failure_category"] = told["failure_category"] or "UNKNOWN"
        key = {"provider": provider, "error_code": code, "is_inferred": not entries}
        found.append(key | told | seen)
    nothing = dict.fromkeys(("failure_category", "is_permanent", "description"))
    return [*found, {"provider": "-", "error_code": "-", "is_inferred": False, **nothing, **_NEVER}]
