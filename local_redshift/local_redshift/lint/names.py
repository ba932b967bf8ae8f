"""Rules about names and types, read from the words themselves: a parser makes alike what Redshift tells apart."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from sqlglot import exp

from local_redshift.lint.rule import Place, Rule, Sent
from local_redshift.reader import Token

_TYPE_NAMES = """
    smallint int2 integer int int4 bigint int8 real float4 float float8 decimal numeric boolean bool date timestamp
    timestamptz varchar nvarchar character double
"""
_TYPES = frozenset(_TYPE_NAMES.split())
_NO_COLUMNS = frozenset({"primary", "unique", "foreign", "constraint", "like"})
_LONGEST_NAME_BYTES = 127
# Words that sqlglot reads as operators or clauses of other databases.
_FOREIGN_WORDS = frozenset({"rlike", "regexp", "glob", "div", "xor", "sounds", "semi", "anti"})
_FOREIGN_SIGNS = frozenset({("=", "="), ("&", "&"), ("/", "/"), ("*", "*"), ("<", "=>")})


def _type_places(sent: Sent) -> Iterator[tuple[Token, Token]]:
    """Each token that names a type, and the one behind it."""
    found = [*sent.tokens, Token("end", "", 0, 0), Token("end", "", 0, 0)]
    opened: list[str] = []
    for at in range(len(sent.tokens)):
        token, before = found[at], found[at - 1] if at else found[-1]
        if before.text == "::" or (before.word == "as" and opened and opened[-1] == "cast"):
            yield token, found[at + 1]
        if token.text == "(":
            opened.append(before.word)
        elif token.text == ")" and opened:
            opened.pop()
    yield from _declared(sent, found)


def _declared(sent: Sent, found: list[Token]) -> Iterator[tuple[Token, Token]]:
    words = [t.word for t in found]
    if words[0] == "alter" and "add" in words:
        at = words.index("add") + 1
        at += words[at] == "column"
        yield found[at + 1], found[at + 2]
    if words[0] != "create" or "table" not in words[:4] or sent.tree is not None:
        return
    depth = 0
    for at, token in enumerate(sent.tokens):
        opens = depth == 0 and token.text == "("
        depth += (token.text == "(") - (token.text == ")")
        begins = opens or (depth == 1 and token.text == ",")
        if begins and found[at + 2].kind == "word" and words[at + 1] not in _NO_COLUMNS:
            yield found[at + 2], found[at + 3]
        if depth == 0 and token.text == ")":
            return


def _type_name(sent: Sent) -> Iterator[Place]:
    for token, following in _type_places(sent):
        known = token.word in _TYPES and following.word not in {"unsigned", "signed"}
        if not known or (token.word == "double") != (following.word == "precision"):
            yield token


def _varchar_length(sent: Sent) -> Iterator[Place]:
    for token, following in _type_places(sent):
        if token.word in {"varchar", "nvarchar"} and following.text != "(":
            yield token


def _decimal_scale(sent: Sent) -> Iterator[Place]:
    for token, following in _type_places(sent):
        if token.word in {"decimal", "numeric"} and following.text != "(":
            yield token


def _plain_name(sent: Sent) -> Iterator[Place]:
    yield from (t for t in sent.tokens if t.kind == "quoted")


def _name_length(sent: Sent) -> Iterator[Place]:
    for token in sent.tokens:
        if token.kind == "word" and len(token.text.encode()) > _LONGEST_NAME_BYTES:
            yield token


def _spelling(sent: Sent) -> Iterator[Place]:
    for token, following in pairwise(sent.tokens):
        is_joined = token.end == following.start
        if (
            (is_joined and (token.text, following.text) in _FOREIGN_SIGNS)
            or (token.word in _FOREIGN_WORDS and following.text not in {",", "."})
            or (token.text == "," and following.word in {"from", "where", "order", "group"})
            or (token.word, following.kind) in {("interval", "number"), ("as", "string")}
        ):
            yield token
    for limit, _, comma in zip(sent.tokens, sent.tokens[1:], sent.tokens[2:], strict=False):
        if limit.word == "limit" and comma.text == ",":
            yield limit


def _enforced_key(sent: Sent) -> Iterator[Place]:
    if sent.tokens[0].word in {"create", "alter"} and sent.tree is None:
        for token, following in pairwise(sent.tokens):
            is_key = token.word in {"primary", "foreign"} and following.word == "key"
            if is_key or token.word in {"unique", "references"}:
                yield token


def _permanent_schema(sent: Sent) -> Iterator[Place]:
    found = sent.tokens
    words = [t.word for t in found]
    is_made = words[0] in {"create", "alter", "drop"} and "temp" not in words[:4]
    for kind in ("table", "view"):
        if is_made and kind in words[:4]:
            at = words.index(kind) + 1
            at += 3 if words[at : at + 3] == ["if", "not", "exists"] else 0
            at += 2 if words[at : at + 2] == ["if", "exists"] else 0
            if at < len(found) and (at + 1 == len(found) or found[at + 1].text != "."):
                yield found[at]
    ctes = {cte.alias for cte in sent.all(exp.CTE)}
    for table in sent.all(exp.Table):
        if not table.db and table.name in sent.project.permanent and table.name not in ctes:
            yield table


RULES = (
    Rule(
        "type-name",
        "a type has one of the names that Redshift gives it",
        "c_Supported_data_types",
        "select cast(rows_landed as double) as landed from control.load",
        "select cast(rows_landed as float8) as landed from control.load",
        _type_name,
    ),
    Rule(
        "varchar-length",
        "VARCHAR has a length: without one it is 256 bytes",
        "r_Character_types",
        "create table control.note (note_id varchar(26), body varchar)",
        "create table control.note (note_id varchar(26), body varchar(1024))",
        _varchar_length,
    ),
    Rule(
        "decimal-scale",
        "DECIMAL has a precision and a scale: without them it has no places after the point",
        "r_Numeric_types201",
        "create table control.amount (amount_id varchar(26), amount decimal)",
        "create table control.amount (amount_id varchar(26), amount decimal(18, 4))",
        _decimal_scale,
    ),
    Rule(
        "plain-name",
        "a name stands without double quotes: Redshift folds it to lower case all the same, DuckDB keeps it",
        "r_names",
        'select load_id as "loadId" from control.load',
        "select load_id as id from control.load",
        _plain_name,
    ),
    Rule(
        "name-length",
        "a name has at most 127 bytes",
        "r_names",
        f"select load_id as {'long_' * 30} from control.load",
        "select load_id as short from control.load",
        _name_length,
    ),
    Rule(
        "spelling",
        "an operator or clause of another database, which only the local parser understands",
        "r_comparison_condition",
        "select load_id from control.load where event_type == 'link_click'",
        "select load_id from control.load where event_type = 'link_click'",
        _spelling,
    ),
    Rule(
        "enforced-key",
        "no PRIMARY KEY, UNIQUE or REFERENCES: nobody enforces them, and the planner believes them",
        "t_Defining_constraints",
        "create table control.note (note_id varchar(26) primary key)",
        "create table control.note (note_id varchar(26) not null)",
        _enforced_key,
    ),
    Rule(
        "permanent-schema",
        "a permanent table is named with its schema: else the search path decides which it is",
        "r_search_path",
        "create table note (note_id varchar(26))",
        "create table control.note (note_id varchar(26))",
        _permanent_schema,
    ),
)  # fmt: skip
