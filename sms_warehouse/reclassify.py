"""Today's rules and mappings applied to the past: what would change, and the change itself.

Rules about clicks (``warehouse.dim_bot_rule``, ``dim_asn``, the lists of crawlers and programs in ``click_rules``),
the meaning of error codes (``dim_delivery_error``) and of networks (``dim_carrier``) come with a new version and
``sms-warehouse migrate``; from then on they hold for what arrives. Here they reach what is there already, by the
statements that judge what arrives, so that a preview cannot say anything else than what comes of it. Every
transaction leaves the warehouse consistent and what was done is not done again: after a kill, run it again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sms_warehouse import apply, sql
from sms_warehouse.apply_events import changed_ranges, classify_clicks, judge_clicks, run
from sms_warehouse.click_rules import Agent, describe
from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.resources.redshift import Redshift, Session

_LOCK = "lock control.warehouse_mutex"
_GROUP = "reclassify"

Progress = Callable[[str], object]
Row = dict[str, Any]


class Subject(StrEnum):
    """What may be applied to the past."""

    RULESET = "ruleset"
    ERRORS = "errors"
    CARRIERS = "carriers"


@dataclass
class Preview:
    """What would change, each as rows for a reader; ``clicks_judged`` and ``clicks_rewritten`` count requests.

    A request is rewritten also when nothing about it changes but the version of the rules it was judged by.
    """

    first_date: date
    last_date: date
    clicks_judged: int = 0
    clicks_rewritten: int = 0
    messages_with_other_human_clicks: int = 0
    user_agents: list[Row] = field(default_factory=list)
    click_classes: list[Row] = field(default_factory=list)
    click_days: list[Row] = field(default_factory=list)
    failures: list[Row] = field(default_factory=list)
    failure_days: list[Row] = field(default_factory=list)
    carriers: list[Row] = field(default_factory=list)


@dataclass
class Reclassified:
    """What was changed; messages are counted once however many of their events changed."""

    user_agents: int = 0
    clicks: int = 0
    failures: int = 0
    messages: int = 0
    recipients: int = 0


def preview(
    redshift: Redshift, subjects: Collection[Subject], first_date: date, last_date: date
) -> Preview:
    """What ``reclassify`` would change, without writing anything.

    The days, UTC, both included, are those on which links were asked for and on which failed messages were
    sent; of a message all clicks are judged together, also those of other days. Recipients have no day.
    """

    def work(session: Session) -> Preview:
        found = Preview(first_date, last_date)
        if Subject.RULESET in subjects:
            _preview_clicks(session, found)
        if Subject.ERRORS in subjects:
            _find_failures(session, first_date, last_date)
            found.failures = _records(session, "failure_categories")
            found.failure_days = _records(session, "failure_days")
        if Subject.CARRIERS in subjects:
            found.carriers = _records(session, "carriers")
        return found

    return redshift.transaction(_GROUP, work)


def reclassify(
    redshift: Redshift,
    subjects: Collection[Subject],
    first_date: date,
    last_date: date,
    *,
    now: datetime,
    progress: Progress = lambda _: None,
) -> Reclassified:
    """Applies today's rules and mappings to these days; ``now`` is naive UTC. The days are those of ``preview``.

    Messages whose events changed are worked out again, and their days of campaigns wait for the next refresh of
    the reports, as after a load.
    """
    done = Reclassified()
    if Subject.RULESET in subjects:
        done.user_agents = _describe_agents(redshift, now)
        for day in _click_days(redshift, first_date, last_date):
            clicks = _judge_day(redshift, day, now)
            done.clicks += clicks
            progress(f"{day}: {clicks:,} clicks judged otherwise")
    if Subject.ERRORS in subjects:
        for day in _days_sent(redshift, first_date, last_date):
            failures = _touch_failures(redshift, day)
            done.failures += failures
            progress(f"{day}: {failures:,} failures explained otherwise")
    if Subject.CARRIERS in subjects:
        done.recipients = _move_recipients(redshift, now)
    # Also what a run that was killed left behind.
    done.messages = apply.apply_step(redshift, "fact_message", progress=progress).messages
    return done


def _records(session: Session, name: str, **values: object) -> list[Row]:
    (statement,) = sql.statements(f"reclassify/{name}")
    return session.records(statement.text, **values)


def _preview_clicks(session: Session, found: Preview) -> None:
    changed = list(_outdated_agents(session))
    classes: dict[tuple[str, str], int] = {}
    for _, before, after in changed:
        if before != after.ua_class:
            pair = before, after.ua_class
            classes[pair] = classes.get(pair, 0) + 1
    found.user_agents = [
        {"class_before": before, "class_after": after, "user_agents": count}
        for (before, after), count in sorted(classes.items(), key=lambda item: -item[1])
    ]
    run(session, "warehouse/fact_click/stored_clicks", day=None)
    run(session, "reclassify/seeds", first_date=found.first_date, last_date=found.last_date)
    classify_clicks(session, {key: after.ua_class for key, _, after in changed})
    found.click_classes = _records(session, "click_classes")
    (total,) = _records(session, "click_total")
    found.clicks_judged, found.clicks_rewritten = int(total["judged"]), int(total["rewritten"])
    run(session, "reclassify/click_messages")
    for first_id, end_id in changed_ranges(session, "changed_count"):
        run(session, "reclassify/click_cohorts", first_id=first_id, end_id=end_id)
    found.click_days = _records(session, "click_days")
    found.messages_with_other_human_clicks = int(
        session.value("select count(*) as messages from changed_count")
    )


def _outdated_agents(session: Session) -> Iterator[tuple[str, str, Agent]]:
    """Keys of the User-Agents that say something else by today's lists, their class so far, and what they say."""
    version = apply.ruleset_version(session)
    after = ""
    while page := _records(session, "agents", after=after):
        for row in page:
            agent = describe(row["user_agent"])
            known = Agent(row["ua_class"], row["browser"], row["os"], row["device_type"])
            if agent != known or row["ruleset_version"] != version:
                yield row["ua_key"], row["ua_class"], agent
        after = page[-1]["ua_key"]


