"""Following up: the decision table people may read and change, and lists of recipients handed over on request.

What to do about a message is decided by ``reports.follow_up_rule``, for reports.message_status and
reports.followup_audience alike. A list is computed when it is asked for, by the clock once no load is being
applied, and its recipients are on record before it is in S3: a list that could not be written is lost rather than
handed over twice.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from ulid import ULID

from sms_warehouse import sql
from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.reports import Clock
from sms_warehouse.reports.recipients import decide
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift, Session

RULES = "reports.follow_up_rule"
SETTINGS = "reports.follow_up_setting"

_LOCK = "lock control.report_mutex, control.warehouse_mutex"
_UNDER_WAY = timedelta(minutes=15)

OUTCOMES = ("NOT_SENT", "DELIVERED", "FAILED", "PENDING", "UNKNOWN")
EFFECTS = ("CONTACT", "INTERNAL", "NOTHING")
_FLAGS = {"true": True, "false": False}

_CONDITIONS = {
    "opted_out": bool,
    "outcome": str,
    "engaged": bool,
    "clicked": bool,
    "failure_permanent": bool,
    "failure_category": str,
    "max_attempts": int,
    "min_age_hours": int,
    "max_age_hours": int,
    "followed_up": bool,
    "is_follow_up": bool,
    "has_link": bool,
}
_COLUMNS: dict[str, type] = {
    "rule_order": int,
    **_CONDITIONS,
    "action": str,
    "effect": str,
    "reason": str,
    "priority": int,
    "valid_hours": int,
}
_REQUIRED = ("rule_order", "action", "effect", "reason", "priority")
# Smallest and greatest of each number; a year has 8,784 hours at most.
_BOUNDS = {
    "rule_order": (1, 1_000_000),
    "max_attempts": (1, 100),
    "min_age_hours": (0, 8_784),
    "max_age_hours": (1, 8_784),
    "priority": (1, 1_000),
    "valid_hours": (1, 8_784),
}
_LENGTHS = {"action": 32, "reason": 256}

_EXPORTED = (
    "recipient_key",
    "recipient_id",
    "message_id",
    "action",
    "priority",
    "eligible_from",
    "eligible_until",
)

Rule = dict[str, Any]


class FollowUpFailed(Exception):
    """What was asked for cannot be done; the message says why."""


class RulesRefused(FollowUpFailed):
    """A decision table with mistakes; the message names each with its line and column."""

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("nothing was changed: " + "; ".join(mistakes))


def rules(session: Session) -> list[Rule]:
    """The decision table, in the order in which the rules are tried."""
    return session.records(f"select {', '.join(_COLUMNS)} from {RULES} order by rule_order")


def as_csv(table: Sequence[Rule]) -> str:
    """A decision table as ``parse`` reads it; an empty cell is a condition that fits any message."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows([_cell(rule[name]) for name in _COLUMNS] for rule in table)
    return text.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def parse(text: str, failure_categories: Collection[str]) -> list[Rule]:
    """Reads a decision table from CSV with a header; returns its rules in their order.

    Raises RulesRefused with every mistake there is, by line and column.
    """
    # A byte order mark is what spreadsheets begin a file with.
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    table: list[tuple[int, Rule]] = []
    mistakes: list[str] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        mistakes += _header_mistakes(header)
        if mistakes:
            raise RulesRefused(mistakes)
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                mistakes.append(
                    f"line {reader.line_num}: {len(cells)} cells, and the header names {len(header)}"
                )
                continue
            rule: Rule = {}
            for name, cell in zip(header, cells, strict=True):
                try:
                    rule[name] = _value(name, cell.strip(), failure_categories)
                except ValueError as mistake:
                    mistakes.append(f"line {reader.line_num}, column {name}: {mistake}")
            table.append((reader.line_num, rule))
    except csv.Error as error:
        mistakes.append(f"line {reader.line_num}: {error}")
    if not mistakes:
        mistakes = _table_mistakes(table)
    if mistakes:
        raise RulesRefused(mistakes)
    return sorted(({name: rule[name] for name in _COLUMNS} for _, rule in table), key=_order)


def _order(rule: Rule) -> int:
    return int(rule["rule_order"])


