"""Things that events name before, or without, their declaration."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.warehouse.world import (
    DAY,
    NOON,
    Content,
    Facts,
    apply_all,
    at,
    campaign,
    click,
    event,
    land,
    load,
    message_id,
    receipt,
    submitted,
)


def test_a_campaign_is_inferred_until_its_declaration_comes(
    redshift: Redshift, facts: Facts
) -> None:
    load(redshift, submitted(message_id(), campaign_id="cmp_7", variant_id="B"))
    (row,) = facts.rows("every_campaign", "campaign_id", "cmp_7")
    assert (row["campaign_name"], row["is_inferred"]) == (None, True)
    load(
        redshift, campaign("cmp_7", campaign_name="May", variants=json.dumps([{"variant_id": "A"}]))
    )
    (row,) = facts.rows("every_campaign", "campaign_id", "cmp_7")
    assert (row["campaign_name"], row["is_inferred"]) == ("May", False)
    variants = facts.rows("every_variant", "campaign_id", "cmp_7")
    assert {(v["variant_id"], v["is_inferred"]) for v in variants} == {
        ("-", False),
        ("A", False),
        ("B", True),
    }
    load(redshift, campaign("cmp_7", 2, variants=json.dumps([{"variant_id": "B"}])))
    variants = facts.rows("every_variant", "campaign_id", "cmp_7")
    assert not any(v["is_inferred"] for v in variants)


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        ("27368", "SHORT_CODE"),
        ("+18885550100", "TOLL_FREE"),
        ("8005550100", "TOLL_FREE"),
        ("+12125550100", "LONG_CODE"),
        ("+447700900123", "LONG_CODE"),
        ("ACME", "ALPHANUMERIC"),
        ("-", None),
    ],
)
def test_a_senders_kind_is_told_by_its_form(
    redshift: Redshift, facts: Facts, sender: str, kind: str | None
) -> None:
    if sender != "-":
        load(redshift, submitted(message_id(), sender_id=sender))
    (row,) = facts.rows("dim_sender", "sender_id", sender)
    assert row["sender_kind"] == kind


def test_senders_and_links_were_seen_from_their_first_event_to_their_last(
    redshift: Redshift, facts: Facts
) -> None:
    later = DAY + timedelta(days=2)
    load(redshift, click(message_id(), at(days=2), link_url_id="lnk_1"), day=later)
    load(
        redshift,
        submitted(message_id(), at(hours=1), link_url_id="lnk_1"),
        submitted(message_id(2), NOON, link_url_id="lnk_1"),
    )
    load(redshift, event("inbound_message", at(days=2)), day=later)
    (sender,) = facts.rows("dim_sender", "sender_id", "27368")
    (link,) = facts.rows("dim_link_url", "link_url_id", "lnk_1")
    for row in (sender, link):
        assert (row["first_seen_at"], row["last_seen_at"]) == (NOON, at(days=2))


def test_networks_and_error_codes_nobody_listed_are_inferred(
    redshift: Redshift, facts: Facts
) -> None:
    load(
        redshift,
        receipt(message_id(1), "FAILED", at(minutes=1), error_code="69321", mcc_mnc="999999"),
        receipt(message_id(2), "FAILED", at(minutes=2), error_code="001", mcc_mnc="310012"),
    )
    (unknown,) = facts.rows("every_delivery_error", "error_code", "69321")
    (known,) = facts.rows("every_delivery_error", "error_code", "001")
    assert (unknown["failure_category"], unknown["is_inferred"]) == ("UNKNOWN", True)
    assert (known["failure_category"], known["is_inferred"]) == ("INVALID_NUMBER", False)
    assert unknown["first_seen_at"] == at(minutes=1)
    (carrier,) = facts.rows("every_carrier", "mcc_mnc", "999999")
    assert (carrier["country"], carrier["is_inferred"]) == (None, True)
    (carrier,) = facts.rows("every_carrier", "mcc_mnc", "310012")
    assert not carrier["is_inferred"]


def test_what_only_overwritten_content_named_is_forgotten(redshift: Redshift, facts: Facts) -> None:
    load(redshift, submitted(message_id(3), sender_id="11111"))
    for sender in ("22222", "33333"):
        send = submitted(message_id(1), sender_id=sender, campaign_id=f"cmp_{sender}")
        land(redshift, [Content("raw/overwritten", (send,))])
        apply_all(redshift)
    senders = {s: facts.rows("dim_sender", "sender_id", s) for s in ("11111", "22222", "33333")}
    assert {s: len(rows) for s, rows in senders.items()} == {"11111": 1, "22222": 0, "33333": 1}
    assert facts.rows("every_campaign", "campaign_id", "cmp_22222") == []


def test_no_message_is_lost_by_joining_what_it_names(redshift: Redshift) -> None:
    load(
        redshift,
        submitted(message_id(1), campaign_id="cmp_9", variant_id="Z", mcc_mnc="99999"),
        submitted(message_id(2), submit_status="REJECTED", submit_error_code="odd"),
        receipt(message_id(3), "DELIVERED", at(minutes=1)),
        receipt(message_id(1), "FAILED", at(minutes=1), error_code="strange"),
        campaign("cmp_1"),
    )
    with redshift.session("tests") as session:
        joined = session.rows(
            """
            select message.message_id
            from warehouse.fact_message as message
            join warehouse.every_campaign as campaign
                on campaign.campaign_id = coalesce(message.campaign_id, '-')
            join warehouse.every_variant as variant
                on variant.campaign_id = coalesce(message.campaign_id, '-')
                and variant.variant_id = coalesce(message.variant_id, '-')
            join warehouse.every_carrier as carrier
                on carrier.mcc_mnc = coalesce(message.mcc_mnc, '-')
            join warehouse.dim_sender as sender
                on sender.sender_id = coalesce(message.sender_id, '-')
            join warehouse.dim_link_url as link
                on link.link_url_id = coalesce(message.link_url_id, '-')
            join warehouse.dim_recipient as recipient
                on recipient.recipient_key = coalesce(message.recipient_key, '-')
            join warehouse.every_delivery_error as error
                on error.provider = case
                    when message.final_error_code is null then '-'
                    else message.final_error_provider
                end
                and error.error_code = coalesce(message.final_error_code, '-')
            """
        )
    assert sorted(joined) == sorted([(message_id(n),) for n in (1, 2, 3)])
