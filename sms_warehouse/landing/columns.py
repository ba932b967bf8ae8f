"""The rules for values, applied to whole columns: which rows of parsed lines may hold something forbidden.

This is ``lines`` again for values of the right JSON type, in numpy and pyarrow, for speed. A row it finds
suspect is decided by ``lines``; a row it passes must be one that ``lines`` calls good, with the same values.
"""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sms_warehouse.landing.events import INTEGER_RANGES, TOKEN_BYTES, Event, Field, Kind
from sms_warehouse.landing.lines import EDGE_BLANKS, time_range

Mask = npt.NDArray[np.bool_]

_EPOCH = datetime(1970, 1, 1)
_MICROS_PER_DAY = 86_400_000_000
_IS_EDGE_BLANK = np.zeros(256, np.bool_)
_IS_EDGE_BLANK[[ord(c) for c in EDGE_BLANKS]] = True
_IS_BASE32 = np.zeros(256, np.bool_)
_IS_BASE32[[ord(c) for c in "0123456789ABCDEFGHJKMNPQRSTVWXYZ"]] = True
_ULID_BYTES = 26
_IS_HEX = np.zeros(256, np.bool_)
_IS_HEX[[ord(c) for c in "0123456789abcdef"]] = True
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int64)
# YYYY-MM-DDThh:mm:ss, what every timestamp begins with.
_SEPARATORS = {4: ord("-"), 7: ord("-"), 10: ord("T"), 13: ord(":"), 16: ord(":")}
_SECONDS_END = 19


class Checks:
    """The rules for the columns of one event type and arrival day."""

    def __init__(self, event: Event, arrival_date: date) -> None:
        self._event = event
        earliest, until = time_range(arrival_date)
        self._earliest = _micros(earliest)
        self._until = _micros(until)
        self._choices = {f.name: pa.array(f.choices) for f in event.fields if f.choices}
        self._choices["event_type"] = pa.array([event.name])

    def apply(self, table: pa.Table) -> tuple[dict[str, pa.Array], Mask]:
        """The columns of ``table`` in the event's types, and for each row whether it is suspect.

        ``table`` has strings, int64, double and boolean, as ``parsed_type`` says; columns may be missing.
        """
        is_suspect = np.zeros(table.num_rows, np.bool_)
        columns: dict[str, pa.Array] = {}
        for field in self._event.fields:
            if field.name not in table.column_names:
                continue
            column = table.column(field.name).combine_chunks()
            if field.is_required and column.null_count:
                is_suspect |= mask(column.is_null())
            columns[field.name] = self._column(field, column, is_suspect)
        return columns, is_suspect

    def _column(self, field: Field, column: pa.Array, is_suspect: Mask) -> pa.Array:
        """One column in its type; marks in ``is_suspect`` the rows it cannot vouch for."""
        if field.kind is Kind.TIMESTAMP:
            return self._timestamps(column, is_suspect)
        if field.kind in INTEGER_RANGES:
            self._check_integers(field, column, is_suspect)
            return column.cast(field.arrow_type, safe=False)
        if field.kind is Kind.FLOAT:
            if not _all(is_finite := pc.is_finite(column)):
                is_suspect |= ~mask(is_finite)
        elif field.kind is not Kind.BOOLEAN:
            self._check_texts(field, column, is_suspect)
        return column

    def _check_integers(self, field: Field, column: pa.Array, is_suspect: Mask) -> None:
        least, most = INTEGER_RANGES[field.kind]
        if field.name == "schema_version":
            least = most = self._event.schema_version
        found = pc.min_max(column).as_py()
        if found["min"] is not None and (found["min"] < least or found["max"] > most):
            is_suspect |= mask(pc.or_(pc.less(column, least), pc.greater(column, most)))

    def _check_texts(self, field: Field, column: pa.Array, is_suspect: Mask) -> None:
        offsets, data = _texts(column)
        lengths = np.diff(offsets)
        if field.kind is Kind.ULID:
            is_suspect |= _not_spelt(column, offsets, data, _IS_BASE32, _ULID_BYTES, "7")
            return
        if field.kind is Kind.TOKEN:
            is_suspect |= _not_spelt(column, offsets, data, _IS_HEX, TOKEN_BYTES, "f")
            return
        if field.max_bytes is not None and len(lengths) and lengths.max() > field.max_bytes:
            is_suspect |= lengths > field.max_bytes
        if field.kind is Kind.KEY:
            rows = np.flatnonzero(lengths)
            begin, end = offsets[:-1][rows], offsets[1:][rows]
            is_suspect[rows] |= _IS_EDGE_BLANK[data[begin]] | _IS_EDGE_BLANK[data[end - 1]]
        if field.name in self._choices:
            is_listed = pc.is_in(column, value_set=self._choices[field.name])
            is_suspect |= ~mask(pc.or_(is_listed, column.is_null()))

    def _timestamps(self, column: pa.Array, is_suspect: Mask) -> pa.Array:
        offsets, data = _texts(column)
        lengths = np.diff(offsets)
        is_absent = mask(column.is_null())
        micros = np.zeros(len(column), np.int64)
        is_read = is_absent.copy()
        for length in np.unique(lengths).tolist():
            rows = np.flatnonzero((lengths == length) & ~is_absent)
            if length <= _SECONDS_END or not len(rows):
                continue
            # One array per position of the text, so that each step is a pass over contiguous bytes.
            texts = np.ascontiguousarray(_same_length(offsets, data, rows, length).T)
            is_zulu = texts[-1] == ord("Z")
            for suffix_bytes, has_suffix in ((1, is_zulu), (6, ~is_zulu)):
                if has_suffix.all():
                    micros[rows], is_read[rows] = self._read_times(texts, suffix_bytes)
                elif has_suffix.any():
                    some = rows[has_suffix]
                    micros[some], is_read[some] = self._read_times(
                        texts[:, has_suffix], suffix_bytes
                    )
        is_suspect |= ~is_read
        return pa.array(micros.view("datetime64[us]"), pa.timestamp("us"), mask=is_absent)

    def _read_times(
        self, texts: npt.NDArray[np.uint8], suffix_bytes: int
    ) -> tuple[npt.NDArray[np.int64], Mask]:
        """UTC microseconds of texts of one length, given position by position, and which could be read.

        The suffix is ``Z``, or an offset of six characters.
        """
        digits = texts - np.uint8(ord("0"))
        is_read = np.ones(texts.shape[1], np.bool_)

        def number(begin: int, end: int) -> npt.NDArray[np.int64]:
            value = np.zeros(texts.shape[1], np.int64)
            for position in range(begin, end):
                is_read[digits[position] > 9] = False
                value = value * 10 + digits[position]
            return value

        fraction_end = len(texts) - suffix_bytes
        fraction_digits = fraction_end - _SECONDS_END - 1
        if fraction_digits not in (-1, 1, 2, 3, 4, 5, 6):
            return np.zeros(texts.shape[1], np.int64), ~is_read
        for position, separator in _SEPARATORS.items():
            is_read &= texts[position] == separator
        year, month, day = number(0, 4), number(5, 7), number(8, 10)
        hour, minute, second = number(11, 13), number(14, 16), number(17, 19)
        is_leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
        month_days = _MONTH_DAYS[np.where(month <= 12, month, 0)] + (is_leap & (month == 2))
        is_read &= (year >= 1) & (day >= 1) & (day <= month_days)
        is_read &= (hour <= 23) & (minute <= 59) & (second <= 59)
        micros = _days_since_epoch(year, month, day) * _MICROS_PER_DAY
        micros += (hour * 3600 + minute * 60 + second) * 1_000_000
        if fraction_digits > 0:
            is_read &= texts[_SECONDS_END] == ord(".")
            micros += number(_SECONDS_END + 1, fraction_end) * 10 ** (6 - fraction_digits)
        if suffix_bytes > 1:
            sign = texts[fraction_end]
            hours = number(fraction_end + 1, fraction_end + 3)
            minutes = number(fraction_end + 4, fraction_end + 6)
            is_read &= (sign == ord("+")) | (sign == ord("-"))
            is_read &= (texts[fraction_end + 3] == ord(":")) & (hours <= 23) & (minutes <= 59)
            offset = (hours * 60 + minutes) * 60_000_000
            micros -= np.where(sign == ord("+"), offset, -offset)
        is_read &= (micros >= self._earliest) & (micros < self._until)
        return micros, is_read


