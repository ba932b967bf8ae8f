"""What goes wrong with logs: bad and odd lines, poison objects and foreign keys, each by name.

Every bad line is made from a good one and every poison object from good content, so that a test can
use one kind alone. Nothing here takes a good line away: damage is added beside it, and the good
events of a world are the same with and without faults. Where and how often faults strike is decided
with the files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

from isal import igzip

from sms_warehouse.landing.events import EVENTS, JSON_BYTES, LINE_BYTES, Event, Kind

BOM = b"\xef\xbb\xbf"
_INTEGERS = frozenset({Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT})

LineFault = Callable[[bytes], bytes]
ObjectFault = Callable[[bytes], bytes]


def compress(content: bytes) -> bytes:
    """One gzip member, the same bytes for the same content."""
    return igzip.compress(content, 1, mtime=0)


# Rebuilding a line


def _raw(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _parts(line: bytes) -> dict[str, bytes]:
    return {name: _raw(value) for name, value in json.loads(line).items()}


def _joined(parts: dict[str, bytes]) -> bytes:
    return b"{" + b",".join(_raw(name) + b":" + raw for name, raw in parts.items()) + b"}"


def _with(line: bytes, name: str, raw: bytes) -> bytes:
    """The line with the JSON text of one field replaced, or added at its end."""
    return _joined(_parts(line) | {name: raw})


def _and(line: bytes, text: bytes) -> bytes:
    """The line with more text before its closing brace."""
    return line[:-1] + text + b"}"


def _event(line: bytes) -> Event:
    return EVENTS[json.loads(line)["event_type"]]


def _last_field(line: bytes, kinds: frozenset[Kind], fallback: str) -> str:
    """The last field of these kinds that the line has."""
    there = json.loads(line)
    names = [
        f.name for f in _event(line).fields if f.kind in kinds and there.get(f.name) is not None
    ]
    return names[-1] if names else fallback


# Families of bad lines


def _set(name: str, raw: bytes) -> LineFault:
    return lambda line: _with(line, name, raw)


def _integer(raw: bytes) -> LineFault:
    return lambda line: _with(line, _last_field(line, _INTEGERS, "schema_version"), raw)


def _time(change: Callable[[str], str], name: str = "occurred_at") -> LineFault:
    return lambda line: _with(line, name, _raw(change(json.loads(line)[name])))


def _appended(text: bytes) -> LineFault:
    return lambda line: _and(line, text)


def _without(name: str) -> LineFault:
    return lambda line: _joined({n: raw for n, raw in _parts(line).items() if n != name})


def _renamed(old: str, new: str) -> LineFault:
    return lambda line: _joined({new if n == old else n: raw for n, raw in _parts(line).items()})


def _padded(before: str, after: str) -> LineFault:
    return lambda line: _with(line, "event_id", _raw(before + json.loads(line)["event_id"] + after))


def _boolean_as_text(line: bytes) -> bytes:
    booleans = [f.name for f in _event(line).fields if f.kind is Kind.BOOLEAN]
    return _with(line, booleans[0], b'"true"') if booleans else _with(line, "source", b"true")


def _bad_choice(line: bytes) -> bytes:
    there = json.loads(line)
    closed = [f.name for f in _event(line).fields if f.choices and there.get(f.name)]
    name = closed[0] if closed else "event_type"
    return _with(line, name, _raw(there[name].lower() + "?"))


def _not_a_ulid(line: bytes) -> bytes:
    ulids = [f.name for f in _event(line).fields if f.kind is Kind.ULID]
    # I, L, O and U are not in Crockford's alphabet.
    return (
        _with(line, ulids[0], b'"01J8Z3K7Q5V9T2M4N6P8R0S1IU"')
        if ulids
        else _padded("", "0" * 11)(line)
    )


def _heartbeat(line: bytes) -> bytes:
    there = json.loads(line)
    return _raw(
        {
            "event_type": "heartbeat",
            "source": there["source"],
            "logged_at": there["logged_at"],
            "up": True,
        }
    )


BAD_LINES: dict[str, LineFault] = {
    # Not one JSON object
    "not_json": lambda line: (
        b"Traceback (most recent call last): ConnectionResetError: [Errno 104]"
    ),
    "truncated": lambda line: line[: len(line) * 2 // 3],
    "first_half_missing": lambda line: line[len(line) // 3 :],
    "array": lambda line: b"[" + line + b"]",
    "scalar": lambda line: b'"heartbeat"',
    "null": lambda line: b"null",
    "empty_object": lambda line: b"{}",
    "two_objects": lambda line: line + line,
    "two_objects_with_comma": lambda line: line + b"," + line,
    "text_after_object": lambda line: line + b" 200 OK",
    "object_over_two_lines": lambda line: line.replace(b',"', b',\n"', 1),
    "trailing_comma": _appended(b","),
    "comment": _appended(b" /* retried */ "),
    "single_quotes": lambda line: line.replace(b'"', b"'"),
    "bare_key": _appended(b",retried:1"),
    "bad_escape": _set("trace_id", b'"a\\x41"'),
    "bom_inside": lambda line: line.replace(b":", b":" + BOM, 1),
    # Keys
    "doubled_key": lambda line: _and(line, b',"event_id":' + _raw(json.loads(line)["event_id"])),
    "doubled_key_escaped": lambda line: _and(
        line, b',"event\\u005fid":' + _raw(json.loads(line)["event_id"])
    ),
    "doubled_unknown_key": _appended(b',"shard":1,"shard":1'),
    "key_in_capitals": _renamed("event_id", "EVENT_ID"),
    # Required fields
    "heartbeat": _heartbeat,
    "required_missing": _without("logged_at"),
    "required_null": _set("source", b"null"),
    # Numbers
    "integer_as_text": _integer(b'"310"'),
    "integer_as_boolean": _integer(b"true"),
    "integer_as_float": _integer(b"310.0"),
    "integer_with_exponent": _integer(b"3e2"),
    "integer_with_leading_zero": _integer(b"0310"),
    "integer_with_plus": _integer(b"+310"),
    "integer_out_of_range": _integer(b"9223372036854775808"),
    "integer_nan": _integer(b"NaN"),
    "infinity": _set("attributes", b'{"ratio":-Infinity}'),
    "nan_in_unknown_field": _appended(b',"ratio":NaN'),
    # Other types
    "boolean_as_text": _boolean_as_text,
    "text_as_number": _set("trace_id", b"310"),
    "text_as_object": _set("source", b'{"name":"x"}'),
    "object_as_text": _set("attributes", b'"{}"'),
    "object_as_array": _set("attributes", b"[]"),
    # Text
    "invalid_utf8": _set("trace_id", b'"caf\xe9"'),
    "overlong_utf8": _set("trace_id", b'"\xc0\xaf"'),
    "encoded_surrogate": _set("trace_id", b'"\xed\xa0\x80"'),
    "lone_surrogate": _set("trace_id", b'"\\ud83d"'),
    "lone_surrogate_in_unknown_field": _appended(b',"emoji":"\\ude00"'),
    "nul_byte": _set("trace_id", b'"a\x00b"'),
    "nul_escaped": _set("trace_id", b'"a\\u0000b"'),
    "raw_control_character": _set("trace_id", b'"a\tb"'),
    "carriage_return_in_text": _set("trace_id", b'"a\rb"'),
    # 33 characters of two bytes each: within 64 characters, beyond 64 bytes.
    "text_too_long_in_bytes": _set("trace_id", _raw("é" * 33)),
    "id_too_long": _padded("", "0" * 11),
    "blank_before_id": _padded(" ", ""),
    "blank_after_id": _padded("", " "),
    # Closed lists and identities
    "not_in_list": _bad_choice,
    "message_id_not_ulid": _not_a_ulid,
    "other_event_type": lambda line: _with(
        line,
        "event_type",
        b'"link_click"' if b'"link_click"' not in line else b'"delivery_receipt"',
    ),
    "other_schema_version": _set("schema_version", b"2"),
    # Times
    "time_without_zone": _time(lambda t: t[:19]),
    "time_24_00": _time(lambda t: t[:10] + "T24:00:00Z"),
    "time_leap_second": _time(lambda t: t[:10] + "T23:59:60Z"),
    "time_bare_date": _time(lambda t: t[:10]),
    "time_seven_digits": _time(lambda t: t[:19] + ".1234567Z"),
    "time_1999": _time(lambda t: "1999-12-31T23:59:59.999Z"),
    "time_six_years_ahead": _time(lambda t: f"{int(t[:4]) + 6}-01-15T00:00:00.000Z"),
    "time_no_such_day": _time(lambda t: t[:4] + "-02-30T12:00:00Z"),
    "time_offset_without_colon": _time(lambda t: t[:19] + "+0000"),
    "time_offset_too_large": _time(lambda t: t[:19] + "+25:00"),
    "time_as_number": _set("occurred_at", b"1748783102117"),
    "time_empty": _time(lambda t: "", "logged_at"),
    # Size
    "line_over_1_mib": lambda line: _with(line, "attributes", _raw({"dump": "x" * LINE_BYTES})),
    "attributes_too_large": lambda line: _with(
        line, "attributes", _raw({"dump": "y" * JSON_BYTES})
    ),
    "unknown_field_too_large": lambda line: _and(line, b',"dump":' + _raw({"z": "z" * JSON_BYTES})),
}
"""Kinds of lines to be quarantined, each made from a good line; one of them makes two lines of it.
"""

USUAL_BAD_LINES = (
    "truncated",
    "not_json",
    "required_missing",
    "integer_as_text",
    "heartbeat",
    "heartbeat",
)
"""Kinds that occur in any platform's logs; services beat often."""


