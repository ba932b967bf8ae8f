"""How fact_message follows the event facts: touched messages are recomputed from all their events, never adjusted.

Event facts leave the ids of messages they touched in ``control.touched_message``. They are worked through in
ranges of ids, which are ranges of time, each in a transaction that takes the ids off the list, so that a killed
run loses nothing. What a message gains or loses through a neighbour, an opt-out that moves to a later message,
touches the neighbour again; the work ends when nobody is touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from sms_warehouse import sql
from sms_warehouse.apply_events import begin, changed_ranges, record_waiting, run
from sms_warehouse.ranges import IdRange, bounded_id_ranges, date_ranges
from sms_warehouse.resources.redshift import Redshift, Session

TABLE = "fact_message"

_STEPS = (
    "submitted",
    "delivered",
    "clicked",
    "recipient_before",
    "recompute",
    "recipient_after",
)
_IDS_AT_ONCE = 1_500_000
_FEW_IDS = 100_000
_SPAN = timedelta(days=7)
_GAP = timedelta(days=3)
_PREFIXES_AT_ONCE = 20_000
NOTHING: IdRange = ("", "")
"""A range without ids, for a transaction that does what does not hang on a message."""

_NEVER = datetime(1970, 1, 1)


def listed_ranges(session: Session, table: str) -> list[IdRange]:
    """Ranges of the ids in a list, each small enough for one transaction; the first ones, if there are very many."""
    counted = session.rows(
        f"select left(message_id, 6) as prefix, count(*) as listed from {table}"
        f" group by left(message_id, 6) order by prefix limit {_PREFIXES_AT_ONCE}"
    )
    return bounded_id_ranges(
        [(prefix, int(count)) for prefix, count in counted],
        most=_IDS_AT_ONCE,
        few=_FEW_IDS,
        span=_SPAN,
        gap=_GAP,
    )


def recompute(redshift: Redshift, ids: IdRange) -> int:
    """Recomputes the touched messages of a range and attributes the opt-outs that are due; returns how many."""

    def work(session: Session) -> int:
        now = begin(session)
        first_id, end_id = ids
        values: dict[str, object] = {"first_id": first_id, "end_id": end_id, "now": now}
        run(session, "warehouse/fact_message/touched", **values)
        _find_reminders(session, values)
        for name in _STEPS:
            run(session, f"warehouse/fact_message/{name}", **values)
        _attribute_optouts(session, values)
        return int(session.value("select count(*) as messages from touched"))

    return redshift.transaction(f"apply_{TABLE}", work)


def _find_reminders(session: Session, values: dict[str, object]) -> None:
    run(session, "warehouse/fact_message/reminders", **values)
    for first_id, end_id in changed_ranges(session, "reminder"):
        run(
            session,
            "warehouse/fact_message/repeated_reminders",
            first_reminder_id=first_id,
            end_reminder_id=end_id,
        )


def _attribute_optouts(session: Session, values: dict[str, object]) -> None:
    (statement,) = sql.statements("warehouse/fact_message/windows")
    ((first_sent_at, last_window_end),) = session.rows(
        statement.text, **{name: values[name] for name in statement.parameters}
    )
    run(
        session,
        "warehouse/fact_message/due_optouts",
        first_sent_at=first_sent_at or _NEVER,
        last_window_end=last_window_end or _NEVER,
        **values,
    )
    if not session.value("select count(*) as due from due_optout"):
        return
    days = session.rows(
        "select distinct cast(effective_at as date) as effective_date from due_optout"
        " where in_reply_to_message_id is null"
    )
    hours = session.value(
        "select coalesce(max(optout_window_hours), 24) as hours from warehouse.campaign_setting"
    )
    window = timedelta(hours=max(24, hours))
    for first, last in date_ranges(day for (day,) in days):
        run(
            session,
            "warehouse/fact_message/candidates",
            first_date=_earlier(first, window),
            last_date=last,
        )
    run(session, "warehouse/fact_message/attribute", **values)
    run(session, "warehouse/fact_message/opted_out", **values)


def _earlier(day: date, by: timedelta) -> date:
    return day - by - timedelta(days=1)


def drain(redshift: Redshift, upstream: Mapping[str, Sequence[str]]) -> tuple[int, int]:
    """Recomputes until no message is touched, then records the loads that all tables above have applied.

    ``upstream`` names, by event type, the tables that must have applied a load first. Returns loads recorded
    and messages recomputed.
    """
    messages = 0
    while True:
        with redshift.session(f"apply_{TABLE}") as session:
            ranges = listed_ranges(session, "control.touched_message")
        for ids in ranges:
            messages += recompute(redshift, ids)
        loads = redshift.transaction(f"apply_{TABLE}", lambda session: _settle(session, upstream))
        if loads is not None:
            return loads, messages
        messages += recompute(redshift, NOTHING)


def _settle(session: Session, upstream: Mapping[str, Sequence[str]]) -> int | None:
    """Records what is applied, if nothing is left to do; None if there is."""
    now = begin(session)
    is_behind = session.rows(
        "select 1 as touched from control.touched_message limit 1"
    ) or session.rows(
        "select 1 as due from warehouse.fact_subscription_event where is_attribution_due limit 1"
    )
    if is_behind:
        return None
    return sum(
        record_waiting(session, TABLE, event_type, tables, now)
        for event_type, tables in upstream.items()
    )
