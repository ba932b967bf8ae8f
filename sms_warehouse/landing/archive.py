"""Inflates a gzip object of S3 as it arrives and proves that it was read whole.

What cannot be read whole is poison and nothing of it lands: gunzip tools that hand out what they managed to
read before an error would let half an object pass for a whole one. Lines are only counted here, without
knowledge of what they hold, so that whoever parses them can be checked against the count.
"""

from __future__ import annotations

import io
import mmap
import tempfile
from dataclasses import dataclass
from typing import Protocol

from isal import isal_zlib

MAX_INFLATED_BYTES = 4 * 1024**3
MEMORY_BYTES = 64 * 1024**2
"""Content up to this size stays in memory; what is larger goes to a temporary file that has no name."""

_READ_BYTES = 1024**2
_MAGIC = b"\x1f\x8b"
_CHECKSUM_ERROR = "Error -6"
_WRAPPER_ERRORS = ("Error -4", "Error -5")


class PoisonObject(Exception):
    """An object that cannot be read whole: ``reason`` is a short code, ``str()`` a sentence."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class Body(Protocol):
    """Where the compressed bytes come from: at most ``amt`` of them, none at the end."""

    def read(self, amt: int, /) -> bytes: ...


@dataclass(frozen=True)
class Content:
    """The inflated bytes of an object, and how many physical lines they are."""

    data: bytearray | mmap.mmap
    size_bytes: int
    lines: int


def inflate(
    body: Body,
    *,
    max_inflated_bytes: int = MAX_INFLATED_BYTES,
    memory_bytes: int = MEMORY_BYTES,
) -> Content:
    """Reads a gzip stream to its end and checks CRC and length of every member.

    Zero bytes after a member and further members are fine, anything else after a member is not. Raises
    PoisonObject, for an object that would inflate past ``max_inflated_bytes`` as soon as it does; errors of
    ``body`` pass through, because a broken connection says nothing about the object.
    """
    sink = _Sink(max_inflated_bytes, memory_bytes)
    try:
        _gunzip(body, sink)
        return sink.content()
    finally:
        sink.close()


def _gunzip(body: Body, sink: _Sink) -> None:
    chunk = body.read(_READ_BYTES)
    if not chunk:
        raise PoisonObject(
            "empty_object", "the object has no bytes, not even those of an empty archive"
        )
    is_first = True
    while True:
        # At the start of a member; only the first must begin at once.
        if not is_first:
            chunk = chunk.lstrip(b"\0")
        while len(chunk) < len(_MAGIC) and (more := body.read(_READ_BYTES)):
            chunk = chunk + more if is_first else (chunk + more).lstrip(b"\0")
        if not chunk and not is_first:
            return
        if not chunk.startswith(_MAGIC[: len(chunk)]):
            if is_first:
                raise PoisonObject("not_gzip", "the object does not begin as a gzip archive does")
            raise PoisonObject(
                "trailing_garbage", "bytes that are no archive follow the archive's end"
            )
        chunk = _member(chunk, body, sink)
        is_first = False


def _member(chunk: bytes, body: Body, sink: _Sink) -> bytes:
    """Inflates one member and returns what was read past its end."""
    inflater = isal_zlib.decompressobj(wbits=16 + 15)
    try:
        while True:
            inflated = inflater.decompress(chunk, _READ_BYTES)
            sink.write(inflated)
            if inflater.eof:
                return inflater.unused_data
            chunk = inflater.unconsumed_tail
            # A full answer may mean that more is held back inside the inflater.
            if not chunk and len(inflated) < _READ_BYTES:
                chunk = body.read(_READ_BYTES)
                if not chunk:
                    raise PoisonObject("truncated", "the archive ends before its content does")
    except isal_zlib.IsalError as error:  # type: ignore[misc]  # the stubs call it a value
        text = str(error)
        if text.startswith(_CHECKSUM_ERROR):
            raise PoisonObject(
                "bad_checksum", "CRC or length at the archive's end do not fit"
            ) from None
        if text.startswith(_WRAPPER_ERRORS):
            raise PoisonObject("not_gzip", f"the archive's header cannot be read: {text}") from None
        raise PoisonObject("corrupt", f"the compressed bytes cannot be inflated: {text}") from None


class _Sink:
    """Takes inflated bytes, counts lines, and moves to a file when memory is not meant to hold them."""

    def __init__(self, max_bytes: int, memory_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._memory_bytes = memory_bytes
        self._memory = bytearray()
        self._file: io.FileIO | None = None
        self._size = 0
        self._newlines = 0
        self._last = b""

    def write(self, inflated: bytes) -> None:
        if not inflated:
            return
        self._size += len(inflated)
        if self._size > self._max_bytes:
            raise PoisonObject("too_large", f"the object inflates past {self._max_bytes} bytes")
        self._newlines += inflated.count(b"\n")
        self._last = inflated[-1:]
        if self._file is None and self._size > self._memory_bytes:
            # Closed by close(); unlinked from the start, so that no kill leaves it behind.
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
            self._file.write(self._memory)
            self._memory = bytearray()
        if self._file is None:
            self._memory += inflated
        else:
            self._file.write(inflated)

    def content(self) -> Content:
        lines = self._newlines + (self._size > 0 and self._last != b"\n")
        if self._file is None:
            return Content(self._memory, self._size, lines)
        # The mapping keeps the unnamed file alive by itself.
        mapped = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        return Content(mapped, self._size, lines)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
