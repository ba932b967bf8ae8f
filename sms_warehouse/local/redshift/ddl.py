"""CREATE, ALTER, DROP and COMMENT: read word by word, written for DuckDB.

Keys, distribution, sort order and encoding are read and checked as far as Redshift checks them, then dropped:
they change no result. A VARCHAR's length in bytes becomes a CHECK.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlglot import exp

from sms_warehouse.local.redshift.errors import PgError, syntax_error, unsupported
from sms_warehouse.local.redshift.grammar import parse
from sms_warehouse.local.redshift.plan import ADD_COLUMN, DDL, DROP, LIKE, Plan
from sms_warehouse.local.redshift.reader import Name, Reader, identifier
from sms_warehouse.local.redshift.types import ColumnType, column_type
from sms_warehouse.local.redshift.writer import named, write

_WHOLE = {"SMALLINT", "INTEGER", "BIGINT"}
_NUMBERS = {*_WHOLE, "DECIMAL"}
_MOMENTS = {"DATE", "TIMESTAMP", "TIMESTAMPTZ"}
_FLOATS = {"REAL", "DOUBLE"}
_ALL = {*_NUMBERS, *_MOMENTS, *_FLOATS, "VARCHAR", "BOOLEAN"}
# guide: c_Compression_encodings
_ENCODINGS = {
    "auto": _ALL,
    "raw": _ALL,
    "az64": {*_NUMBERS, *_MOMENTS},
    "bytedict": _ALL - {"BOOLEAN"},
    "delta": {*_NUMBERS, *_MOMENTS},
    "delta32k": {*_NUMBERS, *_MOMENTS} - {"SMALLINT"},
    "lzo": _ALL - {"BOOLEAN"} - _FLOATS,
    "mostly8": _NUMBERS,
    "mostly16": _NUMBERS - {"SMALLINT"},
    "mostly32": {"BIGINT", "DECIMAL"},
    "runlength": _ALL,
    "text255": {"VARCHAR"},
    "text32k": {"VARCHAR"},
    "zstd": _ALL,
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

    def sql(self, sequence: Name | None = None) -> str:
        parts = [identifier(self.name), self.type.sql]
        if self.identity and sequence:
            parts.append(f"default nextval('{sequence.sql.replace(chr(39), chr(39) * 2)}')")
        elif self.default is not None:
            parts.append(f"default {self.default}")
        if self.is_not_null or self.identity:
            parts.append("not null")
        if self.type.max_bytes is not None:
            parts.append(f"check (strlen({identifier(self.name)}) <= {self.type.max_bytes})")
        return " ".join(parts)


@dataclass
class _Layout:
    """The physical design that was said, to be checked and dropped."""

    diststyle: str | None = None
    distkeys: list[str] = field(default_factory=list)
    sortkeys: list[str] = field(default_factory=list)
    sortkey_columns: list[str] = field(default_factory=list)

    def check(self, columns: list[str] | None) -> None:
        if len(self.distkeys) > 1:
            raise PgError("42601", "Cannot specify more than one DISTKEY")
        if self.distkeys and self.diststyle not in (None, "key"):
            raise PgError(
                "42601", f"Cannot specify DISTKEY for DISTSTYLE {str(self.diststyle).upper()}"
            )
        if self.diststyle == "key" and not self.distkeys:
            raise PgError("42601", "DISTSTYLE KEY requires a DISTKEY")
        if self.sortkeys and self.sortkey_columns:
            raise PgError("42601", "Cannot specify SORTKEY twice")
        for name in [*self.distkeys, *self.sortkeys]:
            if columns is not None and name not in columns:
                raise PgError("42703", f'column "{name}" named in key does not exist')


@dataclass(frozen=True)
class Like:
    """CREATE TABLE x (LIKE y): the engine reads y's definition."""

    target: Name
    source: Name
    is_temporary: bool
    if_not_exists: bool
    with_defaults: bool


@dataclass(frozen=True)
class AddColumn:
    """ALTER TABLE ADD COLUMN of a VARCHAR: the engine rebuilds the table, DuckDB cannot add its CHECK."""

    target: Name
    column: ColumnDefinition


@dataclass(frozen=True)
class Created:
    """What the engine has to know of a new table: whose it is, and what query fills it."""

    target: Name
    is_temporary: bool
    query: str | None = None


