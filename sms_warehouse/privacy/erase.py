"""Erases a person: from staging, facts, dimensions, lists, quarantine and files, in transactions that can be repeated.

First the person is put on the registry, so that nothing landed from then on brings them back; then staging, facts,
reports, lines and files follow, in transactions of their own. Killed anywhere, the same call goes on: what is erased
already is not found again. A legal hold stops it between any two of them: each asks for one after its LOCK, and placing
one takes all the locks. The request is done when a search of every text column finds nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sms_warehouse import sql
from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.privacy import statements, treatment
from sms_warehouse.privacy.landing import (
    empty_files,
    empty_lines,
    neutralise_staging,
    remove_files,
)
from sms_warehouse.privacy.proof import Found, search
from sms_warehouse.ranges import IdRange, id_ranges
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift, Session

Progress = Callable[[str], object]

DUE_DAYS = 30

_LANDING_LOCK = "lock control.landing_mutex"
_WAREHOUSE_LOCK = "lock control.warehouse_mutex"
_BOTH_LOCKS = "lock control.landing_mutex, control.warehouse_mutex"
# A refresh that began before would put the person's rows back.
_REPORT_LOCK = "lock control.report_mutex"
_FOLLOW_LOCKS = "lock control.report_mutex, control.warehouse_mutex"
_ALL_LOCKS = "lock control.landing_mutex, control.report_mutex, control.warehouse_mutex"


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
    is_expected: bool = False,
    progress: Progress = lambda _: None,
) -> Erasure:
    """Erases a recipient, whoever has the line, and searches for what is left.

    ``token`` is one more token of their phone number, that no row of the recipient tells; ``is_expected`` admits a
    recipient of whom nothing has landed yet. Raises ErasureRefused for what is no recipient's id, for one that no row
    names, for a request that was made for another recipient and for a recipient under legal hold, also when the hold is
    placed meanwhile.
    """
    changed: dict[str, int] = {}

    def count(what: str, number: int) -> None:
        changed[what] = changed.get(what, 0) + number
        progress(f"{what}: {number}")

    request_id = redshift.transaction(
        "erase_register",
        lambda session: _register(session, recipient_id, request_id, token, is_expected, now),
    )
    for table in treatment.STAGING:
        count(table.name, redshift.transaction("erase_staging", _staging(table.bare, recipient_id)))
    for table in treatment.UNNAMED_FACTS:
        unnamed = _unnamed(table, recipient_id, request_id)
        count(table.name, redshift.transaction("erase_unnamed", unnamed))
    for name, rows in follow(redshift, now).items():
        count(name, rows)
    for name, rows in redshift.transaction("erase_facts", _owned(recipient_id, request_id)).items():
        count(name, rows)
    count("reports", redshift.transaction("erase_reports", _reports(recipient_id)))
    count(
        "control.quarantined_line", redshift.transaction("erase_lines", _lines(lake, recipient_id))
    )
    count("files", redshift.transaction("erase_files", _files(lake, recipient_id, request_id)))
    count("files", remove_emptied(redshift, lake, recipient_id))
    with redshift.session("erase_proof") as session:
        found = search(session, lake, recipient_id, request_id)
    erasure = Erasure(request_id, changed, found)
    if erasure.is_proved:
        redshift.transaction("erase_done", _done(recipient_id, request_id, now))
    return erasure


def remove_emptied(redshift: Redshift, lake: Lake, recipient_id: str | None = None) -> int:
    """Removes files of quarantined lines that were emptied; returns how many were still there.

    Those of people under legal hold stay; raises ErasureRefused if ``recipient_id`` is one of them.
    """

    def work(session: Session) -> int:
        session.execute(_LANDING_LOCK)
        if recipient_id is not None:
            _refuse_held(session, recipient_id)
        return remove_files(session, lake)

    return redshift.transaction("erase_removed", work)


def follow(redshift: Redshift, now: datetime) -> dict[str, int]:
    """Lets facts follow the messages that were put on the list since; returns rows changed, by table.

    Such messages come from a new erasure, and from landing: a message of an erased person may land after its receipts.
    """
    with redshift.session("erase_follow") as session:
        waiting = session.rows(
            "select distinct left(message_id, 6) as prefix from pii.erased_message where followed_at is null"
            " and request_id in (select request_id from pii.erasable_request)"
        )
    changed: dict[str, int] = {}
    for ids in id_ranges(prefix for (prefix,) in waiting):
        for name, rows in redshift.transaction("erase_follow", _followed(ids, now)).items():
            changed[name] = changed.get(name, 0) + rows
    return changed


def _followed(ids: IdRange, now: datetime) -> Callable[[Session], dict[str, int]]:
    first_id, end_id = ids

    def work(session: Session) -> dict[str, int]:
        session.execute(_FOLLOW_LOCKS)
        sql.run(session, "privacy/heal", first_id=first_id, end_id=end_id)
        changed = {}
        for table in treatment.FACTS:
            changed[table.name] = sum(
                max(session.execute(statement.text, first_id=first_id, end_id=end_id), 0)
                for statement in statements.followed(table)
            )
        sql.run(session, "privacy/followed", first_id=first_id, end_id=end_id, now=now)
        return changed

    return work


def _register(
    session: Session,
    recipient_id: str,
    request_id: str,
    token: str | None,
    is_expected: bool,
    now: datetime,
) -> str:
    """Puts the person, their tokens, messages and opt-outs on record; returns the request they are erased under."""
    session.execute(_BOTH_LOCKS)
    if token is not None and (not token.strip() or token == treatment.MARK):
        raise ErasureRefused(f"{token!r} is no token of a phone number")
    _check(session, recipient_id, request_id, is_expected)
    known = session.rows(
        "select request_id from pii.erasure_registry where recipient_id = :recipient_id",
        recipient_id=recipient_id,
    )
    if known:
        ((request_id,),) = known
        # Rows that landed whole under a legal hold may name messages that the facts have followed.
        session.execute(
            "update pii.erased_message set followed_at = null where request_id = :request_id",
            request_id=request_id,
        )
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
    for statement in statements.noted_of_request():
        session.execute(statement.text, request_id=request_id)
    return request_id


def _check(session: Session, recipient_id: str, request_id: str, is_expected: bool) -> None:
    if not request_id.strip():
        raise ErasureRefused("the request has no number")
    _check_recipient(session, recipient_id, is_expected)
    _refuse_held(session, recipient_id)
    if session.rows(
        "select 1 as found from pii.erasure_registry"
        " where request_id = :request_id and recipient_id <> :recipient_id",
        request_id=request_id,
        recipient_id=recipient_id,
    ):
        raise ErasureRefused(f"request {request_id!r} was made for another recipient")


def _check_recipient(session: Session, recipient_id: str, is_expected: bool) -> None:
    """Refuses what cannot be a recipient's id, and one that nothing here names: a mistyped id would seem erased."""
    if "#" in recipient_id:
        raise ErasureRefused(
            f"{recipient_id!r} is a recipient_key; the recipient_id is what stands before '#'"
        )
    is_nobodys = not recipient_id.strip() or recipient_id == "-"
    if is_nobodys or recipient_id.startswith(treatment.ALIAS_PREFIX):
        raise ErasureRefused(f"{recipient_id!r} is nobody's recipient id")
    if not is_expected and not _is_known(session, recipient_id):
        raise ErasureRefused(
            f"no row names a recipient {recipient_id!r}; if it is no mistake and lines of theirs are still to come,"
            " say --unknown"
        )


