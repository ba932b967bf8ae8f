"""What is said of a person after their erasure is nobody's too, in whatever order it lands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sms_warehouse_tests.conftest import Platform, Worlds
from sms_warehouse_tests.privacy.conftest import after_erasure
from sms_warehouse_tests.privacy.people import (
    ANNA,
    NOW,
    TOKENS,
    erased,
    load,
    message,
    rows,
    stored,
    told,
)
from sms_warehouse_tests.warehouse.world import apply_all, at, event, receipt, submitted

NEW_TOKEN = "d" * 64


@dataclass(frozen=True)
class Story:
    """Two messages are sent to Anna, and both receipts land before what they are of; then come answers.

    The first message comes with a number that was not known to be hers. When the second lands, no run looks for
    messages that are known by two names, until the next.
    """

    platform: Platform
    reopened: list[tuple[Any, ...]]
    first: list[tuple[Any, ...]]
    stored_then: str
    both_names: list[tuple[Any, ...]]
    one_name: list[tuple[Any, ...]]
    is_proved: bool


def later_messages(platform: Platform) -> list[tuple[Any, ...]]:
    return rows(
        platform,
        "select is_stub, delivery_state, human_clicks, left(recipient_id, 7) as alias"
        " from warehouse.fact_message where first_submitted_at >= :at or is_stub"
        " order by is_stub, first_submitted_at",
        at=at(hours=20),
    )


@pytest.fixture(scope="module")
def story(module_platform: Platform, worlds: Worlds) -> Story:
    platform = after_erasure(module_platform, worlds)
    _, first_receipt, *first_clicks = told(ANNA, 8, at(hours=20))
    first = submitted(
        message(ANNA, 8, at(hours=20)),
        at(hours=20),
        recipient_id=ANNA,
        msisdn_token=NEW_TOKEN,
        link_token=f"link-{ANNA}-8",
        provider_message_id=f"provider-{ANNA}-8",
    )
    second, second_receipt, *second_clicks = told(ANNA, 9, at(hours=21))
    unresolved = receipt(
        None,
        "SENT",
        at(hours=20),
        provider_message_id=f"provider-{ANNA}-8",
        receipt_text="Text:late",
    )
    answers = [
        event(
            "inbound_message", at(hours=22), recipient_id=None, msisdn_token=token, inbound_id="x"
        )
        for token in (TOKENS[ANNA], NEW_TOKEN)
    ]
    load(platform, "early", [first_receipt])
    load(platform, "first", [first, unresolved, *first_clicks, second_receipt])
    reopened = rows(platform, "select erased_at from pii.erasure_registry")
    apply_all(platform.redshift)
    after_first, stored_then = later_messages(platform), stored(platform)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sms_warehouse.apply.follow_erased", lambda *_: {})
        load(platform, "second", [second, *second_clicks, *answers])
    both_names = later_messages(platform)
    apply_all(platform.redshift)
    return Story(
        platform,
        reopened,
        after_first,
        stored_then,
        both_names,
        later_messages(platform),
        erased(platform).is_proved,
    )


def test_a_message_sent_after_erasure_is_nobodys_too_even_when_its_receipt_is_first(
    story: Story,
) -> None:
    """Of the second message there is only its receipt then."""
    assert story.first == [(False, "DELIVERED", 3, "erased-"), (True, "DELIVERED", 0, None)]
    assert "text:late" not in story.stored_then
    assert story.is_proved


def test_a_message_known_by_both_names_becomes_one_again(story: Story) -> None:
    """Its submission may land, and be applied by another run, just after a run has looked for such messages."""
    first = (False, "DELIVERED", 3, "erased-")
    assert story.both_names == [first, (False, "SENT", 3, "erased-"), (True, "DELIVERED", 0, None)]
    assert story.one_name == [first, first]


def test_an_answer_that_only_has_the_token_is_recognised(story: Story) -> None:
    """Also by a token that came with a message after the erasure, and what they left stays left for it."""
    assert story.reopened == [(None,)]
    answers = rows(story.platform, "select msisdn_token, inbound_id from staging.inbound_message")
    assert answers == [("erased", "erased")] * (2 + 2)
    assert rows(
        story.platform, "select msisdn_token, program_id from pii.suppression order by msisdn_token"
    ) == [(TOKENS[ANNA], "deals"), (NEW_TOKEN, "deals")]


def test_the_person_is_one_recipient_without_a_number(story: Story) -> None:
    assert rows(
        story.platform,
        "select left(recipient_key, 7) as alias, msisdn_token, erased_at from warehouse.dim_recipient"
        " where erased_at is not null",
    ) == [("erased-", None, NOW)]
