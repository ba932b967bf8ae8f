"""Inspects a batch of objects, on every core, and writes what COPY reads: Parquet files in the same bucket.

A batch names its objects by content: what has changed or gone since it was listed gets no rows, and what
cannot be read whole is poison and gets none either. Nothing here knows the warehouse; a batch that fails
half-way has written files that nobody refers to, and is simply prepared again.
"""

from __future__ import annotations

import mmap
import multiprocessing
import multiprocessing.connection
import os
import random
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal, NoReturn, Protocol

import numpy as np
import pyarrow as pa
import urllib3
from botocore.exceptions import BotoCoreError, ClientError

from sms_warehouse.landing import keys
from sms_warehouse.landing.archive import MAX_INFLATED_BYTES, Content, PoisonObject, inflate
from sms_warehouse.landing.events import Event
from sms_warehouse.landing.files import (
    QUARANTINE_SCHEMA,
    ParquetFile,
    ParquetFiles,
    quarantined_rows,
    repeated,
)
from sms_warehouse.landing.inspect import BOM, inspect
from sms_warehouse.resources.s3 import LakeUnavailable, explained, s3_client

__all__ = [
    "QUARANTINE_SCHEMA",
    "CountMismatch",
    "InspectedObject",
    "ParquetFile",
    "PreparedBatch",
    "WorkerDied",
    "prepare",
]

_PARALLEL_BYTES = 8 * 1024**2
"""Batches of fewer compressed bytes are done by one process before others would have started."""
_TOGETHER_BYTES = 4 * 1024**2
"""Inflated bytes up to which objects are inspected together."""
_AHEAD = 3
_AHEAD_BYTES = 16 * 1024**2
"""So many objects, of so many compressed bytes, are read while another is inspected."""
_READ_ATTEMPTS = 5
_PROGRESS_SECONDS = 5.0

Outcome = Literal["landed", "poison", "changed", "gone", "denied"]
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
        processes = 1 if is_small else _cores()
    shares = _shares(found, processes)
    tally = _Tally(len(found), progress)
    if len(shares) > 1:
        files = _work_in_processes(task, shares, tally.add)
    else:
        files = [_work(task, n, share, tally.add) for n, share in enumerate(shares)]
    denied = [done.found for done in tally.done.values() if done.found.outcome == "denied"]
    if denied and len(denied) == len(found):
        # Not one object's trouble: the bucket is closed to us.
        raise LakeUnavailable(f"S3 refused access to bucket {bucket!r}: {denied[0].reason}")
    if denied and progress:
        for each in denied:
            progress(f"{each.key} cannot be read and stays to be landed: {each.reason}")
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

    def inspected(self, outcome: Outcome, reason: str | None = None) -> InspectedObject:
        return InspectedObject(
            self.object_id, self.key, self.etag, self.size_bytes, outcome, reason
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


def _cores() -> int:
    """Cores this process may use, as far as the system tells."""
    # Not every system can say which cores a process is bound to.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
                except (EOFError, OSError):
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
        error.add_note(traceback.format_exc())
        sender.send(error)


def _exit_with_parent() -> NoReturn:
    parent = multiprocessing.parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)


def _work(task: _Task, number: int, share: list[_Found], report: Callable[[_Done], None]) -> _Files:
    folder = f"{keys.LANDING}{task.event.name}/dt={task.arrival_date.isoformat()}/{task.load_id}/"
    with ThreadPoolExecutor(1) as uploader:
        good, quarantine = (
            ParquetFiles(task.bucket, f"{folder}{name}-{number}", schema, uploader)
            for name, schema in (
                ("good", task.event.arrow_schema),
                ("quarantine", QUARANTINE_SCHEMA),
            )
        )
        with closing(good), closing(quarantine):
            together: list[tuple[_Found, Content]] = []
            for found, read in _read_ahead(task, share):
                if not isinstance(read, Content):
                    report(_Done(found.position, read, 0))
                    continue
                if sum(c.size_bytes for _, c in together) + read.size_bytes > _TOGETHER_BYTES:
                    _inspect(task, together, good, quarantine, report)
                    together = []
                together.append((found, read))
                del read
            _inspect(task, together, good, quarantine, report)
            return _Files(good.finish(), quarantine.finish())


