"""The simulated world holds together: what one service says fits what the others say, and looks
like life.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from statistics import mean

import pytest
from ulid import ULID

DATACENTERS = {16509, 14618, 15169, 8075, 396982}
CARRIERS = {21928, 20057, 6167, 22394, 6430, 9246}


def at(event, name="occurred_at"):
    return datetime.fromisoformat(event[name])


@pytest.fixture(scope="session")
def submits(world):
    return {(e["message_id"], e["attempt_no"]): e for e in world["message_submitted"]}


def test_event_ids_are_unique_over_all_services(world):
    ids = [event["event_id"] for found in world.values() for event in found]
    assert len(set(ids)) == len(ids)


def test_an_event_id_and_a_message_id_tell_their_time(world):
    for event in world["message_submitted"]:
        assert abs(ULID.from_str(event["event_id"]).timestamp - at(event).timestamp()) < 0.002
        if event["attempt_no"] == 1:
            assert abs(ULID.from_str(event["message_id"]).timestamp - at(event).timestamp()) < 0.002


def test_as_many_messages_are_submitted_a_day_as_were_asked_for(world):
    firsts = Counter(at(e).date() for e in world["message_submitted"] if e["attempt_no"] == 1)
    # Files of the last minutes of a day arrive on the next.
    assert all(number == 2_000 for number in list(firsts.values())[:-1])
    assert len(firsts) == 12


def test_a_message_has_one_token_and_a_token_one_message(world):
    tokens = defaultdict(set)
    for event in world["message_submitted"]:
        if event["link_token"]:
            tokens[event["link_token"]].add(event["message_id"])
    assert all(len(messages) == 1 for messages in tokens.values())
    assert len(tokens) > 15_000
    for click in world["link_click"]:
        known = tokens.get(click["link_token"])
        assert (known == {click["message_id"]}) if click["message_id"] else known is None


def test_a_second_attempt_follows_a_first_that_failed_for_a_while(world, submits):
    second = [e for (_, attempt), e in submits.items() if attempt == 2]
    assert second
    for event in second:
        first = submits[event["message_id"], 1]
        assert timedelta(minutes=1) <= at(event) - at(first) <= timedelta(minutes=30)
        assert first["submit_status"] != "SUPPRESSED"
    assert {submits[e["message_id"], 1]["submit_status"] for e in second} == {
        "REJECTED",
        "ACCEPTED",
    }


def test_receipts_are_of_attempts_that_were_accepted_and_come_after_them(world, submits):
    for receipt in world["delivery_receipt"]:
        if receipt["message_id"] is None:
            continue
        submit = submits[receipt["message_id"], receipt["attempt_no"]]
        assert submit["submit_status"] == "ACCEPTED"
        assert submit["provider"] == receipt["provider"]
        assert submit["provider_message_id"] == receipt["provider_message_id"]
        assert submit["segment_count"] == receipt["segment_total"]
        assert (receipt["segment_seq"] or 1) <= submit["segment_count"]
        assert at(receipt) > at(submit)


def test_receipts_are_at_times_missing_late_changed_or_for_the_whole_message(busy_day, world):
    by_part = defaultdict(list)
    for receipt in world["delivery_receipt"]:
        by_part[receipt["message_id"], receipt["attempt_no"], receipt["segment_seq"]].append(
            receipt
        )
    states = Counter(tuple(r["status"] for r in sorted(rs, key=at)) for rs in by_part.values())
    assert any(s[-2:] == ("EXPIRED", "DELIVERED") for s in states)
    seen = {r["status"] for r in busy_day["delivery_receipt"]}
    assert len(seen) == 10
    days_late = Counter(
        (at(r) - _sent(r)).days for r in busy_day["delivery_receipt"] if r["message_id"]
    )
    assert {0, 1, 2, 3} <= set(days_late)
    assert max(days_late) <= 4
    assert any(r["segment_seq"] is None for r in busy_day["delivery_receipt"])
    assert any(r["message_id"] is None for r in busy_day["delivery_receipt"])
    assert any(
        at(r, "logged_at") - at(r) > timedelta(hours=1) for r in busy_day["delivery_receipt"]
    )
    answered = {r["message_id"] for r in world["delivery_receipt"]}
    accepted = {
        e["message_id"] for e in world["message_submitted"] if e["submit_status"] == "ACCEPTED"
    }
    assert 0.005 < len(accepted - answered) / len(accepted) < 0.04


def _sent(event):
    return datetime.fromtimestamp(ULID.from_str(event["message_id"]).timestamp, at(event).tzinfo)


def test_rates_are_those_of_real_campaigns(world):
    accepted = [e for e in world["message_submitted"] if e["submit_status"] == "ACCEPTED"]
    assert 1.2 <= mean(e["segment_count"] for e in accepted) <= 1.4
    clicks = world["link_click"]
    machines = [c for c in clicks if c["edge_bot_score"] >= 30]
    assert 0.2 <= len(machines) / len(clicks) <= 0.4
    clicked = {c["message_id"] for c in clicks if c["edge_bot_score"] < 30}
    assert 0.02 <= len(clicked) / len({e["message_id"] for e in accepted}) <= 0.06
    delivered = {r["message_id"] for r in world["delivery_receipt"] if r["status"] == "DELIVERED"}
    assert 0.9 <= len(delivered) / len({e["message_id"] for e in accepted}) <= 0.97


def test_machines_show_in_every_way_known(busy_day):
    clicks = busy_day["link_click"]
    agents = [c.get("user_agent") for c in clicks]
    assert any(c["method"] == "HEAD" for c in clicks)
    assert any("facebookexternalhit" in (a or "") for a in agents)
    assert None in agents
    assert "" in agents
    assert any(c.get("sec_purpose", "").startswith("prefetch") for c in clicks)
    assert {c["asn"] for c in clicks} >= DATACENTERS
    assert any(c["message_id"] and at(c) - _sent(c) < timedelta(seconds=2) for c in clicks)
    assert any(c["message_id"] is None and c["http_status"] == 404 for c in clicks)


def test_some_addresses_sweep_many_tokens_and_some_tokens_are_hammered(busy_day):
    """Twenty tokens from one address, and thirty requests for one token, within ten minutes."""
    by_address, by_token = defaultdict(list), defaultdict(list)
    for click in busy_day["link_click"]:
        by_address[click["ip_token"], click["asn"]].append((at(click), click["link_token"]))
        by_token[click["link_token"]].append(at(click))
    window = timedelta(minutes=10)
    swept = [
        asn
        for (_, asn), found in by_address.items()
        if any(
            len({t for when, t in found if start <= when < start + window}) >= 20
            for start, _ in found
        )
    ]
    assert swept
    assert not CARRIERS & set(swept)
    assert any(
        sum(start <= when < start + window for when in found) > 30
        for found in by_token.values()
        for start in found
    )


def test_people_click_again_within_seconds_return_later_and_pass_links_on(busy_day):
    visits = defaultdict(list)
    for click in busy_day["link_click"]:
        if click["edge_bot_score"] < 30:
            visits[click["link_token"]].append((at(click), click["visitor_token"]))
    gaps = [
        (b[0] - a[0], a[1] == b[1])
        for found in visits.values()
        for a, b in zip(sorted(found), sorted(found)[1:], strict=False)
    ]
    assert any(gap < timedelta(seconds=2) and same for gap, same in gaps)
    assert any(gap > timedelta(minutes=30) and same for gap, same in gaps)
    assert any(not same for _, same in gaps)
    ages = Counter((at(c) - _sent(c)).days for c in busy_day["link_click"] if c["message_id"])
    assert ages[0] > 10 * ages[1] > 0
    assert max(ages) >= 7
    mobile = [c["asn"] for c in busy_day["link_click"] if c["edge_bot_score"] < 30]
    assert 0.5 < sum(asn in CARRIERS for asn in mobile) / len(mobile) < 0.8


def test_a_follow_up_refers_to_a_message_of_the_parent_campaign_to_the_same_person(world, submits):
    parents = {e["campaign_id"]: e["parent_campaign_id"] for e in world["campaign_upserted"]}
    follow_ups = [e for e in submits.values() if e["follow_up_of_message_id"]]
    assert follow_ups
    for event in follow_ups:
        original = submits[event["follow_up_of_message_id"], 1]
        assert original["recipient_id"] == event["recipient_id"]
        assert original["campaign_id"] == parents[event["campaign_id"]]
        assert original["submit_status"] != "SUPPRESSED"


def test_every_campaign_was_described_before_it_sends(world):
    known = {}
    for event in sorted(world["campaign_upserted"], key=at):
        known.setdefault(event["campaign_id"], at(event))
    late = [e for e in world["message_submitted"] if at(e) < known[e["campaign_id"]]]
    # What was planned before the world began is told in its first minute.
    assert all(at(e) - min(known.values()) < timedelta(minutes=2) for e in late)
    versions = Counter(e["campaign_id"] for e in world["campaign_upserted"])
    assert max(versions.values()) >= 4
    variants = {
        (e["campaign_id"], v["variant_id"])
        for e in world["campaign_upserted"]
        for v in e["variants"]
    }
    used = {
        (e["campaign_id"], e["variant_id"]) for e in world["message_submitted"] if e["variant_id"]
    }
    assert used <= variants
    types = {e["campaign_type"] for e in world["campaign_upserted"]}
    assert types == {"BLAST", "JOURNEY", "TRIGGERED"}


def test_a_recipient_is_the_same_person_in_every_message(world):
    of_recipient = defaultdict(set)
    for event in world["message_submitted"] + world["subscription_changed"]:
        of_recipient[event["recipient_id"]].add(event["msisdn_token"])
    assert all(len(tokens) == 1 for tokens in of_recipient.values())
    homes = defaultdict(set)
    for event in world["message_submitted"]:
        homes[event["recipient_id"]].add((event["mcc_mnc"], event["recipient_tz"]))
    assert all(len(found) == 1 for found in homes.values())
    days = Counter(e["recipient_id"] for e in world["message_submitted"] if e["attempt_no"] == 1)
    assert mean(days.values()) > 3


def test_who_has_opted_out_is_hardly_ever_sent_to(world):
    changes = defaultdict(list)
    for event in sorted(world["subscription_changed"], key=at):
        changes[event["recipient_id"]].append((at(event), event["new_status"]))
    fates = Counter()
    for event in world["message_submitted"]:
        before = [
            status
            for when, status in changes[event["recipient_id"]]
            if when < at(event) and status != "PENDING_CONFIRM"
        ]
        if event["attempt_no"] == 1 and before:
            fates[before[-1], event["submit_status"] == "SUPPRESSED"] += 1
    assert fates["OPTED_OUT", True] > 20 * fates["OPTED_OUT", False]
    assert fates["OPTED_IN", False] > fates["OPTED_IN", True]
    reasons = {e["suppress_reason"] for e in world["message_submitted"]} - {None}
    assert reasons == {"OPTED_OUT", "INVALID", "HOLDOUT", "FREQ_CAP", "QUIET_HOURS"}


def test_an_opt_out_by_keyword_has_its_inbound_message(world, submits):
    inbound = {e["event_id"]: e for e in world["inbound_message"]}
    by_keyword = [e for e in world["subscription_changed"] if e["inbound_event_id"]]
    assert {e["new_status"] for e in by_keyword} == {"OPTED_OUT", "OPTED_IN"}
    for change in by_keyword:
        message = inbound[change["inbound_event_id"]]
        assert message["msisdn_token"] == change["msisdn_token"]
        assert message["intent"] == ("STOP" if change["new_status"] == "OPTED_OUT" else "START")
        assert timedelta(0) < at(change) - at(message) < timedelta(seconds=1)
    answers = [e for e in by_keyword if e["in_reply_to_message_id"]]
    assert 0.3 < len(answers) / len(by_keyword) < 0.8
    for change in answers:
        sent = submits[change["in_reply_to_message_id"], 1]
        assert sent["recipient_id"] == change["recipient_id"]
        assert at(sent) < at(change) < at(sent) + timedelta(hours=21)
    assert {e["intent"] for e in world["inbound_message"]} == {"STOP", "START", "HELP", "REPLY"}
    seen = {e["new_status"] for e in world["subscription_changed"]}
    assert seen >= {"OPTED_IN", "OPTED_OUT", "PENDING_CONFIRM", "DEACTIVATED"}


def test_lines_are_logged_after_the_event_nearly_always(world):
    ahead = [at(event, "logged_at") < at(event) for found in world.values() for event in found]
    assert 0 < sum(ahead) < len(ahead) / 200
