"""One statement against everything that is known: the stand-in's allow-list first, then the rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from local_redshift.dialect import translate
from local_redshift.errors import PgError
from local_redshift.lint import names, shape, values
from local_redshift.lint.rule import Sent
from local_redshift.lint.statements import Project, Statement

REFUSED = "refused"
"""What a finding is called that is the stand-in's own refusal."""
UNRESOLVED = "unresolved"
"""And one that says that a statement in Python cannot be put together."""

RULES = {rule.name: rule for rule in (*shape.RULES, *values.RULES, *names.RULES)}


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    rule: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.sentence}"


def check(statement: Statement, project: Project) -> list[Finding]:
    """What is wrong with a statement, in the order of its lines; each rule once a line."""
    sent = Sent(statement, project)
    found = set()
    try:
        translate(sent.text)
    except PgError as refusal:
        found.add(
            Finding(statement.path, statement.line, REFUSED, f"{refusal.message} ({refusal.state})")
        )
    for rule in RULES.values():
        try:
            places = list(rule.find(sent))
        except PgError:
            # There is no tree to look at: the refusal says why.
            continue
        found |= {Finding(statement.path, sent.line(p), rule.name, rule.sentence) for p in places}
    return sorted(found)


def check_all(statements: Iterable[Statement], project: Project) -> list[Finding]:
    return [finding for statement in statements for finding in check(statement, project)]
