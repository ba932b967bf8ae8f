"""Turns the inflated bytes of an object into typed rows, quarantined lines and blank ones.

Blocks of lines go through pyarrow's strict JSON reader and vector checks. Whatever these do not vouch for is
located, taken out and decided line by line by ``lines``, which alone defines what a good line is: this module
may be more suspicious than that definition, never less. Nothing is read from S3 or written here.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated, Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.json

from sms_warehouse.landing import columns
from sms_warehouse.landing.events import JSON_BYTES, JSON_KINDS, LINE_BYTES, Event, Field, Kind
from sms_warehouse.landing.lines import Bad, Good, Policy, check_json, is_blank

BLOCK_BYTES = 4 * 1024**2
_BLOCK_LINES = 65_536
"""Bounds what is held of a block whose lines are all bad and short."""
_PIECES = 16
"""A refused run of lines is cut into so many pieces, each tried by itself."""
_FEW_LINES = 32
"""So few lines are decided one by one when they are refused."""
_CACHE_ENTRIES = 10_000
_CACHED_BYTES = 1024

BOM = b"\xef\xbb\xbf"
_NEWLINE, _RETURN, _OPEN, _CLOSE = b"\n\r{}"
_ESCAPED_NUL_OR_SURROGATE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
# An object of scalars in which nothing is escaped, so that only its quotes need escaping to make it a string.
_NULL_OR_FLAT_OBJECT = re.compile(
    rb'[ \t]*(?:null\b|(\{[^{}\[\]"\\\x00-\x1f]*(?:"[^"\\\x00-\x1f]*"[^{}\[\]"\\\x00-\x1f]*)*\}))'
)
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_DECODE_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_Rows: TypeAlias = npt.NDArray[np.int64]
_Mask: TypeAlias = npt.NDArray[np.bool_]
_Part: TypeAlias = tuple[dict[str, pa.Array], _Rows]
"""Columns of good rows, and the lines within the block that they are of."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line to quarantine; ``raw`` is without its newline, and a view of the content where it is huge."""

    line_number: int
    reason: str
    field: str | None
    raw: bytes | memoryview


@dataclass(frozen=True)
class Block:
    """What became of a run of lines; ``good`` has the columns of ``good_schema``, in the lines' order."""

    good: pa.Table
    bad: list[BadLine]
    blank: list[int]
    """Numbers of the blank lines."""

    @property
    def lines(self) -> int:
        return self.good.num_rows + len(self.bad) + len(self.blank)


def good_schema(event: Event) -> pa.Schema:
    """The event's fields, then ``line_number`` and ``extra``."""
    names = {field.name for field in event.fields} | {"line_number", "extra"}
    return pa.schema([field for field in event.arrow_schema if field.name in names])


def inspect(
    content: bytes | bytearray | mmap.mmap, event: Event, arrival_date: date
) -> Iterator[Block]:
    """Decides every line of an object, a block at a time; lines are numbered from 1.

    Memory is bounded whatever the size of content and lines: a line longer than a block is not copied.
    """
    inspector = _Inspector(event, arrival_date)
    size = len(content)
    number = 1
    begin = len(BOM) if content[: len(BOM)] == BOM else 0
    if begin and begin == size:
        yield Block(inspector.no_rows, [], [number])
    while begin < size:
        end = _block_end(content, begin, size)
        if end - begin > BLOCK_BYTES:
            block = inspector.huge_line(memoryview(content)[begin:end], number)
        else:
            lines = _Lines(bytes(content[begin:end]))
            if len(lines) > _BLOCK_LINES:
                end = begin + int(lines.starts[_BLOCK_LINES])
                lines = _Lines(bytes(content[begin:end]))
            block = inspector.block(lines, number)
        yield block
        number += block.lines
        begin = end


def _block_end(content: bytes | bytearray | mmap.mmap, begin: int, size: int) -> int:
    """After the last newline within a block's size, after the next one if there is none."""
    limit = begin + BLOCK_BYTES
    if limit >= size:
        return size
    newline = content.rfind(b"\n", begin, limit)
    if newline < 0:
        newline = content.find(b"\n", limit)
    return size if newline < 0 else newline + 1


