"""The PostgreSQL wire protocol as Redshift speaks it: bytes to messages and values, and back.

No sockets and no DuckDB in here. Redshift differs from PostgreSQL in its extended RowDescription (protocol 1
and up) and in sending NUMERIC as a scaled integer (protocol 2, the driver's default).
"""

from __future__ import annotations

import datetime as dt
import re
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from local_redshift.errors import PgError, unsupported

BOOL, INT8, INT2, INT4, TEXT = 16, 20, 21, 23, 25
FLOAT4, FLOAT8, UNKNOWN, VARCHAR = 700, 701, 705, 1043
DATE, TIMESTAMP, TIMESTAMPTZ, NUMERIC = 1082, 1114, 1184, 1700

# Parameters whose type the client states are cast to it; the others take the type of their place.
PARAMETER_TYPES = {
    BOOL: "BOOLEAN",
    INT2: "SMALLINT",
    INT4: "INTEGER",
    INT8: "BIGINT",
    FLOAT4: "REAL",
    FLOAT8: "DOUBLE",
    TEXT: "VARCHAR",
    VARCHAR: "VARCHAR",
    DATE: "DATE",
    TIMESTAMP: "TIMESTAMP",
    TIMESTAMPTZ: "TIMESTAMPTZ",
}
UNTYPED = frozenset({0, UNKNOWN})

_EPOCH = dt.datetime(2000, 1, 1)
_EPOCH_TZ = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_MICROSECOND = dt.timedelta(microseconds=1)
# Exact for the 38 digits Redshift stores; the default context rounds to 28.
_EXACT = Context(prec=80)
_NULL = b"\xff\xff\xff\xff"

_pack_length = struct.Struct("!i").pack
_pack_message = struct.Struct("!ci").pack
_pack_count = struct.Struct("!h").pack

Encoder = Callable[[Any], bytes]


@dataclass(frozen=True)
class Column:
    """A result column as the client is told of it; ``duckdb_type`` is what has to come back."""

    name: str
    duckdb_type: str
    oid: int
    size: int
    modifier: int
    text: Encoder
    binary: Encoder


def message(code: bytes, body: bytes = b"") -> bytes:
    return _pack_message(code, len(body) + 4) + body


def cstring(text: str) -> bytes:
    return text.encode("utf-8", "replace").replace(b"\0", b"") + b"\0"


def _framed(value: bytes) -> bytes:
    return _pack_length(len(value)) + value


def _binary(fmt: str) -> Encoder:
    size = _pack_length(struct.calcsize(fmt))
    pack = struct.Struct(fmt).pack
    return lambda value: size + pack(value)


def _text(value: Any) -> bytes:
    data = str(value).encode("utf-8")
    return _pack_length(len(data)) + data


def _float_text(value: float) -> bytes:
    text = repr(value)
    if text.endswith(".0"):
        text = text[:-2]
    names = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}
    return _text(names.get(text, text))


def _bool_text(value: bool) -> bytes:
    return b"\0\0\0\x01t" if value else b"\0\0\0\x01f"


def _timestamp_text(value: dt.datetime) -> bytes:
    text = value.replace(tzinfo=None).isoformat(sep=" ")
    if "." in text:
        text = text.rstrip("0")
    return _text(text)


def _timestamptz_text(value: dt.datetime) -> bytes:
    text = value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(sep=" ")
    if "." in text:
        text = text.rstrip("0")
    return _text(text + "+00")


