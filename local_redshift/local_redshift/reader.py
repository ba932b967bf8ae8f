"""Reads SQL text token by token: for cutting scripts at semicolons, for bound values, and for commands.

Redshift's commands (CREATE TABLE, COPY, SET, LOCK, ...) are small and closed, so they are read by hand and
word by word: a word that is not expected is an error, never skipped.
"""

from __future__ import annotations

import re
from itertools import pairwise
from math import isinf
from typing import NamedTuple

from local_redshift.errors import PgError, syntax_error, unsupported

_TOKEN = re.compile(
    r"""
      (?P<space>\s+ | --[^\n]* | /\*.*?\*/)
    | (?P<string>'(?:[^'\\]|''|\\.)*')
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<parameter>\$\d+)
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<word>[^\W\d][\w$]*)
    | (?P<sign>:: | <> | != | <= | >= | \|\| | !~\* | !~ | ~\* | [-+*/%^(),;.=<>~:\[\]@&|\#?!{}])
    """,
    re.VERBOSE | re.DOTALL,
)

# https://docs.aws.amazon.com/redshift/latest/dg/r_pg_keywords.html: not usable as a name without quotes.
_RESERVED_WORDS = """
    aes128 aes256 all allowoverwrite analyse analyze and any array as asc authorization az64 backup
    between binary blanksasnull both bytedict bzip2 case cast check collate column constraint create
    credentials cross current_date current_time current_timestamp current_user current_user_id
    default deferrable deflate defrag delta delta32k desc disable distinct do else emptyasnull
    enable encode encrypt encryption end except explicit false for foreign freeze from full
    globaldict256 globaldict64k grant group gzip having identity ignore ilike in initially inner
    intersect interval into is isnull join leading left like limit localtime localtimestamp lun luns
    lzo lzop minus mostly16 mostly32 mostly8 natural new not notnull null nulls off offline offset
    oid old on only open or order outer overlaps parallel partition percent permissions pivot
    placing primary raw readratio recover references rejectlog resort respect restore right select
    session_user similar snapshot some sysdate system table tag tdes text255 text32k then timestamp
    to top trailing true truncatecolumns union unique unnest unpivot user using verbose wallet when
    where with without
"""
RESERVED = frozenset(_RESERVED_WORDS.split())


class Name(NamedTuple):
    """A table or view; ``schema`` is empty when it was not said."""

    schema: str
    table: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}" if self.schema else self.table

    @property
    def sql(self) -> str:
        return ".".join(identifier(part) for part in self if part)


class Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int

    @property
    def word(self) -> str:
        return self.text.lower() if self.kind == "word" else ""


def identifier(name: str) -> str:
    """A name quoted for DuckDB."""
    return '"' + name.replace('"', '""') + '"'


def tokens(text: str) -> list[Token]:
    """All tokens but blanks and comments. Raises PgError 42601 for what cannot be one, 22003 for too large a number."""
    found = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            if text[at] in "'\"":
                raise PgError("42601", f"unterminated quoted text at {text[at : at + 20]!r}")
            if text.startswith("/*", at):
                raise PgError("42601", "unterminated /* comment")
            raise syntax_error(text[at])
        if match.lastgroup == "number" and "e" in match[0].lower() and isinf(float(match[0])):
            raise PgError("22003", f'"{match[0]}" is out of range for type double precision')
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match[0], at, match.end()))
        at = match.end()
    return found


def split(text: str) -> list[str]:
    """The statements of a script, without their semicolons; empty ones are left out."""
    statements = []
    begin: int | None = None
    end = 0
    for token in tokens(text):
        if token.text == ";":
            if begin is not None:
                statements.append(text[begin:end])
            begin = None
        else:
            begin = token.start if begin is None else begin
            end = token.end
    if begin is not None:
        statements.append(text[begin:end])
    return statements


