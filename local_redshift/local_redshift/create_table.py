"""CREATE TABLE, read word by word, and the definition of a column.

Keys, distribution, sort order and encoding change no result: they are checked as far as Redshift checks them, and
recorded. A VARCHAR's length in bytes becomes a CHECK.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sqlglot import exp

from local_redshift import records
from local_redshift.errors import PgError, syntax_error, unsupported
from local_redshift.grammar import parse
from local_redshift.plan import DDL, Plan
from local_redshift.reader import Name, Reader, identifier
from local_redshift.reads import tables_read
from local_redshift.records import Fact
from local_redshift.types import ColumnType, column_type
from local_redshift.writer import named, write

MAX_NAME_BYTES = 127
MAX_COLUMNS = 1600
_MAX_SORTKEYS = 400
_MAX_INTERLEAVED = 8

_NUMBERS = frozenset({"SMALLINT", "INTEGER", "BIGINT", "DECIMAL"})
_MOMENTS = frozenset({"DATE", "TIMESTAMP", "TIMESTAMPTZ"})
_FLOATS = frozenset({"DOUBLE"})
_ALL = _NUMBERS | _MOMENTS | _FLOATS | {"VARCHAR", "BOOLEAN"}


@dataclass(frozen=True)
class Encoding:
    """A compression encoding: the column types it is for, and its page of the guide."""

    types: frozenset[str]
    page: str


ENCODINGS = {
    "az64": Encoding(_NUMBERS | _MOMENTS, "az64-encoding"),
    "bytedict": Encoding(_ALL - {"BOOLEAN"}, "c_Byte_dictionary_encoding"),
    "delta": Encoding(_NUMBERS | {"DATE", "TIMESTAMP"}, "c_Delta_encoding"),
    "delta32k": Encoding((_NUMBERS | {"DATE", "TIMESTAMP"}) - {"SMALLINT"}, "c_Delta_encoding"),
    "lzo": Encoding(_ALL - {"BOOLEAN"} - _FLOATS, "lzo-encoding"),
    "mostly8": Encoding(_NUMBERS, "c_MostlyN_encoding"),
    "mostly16": Encoding(_NUMBERS - {"SMALLINT"}, "c_MostlyN_encoding"),
    "mostly32": Encoding(frozenset({"BIGINT", "DECIMAL"}), "c_MostlyN_encoding"),
    "raw": Encoding(_ALL, "c_Raw_encoding"),
    "runlength": Encoding(_ALL, "c_Runlength_encoding"),
    "text255": Encoding(frozenset({"VARCHAR"}), "c_Text255_encoding"),
    "text32k": Encoding(frozenset({"VARCHAR"}), "c_Text255_encoding"),
    "zstd": Encoding(_ALL, "zstd-encoding"),
}
_DISTSTYLES = {"auto", "even", "key", "all"}
_COLUMN_ATTRIBUTES = """
    default identity generated encode distkey sortkey not null unique primary references collate