def _timestamp_binary(value: dt.datetime) -> bytes:
    return b"\0\0\0\x08" + struct.pack("!q", (value - _EPOCH) // _MICROSECOND)


def _timestamptz_binary(value: dt.datetime) -> bytes:
    return b"\0\0\0\x08" + struct.pack("!q", (value - _EPOCH_TZ) // _MICROSECOND)


def _date_binary(value: dt.date) -> bytes:
    return b"\0\0\0\x04" + struct.pack("!i", value.toordinal() - _EPOCH_DAY)


def _decimal_text(value: Decimal) -> bytes:
    return _text(format(value, "f"))


def _decimal_binary(precision: int, scale: int) -> Encoder:
    size = 8 if precision <= 18 else 16
    prefix = _pack_length(size)

    def encode(value: Decimal) -> bytes:
        return prefix + int(value.scaleb(scale, _EXACT)).to_bytes(size, "big", signed=True)

    return encode


_TYPES: dict[str, tuple[int, int, Encoder, Encoder]] = {
    "BOOLEAN": (BOOL, 1, _bool_text, _binary("!?")),
    "SMALLINT": (INT2, 2, _text, _binary("!h")),
    "INTEGER": (INT4, 4, _text, _binary("!i")),
    "BIGINT": (INT8, 8, _text, _binary("!q")),
    "FLOAT": (FLOAT4, 4, _float_text, _binary("!f")),
    "DOUBLE": (FLOAT8, 8, _float_text, _binary("!d")),
    "VARCHAR": (VARCHAR, -1, _text, _text),
    '"NULL"': (VARCHAR, -1, _text, _text),
    "DATE": (DATE, 4, _text, _date_binary),
    "TIMESTAMP": (TIMESTAMP, 8, _timestamp_text, _timestamp_binary),
    "TIMESTAMP WITH TIME ZONE": (TIMESTAMPTZ, 8, _timestamptz_text, _timestamptz_binary),
}
_DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)$")


def column(name: str, duckdb_type: str) -> Column:
    """Raises PgError 0A000 for a type that Redshift does not have, or has with other values."""
    if known := _TYPES.get(duckdb_type):
        oid, size, text, binary = known
        return Column(name, duckdb_type, oid, size, -1, text, binary)
    if found := _DECIMAL.match(duckdb_type):
        precision, scale = int(found[1]), int(found[2])
        return Column(
            name,
            duckdb_type,
            NUMERIC,
            8 if precision <= 18 else 16,
            ((precision << 16) | scale) + 4,
            _decimal_text,
            _decimal_binary(precision, scale),
        )
    if duckdb_type == "HUGEINT":
        raise PgError(
            "0A000",
            f'column "{name}": cast SUM() of integers to the type you want; Redshift makes a BIGINT or '
            "NUMERIC(38,0) of it, the local Redshift cannot tell which",
        )
    raise unsupported(f'column "{name}": a result of type {duckdb_type}')


def row_description(columns: Sequence[Column], formats: Sequence[int], protocol: int) -> bytes:
    body = bytearray(_pack_count(len(columns)))
    for c, fmt in zip(columns, formats, strict=True):
        body += cstring(c.name)
        body += struct.pack("!ihihih", 0, 0, c.oid, c.size, c.modifier, fmt)
        if protocol >= 1:
            # Schema, table, column and catalog name, then the flags; 0x1001: nullable, searchable.
            body += b"\0\0\0\0" + _pack_count(0x1001)
    return message(b"T", bytes(body))


def data_rows(rows: Iterable[Sequence[Any]], encoders: Sequence[Encoder]) -> bytes:
    """The DataRow messages of some rows."""
    out: list[bytes] = []
    count = _pack_count(len(encoders))
    for row in rows:
        body = b"".join(
            [_NULL if v is None else encode(v) for v, encode in zip(row, encoders, strict=True)]
        )
        out.append(b"D" + _pack_length(len(body) + 6) + count + body)
    return b"".join(out)


def error_response(error: PgError) -> bytes:
    severity = "FATAL" if error.is_fatal else "ERROR"
    fields = [("S", severity), ("C", error.state), ("M", error.message)]
    if error.detail:
        fields.append(("D", error.detail))
    return message(b"E", b"".join(k.encode() + cstring(v) for k, v in fields) + b"\0")


def notice_response(text: str) -> bytes:
    fields = [("S", "INFO"), ("C", "00000"), ("M", text)]
    return message(b"N", b"".join(k.encode() + cstring(v) for k, v in fields) + b"\0")


def decode_parameter(oid: int, fmt: int, raw: bytes | None) -> Any:
    """The Python value of a bound parameter. Raises PgError 22P02 or 22P03 for bytes that are none."""
    if raw is None:
        return None
    try:
        return _decode_binary(oid, raw) if fmt == 1 else _decode_text(oid, raw)
    except UnicodeDecodeError:
        raise PgError("22021", "invalid byte sequence for encoding UTF8") from None
    except struct.error:
        raise PgError("22P03", "incorrect binary data format in a bound value") from None
    except (ValueError, OverflowError, InvalidOperation):
        shown = raw.decode("utf-8", "replace")
        raise PgError("22P02", f'invalid input syntax for a bound value: "{shown}"') from None


_BINARY_FORMATS = {BOOL: "!?", INT2: "!h", INT4: "!i", INT8: "!q", FLOAT4: "!f", FLOAT8: "!d"}


def _decode_binary(oid: int, raw: bytes) -> Any:
    if fmt := _BINARY_FORMATS.get(oid):
        return struct.unpack(fmt, raw)[0]
    if oid == TIMESTAMP:
        return _EPOCH + dt.timedelta(microseconds=struct.unpack("!q", raw)[0])
    if oid == TIMESTAMPTZ:
        return _EPOCH_TZ + dt.timedelta(microseconds=struct.unpack("!q", raw)[0])
    if oid == DATE:
        return dt.date.fromordinal(struct.unpack("!i", raw)[0] + _EPOCH_DAY)
    if oid in UNTYPED or oid in (TEXT, VARCHAR):
        return raw.decode("utf-8")
    raise unsupported(f"a bound value of type {oid}")


def _decode_text(oid: int, raw: bytes) -> Any:
    text = raw.decode("utf-8")
    if "\0" in text:
        raise PgError("22021", "invalid byte sequence for encoding UTF8: 0x00")
    if oid in UNTYPED or oid in (TEXT, VARCHAR):
        return text
    if oid in (INT2, INT4, INT8):
        return int(text)
    if oid in (FLOAT4, FLOAT8):
        return float(text)
    if oid == BOOL:
        if text.lower() not in {"t", "f", "true", "false", "1", "0"}:
            raise ValueError(text)
        return text.lower() in {"t", "true", "1"}
    if oid == DATE:
        return dt.date.fromisoformat(text)
    if oid in (TIMESTAMP, TIMESTAMPTZ):
        return dt.datetime.fromisoformat(text)
    if oid == NUMERIC:
        value = Decimal(text)
        if not value.is_finite():
            raise unsupported("a bound NUMERIC that is not a number")
        # DuckDB would fall back to a float beyond 38 digits.
        plain = format(value, "f").lstrip("-").replace(".", "").lstrip("0")
        if len(plain) > 38:
            raise PgError("22003", "numeric value out of range: more than 38 digits")
        return value
    raise unsupported(f"a bound value of type {oid}")


class Body:
    """The fields of a message. Raises PgError 08P01 when they end too early."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def _take(self, count: int) -> bytes:
        end = self._at + count
        if count < 0 or end > len(self._data):
            raise PgError("08P01", "invalid message format")
        taken, self._at = self._data[self._at : end], end
        return taken

    def byte(self) -> bytes:
        return self._take(1)

    def short(self) -> int:
        return int(struct.unpack("!h", self._take(2))[0])

    def unsigned(self) -> int:
        return int(struct.unpack("!H", self._take(2))[0])

    def integer(self) -> int:
        return int(struct.unpack("!i", self._take(4))[0])

    def string(self) -> str:
        end = self._data.find(b"\0", self._at)
        if end < 0:
            raise PgError("08P01", "invalid message format")
        raw, self._at = self._data[self._at : end], end + 1
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            raise PgError("22021", "invalid byte sequence for encoding UTF8") from None

    def value(self) -> bytes | None:
        length = self.integer()
        return None if length == -1 else self._take(length)
