"""Locks down that the vectorised way decides every line as the per-line definition does."""

from __future__ import annotations

import json
import mmap
import re
import tempfile
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sms_warehouse.landing.events import EVENTS, LINE_BYTES, MESSAGE_SUBMITTED, Event
from sms_warehouse.landing.inspect import BLOCK_BYTES, good_schema, inspect
from sms_warehouse.landing.lines import Bad, Blank, Good, inspect_line
from sms_warehouse_tests.inspect.samples import (
    BAD_KINDS,
    DAY,
    BadKind,
    good_line,
    good_lines,
    raw_value,
    sample,
    text,
)

Decided = dict[int, tuple[Any, ...]]


def vectorised(content: bytes, event: Event = MESSAGE_SUBMITTED, day: date = DAY) -> Decided:
    """The fate of every line as ``inspect`` tells it, by line number."""
    decided: Decided = {}
    number = 1
    names = [f.name for f in event.fields]
    for block in inspect(content, event, day):
        assert block.good.schema.equals(good_schema(event))
        last = 0
        for row in block.good.to_pylist():
            assert row["line_number"] > last
            last = row["line_number"]
            decided[last] = ("good", {name: row[name] for name in names}, row["extra"])
        for line in block.bad:
            assert line.line_number not in decided
            decided[line.line_number] = ("bad", line.reason, line.field, bytes(line.raw))
        for blank in set(range(number, number + block.lines)) - set(decided):
            decided[blank] = ("blank",)
        number += block.lines
        assert len(decided) == number - 1
    return decided


def line_by_line(content: bytes, event: Event = MESSAGE_SUBMITTED, day: date = DAY) -> Decided:
    """The fate of every line as the definition has it, applied to each line alone."""
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if content.endswith(b"\n") or not content:
        lines.pop()
    decided: Decided = {}
    for number, raw in enumerate(lines, start=1):
        fate = inspect_line(raw, event, day)
        if isinstance(fate, Good):
            values = {f.name: fate.values[f.name] for f in event.fields}
            decided[number] = ("good", values, fate.extra)
        elif isinstance(fate, Bad):
            decided[number] = ("bad", fate.reason, fate.field, raw)
        else:
            assert isinstance(fate, Blank)
            decided[number] = ("blank",)
    return decided


def agreed(lines: list[bytes], event: Event = MESSAGE_SUBMITTED) -> Decided:
    """What both ways make of an object of these lines."""
    content = b"\n".join(lines) + b"\n"
    decided = vectorised(content, event)
    assert decided == line_by_line(content, event)
    return decided


@pytest.mark.parametrize("kind", BAD_KINDS, ids=[kind.name for kind in BAD_KINDS])
def test_a_bad_line_is_quarantined_with_its_reason_and_its_neighbours_land(kind: BadKind) -> None:
    lines = good_lines(60)
    lines[40] = kind.line
    decided = agreed(lines)
    assert decided[41] == ("bad", kind.reason, kind.field, kind.line)
    assert {fate[0] for number, fate in decided.items() if number != 41} == {"good"}


@pytest.mark.parametrize("kind", BAD_KINDS, ids=[kind.name for kind in BAD_KINDS])
def test_a_bad_line_is_quarantined_among_lines_with_unknown_fields(kind: BadKind) -> None:
    lines = good_lines(60, campaign_tier="gold", attributes={"a": {"b": [1]}})
    lines[40] = kind.line
    decided = agreed(lines)
    assert decided[41] == ("bad", kind.reason, kind.field, kind.line)
    assert {fate[0] for number, fate in decided.items() if number != 41} == {"good"}


def test_an_object_of_nothing_but_bad_lines_is_quarantined_line_by_line() -> None:
    decided = agreed([kind.line for kind in BAD_KINDS])
    assert [fate[1:3] for fate in decided.values()] == [
        (kind.reason, kind.field) for kind in BAD_KINDS
    ]