def _is_known(session: Session, recipient_id: str) -> bool:
    is_registered = session.rows(
        "select 1 as found from pii.erasure_registry where recipient_id = :recipient_id",
        recipient_id=recipient_id,
    )
    return bool(is_registered) or any(
        session.rows(statements.naming(table).text, recipient_id=recipient_id)
        for table in (*treatment.FACTS, *treatment.STAGING)
        if "recipient_id" in table.columns
    )


def _refuse_held(session: Session, recipient_id: str) -> None:
    """Raises ErasureRefused for a recipient under legal hold. Call it after the transaction's LOCK."""
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


def _staging(event_type: str, recipient_id: str) -> Callable[[Session], int]:
    def work(session: Session) -> int:
        session.execute(_LANDING_LOCK)
        _refuse_held(session, recipient_id)
        return neutralise_staging(session, event_type)

    return work


def _unnamed(
    table: treatment.Personal, recipient_id: str, request_id: str
) -> Callable[[Session], int]:
    def work(session: Session) -> int:
        session.execute(_BOTH_LOCKS)
        _refuse_held(session, recipient_id)
        statement = statements.unnamed(table)
        return max(session.execute(statement.text, request_id=request_id), 0)

    return work


def _owned(recipient_id: str, request_id: str) -> Callable[[Session], dict[str, int]]:
    """All tables at once: an opt-out finds the messages it may be put down to by the recipient that both name."""

    def work(session: Session) -> dict[str, int]:
        session.execute(_WAREHOUSE_LOCK)
        _refuse_held(session, recipient_id)
        # What landed whole under a hold has made them a second row of dim_recipient: the next load makes one of both.
        session.execute(
            "insert into control.touched_recipient (recipient_id) values (:recipient_id)",
            recipient_id=recipient_id,
        )
        return {
            table.name: max(session.execute(statements.owned(table).text, request_id=request_id), 0)
            for table in treatment.FACTS
            if "recipient_id" in table.columns
        }

    return work