def _at_offset(line: bytes) -> bytes:
    at = datetime.fromisoformat(json.loads(line)["occurred_at"]).astimezone(
        timezone(timedelta(hours=5, minutes=30))
    )
    return _with(line, "occurred_at", _raw(at.isoformat(timespec="milliseconds")))


ODD_LINES: dict[str, LineFault] = {
    "carriage_return_at_end": lambda line: line + b"\r",
    "blanks_around": lambda line: b"  " + line + b" \t",
    "spaces_between": lambda line: json.dumps(json.loads(line), ensure_ascii=False).encode(),
    "keys_reversed": lambda line: _joined(dict(reversed(_parts(line).items()))),
    "key_escaped": lambda line: line.replace(b'"event_id"', b'"event\\u005fid"', 1),
    "text_escaped": lambda line: json.dumps(json.loads(line)).replace("sms", "\\u0073ms").encode(),
    "time_at_offset": _at_offset,
    "time_in_microseconds": lambda line: re.sub(rb"\.(\d{3})Z", rb".\g<1>000Z", line),
    "attributes_missing": _without("attributes"),
    "trace_missing": _without("trace_id"),
    "unknown_text": _appended(b',"app_build":"2025.6.1"'),
    "unknown_object": _appended(b',"experiment":{"id":7,"arms":["a","b"],"weights":[0.5,5e-1]}'),
    "unknown_key_in_other_case": _appended(b',"Trace_Id":"x"'),
    "unknown_number_too_large": _appended(b',"counter":340282366920938463463374607431768211456'),
    "unknown_large": lambda line: _and(line, b',"dump":' + _raw("d" * 60_000)),
    "unknown_with_line_separator": _appended(b',"note":"a\xe2\x80\xa8b\xc2\x85c"'),
    "unknown_with_emoji_escaped": _appended(b',"emoji":"\\ud83d\\ude00"'),
}
"""Ways to write a good line that are unusual and just as good."""