def test_bad_lines_of_all_kinds_at_once_take_no_good_line_with_them() -> None:
    lines = good_lines(1500)
    for number, kind in enumerate(BAD_KINDS):
        lines[number * 7] = kind.line
    decided = agreed(lines)
    assert sum(fate[0] == "good" for fate in decided.values()) == 1500 - len(BAD_KINDS)


def only_values(line: bytes, event: Event = MESSAGE_SUBMITTED) -> dict[str, Any]:
    """The values of a line that is good, read among others that are."""
    lines = good_lines(60, event)
    lines[40] = line
    decided = agreed(lines, event)
    assert decided[41][0] == "good", decided[41]
    return decided[41][1] | {"extra": decided[41][2]}


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("2026-03-10T08:09:10Z", datetime(2026, 3, 10, 8, 9, 10)),
        ("2026-03-10T08:09:10.1Z", datetime(2026, 3, 10, 8, 9, 10, 100_000)),
        ("2026-03-10T08:09:10.12Z", datetime(2026, 3, 10, 8, 9, 10, 120_000)),
        ("2026-03-10T08:09:10.123Z", datetime(2026, 3, 10, 8, 9, 10, 123_000)),
        ("2026-03-10T08:09:10.1234Z", datetime(2026, 3, 10, 8, 9, 10, 123_400)),
        ("2026-03-10T08:09:10.12345Z", datetime(2026, 3, 10, 8, 9, 10, 123_450)),
        ("2026-03-10T08:09:10.123456Z", datetime(2026, 3, 10, 8, 9, 10, 123_456)),
        ("2026-03-10T08:09:10+05:30", datetime(2026, 3, 10, 2, 39, 10)),
        ("2026-03-10T08:09:10.5-05:00", datetime(2026, 3, 10, 13, 9, 10, 500_000)),
        ("2026-03-10T23:59:59.999999-00:01", datetime(2026, 3, 11, 0, 0, 59, 999_999)),
        ("2026-03-10T00:00:00-00:00", datetime(2026, 3, 10)),
        ("2026-03-10t08:09:10z", datetime(2026, 3, 10, 8, 9, 10)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29)),
        ("2000-02-29T23:59:59Z", datetime(2000, 2, 29, 23, 59, 59)),
        ("2000-01-01T00:00:00Z", datetime(2000, 1, 1)),
        ("1999-12-31T23:59:00-00:01", datetime(2000, 1, 1)),
        ("2031-03-09T23:59:59.999999Z", datetime(2031, 3, 9, 23, 59, 59, 999_999)),
        ("2031-03-10T00:59:59+01:00", datetime(2031, 3, 9, 23, 59, 59)),
    ],
)
def test_a_time_is_stored_as_utc_to_the_microsecond(written: str, stored: datetime) -> None:
    assert only_values(good_line(occurred_at=written))["occurred_at"] == stored


@pytest.mark.parametrize(
    ("arrived", "until"),
    [(date(2024, 2, 29), "2029-03-01T00:00:00Z"), (date(2026, 12, 31), "2031-12-31T00:00:00Z")],
)
def test_five_years_ahead_count_from_the_day_of_arrival(arrived: date, until: str) -> None:
    last = (datetime.fromisoformat(until) - timedelta(microseconds=1)).isoformat()
    content = b"\n".join(
        good_lines(40) + [good_line(occurred_at=until), good_line(occurred_at=last)]
    )
    decided = vectorised(content, day=arrived)
    assert decided == line_by_line(content, day=arrived)
    assert decided[41][:3] == ("bad", "out_of_range", "occurred_at")
    assert decided[42][0] == "good"