def positional(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with ``$1`` for the first ``:name``, as the driver sends it, and the names in this order."""
    numbers: dict[str, int] = {}
    out, at = [], 0
    for sign, name in pairwise(tokens(text)):
        if sign.text == ":" and name.word and name.start == sign.end:
            number = numbers.setdefault(name.text, len(numbers) + 1)
            out += [text[at : sign.start], f"${number}"]
            at = name.end
    return "".join([*out, text[at:]]), tuple(numbers)


_ESCAPE = re.compile(r"''|\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def unquoted(literal: str) -> str:
    """The text of a string literal; a backslash escapes, as on Redshift."""
    return _ESCAPE.sub(lambda m: "'" if m[0] == "''" else _ESCAPED.get(m[1], m[1]), literal[1:-1])


class Reader:
    """Reads one command: ``accept`` takes what may come, ``expect`` what has to."""

    def __init__(self, text: str, found: list[Token] | None = None) -> None:
        self.text = text
        self._tokens = tokens(text) if found is None else found
        self._at = 0

    def peek(self, ahead: int = 0) -> Token:
        at = self._at + ahead
        return (
            self._tokens[at]
            if at < len(self._tokens)
            else Token("end", "", len(self.text), len(self.text))
        )

    def next(self) -> Token:
        token = self.peek()
        self._at += 1
        return token

    def accept(self, *words: str) -> bool:
        """Takes these words or signs if all of them come next."""
        for ahead, word in enumerate(words):
            token = self.peek(ahead)
            if token.word != word and not (token.kind == "sign" and token.text == word):
                return False
        self._at += len(words)
        return True

    def expect(self, *words: str) -> None:
        for word in words:
            if not self.accept(word):
                raise syntax_error(self.peek().text or "end of input")

    def one_of(self, words: dict[str, str] | frozenset[str] | set[str], what: str) -> str:
        token = self.next()
        if token.word not in words:
            raise PgError("42601", f'{what} "{token.text}" does not exist')
        return token.word

    def done(self) -> None:
        if self.peek().kind != "end":
            raise syntax_error(self.peek().text)

    @property
    def remaining(self) -> int:
        """How many tokens are left."""
        return len(self._tokens) - self._at

    @property
    def at_end(self) -> bool:
        return self.peek().kind == "end"

    def rest(self) -> str:
        """The text from here to the end."""
        start = self.peek().start
        self._at = len(self._tokens)
        return self.text[start:]

    def name(self) -> str:
        token = self.next()
        if token.kind == "quoted":
            return token.text[1:-1].replace('""', '"').lower()
        if token.kind != "word" or token.word in RESERVED:
            raise syntax_error(token.text or "end of input")
        return token.word

    def qualified(self) -> Name:
        first = self.name()
        if not self.accept("."):
            return Name("", first)
        second = self.name()
        if self.peek().text == ".":
            raise unsupported("a name with a database", "say schema.table")
        return Name(first, second)

    def names(self) -> list[str]:
        """A list of names in parentheses."""
        self.expect("(")
        found = [self.name()]
        while self.accept(","):
            found.append(self.name())
        self.expect(")")
        return found

    def integer(self) -> int:
        token = self.next()
        if token.kind != "number" or not token.text.isdigit():
            raise syntax_error(token.text or "end of input")
        return int(token.text)

    def string(self) -> str:
        token = self.next()
        if token.kind != "string":
            raise syntax_error(token.text or "end of input")
        return unquoted(token.text)

    def expression(self, stop: frozenset[str]) -> str:
        """The text of an expression up to a comma, an open ) or one of the words."""
        start = self.peek().start
        end = start
        depth = 0
        while not self.at_end:
            token = self.peek()
            if depth == 0 and (token.text in (",", ")") or token.word in stop):
                break
            depth += (token.text == "(") - (token.text == ")")
            end = self.next().end
        if start == end:
            raise syntax_error(self.peek().text or "end of input")
        return self.text[start:end]
