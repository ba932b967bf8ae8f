"""The decision table people may read and change, and when and how often recipients may be contacted."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.resources.redshift import Redshift, Session

RULES = "reports.follow_up_rule"
SETTINGS = "reports.follow_up_setting"

_LOCK = "lock control.report_mutex, control.warehouse_mutex"

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
