"""CREATE, ALTER, DROP and COMMENT, read word by word into what ``definitions`` carries out."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from local_redshift import create_table
from local_redshift.create_table import ColumnDefinition, Constraint, Layout
from local_redshift.errors import PgError, syntax_error, unsupported
from local_redshift.plan import DDL, Plan
from local_redshift.reader import Name, Reader, identifier
from local_redshift.reads import tables_read
from local_redshift.types import ColumnType, column_type
from local_redshift.writer import write

# The pages of the guide that say what each of these does.
PAGES = {
    "create schema": "r_CREATE_SCHEMA",
    "create table": "r_CREATE_TABLE_NEW",
    "create table as": "r_CREATE_TABLE_AS",
    "create view": "r_CREATE_VIEW",
    "drop schema": "r_DROP_SCHEMA",
    "drop table": "r_DROP_TABLE",
    "drop view": "r_DROP_VIEW",
    "alter table": "r_ALTER_TABLE",
    "comment on": "r_COMMENT",
}
_SYSTEM_SCHEMAS = {"information_schema", "pg_catalog", "_redshift", "main"}


@dataclass(frozen=True)
class CreateSchema:
    name: str
    if_not_exists: bool


@dataclass(frozen=True)
class CreateView:
    """``sql`` is DuckDB's for ``tree``; unqualified names have the schema in which they were looked up."""

    target: Name
    is_replacing: bool
    is_late: bool
    columns: tuple[str, ...]
    tree: exp.Expr
    sql: str
    sources: tuple[Name, ...]
    unqualified: frozenset[str]


@dataclass(frozen=True)
class DropSchemas:
    names: tuple[str, ...]
    if_exists: bool
    is_cascading: bool


@dataclass(frozen=True)
class Drop:
    """DROP TABLE or DROP VIEW; ``kind`` is "table" or "view"."""

    kind: str
    names: tuple[Name, ...]
    if_exists: bool
    is_cascading: bool


@dataclass(frozen=True)
class AddColumn:
    target: Name
    column: ColumnDefinition


@dataclass(frozen=True)
class DropColumn:
    target: Name
    column: str
    is_cascading: bool


@dataclass(frozen=True)
class AlterType:
    target: Name
    column: str
    type: ColumnType


@dataclass(frozen=True)
class AddConstraint:
    target: Name
    constraint: Constraint


@dataclass(frozen=True)
class RenameTable:
    target: Name
    new: str


@dataclass(frozen=True)
class RenameColumn:
    target: Name
    old: str
    new: str


@dataclass(frozen=True)
class Comment:
    sql: str


def _create(reader: Reader, schema: str) -> Plan:
    reader.expect("create")
    if reader.accept("schema"):
        return _create_schema(reader)
    if reader.accept("or", "replace"):
        if reader.peek().word != "view":
            raise unsupported(
                f"CREATE OR REPLACE {reader.peek().text.upper()}", "use DROP and CREATE"
            )
        reader.expect("view")
        return _create_view(reader, schema, is_replacing=True)
    if reader.accept("view"):
        return _create_view(reader, schema, is_replacing=False)
    temporary = reader.accept("temp") or reader.accept("temporary")
    if reader.accept("local", "temp") or reader.accept("local", "temporary"):
        temporary = True
    if reader.accept("table"):
        return create_table.create_table(reader, temporary)
    kind = reader.peek().text.upper()
    raise unsupported(f"CREATE {kind}", _INSTEAD_OF_CREATE.get(kind, "make a table or a view"))


_INSTEAD_OF_CREATE = {
    "MATERIALIZED": "use a table that DELETE and INSERT INTO ... SELECT rebuild",
    "EXTERNAL": "use COPY into a table",
    "UNIQUE": "use SORTKEY and DISTKEY of CREATE TABLE: Redshift has no indexes",
    "INDEX": "use SORTKEY and DISTKEY of CREATE TABLE: Redshift has no indexes",
    "FUNCTION": "write the expression itself",
    "PROCEDURE": "send its statements from the client",
    "USER": "use the one user that the server is started with",
    "SEQUENCE": "use an IDENTITY column: Redshift has no sequences",
}


