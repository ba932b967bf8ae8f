"""Writes a checked tree as DuckDB's SQL, each function and operator as it has to be to mean the same."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.generators.duckdb import DuckDBGenerator

from local_redshift import functions as fn
from local_redshift.assignments import (
    Written,
    first_select,
    guard_assignments,
    guard_values,
    insert_of_query,
)
from local_redshift.errors import PgError, unsupported
from local_redshift.guards import Guards
from local_redshift.kinds import NUMBERS, Kind, Kinds
from local_redshift.macros import SESSION, SYSTEM_SCHEMA
from local_redshift.renderers import extract as write_extract
from local_redshift.renderers import pattern as write_pattern
from local_redshift.renderers import quoted, text_literal
from local_redshift.renderers import zone as write_zone
from local_redshift.types import cast_sql
from local_redshift.unions import branches, checked_first
from local_redshift.wire import PARAMETER_TYPES

_INTERVAL = re.compile(r"\s*(?:[+-]?\d+\s*(?:year|month|week|day|hour|minute|second)s?\s*)+")


# Of these arguments on, one is the result.
_ONE_OF = {"coalesce": 0, "nvl": 0, "greatest": 0, "least": 0, "nvl2": 1}


class _Condition(exp.Expression):
    """Stands around what decides a row, so that it is guarded where it is written."""

    arg_types: ClassVar[dict[str, bool]] = {"this": True}


class _Writer(DuckDBGenerator):
    """Writes the checked tree as DuckDB's SQL."""

    oids: tuple[int, ...] = ()
    kinds: Kinds
    guards: Guards
    others: dict[int, list[exp.Expr]]
    """The other branches of a set operation, by the first one."""

    def select_sql(self, expression: exp.Select) -> str:
        others = self.others.get(id(expression))
        if not others:
            return str(super().select_sql(expression))
        # The names of a WITH here are the other branches' too.
        with_ = expression.args.pop("with_", None)
        text = super().select_sql(expression)
        checked = checked_first(text, [self.sql(other) for other in others])
        expression.set("with_", with_)
        return str(self.prepend_ctes(expression, checked))

    def _parameter(self, node: exp.Parameter) -> str:
        number = int(node.this.name)
        known = PARAMETER_TYPES.get(self.oids[number - 1]) if number <= len(self.oids) else None
        return f"cast(${number} as {known})" if known else f"${number}"

    def _function(self, node: exp.Anonymous, order: str | None = None) -> str:
        name = str(node.this).lower()
        args = list(node.expressions)
        distinct = ""
        if args and isinstance(args[0], exp.Distinct):
            if name not in fn.DISTINCT_AGGREGATES or len(args) > 1:
                raise unsupported(f"DISTINCT in {name.upper()}", "make distinct in a sub-select")
            args, distinct = list(args[0].expressions), "distinct "
        if args and args[0].is_star and (name != "count" or isinstance(args[0], exp.Column)):
            raise unsupported(f"{name.upper()}(*)", "name a column")
        if name == "decode" and len(args) > 2:
            return self._decode(args)
        if name == "sign" and self.kinds.of(args[0]) is Kind.DECIMAL:
            return f"cast(sign({self.sql(args[0])}) as decimal(1,0))"
        if name == "trunc" and len(args) == 1 and self.kinds.of(args[0]) in NUMBERS:
            return f"trunc({self.sql(args[0])})"
        if name in _ONE_OF:
            args = [*args[: _ONE_OF[name]], *self._alike(args[_ONE_OF[name] :])]
        if name == "nullif" and len(args) == 2:
            return f"nullif({', '.join(self.guards.compared(*args))})"
        if known := fn.SCALARS.get(name):
            return fn.rendered(name, known, self.sql, self.kinds, args)
        if known := fn.AGGREGATES.get(name):
            text = fn.rendered(name, known, self.sql, self.kinds, args)
            return text.replace("(", f"({distinct}", 1)
        if known := fn.ORDERED_AGGREGATES.get(name):
            return self._ordered_aggregate(name, known, args, order)
        if known := fn.RANKINGS.get(name) or fn.FRAMED.get(name):
            if not isinstance(node.parent, (exp.Window, exp.IgnoreNulls, exp.RespectNulls)):
                raise PgError("42809", f"window function {name} requires an OVER clause")
            return fn.rendered(name, known, self.sql, self.kinds, args)
        advice = f": {fn.INSTEAD[name]}" if name in fn.INSTEAD else ""
        raise PgError(
            "42883",
            f"function {name} does not exist or is not supported by the local Redshift{advice}",
        )

    def _alike(self, nodes: list[exp.Expr]) -> list[exp.Expr]:
        return [
            node if text == self.sql(node) else Written(this=text)
            for node, text in zip(nodes, self.guards.alike(nodes), strict=True)
        ]

    def _ordered_aggregate(
        self, name: str, known: fn.Function, args: list[exp.Expr], order: str | None
    ) -> str:
        if known.codes(len(args)) is None:
            raise fn.no_form(name, len(args))
        first = fn.guarded(self.sql, self.kinds, name, known.arguments[0], args[0])
        if name == "listagg":
            separator = self.sql(args[1]) if len(args) == 2 else "''"
            return str(known.render).format(first, separator, order=order or "")
        return str(known.render).format(first, value=order, order="")

    def _decode(self, args: list[exp.Expr]) -> str:
        pairs, rest = args[1:], ""
        is_odd = len(pairs) % 2
        results = self.guards.alike([*pairs[1::2], *pairs[-1:][:is_odd]])
        if is_odd:
            rest = f" else {results.pop()}"
            pairs = pairs[:-1]
        whens = []
        for wanted, result in zip(pairs[::2], results, strict=True):
            value, other = self.guards.compared(args[0], wanted)
            whens.append(f"when {value} is not distinct from {other} then {result}")
        return f"case {' '.join(whens)}{rest} end"

    def _within_group(self, node: exp.WithinGroup) -> str:
        call = node.this
        name = str(call.this).lower() if isinstance(call, exp.Anonymous) else ""
        if name not in fn.ORDERED_AGGREGATES:
            advice = fn.INSTEAD.get(name, "only LISTAGG and PERCENTILE_CONT take it")
            raise unsupported(f"WITHIN GROUP of {name.upper()}", advice)
        ordered = node.expression.expressions
        if name == "listagg":
            return self._function(call, self.sql(node.expression).strip())
        if len(ordered) != 1:
            raise PgError("42601", f"{name} takes one ORDER BY expression")
        if ordered[0].args.get("desc"):
            raise unsupported(f"{name} in descending order", "take 1 - the fraction")
        return self._function(call, f"{SYSTEM_SCHEMA}.averaged({self.sql(ordered[0].this)})")

    def _extract(self, node: exp.Extract) -> str:
        return write_extract(
            lambda n: self.guards.argument("extract", "e" if n is node.expression else "a", n),
            node.this,
            node.expression,
        )

    def _trim(self, node: exp.Trim) -> str:
        name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(
            str(node.args.get("position") or "").upper(), "trim"
        )
        rest = f", {self.guards.argument('trim', 't', node.expression)}" if node.expression else ""
        return f"{name}({self.guards.argument('trim', 't', node.this)}{rest})"

    def _substring(self, node: exp.Substring) -> str:
        parts = [node.this, node.args.get("start"), node.args.get("length")]
        args = [p for p in parts if p is not None]
        return fn.rendered("substring", fn.SCALARS["substr"], self.sql, self.kinds, args)

    def _position(self, node: exp.StrPosition) -> str:
        args = [node.this, node.args["substr"]]
        return fn.rendered("position", fn.SCALARS["strpos"], self.sql, self.kinds, args)

    def _like(self, node: exp.Like | exp.ILike) -> str:
        word = ("not " if node.args.get("negate") else "") + (
            "like" if isinstance(node, exp.Like) else "ilike"
        )
        value = self.guards.argument("like", "t", node.this)
        pattern = node.expression
        wanted = self.guards.argument("like", "t", pattern)
        is_plain = isinstance(pattern, exp.Literal) and pattern.this.isascii()
        if isinstance(node, exp.ILike) and not is_plain:
            value, wanted = (f"{SYSTEM_SCHEMA}.ascii_only({t})" for t in (value, wanted))
        text = f"{value} {word} {wanted}"
        if isinstance(node.parent, exp.Escape):
            return text
        if isinstance(pattern, exp.Literal) and "\\" not in pattern.this:
            return text
        # DuckDB has no escape character unless told, Redshift's is the backslash.
        return f"{text} escape '\\'"

    def _regexp(self, node: exp.RegexpLike) -> str:
        value = self.guards.argument("~", "t", node.this)
        return f"regexp_matches({value}, {write_pattern(node.expression)})"

    def _compare(self, sign: str, node: exp.Binary) -> str:
        return f" {sign} ".join(self.guards.compared(node.this, node.expression))

    def _between(self, node: exp.Between) -> str:
        value, bounds = self.guards.one_of(node.this, [node.args["low"], node.args["high"]])
        return f"{value} between {bounds[0]} and {bounds[1]}"

    def _in(self, node: exp.In) -> str:
        if query := node.args.get("query"):
            return f"{self.sql(node.this)} in {self.sql(query)}"
        value, values = self.guards.one_of(node.this, node.expressions)
        return f"{value} in ({', '.join(values)})"

    def _case(self, node: exp.Case) -> str:
        whens = []
        results = self.guards.alike(
            [
                *(when.args["true"] for when in node.args["ifs"]),
                *filter(None, [node.args.get("default")]),
            ]
        )
        for when, result in zip(node.args["ifs"], results, strict=False):
            if node.this:
                value, other = self.guards.compared(node.this, when.this)
                condition = f"{value} = {other}"
            else:
                condition = self.guards.condition(when.this)
            whens.append(f"when {condition} then {result}")
        rest = f" else {results[-1]}" if node.args.get("default") else ""
        return f"case {' '.join(whens)}{rest} end"

    def _is(self, node: exp.Is) -> str:
        word = "is not" if node.args.get("negate") else "is"
        if isinstance(node.expression, exp.Boolean):
            return f"{self.guards.condition(node.this)} {word} {self.sql(node.expression)}"
        return f"{self.sql(node.this)} {word} {self.sql(node.expression)}"

    def _joined(self, node: exp.DPipe) -> str:
        sides = (self.guards.argument("||", "t", n) for n in (node.this, node.expression))
        return f"({' || '.join(sides)})"

    def _modulo(self, node: exp.Mod) -> str:
        sides = (self.guards.argument("%", "w", n) for n in (node.this, node.expression))
        return f"({' % '.join(sides)})"

    def _power(self, node: exp.Pow) -> str:
        args = [node.this, node.expression]
        return fn.rendered("^", fn.SCALARS["power"], self.sql, self.kinds, args)

    def _at_time_zone(self, node: exp.AtTimeZone) -> str:
        value = self.guards.argument("at time zone", "m", node.this)
        return f"timezone({write_zone(self.sql, node.args['zone'])}, {value})"

    def _interval(self, node: exp.Interval) -> str:
        unit = node.args.get("unit")
        text = text_literal(node.this, "an interval") + (f" {unit.name.lower()}" if unit else "")
        text = text.replace(",", " ")
        if not _INTERVAL.fullmatch(text):
            raise unsupported(f"the interval {quoted(text)}", "write a number and a unit each")
        return f"interval {quoted(text)}"

    def _cast(self, node: exp.Cast) -> str:
        return cast_sql(self.sql(node.this), node.args["to"], self.kinds, node.this)

    def _window(self, node: exp.Window) -> str:
        call = node.this
        nulls = ""
        if isinstance(call, (exp.IgnoreNulls, exp.RespectNulls)):
            nulls = " ignore nulls" if isinstance(call, exp.IgnoreNulls) else " respect nulls"
            call = call.this
        elif (
            isinstance(call, exp.Anonymous)
            and call.expressions
            and isinstance(call.expressions[0], exp.IgnoreNulls)
        ):
            nulls = " ignore nulls"
            call = exp.Anonymous(
                this=call.this, expressions=[call.expressions[0].this, *call.expressions[1:]]
            )
            call.parent = node
        if not isinstance(call, exp.Anonymous):
            raise unsupported("OVER after this function", "aggregate in a joined sub-select")
        name = str(call.this).lower()
        spec, order = node.args.get("spec"), node.args.get("order")
        if name in fn.RANKINGS:
            if spec:
                raise PgError("42601", f"{name} takes no frame clause")
            if name in fn.ORDERED_RANKINGS and not order:
                raise PgError("42601", f"{name} requires ORDER BY in its window")
        elif name in fn.WINDOW_AGGREGATES or name in fn.FRAMED:
            if call.expressions and isinstance(call.expressions[0], exp.Distinct):
                raise unsupported(
                    "DISTINCT in a window function", "count distinct in a joined sub-select"
                )
            if name == "median" and order:
                raise PgError("42601", "median takes no ORDER BY in its window")
            if bool(order) != bool(spec):
                raise PgError(
                    "42601",
                    "Aggregate window functions with an ORDER BY clause require a frame clause"
                    if order
                    else "a frame clause requires ORDER BY",
                )
        else:
            raise unsupported(
                f"{name.upper()} as a window function", "aggregate in a joined sub-select"
            )
        if nulls and name not in {"lag", "lead", "first_value", "last_value", "nth_value"}:
            raise unsupported(f"IGNORE NULLS in {name.upper()}", "filter the NULLs out first")
        # DuckDB wants the words inside the call.
        text = self._function(call)
        if nulls:
            text = f"{text[:-1]}{nulls})"
        parts = []
        if partition := node.args.get("partition_by"):
            parts.append("partition by " + ", ".join(self.sql(p) for p in partition))
        if order:
            parts.append(self.sql(order).strip())
        if spec:
            parts.append(self._frame(spec))
        text = f"{text} over ({' '.join(parts)})"
        return f"cast({text} as integer)" if name in fn.INTEGER_RANKINGS else text

    def _frame(self, spec: exp.WindowSpec) -> str:
        if str(spec.args.get("kind") or "").lower() != "rows":
            raise unsupported("a frame other than ROWS", "write ROWS")

        def bound(name: str) -> str:
            value = spec.args.get(name)
            side = spec.args.get(f"{name}_side") or ""
            return f"{self.sql(value) if isinstance(value, exp.Expr) else value} {side}".strip()

        if spec.args.get("end") is None:
            return f"rows {bound('start')}"
        return f"rows between {bound('start')} and {bound('end')}"

    TRANSFORMS: ClassVar[dict[Any, Any]] = {
        **DuckDBGenerator.TRANSFORMS,
        exp.Parameter: _parameter,
        exp.Anonymous: _function,
        exp.WithinGroup: _within_group,
        exp.Extract: _extract,
        exp.Trim: _trim,
        exp.Substring: _substring,
        exp.StrPosition: _position,
        exp.Like: _like,
        exp.ILike: _like,
        exp.Interval: _interval,
        exp.Cast: _cast,
        exp.Window: _window,
        Written: lambda self, e: e.this,
        _Condition: lambda self, e: self.guards.condition(e.this),
        exp.EQ: lambda self, e: self._compare("=", e),
        exp.NEQ: lambda self, e: self._compare("<>", e),
        exp.LT: lambda self, e: self._compare("<", e),
        exp.LTE: lambda self, e: self._compare("<=", e),
        exp.GT: lambda self, e: self._compare(">", e),
        exp.GTE: lambda self, e: self._compare(">=", e),
        exp.Between: _between,
        exp.In: _in,
        exp.Case: _case,
        exp.Is: _is,
        exp.Sub: lambda self, e: self.guards.subtracted(e.this, e.expression),
        exp.Div: lambda self, e: self.guards.divided(e.this, e.expression),
        exp.Mod: _modulo,
        exp.Pow: _power,
        exp.DPipe: _joined,
        exp.RegexpLike: _regexp,
        exp.AtTimeZone: _at_time_zone,
        exp.CurrentDate: lambda self, e: "cast(getvariable('redshift_now') as date)",
        # SYSDATE is the begin of the transaction, GETDATE() of the statement.
        exp.CurrentTimestamp: lambda self, e: "cast(now() as timestamp)",
        exp.CurrentUser: lambda self, e: f"cast({SESSION}.user as varchar)",
        exp.Var: lambda self, e: e.name,
    }


