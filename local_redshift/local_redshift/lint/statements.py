"""Statements with their place, and what a project's statements together say of its tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from local_redshift.errors import PgError
from local_redshift.reader import split

_CREATED = re.compile(
    r"\s*create\s+(?P<kind>temp\s+table|table|(?:or\s+replace\s+)?view)\s+(?:if\s+not\s+exists\s+)?"
    r"(?:(?P<schema>\w+)\.)?(?P<name>\w+)\s*(?P<body>\(.*\n\))?",
    re.DOTALL | re.IGNORECASE,
)
_COLUMN = re.compile(r"^\s+([a-z_]\w*) [a-z]", re.MULTILINE)


@dataclass(frozen=True)
class Statement:
    """One statement and where it stands. ``text`` names its values (``:day``).

    ``fixed`` are the parts of the text that are always sent so, in a text with examples in between.
    """

    path: str
    line: int
    text: str
    fixed: tuple[str, ...] = ()

    def is_like(self, sent: str) -> bool:
        """Whether a text that was sent is this statement, whatever it has in place of the examples."""
        parts = self.fixed or (self.text,)
        return bool(re.fullmatch(".+?".join(re.escape(p) for p in parts), sent, re.DOTALL))


@dataclass(frozen=True)
class Project:
    """What all statements together say: the names of permanent tables, and columns of temporary ones."""

    permanent: set[str] = field(default_factory=set)
    temporary: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)
    """Lists of columns by name; a name may have several."""


def of_file(path: Path, shown: str) -> Iterator[Statement]:
    """The statements of an SQL file. Their lines are those of their first words."""
    yield from of_text(path.read_text(encoding="utf-8"), shown)


def of_text(script: str, shown: str) -> Iterator[Statement]:
    """The statements of a script, without the comments before them."""
    try:
        found = split(script)
    except PgError:
        # Not SQL at all: a statement that the check refuses, in words.
        found = [script]
    at = 0
    for text in found:
        begin = script.index(text, at)
        at = begin + len(text)
        yield Statement(shown, 1 + script.count("\n", 0, begin), text)


def project_of(statements: Iterable[Statement]) -> Project:
    """What a set of statements says of its tables."""
    project = Project()
    for statement in statements:
        found = _CREATED.match(statement.text)
        if not found:
            continue
        if found["schema"]:
            project.permanent.add(found["name"])
        elif found["body"]:
            project.temporary.setdefault(found["name"], set()).add(
                tuple(_COLUMN.findall(found["body"]))
            )
    return project