def _inspect(
    task: _Task,
    together: Sequence[tuple[_Found, Content]],
    good: ParquetFiles,
    quarantine: ParquetFiles,
    report: Callable[[_Done], None],
) -> None:
    """Inspects objects as one run of lines, which for small ones saves most of the work.

    Which object a line is of follows from the lines counted while each was inflated; what is found in each has
    to add up to its count.
    """
    ends = np.cumsum([content.lines for _, content in together])
    starts = ends - [content.lines for _, content in together]
    rows, bad, blank = (np.zeros(len(together), np.int64) for _ in range(3))

    def owners(numbers: Any) -> Any:
        found = np.searchsorted(ends, numbers, "left")
        if found.size and found.max() >= len(together):
            raise CountMismatch(f"{together[-1][0].key}: more lines were found than counted")
        return found

    for block in inspect(_joined(together), task.event, task.arrival_date):
        if block.good.num_rows:
            numbers = block.good.column("line_number").to_numpy()
            of = owners(numbers)
            rows += np.bincount(of, minlength=len(together))
            good.add(_with_provenance(task, together, block.good, of, numbers - starts[of]))
        of_bad_lines = owners([line.line_number for line in block.bad]).tolist()
        for position, lines in groupby(zip(of_bad_lines, block.bad, strict=True), itemgetter(0)):
            found, start = together[position][0], int(starts[position])
            own = [replace(line, line_number=line.line_number - start) for _, line in lines]
            bad[position] += len(own)
            quarantine.add(
                quarantined_rows(
                    own,
                    bucket=task.bucket,
                    object_id=found.object_id,
                    object_key=found.key,
                    event_type=task.event.name,
                    arrival_date=task.arrival_date,
                    load_id=task.load_id,
                )
            )
        blank += np.bincount(owners(block.blank), minlength=len(together))
    for (found, content), of_rows, of_bad, of_blank in zip(
        together, rows.tolist(), bad.tolist(), blank.tolist(), strict=True
    ):
        if of_rows + of_bad + of_blank != content.lines:
            raise CountMismatch(
                f"{found.key} has {content.lines} lines: "
                f"{of_rows} good, {of_bad} bad and {of_blank} blank ones were found"
            )
        inspected = replace(
            found.inspected("landed"),
            lines=content.lines,
            good=of_rows,
            quarantined=of_bad,
            blank=of_blank,
        )
        report(_Done(found.position, inspected, content.size_bytes))


def _joined(together: Sequence[tuple[_Found, Content]]) -> bytes | bytearray | mmap.mmap:
    """The content of objects, one after the other, each ended by a newline and without a byte order mark."""
    if len(together) == 1:
        return together[0][1].data
    parts: list[bytes | bytearray | mmap.mmap] = []
    for _, content in together:
        data = content.data
        parts.append(data[len(BOM) :] if data[: len(BOM)] == BOM else data)
        if content.lines and data[-1:] != b"\n":
            parts.append(b"\n")
    return b"".join(parts)


def _with_provenance(
    task: _Task,
    together: Sequence[tuple[_Found, Content]],
    good: pa.Table,
    of: Any,
    line_numbers: Any,
) -> pa.Table:
    object_ids = pa.array([found.object_id for found, _ in together], pa.string())
    given = {
        "object_id": object_ids.take(pa.array(of)),
        "line_number": pa.array(line_numbers, pa.int64()),
        "arrival_date": repeated(task.arrival_date, pa.date32(), good.num_rows),
        "load_id": repeated(task.load_id, pa.string(), good.num_rows),
    }
    schema = task.event.arrow_schema
    columns = [
        given[f.name] if f.name in given else good.column(f.name).combine_chunks() for f in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _read_ahead(
    task: _Task, share: list[_Found]
) -> Iterator[tuple[_Found, Content | InspectedObject]]:
    """Each object read whole, or why there is nothing to inspect; a few are read ahead of the caller."""
    reader = ThreadPoolExecutor(_AHEAD)
    upcoming = deque(share)
    waiting: deque[tuple[_Found, Future[Content | InspectedObject]]] = deque()

    def begin_more() -> None:
        ahead = sum(found.size_bytes for found, _ in waiting)
        while upcoming and (
            not waiting
            or (len(waiting) < _AHEAD and ahead + upcoming[0].size_bytes <= _AHEAD_BYTES)
        ):
            found = upcoming.popleft()
            ahead += found.size_bytes
            waiting.append((found, reader.submit(_read, task, found)))

    try:
        begin_more()
        while waiting:
            found, future = waiting.popleft()
            read = future.result()
            # The future would keep the content alive while the next object is inspected.
            del future
            begin_more()
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
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status == 412:
                return found.inspected("changed")
            if status == 404 and error.response["Error"]["Code"] != "NoSuchBucket":
                return found.inspected("gone")
            if status == 403:
                return found.inspected("denied", str(error))
            raise explained(error, task.bucket) from error
        except BotoCoreError as error:
            raise explained(error, task.bucket) from error
        try:
            with closing(answer["Body"]) as body:
                return inflate(body, max_inflated_bytes=task.max_inflated_bytes)
        except PoisonObject as poison:
            return found.inspected("poison", f"{poison.reason}: {poison}")
        except (BotoCoreError, urllib3.exceptions.HTTPError) as error:
            # boto3 repeats requests, but not what breaks after the answer has begun.
            if attempt == _READ_ATTEMPTS:
                raise explained(error, task.bucket) from error
            time.sleep(random.uniform(0, 0.2 * 2**attempt))
    raise AssertionError("the last attempt returns or raises")
