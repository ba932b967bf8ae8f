"""Which queries and DML are let in: an allow-list over the tree that sqlglot parses.

Every node, and every argument of a node, has to be listed in ``nodes``. What is not listed is refused in words.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import SqlglotError
from sqlglot.parsers.redshift import RedshiftParser

from local_redshift import scopes
from local_redshift.catalog import RELATIONS
from local_redshift.errors import PgError, syntax_error, unsupported
from local_redshift.macros import SYSTEM_SCHEMA
from local_redshift.nodes import (
    CAST_INSTEAD,
    CASTABLE,
    NODES,
    REFUSED_ARGUMENTS,
    REFUSED_NODES,
    SIZED,
    Refusal,
)
from local_redshift.reader import RESERVED, Token, tokens


class _Parser(RedshiftParser):
    # Every call stays a call by its own name: what it means is looked up in our list, not guessed.
    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parser
        for name, parser in RedshiftParser.FUNCTION_PARSERS.items()
        if name in {"CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM"}
    }
    NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parser
        for name, parser in RedshiftParser.NO_PAREN_FUNCTION_PARSERS.items()
        if name in {"CASE", "SYSDATE"}
    }


class _Redshift(Redshift):
    Parser = _Parser


_PLACEHOLDER = re.compile(r"__p(\d+)__$")


def _for_sqlglot(text: str, found: list[Token]) -> str:
    """The text in words that sqlglot knows: names stand for bound values, FROM for one left out."""
    out, at = [], 0
    for before, token, following in zip([None, *found], found, [*found[1:], None], strict=False):
        if token.kind == "parameter":
            out += [text[at : token.start], f"__p{token.text[1:]}__"]
            at = token.end
        if following is None:
            continue
        if token.text == following.text == "=" and token.end == following.start:
            raise PgError("42883", "operator does not exist: ==; write =")
        if token.word == "approximate" and following.word == "count":
            raise unsupported("APPROXIMATE COUNT", "leave APPROXIMATE out")
        if token.word == "limit" and following.word == "all":
            out.append(text[at : token.start])
            at = following.end
        begins = before is None or (found[0].word == "with" and before.text == ")")
        if token.word == "delete" and begins and following.word != "from":
            # guide: r_DELETE, FROM is optional.
            out.append(f"{text[at : token.end]} from")
            at = token.end
    return "".join([*out, text[at:]])


def parse(text: str, found: list[Token] | None = None) -> exp.Expr:
    """The checked tree of one query or DML statement. Raises PgError."""
    found = tokens(text) if found is None else found
    try:
        trees = sqlglot.parse(_for_sqlglot(text, found), read=_Redshift)
    except RecursionError:
        raise PgError("54001", "statement too complex") from None
    except SqlglotError as error:
        near = re.search(r"\x1b\[4m(.*?)\x1b\[0m", str(error), re.DOTALL)
        raise syntax_error(near[1] if near else "end of input") from None
    if len(trees) != 1 or trees[0] is None:
        raise PgError("42601", "cannot insert multiple commands into a prepared statement")
    tree = trees[0].transform(_placed)
    _check(tree)
    scopes.check(tree)
    return tree


def _placed(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Column):
        found = _PLACEHOLDER.match(node.name)
        if found and not node.table:
            return exp.Parameter(this=exp.Literal.number(found[1]))
        if node.name.lower() == "default" and _is_assigned(node):
            return exp.Var(this="default")
    if isinstance(node, exp.Insert) and isinstance(node.this, exp.Tuple) and not node.expression:
        # MERGE ... INSERT VALUES (...) without column names parses as a column called "values".
        (values,) = node.this.expressions[:1] or [None]
        if isinstance(values, exp.Anonymous) and str(values.this).lower() == "values":
            return exp.Insert(expression=exp.Tuple(expressions=values.expressions))
    return node


def _is_assigned(node: exp.Column) -> bool:
    """SET column = DEFAULT."""
    return (
        isinstance(node.parent, exp.EQ)
        and isinstance(node.parent.parent, exp.Update)
        and node.arg_key == "expression"
        and not node.this.args.get("quoted")
        and not node.table
    )


def _check(tree: exp.Expr) -> None:
    for node in tree.walk():
        allowed = NODES.get(type(node))
        if allowed is None:
            raise unsupported(*REFUSED_NODES.get(type(node), _unknown(node)))
        for key, value in node.args.items():
            if value and key not in allowed.arguments:
                refused = value[0] if isinstance(value, list) else value
                raise unsupported(
                    *(
                        REFUSED_ARGUMENTS.get((type(node), key))
                        or REFUSED_NODES.get(type(refused))
                        or _unknown(node)
                    )
                )
        if check := _CHECKS.get(type(node)):
            check(node)


_SHOWN_CHARACTERS = 60


def _unknown(node: exp.Expr) -> Refusal:
    text = " ".join(node.sql("redshift").split())
    shown = text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."
    return Refusal(f"this form of {shown}", "write the plain form of the Redshift guide")


def _check_identifier(node: exp.Identifier) -> None:
    if not node.args.get("quoted") and str(node.this).lower() in RESERVED:
        raise syntax_error(str(node.this))
    node.set("this", str(node.this).lower())
    node.set("quoted", True)


def _check_current(node: exp.CurrentTimestamp) -> None:
    # guide: Date_functions_header, deprecated leader node-only functions.
    if not node.args.get("sysdate"):
        raise unsupported("CURRENT_TIMESTAMP", "use GETDATE() or SYSDATE")


def _check_column(node: exp.Column) -> None:
    if node.name.lower() in {"rowid", "ctid"}:
        raise PgError("42703", f'column "{node.name}" does not exist')


def _check_join(node: exp.Join) -> None:
    side, kind = str(node.args.get("side") or ""), str(node.args.get("kind") or "")
    if side.upper() not in {"", "LEFT", "RIGHT", "FULL"} or kind.upper() not in {
        "",
        "INNER",
        "OUTER",
        "CROSS",
    }:
        raise unsupported(f"{side} {kind} JOIN".strip(), "use IN, EXISTS or NOT EXISTS")


def _check_subquery(node: exp.Subquery) -> None:
    if isinstance(node.parent, (exp.From, exp.Join)) and not node.alias:
        raise PgError("42601", "subquery in FROM must have an alias")


def _check_values(node: exp.Values) -> None:
    if not isinstance(node.parent, exp.Insert):
        raise unsupported("VALUES outside INSERT", "join SELECTs by UNION ALL")


def _check_set(node: exp.SetOperation) -> None:
    if node.args.get("by_name"):
        raise unsupported("BY NAME", "name the columns in the same order")
    if not isinstance(node, exp.Union) and not node.args.get("distinct"):
        raise unsupported(f"{node.key.upper()} ALL", "leave ALL out")


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
        raise unsupported("ORDER BY ALL", "name the columns")


def _check_table(node: exp.Table) -> None:
    if not isinstance(node.this, exp.Identifier):
        raise unsupported("a function in FROM", "select from a table")
    if node.args.get("catalog"):
        raise unsupported("a name with a database", "say schema.table")
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
        raise unsupported(
            f"the system relation {relation}",
            f"ask one of {', '.join(sorted({name.split('.')[-1] for name in RELATIONS}))}",
        )


def _check_tuple(node: exp.Tuple) -> None:
    """guide: r_in_condition; nothing else of Redshift's takes a row of values."""
    parent = node.parent
    if not isinstance(parent, (exp.In, exp.Values, exp.Insert)):
        raise unsupported("a row of values, (a, b),", "name its values one by one")


