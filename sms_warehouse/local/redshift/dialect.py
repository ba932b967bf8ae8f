"""Redshift's queries and DML to DuckDB's, or a refusal: pure, no connection, no state.

An allow-list: sqlglot only parses, and every node of its tree, and every argument of a node, has to be listed
in ``NODES``; every function in ``functions``. What is not listed is refused in words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import SqlglotError

from sms_warehouse.local.redshift import functions as fn
from sms_warehouse.local.redshift.catalog import RELATIONS
from sms_warehouse.local.redshift.errors import PgError, syntax_error, unsupported
from sms_warehouse.local.redshift.reader import RESERVED, Name, Reader, Token, tokens
from sms_warehouse.local.redshift.types import cast_sql
from sms_warehouse.local.redshift.wire import PARAMETER_TYPES


class _Parser(Redshift.Parser):
    # Every call stays a call by its own name: what it means is looked up in our list, not guessed.
    FUNCTIONS: ClassVar = {}
    FUNCTION_PARSERS: ClassVar = {
        name: parser
        for name, parser in Redshift.Parser.FUNCTION_PARSERS.items()
        if name in {"CAST", "DATE_PART", "EXTRACT", "POSITION", "SUBSTRING", "TRIM"}
    }
    NO_PAREN_FUNCTION_PARSERS: ClassVar = {
        name: parser
        for name, parser in Redshift.Parser.NO_PAREN_FUNCTION_PARSERS.items()
        if name in {"CASE", "SYSDATE"}
    }


class _Redshift(Redshift):
    Parser = _Parser


_BINARY = frozenset({"this", "expression"})
_THIS = frozenset({"this"})
_SET = frozenset({"this", "expression", "distinct", "by_name", "order", "limit", "offset", "with_"})

# Each node that may occur, and which of its arguments may be set.
NODES: dict[type[exp.Expr], frozenset[str]] = {
    # queries
    exp.Select: frozenset(
        "expressions from_ joins where group having order limit offset distinct with_".split()
    ),
    exp.Union: _SET,
    exp.Intersect: _SET,
    exp.Except: _SET,
    exp.Subquery: frozenset({"this", "alias", "with_", "order", "limit", "offset"}),
    exp.With: frozenset({"expressions"}),
    exp.CTE: frozenset({"this", "alias"}),
    exp.From: _THIS,
    exp.Join: frozenset({"this", "on", "using", "side", "kind"}),
    exp.Table: frozenset({"this", "db", "catalog", "alias"}),
    exp.TableAlias: frozenset({"this", "columns"}),
    exp.Where: _THIS,
    exp.Group: frozenset({"expressions"}),
    exp.Having: _THIS,
    exp.Order: frozenset({"expressions"}),
    exp.Ordered: frozenset({"this", "desc", "nulls_first"}),
    exp.Limit: frozenset({"expression"}),
    exp.Offset: frozenset({"expression"}),
    exp.Distinct: frozenset({"expressions"}),
    # DML
    exp.Insert: frozenset({"this", "expression"}),
    exp.Values: frozenset({"expressions"}),
    exp.Schema: frozenset({"this", "expressions"}),
    exp.Update: frozenset({"this", "expressions", "from_", "where", "with_"}),
    exp.Delete: frozenset({"this", "using", "where", "with_"}),
    exp.Merge: frozenset({"this", "using", "on", "whens"}),
    exp.Whens: frozenset({"expressions"}),
    exp.When: frozenset({"matched", "then"}),
    exp.Var: _THIS,
    # expressions
    exp.Alias: frozenset({"this", "alias"}),
    exp.Column: frozenset({"this", "table", "db"}),
    exp.Identifier: frozenset({"this", "quoted"}),
    exp.Star: frozenset(),
    exp.Literal: frozenset({"this", "is_string"}),
    exp.Null: frozenset(),
    exp.Boolean: _THIS,
    exp.Parameter: _THIS,
    exp.Paren: _THIS,
    exp.Tuple: frozenset({"expressions"}),
    exp.Case: frozenset({"this", "ifs", "default"}),
    exp.If: frozenset({"this", "true"}),
    exp.Cast: frozenset({"this", "to"}),
    exp.DataType: frozenset({"this", "expressions"}),
    exp.DataTypeParam: _THIS,
    exp.And: _BINARY,
    exp.Or: _BINARY,
    exp.Not: _THIS,
    exp.EQ: _BINARY,
    exp.NEQ: _BINARY,
    exp.GT: _BINARY,
    exp.GTE: _BINARY,
    exp.LT: _BINARY,
    exp.LTE: _BINARY,
    exp.Is: frozenset({"this", "expression", "negate"}),
    exp.In: frozenset({"this", "expressions", "query"}),
    exp.Between: frozenset({"this", "low", "high"}),
    exp.Exists: _THIS,
    exp.Like: frozenset({"this", "expression", "negate"}),
    exp.ILike: frozenset({"this", "expression", "negate"}),
    exp.Escape: _BINARY,
    exp.RegexpLike: _BINARY,
    exp.RegexpILike: _BINARY,
    exp.Add: _BINARY,
    exp.Sub: _BINARY,
    exp.Mul: _BINARY,
    exp.Div: _BINARY | {"typed", "safe"},
    exp.Mod: _BINARY,
    exp.Pow: _BINARY,
    exp.Neg: _THIS,
    exp.DPipe: _BINARY | {"safe"},
    exp.Interval: frozenset({"this", "unit"}),
    exp.AtTimeZone: frozenset({"this", "zone"}),
    exp.Anonymous: frozenset({"this", "expressions"}),
    exp.Extract: _BINARY,
    exp.Trim: frozenset({"this", "expression", "position"}),
    exp.Substring: frozenset({"this", "start", "length"}),
    exp.StrPosition: frozenset({"this", "substr"}),
    exp.CurrentDate: frozenset(),
    exp.CurrentTimestamp: frozenset({"sysdate"}),
    exp.CurrentUser: frozenset(),
    exp.SessionUser: frozenset(),
    exp.CurrentSchema: frozenset(),
    # windows
    exp.Window: frozenset({"this", "partition_by", "order", "spec", "over"}),
    exp.WindowSpec: frozenset({"kind", "start", "start_side", "end", "end_side"}),
    exp.WithinGroup: _BINARY,
    exp.IgnoreNulls: _THIS,
    exp.RespectNulls: _THIS,
}

_REFUSED_WORDS = {
    exp.Filter: "FILTER (WHERE ...)",
    exp.Qualify: "QUALIFY",
    exp.Lateral: "LATERAL",
    exp.Lock: "FOR UPDATE",
    exp.SimilarTo: "SIMILAR TO",
    exp.Bracket: "an array or SUPER element",
    exp.Dot: "a function with a schema, or SUPER navigation",
    exp.TableSample: "TABLESAMPLE",
    exp.Returning: "RETURNING",
    exp.OnConflict: "ON CONFLICT",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
}


_REFUSED_ARGUMENTS = {
    (exp.Group, "all"): "GROUP BY ALL",
    (exp.Star, "except_"): "* EXCLUDE",
    (exp.Star, "replace"): "* REPLACE",
    (exp.Insert, "by_name"): "INSERT BY NAME",
    (exp.With, "recursive"): "WITH RECURSIVE",
    (exp.Join, "method"): "a NATURAL or ASOF JOIN",
    (exp.Between, "symmetric"): "BETWEEN SYMMETRIC",
    (exp.Window, "alias"): "a named WINDOW",
}


@dataclass(frozen=True)
class Plan:
    """What the engine does for a statement: DuckDB's SQL, and what has to be known before it runs."""

    kind: str
    tag: str
    sql: tuple[str, ...] = ()
    locks: tuple[Name, ...] = ()
    names: tuple[tuple[str | None, ...], bool] | None = None
    """Names of the result columns where DuckDB would choose others, and whether they are all of them."""
    tables_only: tuple[Name, ...] = ()
    """Must be tables, not views."""
    uses_clock: bool = False
    data: Any = None


