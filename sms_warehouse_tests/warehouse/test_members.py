"""Things that events name before, or without, their declaration."""

from __future__ import annotations

import json
from datetime import timedelta

from sms_warehouse_tests.warehouse.in_step import Part, Steps, in_step
from sms_warehouse_tests.warehouse.world import (
    DAY,
    NOON,
    at,
    campaign,
    click,
    event,
    message_id,
    receipt,
    submitted,
)


@in_step
def test_a_campaign_is_inferred_until_its_declaration_comes(own: Part) -> Steps:
    yield own.load(submitted(message_id(), campaign_id="cmp_7", variant_id="B"))
    (row,) = own.rows("every_campaign", "campaign_id", "cmp_7")
    assert (row["campaign_name"], row["is_inferred"]) == (None, True)
    yield own.load(
        campaign("cmp_7", campaign_name="May", variants=json.dumps([{"variant_id": "A"}]))
    )
    (row,) = own.rows("every_campaign", "campaign_id", "cmp_7")
    assert (row["campaign_name"], row["is_inferred"]) == ("May", False)
    variants = own.rows("every_variant", "campaign_id", "cmp_7")
    assert {(v["variant_id"], v["is_inferred"]) for v in variants} == {
        ("-", False),
        ("A", False),
        ("B", True),
    }
    yield own.load(campaign("cmp_7", 2, variants=json.dumps([{"variant_id": "B"}])))
    variants = own.rows("every_variant", "campaign_id", "cmp_7")
    assert not any(v["is_inferred"] for v in variants)


@in_step
def test_a_senders_kind_is_told_by_its_form(own: Part) -> Steps:
    kinds = {
        "27368": "SHORT_CODE",
        "+18885550100": "TOLL_FREE",
        "8005550100": "TOLL_FREE",
        "+12125550100": "LONG_CODE",
        "+447700900123": "LONG_CODE",
        "ACME": "ALPHANUMERIC",
    }
    yield own.load(*(submitted(message_id(n), sender_id=s) for n, s in enumerate(kinds)))
    for sender, kind in [*kinds.items(), ("-", None)]:
        (row,) = own.rows("dim_sender", "sender_id", sender)
        assert row["sender_kind"] == kind, sender


@in_step
def test_senders_and_links_were_seen_from_their_first_event_to_their_last(own: Part) -> Steps:
    later = DAY + timedelta(days=2)
    yield own.load(click(message_id(), at(days=2), link_url_id="lnk_1"), day=later)
    yield own.load(
        submitted(message_id(), at(hours=1), link_url_id="lnk_1", sender_id="54321"),
        submitted(message_id(2), NOON, link_url_id="lnk_1", sender_id="54321"),
    )
    yield own.load(event("inbound_message", at(days=2), sender_id="54321"), day=later)
    (sender,) = own.rows("dim_sender", "sender_id", "54321")
    (link,) = own.rows("dim_link_url", "link_url_id", "lnk_1")
    for row in (sender, link):
        assert (row["first_seen_at"], row["last_seen_at"]) == (NOON, at(days=2))


@in_step
def test_networks_and_error_codes_nobody_listed_are_inferred(own: Part) -> Steps:
    yield own.load(
        receipt(message_id(1), "FAILED", at(minutes=1), error_code="69321", mcc_mnc="999999"),
        receipt(message_id(2), "FAILED", at(minutes=2), error_code="001", mcc_mnc="310012"),
    )
    (unknown,) = own.rows("every_delivery_error", "error_code", "69321")
    (known,) = own.rows("every_delivery_error", "error_code", "001")
    assert (unknown["failure_category"], unknown["is_inferred"]) == ("UNKNOWN", True)
    assert (known["failure_category"], known["is_inferred"]) == ("INVALID_NUMBER", False)
    assert unknown["first_seen_at"] == at(minutes=1)
    (carrier,) = own.rows("every_carrier", "mcc_mnc", "999999")
    assert (carrier["country"], carrier["is_inferred"]) == (None, True)
    (carrier,) = own.rows("every_carrier", "mcc_mnc", "310012")
    assert not carrier["is_inferred"]


@in_step
def test_what_only_overwritten_content_named_is_forgotten(own: Part) -> Steps:
    yield own.load(submitted(message_id(3), sender_id="11111"))
    for sender in ("22222", "33333"):
        send = submitted(message_id(1), sender_id=sender, campaign_id=f"cmp_{sender}")
        yield own.put("raw/overwritten", send)
    senders = {s: own.rows("dim_sender", "sender_id", s) for s in ("11111", "22222", "33333")}
    assert {s: len(rows) for s, rows in senders.items()} == {"11111": 1, "22222": 0, "33333": 1}
    assert own.rows("every_campaign", "campaign_id", "cmp_22222") == []


@in_step
def test_no_message_is_lost_by_joining_what_it_names(own: Part) -> Steps:
    yield own.load(
        submitted(message_id(1), campaign_id="cmp_9", variant_id="Z", mcc_mnc="99999"),
        submitted(message_id(2), submit_status="REJECTED", submit_error_code="odd"),
        receipt(message_id(3), "DELIVERED", at(minutes=1)),
        receipt(message_id(1), "FAILED", at(minutes=1), error_code="strange"),
        campaign("cmp_1"),
    )
    with own.redshift.session("tests") as session:
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
        messages = session.rows("select message_id from warehouse.fact_message")
    assert sorted(joined) == sorted(messages)
    assert {(own.named("message_id", message_id(n)),) for n in (1, 2, 3)} <= set(joined)
