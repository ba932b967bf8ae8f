"""What a rule is, and what it gets to see of a statement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

from sqlglot import exp

from local_redshift.grammar import parse
from local_redshift.lint.statements import Project, Statement
from local_redshift.reader import Token, positional, tokens

Node = TypeVar("Node", bound=exp.Expr)
Place = exp.Expr | Token
"""Where a rule is broken."""

# The loads of reference data are thousands of tokens of plain values: there is nothing in them to look at.
_LONGEST_TREE = 20_000


@dataclass(frozen=True)
class Rule:
    """``wrong`` breaks this rule, ``right`` keeps all of them; ``page`` is of the Redshift Database Developer Guide."""

    name: str
    sentence: str
    page: str
    wrong: str
    right: str
    find: Callable[[Sent], Iterable[Place]]


class Sent:
    """A statement as the driver sends it, its values as ``$1``: tokens, kind and syntax tree."""

    def __init__(self, statement: Statement, project: Project) -> None:
        self.statement = statement
        self.project = project

    @cached_property
    def text(self) -> str:
        return positional(self.statement.text)[0]

    @cached_property
    def tokens(self) -> list[Token]:
        return tokens(self.text)

    @cached_property
    def kind(self) -> str:
        """The first word; ``table`` or ``view`` for one AS a query, and what follows WITH."""
        words = [t.word for t in self.tokens]
        first = next((w for w, t in zip(words, self.tokens, strict=True) if t.text != "("), "")
        if first == "create" and self._query_start is not None:
            return "view" if "view" in words[:4] else "table"
        if first == "with":
            return self.tree.key if isinstance(self.tree, (exp.Update, exp.Delete)) else "select"
        return first

    @cached_property
    def tree(self) -> exp.Expr | None:
        """The tree of a query or DML statement, of the query of CREATE TABLE AS or of a view; None for others."""
        first = self.tokens[0]
        if first.word == "create":
            start = self._query_start
            if start is None:
                return None
            # Blank lines keep the places of what follows.
            text = "\n" * self.text.count("\n", 0, start) + self.text[start:]
            return parse(_unbound(text))
        if first.text == "(" or first.word in _PARSED:
            is_long = first.word == "insert" and len(self.text) > _LONGEST_TREE
            return None if is_long else parse(self.text)
        return None

    @cached_property
    def query(self) -> exp.Expr | None:
        """The query of the statement, if it is one or stores one."""
        tree = self.tree
        if isinstance(tree, exp.Insert):
            tree = tree.expression
        return tree if isinstance(tree, exp.Query) else None

    @cached_property
    def _query_start(self) -> int | None:
        depth = 0
        for token, following in pairwise(self.tokens):
            depth += (token.text == "(") - (token.text == ")")
            if depth == 0 and token.word == "as" and following.word in ("select", "with", ""):
                return following.start
        return None

    def all(self, *kinds: type[Node]) -> Iterator[Node]:
        """The nodes of some kinds, in the order in which they stand."""
        if self.tree is not None:
            yield from self.tree.find_all(*kinds, bfs=False)

    def line(self, place: Place) -> int:
        """The line in the file. A node tells through the first name or call in it."""
        if isinstance(place, Token):
            return self.statement.line + self.text.count("\n", 0, place.start)
        nodes: list[exp.Expr] = [*place.walk(bfs=False)]
        while place.parent is not None:
            place = place.parent
            nodes.append(place)
        lines = (node.meta.get("line") for node in nodes)
        return self.statement.line + next((int(n) for n in lines if n), 1) - 1


_PARSED = frozenset({"select", "with", "insert", "update", "delete", "merge"})


def _unbound(text: str) -> str:
    last = tokens(text)[-4:]
    if [t.word for t in last] == ["with", "no", "schema", "binding"]:
        return text[: last[0].start]
    return text


def selects(query: exp.Expr | None) -> Iterator[exp.Select]:
    """The selects whose rows a query returns: one, or the branches of a set operation."""
    if isinstance(query, exp.SetOperation):
        yield from selects(query.left)
        yield from selects(query.right)
    elif isinstance(query, exp.Subquery):
        yield from selects(query.this)
    elif isinstance(query, exp.Select):
        yield query


def within(node: exp.Expr, *kinds: type[exp.Expr]) -> bool:
    """Whether a node stands inside one of these, before the next query outside it."""
    parent = node.parent
    while parent is not None and not isinstance(parent, exp.Query):
        if isinstance(parent, kinds):
            return True
        parent = parent.parent
    return False


def own(select: exp.Expr, *kinds: type[Node]) -> Iterator[Node]:
    """The nodes below one, subqueries left out."""
    below = select.walk(bfs=False, prune=lambda n: n is not select and isinstance(n, exp.Query))
    for node in below:
        if isinstance(node, kinds):
            yield node


def call(node: exp.Expr | None) -> str:
    """The name of the function that a node calls, or nothing."""
    return str(node.this).lower() if isinstance(node, exp.Anonymous) else ""
