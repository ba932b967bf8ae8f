"""The policy for lines and objects once more, as plainly as it can be said: what tests of the
traffic judge it by.

Nothing is shared with the platform's own inspection, and nothing is fast.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from datetime import date, datetime
from typing import Any

from sms_warehouse.landing.events import (
    EVENTS,
    INTEGER_RANGES,
    JSON_BYTES,
    JSON_KINDS,
    LINE_BYTES,
    TEXT_KINDS,
    Field,
    Kind,
)

TIME = re.compile(
    r"(\d{4})-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)"
)
ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
BLANKS = b" \t\r"


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("doubled key")
    return dict(pairs)


def _constant(name: str) -> None:
    raise ValueError(name)


def _size(value: Any) -> int:
    text = (
        value
        if isinstance(value, str)
        else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    )
    return len(text.encode())


def _is_of(value: Any, field: Field, arrival: date) -> bool:
    kind = field.kind
    if kind in TEXT_KINDS:
        if not isinstance(value, str) or "\0" in value:
            return False
        if kind is not Kind.TEXT and value != value.strip(" "):
            return False
        if kind is Kind.ULID and not ULID.fullmatch(value):
            return False
        if kind is Kind.TOKEN and not (len(value) == 64 and set(value) <= set("0123456789abcdef")):
            return False
    elif kind in INTEGER_RANGES:
        low, high = INTEGER_RANGES[kind]
        return type(value) is int and low <= value <= high
    elif kind is Kind.FLOAT:
        return type(value) in (int, float)
    elif kind is Kind.BOOLEAN:
        return type(value) is bool
    elif kind is Kind.TIMESTAMP:
        if not isinstance(value, str) or not TIME.fullmatch(value):
            return False
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return False
        return at.year >= 2000 and at.date() <= arrival.replace(year=arrival.year + 5)
    elif kind in JSON_KINDS and type(value) is not (dict if kind is Kind.JSON_OBJECT else list):
        return False
    if field.choices and value not in field.choices:
        return False
    return field.max_bytes is None or _size(value) <= field.max_bytes


def read(line: bytes, event_type: str, arrival: date) -> dict[str, Any] | None:
    """The event of a good line of an object of this type and day; None for a line to be
    quarantined.
    """
    if len(line) > LINE_BYTES or b"\0" in line:
        return None
    try:
        found = json.loads(
            line.strip(BLANKS).decode(), object_pairs_hook=_pairs, parse_constant=_constant
        )
        if b"\\u" in line:
            json.dumps(found, ensure_ascii=False).encode()  # no lone surrogates
    except ValueError:
        return None
    event = EVENTS[event_type]
    if type(found) is not dict:
        return None
    for field in event.fields:
        value = found.get(field.name)
        if value is None and field.is_required:
            return None
        if value is not None and not _is_of(value, field, arrival):
            return None
    names = {field.name for field in event.fields}
    unknown = {name: value for name, value in found.items() if name not in names}
    if unknown and _size(unknown) > JSON_BYTES:
        return None
    if (found["event_type"], found["schema_version"]) != (event.name, event.schema_version):
        return None
    return found


def content(body: bytes) -> bytes | None:
    """What an object holds; None if it cannot be read whole."""
    try:
        return gzip.decompress(body) if body else None
    except (OSError, EOFError, zlib.error):
        return None


def lines(text: bytes) -> list[bytes]:
    """The physical lines, without a byte order mark at the start of the object."""
    found = text.split(b"\n")
    if not found[-1]:
        found.pop()
    if found:
        found[0] = found[0].removeprefix(b"\xef\xbb\xbf")
    return found


def is_blank(line: bytes) -> bool:
    return not line.strip(BLANKS)