QUERY, DML, DDL = "query", "dml", "ddl"


class _Writer(DuckDB.Generator):
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
        raise PgError("42883", f"function {name} does not exist or is not supported by the local Redshift")

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
        name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position") or "").upper(), "trim")
        rest = f", {self.sql(node.expression)}" if node.expression else ""
        return f"{name}({self.sql(node.this)}{rest})"

    def _substring(self, node: exp.Substring) -> str:
        parts = [node.this, node.args["start"], node.args.get("length")]
        return f"substring({', '.join(self.sql(p) for p in parts if p is not None)})"

    def _position(self, node: exp.StrPosition) -> str:
        return f"cast(strpos({self.sql(node.this)}, {self.sql(node, 'substr')}) as integer)"

    def _like(self, node: exp.Like | exp.ILike) -> str:
        word = ("not " if node.args.get("negate") else "") + ("like" if isinstance(node, exp.Like) else "ilike")
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
        elif isinstance(call, exp.Anonymous) and call.expressions and isinstance(call.expressions[0], exp.IgnoreNulls):
            nulls = " ignore nulls"
            call = exp.Anonymous(this=call.this, expressions=[call.expressions[0].this, *call.expressions[1:]])
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

    TRANSFORMS: ClassVar = {
        **DuckDB.Generator.TRANSFORMS,
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
        exp.Div: lambda self, e: f"{fn.SYSTEM_SCHEMA}.divided({self.sql(e.this)}, {self.sql(e.expression)})",
        exp.Mod: lambda self, e: f"({self.sql(e.this)} % {self.sql(e.expression)})",
        exp.Pow: lambda self, e: f"power({self.sql(e.this)}, {self.sql(e.expression)})",
        exp.DPipe: lambda self, e: f"({self.sql(e.this)} || {self.sql(e.expression)})",
        exp.RegexpLike: lambda self, e: f"regexp_matches({self.sql(e.this)}, {self.sql(e.expression)})",
        exp.RegexpILike: lambda self, e: f"regexp_matches({self.sql(e.this)}, {self.sql(e.expression)}, 'i')",
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


_PLACEHOLDER = re.compile(r"__p(\d+)__$")


def _with_placeholders(text: str, found: list[Token]) -> str:
    """$1 is no token for sqlglot: names stand for the bound values while it parses."""
    out, at = [], 0
    for token in found:
        if token.kind == "parameter":
            out += [text[at : token.start], f"__p{token.text[1:]}__"]
            at = token.end
    return "".join([*out, text[at:]])


def parse(text: str, found: list[Token] | None = None) -> exp.Expr:
    """The checked tree of one query or DML statement. Raises PgError."""
    found = tokens(text) if found is None else found
    try:
        trees = sqlglot.parse(_with_placeholders(text, found), read=_Redshift)
    except RecursionError:
        raise PgError("54001", "statement too complex") from None
    except SqlglotError as error:
        near = re.search(r"\x1b\[4m(.*?)\x1b\[0m", str(error), re.DOTALL)
        raise syntax_error(near[1] if near else "end of input") from None
    if len(trees) != 1 or trees[0] is None:
        raise PgError("42601", "cannot insert multiple commands into a prepared statement")
    tree = trees[0].transform(_placed)
    _check(tree)
    return tree


def _placed(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Column) and not node.args.get("table"):
        if found := _PLACEHOLDER.match(node.name):
            return exp.Parameter(this=exp.Literal.number(found[1]))
    if isinstance(node, exp.Insert) and isinstance(node.this, exp.Tuple) and not node.expression:
        # MERGE ... INSERT VALUES (...) without column names parses as a column called "values".
        (values,) = node.this.expressions[:1] or [None]
        if isinstance(values, exp.Anonymous) and str(values.this).lower() == "values":
            return exp.Insert(expression=exp.Tuple(expressions=values.expressions))
    return node


def _check(tree: exp.Expr) -> None:
    for node in tree.walk():
        allowed = NODES.get(type(node))
        if allowed is None:
            raise unsupported(_REFUSED_WORDS.get(type(node), f"{type(node).__name__} in a statement"))
        for key, value in node.args.items():
            if value and key not in allowed:
                refused = value[0] if isinstance(value, list) else value
                raise unsupported(
                    _REFUSED_ARGUMENTS.get((type(node), key))
                    or _REFUSED_WORDS.get(type(refused))
                    or f"{key.strip('_').upper()} of {type(node).__name__}"
                )
        if check := _CHECKS.get(type(node)):
            check(node)


def _check_identifier(node: exp.Identifier) -> None:
    if not node.args.get("quoted") and str(node.this).lower() in RESERVED:
        raise syntax_error(str(node.this))
    node.set("this", str(node.this).lower())
    node.set("quoted", True)


def _check_column(node: exp.Column) -> None:
    if node.name.lower() in {"rowid", "ctid"}:
        raise PgError("42703", f'column "{node.name}" does not exist')


def _check_distinct(node: exp.Distinct) -> None:
    if node.args.get("on"):
        raise unsupported("DISTINCT ON")


def _check_join(node: exp.Join) -> None:
    side, kind = str(node.args.get("side") or ""), str(node.args.get("kind") or "")
    if side.upper() not in {"", "LEFT", "RIGHT", "FULL"} or kind.upper() not in {"", "INNER", "OUTER", "CROSS"}:
        raise unsupported(f"{side} {kind} JOIN".strip())


def _check_values(node: exp.Values) -> None:
    if not isinstance(node.parent, exp.Insert):
        raise unsupported("VALUES outside INSERT")


def _check_set(node: exp.SetOperation) -> None:
    if node.args.get("by_name"):
        raise unsupported("BY NAME")
    if not isinstance(node, exp.Union) and not node.args.get("distinct"):
        raise unsupported(f"{node.key.upper()} ALL")


def _check_var(node: exp.Var) -> None:
    word = node.name.lower()
    if isinstance(node.parent, (exp.Extract, exp.Interval)) or word == "default":
        return
    if (isinstance(node.parent, exp.When) and word == "delete") or (
        isinstance(node.parent, exp.DataTypeParam) and word == "max"
    ):
        return
    raise syntax_error(node.name)


def _check_ordered(node: exp.Ordered) -> None:
    # NULL is the largest value on Redshift.
    if isinstance(node.this, exp.Column) and node.this.name.lower() == "all" and not node.this.table:
        raise unsupported("ORDER BY ALL")


def _check_group(node: exp.Group) -> None:
    for key in node.expressions:
        if isinstance(key, (exp.Cube, exp.Rollup, exp.GroupingSets)):
            raise unsupported("GROUPING SETS, ROLLUP and CUBE")


def _check_table(node: exp.Table) -> None:
    if not isinstance(node.this, exp.Identifier):
        raise unsupported("a function in FROM")
    if node.args.get("catalog"):
        raise unsupported("a name with a database")
    schema, name = node.db.lower(), node.name.lower()
    relation = f"{schema}.{name}" if schema else name
    if relation in RELATIONS and not (not schema and _is_cte(node, name)):
        if not node.alias:
            node.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
        node.set("db", exp.to_identifier(fn.SYSTEM_SCHEMA))
        node.set("this", exp.to_identifier(RELATIONS[relation]))
    elif schema in {"information_schema", "pg_catalog", fn.SYSTEM_SCHEMA, "main", "temp", "system"} or (
        not schema and re.match(r"(svv|stl|stv|svl|svcs|sys|pg|duckdb|sqlite|pragma)_", name)
    ):
        raise unsupported(f"the system relation {relation}")


def _is_cte(node: exp.Table, name: str) -> bool:
    scope: exp.Expr | None = node
    while scope is not None:
        if (with_ := scope.args.get("with_")) and any(c.alias.lower() == name for c in with_.expressions):
            return True
        scope = scope.parent
    return False


_CHECKS: dict[type[exp.Expr], Any] = {
    exp.Identifier: _check_identifier,
    exp.Column: _check_column,
    exp.Distinct: _check_distinct,
    exp.Join: _check_join,
    exp.Values: _check_values,
    exp.Union: _check_set,
    exp.Intersect: _check_set,
    exp.Except: _check_set,
    exp.Var: _check_var,
    exp.Ordered: _check_ordered,
    exp.Group: _check_group,
    exp.Table: _check_table,
}


def write(tree: exp.Expr, oids: tuple[int, ...] = ()) -> str:
    """DuckDB's SQL for a checked tree."""
    writer = _Writer(dialect=DuckDB(), identify=True, comments=False)
    writer.oids = oids
    return writer.generate(tree, copy=False)


def _name(table: exp.Expr) -> Name:
    if not isinstance(table, exp.Table):
        raise syntax_error("(")
    return Name(table.db.lower(), table.name.lower())


def _uses_clock(sql: str) -> bool:
    return "'redshift_now'" in sql


def query(text: str, oids: tuple[int, ...] = (), found: list[Token] | None = None) -> Plan:
    """SELECT, with or without WITH, and set operations."""
    tree = parse(text, found)
    if not isinstance(tree, exp.Query):
        raise syntax_error(text.split(None, 1)[0])
    sql = write(tree, oids)
    return Plan(QUERY, "SELECT", (sql,), names=_output_names(tree), uses_clock=_uses_clock(sql))


def _output_names(tree: exp.Expr) -> tuple[tuple[str | None, ...], bool]:
    """What Redshift calls the columns; where a * hides how many there are, only those before it."""
    while isinstance(tree, (exp.SetOperation, exp.Subquery)):
        tree = tree.this
    names: list[str | None] = []
    for projection in tree.expressions:
        if projection.is_star:
            return tuple(names), False
        names.append(output_name(projection))
    return tuple(names), True


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
    if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Select) and node.this.expressions:
        return output_name(node.this.expressions[0])
    return known.get(type(node), "?column?")