def create(reader: Reader, schema: str, oids: tuple[int, ...]) -> Plan:
    reader.expect("create")
    if reader.accept("schema"):
        return _create_schema(reader)
    if reader.accept("or", "replace"):
        reader.expect("view")
        return _create_view(reader, schema, replace=True)
    if reader.accept("view"):
        return _create_view(reader, schema, replace=False)
    temporary = reader.accept("temp") or reader.accept("temporary")
    if reader.accept("local", "temp") or reader.accept("local", "temporary"):
        temporary = True
    if reader.accept("table"):
        return _create_table(reader, temporary, oids)
    raise unsupported(f"CREATE {reader.peek().text.upper()}")


def _create_schema(reader: Reader) -> Plan:
    missing = "if not exists " if reader.accept("if", "not", "exists") else ""
    name = reader.name()
    if not reader.at_end:
        raise unsupported("an option of CREATE SCHEMA")
    if name.startswith(("pg_", "_redshift")) or name in ("main", "temp", "information_schema"):
        raise PgError("42939", f'unacceptable schema name "{name}"')
    return Plan(
        DDL, "CREATE SCHEMA", (f"create schema {missing}{identifier(name)}",), (Name(name, "*"),)
    )


def _create_table(reader: Reader, temporary: bool, oids: tuple[int, ...]) -> Plan:
    if_not_exists = reader.accept("if", "not", "exists")
    name = _new_name(reader)
    if temporary and name.schema:
        raise PgError("42P16", "temporary tables cannot specify a schema name")
    words = f"create {'temp ' if temporary else ''}table {'if not exists ' if if_not_exists else ''}{name.sql}"
    locks = () if temporary else (name,)
    layout = _Layout()
    columns: list[ColumnDefinition] = []
    names: list[str] = []
    if reader.accept("("):
        if reader.accept("like"):
            source = reader.qualified()
            with_defaults = reader.accept("including", "defaults")
            if not with_defaults:
                reader.accept("excluding", "defaults")
            reader.expect(")")
            reader.done()
            like = Like(name, source, temporary, if_not_exists, with_defaults)
            return Plan(LIKE, "CREATE TABLE", locks=locks, data=like)
        if reader.peek(1).text in (",", ")"):
            names = [reader.name()]
            while reader.accept(","):
                names.append(reader.name())
        else:
            _table_element(reader, columns, layout)
            while reader.accept(","):
                _table_element(reader, columns, layout)
        reader.expect(")")
    _table_options(reader, layout)
    if reader.accept("as"):
        if columns or if_not_exists:
            raise syntax_error("AS")
        return _create_table_as(reader, name, temporary, names, layout, words, locks, oids)
    reader.done()
    if not columns:
        raise syntax_error("end of input")
    column_names = [c.name for c in columns]
    for column_name in column_names:
        if column_names.count(column_name) > 1:
            raise PgError("42701", f'column "{column_name}" specified more than once')
    layout.check(column_names)
    statements = []
    sequence = None
    if identities := [c.identity for c in columns if c.identity]:
        if len(identities) > 1 or temporary:
            raise unsupported("this use of IDENTITY")
        sequence = sequence_name(name)
        start, step = identities[0]
        statements.append(
            f"create sequence if not exists {sequence.sql} start {start} increment {step}"
        )
    statements.append(f"{words} ({', '.join(c.sql(sequence) for c in columns)})")
    return Plan(DDL, "CREATE TABLE", tuple(statements), locks, data=Created(name, temporary))


def sequence_name(table: Name) -> Name:
    """The sequence behind a table's IDENTITY column; Redshift allows one."""
    return Name(table.schema, f"{table.table}$identity")


def _new_name(reader: Reader) -> Name:
    name = reader.qualified()
    if name.schema in ("pg_catalog", "information_schema", "_redshift", "main"):
        raise PgError("42501", f"permission denied for schema {name.schema}")
    return name


def _table_element(reader: Reader, columns: list[ColumnDefinition], layout: _Layout) -> None:
    if reader.peek().word in ("primary", "unique", "foreign", "constraint", "check"):
        _table_constraint(reader)
    else:
        columns.append(column_definition(reader, layout))


def _table_constraint(reader: Reader) -> None:
    """Informational on Redshift: read and forgotten."""
    if reader.accept("constraint"):
        reader.name()
    if reader.accept("foreign", "key"):
        reader.names()
        reader.expect("references")
        reader.qualified()
        if reader.peek().text == "(":
            reader.names()
    elif reader.accept("primary", "key") or reader.accept("unique"):
        reader.names()
    else:
        raise unsupported(f"the constraint {reader.peek().text.upper()}")


