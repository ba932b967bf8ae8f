"""Redshift's column types and casts in DuckDB's terms; a type that is not here is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlglot import exp

from local_redshift.errors import PgError, syntax_error, unsupported
from local_redshift.kinds import MOMENTS, NUMBERS, Kind, Kinds
from local_redshift.macros import SYSTEM_SCHEMA, TEXT_FORMS, form_error
from local_redshift.reader import Reader

VARCHAR_DEFAULT_BYTES = 256
VARCHAR_MAX_BYTES = 65535


@dataclass(frozen=True)
class ColumnType:
    """``sql`` is DuckDB's type; ``max_bytes`` the limit of a VARCHAR, which DuckDB does not keep."""

    sql: str
    max_bytes: int | None = None


_PLAIN = {
    "smallint": "SMALLINT",
    "int2": "SMALLINT",
    "integer": "INTEGER",
    "int": "INTEGER",
    "int4": "INTEGER",
    "bigint": "BIGINT",
    "int8": "BIGINT",
    "boolean": "BOOLEAN",
    "bool": "BOOLEAN",
    "float": "DOUBLE",
    "float8": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
}


_INSTEAD = {
    "real": "say FLOAT8",
    "float4": "say FLOAT8",
    "char": "say VARCHAR(n)",
    "nchar": "say VARCHAR(n)",
    "bpchar": "say VARCHAR(n)",
    "super": "keep JSON in VARCHAR(MAX)",
    "json": "keep JSON in VARCHAR(MAX)",
    "jsonb": "keep JSON in VARCHAR(MAX)",
    "uuid": "say VARCHAR(36)",
    "time": "keep it in a TIMESTAMP or as seconds in an INTEGER",
    "timetz": "keep it in a TIMESTAMPTZ",
    "interval": "keep seconds in a BIGINT",
    "varbyte": "keep it as text in hexadecimal digits",
    "serial": "say BIGINT IDENTITY(1, 1)",
    "bytea": "keep it as text in hexadecimal digits",
}


def column_type(reader: Reader) -> ColumnType:
    """The type of a column in CREATE or ALTER TABLE. Raises PgError."""
    token = reader.next()
    word = token.word
    if word == "double":
        reader.expect("precision")
        return ColumnType("DOUBLE")
    if word == "character":
        if not reader.accept("varying"):
            raise unsupported("type CHARACTER", "say VARCHAR(n)")
        word = "varchar"
    if word in ("varchar", "nvarchar"):
        return ColumnType("VARCHAR", _varchar_bytes(reader))
    if word == "text":
        return ColumnType("VARCHAR", VARCHAR_DEFAULT_BYTES)
    if word in ("decimal", "numeric"):
        precision, scale = 18, 0
        if reader.accept("("):
            precision = reader.integer()
            scale = reader.integer() if reader.accept(",") else 0
            reader.expect(")")
        return ColumnType(_decimal(precision, scale))
    if word in ("timestamp", "timestamptz") and reader.peek().text == "(":
        raise unsupported("a precision of TIMESTAMP", "leave it out: it has microseconds")
    if word == "timestamp":
        if reader.accept("with", "time", "zone"):
            word = "timestamptz"
        else:
            reader.accept("without", "time", "zone")
    if word not in _PLAIN:
        if token.kind != "word":
            raise syntax_error(token.text or "end of input")
        raise unsupported(f"type {token.text.upper()}", _INSTEAD.get(word, ""))
    return ColumnType(_PLAIN[word])


def _varchar_bytes(reader: Reader) -> int:
    if not reader.accept("("):
        return VARCHAR_DEFAULT_BYTES
    size = VARCHAR_MAX_BYTES if reader.accept("max") else reader.integer()
    reader.expect(")")
    return _checked_bytes(size)


def _checked_bytes(size: int) -> int:
    if not 1 <= size <= VARCHAR_MAX_BYTES:
        raise PgError(
            "22023", f"length for type character varying must be 1 to {VARCHAR_MAX_BYTES}"
        )
    return size


def _decimal(precision: int, scale: int) -> str:
    if not 1 <= precision <= 38 or not 0 <= scale <= min(37, precision):
        raise PgError("22023", f"DECIMAL precision {precision} or scale {scale} is out of range")
    return f"DECIMAL({precision},{scale})"