@pytest.mark.parametrize(
    ("name", "written", "stored"),
    [
        ("source", r'"a\/b\u00e9\"\\"', 'a/bé"\\'),
        ("source", r'"\ud83d\ude00"', "😀"),
        ("source", '"é"', "é"),
        ("source", '"x\u2028y\x85z"', "x\u2028y\x85z"),
        ("source", '"\u00a0"', "\u00a0"),
        ("source", '""', ""),
        ("source", f'"{"é" * 32}"', "é" * 32),
        ("source", '"\x7f"', "\x7f"),
        ("source", r'"in\tside"', "in\tside"),
        ("trace_id", "null", None),
        ("mcc_mnc", '"001010"', "001010"),
        ("attempt_no", "-0", 0),
        ("attempt_no", "32767", 32767),
        ("attempt_no", "-32768", -32768),
        ("attributes", "null", None),
        ("attributes", "{}", "{}"),
        ("attributes", " { } ", "{ }"),
        ("attributes", '{"a": 1.50, "b":null}', '{"a": 1.50, "b":null}'),
        ("attributes", '{"a":"}"}', '{"a":"}"}'),
        ("attributes", r'{"a":"\u00e9\""}', r'{"a":"\u00e9\""}'),
        ("attributes", '{"a":{"b":[1e999,{}]}}', '{"a":{"b":[1e999,{}]}}'),
        ("attributes", '{"attributes":{}}', '{"attributes":{}}'),
        ("attributes", '{"a":"' + "x" * 65_527 + '"}', '{"a":"' + "x" * 65_527 + '"}'),
    ],
)
def test_a_value_is_stored_as_it_was_written(name: str, written: str, stored: object) -> None:
    assert only_values(raw_value(name, written))[name] == stored


@pytest.mark.parametrize(
    ("written", "stored"),
    [("0", 0.0), ("-0.0", 0.0), ("12.5", 12.5), ("1E2", 100.0), ("1e-400", 0.0), ("0.1", 0.1)]
    + [("9007199254740993", 9007199254740992.0), ("4.9e-324", 5e-324), ("1e308", 1e308)],
)
def test_a_float_is_the_double_next_to_what_was_written(written: str, stored: float) -> None:
    event = EVENTS["campaign_upserted"]
    line = good_line(event=event, holdout_pct="<here>").replace(b'"<here>"', written.encode())
    assert only_values(line, event)["holdout_pct"] == stored


@pytest.mark.parametrize("written", ["1e309", "-1e400", "9" * 400, "9" * 100_000])
def test_a_float_past_the_largest_double_is_quarantined(written: str) -> None:
    event = EVENTS["campaign_upserted"]
    lines = good_lines(60, event)
    lines[7] = good_line(event=event, holdout_pct="<here>").replace(b'"<here>"', written.encode())
    assert agreed(lines, event)[8][1:3] == ("out_of_range", "holdout_pct")


@pytest.mark.parametrize(
    ("more", "extra"),
    [
        (b'"new":1', '{"new":1}'),
        (b'"new" : 1.0 , "b":[ 1, 2 ]', '{"new":1.0,"b":[ 1, 2 ]}'),
        (b'"b":"2026-03-10","a":null', '{"b":"2026-03-10","a":null}'),
        (b'"new":{"a":{"new":1},"b":[{},{}]}', '{"new":{"a":{"new":1},"b":[{},{}]}}'),
        (b'"new":"new"', '{"new":"new"}'),
        (rb'"a\"b":1,"\u006e":"\u00e9"', r'{"a\"b":1,"\u006e":"\u00e9"}'),
        (b'"":0', '{"":0}'),
        (b'"Source":"x"', '{"Source":"x"}'),
        (
            b'"object_id":"x","line_number":7,"extra":{}',
            '{"object_id":"x","line_number":7,"extra":{}}',
        ),
        ('"é":"☂"'.encode(), '{"é":"☂"}'),
        (b'"new":"' + b"x" * 65_525 + b'"', '{"new":"' + "x" * 65_525 + '"}'),
    ],
)
def test_unknown_fields_are_kept_verbatim_in_extra(more: bytes, extra: str) -> None:
    line = good_line()[:-1] + b"," + more + b"}"
    assert only_values(line)["extra"] == extra
    everywhere = agreed([line] * 60)
    assert {fate[2] for fate in everywhere.values()} == {extra}


