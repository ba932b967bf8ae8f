"""What landing writes to the bucket: Parquet files for COPY, and long lines that no column can hold.

Everything is written under keys that follow from the load, or from object and line, so that doing it again
overwrites instead of adding. Which rows go in is not decided here.
"""

from __future__ import annotations

import base64
import codecs
import io
import tempfile
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from botocore.exceptions import BotoCoreError, ClientError

from sms_warehouse.landing import keys
from sms_warehouse.landing.inspect import BadLine
from sms_warehouse.resources.s3 import explained, s3_client

QUARANTINE_SCHEMA = pa.schema(
    [
        pa.field("object_id", pa.string(), nullable=False),
        pa.field("object_key", pa.string(), nullable=False),
        pa.field("event_type", pa.string(), nullable=False),
        pa.field("arrival_date", pa.date32(), nullable=False),
        pa.field("line_number", pa.int64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("field", pa.string()),
        pa.field("raw_line", pa.string()),
        pa.field("is_base64", pa.bool_(), nullable=False),
        pa.field("raw_line_key", pa.string()),
        pa.field("load_id", pa.string(), nullable=False),
        pa.field("quarantined_at", pa.timestamp("us"), nullable=False),
        pa.field("resolved_at", pa.timestamp("us")),
    ]
)
"""The columns of ``control.quarantined_line``, in the order in which COPY maps them."""

RAW_LINE_BYTES = 65535
"""What ``raw_line`` holds at most; a longer line is kept whole in S3."""

_BASE64_BYTES = RAW_LINE_BYTES // 4 * 3
_ROW_GROUP_ROWS = 125_000
_ROW_GROUP_BYTES = 64 * 1024**2
_FILE_BYTES = 128 * 1024**2
_SAMPLE_ROWS = 10_000


@dataclass(frozen=True)
class ParquetFile:
    """A file for COPY; ``content_length`` in bytes."""

    key: str
    content_length: int
    rows: int


class ParquetFiles:
    """Writes tables of one schema to files of a good size for COPY; none is made if there are no rows."""

    def __init__(
        self, bucket: str, prefix: str, schema: pa.Schema, uploader: ThreadPoolExecutor
    ) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._schema = schema
        self._uploader = uploader
        self._uploads: list[Future[ParquetFile]] = []
        self._tables: list[pa.Table] = []
        self._rows = self._bytes = 0
        self._file: IO[bytes] | None = None
        self._file_rows = 0
        self._writer: pq.ParquetWriter | None = None

    def add(self, table: pa.Table) -> None:
        self._tables.append(table)
        self._rows += table.num_rows
        self._bytes += table.nbytes
        if self._rows >= _ROW_GROUP_ROWS or self._bytes >= _ROW_GROUP_BYTES:
            self._write_row_group()

    def finish(self) -> list[ParquetFile]:
        """Writes what is left and returns all files, when they are in S3."""
        if self._tables:
            self._write_row_group()
        if self._file:
            self._send_file()
        return [upload.result() for upload in self._uploads]

    def close(self) -> None:
        """Drops a file that was begun and not sent."""
        if self._file:
            # A writer finishes its file when it goes, and must still have one then.
            self._writer = None
            self._file.close()

    def _write_row_group(self) -> None:
        table = pa.concat_tables(self._tables)
        self._tables = []
        self._rows = self._bytes = 0
        if self._writer is None or self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed by close or when sent
            self._writer = pq.ParquetWriter(
                self._file,
                self._schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=_columns_of_few_values(table),
                write_statistics=False,
                store_schema=False,
            )
        self._writer.write_table(table, row_group_size=table.num_rows)
        self._file_rows += table.num_rows
        if self._file.tell() >= _FILE_BYTES:
            self._send_file()

    def _send_file(self) -> None:
        assert self._writer is not None
        assert self._file is not None
        self._writer.close()
        key = f"{self._prefix}-{len(self._uploads)}.parquet"
        self._uploads.append(self._uploader.submit(self._send, key, self._file, self._file_rows))
        self._writer = self._file = None
        self._file_rows = 0

    def _send(self, key: str, file: IO[bytes], rows: int) -> ParquetFile:
        with file:
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            upload(self._bucket, key, file)
            return ParquetFile(key, size, rows)


def _columns_of_few_values(table: pa.Table) -> list[str]:
    """Columns for which a dictionary pays; one that overflows is work done for nothing."""
    sample = table.slice(0, _SAMPLE_ROWS)
    few = sample.num_rows // 10
    return [
        field.name
        for field in table.schema
        if pa.types.is_string(field.type)
        and pc.count_distinct(sample.column(field.name)).as_py() <= few
    ] + [field.name for field in table.schema if pa.types.is_date(field.type)]


def quarantined_rows(
    bad: Sequence[BadLine],
    *,
    bucket: str,
    object_id: str,
    object_key: str,
    event_type: str,
    arrival_date: date,
    load_id: str,
) -> pa.Table:
    """One object's bad lines in ``QUARANTINE_SCHEMA``; keeps lines too long for ``raw_line`` in S3."""
    folder = f"{keys.QUARANTINE}{event_type}/dt={arrival_date.isoformat()}/{object_id}/"
    texts: list[str] = []
    is_base64: list[bool] = []
    raw_line_keys: list[str | None] = []
    for line in bad:
        text, is_encoded, is_whole = _as_text(line.raw)
        texts.append(text)
        is_base64.append(is_encoded)
        raw_line_keys.append(None if is_whole else f"{folder}{line.line_number}")
        if not is_whole:
            upload(bucket, f"{folder}{line.line_number}", _ViewReader(memoryview(line.raw)))
    columns: dict[str, Any] = {
        "line_number": [line.line_number for line in bad],
        "reason": [line.reason for line in bad],
        "field": [line.field for line in bad],
        "raw_line": texts,
        "is_base64": is_base64,
        "raw_line_key": raw_line_keys,
    }
    constants = {
        "object_id": object_id,
        "object_key": object_key,
        "event_type": event_type,
        "arrival_date": arrival_date,
        "load_id": load_id,
        "quarantined_at": datetime.now(UTC).replace(tzinfo=None),
        "resolved_at": None,
    }
    return pa.Table.from_arrays(
        [
            pa.array(columns[f.name], f.type)
            if f.name in columns
            else repeated(constants[f.name], f.type, len(bad))
            for f in QUARANTINE_SCHEMA
        ],
        schema=QUARANTINE_SCHEMA,
    )


def repeated(value: Any, kind: pa.DataType, rows: int) -> pa.Array:
    """A column with one value in every row."""
    return pa.repeat(pa.scalar(value, kind), rows)


def _as_text(raw: bytes | memoryview) -> tuple[str, bool, bool]:
    """A line as a column can hold it: its text or its beginning, whether in base64, whether all of it."""
    is_short = len(raw) <= RAW_LINE_BYTES
    try:
        # A cut through a character leaves the character out.
        text, _ = codecs.utf_8_decode(raw[:RAW_LINE_BYTES], "strict", is_short)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        return text, False, is_short
    return base64.b64encode(raw[:_BASE64_BYTES]).decode(), True, len(raw) <= _BASE64_BYTES


class _ViewReader(io.RawIOBase):
    """A file over bytes that lie in a mapping, so that they are sent without being copied to memory."""

    def __init__(self, view: memoryview) -> None:
        super().__init__()
        self._view = view
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self._view)}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        part = self._view[self._position : self._position + len(buffer)]
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)


def upload(bucket: str, key: str, body: IO[bytes] | io.RawIOBase) -> None:
    """Writes an object. Raises LakeUnavailable."""
    try:
        s3_client().put_object(Bucket=bucket, Key=key, Body=body)  # type: ignore[arg-type]
    except (BotoCoreError, ClientError) as error:
        raise explained(error, bucket) from error
