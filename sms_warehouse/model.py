"""What the tables and views of the warehouse mean, read from the comments in ``sql/schema``.

The statement that makes a table is the one place where its meaning is written: the comment above it says what one
row is, the comment above a column what the column holds and how it is worked out. A view's columns are described
in the comment above it, each on a line (or several) that begins with ``--   name`` and two blanks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from sms_warehouse import sql

_CREATE = re.compile(
    r"^create (?:table if not exists|or replace view) (?P<schema>\w+)\.(?P<name>\w+) (?:\(|as$)"
)
_COLUMN = re.compile(
    r"^    (?P<name>\w+) (?P<type>double precision|\w+)(?P<size>(?:\([\d, ]+\))?)(?P<rest>.*?),?$"
)
_VIEW_COLUMN = re.compile(r"^--   (?P<name>[a-z]\w*)  +(?P<meaning>\S.*)$")
_VIEW_MORE = re.compile(r"^--     +(?P<meaning>\S.*)$")


@dataclass(frozen=True)
class Column:
    """A column: ``type`` as the statement says it, empty for a view's."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True)
class Table:
    """A table or view, and what one row of it is."""

    schema: str
    name: str
    is_view: bool
    meaning: str
    columns: tuple[Column, ...]
    path: str
    """The file that makes it, below ``sql/`` and without its ending."""

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    def meaning_of(self, column: str) -> str | None:
        """What a column means; None for one that is not described."""
        return next((c.meaning for c in self.columns if c.name == column and c.meaning), None)


@cache
def tables(path: str) -> tuple[Table, ...]:
    """The tables and views that one file of ``sql/schema`` makes, in order."""
    lines = sql.text(path).splitlines()
    found = []
    for number, line in enumerate(lines):
        if made := _CREATE.match(line):
            comment = _comment_above(lines, number)
            is_view = line.endswith(" as")
            meaning, columns = _described_view(comment) if is_view else (_joined(comment), ())
            found.append(
                Table(
                    made["schema"],
                    made["name"],
                    is_view,
                    meaning,
                    columns if is_view else _columns(lines, number + 1),
                    path,
                )
            )
    return tuple(found)


def _comment_above(lines: list[str], number: int) -> list[str]:
    first = number
    while first > 0 and lines[first - 1].lstrip().startswith("--"):
        first -= 1
    return [line.strip() for line in lines[first:number]]


def _joined(comment: list[str]) -> str:
    return " ".join(line.removeprefix("--").strip() for line in comment).strip()


def _columns(lines: list[str], first: int) -> tuple[Column, ...]:
    columns = []
    for number in range(first, len(lines)):
        if lines[number].startswith(")"):
            break
        if found := _COLUMN.match(lines[number]):
            meaning = _joined(_comment_above(lines, number))
            columns.append(Column(found["name"], found["type"] + found["size"], meaning))
    return tuple(columns)


def _described_view(comment: list[str]) -> tuple[str, tuple[Column, ...]]:
    meaning: list[str] = []
    columns: list[Column] = []
    for line in comment:
        if found := _VIEW_COLUMN.match(line):
            columns.append(Column(found["name"], "", found["meaning"]))
        elif columns and (more := _VIEW_MORE.match(line)):
            last = columns.pop()
            columns.append(Column(last.name, "", f"{last.meaning} {more['meaning']}"))
        else:
            meaning.append(line)
    return _joined(meaning), tuple(columns)
