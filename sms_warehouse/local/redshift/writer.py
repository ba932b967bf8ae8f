"""Writes a checked tree as DuckDB's SQL, each function and operator as it has to be to mean the same."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.generators.duckdb import DuckDBGenerator

from sms_warehouse.local.redshift import functions as fn
from sms_warehouse.local.redshift.errors import PgError, unsupported
from sms_warehouse.local.redshift.types import cast_sql
from sms_warehouse.local.redshift.wire import PARAMETER_TYPES


class _Writer(DuckDBGenerator):
    """Writes the checked tree as DuckDB's SQL."""

    oids: tuple[int, ...] = ()

    def _parameter(self, node: exp.Parameter) -> str:
        number = int(node.this.name)
        known = PARAMETER_TYPES.get(self.oids[number - 1]) if number <= len(self.oids) else None
        return f"cast(${number} as {known})" if known else f"${number}"

    def _function(self, node: exp.Anonymous, order: str | None = None) -> str:
        name = str(node.this).lower()
        args = list(node.expressions)
        sql = self.sql
        distinct = ""
        if args and isinstance(args[0], exp.Distinct):
            if name not in fn.DISTINCT_AGGREGATES or len(args) > 1:
                raise unsupported(f"DISTINCT in {name.upper()}")
            args, distinct = list(args[0].expressions), "distinct "
        if args and isinstance(args[0], exp.Star) and name != "count":
            raise unsupported(f"{name.upper()}(*)")
        if known := fn.SCALARS.get(name):
            return fn.rendered(fn.checked(name, known, args), sql, args)
        if known := fn.AGGREGATES.get(name):
            fn.checked(name, known, args)
            text = str(known.render).format(sql(args[0]))
            return text.replace("(", f"({distinct}", 1)
        if known := fn.ORDERED_AGGREGATES.get(name):
            fn.checked(name, known, args)
            if name == "listagg":
                separator = sql(args[1]) if len(args) == 2 else "''"
                return str(known.render).format(sql(args[0]), separator, order=order or "")
            return str(known.render).format(sql(args[0]), value=order, order="")
        for family in (fn.RANKINGS, fn.FRAMED):
            if known := family.get(name):
                fn.checked(name, known, args)
                if not isinstance(node.parent, (exp.Window, exp.IgnoreNulls, exp.RespectNulls)):
                    raise PgError("42809", f"window function {name} requires an OVER clause")
                return fn.rendered(known, sql, args)
        raise PgError(
            "42883", f"function {name} does not exist or is not supported by the local Redshift"
        )

    def _within_group(self, node: exp.WithinGroup) -> str:
        call = node.this
        name = str(call.this).lower() if isinstance(call, exp.Anonymous) else ""
        if name not in fn.ORDERED_AGGREGATES:
            raise unsupported("WITHIN GROUP of this function")
        ordered = node.expression.expressions
        if name == "listagg":
            return self._function(call, self.sql(node.expression).strip())
        if len(ordered) != 1:
            raise PgError("42601", f"{name} takes one ORDER BY expression")
        value = self.sql(ordered[0].this)
        if name == "percentile_cont":
            value = f"{fn.SYSTEM_SCHEMA}.averaged({value})"
        if ordered[0].args.get("desc"):
            raise unsupported(f"{name} in descending order")
        return self._function(call, value)

    def _extract(self, node: exp.Extract) -> str:
        return fn.extract(self.sql, node.this, node.expression)

    def _trim(self, node: exp.Trim) -> str:
        name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(
            str(node.args.get("position") or "").upper(), "trim"
        )
        rest = f", {self.sql(node.expression)}" if node.expression else ""
        return f"{name}({self.sql(node.this)}{rest})"

    def _substring(self, node: exp.Substring) -> str:
        parts = [node.this, node.args["start"], node.args.get("length")]
        return f"substring({', '.join(self.sql(p) for p in parts if p is not None)})"

    def _position(self, node: exp.StrPosition) -> str:
        return f"cast(strpos({self.sql(node.this)}, {self.sql(node, 'substr')}) as integer)"

    def _like(self, node: exp.Like | exp.ILike) -> str:
        word = ("not " if node.args.get("negate") else "") + (
            "like" if isinstance(node, exp.Like) else "ilike"
        )
        text = f"{self.sql(node.this)} {word} {self.sql(node.expression)}"
        pattern = node.expression
        if isinstance(node.parent, exp.Escape):
            return text
        if isinstance(pattern, exp.Literal) and "\\" not in pattern.this:
            return text
        # DuckDB has no escape character unless told, Redshift's is the backslash.
        return f"{text} escape '\\'"

    def _interval(self, node: exp.Interval) -> str:
        unit = node.args.get("unit")
        text = fn.text_literal(node.this, "an interval") + (f" {unit.name.lower()}" if unit else "")
        return f"interval {fn.quoted(text)}"

    def _cast(self, node: exp.Cast) -> str:
        return cast_sql(self.sql(node.this), node.args["to"])

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
            raise unsupported("OVER after this function")
        name = str(call.this).lower()
        spec, order = node.args.get("spec"), node.args.get("order")
        if name in fn.RANKINGS:
            if spec:
                raise PgError("42601", f"{name} takes no frame clause")
        elif name in fn.AGGREGATES or name in fn.FRAMED:
            if call.expressions and isinstance(call.expressions[0], exp.Distinct):
                raise unsupported("DISTINCT in a window function")
            if bool(order) != bool(spec):
                raise PgError(
                    "42601",
                    "Aggregate window functions with an ORDER BY clause require a frame clause"
                    if order
                    else "a frame clause requires ORDER BY",
                )
        else:
            raise unsupported(f"{name.upper()} as a window function")
        if nulls and name not in {"lag", "lead", "first_value", "last_value", "nth_value"}:
            raise unsupported(f"IGNORE NULLS in {name.upper()}")
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
        return f"{text} over ({' '.join(parts)})"

    def _frame(self, spec: exp.WindowSpec) -> str:
        if str(spec.args.get("kind") or "").lower() != "rows":
            raise unsupported("a frame other than ROWS")

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
        exp.Div: lambda self, e: (
            f"{fn.SYSTEM_SCHEMA}.divided({self.sql(e.this)}, {self.sql(e.expression)})"
        ),
        exp.Mod: lambda self, e: f"({self.sql(e.this)} % {self.sql(e.expression)})",
        exp.Pow: lambda self, e: f"power({self.sql(e.this)}, {self.sql(e.expression)})",
        exp.DPipe: lambda self, e: f"({self.sql(e.this)} || {self.sql(e.expression)})",
        exp.RegexpLike: lambda self, e: (
            f"regexp_matches({self.sql(e.this)}, {self.sql(e.expression)})"
        ),
        exp.RegexpILike: lambda self, e: (
            f"regexp_matches({self.sql(e.this)}, {self.sql(e.expression)}, 'i')"
        ),
        exp.AtTimeZone: lambda self, e: f"timezone({self.sql(e, 'zone')}, {self.sql(e.this)})",
        exp.CurrentDate: lambda self, e: "cast(getvariable('redshift_now') as date)",
        # SYSDATE and CURRENT_TIMESTAMP are the begin of the transaction, GETDATE() of the statement.
        exp.CurrentTimestamp: lambda self, e: (
            "cast(now() as timestamp)" if e.args.get("sysdate") else "now()"
        ),
        exp.CurrentUser: lambda self, e: "cast(getvariable('redshift_user') as varchar)",
        exp.SessionUser: lambda self, e: "cast(getvariable('redshift_user') as varchar)",
        exp.CurrentSchema: lambda self, e: "current_schema()",
        exp.Var: lambda self, e: e.name,
    }


def write(tree: exp.Expr, oids: tuple[int, ...] = ()) -> str:
    """DuckDB's SQL for a checked tree."""
    writer = _Writer(dialect=DuckDB(), identify=True, comments=False)
    writer.oids = oids
    return writer.generate(tree, copy=False)


def output_names(tree: exp.Expr) -> tuple[str, ...]:
    """What Redshift calls the columns; a * hides how many there are, so only those before it."""
    names: list[str] = []
    for projection in _first_select(tree).expressions:
        if projection.is_star:
            break
        names.append(output_name(projection))
    return tuple(names)


def _first_select(tree: exp.Expr) -> exp.Expr:
    while isinstance(tree, (exp.SetOperation, exp.Subquery)):
        tree = tree.this
    return tree


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
    for projection in list(_first_select(tree).expressions):
        if not isinstance(projection, (exp.Alias, exp.Column, exp.Star)):
            name = output_name(projection)
            if name == "?column?":
                raise PgError("42601", "every column of a table or view needs a name: use AS")
            projection.replace(exp.alias_(projection.copy(), name, quoted=True))
    return tree