def named(tree: exp.Expr) -> exp.Expr:
    """Gives the columns of a query that becomes a table or view the names Redshift gives them."""
    select = tree
    while isinstance(select, (exp.SetOperation, exp.Subquery)):
        select = select.this
    for projection in list(select.expressions):
        if not isinstance(projection, (exp.Alias, exp.Column, exp.Star)):
            name = output_name(projection)
            if name == "?column?":
                raise PgError("42601", "every column of a table or view needs a name: use AS")
            projection.replace(exp.alias_(projection.copy(), name, quoted=True))
    return tree


def _written(tag: str, tree: exp.Expr, target: Name, oids: tuple[int, ...]) -> Plan:
    sql = write(tree, oids)
    return Plan(DML, tag, (sql,), locks=(target,), uses_clock=_uses_clock(sql))


_VALUE_WORDS = frozenset({"null", "true", "false", "default"})


def _insert_of_values(text: str, found: list[Token], oids: tuple[int, ...]) -> Plan | None:
    """INSERT of plain values, which may be ten thousands: written without building a tree."""
    reader = Reader(text)
    reader.expect("insert", "into")
    target = reader.qualified()
    columns = reader.names() if reader.peek().text == "(" and reader.peek(1).word not in ("select", "with") else []
    if not reader.accept("values"):
        return None
    out: list[str] = []
    depth = 0
    rest = found[len(found) - reader.remaining :]
    for token in rest:
        if token.kind == "parameter":
            number = int(token.text[1:])
            known = PARAMETER_TYPES.get(oids[number - 1]) if number <= len(oids) else None
            out.append(f"cast({token.text} as {known})" if known else token.text)
        elif token.kind == "string" and "\\" not in token.text:
            out.append(token.text)
        elif token.kind == "number" or token.word in _VALUE_WORDS:
            out.append(token.text)
        elif token.text in ("(", ")"):
            depth += 1 if token.text == "(" else -1
            if depth not in (0, 1):
                return None
            out.append(token.text)
        elif token.text in (",", "-"):
            out.append(token.text)
        else:
            return None
    names = f" ({', '.join(Name('', c).sql for c in columns)})" if columns else ""
    return Plan(DML, "INSERT", (f"insert into {target.sql}{names} values {' '.join(out)}",), (target,))


