"""SELECT and DML of Redshift as plans for DuckDB."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlglot import exp

from local_redshift.errors import PgError, syntax_error, unsupported
from local_redshift.grammar import parse
from local_redshift.guards import guard_of_text
from local_redshift.kinds import Kind, number_kind, parameter_kind
from local_redshift.macros import SYSTEM_SCHEMA, type_name
from local_redshift.plan import DML, QUERY, Plan
from local_redshift.reader import Name, Reader, Token
from local_redshift.reads import tables_read
from local_redshift.writer import output_names, write


def _name(table: exp.Expr) -> Name:
    if not isinstance(table, exp.Table):
        raise syntax_error("(")
    return Name(table.db.lower(), table.name.lower())


def _uses_clock(sql: str) -> bool:
    return "'redshift_now'" in sql


def _query(text: str, oids: tuple[int, ...], found: list[Token]) -> Plan:
    """SELECT, with or without WITH, and set operations."""
    tree = parse(text, found)
    if not isinstance(tree, exp.Query):
        raise syntax_error(found[0].text)
    reads = tables_read(tree)
    sql = write(tree, oids)
    return Plan(
        QUERY,
        "SELECT",
        (sql,),
        names=output_names(tree),
        reads=reads,
        uses_clock=_uses_clock(sql),
    )


def _with(text: str, oids: tuple[int, ...], found: list[Token]) -> Plan:
    """WITH begins a query, an UPDATE or a DELETE: the first such word outside parentheses tells."""
    depth = 0
    for token in found:
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.word in ("select", "update", "delete"):
            return STATEMENTS[token.word](text, oids, found)
    return _query(text, oids, found)


def _written(tag: str, tree: exp.Expr, target: Name, oids: tuple[int, ...]) -> Plan:
    reads, written = tables_read(tree), _columns_written(tree)
    sql = write(tree, oids)
    return Plan(
        DML,
        tag,
        (sql,),
        locks=(target,),
        reads=reads,
        written=written,
        uses_clock=_uses_clock(sql),
    )


def _columns_written(tree: exp.Expr) -> tuple[str, ...] | None:
    """The columns that get values; None: all, because an INSERT names none."""
    if isinstance(tree, exp.Merge):
        actions = [_columns_written(w.args["then"]) for w in tree.args["whens"].expressions]
        if None in actions:
            return None
        return tuple(name for names in actions for name in names or ())
    if isinstance(tree, exp.Update):
        return tuple(assignment.this.name for assignment in tree.expressions)
    if isinstance(tree, exp.Insert):
        named = isinstance(tree.this, (exp.Schema, exp.Tuple))
        return tuple(column.name for column in tree.this.expressions) if named else None
    return ()


def _guard(token: Token, oids: tuple[int, ...]) -> tuple[str, str] | None:
    """The guard a plain value needs, and what stands before the column in its arguments."""
    kind = None
    if token.kind == "string" and "\\" not in token.text:
        name = guard_of_text(token.text)
        return (f"{SYSTEM_SCHEMA}.{name}", "") if name else None
    if token.kind == "number":
        kind = number_kind(token.text)
    elif token.word in ("true", "false"):
        kind = Kind.BOOLEAN
    elif token.kind == "parameter":
        kind = parameter_kind(int(token.text[1:]), oids)
    if kind in (None, Kind.UNTYPED):
        return None
    return (f"{SYSTEM_SCHEMA}.assigned_as", f"'{type_name(kind)}', ")


_VALUE_WORDS = frozenset({"null", "true", "false", "default"})


def _insert_of_values(text: str, oids: tuple[int, ...], found: list[Token]) -> Plan | None:
    """INSERT of plain values, which may be ten thousands: written without building a tree.

    Bound values go without a cast, the column has the type. A guard looks at types alone, so that one for each
    column and kind of value does.
    """
    reader = Reader(text, found)
    reader.expect("insert", "into")
    target = reader.qualified()
    columns = []
    if reader.peek().text == "(":
        if reader.peek(1).text == "(" or reader.peek(1).word in ("select", "with"):
            return None
        columns = reader.names()
    if not reader.accept("values"):
        return None
    out: list[str] = []
    depth = position = 0
    guarded: set[tuple[int, tuple[str, str]]] = set()
    rest = found[len(found) - reader.remaining :]
    for token in rest:
        is_value = token.kind in ("parameter", "number") or token.word in _VALUE_WORDS
        is_plain_text = token.kind == "string" and "\\" not in token.text
        if guard := _guard(token, oids):
            # Which type the column has only DuckDB knows.
            column = Name("", columns[position]).sql if columns[position:] else f"#{position + 1}"
            is_first = (position, guard) not in guarded
            guarded.add((position, guard))
            out.append(
                f"{guard[0]}({token.text}, {guard[1]}(select {column} from {target.sql}))"
                if is_first
                else token.text
            )
        elif is_value or is_plain_text or token.text in (",", "-"):
            out.append(token.text)
            position += token.text == ","
        elif token.text in ("(", ")"):
            depth += 1 if token.text == "(" else -1
            position = 0
            if depth not in (0, 1):
                return None
            out.append(token.text)
        else:
            return None
    names = f" ({', '.join(Name('', c).sql for c in columns)})" if columns else ""
    return Plan(
        DML,
        "INSERT",
        (f"insert into {target.sql}{names} values {' '.join(out)}",),
        (target,),
        written=tuple(columns) or None,
    )


def _insert(text: str, oids: tuple[int, ...], found: list[Token]) -> Plan:
    if plan := _insert_of_values(text, oids, found):
        return plan
    tree = parse(text, found)
    if not isinstance(tree, exp.Insert):
        raise syntax_error("insert")
    table = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    if table.alias:
        raise unsupported("an alias of the table that is inserted into", "leave it out")
    if tree.expression is None:
        raise syntax_error("end of input")
    return _written("INSERT", tree, _name(table), oids)


def _update(text: str, oids: tuple[int, ...], found: list[Token]) -> Plan:
    tree = parse(text, found)
    if not isinstance(tree, exp.Update):
        raise syntax_error("update")
    for assignment in tree.expressions:
        if (
            not isinstance(assignment, exp.EQ)
            or not isinstance(assignment.this, exp.Column)
            or assignment.this.table
        ):
            raise PgError("42601", "SET takes plain column names")
    return _written("UPDATE", tree, _name(tree.this), oids)


def _delete(text: str, oids: tuple[int, ...], found: list[Token]) -> Plan:
    tree = parse(text, found)
    if not isinstance(tree, exp.Delete):
        raise syntax_error("delete")
    if tree.this.alias:
        raise unsupported("an alias of the table that is deleted from", "use the table's own name")
    return _written("DELETE", tree, _name(tree.this), oids)


def _merge(text: str, oids: tuple[int, ...], found: list[Token]) -> Plan:
    """MERGE within Redshift's limits (guide: r_MERGE)."""
    if [t.word for t in found[-2:]] == ["remove", "duplicates"]:
        raise unsupported("MERGE ... REMOVE DUPLICATES", "write WHEN MATCHED and WHEN NOT MATCHED")
    tree = parse(text, found)
    if not isinstance(tree, exp.Merge):
        raise syntax_error("merge")
    target, source = tree.this, tree.args["using"]
    if not isinstance(source, exp.Table):
        raise unsupported("MERGE whose source is not a table", "fill a staging table first")
    if target.alias:
        raise unsupported("an alias of the target of MERGE", "use the table's own name")
    if _name(target) == _name(source):
        raise unsupported("MERGE of a table into itself", "fill a staging table first")
    if not isinstance(tree.args["on"], exp.Condition) or not tree.args["on"].find(exp.EQ):
        raise PgError("42601", "MERGE needs an equality in its ON condition")
    whens = tree.args["whens"].expressions
    if sorted(bool(w.args.get("matched")) for w in whens) != [False, True]:
        raise PgError("42601", "MERGE needs one WHEN MATCHED and one WHEN NOT MATCHED")
    for when in whens:
        then = when.args["then"]
        if when.args.get("matched"):
            is_fine = isinstance(then, exp.Update) or (
                isinstance(then, exp.Var) and then.name.lower() == "delete"
            )
        else:
            is_fine = isinstance(then, exp.Insert)
        if not is_fine:
            raise unsupported(
                "this action of MERGE",
                "UPDATE or DELETE when matched, INSERT when not",
            )
        if isinstance(then, exp.Update):
            for assignment in then.expressions:
                if assignment.this.table:
                    raise PgError("42601", "SET takes plain column names")
    plan = _written("MERGE", tree, _name(target), oids)
    return replace(plan, tables_only=(_name(source),))


STATEMENTS: dict[str, Callable[[str, tuple[int, ...], list[Token]], Plan]] = {
    "select": _query,
    "with": _with,
    "insert": _insert,
    "update": _update,
    "delete": _delete,
    "merge": _merge,
}
