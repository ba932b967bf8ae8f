"""What the tables and views of the warehouse mean, read from the comments in ``sql/schema``.

The statement that makes a table is the one place where its meaning is written: the comment above it says what one
row is, the comment above a column what the column holds and how it is worked out. A view's columns are described
in the comment above it, each on a line (or several) that begins with ``--   name`` and two blanks; ``...`` for a name
stands for all others, which mean the same as in the table that is named. Staging tables hold what the contracts of
the events say, so their columns are described there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

from sms_warehouse import sql
from sms_warehouse.landing.events import EVENTS

_SCHEMA = "schema"
_STAGING = "staging"

_CREATE = re.compile(
    r"^create (?:table if not exists|or replace view) (?P<schema>\w+)\.(?P<name>\w+) (?:\(|as$)"
)
_COLUMN = re.compile(
    r"^    (?P<name>\w+) (?P<type>double precision|\w+)(?P<size>(?:\([\d, ]+\))?)(?P<rest>.*?),?$"
)
_VIEW_COLUMN = re.compile(r"^--   (?P<name>[a-z]\w*)  +(?P<meaning>\S.*)$")
_VIEW_OTHERS = re.compile(r"^--   \.\.\.  +as in (?P<table>\w+\.\w+)$")
_VIEW_MORE = re.compile(r"^--     +(?P<meaning>\S.*)$")


@dataclass(frozen=True)
class Column:
    """A column: ``type`` as the statement says it, empty for a view's."""

    name: str
    type: str
    meaning: str
    is_nullable: bool = True


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
    layout: str = ""
    """How Redshift spreads and sorts its rows, as the statement says it."""
    others_as_in: str | None = None
    """Of a view: the table that describes the columns which are not described here."""

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def remark(self) -> str:
        """What the catalog says of it; of a view, with its columns."""
        return "\n".join(
            [self.meaning, *(f"{c.name}: {c.meaning}" for c in self.columns if self.is_view)]
        )

    def meaning_of(self, column: str) -> str | None:
        """What a column means; None for one that is not described."""
        for described in self.columns:
            if described.name == column:
                return described.meaning or None
        return table(self.others_as_in).meaning_of(column) if self.others_as_in else None


def table(full_name: str) -> Table:
    """The table or view of that name, with its schema. Raises KeyError for one that ``sql/schema`` does not make."""
    return _by_name()[full_name]


@cache
def _by_name() -> dict[str, Table]:
    files = sorted((sql.root() / _SCHEMA).rglob("*.sql"))
    paths = (str(file.relative_to(sql.root()).with_suffix("")) for file in files)
    return {found.full_name: found for path in paths for found in tables(path)}


@cache
def tables(path: str) -> tuple[Table, ...]:
    """The tables and views that one file of ``sql/schema`` makes, in order."""
    lines = sql.text(path).splitlines()
    return tuple(
        _view(made, lines, number, path)
        if line.endswith(" as")
        else _table(made, lines, number, path)
        for number, line in enumerate(lines)
        if (made := _CREATE.match(line))
    )


def _table(made: re.Match[str], lines: list[str], number: int, path: str) -> Table:
    end = next(n for n in range(number, len(lines)) if lines[n].startswith(")"))
    layout = []
    for line in lines[end:]:
        layout.append(line.removeprefix(")").removesuffix(";").strip())
        if line.endswith(";"):
            break
    columns = _columns(lines, number + 1, end)
    if made["schema"] == _STAGING:
        contract = {field.name: field.meaning for field in EVENTS[made["name"]].staged_fields}
        columns = [replace(c, meaning=c.meaning or contract.get(c.name, "")) for c in columns]
    return Table(
        made["schema"],
        made["name"],
        False,
        _joined(_comment_above(lines, number)),
        tuple(columns),
        path,
        ", ".join(filter(None, layout)),
    )


def _comment_above(lines: list[str], number: int) -> list[str]:
    first = number
    while first > 0 and lines[first - 1].lstrip().startswith("--"):
        first -= 1
    return [line.strip() for line in lines[first:number]]


def _joined(comment: list[str]) -> str:
    return " ".join(line.removeprefix("--").strip() for line in comment).strip()


def _columns(lines: list[str], first: int, end: int) -> list[Column]:
    columns = []
    for number in range(first, end):
        if found := _COLUMN.match(lines[number]):
            meaning = _joined(_comment_above(lines, number))
            is_nullable = "not null" not in found["rest"]
            columns.append(
                Column(found["name"], found["type"] + found["size"], meaning, is_nullable)
            )
    return columns


def _view(made: re.Match[str], lines: list[str], number: int, path: str) -> Table:
    meaning: list[str] = []
    columns: list[Column] = []
    others_as_in = None
    for line in _comment_above(lines, number):
        if others := _VIEW_OTHERS.match(line):
            others_as_in = others["table"]
        elif found := _VIEW_COLUMN.match(line):
            columns.append(Column(found["name"], "", found["meaning"]))
        elif columns and (more := _VIEW_MORE.match(line)):
            last = columns.pop()
            columns.append(replace(last, meaning=f"{last.meaning} {more['meaning']}"))
        else:
            meaning.append(line)
    return Table(
        made["schema"],
        made["name"],
        True,
        _joined(meaning),
        tuple(columns),
        path,
        others_as_in=others_as_in,
    )