def insert(text: str, oids: tuple[int, ...], found: list[Token]) -> Plan:
    if plan := _insert_of_values(text, found, oids):
        return plan
    tree = parse(text, found)
    if not isinstance(tree, exp.Insert):
        raise syntax_error("insert")
    table = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    if table.alias:
        raise unsupported("an alias of the table that is inserted into")
    if tree.expression is None:
        raise syntax_error("end of input")
    return _written("INSERT", tree, _name(table), oids)


def update(text: str, oids: tuple[int, ...], found: list[Token]) -> Plan:
    tree = parse(text, found)
    if not isinstance(tree, exp.Update):
        raise syntax_error("update")
    for assignment in tree.expressions:
        if not isinstance(assignment, exp.EQ) or not isinstance(assignment.this, exp.Column) or assignment.this.table:
            raise PgError("42601", "SET takes plain column names")
    return _written("UPDATE", tree, _name(tree.this), oids)


def delete(text: str, oids: tuple[int, ...], found: list[Token]) -> Plan:
    tree = parse(text, found)
    if not isinstance(tree, exp.Delete):
        raise syntax_error("delete")
    if tree.this.alias:
        raise unsupported("an alias of the table that is deleted from")
    return _written("DELETE", tree, _name(tree.this), oids)


def merge(text: str, oids: tuple[int, ...], found: list[Token]) -> Plan:
    """MERGE within Redshift's limits (guide: r_MERGE)."""
    if [t.word for t in found[-2:]] == ["remove", "duplicates"]:
        raise unsupported("MERGE ... REMOVE DUPLICATES")
    tree = parse(text, found)
    if not isinstance(tree, exp.Merge):
        raise syntax_error("merge")
    target, source = tree.this, tree.args["using"]
    if not isinstance(source, exp.Table):
        raise unsupported("MERGE whose source is not a table")
    if target.alias:
        raise unsupported("an alias of the target of MERGE")
    if not isinstance(tree.args["on"], exp.Condition) or not tree.args["on"].find(exp.EQ):
        raise PgError("42601", "MERGE needs an equality in its ON condition")
    whens = tree.args["whens"].expressions
    if sorted(bool(w.args.get("matched")) for w in whens) != [False, True]:
        raise PgError("42601", "MERGE needs one WHEN MATCHED and one WHEN NOT MATCHED")
    for when in whens:
        then = when.args["then"]
        if when.args.get("matched"):
            is_fine = isinstance(then, exp.Update) or (isinstance(then, exp.Var) and then.name.lower() == "delete")
        else:
            is_fine = isinstance(then, exp.Insert)
        if not is_fine:
            raise unsupported("this action of MERGE")
        if isinstance(then, exp.Update):
            for assignment in then.expressions:
                if assignment.this.table:
                    raise PgError("42601", "SET takes plain column names")
    plan = _written("MERGE", tree, _name(target), oids)
    return replace(plan, tables_only=(_name(source),))