def _create_schema(reader: Reader) -> Plan:
    if_not_exists = reader.accept("if", "not", "exists")
    name = create_table.checked_name(reader.name())
    if not reader.at_end:
        raise unsupported("an option of CREATE SCHEMA", "use CREATE SCHEMA with a name and no more")
    if name.startswith(("pg_", "_redshift")) or name in ("main", "temp", "information_schema"):
        raise PgError("42939", f'unacceptable schema name "{name}"')
    made = CreateSchema(name, if_not_exists)
    return Plan(DDL, "CREATE SCHEMA", locks=(Name(name, "*"),), data=made)


def _create_view(reader: Reader, schema: str, *, is_replacing: bool) -> Plan:
    name = create_table.new_name(reader)
    columns: list[str] = []
    if reader.peek().text == "(":
        columns = [create_table.checked_name(c) for c in reader.names()]
        create_table.check_columns(columns)
    reader.expect("as")
    text = reader.rest()
    tail = Reader(text)
    last = [tail.next() for _ in range(tail.remaining)][-4:]
    is_late = [t.word for t in last] == ["with", "no", "schema", "binding"]
    if is_late:
        text = text[: last[0].start]
    tree = create_table.query_tree(Reader(text), "CREATE VIEW")
    unqualified = frozenset(n.table for n in tables_read(tree) if not n.schema)
    if unqualified and is_late:
        raise PgError(
            "42601",
            "All the relation names inside should be qualified when creating VIEW WITH NO SCHEMA BINDING",
        )
    ctes = {cte.alias for with_ in tree.find_all(exp.With) for cte in with_.expressions}
    for table in tree.find_all(exp.Table):
        if not table.db and table.name not in ctes:
            table.set("db", exp.to_identifier(schema, quoted=True))
    made = CreateView(
        name,
        is_replacing,
        is_late,
        tuple(columns),
        tree,
        write(tree.copy()),
        tables_read(tree),
        unqualified,
    )
    return Plan(DDL, "CREATE VIEW", locks=(name,), data=made)


def _drop(reader: Reader, schema: str) -> Plan:
    reader.expect("drop")
    kind = reader.next().word
    if kind not in ("table", "view", "schema"):
        raise unsupported(f"DROP {kind.upper()}", "use DROP TABLE, VIEW or SCHEMA")
    if_exists = reader.accept("if", "exists")
    names = [Name("", reader.name()) if kind == "schema" else reader.qualified()]
    while reader.accept(","):
        names.append(Name("", reader.name()) if kind == "schema" else reader.qualified())
    is_cascading = reader.accept("cascade")
    if not is_cascading:
        reader.accept("restrict")
    reader.done()
    if any(n.schema in _SYSTEM_SCHEMAS for n in names):
        raise PgError("42501", "permission denied for a system schema")
    tag = f"DROP {kind.upper()}"
    if kind == "schema":
        schemas = tuple(n.table for n in names)
        if {"public", *_SYSTEM_SCHEMAS} & set(schemas):
            raise unsupported("DROP SCHEMA of this schema", "use DROP TABLE for what is in it")
        dropped = DropSchemas(schemas, if_exists, is_cascading)
        return Plan(DDL, tag, locks=tuple(Name(s, "*") for s in schemas), data=dropped)
    locks = tuple(names)
    return Plan(DDL, tag, locks=locks, data=Drop(kind, locks, if_exists, is_cascading))