def _check_in(node: exp.In) -> None:
    def width(side: exp.Expr) -> int:
        return len(side.expressions) if isinstance(side, exp.Tuple) else 1

    if any(width(value) != width(node.this) for value in node.expressions):
        raise PgError("42601", "unequal number of entries in row expressions")


def _check_merge(node: exp.Merge) -> None:
    """guide: r_MERGE, equal predicates between source and target; matched comes first."""
    matched = [bool(when.args.get("matched")) for when in node.args["whens"].expressions]
    if matched == [False, True]:
        raise PgError("42601", "MERGE takes WHEN MATCHED before WHEN NOT MATCHED")
    on = node.args["on"]
    if on.find(exp.Or):
        raise unsupported("OR in the ON condition of MERGE", "fill a staging table with one key")
    sides = [{node.this.alias_or_name.lower()}, {node.args["using"].alias_or_name.lower()}]
    for equality in on.find_all(exp.EQ):
        pair = [
            {column.table.lower() for column in side.find_all(exp.Column)}
            for side in (equality.this, equality.expression)
        ]
        if pair in (sides, sides[::-1]) and not equality.find_ancestor(exp.Not):
            return
    raise unsupported(
        "MERGE without an equality of target and source in ON",
        "compare columns of both, each with its table's name",
    )


def _check_type(node: exp.DataType) -> None:
    kind = node.this
    if kind in (exp.DType.CHAR, exp.DType.NCHAR, exp.DType.BPCHAR):
        return
    name = str(getattr(kind, "value", kind)).upper()
    if kind not in CASTABLE:
        raise unsupported(
            f"a cast to {name}",
            CAST_INSTEAD.get(kind)
            or "cast to SMALLINT, INTEGER, BIGINT, DECIMAL(p, s), FLOAT8, BOOLEAN, DATE, TIMESTAMP, "
            "TIMESTAMPTZ or VARCHAR(n)",
        )
    if node.expressions and kind not in SIZED:
        raise unsupported(f"a precision of {name}", "leave it out")


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
    exp.CurrentTimestamp: _check_current,
    exp.Join: _check_join,
    exp.Subquery: _check_subquery,
    exp.Values: _check_values,
    exp.Union: _check_set,
    exp.Intersect: _check_set,
    exp.Except: _check_set,
    exp.Var: _check_var,
    exp.Ordered: _check_ordered,
    exp.Table: _check_table,
    exp.Tuple: _check_tuple,
    exp.In: _check_in,
    exp.Merge: _check_merge,
    exp.DataType: _check_type,
}
