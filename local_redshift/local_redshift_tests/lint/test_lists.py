"""How much is caught: statements that are wrong for Redshift, statements that are right, and three tools.

The lists were written before the tools saw them. A rule that is lost, or an allow-list that lets more through or
refuses more than it did, changes a figure.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from local_redshift.lint.check import REFUSED, RULES
from sqlfluff.core import FluffConfig, Linter

from local_redshift_tests.lint.conftest import Findings

_ENTRY = re.compile(r"^-- ([a-z0-9-]+): .*\([\w-]+\)\n((?:.|\n)*?);\n", re.MULTILINE)

_GRAMMAR = FluffConfig(
    {
        "core": {"dialect": "redshift", "templater": "placeholder"},
        "templater": {"placeholder": {"param_style": "colon"}},
    }
)


class Caught(NamedTuple):
    """Names of statements by the tool that finds something wrong with them; ``rules`` by rule."""

    all: frozenset[str]
    sqlfluff: frozenset[str]
    refused: frozenset[str]
    rules: dict[str, frozenset[str]]

    @property
    def by_rules(self) -> frozenset[str]:
        return frozenset().union(*self.rules.values())

    @property
    def union(self) -> frozenset[str]:
        return self.sqlfluff | self.refused | self.by_rules


def _caught(name: str, findings: Findings) -> Caught:
    entries = _ENTRY.findall((Path(__file__).parent / f"{name}.sql").read_text())
    names = [name for name, _ in entries]
    assert len(set(names)) == len(names)
    grammar = Linter(_GRAMMAR)
    unparsed, rules = set(), {}
    for name, text in entries:
        if grammar.parse_string(f"{text};\n").violations:
            unparsed.add(name)
        for rule in findings(text):
            rules.setdefault(rule, set()).add(name)
    refused = rules.pop(REFUSED, set())
    return Caught(
        frozenset(names),
        frozenset(unparsed),
        frozenset(refused),
        {rule: frozenset(found) for rule, found in rules.items()},
    )


@pytest.fixture(scope="module")
def wrong(findings: Findings) -> Caught:
    return _caught("wrong", findings)


@pytest.fixture(scope="module")
def right(findings: Findings) -> Caught:
    return _caught("right", findings)


def test_of_the_wrong_statements_these_two_are_missed(wrong: Caught) -> None:
    """Whether a CASE mixes types depends on a column's; a name that is both means the column to everybody."""
    assert len(wrong.all) == 127
    assert wrong.all - wrong.union == {"lateral-alias", "mixed-branches"}


def test_of_the_right_statements_these_are_refused(right: Caught) -> None:
    assert len(right.all) == 136
    assert right.union == {"grant", "qualify", "unload"}


def test_each_tool_catches_what_it_did(wrong: Caught) -> None:
    assert {
        "sqlfluff": len(wrong.sqlfluff),
        "stand-in": len(wrong.refused),
        "rules": len(wrong.by_rules),
    } == {"sqlfluff": 27, "stand-in": 93, "rules": 44}


def test_each_rule_alone_catches_what_it_did(wrong: Caught) -> None:
    """What nobody else sees. A rule of 0 came after the list, or the stand-in has learned to do without it."""
    others = wrong.refused | wrong.sqlfluff
    assert {rule: len(wrong.rules.get(rule, frozenset()) - others) for rule in RULES} == {
        "insert-names-columns": 1,
        "insert-in-order": 2,
        "star-into-table": 2,
        "column-alias": 0,
        "lateral-alias": 0,
        "alias-in-where": 1,
        "shadowed-group": 1,
        "limit-needs-order": 2,
        "order-unread": 1,
        "window-order": 1,
        "not-in-query": 1,
        "full-join-equality": 1,
        "join-condition": 0,
        "listagg-order": 0,
        "update-join": 0,
        "cast-division": 1,
        "divisor-not-zero": 2,
        "cast-sum": 1,
        "cast-average": 1,
        "round-before-integer": 1,
        "cast-null": 0,
        "cast-bound": 1,
        "bound-statement": 0,
        "as-of": 2,
        "moment-difference": 1,
        "one-type": 0,
        "union-literals": 0,
        "single-backslash": 0,
        "type-name": 1,
        "varchar-length": 1,
        "decimal-scale": 1,
        "plain-name": 2,
        "name-length": 0,
        "spelling": 1,
        "enforced-key": 1,
        "permanent-schema": 1,
    }