def _alter(reader: Reader, schema: str) -> Plan:
    reader.expect("alter")
    if not reader.accept("table"):
        raise unsupported(
            f"ALTER {reader.peek().text.upper()}", "use ALTER TABLE, or DROP and CREATE"
        )
    name = reader.qualified()
    if name.schema in _SYSTEM_SCHEMAS:
        raise PgError("42501", f"permission denied for schema {name.schema}")
    locks: tuple[Name, ...] = (name,)
    data: object
    is_alone = False
    if reader.accept("add"):
        if reader.peek().word in ("constraint", "primary", "unique", "foreign"):
            data = AddConstraint(name, create_table.table_constraint(reader))
        else:
            data = AddColumn(name, _added(reader))
    elif reader.accept("drop"):
        if reader.peek().word == "constraint":
            raise unsupported("DROP CONSTRAINT", "leave it: constraints are informational")
        reader.accept("column")
        column = reader.name()
        is_cascading = reader.accept("cascade")
        if not is_cascading:
            reader.accept("restrict")
        data = DropColumn(name, column, is_cascading)
    elif reader.accept("rename", "to"):
        new = create_table.column_name(reader)
        locks = (name, Name(name.schema, new))
        data = RenameTable(name, new)
    elif reader.accept("rename", "column"):
        old = reader.name()
        reader.expect("to")
        data = RenameColumn(name, old, create_table.column_name(reader))
    elif reader.peek().word == "alter" and reader.peek(1).word == "column":
        data = _altered(reader, name)
        is_alone = True
    else:
        raise unsupported(
            f"ALTER TABLE {reader.peek().text.upper()} {reader.peek(1).text.upper()}".strip(),
            "make a new table with CREATE TABLE, INSERT INTO ... SELECT, DROP and RENAME",
        )
    if reader.peek().text == ",":
        raise unsupported("more than one action of ALTER TABLE", "use one statement for each")
    reader.done()
    return Plan(DDL, "ALTER TABLE", locks=locks, data=data, is_alone=is_alone)


def _added(reader: Reader) -> ColumnDefinition:
    reader.accept("column")
    layout = Layout()
    column = create_table.column_definition(reader, layout)
    if layout.distkeys or layout.column_sortkeys or layout.constraints or column.identity:
        raise PgError("42601", "ALTER TABLE ADD COLUMN takes no key, constraint or IDENTITY")
    if column.is_not_null and column.default in (None, "NULL"):
        raise PgError(
            "42601",
            "ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression",
        )
    return column


def _altered(reader: Reader, name: Name) -> AlterType:
    reader.expect("alter", "column")
    column = reader.name()
    if reader.peek().word == "encode":
        raise unsupported("ALTER COLUMN ENCODE", "say ENCODE in CREATE TABLE")
    reader.expect("type")
    found = column_type(reader)
    if found.max_bytes is None:
        raise PgError(
            "0A000", f'cannot alter type of column "{column}": only the size of a VARCHAR'
        )
    return AlterType(name, column, found)


def _comment(reader: Reader, schema: str) -> Plan:
    reader.expect("comment", "on")
    kind = reader.next().word
    if kind not in ("table", "view", "column"):
        raise unsupported(f"COMMENT ON {kind.upper()}", "use COMMENT ON TABLE, VIEW or COLUMN")
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
    return Plan(
        DDL, "COMMENT", locks=(name,), data=Comment(f"comment on {kind} {target} is {text}")
    )


_READERS = {"create": _create, "drop": _drop, "alter": _alter, "comment": _comment}


def read(reader: Reader, schema: str, oids: tuple[int, ...]) -> Plan:
    """The plan of a definition; ``schema`` is where unqualified names of views are looked up. Raises PgError."""
    if oids:
        # guide: r_PREPARE
        raise unsupported(
            f"a bound value in {reader.peek().text.upper()}",
            "only SELECT, INSERT, UPDATE and DELETE take them; create the table and use INSERT INTO ... SELECT",
        )
    if reader.peek().word not in _READERS:
        raise syntax_error(reader.peek().text)
    return _READERS[reader.peek().word](reader, schema)


STATEMENTS = dict.fromkeys(_READERS, read)
