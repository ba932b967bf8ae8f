"""What erasure does with each column that could lead to a person, as data, and the statements that follow from it.

Columns that are not named here are kept: what campaigns are counted by, and what many people share. The User-Agent is
among them, for without it a robot's click would become a person's; so is the network a request came from.
Statements are put together here because the same ones run over staging, as lines land, and over the facts, for
what was there before. Names of tables and columns are our own; values are bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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

_OF_MESSAGE = (MESSAGE, LINK)


@dataclass(frozen=True)
class Personal:
    """A table with rows about people: its columns that lead to one. ``is_owned``: rows name their recipient.

    Of a table that is not, the rows of a message are those of the message's recipient.
    """

    name: str
    columns: Mapping[str, Treatment]
    is_owned: bool = True
    knows_token: bool = False
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
        knows_token=True,
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
    ),
    Personal(
        "warehouse.fact_inbound_message",
        {"inbound_id": MARKED, "recipient_id": RECIPIENT, "in_reply_to_message_id": MESSAGE},
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


def by_message(table: Personal, column: str, scope: str) -> str:
    """Renames an erased message wherever a column names it; of rows about it alone, takes the person out."""
    bare = table.bare
    changes = {column: "person.message_alias"}
    if column == "message_id":
        changes |= _link(table)
        if not table.is_owned:
            changes |= _taken_out(table)
    return (
        f"update {table.name} set {_listed(changes)} from pii.erased_message as person"
        f" where person.message_id = {bare}.{column} and {scope}"
    )


def by_link(table: Personal, scope: str) -> str:
    """Takes the person out of clicks on an erased message's link that do not name the message."""
    changes = {"link_token": "person.message_alias", **_taken_out(table)}
    return (
        f"update {table.name} set {_listed(changes)} from pii.erased_message as person"
        f" where person.link_token = {table.bare}.link_token"
        f" and {table.bare}.message_id is null and {scope}"
    )


def by_recipient(table: Personal, scope: str) -> str:
    """Takes the person out of rows that name an erased recipient."""
    changes = {**_taken_out(table), **table.also_set}
    return (
        f"update {table.name} set {_listed(changes)} from pii.erasure_registry as person"
        f" where person.recipient_id = {table.bare}.recipient_id and {scope}"
    )


def by_token(table: Personal, scope: str) -> str:
    """Takes the person out of rows that have their token and do not say whose it is."""
    changes = {c: e for c, e in _taken_out(table).items() if c != "recipient_id"}
    return (
        f"update {table.name} set {_listed(changes)} from pii.erased_token as person"
        f" where person.msisdn_token = {table.bare}.msisdn_token"
        f" and {table.bare}.recipient_id is null and {scope}"
    )


def staged(table: Personal, scope: str) -> Iterator[str]:
    """Everything that takes erased people out of rows of a staging table."""
    for column in table.message_columns:
        yield by_message(table, column, scope)
    if "link_token" in table.columns and not table.is_owned:
        yield by_link(table, scope)
    if "recipient_id" in table.columns:
        yield by_recipient(table, scope)
    if table.knows_token:
        yield by_token(table, scope)


def new_messages(source: str, scope: str) -> str:
    """Lists messages of erased recipients that a table has and the list lacks."""
    return f"""
        insert into pii.erased_message
            (message_id, message_alias, request_id, recipient_id, secret, link_token)
        with owned as (
            select source.message_id, min(source.recipient_id) as recipient_id, max(source.link_token) as link_token
            from {source} as source
            join pii.erasure_registry as person on person.recipient_id = source.recipient_id
            where source.message_id is not null and {scope}
            group by source.message_id
        )
        select
            owned.message_id,
            left(owned.message_id, 10) || upper(left(md5(person.secret || owned.message_id), 16)),
            person.request_id,
            person.recipient_id,
            person.secret,
            owned.link_token
        from owned
        join pii.erasure_registry as person on person.recipient_id = owned.recipient_id
        left join pii.erased_message as known on known.message_id = owned.message_id
        where known.message_id is null
    """


def _link(table: Personal) -> dict[str, str]:
    return {
        c: f"case when {table.bare}.{c} is not null then person.message_alias end"
        for c, treatment in table.columns.items()
        if treatment is LINK
    }


def _taken_out(table: Personal) -> dict[str, str]:
    return {
        c: _replacement(table.bare, c, treatment)
        for c, treatment in table.columns.items()
        if treatment not in _OF_MESSAGE
    }


def _replacement(bare: str, column: str, treatment: Treatment) -> str:
    value = f"{bare}.{column}"
    if treatment is CLEAR:
        return "null"
    if treatment is MARKED:
        return f"'{MARK}'"
    if treatment is RECIPIENT:
        return "person.recipient_alias"
    if treatment is RECIPIENT_KEY:
        return f"person.recipient_alias || substring({value}, len({bare}.recipient_id) + 1, 32)"
    if treatment is VISITOR:
        return f"'{ALIAS_PREFIX}' || md5(person.secret || {value})"
    submitted, delivered = (
        f"split_part(split_part({value}, '{word}:', 2), ' ', 1)" for word in ("sub", "dlvrd")
    )
    return (
        f"case when {submitted} ~ '^[0-9]{{1,3}}$' and {delivered} ~ '^[0-9]{{1,3}}$'"
        f" then 'sub:' || {submitted} || ' dlvrd:' || {delivered} end"
    )


def _listed(changes: Mapping[str, str]) -> str:
    return ", ".join(f"{column} = {expression}" for column, expression in changes.items())