_CASTS = {
    exp.DType.SMALLINT: ("SMALLINT", "whole"),
    exp.DType.INT: ("INTEGER", "whole"),
    exp.DType.BIGINT: ("BIGINT", "whole"),
    exp.DType.BOOLEAN: ("BOOLEAN", "boolean"),
    exp.DType.DOUBLE: ("DOUBLE", "number"),
    exp.DType.DATE: ("DATE", "date"),
    exp.DType.TIMESTAMP: ("TIMESTAMP", "timestamp"),
    exp.DType.TIMESTAMPTZ: ("TIMESTAMPTZ", "timestamptz"),
}
# What does not lose anything needs no look at the values.
_SAFE = {
    "whole": frozenset({Kind.WHOLE, Kind.BOOLEAN}),
    "number": NUMBERS,
    "boolean": frozenset({Kind.BOOLEAN, Kind.WHOLE}),
    "date": MOMENTS,
    "timestamp": MOMENTS,
    "timestamptz": MOMENTS,
}


def cast_sql(value: str, to: exp.DataType, kinds: Kinds, node: exp.Expr) -> str:
    """A cast of an expression, rendered as ``value``. Text is cut to its length as Redshift cuts it. Raises PgError."""
    sizes = [p.this.name for p in to.expressions if isinstance(p, exp.DataTypeParam)]
    if len(sizes) != len(to.expressions):
        raise unsupported("this type", "take one of those in local/redshift/types.py")
    if to.this in (exp.DType.VARCHAR, exp.DType.NVARCHAR, exp.DType.TEXT):
        text = _as_text(value, kinds.of(node), node)
        if not sizes:
            return f"{SYSTEM_SCHEMA}.uncut({text})"
        size = VARCHAR_MAX_BYTES if sizes[0].lower() == "max" else int(sizes[0])
        return f"{SYSTEM_SCHEMA}.cut({text}, {_checked_bytes(size)})"
    if to.this == exp.DType.DECIMAL:
        numbers = [int(s) for s in sizes] or [18]
        sql = _decimal(numbers[0], numbers[1] if len(numbers) > 1 else 0)
        return _exact(value, sql, "number", kinds, node)
    if to.this in _CASTS and not sizes:
        sql, form = _CASTS[to.this]
        if form == "whole":
            return _exact(value, sql, form, kinds, node)
        return f"cast({_read(value, form, kinds.of(node), node)} as {sql})"
    if to.this == exp.DType.FLOAT:
        raise unsupported("a cast to REAL", "say FLOAT8")
    name = f"{str(to.this.value).upper()}{'(n)' if sizes else ''}"
    advice = "cast to VARCHAR(n)" if "CHAR" in name else "take one of local/redshift/types.py"
    raise unsupported(f"a cast to {name}", advice)


def _read(value: str, form: str, kind: Kind | None, node: exp.Expr) -> str:
    """Text that is cast, if it has the form that Redshift reads as DuckDB does."""
    if isinstance(node, exp.Literal) and node.is_string:
        if not re.fullmatch(TEXT_FORMS[form], str(node.this)):
            raise form_error(form, str(node.this))
        return value
    if isinstance(node, exp.Null) or kind in _SAFE[form]:
        return value
    return f"{SYSTEM_SCHEMA}.read_{form}({value})"


def _as_text(value: str, kind: Kind | None, node: exp.Expr) -> str:
    """What is written alike as text; the length is for another to see to."""
    if kind is Kind.TEXT or (isinstance(node, exp.Literal) and node.is_string):
        return value
    if kind in (Kind.WHOLE, Kind.DECIMAL) or kind in MOMENTS:
        return f"cast({value} as varchar)"
    return f"{SYSTEM_SCHEMA}.as_text({value})"


def _exact(value: str, sql: str, form: str, kinds: Kinds, node: exp.Expr) -> str:
    """A cast to a number that may have fewer decimal places."""
    kind = kinds.of(node)
    is_number = kinds.is_number(node)
    read = f"cast({value if is_number else _read(value, form, kind, node)} as {sql})"
    is_literal = isinstance(node.this if isinstance(node, exp.Neg) else node, exp.Literal)
    if is_literal or kind in (Kind.WHOLE, Kind.BOOLEAN, Kind.UNTYPED, Kind.TEXT):
        return read
    return f"{SYSTEM_SCHEMA}.exact{'_number' if is_number else ''}({value}, {read})"