def write(tree: exp.Expr, oids: tuple[int, ...] = ()) -> str:
    """DuckDB's SQL for a checked tree. Raises PgError."""
    writer = _Writer(dialect=DuckDB(), identify=True, comments=False)
    writer.oids = oids
    writer.kinds = Kinds(oids, fn.returns)
    writer.guards = Guards(writer.sql, writer.kinds)
    writer.others = branches(writer.kinds, tree)
    _mark_conditions(tree)
    if isinstance(tree, exp.Insert) and isinstance(tree.expression, exp.Query):
        return insert_of_query(writer, tree)
    if isinstance(tree, exp.Insert) and isinstance(tree.expression, exp.Values):
        guard_values(writer, tree)
    if isinstance(tree, exp.Update):
        guard_assignments(writer, tree.this, tree.expressions)
    if isinstance(tree, exp.Merge):
        for when in tree.args["whens"].expressions:
            if isinstance(when.args["then"], exp.Update):
                guard_assignments(writer, tree.this, when.args["then"].expressions)
    return writer.generate(tree, copy=False)


_CONDITIONS = (exp.And, exp.Or, exp.Not, exp.Where, exp.Having)


def _mark_conditions(tree: exp.Expr) -> None:
    found = [
        (node, key)
        for node in tree.find_all(*_CONDITIONS, exp.Join)
        for key in (("on",) if isinstance(node, exp.Join) else ("this", "expression"))
    ]
    for node, key in found:
        value = node.args.get(key)
        if isinstance(value, exp.Expr) and not isinstance(value, (*_CONDITIONS, exp.Paren)):
            value.replace(_Condition(this=value.copy()))


