"""Locks down that an object is read whole or is poison, and that its lines are counted without parsing."""

from __future__ import annotations

import gzip
import io
import mmap
import os
import random
import zlib
from pathlib import Path

import pytest

from sms_warehouse.landing.archive import Content, PoisonObject, inflate

TEXT = b"".join(
    b'{"event_id":"%032x"}\n' % random.Random(1).getrandbits(128 + n) for n in range(500)
)
ARCHIVE = gzip.compress(TEXT)


class Trickle(io.RawIOBase):
    """A connection that hands out a few bytes at a time, and may break."""

    def __init__(self, data: bytes, *, step: int = 1, breaks_at: int | None = None) -> None:
        super().__init__()
        self.data = data
        self.step = step
        self.breaks_at = breaks_at
        self.handed_out = 0

    def read(self, amt: int = -1, /) -> bytes:
        if self.breaks_at is not None and self.handed_out >= self.breaks_at:
            raise ConnectionResetError
        part = self.data[self.handed_out : self.handed_out + self.step]
        self.handed_out += len(part)
        return part


def reason(archive: bytes, **options: int) -> str:
    with pytest.raises(PoisonObject) as poison:
        inflate(io.BytesIO(archive), **options)
    assert str(poison.value)
    return poison.value.reason


def read(archive: bytes) -> Content:
    content = inflate(io.BytesIO(archive))
    in_steps = inflate(Trickle(archive))
    assert bytes(in_steps.data) == bytes(content.data)
    assert in_steps.lines == content.lines
    return content


@pytest.mark.parametrize(
    "archive",
    [
        ARCHIVE,
        gzip.compress(TEXT, 0),
        gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:]),
        gzip.compress(b"") + ARCHIVE + gzip.compress(b""),
        ARCHIVE + b"\0" * 512,
        gzip.compress(TEXT[:1000]) + b"\0" * 7 + gzip.compress(TEXT[1000:]) + b"\0",
        ARCHIVE[:3] + b"\x08" + ARCHIVE[4:10] + b"clicks.json\0" + ARCHIVE[10:],
    ],
    ids=["plain", "stored", "two members", "empty members", "padded", "padded within", "named"],
)
def test_members_and_zero_padding_are_read_to_the_end(archive: bytes) -> None:
    content = read(archive)
    assert bytes(content.data) == TEXT
    assert content.size_bytes == len(TEXT)
    assert content.lines == 500


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b"", 0),
        (b"\n", 1),
        (b"a", 1),
        (b"a\n", 1),
        (b"a\nb", 2),
        (b"\r\n\n\n", 3),
        ("\u2028\x85\n".encode(), 1),
    ],
)
def test_a_line_ends_at_a_newline_and_nowhere_else(text: bytes, lines: int) -> None:
    assert read(gzip.compress(text)).lines == lines


def test_an_object_without_a_byte_is_poison_unlike_an_archive_of_nothing() -> None:
    assert reason(b"") == "empty_object"
    assert read(gzip.compress(b"")).size_bytes == 0


@pytest.mark.parametrize(
    "other", [TEXT, b"\0" + ARCHIVE, b"\n", zlib.compress(TEXT), b"PK\x03\x04", b"\x1f\x8c"]
)
def test_what_is_not_gzip_is_poison(other: bytes) -> None:
    assert reason(other) == "not_gzip"


def test_an_archive_cut_short_anywhere_is_poison() -> None:
    for length in {
        *range(1, 30),
        *range(30, len(ARCHIVE), 97),
        *range(len(ARCHIVE) - 12, len(ARCHIVE)),
    }:
        assert reason(ARCHIVE[:length]) == "truncated", length
        assert reason(ARCHIVE + ARCHIVE[:length]) == "truncated", length


def test_a_wrong_checksum_or_length_is_poison() -> None:
    for at in range(-8, 0):
        wrong = bytearray(ARCHIVE)
        wrong[at] ^= 0x55
        assert reason(bytes(wrong)) == "bad_checksum"


def test_a_flipped_bit_anywhere_in_the_compressed_bytes_is_poison() -> None:
    for at in range(10, len(ARCHIVE) - 8, 53):
        wrong = bytearray(ARCHIVE)
        wrong[at] ^= 1 << at % 8
        assert reason(bytes(wrong)) in {"corrupt", "bad_checksum", "truncated", "trailing_garbage"}


@pytest.mark.parametrize("garbage", [b"x", b"\0\0x", TEXT, b"\x1f\x8c", b"\x1fx"])
def test_bytes_behind_the_archive_that_are_none_are_poison(garbage: bytes) -> None:
    assert reason(ARCHIVE + garbage) == "trailing_garbage"


def test_an_object_that_inflates_past_the_bound_is_given_up_as_soon_as_it_does() -> None:
    bomb = Trickle(gzip.compress(b"\0" * 60_000_000), step=4096)
    with pytest.raises(PoisonObject, match="past 5000000 bytes") as poison:
        inflate(bomb, max_inflated_bytes=5_000_000)
    assert poison.value.reason == "too_large"
    assert bomb.handed_out < len(bomb.data) / 5
    assert inflate(io.BytesIO(ARCHIVE), max_inflated_bytes=len(TEXT)).lines == 500
    assert reason(ARCHIVE, max_inflated_bytes=len(TEXT) - 1) == "too_large"


def test_large_content_is_mapped_from_a_file_without_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    content = inflate(io.BytesIO(ARCHIVE), memory_bytes=1000)
    assert isinstance(content.data, mmap.mmap)
    assert content.data[:] == TEXT
    assert content.lines == 500
    assert os.listdir(tmp_path) == []


def test_a_broken_connection_says_nothing_about_the_object() -> None:
    with pytest.raises(ConnectionResetError):
        inflate(Trickle(ARCHIVE, step=100, breaks_at=1000))