"""
_COLUMN_WORDS = frozenset(_COLUMN_ATTRIBUTES.split())


@dataclass
class ColumnDefinition:
    name: str
    type: ColumnType
    default: str | None = None
    is_not_null: bool = False
    identity: tuple[int, int] | None = None
    is_identity_by_default: bool = False
    encoding: str = ""

    def with_default(self, default: str | None) -> ColumnDefinition:
        return replace(self, default=default)

    def sql(self) -> str:
        parts = [identifier(self.name), self.type.sql]
        if self.default is not None:
            parts.append(f"default {self.default}")
        if self.is_not_null or self.identity:
            parts.append("not null")
        if self.type.max_bytes is not None:
            parts.append(limit_sql(self.name, self.type.max_bytes))
        return " ".join(parts)


def limit_sql(column: str, size: int) -> str:
    """Redshift cuts blanks beyond the length (guide: r_Character_types); the first CHECK tells that case apart."""
    name = identifier(column)
    return (
        f"check (case when strlen({name}) <= {size} then true else strlen(rtrim({name}, ' ')) > {size} end) "
        f"check (strlen({name}) <= {size})"
    )


@dataclass
class Constraint:
    """PRIMARY KEY, UNIQUE or FOREIGN KEY: informational, but not about anything that does not exist."""

    what: str
    columns: tuple[str, ...]
    references: Name | None = None
    referenced: tuple[str, ...] = ()

    def facts(self, number: int, resolved: Callable[[Name], Name]) -> list[Fact]:
        to = str(resolved(self.references)) if self.references else ""
        return [Fact(self.what, name, to, number) for name in self.columns]


@dataclass
class Layout:
    """The physical design, the lengths of texts and the constraints that were said."""

    diststyle: str | None = None
    backup: str | None = None
    distkeys: list[str] = field(default_factory=list)
    sortkeys: list[str] = field(default_factory=list)
    is_interleaved: bool = False
    column_sortkeys: list[str] = field(default_factory=list)
    lengths: dict[str, int] = field(default_factory=dict)
    constraints: list[Constraint] = field(default_factory=list)

    def check(self, columns: list[str] | None) -> None:
        """``columns`` is None where they are not known yet. Raises PgError."""
        if len(self.distkeys) > 1:
            raise PgError("42601", "Cannot specify more than one DISTKEY")
        if self.distkeys and self.diststyle not in (None, "key"):
            raise PgError(
                "42601", f"Cannot specify DISTKEY for DISTSTYLE {str(self.diststyle).upper()}"
            )
        if self.diststyle == "key" and not self.distkeys:
            raise PgError("42601", "DISTSTYLE KEY requires a DISTKEY")
        if self.sortkeys and self.column_sortkeys:
            raise PgError("42601", "Cannot specify SORTKEY twice")
        if len(self.sortkeys) > _MAX_SORTKEYS:
            raise PgError("54011", f"a sort key has at most {_MAX_SORTKEYS} columns")
        if self.is_interleaved and len(self.sortkeys) > _MAX_INTERLEAVED:
            raise PgError(
                "54011", f"an interleaved sort key has at most {_MAX_INTERLEAVED} columns"
            )
        if sum(c.what == records.PRIMARY_KEY for c in self.constraints) > 1:
            raise PgError("42P16", "multiple primary keys for a table are not allowed")
        keys = [n for c in self.constraints for n in c.columns]
        for name in [*self.distkeys, *self.sortkeys, *keys]:
            if columns is not None and name not in columns:
                raise PgError("42703", f'column "{name}" named in key does not exist')

    def facts(self, resolved: Callable[[Name], Name]) -> list[Fact]:
        """What there is to record; ``resolved`` qualifies the names of tables."""
        found = [Fact(records.DISTKEY, name) for name in self.distkeys]
        kind = records.INTERLEAVED if self.is_interleaved else records.SORTKEY
        keys = self.sortkeys or self.column_sortkeys
        found += [Fact(kind, name, "", place) for place, name in enumerate(keys, 1)]
        style = self.diststyle or ("key" if self.distkeys else None)
        found += [Fact(records.DISTSTYLE, "", style)] if style else []
        found += [Fact(records.BACKUP, "", self.backup)] if self.backup else []
        found += [Fact(records.BYTES, name, str(size)) for name, size in self.lengths.items()]
        for number, constraint in enumerate(self.constraints, 1):
            found += constraint.facts(number, resolved)
        return found


@dataclass(frozen=True)
class CreateTable:
    target: Name
    is_temporary: bool
    if_not_exists: bool
    columns: tuple[ColumnDefinition, ...]
    layout: Layout


@dataclass(frozen=True)
class CreateTableLike:
    """CREATE TABLE x (LIKE y)."""

    target: Name
    is_temporary: bool
    if_not_exists: bool
    source: Name
    with_defaults: bool


@dataclass(frozen=True)
class CreateTableAs:
    """``query`` is DuckDB's SQL, ``tree`` the syntax tree of it: the lengths of its texts are in there."""

    target: Name
    is_temporary: bool
    names: tuple[str, ...]
    tree: exp.Expr
    query: str
    reads: tuple[Name, ...]
    layout: Layout


