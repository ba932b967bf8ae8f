"""Applies landed loads to the tables of the warehouse, each load to each table exactly once.

A table takes in a load in the same transaction that records it in ``control.applied_load``, after the lock that
keeps every other writer of the warehouse out; so whatever is killed, retried or run twice, nothing is lost and
nothing counts twice. Which tables take in which events, and in which order, is ``STEPS``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from sms_warehouse import apply_events, apply_messages, apply_recipients, sql
from sms_warehouse.apply_events import Batch, Change, run
from sms_warehouse.click_rules import describe
from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.privacy.erase import follow as follow_erased
from sms_warehouse.resources.redshift import Redshift, Session

Progress = Callable[[str], object]
Take = Callable[[Session, Batch], Change]
Drain = Callable[[Redshift, Mapping[str, Sequence[str]]], tuple[int, int]]


@dataclass(frozen=True)
class Step:
    """How one table follows the events; what one row is, the statement that makes the table says.

    ``upstream`` are the tables that must have applied a load of a type they share before this one does.
    ``take`` applies one batch of loads of one event type; where there is ``follow``, that is the first type, and
    ``follow`` does what loads of the others ask for. A table that only follows the facts has ``drain`` instead,
    which follows until nothing is left and returns loads recorded and rows made anew. ``recompute`` works out a
    day again.
    """

    event_types: tuple[str, ...]
    upstream: tuple[str, ...] = ()
    take: Take | None = None
    drain: Drain | None = None
    follow: Callable[[Session, datetime], Change] | None = None
    recompute: Callable[[Session, date, datetime], Change] | None = None

    def upstream_of(self, event_type: str) -> tuple[str, ...]:
        """The tables above this one that consume an event type."""
        return tuple(t for t in self.upstream if event_type in STEPS[t].event_types)

    @property
    def taken_types(self) -> tuple[str, ...]:
        """The event types whose loads are taken in batch by batch."""
        return self.event_types if self.follow is None else self.event_types[:1]

    @property
    def followed_types(self) -> tuple[str, ...]:
        """The event types whose loads are followed all at once."""
        return self.event_types[len(self.taken_types) :]

    @property
    def files(self) -> list[str]:
        """The SQL files that fill the table, for a reader."""
        (table,) = (name for name, step in STEPS.items() if step is self)
        folder = sql.root() / "warehouse" / table
        return [f"warehouse/{table}/{file.stem}" for file in sorted(folder.glob("*.sql"))]


@dataclass(frozen=True)
class Applied:
    """What one call did: loads applied, rows that came or left, messages concerned, and how long it took."""

    loads: int = 0
    rows: int = 0
    messages: int = 0
    seconds: float = 0.0


def _take_user_agents(session: Session, batch: Batch) -> Change:
    batch.run(session, "new_agents")
    rows = batch.run(session, "take", ruleset_version=ruleset_version(session))
    describe_agents(session)
    return Change(rows)


def _recompute_user_agents(session: Session, day: date, now: datetime) -> Change:
    run(
        session,
        "warehouse/dim_user_agent/outdated_agents",
        day=day,
        now=now,
        ruleset_version=ruleset_version(session),
    )
    describe_agents(session)
    return Change(int(session.value("select count(*) as agents from new_agent")))


def ruleset_version(session: Session) -> int:
    """The version of the rules by which clicks are judged now."""
    return int(session.value("select max(ruleset_version) as version from warehouse.dim_bot_rule"))


def describe_agents(session: Session) -> None:
    """Writes what the User-Agents of the temp table new_agent say into their dimension."""
    agents = session.rows("select ua_key, user_agent from new_agent")
    run(session, "warehouse/dim_user_agent/described")
    insert_rows(
        session,
        "described_agent",
        ({"ua_key": key, **describe(user_agent)._asdict()} for key, user_agent in agents),
    )
    run(session, "warehouse/dim_user_agent/describe")


def _take_variants(session: Session, batch: Batch) -> Change:
    (images,) = sql.statements("warehouse/dim_variant/images")
    variants = variant_rows(session.rows(images.text), batch.now)
    batch.run(session, "forget")
    insert_rows(session, "warehouse.dim_variant", variants)
    return Change(len(variants))


def variant_rows(images: Sequence[tuple[str, str | None]], now: datetime) -> list[dict[str, Any]]:
    """Rows of dim_variant from campaign ids and their variants as JSON text, newest image of a campaign first.

    A variant is described by the newest image that names it, and is current if the newest image does. What is
    not an object with a variant_id is passed over: nothing but the array is promised.
    """
    found: dict[tuple[str, str], dict[str, Any]] = {}
    seen: set[str] = set()
    for campaign_id, text in images:
        is_newest = campaign_id not in seen
        seen.add(campaign_id)
        for variant in _objects(text):
            variant_id = _text(variant.get("variant_id"), 64)
            if not variant_id:
                continue
            share: Any = variant.get("allocation_pct")
            control = variant.get("is_control")
            found.setdefault(
                (campaign_id, variant_id),
                {
                    "campaign_id": campaign_id,
                    "variant_id": variant_id,
                    "variant_name": _text(variant.get("name"), 512),
                    "allocation_pct": float(share) if _is_share(share) else None,
                    "is_control": control if isinstance(control, bool) else None,
                    "is_current": is_newest,
                    "loaded_at": now,
                },
            )
    return list(found.values())


def _objects(text: str | None) -> list[dict[str, Any]]:
    try:
        elements = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return []
    return [element for element in elements if isinstance(element, dict)]


def _text(value: object, characters: int) -> str | None:
    if not isinstance(value, str):
        return None
    # Escapes in JSON can spell what VARCHAR cannot hold: NUL and halves of characters.
    kept = value.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")
    return kept.strip()[:characters].rstrip()


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100


def _recompute_clicks(session: Session, day: date, now: datetime) -> Change:
    run(session, "warehouse/fact_click/stored_clicks", day=day)
    return Change(0, apply_events.judge_clicks(session, now))


def _follow_submissions(session: Session, now: datetime) -> Change:
    """Judges again the clicks of messages whose submissions changed; of the clicks themselves none is new."""
    if not session.rows("select 1 as waiting from control.unclassified_message limit 1"):
        return Change()
    run(session, "warehouse/fact_click/stored_clicks", day=None)
    return Change(0, apply_events.judge_clicks(session, now))


def _recompute_messages(session: Session, day: date, now: datetime) -> Change:
    return Change(0, run(session, "warehouse/fact_message/arrived", day=day))


STEPS: dict[str, Step] = {
    "dim_campaign": Step(
        ("campaign_upserted",),
        take=apply_events.take_campaigns,
    ),
    "dim_variant": Step(
        ("campaign_upserted",),
        ("dim_campaign",),
        take=_take_variants,
    ),
    "dim_user_agent": Step(
        ("link_click",),
        take=_take_user_agents,
        recompute=_recompute_user_agents,
    ),
    "fact_submission": Step(
        ("message_submitted",),
        take=apply_events.take_submissions,
    ),
    "fact_delivery_event": Step(
        ("delivery_receipt",),
        take=apply_events.take_plain,
    ),
    "fact_click": Step(
        ("link_click", "message_submitted"),
        ("dim_user_agent", "fact_submission"),
        take=apply_events.take_clicks,
        follow=_follow_submissions,
        recompute=_recompute_clicks,
    ),
    "fact_subscription_event": Step(
        ("subscription_changed",),
        take=apply_events.take_subscription_events,
    ),
    "fact_inbound_message": Step(
        ("inbound_message",),
        take=apply_events.take_plain,
    ),
    "named_member": Step(
        ("message_submitted", "delivery_receipt", "link_click", "inbound_message"),
        take=apply_events.take_names,
    ),
    "fact_message": Step(
        (
            "message_submitted",
            "delivery_receipt",
            "link_click",
            "subscription_changed",
            "inbound_message",
            "campaign_upserted",
        ),
        (
            "dim_campaign",
            "fact_submission",
            "fact_delivery_event",
            "fact_click",
            "fact_subscription_event",
            "fact_inbound_message",
        ),
        drain=apply_messages.drain,
        recompute=_recompute_messages,
    ),
    "dim_recipient": Step(
        ("message_submitted", "subscription_changed"),
        ("fact_message",),
        drain=apply_recipients.drain,
    ),
}
"""Table -> step, each after those it needs."""


def settled_tables(event_type: str) -> list[str]:
    """The tables that must have applied a load of this type before it counts as applied."""
    return [table for table, step in STEPS.items() if event_type in step.event_types]


def apply_step(
    redshift: Redshift,
    table: str,
    *,
    recompute_day: date | None = None,
    progress: Progress = lambda _: None,
) -> Applied:
    """Applies to one table every load that has landed, that it lacks and that the tables above it have.

    With ``recompute_day``, what arrived on that day is worked out again first, also when nothing is new: for
    dim_user_agent and fact_click by today's rules, for fact_message every message with an event of the day.
    Every transaction takes in loads of one arrival day and leaves the warehouse consistent.
    """
    step = STEPS[table]
    began = time.monotonic()
    changes = [Change()]
    loads = 0
    if "message_submitted" in step.event_types:
        follow_erased(redshift, datetime.now(UTC).replace(tzinfo=None))
    if recompute_day is not None and step.recompute is not None:
        again = _locked(step.recompute, recompute_day)
        changes.append(redshift.transaction(f"recompute_{table}", again))
        progress(f"{table}: {recompute_day} is worked out again")
    if step.drain is not None:
        upstream = {event_type: step.upstream_of(event_type) for event_type in step.event_types}
        loads, rows = step.drain(redshift, upstream)
        changes.append(Change(rows, rows if table == apply_messages.TABLE else 0))
    else:
        for done in _batches(redshift, table, step):
            loads += done.loads
            changes.append(done.change)
            progress(f"{table}: {done.what}, {done.change.rows} rows")
    progress(f"{table}: {loads} loads applied")
    return Applied(
        loads,
        sum(change.rows for change in changes),
        sum(change.messages for change in changes),
        round(time.monotonic() - began, 3),
    )


@dataclass(frozen=True)
class _Done:
    loads: int
    change: Change
    what: str


def _locked(
    recompute: Callable[[Session, date, datetime], Change], day: date
) -> Callable[[Session], Change]:
    def work(session: Session) -> Change:
        now = apply_events.begin(session)
        return recompute(session, day, now)

    return work


def _batches(redshift: Redshift, table: str, step: Step) -> Iterator[_Done]:
    for event_type in step.taken_types:
        work = partial(_take_next, table, step, event_type)
        while done := redshift.transaction(f"apply_{table}", work):
            yield done
    for event_type in step.followed_types:
        work = partial(_follow_loads, table, step, event_type)
        if done := redshift.transaction(f"apply_{table}", work):
            yield done


def _take_next(table: str, step: Step, event_type: str, session: Session) -> _Done | None:
    assert step.take is not None
    now = apply_events.begin(session)
    batch = apply_events.next_batch(session, table, event_type, step.upstream_of(event_type), now)
    if batch is None:
        return None
    change = step.take(session, batch)
    apply_events.record(session, table, now)
    return _Done(batch.loads, change, f"{batch.loads} loads of {batch.day}")


def _follow_loads(table: str, step: Step, event_type: str, session: Session) -> _Done | None:
    assert step.follow is not None
    now = apply_events.begin(session)
    upstream = step.upstream_of(event_type)
    loads = apply_events.record_waiting(session, table, event_type, upstream, now)
    if not loads:
        return None
    return _Done(loads, step.follow(session, now), f"{loads} loads of {event_type}")


def row_count(session: Session, table: str, day: date) -> int:
    """Rows of a table that stem from events that arrived on a day; messages, variants and agents counted once each."""
    (statement,) = sql.statements(f"warehouse/{table}/row_count")
    return int(session.value(statement.text, day=day))
