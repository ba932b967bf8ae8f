"""Queries over system relations alone, as clients send them to find out what there is.

On Redshift the leader node runs them, with functions, types and operators of PostgreSQL that no other query may
use (guide: c_SQL_functions_leader_node_only). So they are read by a grammar of their own here: it takes more
than ``grammar`` does, over nothing but the views of ``catalog``. A query that reads any other table is none of
them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import SqlglotError
from sqlglot.parsers.redshift import RedshiftParser

from local_redshift import psql
from local_redshift.catalog import IS_SYSTEM_NAME, RELATIONS, why_not
from local_redshift.errors import PgError, unsupported
from local_redshift.leader_writer import FUNCTIONS, write
from local_redshift.macros import SYSTEM_SCHEMA
from local_redshift.plan import QUERY, Plan
from local_redshift.reader import Token, tokens
from local_redshift.writer import output_name

_WORTH_A_LOOK = re.compile(
    rf"\bpg_catalog\b|\bcurrent_database\b|\binformation_schema\b|\b{IS_SYSTEM_NAME}|\breg(class|type|proc)\b|\boid\b",
    re.IGNORECASE,
)
_SERIES = "generate_series"
# Functions in FROM, and the views that answer for them.
_TABLE_FUNCTIONS = {
    "current_database": "current_database",
    "pg_get_late_binding_view_cols": "late_binding_view_columns",
    _SERIES: _SERIES,
}


def plan(text: str) -> Plan | None:
    """The plan of a query over system relations; None for any other text. Raises PgError."""
    if not _WORTH_A_LOOK.search(text):
        return None
    if answer := psql.recognised(text):
        return Plan(QUERY, "SELECT", (answer,))
    found = tokens(text)
    while found and found[-1].text == ";":
        found.pop()
    first = next((t.word for t in found if t.text != "("), "")
    if first not in ("select", "with") or any(t.text == ";" for t in found):
        return None
    said, is_catalog = _plain(found)
    try:
        tree = sqlglot.parse_one(said, read=_Leader)
    except (SqlglotError, RecursionError):
        if is_catalog:
            raise unsupported("this query over system relations") from None
        return None
    if not isinstance(tree, exp.Query) or not _is_of_leader(tree, is_catalog):
        return None
    names = tuple(_names(tree))
    tree = tree.transform(_placed)
    for node in tree.walk():
        _check(node)
    return Plan(QUERY, "SELECT", (write(tree),), names=names)


def _names(tree: exp.Expr) -> Iterator[str]:
    """What the columns are called, up to the first *."""
    while isinstance(tree, (exp.SetOperation, exp.Subquery)):
        tree = tree.this
    for projection in tree.expressions:
        if projection.is_star:
            return
        name = output_name(projection.transform(_without_object_casts))
        if name == "?column?" and (kind := projection.find(exp.ObjectIdentifier)):
            name = str(kind.this)
        yield name.lower()


def _without_object_casts(node: exp.Expr) -> exp.Expr:
    """A cast to OID or REGCLASS gives its column no name."""
    while isinstance(node, exp.Cast) and isinstance(node.args["to"], exp.ObjectIdentifier):
        node = node.this
    return node


# ---------- reading


class _Parser(RedshiftParser):
    FUNCTIONS: ClassVar[dict[str, Any]] = {}
    FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parser
        for name, parser in RedshiftParser.FUNCTION_PARSERS.items()
        if name in {"CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM"}
    }
    NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
        name: parser
        for name, parser in RedshiftParser.NO_PAREN_FUNCTION_PARSERS.items()
        if name == "CASE"
    }


class _Leader(Redshift):
    Parser = _Parser


def _plain(found: list[Token]) -> tuple[str, bool]:
    """The text without the schema pg_catalog, which is where all is looked up; and whether it was said.

    Bound values become names, as ``$1`` is no token for sqlglot.
    """
    out: list[str] = []
    at = 0
    is_catalog = False

    def word(ahead: int) -> str:
        return found[at + ahead].text.lower().strip('"') if at + ahead < len(found) else ""

    while at < len(found):
        if word(0) == "e" and word(1).startswith("'") and found[at + 1].start == found[at].end:
            raise PgError("42704", 'type "e" does not exist')
        if word(0) == "operator" and [word(n) for n in (1, 2, 3)] == ["(", "pg_catalog", "."]:
            out.append(found[at + 4].text)
            at += 6
        elif word(0) == "collate":
            at += 4 if word(2) == "." else 2
        elif word(0) == "::" and word(1) == "information_schema":
            out.append("::varchar")
            at += 4
        elif word(0) == "pg_catalog" and word(1) == ".":
            is_catalog = True
            at += 2
        elif found[at].kind == "parameter":
            out.append(f"__p{found[at].text[1:]}__")
            at += 1
        else:
            out.append(found[at].text)
            at += 1
    return " ".join(out), is_catalog


def _is_of_leader(tree: exp.Query, is_catalog: bool) -> bool:
    """Raises PgError 0A000 for a system relation that is not here."""
    read = [t for t in tree.find_all(exp.Table) if t.db or not _is_cte(t)]
    if any(not _is_system(t) for t in read):
        if any(_is_leaders_alone(t) for t in read):
            raise PgError(
                "0A000",
                "Specified types or functions (one per INFO message) not supported on Redshift tables.",
            )
        return False
    for table in read:
        relation = _relation(table)
        if relation not in RELATIONS and relation not in _TABLE_FUNCTIONS:
            raise PgError("0A000", why_not(relation))
    return bool(
        read
        or is_catalog
        or tree.find(exp.ObjectIdentifier)
        or any(str(f.this).lower() in FUNCTIONS for f in tree.find_all(exp.Anonymous))
    )


def _relation(table: exp.Table) -> str:
    name = (
        str(table.this.this).lower()
        if isinstance(table.this, exp.Anonymous)
        else table.name.lower()
    )
    return f"{table.db.lower()}.{name}" if table.db else name


def _is_system(table: exp.Table) -> bool:
    relation = _relation(table)
    return not table.catalog and bool(
        relation in _TABLE_FUNCTIONS
        or relation.startswith("information_schema.")
        or re.match(IS_SYSTEM_NAME, relation)
    )


def _is_leaders_alone(table: exp.Table) -> bool:
    """Views of the cluster's state (STV) may be joined with tables of users, others may not."""
    return _is_system(table) and not _relation(table).startswith("stv_")