def _header_mistakes(header: Sequence[str]) -> list[str]:
    mistakes = [f"line 1: column {name} is missing" for name in _COLUMNS if name not in header]
    mistakes += [f"line 1: {name!r} is no column" for name in header if name not in _COLUMNS]
    mistakes += [f"line 1: column {name} twice" for name in _COLUMNS if header.count(name) > 1]
    return mistakes


def _value(name: str, cell: str, failure_categories: Collection[str]) -> object:
    if not cell:
        if name in _REQUIRED:
            raise ValueError("it must not be empty")
        return None
    if _COLUMNS[name] is bool:
        if cell.lower() not in _FLAGS:
            raise ValueError(f"{cell!r} is neither true nor false")
        return _FLAGS[cell.lower()]
    if _COLUMNS[name] is int:
        least, most = _BOUNDS[name]
        if not cell.isascii() or not cell.isdigit() or not least <= int(cell) <= most:
            raise ValueError(f"{cell!r} is not a whole number from {least} to {most}")
        return int(cell)
    allowed = {"outcome": OUTCOMES, "effect": EFFECTS, "failure_category": failure_categories}
    if name in allowed and cell not in allowed[name]:
        raise ValueError(f"{cell!r} is none of {', '.join(sorted(allowed[name]))}")
    if name in _LENGTHS and len(cell.encode()) > _LENGTHS[name]:
        raise ValueError(f"it is longer than {_LENGTHS[name]} bytes")
    if name == "action" and not (cell.isascii() and cell.isidentifier() and cell == cell.upper()):
        raise ValueError(f"{cell!r} is not a name in capitals like REMIND_NON_CLICKER")
    return cell


def _table_mistakes(table: Sequence[tuple[int, Rule]]) -> list[str]:
    """What is wrong between cells that are right each by itself."""
    if not table:
        return ["there is no rule"]
    mistakes = []
    lines: dict[int, int] = {}
    for line, rule in table:
        order = _order(rule)
        if order in lines:
            mistakes.append(f"line {line}, column rule_order: {order} is line {lines[order]}'s too")
        lines.setdefault(order, line)
        least, most = rule["min_age_hours"], rule["max_age_hours"]
        if least is not None and most is not None and least >= most:
            mistakes.append(f"line {line}, column max_age_hours: it is not more than min_age_hours")
        if rule["clicked"] and rule["engaged"] is False:
            mistakes.append(f"line {line}, column engaged: who clicked is engaged")
        if rule["effect"] == "NOTHING" and rule["valid_hours"] is not None:
            mistakes.append(f"line {line}, column valid_hours: nothing is to be done")
    ordered = sorted(table, key=lambda numbered: _order(numbered[1]))
    for line, rule in ordered[:-1]:
        if _is_catch_all(rule):
            mistakes.append(f"line {line}: it fits every message, so no later rule is ever tried")
    line, last = ordered[-1]
    if not _is_catch_all(last):
        mistakes.append(
            f"line {line}: the last rule must fit every message: leave its conditions empty"
        )
    return mistakes


def _is_catch_all(rule: Mapping[str, Any]) -> bool:
    return all(rule[name] is None for name in _CONDITIONS)


@dataclass(frozen=True)
class RuleChanges:
    """What a new decision table does to the one before; rules are the same by their ``rule_order``.

    ``changed`` has, for each rule that stays and says something else, its columns with the values before and after.
    """

    rules: int
    added: list[Rule]
    removed: list[Rule]
    changed: dict[int, dict[str, tuple[Any, Any]]]


def _changes(before: Sequence[Rule], after: Sequence[Rule]) -> RuleChanges:
    old, new = ({_order(rule): rule for rule in table} for table in (before, after))
    differing = {
        order: {
            name: (old[order][name], rule[name])
            for name in _COLUMNS
            if old[order][name] != rule[name]
        }
        for order, rule in new.items()
        if order in old
    }
    return RuleChanges(
        len(new),
        [rule for order, rule in new.items() if order not in old],
        [rule for order, rule in old.items() if order not in new],
        {order: columns for order, columns in differing.items() if columns},
    )