USUAL_UNKNOWN_FIELDS = (b',"app_build":"2025.6.1"', b',"pod":"blue-7f9c"', b',"canary":true')

BLANK_LINES = (b"", b" ", b"\t \t", b"\r")


# Objects


def _flipped(body: bytes, at: int) -> bytes:
    return body[:at] + bytes([body[at] ^ 0xFF]) + body[at:][1:]


def _bad_deflate(content: bytes) -> bytes:
    # The block type 3 is reserved: no decoder can go on.
    body = compress(content)
    return body[:10] + b"\x07" + body[11:]


POISON_OBJECTS: dict[str, ObjectFault] = {
    "no_bytes": lambda content: b"",
    "cut_short": lambda content: compress(content)[: -max(9, len(compress(content)) // 3)],
    "trailer_missing": lambda content: compress(content)[:-8],
    "header_only": lambda content: compress(content)[:10],
    "wrong_crc": lambda content: _flipped(compress(content), len(compress(content)) - 8),
    "wrong_length": lambda content: _flipped(compress(content), len(compress(content)) - 4),
    "bad_deflate": _bad_deflate,
    "garbage_after_member": lambda content: compress(content) + b"-- end of file --",
    "second_member_cut": lambda content: compress(content) + compress(content)[:-5],
    "plain_text": lambda content: content,
    "html_error_page": lambda content: (
        b"<html><body><h1>503 Service Unavailable</h1></body></html>\n"
    ),
}
"""Objects that cannot be read whole, made from the content they should have had."""


def _in_members(content: bytes) -> bytes:
    # Members may be cut anywhere, within a line too, and may be empty.
    middle = len(content) // 2
    return compress(content[:middle]) + compress(b"") + compress(content[middle:])


ODD_OBJECTS: dict[str, ObjectFault] = {
    "zero_padded": lambda content: compress(content) + bytes(512),
    "several_members": _in_members,
    "no_newline_at_end": lambda content: compress(content.removesuffix(b"\n")),
    "byte_order_mark": lambda content: compress(BOM + content),
    "all_crlf": lambda content: compress(content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")),
}
"""Unusual objects that hold the same lines as usual ones."""

EMPTY_OBJECTS: dict[str, tuple[bytes, int]] = {
    "nothing_inside": (b"", 0),
    "newlines_only": (b"\n\n\n", 3),
    "blanks_only": (b"  \t ", 1),
}
"""Contents without an event, and how many blank lines they are."""

ODD_KEY_ENDINGS = (" (copy)", "+1", "=a", "%2B100%", "'quoted'")
"""Ends of file names that S3 notifications, URLs or SQL have to encode."""


def foreign_keys(event_type: str, moment: datetime) -> list[tuple[str, bytes]]:
    """Keys that are not ours to load, with their bodies."""
    day, hour = moment.strftime("%Y-%m-%d"), moment.strftime("%H")
    stamp = moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    body = compress(b'{"hello":"world"}\n')
    return [
        (f"exports/{stamp}.csv", b"a,b\n1,2\n"),
        (f"raw/{event_type}/v=1/dt={day}/hh={hour}/", b""),
        (f"raw/message_read/v=1/dt={day}/hh={hour}/rcs-0-{stamp}.json.gz", body),
        (f"raw/{event_type}/v=9/dt={day}/hh={hour}/next-0-{stamp}.json.gz", body),
        (f"raw/{event_type}/v=1/dt={day[:4]}-02-30/hh={hour}/x-0-{stamp}.json.gz", body),
        (f"raw/{event_type}/v=1/dt={day}/{stamp}.json.gz", body),
        (f"raw/{event_type}/v=1/dt=1999-12-31/hh=00/x-0-{stamp}.json.gz", body),
        (f"raw/_tmp/{stamp}.json.gz.part", body[:7]),
    ]


REVISIONS: dict[str, tuple[bytes, bytes]] = {
    "message_submitted": (b'"segment_count":1', b'"segment_count":2'),
    "delivery_receipt": (b'"status":"DELIVERED"', b'"status":"UNDELIVERED"'),
    "link_click": (b'"http_status":302', b'"http_status":410'),
    "subscription_changed": (b'"program_id":"ALL"', b'"program_id":"OFFERS"'),
    "inbound_message": (b'"intent":"REPLY"', b'"intent":"HELP"'),
    "campaign_upserted": (b'"status":"RUNNING"', b'"status":"PAUSED"'),
}


def revised(event_type: str, line: bytes) -> bytes:
    """Another payload under the same event_id: good, but not what was logged first."""
    return line.replace(*REVISIONS[event_type], 1).replace(b'"trace_id":"', b'"trace_id":"r', 1)
