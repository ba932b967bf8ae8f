"""Redshift's column types and casts in DuckDB's terms; a type that is not here is refused."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from sms_warehouse.local.redshift.errors import PgError, syntax_error, unsupported
from sms_warehouse.local.redshift.functions import SYSTEM_SCHEMA
from sms_warehouse.local.redshift.reader import Reader

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
    "real": "REAL",
    "float4": "REAL",
    "float": "DOUBLE",
    "float8": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
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
            raise unsupported("type CHARACTER")
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
        raise unsupported("a precision of TIMESTAMP")
    if word == "timestamp":
        if reader.accept("with", "time", "zone"):
            word = "timestamptz"
        else:
            reader.accept("without", "time", "zone")
    if word not in _PLAIN:
        if token.kind != "word":
            raise syntax_error(token.text or "end of input")
        raise unsupported(f"type {token.text.upper()}")
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
    exp.DType.SMALLINT: "SMALLINT",
    exp.DType.INT: "INTEGER",
    exp.DType.BIGINT: "BIGINT",
    exp.DType.BOOLEAN: "BOOLEAN",
    exp.DType.FLOAT: "REAL",
    exp.DType.DOUBLE: "DOUBLE",
    exp.DType.DATE: "DATE",
    exp.DType.TIMESTAMP: "TIMESTAMP",
    exp.DType.TIMESTAMPTZ: "TIMESTAMPTZ",
}


def cast_sql(value: str, to: exp.DataType) -> str:
    """A cast of rendered SQL. Text is cut to its length as Redshift cuts it. Raises PgError."""
    sizes = [p.this.name for p in to.expressions if isinstance(p, exp.DataTypeParam)]
    if len(sizes) != len(to.expressions):
        raise unsupported("this type")
    if to.this in (exp.DType.VARCHAR, exp.DType.NVARCHAR, exp.DType.TEXT):
        text = f"{SYSTEM_SCHEMA}.as_text({value})"
        if not sizes:
            return f"{SYSTEM_SCHEMA}.uncut({text})"
        size = VARCHAR_MAX_BYTES if sizes[0].lower() == "max" else int(sizes[0])
        return f"{SYSTEM_SCHEMA}.cut({text}, {_checked_bytes(size)})"
    if to.this == exp.DType.DECIMAL:
        numbers = [int(s) for s in sizes] or [18]
        return f"cast({value} as {_decimal(numbers[0], numbers[1] if len(numbers) > 1 else 0)})"
    if to.this in _CASTS and not sizes:
        return f"cast({value} as {_CASTS[to.this]})"
    raise unsupported(f"a cast to {str(to.this.value).upper()}{'(n)' if sizes else ''}")