def output_names(tree: exp.Expr) -> tuple[str, ...]:
    """What Redshift calls the columns; a * hides how many there are, so only those before it."""
    names: list[str] = []
    for projection in first_select(tree).expressions:
        if projection.is_star:
            break
        names.append(output_name(projection))
    return tuple(names)


_TYPE_NAMES = {
    exp.DType.SMALLINT: "int2",
    exp.DType.INT: "int4",
    exp.DType.BIGINT: "int8",
    exp.DType.FLOAT: "float4",
    exp.DType.DOUBLE: "float8",
    exp.DType.BOOLEAN: "bool",
    exp.DType.DECIMAL: "numeric",
}


def output_name(node: exp.Expr) -> str:
    if isinstance(node, (exp.Alias, exp.Column)):
        return node.alias_or_name
    if isinstance(node, exp.Cast):
        inner = output_name(node.this)
        kind = node.args["to"].this
        return inner if inner != "?column?" else _TYPE_NAMES.get(kind, str(kind.value).lower())
    if isinstance(node, exp.Paren):
        return output_name(node.this)
    if isinstance(node, (exp.Window, exp.WithinGroup, exp.IgnoreNulls)):
        return output_name(node.this)
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    known: dict[type[exp.Expr], str] = {
        exp.Case: "case",
        exp.Extract: "date_part",
        exp.Trim: "btrim",
        exp.Substring: "substring",
        exp.StrPosition: "strpos",
        exp.CurrentDate: "date",
        exp.CurrentTimestamp: "sysdate" if node.args.get("sysdate") else "timestamptz",
        exp.CurrentUser: "current_user",
        exp.Boolean: "bool",
        exp.Exists: "exists",
    }
    if (
        isinstance(node, exp.Subquery)
        and isinstance(node.this, exp.Select)
        and node.this.expressions
    ):
        return output_name(node.this.expressions[0])
    return known.get(type(node), "?column?")


def named(tree: exp.Expr) -> exp.Expr:
    """Gives the columns of a query that becomes a table or view the names Redshift gives them."""
    for projection in list(first_select(tree).expressions):
        if not isinstance(projection, (exp.Alias, exp.Column, exp.Star)):
            name = output_name(projection)
            if name == "?column?":
                raise PgError("42601", "every column of a table or view needs a name: use AS")
            projection.replace(exp.alias_(projection.copy(), name, quoted=True))
    return tree