class _Lines:
    """The lines of a block; ``is_flat`` tells, for each JSON field, where its value was made a string."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.is_flat: dict[str, _Mask] = {}
        self.array = np.frombuffer(data, np.uint8)
        newlines = np.flatnonzero(self.array == _NEWLINE)
        self.ends: _Rows = newlines if data.endswith(b"\n") else np.append(newlines, len(data))
        self.starts: _Rows = np.zeros_like(self.ends)
        self.starts[1:] = self.ends[:-1] + 1

    def __len__(self) -> int:
        return len(self.ends)

    def line(self, row: int) -> bytes:
        return self.data[self.starts[row] : self.ends[row]]

    def rows_at(self, positions: list[int]) -> _Rows:
        """The lines on which positions lie."""
        return np.unique(np.searchsorted(self.ends, np.array(positions, np.int64)))

    def text(self, rows: _Rows) -> bytes | bytearray:
        """The given lines, in ascending order, with blanks in place of those between them."""
        first, last = rows[0], rows[-1]
        begin, end = int(self.starts[first]), int(self.ends[last])
        if last - first + 1 == len(rows):
            return self.data[begin:end]
        text = bytearray(self.data[begin:end])
        others = np.setdiff1d(np.arange(first, last + 1), rows, assume_unique=True)
        starts, ends = self.starts[others] - begin, self.ends[others] - begin
        for start, stop in zip(starts.tolist(), ends.tolist(), strict=True):
            text[start:stop] = b" " * (stop - start)
        return text


class _Reader:
    """pyarrow's JSON reader for an event, and a decoder that tells which lines made it give up.

    The lenient one passes over unknown fields and over those that are kept as JSON text.
    """

    def __init__(self, event: Event, *, is_lenient: bool) -> None:
        fields = [f for f in event.fields if not (is_lenient and f.kind in JSON_KINDS)]
        self._options = pyarrow.json.ParseOptions(
            explicit_schema=pa.schema([(f.name, columns.parsed_type(f)) for f in fields]),
            newlines_in_values=False,
            unexpected_field_behavior="ignore" if is_lenient else "error",
        )
        shape = msgspec.defstruct(
            "Line",
            [(f.name, _decoded_type(f), None) for f in fields],
            forbid_unknown_fields=not is_lenient,
        )
        self._decode = msgspec.json.Decoder(shape).decode

    def table(self, text: bytes | bytearray) -> pa.Table | None:
        """The rows of the lines, or None if there is any that it does not take."""
        try:
            return pyarrow.json.read_json(
                pa.BufferReader(text),
                read_options=pyarrow.json.ReadOptions(use_threads=False, block_size=len(text) + 1),
                parse_options=self._options,
            )
        except pa.ArrowInvalid:
            return None

    def may_take(self, line: bytes) -> bool:
        """A guess, quickly made, whether the line is one that ``table`` takes."""
        try:
            self._decode(line)
        except _DECODE_ERRORS:
            return False
        return True


@cache
def _reader(event: Event, *, is_lenient: bool) -> _Reader:
    # Making one takes as long as reading a small object.
    return _Reader(event, is_lenient=is_lenient)


def _decoded_type(field: Field) -> Any:
    parsed = columns.parsed_type(field)
    if pa.types.is_integer(parsed):
        return Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None
    if pa.types.is_floating(parsed):
        return float | None
    return bool | None if pa.types.is_boolean(parsed) else str | None


class _Inspector:
    """Decides the blocks of one object; remembers from one to the next what helps to be fast."""

    def __init__(self, event: Event, arrival_date: date) -> None:
        self._policy = Policy(event, arrival_date)
        self._checks = columns.Checks(event, arrival_date)
        self._schema = good_schema(event)
        self._fields = event.fields
        self._known = {field.name for field in event.fields}
        self._json_fields = [
            (f, f'"{f.name}"'.encode(), b"{" if f.kind is Kind.JSON_OBJECT else b"[")
            for f in event.fields
            if f.kind in JSON_KINDS
        ]
        self._strict = _reader(event, is_lenient=False)
        self._lenient = _reader(event, is_lenient=True)
        self._decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
        self._verbatim_names = ["extra", *(f.name for f, _, _ in self._json_fields)]
        self._nothing_verbatim = (None,) * len(self._verbatim_names)
        self._literals: dict[str, bytes | None] = {}
        self._sound: dict[bytes, bool] = {}
        self._is_drifting = False
        self.no_rows = self._schema.empty_table()

    def huge_line(self, raw: memoryview, number: int) -> Block:
        """A block that is one line, longer than any line may be."""
        if raw[-1] == _NEWLINE:
            raw = raw[:-1]
        if is_blank(raw):
            return Block(self.no_rows, [], [number])
        return Block(self.no_rows, [BadLine(number, "line_too_long", None, raw)], [])

    def block(self, lines: _Lines, first_number: int) -> Block:
        """A block of whole lines, of which the first has the given number."""
        candidates = np.flatnonzero(self._may_be_objects(lines))
        parts: list[_Part] = []
        if not self._is_drifting:
            flat, is_nested = self._flatten(lines)
            parts, refused = self._read(self._strict, flat, candidates[~is_nested[candidates]])
            for part, rows in parts:
                part["extra"] = pa.nulls(len(rows), pa.string())
            candidates = np.union1d(candidates[is_nested[candidates]], refused)
        if len(candidates) > _FEW_LINES:
            parts += self._read_verbatim(lines, candidates)
        is_left = np.ones(len(lines), np.bool_)
        for _, rows in parts:
            is_left[rows] = False
        bad, blank = self._decide(lines, np.flatnonzero(is_left), first_number, parts)
        return Block(self._good(parts, first_number), bad, blank)

    def _may_be_objects(self, lines: _Lines) -> _Mask:
        """Which lines begin and end as an object does and hold nothing that the readers overlook.

        If so many lines are read as so many rows, then each is one object: within an object, nothing that
        ends in ``}`` is followed by what begins with ``{``, so that every line begins and ends some object.
        """
        starts, ends, array = lines.starts, lines.ends, lines.array
        lasts = array[np.maximum(ends - 1, 0)]
        lasts = np.where(
            (lasts == _RETURN) & (ends - starts > 1), array[np.maximum(ends - 2, 0)], lasts
        )
        first = array[np.minimum(starts, len(array) - 1)]
        may_be = (
            (ends - starts <= LINE_BYTES)
            & (first == _OPEN)
            & (lasts == _CLOSE)
            & (ends > starts + 1)
        )
        if b"\0" in lines.data:
            may_be[lines.rows_at(np.flatnonzero(array == 0).tolist())] = False
        # One character first: looking for two takes many times as long.
        if b"\\" in lines.data and b"\\u" in lines.data:
            found = [match.start() for match in _ESCAPED_NUL_OR_SURROGATE.finditer(lines.data)]
            may_be[lines.rows_at(found)] = False
        if not _is_utf8(lines.data):
            for row in np.flatnonzero(may_be).tolist():
                may_be[row] = _is_utf8(lines.line(row))
        return may_be

    def _flatten(self, lines: _Lines) -> tuple[_Lines, _Mask]:
        """The lines with flat JSON objects made strings, which the strict reader can take verbatim.

        Also tells which lines hold a nested value, for which that cannot be done.

        If a line is read after a key's flat object was made a string, then the line itself is as sound: a key
        with a colon behind it, not within a string, is followed by one value there and by another here.
        """
        is_nested = np.zeros(len(lines), np.bool_)
        is_flat = {f.name: np.zeros(len(lines), np.bool_) for f, _, _ in self._json_fields}
        for field, literal, _ in self._json_fields:
            key = literal + b":"
            if key not in lines.data:
                continue
            before, *after = lines.data.split(key)
            texts = [before]
            position = len(before)
            flat: list[int] = []
            nested: list[int] = []
            for text in after:
                value = _NULL_OR_FLAT_OBJECT.match(text)
                size = len(key) + len(text)
                if value is None:
                    nested.append(position)
                elif value[1] and not texts[-1].endswith(b"\\"):
                    if self._is_sound_json(value[1]):
                        flat.append(position)
                        text = b'"%b"%b' % (value[1].replace(b'"', b'\\"'), text[value.end() :])
                    else:
                        nested.append(position)
                position += size
                texts.append(text)
            is_nested[lines.rows_at(nested)] = True
            is_flat[field.name][lines.rows_at(flat)] = True
            lines = _Lines(key.join(texts))
        lines = copy(lines)
        lines.is_flat = is_flat
        return lines, is_nested

    def _read(
        self, reader: _Reader, lines: _Lines, rows: _Rows, *, is_narrowed: bool = False
    ) -> tuple[list[_Part], _Rows]:
        """What the reader and the checks vouch for of the given lines, and the lines that are left."""
        if not len(rows):
            return [], rows
        table = reader.table(lines.text(rows))
        if table is not None and table.num_rows == len(rows):
            values, is_suspect = self._checks.apply(table)
            for name, is_flat in lines.is_flat.items():
                # Where no object was made a string, a string is what stood there.
                is_suspect |= columns.mask(values[name].is_valid()) & ~is_flat[rows]
            if not is_suspect.any():
                return [(values, rows)], rows[:0]
            if is_suspect.all():
                return [], rows
            keep = pa.array(~is_suspect)
            values = {name: column.filter(keep) for name, column in values.items()}
            return [(values, rows[~is_suspect])], rows[is_suspect]
        if len(rows) <= _FEW_LINES:
            return [], rows
        if not is_narrowed:
            is_fit = np.fromiter(
                (reader.may_take(lines.line(row)) for row in rows.tolist()), np.bool_
            )
            if not is_fit.all():
                parts, left = self._read(reader, lines, rows[is_fit], is_narrowed=True)
                return parts, np.union1d(left, rows[~is_fit])
        parts, left = [], rows[:0]
        for piece in np.array_split(rows, _PIECES):
            some, refused = self._read(reader, lines, piece, is_narrowed=True)
            parts += some
            left = np.append(left, refused)
        return parts, left

    def _read_verbatim(self, lines: _Lines, rows: _Rows) -> list[_Part]:
        """The way for lines with unknown fields or nested values, which are kept as they are written."""
        texts: list[tuple[bytes | None, ...]] = []
        readable: list[int] = []
        for row in rows.tolist():
            found = self._verbatim(lines.line(row))
            if found is not None:
                readable.append(row)
                texts.append(found)
        parts, _ = self._read(self._lenient, lines, np.array(readable, np.int64))
        drifted = 0
        for values, taken in parts:
            kept = [texts[n] for n in np.searchsorted(readable, taken).tolist()]
            drifted += len(kept) - kept.count(self._nothing_verbatim)
            for name, column in zip(self._verbatim_names, zip(*kept, strict=True), strict=True):
                values[name] = pa.array(column, pa.string())
        self._is_drifting = 2 * drifted > len(lines)
        return parts

    def _verbatim(self, line: bytes) -> tuple[bytes | None, ...] | None:
        """The texts of ``extra`` and of the JSON fields; None for a line that cannot be vouched for."""
        # Only \u can spell a plain key in another way, and so hide that it is there twice.
        if b"\\" in line and b"\\u" in line:
            return None
        try:
            members = self._decode_members(line)
        except _DECODE_ERRORS:
            return None
        texts: list[bytes | None] = [None]
        for field, literal, bracket in self._json_fields:
            text = bytes(members.get(field.name, b"null"))
            if text == b"null" and not field.is_required:
                texts.append(None)
            elif text[:1] == bracket and len(text) <= JSON_BYTES and self._is_sound_json(text):
                texts.append(text)
            else:
                return None
            if field.name in members and line.count(literal) != 1:
                return None
        unknown = []
        for key in members:
            if key not in self._known:
                key_text = self._literal(key)
                text = bytes(members[key])
                if key_text is None or line.count(key_text) != 1:
                    return None
                if text[:1] in (b"{", b"[") and not self._is_sound_json(text):
                    return None
                unknown.append(b"%b:%b" % (key_text, text))
        if unknown:
            extra = b"{%b}" % b",".join(unknown)
            if len(extra) > JSON_BYTES:
                return None
            texts[0] = extra
        return tuple(texts)

    def _literal(self, key: str) -> bytes | None:
        """The key as it stands in a line, if there is but one way to write it without ``\\u``."""
        try:
            return self._literals[key]
        except KeyError:
            pass
        literal = f'"{key}"'.encode() if _PLAIN_KEY.fullmatch(key) else None
        if len(self._literals) < _CACHE_ENTRIES and len(key) <= _CACHED_BYTES:
            self._literals[key] = literal
        return literal

    def _is_sound_json(self, text: bytes) -> bool:
        """Whether a value that goes into a column as its text obeys the rules for every depth."""
        is_sound = self._sound.get(text)
        if is_sound is None:
            try:
                is_sound = check_json(text.decode()) is None
            except UnicodeDecodeError:
                is_sound = False
            if len(self._sound) < _CACHE_ENTRIES and len(text) <= _CACHED_BYTES:
                self._sound[text] = is_sound
        return is_sound

    def _decide(
        self, lines: _Lines, rows: _Rows, first_number: int, parts: list[_Part]
    ) -> tuple[list[BadLine], list[int]]:
        """Decides lines one by one: adds the good ones to ``parts``, returns bad ones and numbers of blank."""
        bad: list[BadLine] = []
        blank: list[int] = []
        good: list[Good] = []
        good_rows: list[int] = []
        for row in rows.tolist():
            raw = lines.line(row)
            fate = self._policy.inspect(raw)
            if isinstance(fate, Bad):
                bad.append(BadLine(first_number + row, fate.reason, fate.field, raw))
            elif isinstance(fate, Good):
                good.append(fate)
                good_rows.append(row)
            else:
                blank.append(first_number + row)
        if good:
            values = {
                f.name: pa.array([line.values[f.name] for line in good], f.arrow_type)
                for f in self._fields
            }
            values["extra"] = pa.array([line.extra for line in good], pa.string())
            parts.append((values, np.array(good_rows, np.int64)))
        return bad, blank

    def _good(self, parts: list[_Part], first_number: int) -> pa.Table:
        tables = []
        for values, rows in parts:
            values["line_number"] = pa.array(rows + first_number)
            arrays = [values[name] for name in self._schema.names]
            tables.append(pa.Table.from_arrays(arrays, schema=self._schema))
        if len(tables) < 2:
            return tables[0] if tables else self.no_rows
        order = np.argsort(np.concatenate([rows for _, rows in parts]), kind="stable")
        return pa.concat_tables(tables).combine_chunks().take(pa.array(order))


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    text = pa.Array.from_buffers(
        pa.large_string(),
        1,
        [None, pa.py_buffer(np.array([0, len(data)], np.int64)), pa.py_buffer(data)],
    )
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