def test_a_line_may_have_blanks_around_a_return_at_its_end_and_its_fields_in_any_order() -> None:
    values = sample(MESSAGE_SUBMITTED, 5)
    backwards = text(dict(reversed(values.items())), (" ,\t", " : "))
    expected = only_values(text(values))
    for line in (backwards, b"  " + backwards, backwards + b"\r", b"\t" + backwards + b" \r\r"):
        assert only_values(line) == expected


def test_a_line_of_exactly_the_greatest_length_is_good() -> None:
    line = good_line()
    line += b" " * (LINE_BYTES - len(line))
    assert only_values(line) == only_values(good_line())
    decided = agreed([line + b" "])
    assert decided[1][1:3] == ("line_too_long", None)


def test_fields_that_may_be_absent_or_null_are_stored_as_null() -> None:
    required = {f.name for f in MESSAGE_SUBMITTED.fields if f.is_required}
    values = sample(MESSAGE_SUBMITTED)
    absent = only_values(text({name: values[name] for name in values if name in required}))
    null = only_values(text({name: values[name] if name in required else None for name in values}))
    assert absent == null
    assert {name for name, value in absent.items() if value is not None} == required


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_every_event_type_is_read_both_ways_alike(event: Event) -> None:
    lines = good_lines(50, event) + good_lines(50, event, new={"a": 1})
    assert {fate[0] for fate in agreed(lines, event).values()} == {"good"}


@pytest.mark.parametrize(
    ("content", "fates"),
    [
        (b"", []),
        (b"\n", ["blank"]),
        (b"\r\n \t\r\n\n", ["blank"] * 3),
        (b" ", ["blank"]),
        (b"\xef\xbb\xbf", ["blank"]),
        (b"\xef\xbb\xbf\n", ["blank"]),
        (b"\xef\xbb\xbf" + good_line(), ["good"]),
        (good_line(), ["good"]),
        (good_line() + b"\n", ["good"]),
        (good_line() + b"\r\n" + good_line() + b"\r\n\r\n", ["good", "good", "blank"]),
        (b"\n\n" + good_line() + b"\n\nx", ["blank", "blank", "good", "blank", "bad"]),
        (good_line()[:100] + b"\n" + good_line()[100:], ["bad", "bad"]),
        (good_line() + b"\r" + good_line(), ["bad"]),
    ],
)
def test_physical_lines_are_numbered_from_one(content: bytes, fates: list[str]) -> None:
    decided = vectorised(content)
    assert decided == line_by_line(content)
    assert [decided[number + 1][0] for number in range(len(decided))] == fates


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_large_object_keeps_line_numbers_over_all_its_blocks(end: bytes) -> None:
    lines = good_lines(9000)
    lines[0] = lines[4000] = lines[8999] = b"bad"
    lines[5000] = lines[5001] = b""
    lines[6000] = good_line(6000, new=1)
    content = (end or b"\n").join(lines) + end
    assert len(content) > 1.5 * BLOCK_BYTES
    decided = vectorised(content)
    assert decided == line_by_line(content)
    assert [n for n, fate in decided.items() if fate[0] == "bad"] == [1, 4001, 9000]
    assert decided[6001][2] == '{"new":1}'


def test_huge_lines_are_quarantined_as_views_of_the_content_and_huge_blank_ones_are_blank() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(good_line() + b"\n")
        file.write(b'{"x":"' + b"x" * 3 * BLOCK_BYTES + b'"}\n')
        file.write(b" " * 2 * BLOCK_BYTES + b"\n")
        file.write(good_line() + b"\n")
        file.write(b"y" * 2 * BLOCK_BYTES)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            blocks = list(inspect(content, MESSAGE_SUBMITTED, DAY))
            bad = [line for block in blocks for line in block.bad]
            assert [(line.line_number, line.reason) for line in bad] == [
                (2, "line_too_long"),
                (5, "line_too_long"),
            ]
            assert all(isinstance(line.raw, memoryview) for line in bad)
            assert bytes(bad[0].raw[-2:]) == b'"}'
            assert [number for block in blocks for number in block.blank] == [3]
            assert [n for b in blocks for n in b.good["line_number"].to_pylist()] == [1, 4]
            for line in bad:
                line.raw.release()  # type: ignore[union-attr]
            del blocks, bad, line


