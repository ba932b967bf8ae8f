"""What erasure does with each column that could lead to a person, as data.

Columns that are not named here are kept: what campaigns are counted by, and what many people share. The User-Agent is
among them, for without it a robot's click would become a person's; so is the network a request came from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

MARK = "erased"
ALIAS_PREFIX = "erased-"


class Treatment(Enum):
    """What becomes of a value in a row about an erased person."""

    CLEAR = "NULL"
    MARK = "the word 'erased', in a column that has to have a value"
    RECIPIENT = "the recipient's random name"
    RECIPIENT_KEY = "the recipient's random name, '#' and the number as before"
    MESSAGE = "the message's random name, in every row that names the message"
    LINK = "the message's random name: a link is of one message"
    VISITOR = "a secret hash: visitors of a message can still be told apart"
    RECEIPT_COUNTS = "the counts of parts alone, from which the state follows"


CLEAR, MARKED = Treatment.CLEAR, Treatment.MARK
RECIPIENT, RECIPIENT_KEY = Treatment.RECIPIENT, Treatment.RECIPIENT_KEY
MESSAGE, LINK, VISITOR = Treatment.MESSAGE, Treatment.LINK, Treatment.VISITOR


@dataclass(frozen=True)
class Personal:
    """A table with rows about people: its columns that lead to one. ``is_owned``: rows name their recipient.

    Of a table that is not, the rows of a message are those of the message's recipient. ``may_name_nobody``: rows
    without either may be a person's all the same. Answers have the token of their number, and receipts what the
    provider calls the message; facts of them are known by their line in ``pii.erased_line``.
    """

    name: str
    columns: Mapping[str, Treatment]
    is_owned: bool = True
    may_name_nobody: bool = False
    also_set: Mapping[str, str] = field(default_factory=dict)

    @property
    def bare(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def message_columns(self) -> tuple[str, ...]:
        return tuple(c for c, treatment in self.columns.items() if treatment is MESSAGE)


_ENVELOPE = {"trace_id": CLEAR, "attributes": CLEAR, "extra": CLEAR}

STAGING = (
    Personal(
        "staging.message_submitted",
        {
            **_ENVELOPE,
            "recipient_id": RECIPIENT,
            "msisdn_token": MARKED,
            "provider_message_id": CLEAR,
            "message_id": MESSAGE,
            "follow_up_of_message_id": MESSAGE,
            "link_token": LINK,
        },
    ),
    Personal(
        "staging.delivery_receipt",
        {
            **_ENVELOPE,
            "message_id": MESSAGE,
            "provider_message_id": MARKED,
            "receipt_text": Treatment.RECEIPT_COUNTS,
        },
        is_owned=False,
        may_name_nobody=True,
    ),
    Personal(
        "staging.link_click",
        {
            **_ENVELOPE,
            "message_id": MESSAGE,
            "link_token": LINK,
            "recipient_id": CLEAR,
            "client_ip": CLEAR,
            "ip_token": CLEAR,
            "geo_region": CLEAR,
            "referer": CLEAR,
            "accept_language": CLEAR,
            "visitor_token": VISITOR,
        },
        is_owned=False,
    ),
    Personal(
        "staging.subscription_changed",
        {
            **_ENVELOPE,
            "recipient_id": RECIPIENT,
            "msisdn_token": MARKED,
            "keyword_raw": CLEAR,
            "inbound_event_id": CLEAR,
            "in_reply_to_message_id": MESSAGE,
        },
    ),
    Personal(
        "staging.inbound_message",
        {
            **_ENVELOPE,
            "inbound_id": MARKED,
            "recipient_id": RECIPIENT,
            "msisdn_token": MARKED,
            "in_reply_to_message_id": MESSAGE,
        },
        may_name_nobody=True,
    ),
)

FACTS = (
    Personal(
        "warehouse.fact_submission",
        {
            "recipient_id": RECIPIENT,
            "msisdn_token": CLEAR,
            "provider_message_id": CLEAR,
            "message_id": MESSAGE,
            "follow_up_of_message_id": MESSAGE,
            "link_token": LINK,
        },
    ),
    Personal(
        "warehouse.fact_delivery_event",
        {"message_id": MESSAGE, "provider_message_id": MARKED},
        is_owned=False,
        may_name_nobody=True,
    ),
    Personal(
        "warehouse.fact_click",
        {
            "message_id": MESSAGE,
            "link_token": LINK,
            "recipient_id": CLEAR,
            "ip_prefix": CLEAR,
            "ip_token": CLEAR,
            "geo_region": CLEAR,
            "referer_host": CLEAR,
            "visitor_token": VISITOR,
        },
        is_owned=False,
    ),
    Personal(
        "warehouse.fact_subscription_event",
        {
            "recipient_id": RECIPIENT,
            "msisdn_token": CLEAR,
            "keyword_raw": CLEAR,
            "inbound_event_id": CLEAR,
            "in_reply_to_message_id": MESSAGE,
            "attributed_message_id": MESSAGE,
        },
        # One that landed whole found no message of its recipient, who has another name there.
        also_set={"is_attribution_due": "(fact_subscription_event.new_status = 'OPTED_OUT')"},
    ),
    Personal(
        "warehouse.fact_inbound_message",
        {"inbound_id": MARKED, "recipient_id": RECIPIENT, "in_reply_to_message_id": MESSAGE},
        may_name_nobody=True,
    ),
    Personal(
        "warehouse.fact_message",
        {
            "recipient_id": RECIPIENT,
            "recipient_key": RECIPIENT_KEY,
            "message_id": MESSAGE,
            "follow_up_of_message_id": MESSAGE,
            "link_token": LINK,
        },
    ),
    Personal(
        "warehouse.dim_recipient",
        {
            "recipient_id": RECIPIENT,
            "recipient_key": RECIPIENT_KEY,
            "msisdn_token": CLEAR,
            "first_message_id": MESSAGE,
            "last_message_id": MESSAGE,
        },
        also_set={"erased_at": "person.requested_at"},
    ),
    Personal("control.touched_message", {"message_id": MESSAGE}, is_owned=False),
    Personal("control.unclassified_message", {"message_id": MESSAGE}, is_owned=False),
    Personal("control.sighted_message", {"message_id": MESSAGE}, is_owned=False),
    Personal("control.touched_recipient", {"recipient_id": RECIPIENT}),
)


UNNAMED_FACTS = tuple(table for table in FACTS if table.may_name_nobody)
"""Facts that nothing but their line may put down to a person."""