def set_rules(redshift: Redshift, text: str, *, dry_run: bool = False) -> RuleChanges:
    """Replaces the decision table by one in CSV, or with ``dry_run`` only says what that would change.

    Raises RulesRefused.
    """

    def work(session: Session) -> RuleChanges:
        session.execute(_LOCK)
        categories = session.rows(
            "select distinct failure_category from warehouse.dim_delivery_error"
        )
        table = parse(text, {category for (category,) in categories} | {"UNKNOWN"})
        changes = _changes(rules(session), table)
        if not dry_run:
            session.execute(f"delete from {RULES}")
            insert_rows(session, RULES, table)
        return changes

    return redshift.transaction("set_follow_up_rules", work)


def settings(session: Session) -> dict[str, int]:
    """When and how often recipients may be contacted."""
    (row,) = session.records(f"select * from {SETTINGS}")
    return row


def set_settings(redshift: Redshift, changed: Mapping[str, int]) -> dict[str, int]:
    """Changes some settings; returns all of them as they are then. Raises FollowUpFailed."""

    def work(session: Session) -> dict[str, int]:
        session.execute(_LOCK)
        row = {**settings(session), **changed}
        if row["first_hour"] >= row["end_hour"]:
            raise FollowUpFailed(
                f"the first hour, {row['first_hour']}, is not before the end hour, {row['end_hour']}"
            )
        session.execute(f"delete from {SETTINGS}")
        insert_rows(session, SETTINGS, [row])
        return row

    return redshift.transaction("set_follow_up_settings", work)


@dataclass(frozen=True)
class Exported:
    """A list that was handed over: ``url`` is None when nobody may be followed up now.

    ``not_now`` counts, by reason, the recipients with one of the wanted actions who are not in it.
    """

    contacts: int
    url: str | None
    not_now: dict[str, int]
    newest_event_at: datetime | None


@dataclass(frozen=True)
class _Recorded:
    """A list whose recipients are on record: where it goes, and the clock it was computed for."""

    exported: Exported
    key: str
    exported_at: datetime


def export(
    redshift: Redshift,
    lake: Lake,
    campaign_id: str,
    actions: Collection[str] = (),
    *,
    now: Callable[[], datetime],
    report_tz: str,
) -> Exported:
    """Hands over who of a campaign may be followed up, as CSV in S3. ``now`` tells the time, naive UTC.

    Without ``actions`` all that contact the recipient. Consent, frequency cap, quiet hours and earlier lists are
    looked at in the transaction that puts the recipients on record, as they stand once it holds the lock: it may have
    waited for a whole load. Raises FollowUpFailed.
    """
    export_id = str(ULID())
    recorded: _Recorded | None = None

    def work(session: Session) -> _Recorded:
        nonlocal recorded
        session.execute(_LOCK)
        if recorded is not None and _is_recorded(session, export_id):
            # An earlier attempt was committed, and only the reply was lost.
            return recorded
        exported_at = now()
        key = (
            f"exports/follow-up/campaign={quote(campaign_id, safe='')}/"
            f"{exported_at:%Y%m%dT%H%M%SZ}-{export_id}.csv.gz"
        )
        _choose(session, lake, campaign_id, actions, Clock(exported_at, report_tz))
        counted = dict(
            session.rows(
                "select suppression_reason, count(*) as recipients from chosen group by suppression_reason"
            )
        )
        contacts = counted.pop(None, 0)
        if contacts:
            sql.run(
                session,
                "follow_up/record",
                export_id=export_id,
                campaign_id=campaign_id,
                object_key=key,
                exported_at=exported_at,
            )
        newest = session.value("select max(newest_event_at) as newest from control.load")
        url = f"s3://{lake.bucket}/{key}" if contacts else None
        recorded = _Recorded(Exported(contacts, url, counted, newest), key, exported_at)
        return recorded

    made = redshift.transaction("export_follow_up", work)
    if made.exported.url is not None:
        with redshift.session("export_follow_up") as session:
            lake.put(made.key, _written(session, export_id, made.exported_at))
        if not redshift.transaction(
            "export_follow_up", lambda session: _finish(session, export_id, now())
        ):
            lake.delete([made.key])
            raise FollowUpFailed(
                f"the list of campaign {campaign_id!r} took so long to write that another one was free to hand over "
                "the same recipients; it was removed again and is not to be used"
            )
    return made.exported