def _describe_agents(redshift: Redshift, now: datetime) -> int:
    # Outside the transaction: nobody waits while the lists are searched, and what comes meanwhile is described by them.
    with redshift.session(_GROUP) as session:
        keys = [key for key, _, _ in _outdated_agents(session)]
    if not keys:
        return 0

    def work(session: Session) -> int:
        session.execute(_LOCK)
        run(session, "reclassify/outdated_agents")
        insert_rows(session, "outdated_agent", [{"ua_key": key} for key in keys])
        version = apply.ruleset_version(session)
        run(session, "reclassify/describe_agents", ruleset_version=version, now=now)
        apply.describe_agents(session)
        return len(keys)

    return redshift.transaction(_GROUP, work)


def _click_days(redshift: Redshift, first_date: date, last_date: date) -> list[date]:
    with redshift.session(_GROUP) as session:
        days = session.rows(
            "select distinct event_date from warehouse.fact_click"
            " where event_date between :first_date and :last_date order by event_date",
            first_date=first_date,
            last_date=last_date,
        )
    return [day for (day,) in days]


def _judge_day(redshift: Redshift, day: date, now: datetime) -> int:
    def work(session: Session) -> int:
        session.execute(_LOCK)
        run(session, "warehouse/fact_click/stored_clicks", day=None)
        run(session, "reclassify/seeds", first_date=day, last_date=day)
        judge_clicks(session, now)
        return int(session.value("select count(*) as clicks from reclassified_click"))

    return redshift.transaction(_GROUP, work)


def _days_sent(redshift: Redshift, first_date: date, last_date: date) -> list[date]:
    with redshift.session(_GROUP) as session:
        days = session.rows(
            "select distinct cohort_date from warehouse.fact_message"
            " where cohort_date between :first_date and :last_date order by cohort_date",
            first_date=first_date,
            last_date=last_date,
        )
    return [day for (day,) in days]


def _find_failures(session: Session, first_date: date, last_date: date) -> None:
    """Leaves the temp table remapped_failure: messages of these days whose failure is explained otherwise today."""
    run(session, "reclassify/failures", first_date=first_date, last_date=last_date)
    for first_id, end_id in changed_ranges(session, "remapped_failure"):
        run(session, "reclassify/failure_receipts", first_id=first_id, end_id=end_id)
    run(session, "reclassify/failure_settle")


def _touch_failures(redshift: Redshift, day: date) -> int:
    def work(session: Session) -> int:
        session.execute(_LOCK)
        _find_failures(session, day, day)
        run(session, "reclassify/touch_failures")
        return int(session.value("select count(*) as messages from remapped_failure"))

    return redshift.transaction(_GROUP, work)


def _move_recipients(redshift: Redshift, now: datetime) -> int:
    with redshift.session(_GROUP) as session:
        carriers = sorted({row["mcc_mnc"] for row in _records(session, "carriers")})

    def moved(mcc_mnc: str) -> int:
        def work(session: Session) -> int:
            session.execute(_LOCK)
            return run(session, "reclassify/recipients", mcc_mnc=mcc_mnc, now=now)

        return redshift.transaction(_GROUP, work)

    return sum(map(moved, carriers))
