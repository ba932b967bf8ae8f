"""The statements that follow from what erasure does with each column.

They are put together here because the same ones run over staging, as lines land, and over the facts, for what was
there before. Names of tables and columns are our own; values are bound. ``every_statement`` is what there can be, for
the lint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sms_warehouse import sql
from sms_warehouse.privacy.treatment import (
    ALIAS_PREFIX,
    CLEAR,
    FACTS,
    LINK,
    MARK,
    MARKED,
    MESSAGE,
    RECIPIENT,
    RECIPIENT_KEY,
    STAGING,
    UNNAMED_FACTS,
    VISITOR,
    Personal,
    Treatment,
)

_OF_MESSAGE = (MESSAGE, LINK)

# Tables that say whose a message is, and what the provider calls it.
_MESSAGE_SOURCES = (
    "warehouse.fact_submission",
    "warehouse.fact_message",
    "warehouse.fact_click",
    "staging.message_submitted",
    "staging.link_click",
)
_PROVIDER_SOURCES = ("warehouse.fact_submission", "staging.message_submitted")

_OF_LOAD = "{0}.arrival_date = :day and {0}.load_id = :load_id"
_OF_REQUEST = "person.request_id = :request_id"
# In whatever takes something away: a hold may be placed between any two transactions of an erasure.
_ERASABLE = "person.request_id in (select request_id from pii.erasable_request)"


def staged(table: Personal, *, of_load: bool) -> Iterator[sql.Statement]:
    """Takes erased people out of a staging table, once they are ``noted``: out of the rows of one load, or of all."""
    scope = _OF_LOAD.format(table.bare) if of_load else "1 = 1"
    for column in table.message_columns:
        yield _by_message(table, column, scope)
    if "link_token" in table.columns and not table.is_owned:
        yield _by_link(table, scope)
    if "recipient_id" in table.columns:
        yield _by_recipient(table, scope)
    if table.may_name_nobody:
        yield _by_line(table, scope)


def followed(table: Personal) -> Iterator[sql.Statement]:
    """Lets a table of facts follow those messages of a range that it has not followed yet."""
    for column in table.message_columns:
        value = f"{table.bare}.{column}"
        yield _by_message(
            table,
            column,
            f"person.followed_at is null and {value} >= :first_id and {value} < :end_id",
        )
    if "link_token" in table.columns and not table.is_owned:
        yield _by_link(
            table,
            "person.followed_at is null"
            " and person.message_id >= :first_id and person.message_id < :end_id",
        )


def owned(table: Personal) -> sql.Statement:
    """Takes the recipient of a request out of rows that name them."""
    return _by_recipient(table, _OF_REQUEST)


def unnamed(table: Personal) -> sql.Statement:
    """Takes the recipient of a request out of lines that name nobody and are theirs."""
    return _by_line(table, _OF_REQUEST)


def noted_of_request() -> Iterator[sql.Statement]:
    """Lists what leads to the recipient of a request, before rows lose it."""
    for source in _MESSAGE_SOURCES:
        yield _new_messages(source, _OF_REQUEST)
    for source in _PROVIDER_SOURCES:
        yield _new_provider_ids(source, _OF_REQUEST)
    for table in UNNAMED_FACTS:
        if not table.is_owned:
            yield _new_lines(table, _OF_REQUEST)


def noted(table: Personal, *, of_load: bool) -> Iterator[sql.Statement]:
    """Lists what rows of a staging table tell of erased people, before they are taken out."""
    scope = _OF_LOAD.format("source") if of_load else "1 = 1"
    if _has_tokens(table):
        yield _new_tokens(table.name, scope)
    if table.name in _MESSAGE_SOURCES:
        yield _new_messages(table.name, scope)
    if table.name in _PROVIDER_SOURCES:
        yield _new_provider_ids(table.name, scope)
    if table.may_name_nobody:
        yield _new_lines(table, scope)


def heard(table: Personal, *, of_load: bool) -> Iterator[sql.Statement]:
    """Asks for requests of people who left again or have a new token, and whether they have.

    ``pii.suppression`` needs another look for them. To be asked before their rows are ``noted``.
    """
    if not _has_tokens(table):
        return
    scope = _OF_LOAD.format("source") if of_load else "1 = 1"
    stop = " or source.new_status = 'OPTED_OUT'" if "keyword_raw" in table.columns else ""
    yield _statement(
        f"select person.request_id, max(case when {_IS_NEW_TOKEN} then 1 else 0 end) = 1 as has_new_token"
        f" {_of_tokens(table.name)} where (({_IS_NEW_TOKEN}){stop}) and {scope} group by person.request_id"
    )


def rows_about(table: Personal) -> sql.Statement:
    """Counts the rows that name a recipient or one of their messages."""
    conditions = [
        f"{column} in (select message_id from warehouse.fact_submission where recipient_id = :recipient_id"
        " union select message_id from staging.message_submitted where recipient_id = :recipient_id)"
        for column in table.message_columns
    ]
    if "recipient_id" in table.columns:
        conditions.append("recipient_id = :recipient_id")
    return _statement(
        f"select count(*) as rows_found from {table.name} where {' or '.join(conditions)}"
    )


def naming(table: Personal) -> sql.Statement:
    """Asks whether any row of a table names a recipient."""
    return _statement(
        f"select 1 as found from {table.name} where recipient_id = :recipient_id limit 1"
    )


def every_statement() -> Iterator[sql.Statement]:
    """All that the functions above give."""
    for table in STAGING:
        for of_load in (False, True):
            yield from heard(table, of_load=of_load)
            yield from noted(table, of_load=of_load)
            yield from staged(table, of_load=of_load)
    for table in FACTS:
        yield from followed(table)
        if "recipient_id" in table.columns:
            yield owned(table)
    for table in UNNAMED_FACTS:
        yield unnamed(table)
    yield from noted_of_request()
    for table in (*STAGING, *FACTS):
        yield rows_about(table)
        if "recipient_id" in table.columns:
            yield naming(table)


def _statement(text: str) -> sql.Statement:
    (statement,) = sql.split(text)
    return statement


def _by_message(table: Personal, column: str, scope: str) -> sql.Statement:
    """Renames an erased message wherever a column names it; of rows about it alone, takes the person out."""
    bare = table.bare
    changes = {column: "person.message_alias"}
    if column == "message_id":
        changes |= _link(table)
        if not table.is_owned:
            changes |= _taken_out(table)
    elif table.may_name_nobody:
        # Whoever answered the message is its recipient, unless the row says somebody else.
        changes |= {
            c: f"case when {bare}.recipient_id is null then {expression} else {bare}.{c} end"
            for c, expression in _taken_out(table).items()
            if c != "recipient_id"
        }
    return _statement(
        f"update {table.name} set {_listed(changes)} from pii.erased_message as person"
        f" where person.message_id = {bare}.{column} and {scope} and {_ERASABLE}"
    )


def _by_link(table: Personal, scope: str) -> sql.Statement:
    """Takes the person out of clicks on an erased message's link that do not name the message."""
    changes = {"link_token": "person.message_alias", **_taken_out(table)}
    return _statement(
        f"update {table.name} set {_listed(changes)} from pii.erased_message as person"
        f" where person.link_token = {table.bare}.link_token"
        f" and {table.bare}.message_id is null and {scope} and {_ERASABLE}"
    )


