"""How the landed events of one batch enter their table: each once, whatever copies of it there are.

An event is identified by its event_id within the day it occurred, which keeps the search for copies to the days
of the batch. Of several copies the smallest (logged_at, content) stays, also when it comes later. Rows of content
that an object no longer has leave first, and copies that had lost against them come back. Everything here runs
inside the transaction of the caller, which holds the warehouse's lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sms_warehouse import sql
from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.ranges import IdRange, date_ranges, id_ranges
from sms_warehouse.resources.redshift import Session

_LOCK = "lock control.warehouse_mutex"

BATCH_ROWS = 2_000_000
"""Rows after which a batch takes no further load; one load is never divided."""


@dataclass(frozen=True)
class Batch:
    """What one transaction takes in: loads of one event type and arrival day, in the temp table batch_load."""

    table: str
    event_type: str
    day: date
    loads: int
    now: datetime

    def run(self, session: Session, name: str, **values: object) -> int:
        """Runs a file of the table's folder; returns the rows its statements changed, as far as Redshift tells."""
        return run(session, f"warehouse/{self.table}/{name}", day=self.day, now=self.now, **values)


@dataclass(frozen=True)
class Change:
    """What a batch did: rows that came or left, and messages it concerns, counted once for each reason."""

    rows: int = 0
    messages: int = 0


def begin(session: Session) -> datetime:
    """Begins a transaction that writes facts, when no other does; returns the time, naive UTC.

    The time is taken once the wait is over: whoever waits for this lock later reads what was written, and may go by
    the time that it carries.
    """
    session.execute(_LOCK)
    return datetime.now(UTC).replace(tzinfo=None)


def run(session: Session, path: str, **values: object) -> int:
    """Runs ``sql/<path>.sql``; returns the rows its statements changed, as far as Redshift tells."""
    return sum(max(count, 0) for count in sql.run(session, path, **values))


def next_batch(
    session: Session, table: str, event_type: str, upstream: Sequence[str], now: datetime
) -> Batch | None:
    """Puts the loads to apply next into the temp table batch_load; None when nothing waits."""
    (statement,) = sql.statements("apply/next_loads")
    loads = session.rows(
        statement.text,
        event_type=event_type,
        row_limit=BATCH_ROWS,
        **_waiting_for(table, upstream),
    )
    if not loads:
        return None
    run(session, "apply/batch")
    insert_rows(session, "batch_load", [{"load_id": load_id} for load_id, _ in loads])
    return Batch(table, event_type, loads[0][1], len(loads), now)


def record_waiting(
    session: Session, table: str, event_type: str, upstream: Sequence[str], now: datetime
) -> int:
    """Records as applied all loads of a type that wait for this table; returns how many."""
    return run(
        session,
        "apply/record_waiting",
        event_type=event_type,
        now=now,
        **_waiting_for(table, upstream),
    )


def _waiting_for(table: str, upstream: Sequence[str]) -> dict[str, object]:
    first, second = (*upstream, "", "")[:2]
    return {
        "table_name": table,
        "upstream_1": first,
        "upstream_2": second,
        "upstreams": len(upstream),
    }


def record(session: Session, table: str, now: datetime) -> None:
    """Records the loads of batch_load as applied to a table."""
    run(session, "apply/record_applied", table_name=table, now=now)


def replace_copies(session: Session, batch: Batch) -> int:
    """Finds out which events of the batch are to be inserted, and removes what they replace.

    Leaves the temp tables arrival, moved and losing_copy; returns how many rows left the table.
    """
    batch.run(session, "arrival")
    run(session, "apply/superseded_objects", day=batch.day)
    if session.value("select count(*) as objects from superseded_object"):
        batch.run(session, "superseded", table_name=batch.table)
    for first_date, last_date in changed_days(session, "arrival"):
        batch.run(session, "stored", first_date=first_date, last_date=last_date)
    run(session, "apply/doubled_events")
    ((first_date, last_date),) = session.rows(
        "select min(event_date) as first_date, max(event_date) as last_date from doubled_event"
    )
    if first_date is not None:
        batch.run(session, "doubled", first_date=first_date, last_date=last_date)
    return int(session.value("select count(*) as removed_rows from moved where not is_back"))


def changed_ranges(session: Session, temp_table: str) -> list[IdRange]:
    """Ranges that cover the message ids of a temp table."""
    return id_ranges(
        prefix
        for (prefix,) in session.rows(
            f"select distinct left(message_id, 6) as prefix from {temp_table} where message_id is not null"
        )
    )