# --- Random lines: whatever happens to a good line, both ways must agree on it.

_SPICE = [
    *(bytes([byte]) for byte in b'{}[]":,\\ \t\r\0\x01\x0b\x7f\xff\xc3\xa9eE+-.019ntfuxZTz'),
    *(rb"\u0000", rb"\ud800", rb"\udc00", rb"\ud83d\ude00", rb"\u0061", rb"\n", rb"\/", b"\\\\"),
    *(
        b"null",
        b"true",
        b"false",
        b"NaN",
        b"-Infinity",
        b"1.0",
        b"1e5",
        b'""',
        b"{}",
        b"[]",
        b'{"a":{"a":1}}',
    ),
    *(
        b'"attributes":',
        b'"attributes":{}',
        b',"attributes":{"x":"y"}',
        b',"x":1',
        b',"x":"x"',
        b'"source":',
    ),
    *(
        b"}{",
        b"}null{",
        b"}null",
        b"/**/",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xa8",
        "😀".encode(),
        b"\xed\xa0\x80",
    ),
]
_ODD_VALUES = st.one_of(
    st.sampled_from([kind.line for kind in BAD_KINDS if len(kind.line) < 100]).map(bytes.decode),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=40)
        | st.datetimes().map(str),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=6,
    ).map(json.dumps),
    st.datetimes(datetime(1998, 1, 1), datetime(2033, 1, 1)).map(lambda at: f'"{at.isoformat()}Z"'),
    st.datetimes(datetime(1999, 1, 1), datetime(2033, 1, 1)).map(
        lambda at: f'"{at.isoformat()}+01:00"'
    ),
    st.integers(-70_000, 70_000).map(str),
    st.floats(allow_nan=False).map(repr),
    st.text(max_size=70).map(lambda value: json.dumps(value, ensure_ascii=False)),
)


@st.composite
def _mutated(draw: st.DrawFn, event: Event) -> bytes:
    """A good line after an accident or two."""
    line = good_line(draw(st.integers(0, 99)), event)
    names = [f.name for f in event.fields]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(line)))
        match draw(
            st.sampled_from(["insert", "overwrite", "cut", "double", "value", "value", "member"])
        ):
            case "insert":
                line = line[:at] + draw(st.sampled_from(_SPICE)) + line[at:]
            case "overwrite":
                spice = draw(st.sampled_from(_SPICE))
                line = line[:at] + spice + line[at + len(spice) :]
            case "cut":
                line = line[:at] + line[at + draw(st.integers(1, 20)) :]
            case "double":
                line = line[:at] + line[max(0, at - draw(st.integers(1, 60))) :]
            case "value":
                name = draw(st.sampled_from(names)).encode()
                value = draw(_ODD_VALUES).encode(errors="replace")
                written = b'"%b":%b' % (name, value.replace(b"\\", rb"\\"))
                line = re.sub(rb'"%b":("[^"]*"|[^,}]*)' % name, written, line)
            case "member":
                name = json.dumps(draw(st.sampled_from(names) | st.text(max_size=4))).encode()
                value = draw(_ODD_VALUES).encode(errors="replace")
                line = line.rstrip(b"}") + b"," + name + b":" + value + b"}"
    return line.replace(b"\n", b" ")


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_both_ways_agree_on_lines_that_met_with_accidents(data: st.DataObject) -> None:
    event = EVENTS[data.draw(st.sampled_from(list(EVENTS)))]
    is_drifting = data.draw(st.booleans())
    lines = good_lines(40, event, **({"tier": "gold"} if is_drifting else {}))
    for line in data.draw(st.lists(_mutated(event), min_size=1, max_size=8)):
        if is_drifting:
            line = line.replace(b"}", b',"tier":"gold"}', 1)
        lines[data.draw(st.integers(0, 39))] = line
    agreed(lines, event)
