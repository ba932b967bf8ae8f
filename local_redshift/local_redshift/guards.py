"""Which guard an operator needs: none where the text tells that both sides fit, else a macro that asks DuckDB."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from local_redshift.errors import PgError, unsupported
from local_redshift.functions import guarded
from local_redshift.kinds import MOMENTS, Kind, Kinds
from local_redshift.macros import FAMILIES, SYSTEM_SCHEMA, TEXT_FORMS, form_error

Sql = Callable[[Any], str]

_FRACTION = re.compile(r"\s*[+-]?(?:\d+\.\d*|\.\d+|\d+[eE]\S*)\s*")
_ZONED = re.compile(r".*\d:\d\d.*?(?:Z|UTC|[+-]\d\d(?::?\d\d)?)\s*")


_DIGITS = re.compile(r".*\d:\d\d:\d\d\.\d{7,}.*")


def family(kind: Kind) -> str:
    """The name of the kinds it compares with."""
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
        for node, beside in ((a, kind_b), (b, kind_a)):
            if beside in (None, Kind.TEXT, Kind.UNTYPED):
                _check_end(node, self._sql)
        if kind_a is Kind.UNTYPED:
            return self.untyped(a, kind_b, text_b), text_b
        if kind_b is Kind.UNTYPED:
            return text_a, self.untyped(b, kind_a, text_a)
        if kind_b is not None and kind_a is None:
            return text_a, f"{SYSTEM_SCHEMA}.beside_{family(kind_b)}({text_b}, {text_a})"
        if kind_a is not None and kind_b is None and not is_repeated:
            return f"{SYSTEM_SCHEMA}.beside_{family(kind_a)}({text_a}, {text_b})", text_b
        if kind_a is None or kind_b is None:
            return text_a, f"{SYSTEM_SCHEMA}.beside({text_b}, {text_a})"
        if family(kind_a) != family(kind_b):
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
        if _DIGITS.fullmatch(value):
            if beside in MOMENTS:
                raise unsupported(f"{text} beside a {beside}", "write microseconds")
            if beside is None:
                return f"{SYSTEM_SCHEMA}.beside_digits({text}, {other})"
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

    def alike(self, nodes: Sequence[exp.Expr]) -> list[str]:
        """Values of which one becomes the result, as of CASE and COALESCE.

        Raises PgError 42804 for kinds that do not convert into each other.
        """
        self._check_whole(nodes)
        texts = [self._sql(node) for node in nodes]
        families = [self._family_of(node) for node in nodes]
        known = dict.fromkeys(name for name in families if name)
        if len(known) > 1:
            raise PgError("42804", f"types {' and '.join(known)} cannot be matched: cast them")
        unknown = [
            place
            for place, (node, name) in enumerate(zip(nodes, families, strict=True))
            if not name and self._kinds.of(node) is not Kind.UNTYPED
        ]
        if known:
            (name,) = known
            for place in unknown:
                texts[place] = f"{SYSTEM_SCHEMA}.beside_{name}({texts[place]}, {texts[place]})"
        for place in unknown[1:] if not known else ():
            texts[place] = f"{SYSTEM_SCHEMA}.beside({texts[place]}, {texts[unknown[0]]})"
        return texts

    def _family_of(self, node: exp.Expr) -> str | None:
        kind = self._kinds.of(node)
        if self._kinds.is_number(node):
            return "number"
        return None if kind in (None, Kind.UNTYPED) else family(kind)

    def _check_whole(self, nodes: Sequence[exp.Expr]) -> None:
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
            return self.untyped(node, None, column)
        return f"{SYSTEM_SCHEMA}.assigned({text}, {column})"


_GUARDS_OF_TEXT = {
    "beside_fraction": _FRACTION,
    "beside_zone": _ZONED,
    "beside_digits": _DIGITS,
}


def guard_of_text(literal: str) -> str | None:
    """The guard for a string literal, quotes included, that columns of some types would take otherwise."""
    text = literal[1:-1]
    return next((name for name, form in _GUARDS_OF_TEXT.items() if form.fullmatch(text)), None)


_TEXTS = frozenset({exp.DType.VARCHAR, exp.DType.NVARCHAR, exp.DType.TEXT})


def _check_end(node: exp.Expr, sql: Sql) -> None:
    """Raises PgError for text that ends in a blank, cast to text or not."""
    while isinstance(node, exp.Paren) or (
        isinstance(node, exp.Cast) and node.args["to"].this in _TEXTS
    ):
        node = node.this
    if isinstance(node, exp.Literal) and node.is_string and str(node.this).endswith(" "):
        raise unsupported(
            f"{sql(node)} in a comparison",
            "blanks at the end of text do not count on Redshift: leave them out",
        )
