"""What a row of the conformance table is: statements, and the result that Redshift's guide documents for them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from local_redshift.conformance.stage import Stage


@dataclass(frozen=True)
class Fails:
    """The statement has to fail with one of these SQLSTATEs; none given: the guide names none, any will do.

    Where compute nodes find an error they report it under the general state XX000, so that a row about data has it
    beside the leader node's own.
    """

    states: tuple[str, ...] = ()
    words: str = ""

    def __str__(self) -> str:
        said = f' with "{self.words}"' if self.words else ""
        return f"fails{' ' if self.states else ''}{' or '.join(self.states)}{said}"


@dataclass(frozen=True)
class Types:
    """The types of the query's columns, as CREATE TABLE AS makes them."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return ", ".join(self.names)


@dataclass(frozen=True)
class Row:
    """One line of the table.

    ``setup`` and ``sql`` run in one transaction that is rolled back. ``expected`` is what ``sql`` gives: a list of
    rows, how many rows it changed, the ``Types`` of its columns, or how it ``Fails``. ``differs`` says why the
    local stand-in is known to do otherwise.
    """

    name: str
    sql: str
    expected: list[tuple[object, ...]] | int | Types | Fails
    page: str
    setup: tuple[str, ...] = ()
    differs: str = ""


@dataclass(frozen=True)
class Scenario:
    """What takes transactions or several sessions of its own: ``play`` returns what is compared."""

    name: str
    play: Callable[[Stage], object]
    expected: object
    page: str


def value(
    name: str,
    expression: str,
    expected: object,
    page: str,
    setup: tuple[str, ...] = (),
    differs: str = "",
) -> Row:
    """An expression and its one value; ``expression`` may go on after a FROM."""
    return Row(name, f"select {expression}", [(expected,)], page, setup, differs)


def fails(
    name: str,
    sql: str,
    states: str,
    page: str,
    setup: tuple[str, ...] = (),
    words: str = "",
) -> Row:
    """A statement that fails; ``states`` are SQLSTATEs with blanks between them."""
    return Row(name, sql, Fails(tuple(states.split()), words), page, setup)


def typed(
    name: str, sql: str, names: str, page: str, setup: tuple[str, ...] = (), differs: str = ""
) -> Row:
    """A query and the types of its columns, with semicolons between them."""
    return Row(name, sql, Types(tuple(names.split("; "))), page, setup, differs)


def same(found: object, expected: object) -> bool:
    """Equal in value and in type: 1 is neither 1.0 nor Decimal(1), and Decimal("1.0") has another scale."""
    if isinstance(expected, (list, tuple)):
        return (
            isinstance(found, type(expected))
            and len(found) == len(expected)
            and all(same(f, e) for f, e in zip(found, expected, strict=True))
        )
    if type(found) is not type(expected):
        return False
    if isinstance(expected, float):
        # The last bit of a double is the processor's and the library's, not SQL's.
        return math.isclose(found, expected, rel_tol=1e-12)  # type: ignore[arg-type]
    if isinstance(expected, Decimal):
        return found.as_tuple() == expected.as_tuple()  # type: ignore[attr-defined]
    if isinstance(expected, dt.datetime):
        return found == expected and (found.tzinfo is None) == (expected.tzinfo is None)  # type: ignore[attr-defined]
    return found == expected