def preview(
    redshift: Redshift,
    lake: Lake,
    campaign_id: str,
    actions: Collection[str] = (),
    *,
    now: Callable[[], datetime],
    report_tz: str,
) -> list[dict[str, Any]]:
    """What ``export`` would do: recipients by action and state, NOW or the reason why not.

    It takes the same steps in a transaction that is never committed. Raises FollowUpFailed.
    """
    with redshift.session("preview_follow_up", autocommit=False) as session:
        session.execute(_LOCK)
        _choose(session, lake, campaign_id, actions, Clock(now(), report_tz))
        return session.records(
            "select action, coalesce(suppression_reason, 'NOW') as state, count(*) as recipients"
            " from chosen group by action, suppression_reason order by action, state"
        )


def _choose(
    session: Session, lake: Lake, campaign_id: str, actions: Collection[str], clock: Clock
) -> None:
    """Leaves in the temporary table ``chosen`` who has one of the actions, and why they may not be contacted now."""
    _settle(session, lake, campaign_id, clock.as_of)
    _check(session, campaign_id, actions)
    decide(session, clock, campaign_id)
    sql.run(session, "follow_up/choose", actions=",".join(sorted(actions)))


def _is_recorded(session: Session, export_id: str) -> bool:
    return bool(
        session.rows(
            "select 1 as recorded from reports.follow_up_export where export_id = :export_id",
            export_id=export_id,
        )
    )


def _settle(session: Session, lake: Lake, campaign_id: str, now: datetime) -> None:
    """Decides what became of lists nobody finished: they are in S3, or they were never handed over."""
    unfinished = session.rows(
        "select export_id, object_key, exported_at from reports.follow_up_export"
        " where campaign_id = :campaign_id and finished_at is null order by export_id",
        campaign_id=campaign_id,
    )
    for export_id, key, exported_at in unfinished:
        if lake.head(key) is not None:
            _finish(session, export_id, now)
        elif now - exported_at < _UNDER_WAY:
            raise FollowUpFailed(
                f"another list of campaign {campaign_id!r} is being written since {exported_at:%H:%M} UTC"
            )
        else:
            for table in ("reports.follow_up_contact", "reports.follow_up_export"):
                session.execute(
                    f"delete from {table} where export_id = :export_id", export_id=export_id
                )


def _finish(session: Session, export_id: str, now: datetime) -> bool:
    """Records that a list is in S3; False if its recipients are no longer on record as handed over."""
    return bool(
        session.execute(
            "update reports.follow_up_export set finished_at = :now where export_id = :export_id",
            now=now,
            export_id=export_id,
        )
    )


def _check(session: Session, campaign_id: str, actions: Collection[str]) -> None:
    """That there is such a campaign, and that rules give these actions something to do."""
    known = session.rows(
        "select 1 as known from warehouse.dim_campaign where campaign_id = :campaign_id"
        " union select 1 as known from reports.followup_audience where campaign_id = :campaign_id",
        campaign_id=campaign_id,
    )
    if not known:
        raise FollowUpFailed(f"there is no campaign {campaign_id!r}")
    possible = {
        action
        for (action,) in session.rows(
            f"select distinct action from {RULES} where effect <> 'NOTHING'"
        )
    }
    for action in actions:
        if action not in possible:
            raise FollowUpFailed(
                f"no rule gives {action!r} something to do; these do: {', '.join(sorted(possible))}"
            )


def _written(session: Session, export_id: str, exported_at: datetime) -> bytes:
    """The list as compressed CSV, in the order of its recipients."""
    body = io.BytesIO()
    with gzip.open(body, "wt", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_EXPORTED)
        for rows in _pages(session, export_id, exported_at):
            writer.writerows([_text(value) for value in row] for row in rows)
    return body.getvalue()


def _pages(
    session: Session, export_id: str, exported_at: datetime
) -> Iterator[list[tuple[Any, ...]]]:
    (page,) = sql.statements("follow_up/page")
    last_key = ""
    while rows := session.rows(
        page.text, export_id=export_id, exported_at=exported_at, last_key=last_key
    ):
        yield rows
        last_key = rows[-1][0]


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds") + "Z"
    return "" if value is None else str(value)