def _reports(recipient_id: str) -> Callable[[Session], int]:
    def work(session: Session) -> int:
        session.execute(_REPORT_LOCK)
        _refuse_held(session, recipient_id)
        rows = sql.run(session, "privacy/personal_rows", recipient_id=recipient_id)
        return sum(max(number, 0) for number in rows)

    return work


def _lines(lake: Lake, recipient_id: str) -> Callable[[Session], int]:
    def work(session: Session) -> int:
        session.execute(_LANDING_LOCK)
        _refuse_held(session, recipient_id)
        return empty_lines(session, lake).lines

    return work


def _files(lake: Lake, recipient_id: str, request_id: str) -> Callable[[Session], int]:
    def work(session: Session) -> int:
        session.execute(_BOTH_LOCKS)
        _refuse_held(session, recipient_id)
        return empty_files(session, lake, request_id)

    return work


def _done(recipient_id: str, request_id: str, now: datetime) -> Callable[[Session], int]:
    def work(session: Session) -> int:
        session.execute(_BOTH_LOCKS)
        _refuse_held(session, recipient_id)
        return session.execute(
            "update pii.erasure_registry set erased_at = :now"
            " where request_id = :request_id and erased_at is null",
            now=now,
            request_id=request_id,
        )

    return work


def preview(
    session: Session, recipient_id: str, request_id: str, *, is_expected: bool = False
) -> dict[str, int]:
    """Rows of each table that name the recipient or one of their messages; changes nothing. Raises ErasureRefused."""
    _check(session, recipient_id, request_id, is_expected)
    counts: dict[str, int] = {}
    for table in (*treatment.STAGING, *treatment.FACTS):
        statement = statements.rows_about(table)
        counts[table.name] = int(session.value(statement.text, recipient_id=recipient_id))
    return counts


def raw_lines(session: Session, request_id: str) -> list[tuple[str, str, int]]:
    """Bucket, key and line number of what raw objects still hold of a person, for whoever deletes there."""
    (statement,) = sql.statements("privacy/raw_lines")
    return [
        (bucket, key, int(number))
        for bucket, key, number in session.rows(statement.text, request_id=request_id)
    ]


def requests(session: Session, now: datetime) -> list[dict[str, Any]]:
    """All requests, the open ones first: when each is due, when it was done, and how it stands; not whose it is."""
    return session.records(
        "select registry.request_id, registry.requested_at, registry.due_at, registry.erased_at,"
        " case when erasable.request_id is null then 'held' when registry.erased_at is not null then 'done'"
        " when registry.due_at < :now then 'overdue' else 'open' end as state"
        " from pii.erasure_registry as registry"
        " left join pii.erasable_request as erasable on erasable.request_id = registry.request_id"
        " order by registry.erased_at is not null, registry.due_at, registry.request_id",
        now=now,
    )


def holds(session: Session) -> list[dict[str, Any]]:
    """The legal holds that stand, the oldest first."""
    return session.records(
        "select recipient_id, placed_at, reason from pii.legal_hold where released_at is null"
        " order by placed_at, recipient_id"
    )


def hold(
    redshift: Redshift,
    recipient_id: str,
    reason: str,
    now: datetime,
    *,
    is_expected: bool = False,
) -> str | None:
    """Puts a recipient under legal hold: until its release nothing of theirs is taken away, and what lands stays whole.

    ``is_expected`` admits a recipient of whom nothing has landed yet. Returns the request that came before the hold, if
    there is one: it stops where it is, and what it has erased is gone. Raises ErasureRefused as ``erase`` does.
    """

    def work(session: Session) -> str | None:
        # Of every transaction that takes something away, whatever it locks.
        session.execute(_ALL_LOCKS)
        _check_recipient(session, recipient_id, is_expected)
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
        session.execute(
            "update pii.erasure_registry set erased_at = null where recipient_id = :recipient_id",
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
