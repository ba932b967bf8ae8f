"""What a request for a link is taken for, and that its neighbours are judged again when that may change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sms_warehouse import apply
from sms_warehouse.click_rules import AgentClass, classify
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.warehouse.in_step import Part, Steps, in_step
from sms_warehouse_tests.warehouse.world import (
    IPHONE,
    NOON,
    PREVIEW,
    Event,
    Facts,
    at,
    click,
    load,
    message_id,
    submitted,
)

M = message_id()


def classes(own: Part, *events: Event) -> list[str]:
    found = []
    for e in events:
        row = own.of_event("fact_click", e)
        assert row["is_human"] == (row["click_class"] == "HUMAN")
        found.append(row["click_class"])
    return found


@in_step
def test_people_robots_and_repeats_add_up(own: Part) -> Steps:
    yield own.load(
        submitted(M),
        click(M, at(minutes=1), user_agent=PREVIEW),
        click(M, at(minutes=2), method="HEAD"),
        click(M, at(minutes=5)),
        click(M, at(minutes=5, seconds=0.8)),
        click(M, at(minutes=45)),
    )
    row = own.message(M)
    assert row["click_requests"] == 5
    assert (row["bot_clicks"], row["repeat_clicks"], row["human_clicks"]) == (2, 1, 2)
    assert row["click_sessions"] == 2
    assert row["distinct_visitors"] == 1
    assert (row["first_click_at"], row["last_click_at"]) == (at(minutes=5), at(minutes=45))
    assert row["first_bot_click_at"] == at(minutes=1)


@in_step
def test_the_first_rule_that_applies_names_the_class(own: Part) -> Steps:
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "HUMAN"),
        ({"method": "HEAD"}, "NON_GET"),
        ({"sec_purpose": "prefetch;prerender"}, "PREFETCH"),
        ({"user_agent": None}, "EMPTY_UA"),
        ({"user_agent": " "}, "EMPTY_UA"),
        ({"user_agent": "curl/8.5.0"}, "UA_BOT"),
        ({"user_agent": PREVIEW}, "UA_PREVIEW"),
        ({"asn": 16509}, "DATACENTER_ASN"),
        ({"asn": 21928}, "HUMAN"),
        ({"method": "HEAD", "user_agent": PREVIEW, "asn": 16509}, "NON_GET"),
        ({"user_agent": PREVIEW, "asn": 16509}, "UA_PREVIEW"),
    ]
    requests = [click(M, at(minutes=3 + n), **fields) for n, (fields, _) in enumerate(cases)]
    yield own.load(submitted(M), *requests)
    assert classes(own, *requests) == [expected for _, expected in cases]


@in_step
def test_a_link_nobody_made_has_no_reader(own: Part) -> Steps:
    guess = click(None, at(minutes=3), link_token="guessed")
    yield own.load(guess)
    assert classes(own, guess) == ["INVALID_TOKEN"]


@in_step
def test_nobody_taps_within_two_seconds_even_when_the_submission_comes_later(own: Part) -> Steps:
    fast, slow = click(M, at(seconds=1.9)), click(M, at(seconds=2))
    yield own.load(fast, slow)
    assert classes(own, fast, slow) == ["HUMAN", "HUMAN"]
    yield own.load(submitted(M))
    assert classes(own, fast, slow) == ["TOO_FAST", "HUMAN"]
    assert own.message(M)["human_clicks"] == 1


def sweep(links: int, **fields: Any) -> tuple[list[str], list[Event], list[Event]]:
    """Messages, their submissions, and a request for the link of each from one address within ten minutes."""
    messages = [message_id(n) for n in range(links)]
    return (
        messages,
        [submitted(m, at(days=-1), link_token=f"token-{n}") for n, m in enumerate(messages)],
        [
            click(m, at(seconds=10 * n), link_token=f"token-{n}", visitor_token=f"v-{n}", **fields)
            for n, m in enumerate(messages)
        ],
    )


@in_step
def test_the_request_that_completes_a_sweep_changes_what_the_others_were(own: Part) -> Steps:
    messages, sent, requests = sweep(20)
    yield own.load(*sent, *requests[:19])
    assert own.message(messages[0])["human_clicks"] == 1
    yield own.load(requests[19])
    assert set(classes(own, *requests)) == {"IP_SWEEP"}
    assert own.message(messages[0])["human_clicks"] == 0


@in_step
def test_a_sweep_is_counted_by_the_ten_minutes_of_the_clock(own: Part) -> Steps:
    _, sent, requests = sweep(20)
    late = click(M, at(minutes=10), link_token="other")
    yield own.load(*sent, submitted(M, at(days=-1)), *requests[:19], late)
    assert set(classes(own, *requests[:19], late)) == {"HUMAN"}


@in_step
def test_subscribers_behind_one_carrier_address_are_no_sweep(own: Part) -> Steps:
    _, sent, requests = sweep(25, asn=21928)
    yield own.load(*sent, *requests)
    assert set(classes(own, *requests)) == {"HUMAN"}


@in_step
def test_a_link_asked_for_all_the_time_is_a_robots(own: Part) -> Steps:
    requests = [click(M, at(seconds=10 * n), ip_token=f"ip-{n}") for n in range(31)]
    yield own.load(submitted(M, at(days=-1)), *requests[:30])
    assert set(classes(own, *requests[:30])) == {"HUMAN"}
    yield own.load(requests[30])
    assert set(classes(own, *requests)) == {"RATE"}


@in_step
def test_a_click_between_two_makes_a_chain_of_repeats(own: Part) -> Steps:
    first, middle, last = (click(M, at(minutes=5, seconds=s)) for s in (0, 1.5, 3))
    yield own.load(submitted(M), first, last)
    assert own.message(M)["human_clicks"] == 2
    yield own.load(middle)
    row = own.message(M)
    assert (row["human_clicks"], row["repeat_clicks"]) == (1, 2)


@in_step
def test_two_visitors_at_once_are_not_a_repeat(own: Part) -> Steps:
    yield own.load(
        submitted(M),
        click(M, at(minutes=5)),
        click(M, at(minutes=5, seconds=1), visitor_token="visitor_2"),
    )
    row = own.message(M)
    assert (row["human_clicks"], row["distinct_visitors"]) == (2, 2)


def test_new_rules_reach_old_clicks_when_their_day_is_asked_for(
    redshift: Redshift, facts: Facts
) -> None:
    one = click(M, at(seconds=30))
    load(redshift, submitted(M), one)
    with redshift.session("tests") as session:
        session.execute("update warehouse.dim_bot_rule set ruleset_version = 2")
        session.execute(
            "update warehouse.dim_bot_rule set threshold = 60 where click_class = 'TOO_FAST'"
        )
    for table in ("dim_user_agent", "fact_click", "fact_message"):
        apply.apply_step(redshift, table, recompute_day=NOON.date())
    (row,) = facts.rows("fact_click", "event_id", one.fields["event_id"])
    assert (row["click_class"], row["bot_ruleset_version"]) == ("TOO_FAST", 2)
    assert row["bot_reason"] == "within 60 s of sending"
    assert facts.message(M)["human_clicks"] == 0
    (agent,) = facts.rows("dim_user_agent", "user_agent", IPHONE)
    assert agent["ruleset_version"] == 2


@in_step
def test_an_address_is_kept_as_its_network_only(own: Part) -> Steps:
    four = click(M, at(minutes=1), client_ip="203.0.113.77")
    six = click(M, at(minutes=2), client_ip="2001:db8:85a3::8a2e")
    yield own.load(four, six)
    found = [own.of_event("fact_click", c)["ip_prefix"] for c in (four, six)]
    assert found == ["203.0.113.0/24", "2001:db8:85a3::/48"]


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (IPHONE, AgentClass.HUMAN),
        (
            "Mozilla/5.0 (Windows NT 6.1; rv:2.0) Gecko/20100101 Firefox/4.0 Java/1.6.0_25",
            AgentClass.HUMAN,
        ),
        ("", AgentClass.EMPTY),
        (
            "Mozilla/5.0 (Linux; Android 13) Chrome/125.0 Mobile Safari/537.36 Google-PageRenderer",
            AgentClass.PREVIEW,
        ),
        ("WhatsApp/2.23.20.0", AgentClass.PREVIEW),
        (
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            AgentClass.BOT,
        ),
        ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/125.0.0.0 Safari/537.36", AgentClass.BOT),
        ("okhttp/4.12.0", AgentClass.TOOL),
        ("DealWatch/2.1 CFNetwork/1494 Darwin/23.4.0", AgentClass.TOOL),
    ],
)
def test_a_user_agent_is_taken_for(user_agent: str, expected: AgentClass) -> None:
    assert classify(user_agent) == expected


@in_step
def test_slots_do_not_depend_on_the_day_a_click_arrives(own: Part) -> Steps:
    messages, sent, requests = sweep(20)
    yield own.load(*sent, *requests[:10])
    yield own.load(*requests[10:], day=NOON.date() + timedelta(days=3))
    assert set(classes(own, *requests)) == {"IP_SWEEP"}
    assert own.message(messages[19])["bot_clicks"] == 1