def column_definition(reader: Reader, layout: _Layout) -> ColumnDefinition:
    column = ColumnDefinition(reader.name(), column_type(reader))
    base = column.type.sql.split("(")[0]
    while reader.peek().kind == "word":
        if reader.accept("not", "null"):
            column.is_not_null = True
        elif reader.accept("null") or reader.accept("unique"):
            pass
        elif reader.accept("primary", "key"):
            column.is_not_null = True
        elif reader.accept("references"):
            reader.qualified()
            if reader.peek().text == "(":
                reader.names()
        elif reader.accept("default"):
            column.default = _default(reader.expression(_COLUMN_WORDS - {"default", "null"}))
        elif reader.accept("identity") or reader.accept(
            "generated", "by", "default", "as", "identity"
        ):
            column.identity = _identity(reader, base)
        elif reader.accept("encode"):
            encoding = reader.one_of(set(_ENCODINGS), "encoding")
            if base not in _ENCODINGS[encoding]:
                raise PgError(
                    "42804", f'invalid encoding type specified for column "{column.name}"'
                )
        elif reader.accept("distkey"):
            layout.distkeys.append(column.name)
        elif reader.accept("sortkey"):
            layout.sortkey_columns.append(column.name)
            if len(layout.sortkey_columns) > 1:
                raise PgError("42601", "Cannot specify more than one column with SORTKEY")
        else:
            raise syntax_error(reader.peek().text)
    return column


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


def _table_options(reader: Reader, layout: _Layout) -> None:
    seen: set[str] = set()

    def once(option: str) -> None:
        if option in seen:
            raise PgError("42601", f"{option} specified more than once")
        seen.add(option)

    while True:
        if reader.accept("backup"):
            once("BACKUP")
            reader.one_of({"yes", "no"}, "BACKUP")
        elif reader.accept("diststyle"):
            once("DISTSTYLE")
            layout.diststyle = reader.one_of(_DISTSTYLES, "DISTSTYLE")
        elif reader.accept("distkey"):
            once("DISTKEY")
            names = reader.names()
            layout.distkeys += names
        elif reader.accept("encode", "auto"):
            once("ENCODE")
        elif reader.accept("sortkey", "auto"):
            once("SORTKEY")
        elif any(reader.accept(*w, "sortkey") for w in ((), ("compound",), ("interleaved",))):
            once("SORTKEY")
            layout.sortkeys += reader.names()
        else:
            return


def _create_table_as(
    reader: Reader,
    name: Name,
    temporary: bool,
    names: list[str],
    layout: _Layout,
    words: str,
    locks: tuple[Name, ...],
    oids: tuple[int, ...],
) -> Plan:
    tree = named(_query(reader))
    query = write(tree, oids)
    if names:
        query = f"select * from ({query}) as q ({', '.join(identifier(n) for n in names)})"
    layout.check(names or None)
    return Plan(
        DDL,
        "SELECT",
        (f"{words} as {query}",),
        locks,
        data=Created(name, temporary, query),
        uses_clock="'redshift_now'" in query,
    )


def _query(reader: Reader) -> exp.Expr:
    tree = parse(reader.rest())
    if not isinstance(tree, exp.Query):
        raise syntax_error("AS")
    return tree


def _create_view(reader: Reader, schema: str, *, replace: bool) -> Plan:
    name = _new_name(reader)
    columns = (
        f" ({', '.join(identifier(n) for n in reader.names())})"
        if reader.peek().text == "("
        else ""
    )
    reader.expect("as")
    text = reader.rest()
    is_late = False
    tail = Reader(text)
    last = [tail.next() for _ in range(tail.remaining)][-4:]
    if [t.word for t in last] == ["with", "no", "schema", "binding"]:
        text, is_late = text[: last[0].start], True
    tree = named(_query(Reader(text)))
    if tree.find(exp.Parameter):
        raise PgError("42P02", "a view cannot hold a bound value")
    ctes = {cte.alias for with_ in tree.find_all(exp.With) for cte in with_.expressions}
    for table in tree.find_all(exp.Table):
        if not table.db and table.name not in ctes:
            if is_late:
                raise PgError(
                    "42601",
                    "All the relation names inside should be qualified when creating VIEW WITH NO SCHEMA BINDING",
                )
            table.set("db", exp.to_identifier(schema, quoted=True))
    words = "create or replace view" if replace else "create view"
    return Plan(
        DDL,
        "CREATE VIEW",
        (f"{words} {name.sql}{columns} as {write(tree)}",),
        (name,),
        data=Created(name, False),
    )


