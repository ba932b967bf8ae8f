"""Kinds of values: what can be told of an expression's type before DuckDB knows it.

A column's type is known in DuckDB only; a guard in ``macros`` asks there. Where the text alone tells the kind,
no guard is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from sqlglot import exp

from local_redshift import wire


class Kind(StrEnum):
    """A family of types that convert into each other; the value is its name in messages."""

    TEXT = "character varying"
    WHOLE = "integer"
    DECIMAL = "numeric"
    FLOAT = "double precision"
    BOOLEAN = "boolean"
    DATE = "date"
    TIMESTAMP = "timestamp"
    TIMESTAMPTZ = "timestamptz"
    INTERVAL = "interval"
    UNTYPED = "unknown"
    """Quoted text, NULL and bound text: takes the type of its place."""


NUMBERS = frozenset({Kind.WHOLE, Kind.DECIMAL, Kind.FLOAT})
MOMENTS = frozenset({Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ})

_CASTS = {
    exp.DType.SMALLINT: Kind.WHOLE,
    exp.DType.INT: Kind.WHOLE,
    exp.DType.BIGINT: Kind.WHOLE,
    exp.DType.BOOLEAN: Kind.BOOLEAN,
    exp.DType.FLOAT: Kind.FLOAT,
    exp.DType.DOUBLE: Kind.FLOAT,
    exp.DType.DECIMAL: Kind.DECIMAL,
    exp.DType.DATE: Kind.DATE,
    exp.DType.TIMESTAMP: Kind.TIMESTAMP,
    exp.DType.TIMESTAMPTZ: Kind.TIMESTAMPTZ,
    exp.DType.VARCHAR: Kind.TEXT,
    exp.DType.NVARCHAR: Kind.TEXT,
    exp.DType.TEXT: Kind.TEXT,
}
_PARAMETERS = {
    wire.BOOL: Kind.BOOLEAN,
    wire.INT2: Kind.WHOLE,
    wire.INT4: Kind.WHOLE,
    wire.INT8: Kind.WHOLE,
    wire.FLOAT4: Kind.FLOAT,
    wire.FLOAT8: Kind.FLOAT,
    wire.TEXT: Kind.TEXT,
    wire.VARCHAR: Kind.TEXT,
    wire.DATE: Kind.DATE,
    wire.TIMESTAMP: Kind.TIMESTAMP,
    wire.TIMESTAMPTZ: Kind.TIMESTAMPTZ,
    wire.NUMERIC: Kind.DECIMAL,
}
_FIXED: dict[type[exp.Expr], Kind] = {
    **dict.fromkeys(
        (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.And, exp.Or, exp.Not, exp.Is, exp.In),
        Kind.BOOLEAN,
    ),
    **dict.fromkeys(
        (exp.Between, exp.Exists, exp.Like, exp.ILike, exp.Escape, exp.RegexpLike, exp.Boolean),
        Kind.BOOLEAN,
    ),
    **dict.fromkeys((exp.DPipe, exp.Trim, exp.Substring, exp.CurrentUser), Kind.TEXT),
    exp.StrPosition: Kind.WHOLE,
    exp.Extract: Kind.WHOLE,
    exp.Pow: Kind.FLOAT,
    exp.Interval: Kind.INTERVAL,
    exp.CurrentDate: Kind.DATE,
    exp.CurrentTimestamp: Kind.TIMESTAMP,
    exp.Null: Kind.UNTYPED,
}  # fmt: skip

Returns = Callable[[str], str]
"""The code of what a function returns: a letter of ``CODES``, "1" for its first argument's kind, or ""."""

CODES = {
    "t": frozenset({Kind.TEXT}),
    "w": frozenset({Kind.WHOLE}),
    "n": NUMBERS,
    "x": frozenset({Kind.DECIMAL, Kind.FLOAT}),
    "f": frozenset({Kind.FLOAT}),
    "b": frozenset({Kind.BOOLEAN}),
    "m": MOMENTS,
    "d": frozenset({Kind.DATE, Kind.TIMESTAMP}),
    "e": frozenset({Kind.DATE, Kind.TIMESTAMP, Kind.INTERVAL}),
    "o": frozenset(set(Kind) - {Kind.BOOLEAN, Kind.INTERVAL}),
    "a": frozenset(set(Kind)),
}
"""What an argument takes: text, whole number, number, number but no whole one, float, boolean, moment, date or
timestamp, the same or an interval, what has an order, anything."""