def create_table(reader: Reader, is_temporary: bool) -> Plan:
    """What follows CREATE [TEMP] TABLE (guide: r_CREATE_TABLE_NEW, r_CREATE_TABLE_AS). Raises PgError."""
    if_not_exists = reader.accept("if", "not", "exists")
    if reader.peek().text == "#":
        raise unsupported("a name that begins with #", "use CREATE TEMP TABLE")
    name = new_name(reader)
    if is_temporary and name.schema:
        raise PgError("42P16", "temporary tables cannot specify a schema name")
    locks = () if is_temporary else (name,)
    layout = Layout()
    columns: list[ColumnDefinition] = []
    names: list[str] = []
    if reader.accept("("):
        if reader.accept("like"):
            like = _like(reader, name, is_temporary, if_not_exists)
            return Plan(DDL, "CREATE TABLE", locks=locks, data=like)
        if reader.peek(1).text in (",", ")"):
            names = [column_name(reader)]
            while reader.accept(","):
                names.append(column_name(reader))
        else:
            _table_element(reader, columns, layout)
            while reader.accept(","):
                _table_element(reader, columns, layout)
        reader.expect(")")
    _table_options(reader, layout)
    if reader.accept("as"):
        if columns or if_not_exists:
            raise syntax_error("AS")
        tree = query_tree(reader, "CREATE TABLE AS")
        layout.check(names or None)
        written = write(tree.copy())
        made = CreateTableAs(
            name, is_temporary, tuple(names), tree, written, tables_read(tree), layout
        )
        return Plan(
            DDL,
            "SELECT",
            locks=locks,
            reads=made.reads,
            uses_clock="'redshift_now'" in written,
            data=made,
        )
    reader.done()
    if not columns:
        raise syntax_error("end of input")
    _check_columns(columns, layout, is_temporary)
    table = CreateTable(name, is_temporary, if_not_exists, tuple(columns), layout)
    return Plan(DDL, "CREATE TABLE", locks=locks, data=table)


def _check_columns(columns: list[ColumnDefinition], layout: Layout, is_temporary: bool) -> None:
    names = [c.name for c in columns]
    check_columns(names)
    layout.check(names)
    for constraint in layout.constraints:
        if constraint.what == records.PRIMARY_KEY:
            for column in columns:
                column.is_not_null |= column.name in constraint.columns
    if sum(c.identity is not None for c in columns) > 1:
        raise PgError("42601", "multiple identity columns for a table are not allowed")
    if is_temporary and any(c.identity for c in columns):
        raise unsupported("IDENTITY in a temporary table", "use ROW_NUMBER() where it is filled")


def check_columns(names: list[str]) -> None:
    """Raises PgError 42701 or 54011."""
    for name in names:
        if names.count(name) > 1:
            raise PgError("42701", f'column "{name}" specified more than once')
    if len(names) > MAX_COLUMNS:
        raise PgError("54011", f"tables can have at most {MAX_COLUMNS} columns")


def new_name(reader: Reader) -> Name:
    """The name of what is to be made. Raises PgError."""
    name = reader.qualified()
    if name.schema in ("pg_catalog", "information_schema", "_redshift", "main"):
        raise PgError("42501", f"permission denied for schema {name.schema}")
    return Name(name.schema, checked_name(name.table))


def checked_name(name: str) -> str:
    """Redshift cuts longer names, and then they are not what was said (guide: r_names)."""
    if len(name.encode()) > MAX_NAME_BYTES:
        raise unsupported(
            f"a name of more than {MAX_NAME_BYTES} bytes, which Redshift cuts", "use a shorter one"
        )
    return name


def column_name(reader: Reader) -> str:
    return checked_name(reader.name())


def query_tree(reader: Reader, statement: str) -> exp.Expr:
    """The checked tree of the query that follows, its columns named. Raises PgError."""
    tree = parse(reader.rest())
    if not isinstance(tree, exp.Query):
        raise syntax_error("AS")
    if tree.find(exp.Parameter):
        # guide: r_PREPARE
        raise unsupported(
            f"a bound value in {statement}",
            "only SELECT, INSERT, UPDATE and DELETE take them; create the table and use INSERT INTO ... SELECT",
        )
    return named(tree)


def _like(reader: Reader, name: Name, is_temporary: bool, if_not_exists: bool) -> CreateTableLike:
    source = reader.qualified()
    with_defaults = reader.accept("including", "defaults")
    if not with_defaults:
        reader.accept("excluding", "defaults")
    if reader.peek().text == ",":
        raise unsupported("LIKE beside columns", "use LIKE alone, and ALTER TABLE ADD COLUMN")
    reader.expect(")")
    reader.done()
    return CreateTableLike(name, is_temporary, if_not_exists, source, with_defaults)


def _table_element(reader: Reader, columns: list[ColumnDefinition], layout: Layout) -> None:
    if reader.peek().word in ("primary", "unique", "foreign", "constraint", "check"):
        layout.constraints.append(table_constraint(reader))
    else:
        columns.append(column_definition(reader, layout))


def table_constraint(reader: Reader) -> Constraint:
    if reader.accept("constraint"):
        reader.name()
    if reader.accept("foreign", "key"):
        columns = tuple(reader.names())
        reader.expect("references")
        return _foreign_key(reader, columns)
    if reader.accept("primary", "key"):
        return Constraint(records.PRIMARY_KEY, tuple(reader.names()))
    if reader.accept("unique"):
        return Constraint(records.UNIQUE, tuple(reader.names()))
    raise unsupported(
        f"the constraint {reader.peek().text.upper()}", "look for wrong rows with a query"
    )