def _by_recipient(table: Personal, scope: str) -> sql.Statement:
    """Takes the person out of rows that name an erased recipient."""
    changes = {**_taken_out(table), **table.also_set}
    return _statement(
        f"update {table.name} set {_listed(changes)} from pii.erasure_registry as person"
        f" where person.recipient_id = {table.bare}.recipient_id and {scope} and {_ERASABLE}"
    )


def _by_line(table: Personal, scope: str) -> sql.Statement:
    """Takes the person out of rows that name nobody, by their line, unless it is also that of somebody under a hold."""
    bare, name = table.bare, "recipient_id" if table.is_owned else "message_id"
    changes = {c: e for c, e in _taken_out(table).items() if c != name}
    return _statement(
        f"update {table.name} set {_listed(changes)} from ("
        "select line.request_id, line.object_id, line.line_number from pii.erased_line as line"
        " join pii.emptied_line as emptied"
        " on emptied.object_id = line.object_id and emptied.line_number = line.line_number) as person"
        f" where person.object_id = {bare}.object_id and person.line_number = {bare}.line_number"
        f" and {bare}.{name} is null and {scope}"
    )


def _has_tokens(table: Personal) -> bool:
    return "recipient_id" in table.columns and "msisdn_token" in table.columns


_IS_NEW_TOKEN = f"source.msisdn_token <> '{MARK}' and known.request_id is null"


def _of_tokens(source: str) -> str:
    return (
        f"from {source} as source"
        " join pii.erasure_registry as person on person.recipient_id = source.recipient_id"
        " left join pii.erased_token as known"
        " on known.msisdn_token = source.msisdn_token and known.request_id = person.request_id"
    )


def _new_tokens(source: str, scope: str) -> sql.Statement:
    """Lists tokens that come with an erased person: from now on answers by them are theirs."""
    return _statement(
        "insert into pii.erased_token (request_id, msisdn_token)"
        f" select distinct person.request_id, source.msisdn_token {_of_tokens(source)}"
        f" where {_IS_NEW_TOKEN} and {scope}"
    )


def _new_messages(source: str, scope: str) -> sql.Statement:
    return _statement(f"""
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
            left(owned.message_id, 10) || upper(left(md5(person.secret || owned.message_id), 16))
                as message_alias,
            person.request_id,
            person.recipient_id,
            person.secret,
            owned.link_token
        from owned
        join pii.erasure_registry as person on person.recipient_id = owned.recipient_id
        left join pii.erased_message as known on known.message_id = owned.message_id
        where known.message_id is null
    """)


def _new_provider_ids(source: str, scope: str) -> sql.Statement:
    return _statement(f"""
        insert into pii.erased_provider_id (request_id, provider, provider_message_id)
        select distinct
            person.request_id,
            source.provider,
            source.provider_message_id
        from {source} as source
        join pii.erasure_registry as person on person.recipient_id = source.recipient_id
        left join pii.erased_provider_id as known
            on known.provider_message_id = source.provider_message_id
            and known.provider = source.provider
            and known.request_id = person.request_id
        where source.provider_message_id is not null and known.request_id is null and {scope}
    """)


def _new_lines(table: Personal, scope: str) -> sql.Statement:
    """Lists lines that name nobody: answers with a token, receipts with a provider's id, of erased people."""
    if table.is_owned:
        name, person = "recipient_id", "pii.erased_token"
        is_theirs = "person.msisdn_token = source.msisdn_token"
    else:
        name, person = "message_id", "pii.erased_provider_id"
        is_theirs = (
            "person.provider_message_id = source.provider_message_id"
            " and person.provider = source.provider"
        )
    return _statement(f"""
        insert into pii.erased_line (request_id, object_id, line_number)
        select distinct
            person.request_id,
            source.object_id,
            source.line_number
        from {table.name} as source
        join {person} as person on {is_theirs}
        left join pii.erased_line as known
            on known.object_id = source.object_id
            and known.line_number = source.line_number
            and known.request_id = person.request_id
        where source.{name} is null and known.request_id is null and {scope}
    """)


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