def changed_days(session: Session, temp_table: str) -> list[tuple[date, date]]:
    """Ranges of days in which the events of a temp table occurred."""
    return date_ranges(
        day for (day,) in session.rows(f"select distinct event_date from {temp_table}")
    )


def take_submissions(session: Session, batch: Batch) -> Change:
    rows = replace_copies(session, batch) + batch.run(session, "take")
    messages = batch.run(session, "touch")
    for first_id, end_id in changed_ranges(session, "changed_message"):
        batch.run(session, "touch_others", first_id=first_id, end_id=end_id)
    return Change(rows, messages)


def take_plain(session: Session, batch: Batch) -> Change:
    """Receipts and inbound messages: they concern the message they name, and nothing else."""
    rows = replace_copies(session, batch) + batch.run(session, "take")
    return Change(rows, batch.run(session, "touch"))


def take_subscription_events(session: Session, batch: Batch) -> Change:
    rows = replace_copies(session, batch) + batch.run(session, "take")
    messages = batch.run(session, "touch")
    since = session.value("select min(effective_at) as since from changed_line")
    if since is not None:
        messages += batch.run(session, "touch_lines", first_date=since.date())
    return Change(rows, messages)


def take_campaigns(session: Session, batch: Batch) -> Change:
    batch.run(session, "before")
    rows = replace_copies(session, batch) + batch.run(session, "take")
    batch.run(session, "order")
    batch.run(session, "changed_settings")
    if not session.value("select count(*) as campaigns from changed_setting"):
        return Change(rows)
    return Change(rows, batch.run(session, "touch"))


def take_names(session: Session, batch: Batch) -> Change:
    """What the events of a batch name: campaigns, variants, networks, senders, links and error codes."""

    def step(name: str, **values: object) -> None:
        batch.run(session, name, **values)

    step("loads")
    run(session, "apply/superseded_objects", day=batch.day)
    if session.value("select count(*) as objects from superseded_object"):
        step("forget", event_type=batch.event_type)
    step(batch.event_type)
    step("take", event_type=batch.event_type)
    return Change(int(session.value("select count(*) as named from named")))


def take_clicks(session: Session, batch: Batch) -> Change:
    rows = replace_copies(session, batch)
    batch.run(session, "new_clicks")
    rows += int(session.value("select count(*) as new_rows from new_click"))
    return Change(rows, judge_clicks(session, batch.now))


def judge_clicks(session: Session, now: datetime) -> int:
    """Classifies the clicks of new_click and all whose class may follow from seed_click; stores what changed.

    Returns how many messages had their clicks judged.
    """
    classify_clicks(session)
    run(session, "warehouse/fact_click/take", now=now)
    for first_date, last_date in changed_days(session, "reclassified_click"):
        run(
            session,
            "warehouse/fact_click/reclassify",
            first_date=first_date,
            last_date=last_date,
        )
    return int(session.value("select count(*) as messages from recheck_message"))


def classify_clicks(session: Session, assumed_agents: Mapping[str, str] | None = None) -> None:
    """Finds out what the clicks of new_click, and all whose class may follow from seed_click, are taken for.

    Closed under the rules that look at neighbours: whether an address sweeps or a link is hammered is decided
    for each ten minutes of the clock from all their requests, and a message's clicks are judged together.
    Writes temporary tables only; judged_click and reclassified_click say what came of it. ``assumed_agents``
    gives User-Agents, by their key, another class than dim_user_agent does.
    """

    def step(name: str, **values: object) -> None:
        run(session, f"warehouse/fact_click/{name}", **values)

    step("slots")
    if assumed_agents:
        insert_rows(
            session,
            "assumed_agent",
            [{"ua_key": key, "ua_class": name} for key, name in assumed_agents.items()],
        )
    for first_date, last_date in changed_days(session, "seed_click"):
        step("slot_clicks", first_date=first_date, last_date=last_date)
    step("flags")
    for first_id, end_id in changed_ranges(session, "recheck_message"):
        step("messages", first_id=first_id, end_id=end_id)
    unknown = session.rows(
        "select event_date from seed_click where message_id is null"
        " union select event_date from flipped_click where message_id is null"
    )
    for first_date, last_date in date_ranges(day for (day,) in unknown):
        step("unknown_tokens", first_date=first_date, last_date=last_date)
    step("judge")