def parsed_type(field: Field) -> pa.DataType:
    """The type a field is parsed in: wide enough for range checks to follow, times and JSON as text."""
    if field.kind in INTEGER_RANGES:
        return pa.int64()
    if field.kind in (Kind.FLOAT, Kind.BOOLEAN):
        return field.arrow_type
    return pa.string()


def mask(column: pa.Array) -> Mask:
    """A column of booleans as numpy has it; null is false."""
    if column.null_count:
        column = column.fill_null(False)
    return column.to_numpy(zero_copy_only=False)


def _not_spelt(
    column: pa.Array,
    offsets: npt.NDArray[np.int32],
    data: npt.NDArray[np.uint8],
    alphabet: Mask,
    length: int,
    highest_first: str,
) -> Mask:
    """Texts that are not of this length and alphabet, or begin with a character beyond ``highest_first``."""
    rows = np.flatnonzero(np.diff(offsets) == length)
    is_spelt = mask(column.is_null())
    texts = _same_length(offsets, data, rows, length)
    is_spelt[rows] = alphabet[texts].all(axis=1) & (texts[:, 0] <= ord(highest_first))
    return ~is_spelt


def _same_length(
    offsets: npt.NDArray[np.int32],
    data: npt.NDArray[np.uint8],
    rows: npt.NDArray[np.int64],
    length: int,
) -> npt.NDArray[np.uint8]:
    """The bytes of the rows' texts, all of one length, a row each."""
    if len(rows) * length == offsets[-1] - offsets[0]:
        # They lie next to each other, with nothing of another length between them.
        return data[offsets[0] : offsets[-1]].reshape(-1, length)
    return data[offsets[:-1][rows][:, np.newaxis] + np.arange(length)]


def _texts(column: pa.Array) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Offsets and UTF-8 bytes of a column of strings."""
    _, offsets, data = column.buffers()
    if offsets is None or not len(column):
        return np.zeros(1, np.int32), np.zeros(0, np.uint8)
    begin = column.offset
    return (
        np.frombuffer(offsets, np.int32)[begin : begin + len(column) + 1],
        np.zeros(0, np.uint8) if data is None else np.frombuffer(data, np.uint8),
    )


def _all(column: pa.Array) -> bool:
    return bool(pc.all(column, min_count=0).as_py())


def _days_since_epoch(
    year: npt.NDArray[np.int64], month: npt.NDArray[np.int64], day: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Days from 1970-01-01, in the proleptic Gregorian calendar; years begin in March within."""
    year = year - (month <= 2)
    era_year = year % 400
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    day_of_era = era_year * 365 + era_year // 4 - era_year // 100 + day_of_year
    return (year // 400) * 146_097 + day_of_era - 719_468


def _micros(at: datetime) -> int:
    return (at - _EPOCH).days * _MICROS_PER_DAY