def drop(reader: Reader, schema: str, oids: tuple[int, ...]) -> Plan:
    reader.expect("drop")
    kind = reader.next().word
    if kind not in ("table", "view", "schema"):
        raise unsupported(f"DROP {kind.upper()}")
    missing = "if exists " if reader.accept("if", "exists") else ""
    names = [Name("", reader.name()) if kind == "schema" else reader.qualified()]
    while reader.accept(","):
        names.append(Name("", reader.name()) if kind == "schema" else reader.qualified())
    cascade = " cascade" if reader.accept("cascade") else ""
    if not cascade:
        reader.accept("restrict")
    reader.done()
    if any(n.schema in ("information_schema", "pg_catalog", "_redshift") for n in names):
        raise PgError("42501", "permission denied")
    if kind == "schema":
        if {n.table for n in names} & {"public", "main", "_redshift"}:
            raise unsupported("DROP SCHEMA of this schema")
        statements = [f"drop schema {missing}{n.sql}{cascade}" for n in names]
        return Plan(DDL, "DROP SCHEMA", tuple(statements), tuple(Name(n.table, "*") for n in names))
    statements = []
    for n in names:
        statements.append(f"drop {kind} {missing}{n.sql}")
        if kind == "table":
            # With a missing schema this would be the error that IF EXISTS forbids.
            statements.append(f"drop sequence if exists {sequence_name(n).sql}")
    return Plan(
        DROP,
        f"DROP {kind.upper()}",
        tuple(statements),
        tuple(names),
        data=(kind, bool(cascade), tuple(names)),
    )


def alter(reader: Reader, schema: str, oids: tuple[int, ...]) -> Plan:
    reader.expect("alter")
    if not reader.accept("table"):
        raise unsupported(f"ALTER {reader.peek().text.upper()}")
    name = reader.qualified()
    words = f"alter table {name.sql}"
    if reader.accept("add"):
        if reader.peek().word in ("constraint", "primary", "unique", "foreign"):
            _table_constraint(reader)
            reader.done()
            return Plan(DDL, "ALTER TABLE", (f"select 1 from {name.sql} limit 0",), (name,))
        reader.accept("column")
        layout = _Layout()
        column = column_definition(reader, layout)
        reader.done()
        if layout.distkeys or layout.sortkey_columns or column.identity:
            raise unsupported("ADD COLUMN with a key or IDENTITY")
        if column.is_not_null and column.default is None:
            raise PgError(
                "42601",
                "ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression",
            )
        return Plan(ADD_COLUMN, "ALTER TABLE", locks=(name,), data=AddColumn(name, column))
    if reader.accept("drop"):
        reader.accept("column")
        column_name = reader.name()
        if not reader.accept("cascade"):
            reader.accept("restrict")
        reader.done()
        return Plan(
            DDL, "ALTER TABLE", (f"{words} drop column {identifier(column_name)}",), (name,)
        )
    if reader.accept("rename", "to"):
        new = reader.name()
        reader.done()
        return Plan(
            DDL,
            "ALTER TABLE",
            (f"{words} rename to {identifier(new)}",),
            (name, Name(name.schema, new)),
        )
    if reader.accept("rename", "column"):
        old = reader.name()
        reader.expect("to")
        new = reader.name()
        reader.done()
        return Plan(
            DDL,
            "ALTER TABLE",
            (f"{words} rename column {identifier(old)} to {identifier(new)}",),
            (name,),
        )
    raise unsupported(f"ALTER TABLE {reader.peek().text.upper()}")


def comment(reader: Reader, schema: str, oids: tuple[int, ...]) -> Plan:
    reader.expect("comment", "on")
    kind = reader.next().word
    if kind not in ("table", "view", "column"):
        raise unsupported(f"COMMENT ON {kind.upper()}")
    parts = [reader.name()]
    while reader.accept("."):
        parts.append(reader.name())
    if len(parts) > (3 if kind == "column" else 2) or (kind == "column" and len(parts) < 2):
        raise syntax_error(parts[-1])
    reader.expect("is")
    text = "null" if reader.accept("null") else "'" + reader.string().replace("'", "''") + "'"
    reader.done()
    table = parts[:-1] if kind == "column" else parts
    name = Name(table[0] if len(table) == 2 else "", table[-1])
    target = ".".join(identifier(p) for p in parts)
    return Plan(DDL, "COMMENT", (f"comment on {kind} {target} is {text}",), (name,))


STATEMENTS = {"create": create, "drop": drop, "alter": alter, "comment": comment}