def _is_cte(table: exp.Table) -> bool:
    scope: exp.Expr | None = table
    while scope is not None:
        with_ = scope.args.get("with_")
        if with_ and any(c.alias.lower() == table.name.lower() for c in with_.expressions):
            return True
        scope = scope.parent
    return False


# ---------- checking

_ALLOWED = (
    exp.Select,
    exp.Union,
    exp.Intersect,
    exp.Except,
    exp.Subquery,
    exp.With,
    exp.CTE,
    exp.From,
    exp.Join,
    exp.Table,
    exp.TableAlias,
    exp.ColumnDef,
    exp.Where,
    exp.Group,
    exp.Having,
    exp.Order,
    exp.Ordered,
    exp.Limit,
    exp.Offset,
    exp.Distinct,
    exp.Alias,
    exp.Column,
    exp.Identifier,
    exp.Star,
    exp.Literal,
    exp.Null,
    exp.Boolean,
    exp.Parameter,
    exp.Paren,
    exp.Tuple,
    exp.Case,
    exp.If,
    exp.Cast,
    exp.DataType,
    exp.DataTypeParam,
    exp.ObjectIdentifier,
    exp.And,
    exp.Or,
    exp.Not,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.Is,
    exp.In,
    exp.Between,
    exp.Exists,
    exp.Like,
    exp.ILike,
    exp.Escape,
    exp.RegexpLike,
    exp.RegexpILike,
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Div,
    exp.Mod,
    exp.BitwiseAnd,
    exp.BitwiseLeftShift,
    exp.BitwiseRightShift,
    exp.Neg,
    exp.DPipe,
    exp.Anonymous,
    exp.Trim,
    exp.Substring,
    exp.StrPosition,
    exp.Array,
    exp.Bracket,
    exp.CurrentUser,
    exp.SessionUser,
    exp.CurrentSchema,
    exp.Window,
)


def _check(node: exp.Expr) -> None:
    if not isinstance(node, _ALLOWED):
        raise unsupported(f"{type(node).__name__} in a query over system relations")
    if isinstance(node, exp.Identifier):
        # Names are folded, quoted or not: enable_case_sensitive_identifier is off.
        node.set("this", str(node.this).lower())


def _placed(node: exp.Expr) -> exp.Expr:
    """Names of relations as ours, bound values as such."""
    if isinstance(node, exp.Column) and not node.table:
        if bound := re.fullmatch(r"__p(\d+)__", node.name):
            return exp.Parameter(this=exp.Literal.number(bound[1]))
        if node.name.lower() == "user":
            return exp.CurrentUser()
    if isinstance(node, exp.Dot) and "_pg_expandarray" in node.sql():
        # Of the columns of an index, and there are none.
        return exp.Null()
    if isinstance(node, exp.Table) and (node.db or not _is_cte(node)):
        relation = _relation(node)
        alias = node.args.get("alias") or exp.TableAlias(
            this=exp.to_identifier(node.name or relation)
        )
        for column in alias.args.get("columns") or []:
            if isinstance(column, exp.ColumnDef):
                column.replace(column.this)
        if relation == _SERIES:
            return node
        name = _TABLE_FUNCTIONS.get(relation) or RELATIONS[relation]
        return exp.Table(
            this=exp.to_identifier(name, quoted=True),
            db=exp.to_identifier(SYSTEM_SCHEMA, quoted=True),
            alias=alias,
        )
    return node
