"""Which guard an operator needs: none where the text tells that both sides fit, else a macro that asks DuckDB."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from sms_warehouse.local.redshift.errors import PgError, unsupported
from sms_warehouse.local.redshift.functions import guarded
from sms_warehouse.local.redshift.kinds import Kind, Kinds
from sms_warehouse.local.redshift.macros import FAMILIES, SYSTEM_SCHEMA, TEXT_FORMS, form_error

Sql = Callable[[Any], str]

_FRACTION = re.compile(r"\s*[+-]?(?:\d+\.\d*|\.\d+|\d+[eE]\S*)\s*")
_ZONED = re.compile(r".*\d:\d\d.*?(?:Z|UTC|[+-]\d\d(?::?\d\d)?)\s*")


def _family(kind: Kind) -> str:
    return next(name for name, kinds in FAMILIES.items() if kind in kinds)


class Guards:
    """The guards of one statement; ``sql`` renders a node."""

    def __init__(self, sql: Sql, kinds: Kinds) -> None:
        self._sql = sql
        self._kinds = kinds

    def argument(self, operator: str, code: str, node: exp.Expr) -> str:
        """An operand of the kind a code stands for."""
        return guarded(self._sql, self._kinds, operator, code, node)

    def compared(self, a: exp.Expr, b: exp.Expr, *, is_repeated: bool = False) -> tuple[str, str]:
        """Both sides of a comparison, of which one may be repeated with others and stays as it is.

        Raises PgError 42883 for kinds that do not compare.
        """
        if isinstance(a, exp.Tuple) and isinstance(b, exp.Tuple):
            pairs = [
                self.compared(x, y) for x, y in zip(a.expressions, b.expressions, strict=False)
            ]
            if len(a.expressions) != len(b.expressions):
                raise PgError("42601", "unequal number of entries in row expressions")
            return tuple(f"({', '.join(side)})" for side in zip(*pairs, strict=True))  # type: ignore[return-value]
        text_a, text_b = self._sql(a), self._sql(b)
        kind_a, kind_b = self._kinds.of(a), self._kinds.of(b)
        if kind_a is Kind.UNTYPED:
            return self.untyped(a, kind_b, text_b), text_b
        if kind_b is Kind.UNTYPED:
            return text_a, self.untyped(b, kind_a, text_a)
        if kind_b is not None and kind_a is None:
            return text_a, f"{SYSTEM_SCHEMA}.beside_{_family(kind_b)}({text_b}, {text_a})"
        if kind_a is not None and kind_b is None and not is_repeated:
            return f"{SYSTEM_SCHEMA}.beside_{_family(kind_a)}({text_a}, {text_b})", text_b
        if kind_a is None or kind_b is None:
            return text_a, f"{SYSTEM_SCHEMA}.beside({text_b}, {text_a})"
        if _family(kind_a) != _family(kind_b):
            raise PgError(
                "42883", f"operator does not exist between {kind_a} and {kind_b}: cast one side"
            )
        return text_a, text_b

    def untyped(self, node: exp.Expr, beside: Kind | None, other: str) -> str:
        """Quoted text beside something: where it would be read in another way on Redshift, refused."""
        text = self._sql(node)
        if not isinstance(node, exp.Literal):
            return text
        value = str(node.this)
        if value.endswith(" ") and beside in (None, Kind.TEXT, Kind.UNTYPED):
            raise unsupported(
                f"{text} in a comparison",
                "blanks at the end of text do not count on Redshift: leave them out",
            )
        if _FRACTION.fullmatch(value):
            if beside is Kind.WHOLE:
                raise PgError("22P02", f'invalid input syntax for integer: "{value}"')
            if beside is None:
                return f"{SYSTEM_SCHEMA}.beside_fraction({text}, {other})"
        if _ZONED.fullmatch(value):
            if beside in (Kind.TIMESTAMP, Kind.DATE):
                raise unsupported(
                    f"{text} beside a {beside}", "write the time in UTC, without a zone"
                )
            if beside is None:
                return f"{SYSTEM_SCHEMA}.beside_zone({text}, {other})"
        return text

    def one_of(self, node: exp.Expr, values: Sequence[exp.Expr]) -> tuple[str, list[str]]:
        """What is compared with several values, as IN and BETWEEN do, and these."""
        if isinstance(node, exp.Tuple):
            pairs = [self.compared(node, value) for value in values]
            return pairs[0][0], [b for _, b in pairs]
        text, out = self._sql(node), []
        seen: set[Kind] = set()
        for value in values:
            kind = self._kinds.of(value)
            if kind is not None and kind is not Kind.UNTYPED and kind in seen:
                out.append(self._sql(value))
                continue
            if kind is not None:
                seen.add(kind)
            one, other = self.compared(node, value, is_repeated=True)
            text = max(text, one, key=len)
            out.append(other)
        return text, out

    def check_alike(self, nodes: Sequence[exp.Expr]) -> None:
        """Raises PgError 22P02 for quoted text among whole numbers that is none."""
        kinds = {self._kinds.of(n) for n in nodes}
        if Kind.WHOLE not in kinds or not kinds <= {Kind.WHOLE, Kind.UNTYPED}:
            return
        for node in nodes:
            text = str(node.this) if isinstance(node, exp.Literal) and node.is_string else "0"
            if not re.fullmatch(TEXT_FORMS["whole"], text):
                raise form_error("whole", text)

    def condition(self, node: exp.Expr) -> str:
        """What decides a row: nothing but a BOOLEAN. Raises PgError 42804."""
        text, kind = self._sql(node), self._kinds.of(node)
        if kind in (Kind.BOOLEAN, Kind.UNTYPED):
            return text
        if kind is None:
            return f"{SYSTEM_SCHEMA}.condition({text})"
        raise PgError("42804", f"a condition must be type boolean, not type {kind}")

    def divided(self, a: exp.Expr, b: exp.Expr) -> str:
        kinds = {self._kinds.of(a), self._kinds.of(b)}
        if Kind.FLOAT in kinds or kinds == {Kind.WHOLE}:
            return f"{self._sql(a)} / {self._sql(b)}"
        if Kind.DECIMAL in kinds and None not in kinds:
            raise unsupported("division of DECIMAL", "cast both sides to FLOAT8, ROUND and cast")
        return f"{SYSTEM_SCHEMA}.divided({self._sql(a)}, {self._sql(b)})"

    def subtracted(self, a: exp.Expr, b: exp.Expr) -> str:
        kinds = (self._kinds.of(a), self._kinds.of(b))
        if kinds == (Kind.DATE, Kind.DATE):
            raise unsupported("date - date", "use DATEDIFF(day, b, a)")
        if all(kind in (None, Kind.DATE) for kind in kinds):
            return f"{SYSTEM_SCHEMA}.subtracted({self._sql(a)}, {self._sql(b)})"
        return f"{self._sql(a)} - {self._sql(b)}"

    def assigned(self, node: exp.Expr, column: str) -> str:
        """A value for a column, by its type; quoted text takes the column's type."""
        text, kind = self._sql(node), self._kinds.of(node)
        if kind is Kind.UNTYPED:
            if isinstance(node, exp.Literal) and _FRACTION.fullmatch(str(node.this)):
                return f"{SYSTEM_SCHEMA}.beside_fraction({text}, {column})"
            return text
        return f"{SYSTEM_SCHEMA}.assigned({text}, {column})"


def looks_fractional(literal: str) -> bool:
    """Whether a string literal, quotes included, is a number that no whole column takes."""
    return bool(_FRACTION.fullmatch(literal[1:-1]))