def _foreign_key(reader: Reader, columns: tuple[str, ...]) -> Constraint:
    to = reader.qualified()
    referenced = tuple(reader.names()) if reader.peek().text == "(" else ()
    return Constraint(records.FOREIGN_KEY, columns, to, referenced)


def column_definition(reader: Reader, layout: Layout) -> ColumnDefinition:
    column = ColumnDefinition(column_name(reader), column_type(reader))
    if column.type.max_bytes is not None:
        layout.lengths[column.name] = column.type.max_bytes
    base = column.type.sql.split("(")[0]
    seen: set[str] = set()
    while reader.peek().kind == "word":
        word = reader.peek().word
        if word in seen:
            raise PgError("42601", f"{word.upper()} specified more than once")
        seen.add(word)
        if reader.accept("not", "null"):
            column.is_not_null = True
        elif reader.accept("null"):
            pass
        elif reader.accept("unique"):
            layout.constraints.append(Constraint(records.UNIQUE, (column.name,)))
        elif reader.accept("primary", "key"):
            column.is_not_null = True
            layout.constraints.append(Constraint(records.PRIMARY_KEY, (column.name,)))
        elif reader.accept("references"):
            layout.constraints.append(_foreign_key(reader, (column.name,)))
        elif reader.accept("default"):
            column.default = _default(reader.expression(_COLUMN_WORDS - {"default", "null"}))
        elif reader.accept("identity"):
            column.identity = _identity(reader, base)
        elif reader.accept("generated", "by", "default", "as", "identity"):
            column.identity = _identity(reader, base)
            column.is_identity_by_default = True
        elif reader.accept("encode"):
            column.encoding = _encoding(reader, column.name, base)
        elif reader.accept("distkey"):
            layout.distkeys.append(column.name)
        elif reader.accept("sortkey"):
            layout.column_sortkeys.append(column.name)
            if len(layout.column_sortkeys) > 1:
                raise PgError("42601", "Cannot specify more than one column with SORTKEY")
        elif reader.accept("collate"):
            raise unsupported("COLLATE", "use UPPER() or LOWER() in comparisons")
        else:
            raise syntax_error(reader.peek().text)
    if column.identity and column.default is not None:
        raise PgError("42601", f'both default and identity specified for column "{column.name}"')
    return column


def _encoding(reader: Reader, column: str, base: str) -> str:
    encoding = reader.one_of(set(ENCODINGS), "encoding")
    if base not in ENCODINGS[encoding].types:
        raise PgError("42804", f'invalid encoding type specified for column "{column}"')
    return encoding


def _default(text: str) -> str:
    """DuckDB's SQL for a DEFAULT: no columns, and a clock that needs no session."""
    tree = parse(f"select {text}").expressions[0]
    if tree.find(exp.Column, exp.Query, exp.Parameter):
        raise PgError("42601", "cannot use a column, a query or a bound value in DEFAULT")
    return write(tree).replace("getvariable('redshift_now')", "now()")


def _identity(reader: Reader, base: str) -> tuple[int, int]:
    if base not in ("INTEGER", "BIGINT"):
        raise PgError("42804", "the data type of an IDENTITY column must be INTEGER or BIGINT")
    reader.expect("(")
    seed = reader.integer()
    reader.expect(",")
    step = reader.integer()
    reader.expect(")")
    return seed, step


def _table_options(reader: Reader, layout: Layout) -> None:
    seen: set[str] = set()

    def once(option: str) -> None:
        if option in seen:
            raise PgError("42601", f"{option} specified more than once")
        seen.add(option)

    while True:
        if reader.accept("backup"):
            once("BACKUP")
            layout.backup = reader.one_of({"yes", "no"}, "BACKUP")
        elif reader.accept("diststyle"):
            once("DISTSTYLE")
            layout.diststyle = reader.one_of(_DISTSTYLES, "DISTSTYLE")
        elif reader.accept("distkey"):
            once("DISTKEY")
            layout.distkeys += reader.names()
        elif reader.accept("encode", "auto"):
            once("ENCODE")
        elif reader.accept("sortkey", "auto"):
            once("SORTKEY")
        elif any(reader.accept(*w, "sortkey") for w in ((), ("compound",))):
            once("SORTKEY")
            layout.sortkeys += reader.names()
        elif reader.accept("interleaved", "sortkey"):
            once("SORTKEY")
            layout.sortkeys += reader.names()
            layout.is_interleaved = True
        else:
            return