def expression(text: str) -> str:
    """DuckDB's SQL for a DEFAULT: no columns, and a clock that needs no session."""
    tree = parse(f"select {text}").expressions[0]
    if tree.find(exp.Column, exp.Query, exp.Parameter):
        raise PgError("42601", "cannot use a column, a query or a bound value in DEFAULT")
    return write(tree).replace("getvariable('redshift_now')", "now()")


@lru_cache(maxsize=4096)
def translate(text: str, oids: tuple[int, ...] = (), schema: str = "public") -> Plan:
    """The plan of one statement; ``schema`` is where unqualified names of new views are looked up.

    Raises PgError with what Redshift would say, or 0A000 for what is not done here as Redshift does it.
    """
    from sms_warehouse.local.redshift import commands, ddl, psql

    if answer := psql.recognised(text, schema):
        return Plan(QUERY, "SELECT", (answer,))
    found = tokens(text)
    while found and found[-1].text == ";":
        text = text[: found.pop().start]
    if not found:
        return Plan("empty", "")
    if any(t.text == ";" for t in found):
        raise PgError("42601", "cannot insert multiple commands into a prepared statement")
    word = next((t.word for t in found if t.text != "("), "")
    if word in ("select", "with"):
        if word == "with":
            depth = 0
            for token in found:
                depth += (token.text == "(") - (token.text == ")")
                if depth == 0 and token.word in ("update", "delete"):
                    return update(text, oids, found) if token.word == "update" else delete(text, oids, found)
        return query(text, oids, found)
    if dml := {"insert": insert, "update": update, "delete": delete, "merge": merge}.get(word):
        return dml(text, oids, found)
    if word in ddl.STATEMENTS:
        return ddl.STATEMENTS[word](Reader(text), schema, oids)
    if word in commands.STATEMENTS:
        return commands.STATEMENTS[word](Reader(text))
    if word in commands.REFUSED:
        raise unsupported(word.upper())
    raise syntax_error(found[0].text)
