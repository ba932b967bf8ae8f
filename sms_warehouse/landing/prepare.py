"""Inspects a batch of objects, on every core, and writes what COPY reads: Parquet files in the same bucket.

A batch names its objects by content: what has changed or gone since it was listed gets no rows, and what
cannot be read whole is poison and gets none either. Nothing here knows the warehouse; a batch that fails
half-way has written files that nobody refers to, and is simply prepared again.
"""

from __future__ import annotations

import base64
import codecs
import io
import multiprocessing
import multiprocessing.connection
import os
import random
import signal
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from typing import IO, Any, Literal, NoReturn, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from botocore.exceptions import BotoCoreError, ClientError

from sms_warehouse.landing import keys
from sms_warehouse.landing.archive import MAX_INFLATED_BYTES, Content, PoisonObject, inflate
from sms_warehouse.landing.events import Event
from sms_warehouse.landing.inspect import BadLine, Block, inspect
from sms_warehouse.resources.lake import explained, s3_client

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
_PARALLEL_BYTES = 8 * 1024**2
"""Batches of fewer compressed bytes are done before other processes would have started."""
_AHEAD = 3
"""Objects that a process downloads and inflates while it inspects another."""
_ROW_GROUP_ROWS = 125_000
_ROW_GROUP_BYTES = 64 * 1024**2
_FILE_BYTES = 128 * 1024**2
_SAMPLE_ROWS = 10_000
_READ_ATTEMPTS = 5
_PROGRESS_SECONDS = 5.0

Outcome = Literal["landed", "poison", "changed", "gone"]
Progress = Callable[[str], None]


class CountMismatch(Exception):
    """An object's lines are not all good, quarantined or blank: a defect, and nothing may land."""


class WorkerDied(Exception):
    """A process that inspected objects ended before its work did, most likely for want of memory."""


