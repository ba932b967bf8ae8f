"""The SQL files under ``sql/``: found, split into whole statements, and run as they stand.

Nothing here changes a statement: what a file says is what Redshift receives. The driver takes one statement
at a time and named parameters (``:day``), so a file is cut at its semicolons and each statement knows the
parameters it uses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sms_warehouse.resources.redshift import Session

_TOKEN = re.compile(
    r"""
      (?P<skip>'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | ::)
    | (?P<end>;)
    | (?<![:\w]):(?P<parameter>[a-z_]\w*)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True)
class Statement:
    """One statement, verbatim, and the names of the values it binds."""

    text: str
    parameters: frozenset[str]


def root() -> Path:
    """The folder of SQL files: inside an installed package, beside the package in a checkout."""
    package = Path(__file__).parent
    installed = package / "sql"
    return installed if installed.is_dir() else package.parent / "sql"


@cache
def text(path: str) -> str:
    """The whole text of ``sql/<path>.sql``."""
    return (root() / f"{path}.sql").read_text(encoding="utf-8")


@cache
def statements(path: str) -> tuple[Statement, ...]:
    """The statements of ``sql/<path>.sql`` in order."""
    return split(text(path))


def split(script: str) -> tuple[Statement, ...]:
    """Cuts a script at the semicolons that are outside quotes and comments."""
    found: list[Statement] = []
    begin = 0
    parameters: set[str] = set()

    def close(end: int) -> None:
        statement = script[begin:end].strip()
        if _COMMENT.sub("", statement).strip():
            found.append(Statement(statement, frozenset(parameters)))

    for token in _TOKEN.finditer(script):
        if token["parameter"]:
            parameters.add(token["parameter"])
        elif token["end"]:
            close(token.start())
            begin = token.end()
            parameters = set()
    close(len(script))
    return tuple(found)


def run(session: Session, path: str, **values: object) -> list[int]:
    """Runs the statements of ``sql/<path>.sql`` in order, each with the values it names.

    Returns the row count of each statement as the driver reports it (-1 where Redshift tells none).
    Raises KeyError when a statement names a value that was not given.
    """
    return [
        session.execute(s.text, **{name: values[name] for name in s.parameters})
        for s in statements(path)
    ]