_OF_NUMBERS = frozenset({"abs", "floor", "ceil", "ceiling", "round", "sum"})
_RETURNED = {
    "t": Kind.TEXT,
    "w": Kind.WHOLE,
    "f": Kind.FLOAT,
    "b": Kind.BOOLEAN,
    "D": Kind.DATE,
    "T": Kind.TIMESTAMP,
}


def parameter_kind(number: int, oids: tuple[int, ...]) -> Kind:
    """The kind of a bound value, by the types the client has told."""
    return _PARAMETERS.get(oids[number - 1] if number <= len(oids) else 0, Kind.UNTYPED)


class Kinds:
    """Tells kinds within one statement. ``oids`` are the types of its bound values."""

    def __init__(self, oids: tuple[int, ...], returns: Returns) -> None:
        self._oids = oids
        self._returns = returns

    def of(self, node: exp.Expr) -> Kind | None:
        """The kind of an expression, None where only DuckDB knows it."""
        if fixed := _FIXED.get(type(node)):
            return fixed
        if isinstance(node, exp.Literal):
            return Kind.UNTYPED if node.is_string else number_kind(str(node.this))
        if isinstance(node, exp.Parameter):
            number = int(node.this.name)
            return parameter_kind(number, self._oids)
        if isinstance(node, exp.Cast):
            return _CASTS.get(node.args["to"].this)
        if isinstance(node, (exp.Paren, exp.Neg, exp.Window, exp.WithinGroup)):
            return self.of(node.this)
        if isinstance(node, exp.Anonymous):
            return self._returned(node)
        if isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)):
            return self._computed(node)
        if isinstance(node, exp.Case):
            return self.common(
                [*(i.args["true"] for i in node.args["ifs"]), node.args.get("default")]
            )
        return None

    def is_number(self, node: exp.Expr) -> bool:
        """Whether it is a number, of whichever kind."""
        kind = self.of(node)
        if isinstance(node, exp.Anonymous) and str(node.this).lower() in _OF_NUMBERS:
            return kind is None or kind in NUMBERS
        return kind in NUMBERS

    def common(self, nodes: list[exp.Expr | None]) -> Kind | None:
        """The one kind of all branches that have a type, if there is one."""
        found = {self.of(n) for n in nodes if n is not None} - {Kind.UNTYPED}
        return found.pop() if len(found) == 1 else None

    def _returned(self, node: exp.Anonymous) -> Kind | None:
        code = self._returns(str(node.this).lower())
        if code == "1":
            return self.of(node.expressions[0]) if node.expressions else None
        if code == "*":
            return self.common(list(node.expressions))
        return _RETURNED.get(code)

    def _computed(self, node: exp.Binary) -> Kind | None:
        left, right = self.of(node.this), self.of(node.expression)
        if left is None or right is None:
            return None
        both = {left, right} - {Kind.UNTYPED}
        if both <= NUMBERS:
            for kind in (Kind.FLOAT, Kind.DECIMAL, Kind.WHOLE):
                if kind in both:
                    return kind
        if both == {Kind.TIMESTAMP, Kind.INTERVAL} or both == {Kind.DATE, Kind.INTERVAL}:
            return Kind.TIMESTAMP
        if both == {Kind.DATE, Kind.WHOLE}:
            return Kind.DATE
        if len(both) == 1 and both <= {Kind.TIMESTAMP, Kind.INTERVAL}:
            return Kind.INTERVAL
        return None


def number_kind(text: str) -> Kind:
    """The kind of a number that is written so."""
    if text.isdigit():
        return Kind.WHOLE
    return Kind.FLOAT if "e" in text.lower() else Kind.DECIMAL