class LakeObject(Protocol):
    """An object as a listing shows it; ``etag`` without quotes."""

    @property
    def object_id(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def etag(self) -> str: ...
    @property
    def size_bytes(self) -> int: ...


@dataclass(frozen=True)
class InspectedObject:
    """What was found in an object. Only a ``landed`` one has lines; ``reason`` says why one is poison."""

    object_id: str
    key: str
    etag: str
    size_bytes: int
    outcome: Outcome
    reason: str | None = None
    lines: int = 0
    good: int = 0
    quarantined: int = 0
    blank: int = 0


@dataclass(frozen=True)
class ParquetFile:
    """A file for COPY; ``content_length`` in bytes."""

    key: str
    content_length: int
    rows: int


@dataclass(frozen=True)
class PreparedBatch:
    """All objects of a batch, in its order, and the files with the rows of those that landed."""

    objects: list[InspectedObject]
    good_files: list[ParquetFile]
    quarantine_files: list[ParquetFile]
    seconds: float
    bytes_inflated: int


def prepare(
    bucket: str,
    event: Event,
    arrival_date: date,
    load_id: str,
    objects: Sequence[LakeObject],
    *,
    processes: int | None = None,
    progress: Progress | None = None,
    max_inflated_bytes: int = MAX_INFLATED_BYTES,
) -> PreparedBatch:
    """Inspects objects of one event type and arrival day and writes their rows under ``landing/``.

    ``processes`` is how many share the work, by default as many as there are cores if the batch is worth
    it; with one, it is done in the calling thread. Raises LakeUnavailable when S3 does not answer or refuses,
    CountMismatch, and WorkerDied.
    """
    began = time.monotonic()
    task = _Task(bucket, event, arrival_date, load_id, max_inflated_bytes)
    found = [_Found(n, o.object_id, o.key, o.etag, o.size_bytes) for n, o in enumerate(objects)]
    if processes is None:
        is_small = sum(o.size_bytes for o in found) < _PARALLEL_BYTES
        processes = 1 if is_small else len(os.sched_getaffinity(0))
    shares = _shares(found, processes)
    tally = _Tally(len(found), progress)
    if len(shares) > 1:
        files = _work_in_processes(task, shares, tally.add)
    else:
        files = [_work(task, n, share, tally.add) for n, share in enumerate(shares)]
    return PreparedBatch(
        [tally.done[o.position].found for o in found],
        [file for some in files for file in some.good],
        [file for some in files for file in some.quarantine],
        time.monotonic() - began,
        sum(done.bytes_inflated for done in tally.done.values()),
    )


@dataclass(frozen=True)
class _Task:
    bucket: str
    event: Event
    arrival_date: date
    load_id: str
    max_inflated_bytes: int


@dataclass(frozen=True)
class _Found:
    position: int
    object_id: str
    key: str
    etag: str
    size_bytes: int

    def inspected(
        self, outcome: Outcome, reason: str | None = None, **counts: int
    ) -> InspectedObject:
        return InspectedObject(
            self.object_id, self.key, self.etag, self.size_bytes, outcome, reason, **counts
        )


@dataclass(frozen=True)
class _Done:
    position: int
    found: InspectedObject
    bytes_inflated: int


@dataclass(frozen=True)
class _Files:
    good: list[ParquetFile]
    quarantine: list[ParquetFile]


@dataclass
class _Tally:
    """What is done so far, and word of it every few seconds."""

    objects: int
    progress: Progress | None
    done: dict[int, _Done] = field(default_factory=dict)
    lines: int = 0
    told_at: float = field(default_factory=time.monotonic)

    def add(self, done: _Done) -> None:
        self.done[done.position] = done
        self.lines += done.found.lines
        if self.progress and time.monotonic() - self.told_at >= _PROGRESS_SECONDS:
            self.told_at = time.monotonic()
            self.progress(
                f"inspected {len(self.done)} of {self.objects} objects, {self.lines:,} lines"
            )


def _shares(found: Sequence[_Found], processes: int) -> list[list[_Found]]:
    """As equal shares of the compressed bytes as giving out the largest object first makes them."""
    shares: list[list[_Found]] = [[] for _ in range(min(processes, len(found)))]
    sizes = [0] * len(shares)
    for each in sorted(found, key=lambda o: -o.size_bytes):
        least = sizes.index(min(sizes))
        shares[least].append(each)
        sizes[least] += each.size_bytes
    return shares


def _work_in_processes(
    task: _Task, shares: list[list[_Found]], report: Callable[[_Done], None]
) -> list[_Files]:
    # Spawned: the caller may have threads, and forking a process with threads can deadlock.
    context = multiprocessing.get_context("spawn")
    processes: dict[multiprocessing.connection.Connection, Any] = {}
    files: list[_Files] = []
    try:
        for number, share in enumerate(shares):
            receiver, sender = context.Pipe(duplex=False)
            process = context.Process(
                target=_serve,
                args=(task, number, share, sender),
                name=f"inspect-{number}",
                daemon=True,
            )
            process.start()
            sender.close()
            processes[receiver] = process
        waiting = set(processes)
        while waiting:
            for ready in multiprocessing.connection.wait(list(waiting)):
                assert isinstance(ready, multiprocessing.connection.Connection)
                try:
                    message = ready.recv()
                except EOFError:
                    processes[ready].join()
                    raise WorkerDied(
                        f"an inspecting process ended with exit code {processes[ready].exitcode}"
                    ) from None
                if isinstance(message, Exception):
                    raise message
                if isinstance(message, _Done):
                    report(message)
                else:
                    files.append(message)
                    waiting.remove(ready)
    finally:
        for receiver, process in processes.items():
            process.kill()
            process.join()
            receiver.close()
    return files


def _serve(
    task: _Task, number: int, share: list[_Found], sender: multiprocessing.connection.Connection
) -> None:
    """What one process does, which does not outlive the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    try:
        sender.send(_work(task, number, share, sender.send))
    except Exception as error:
        sender.send(error)


def _exit_with_parent() -> NoReturn:
    parent = multiprocessing.parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)


def _work(task: _Task, number: int, share: list[_Found], report: Callable[[_Done], None]) -> _Files:
    with ThreadPoolExecutor(1) as uploader:
        good = _ParquetFiles(task, f"good-{number}", task.event.arrow_schema, uploader)
        quarantine = _ParquetFiles(task, f"quarantine-{number}", QUARANTINE_SCHEMA, uploader)
        with closing(good), closing(quarantine):
            for found, read in _read_ahead(task, share):
                if isinstance(read, Content):
                    inspected = _inspect(task, found, read, good, quarantine)
                    report(_Done(found.position, inspected, read.size_bytes))
                else:
                    report(_Done(found.position, read, 0))
            return _Files(good.finish(), quarantine.finish())


def _inspect(
    task: _Task, found: _Found, content: Content, good: _ParquetFiles, quarantine: _ParquetFiles
) -> InspectedObject:
    counts = {"good": 0, "quarantined": 0, "blank": 0}
    for block in inspect(content.data, task.event, task.arrival_date):
        counts["good"] += block.good.num_rows
        counts["quarantined"] += len(block.bad)
        counts["blank"] += block.blank
        if block.good.num_rows:
            good.add(_with_provenance(task, found, block))
        if block.bad:
            quarantine.add(_quarantined(task, found, block.bad))
    if sum(counts.values()) != content.lines:
        raise CountMismatch(f"{found.key} has {content.lines} lines, of which were made {counts}")
    return found.inspected("landed", lines=content.lines, **counts)


def _with_provenance(task: _Task, found: _Found, block: Block) -> pa.Table:
    rows = block.good.num_rows
    constant = {
        "object_id": found.object_id,
        "arrival_date": task.arrival_date,
        "load_id": task.load_id,
    }
    schema = task.event.arrow_schema
    columns = [
        pa.chunked_array([pa.repeat(pa.scalar(constant[f.name], f.type), rows)])
        if f.name in constant
        else block.good.column(f.name)
        for f in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _quarantined(task: _Task, found: _Found, bad: list[BadLine]) -> pa.Table:
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = []
    for line in bad:
        text, is_base64, is_whole = _as_text(line.raw)
        raw_line_key = None
        if not is_whole:
            day = task.arrival_date.isoformat()
            raw_line_key = (
                f"{keys.QUARANTINE}{task.event.name}/dt={day}/{found.object_id}/{line.line_number}"
            )
            _upload(task.bucket, raw_line_key, _ViewReader(memoryview(line.raw)))
        rows.append(
            {
                "object_id": found.object_id,
                "object_key": found.key,
                "event_type": task.event.name,
                "arrival_date": task.arrival_date,
                "line_number": line.line_number,
                "reason": line.reason,
                "field": line.field,
                "raw_line": text,
                "is_base64": is_base64,
                "raw_line_key": raw_line_key,
                "load_id": task.load_id,
                "quarantined_at": now,
                "resolved_at": None,
            }
        )
    return pa.Table.from_pylist(rows, QUARANTINE_SCHEMA)


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


def _read_ahead(
    task: _Task, share: list[_Found]
) -> Iterator[tuple[_Found, Content | InspectedObject]]:
    """Each object read whole, or why there is nothing to inspect; a few are read ahead of the caller."""
    reader = ThreadPoolExecutor(_AHEAD)
    upcoming = iter(share)
    waiting: deque[tuple[_Found, Future[Content | InspectedObject]]] = deque()

    def begin(objects: int) -> None:
        for found in islice(upcoming, objects):
            waiting.append((found, reader.submit(_read, task, found)))

    try:
        begin(_AHEAD)
        while waiting:
            found, future = waiting.popleft()
            read = future.result()
            del future
            begin(1)
            yield found, read
            del read
    finally:
        reader.shutdown(cancel_futures=True)


def _read(task: _Task, found: _Found) -> Content | InspectedObject:
    """Reads one object. A connection that breaks says nothing about the object: it is read again."""
    for attempt in range(1, _READ_ATTEMPTS + 1):
        try:
            answer = s3_client().get_object(
                Bucket=task.bucket, Key=found.key, IfMatch=f'"{found.etag}"'
            )
            with closing(answer["Body"]) as body:
                return inflate(body, max_inflated_bytes=task.max_inflated_bytes)
        except PoisonObject as poison:
            return found.inspected("poison", f"{poison.reason}: {poison}")
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 412:
                return found.inspected("changed")
            if status == 404 and error.response["Error"]["Code"] != "NoSuchBucket":
                return found.inspected("gone")
            raise explained(error, task.bucket) from error
        except BotoCoreError as error:
            if attempt == _READ_ATTEMPTS:
                raise explained(error, task.bucket) from error
            time.sleep(random.uniform(0, 0.2 * 2**attempt))
    raise AssertionError("the last attempt returns or raises")


def _upload(bucket: str, key: str, body: IO[bytes] | io.RawIOBase) -> None:
    try:
        s3_client().put_object(Bucket=bucket, Key=key, Body=body)  # type: ignore[arg-type]
    except (BotoCoreError, ClientError) as error:
        raise explained(error, bucket) from error


class _ParquetFiles:
    """Writes tables of one schema to files of a good size for COPY; none is made if there are no rows."""

    def __init__(
        self, task: _Task, name: str, schema: pa.Schema, uploader: ThreadPoolExecutor
    ) -> None:
        day = task.arrival_date.isoformat()
        self._bucket = task.bucket
        self._prefix = f"{keys.LANDING}{task.event.name}/dt={day}/{task.load_id}/{name}"
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
        assert self._writer is not None and self._file is not None
        self._writer.close()
        key = f"{self._prefix}-{len(self._uploads)}.parquet"
        self._uploads.append(self._uploader.submit(self._send, key, self._file, self._file_rows))
        self._writer = self._file = None
        self._file_rows = 0

    def _send(self, key: str, file: IO[bytes], rows: int) -> ParquetFile:
        with file:
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            _upload(self._bucket, key, file)
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
