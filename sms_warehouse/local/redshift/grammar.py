"""Which queries and DML are let in: an allow-list over the tree that sqlglot parses.

Every node, and every argument of a node, has to be listed in ``NODES``. What is not listed is refused in words.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import SqlglotError
from sqlglot.parsers.redshift import RedshiftParser

from sms_warehouse.local.redshift.catalog import RELATIONS
from sms_warehouse.local.redshift.errors import PgError, syntax_error, unsupported
from sms_warehouse.local.redshift.functions import SYSTEM_SCHEMA
from sms_warehouse.local.redshift.reader import RESERVED, Token, tokens


class _Parser(RedshiftParser):
    # Every call stays a call by its own name: what it means is looked up in our list, not guessed.
    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parser
        for name, parser in RedshiftParser.FUNCTION_PARSERS.items()
        if name in {"CAST", "DATE_PART", "EXTRACT", "POSITION", "SUBSTRING", "TRIM"}
    }
    NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parser
        for name, parser in RedshiftParser.NO_PAREN_FUNCTION_PARSERS.items()
        if name in {"CASE", "SYSDATE"}
    }


class _Redshift(Redshift):
    Parser = _Parser


_BINARY = frozenset({"this", "expression"})
_THIS = frozenset({"this"})
_SET = frozenset({"this", "expression", "distinct", "by_name", "order", "limit", "offset", "with_"})

# Each node that may occur, and which of its arguments may be set.
NODES: dict[type[Any], frozenset[str]] = {
    # queries
    exp.Select: frozenset(
        [
            "expressions",
            "from_",
            "joins",
            "where",
            "group",
            "having",
            "order",
            "limit",
            "offset",
            "distinct",
            "with_",
        ]
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

_REFUSED_WORDS: dict[type[Any], str] = {
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


_REFUSED_ARGUMENTS: dict[tuple[type[Any], str], str] = {
    (exp.Group, "all"): "GROUP BY ALL",
    (exp.Star, "except_"): "* EXCLUDE",
    (exp.Star, "replace"): "* REPLACE",
    (exp.Insert, "by_name"): "INSERT BY NAME",
    (exp.With, "recursive"): "WITH RECURSIVE",
    (exp.Join, "method"): "a NATURAL or ASOF JOIN",
    (exp.Between, "symmetric"): "BETWEEN SYMMETRIC",
    (exp.Window, "alias"): "a named WINDOW",
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
    if isinstance(node, exp.Column):
        found = _PLACEHOLDER.match(node.name)
        if found and not node.table:
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
            raise unsupported(
                _REFUSED_WORDS.get(type(node), f"{type(node).__name__} in a statement")
            )
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
    if side.upper() not in {"", "LEFT", "RIGHT", "FULL"} or kind.upper() not in {
        "",
        "INNER",
        "OUTER",
        "CROSS",
    }:
        raise unsupported(f"{side} {kind} JOIN".strip())


def _check_subquery(node: exp.Subquery) -> None:
    if isinstance(node.parent, (exp.From, exp.Join)) and not node.alias:
        raise PgError("42601", "subquery in FROM must have an alias")


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
    if (
        isinstance(node.this, exp.Column)
        and node.this.name.lower() == "all"
        and not node.this.table
    ):
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
        node.set("db", exp.to_identifier(SYSTEM_SCHEMA))
        node.set("this", exp.to_identifier(RELATIONS[relation]))
    elif schema in {
        "information_schema",
        "pg_catalog",
        SYSTEM_SCHEMA,
        "main",
        "temp",
        "system",
    } or (not schema and re.match(r"(svv|stl|stv|svl|svcs|sys|pg|duckdb|sqlite|pragma)_", name)):
        raise unsupported(f"the system relation {relation}")


def _is_cte(node: exp.Table, name: str) -> bool:
    scope: exp.Expr | None = node
    while scope is not None:
        if (with_ := scope.args.get("with_")) and any(
            c.alias.lower() == name for c in with_.expressions
        ):
            return True
        scope = scope.parent
    return False


_CHECKS: dict[type[exp.Expr], Any] = {
    exp.Identifier: _check_identifier,
    exp.Column: _check_column,
    exp.Distinct: _check_distinct,
    exp.Join: _check_join,
    exp.Subquery: _check_subquery,
    exp.Values: _check_values,
    exp.Union: _check_set,
    exp.Intersect: _check_set,
    exp.Except: _check_set,
    exp.Var: _check_var,
    exp.Ordered: _check_ordered,
    exp.Group: _check_group,
    exp.Table: _check_table,
}
