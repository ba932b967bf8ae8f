"""Erases a person: from staging, facts, dimensions, lists, quarantine and files, in transactions that can be repeated.

First the person is put on the registry, so that nothing landed from then on brings them back; then each table follows,
in a transaction of its own. Killed anywhere, the same call goes on: what is erased already is not found again. The
request is done when a search of every text column finds nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sms_warehouse import sql
from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.privacy import treatment
from sms_warehouse.privacy.landing import empty_files, empty_lines, neutralise_staging
from sms_warehouse.privacy.proof import Found, search
from sms_warehouse.ranges import IdRange, id_ranges
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift, Session

Progress = Callable[[str], object]

DUE_DAYS = 30

_LANDING_LOCK = "lock control.landing_mutex"
_WAREHOUSE_LOCK = "lock control.warehouse_mutex"
_BOTH_LOCKS = "lock control.landing_mutex, control.warehouse_mutex"


class ErasureRefused(Exception):
    """The person may not be erased, or the request says something else than before; the message says which."""


@dataclass(frozen=True)
class Erasure:
    """What one call did and what a search found after it; ``changed`` counts rows and files by where they are."""

    request_id: str
    changed: dict[str, int] = field(default_factory=dict)
    found: list[Found] = field(default_factory=list)

    @property
    def is_proved(self) -> bool:
        return not any(found.rows for found in self.found)


def erase(
    redshift: Redshift,
    lake: Lake,
    recipient_id: str,
    request_id: str,
    *,
    now: datetime,
    token: str | None = None,
    progress: Progress = lambda _: None,
) -> Erasure:
    """Erases a recipient, whoever has the line, and searches for what is left.

    ``token`` is one more token of their phone number, that no row of the recipient tells. Raises ErasureRefused for a
    recipient under legal hold, and for a request that was made for another recipient.
    """
    changed: dict[str, int] = {}

    def count(what: str, number: int) -> None:
        changed[what] = changed.get(what, 0) + number
        progress(f"{what}: {number}")

    request_id = redshift.transaction(
        "erase_register",
        lambda session: _register(session, recipient_id, request_id, token, now),
    )
    for table in treatment.STAGING:
        count(table.name, redshift.transaction("erase_staging", _staging(table.bare)))
    for table in treatment.UNNAMED_FACTS:
        count(table.name, redshift.transaction("erase_unnamed", _unnamed(table, request_id)))
    for name, rows in follow(redshift, now).items():
        count(name, rows)
    for table in treatment.FACTS:
        if "recipient_id" in table.columns:
            count(table.name, redshift.transaction("erase_facts", _owned(table, request_id)))
    count("reports", redshift.transaction("erase_reports", _reports(recipient_id)))
    count("control.quarantined_line", redshift.transaction("erase_lines", _lines(lake)))
    count("files", redshift.transaction("erase_files", _files(lake, request_id)))
    with redshift.session("erase_proof") as session:
        found = search(session, lake, recipient_id, request_id)
    erasure = Erasure(request_id, changed, found)
    if erasure.is_proved:
        redshift.transaction("erase_done", _done(request_id, now))
    return erasure


def follow(redshift: Redshift, now: datetime) -> dict[str, int]:
    """Lets facts follow the messages that were put on the list since; returns rows changed, by table.

    Such messages come from a new erasure, and from landing: a message of an erased person may land after its receipts.
    """
    with redshift.session("erase_follow") as session:
        waiting = session.rows(
            "select distinct left(message_id, 6) as prefix from pii.erased_message where followed_at is null"
        )
    changed: dict[str, int] = {}
    for ids in id_ranges(prefix for (prefix,) in waiting):
        for name, rows in redshift.transaction("erase_follow", _followed(ids, now)).items():
            changed[name] = changed.get(name, 0) + rows
    return changed


def _followed(ids: IdRange, now: datetime) -> Callable[[Session], dict[str, int]]:
    first_id, end_id = ids

    def work(session: Session) -> dict[str, int]:
        session.execute(_WAREHOUSE_LOCK)
        sql.run(session, "privacy/heal", first_id=first_id, end_id=end_id)
        changed = {}
        for table in treatment.FACTS:
            changed[table.name] = sum(
                max(session.execute(statement.text, first_id=first_id, end_id=end_id), 0)
                for statement in treatment.followed(table)
            )
        sql.run(session, "privacy/followed", first_id=first_id, end_id=end_id, now=now)
        return changed

    return work


def _register(
    session: Session, recipient_id: str, request_id: str, token: str | None, now: datetime
) -> str:
    """Puts the person, their tokens, messages and opt-outs on record; returns the request they are erased under."""
    session.execute(_BOTH_LOCKS)
    _check(session, recipient_id, request_id)
    known = session.rows(
        "select request_id from pii.erasure_registry where recipient_id = :recipient_id",
        recipient_id=recipient_id,
    )
    if known:
        ((request_id,),) = known
    else:
        insert_rows(
            session,
            "pii.erasure_registry",
            [
                {
                    "request_id": request_id,
                    "recipient_id": recipient_id,
                    "recipient_alias": f"{treatment.ALIAS_PREFIX}{secrets.token_hex(8)}",
                    "secret": secrets.token_hex(32),
                    "requested_at": now,
                    "due_at": now + timedelta(days=DUE_DAYS),
                    "erased_at": None,
                }
            ],
        )
    sql.run(
        session, "privacy/tokens", recipient_id=recipient_id, request_id=request_id, token=token
    )
    sql.run(session, "privacy/suppress", request_id=request_id)
    for statement in treatment.noted_of_request():
        session.execute(statement.text, request_id=request_id)
    return request_id


def _check(session: Session, recipient_id: str, request_id: str) -> None:
    if not recipient_id or recipient_id == "-" or recipient_id.startswith(treatment.ALIAS_PREFIX):
        raise ErasureRefused(f"{recipient_id!r} is nobody's recipient id")
    held = session.rows(
        "select reason, placed_at from pii.legal_hold"
        " where recipient_id = :recipient_id and released_at is null order by placed_at",
        recipient_id=recipient_id,
    )
    if held:
        ((reason, placed_at), *_) = held
        raise ErasureRefused(
            f"the recipient is under legal hold since {placed_at:%Y-%m-%d}: {reason}; "
            "`sms-warehouse hold --release` ends it"
        )
    if session.rows(
        "select 1 as found from pii.erasure_registry"
        " where request_id = :request_id and recipient_id <> :recipient_id",
        request_id=request_id,
        recipient_id=recipient_id,
    ):
        raise ErasureRefused(f"request {request_id!r} was made for another recipient")


def _staging(event_type: str) -> Callable[[Session], int]:
    def work(session: Session) -> int:
        session.execute(_LANDING_LOCK)
        return neutralise_staging(session, event_type)

    return work


def _unnamed(table: treatment.Personal, request_id: str) -> Callable[[Session], int]:
    def work(session: Session) -> int:
        session.execute(_BOTH_LOCKS)
        statement = treatment.unnamed(table)
        return max(session.execute(statement.text, request_id=request_id), 0)

    return work


def _owned(table: treatment.Personal, request_id: str) -> Callable[[Session], int]:
    def work(session: Session) -> int:
        session.execute(_WAREHOUSE_LOCK)
        statement = treatment.owned(table)
        return max(session.execute(statement.text, request_id=request_id), 0)

    return work


def _reports(recipient_id: str) -> Callable[[Session], int]:
    def work(session: Session) -> int:
        session.execute(_WAREHOUSE_LOCK)
        rows = sql.run(session, "privacy/personal_rows", recipient_id=recipient_id)
        return sum(max(number, 0) for number in rows)

    return work


def _lines(lake: Lake) -> Callable[[Session], int]:
    def work(session: Session) -> int:
        session.execute(_LANDING_LOCK)
        return empty_lines(session, lake)

    return work


def _files(lake: Lake, request_id: str) -> Callable[[Session], int]:
    def work(session: Session) -> int:
        session.execute(_BOTH_LOCKS)
        return empty_files(session, lake, request_id)

    return work


def _done(request_id: str, now: datetime) -> Callable[[Session], int]:
    def work(session: Session) -> int:
        session.execute(_BOTH_LOCKS)
        return session.execute(
            "update pii.erasure_registry set erased_at = :now"
            " where request_id = :request_id and erased_at is null",
            now=now,
            request_id=request_id,
        )

    return work


def preview(session: Session, recipient_id: str, request_id: str) -> dict[str, int]:
    """Rows of each table that name the recipient or one of their messages; changes nothing. Raises ErasureRefused."""
    _check(session, recipient_id, request_id)
    counts: dict[str, int] = {}
    for table in (*treatment.STAGING, *treatment.FACTS):
        statement = treatment.rows_about(table)
        counts[table.name] = int(session.value(statement.text, recipient_id=recipient_id))
    return counts


def raw_lines(session: Session, request_id: str) -> list[tuple[str, str, int]]:
    """Bucket, key and line number of what raw objects still hold of a person, for whoever deletes there."""
    (statement,) = sql.statements("privacy/raw_lines")
    return [
        (bucket, key, int(number))
        for bucket, key, number in session.rows(statement.text, request_id=request_id)
    ]


def hold(redshift: Redshift, recipient_id: str, reason: str, now: datetime) -> str | None:
    """Puts a recipient under legal hold: they are not erased until it is released.

    Returns the request that came before the hold, if there is one. What it has erased is gone, and what lands of the
    recipient is still neutralised; only the request itself does not go on.
    """

    def work(session: Session) -> str | None:
        session.execute(_BOTH_LOCKS)
        _release(session, recipient_id, now)
        insert_rows(
            session,
            "pii.legal_hold",
            [
                {
                    "recipient_id": recipient_id,
                    "reason": reason,
                    "placed_at": now,
                    "released_at": None,
                }
            ],
        )
        earlier = session.rows(
            "select request_id from pii.erasure_registry where recipient_id = :recipient_id",
            recipient_id=recipient_id,
        )
        return earlier[0][0] if earlier else None

    return redshift.transaction("hold", work)


def release(redshift: Redshift, recipient_id: str, now: datetime) -> bool:
    """Ends a recipient's legal hold; returns whether there was one."""

    def work(session: Session) -> bool:
        session.execute(_BOTH_LOCKS)
        return _release(session, recipient_id, now)

    return redshift.transaction("hold", work)


def _release(session: Session, recipient_id: str, now: datetime) -> bool:
    where = "where recipient_id = :recipient_id and released_at is null"
    held = session.rows(f"select 1 as held from pii.legal_hold {where}", recipient_id=recipient_id)
    session.execute(
        f"update pii.legal_hold set released_at = :now {where}", now=now, recipient_id=recipient_id
    )
    return bool(held)
