"""Writing the simulated logs to a bucket: several processes make them, threads of this one put them.

Keys and bytes do not depend on how many processes there are. Objects of one key are put one after
the other; otherwise the order in which objects of a stretch of hours arrive is not fixed, as with
real services.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from multiprocessing import get_context
from typing import TYPE_CHECKING

from sms_warehouse.local.traffic.files import SERVICES, Faults, Files, LineCounts, LogFile
from sms_warehouse.local.traffic.lines import EPOCH_ORDINAL
from sms_warehouse.local.traffic.world import World

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_UPLOADS = 8
_WORTH_A_PROCESS = 100_000
"""Messages below which starting processes takes longer than they save."""
_HOURLY_FROM = 200_000
"""Messages a day from which the busy services are made hour by hour: this bounds memory."""


@dataclass(frozen=True)
class _Task:
    """Some hours of one day of one or all services."""

    seed: int
    messages: int
    world_start: date
    faults: Faults
    since: date
    day: date
    services: tuple[int, ...]
    hours: range


@lru_cache(maxsize=1)
def _writers(
    seed: int, messages: int, world_start: date, faults: Faults, since: date
) -> list[Files]:
    world = World(seed, messages, world_start.toordinal() - EPOCH_ORDINAL)
    return [Files(service(world), faults, since) for service in SERVICES]


def _make(task: _Task) -> list[LogFile]:
    writers = _writers(task.seed, task.messages, task.world_start, task.faults, task.since)
    first_hour = (task.day.toordinal() - EPOCH_ORDINAL) * 24
    return [
        one
        for hour in task.hours
        for service in task.services
        for one in writers[service].of_hour(first_hour + hour)
    ]


def _tasks(
    first_day: date, last_day: date, messages: int, seed: int, world_start: date, faults: Faults
) -> Iterator[_Task]:
    hourly = [i for i, s in enumerate(SERVICES) if s.is_busy and messages >= _HOURLY_FROM]
    daily = tuple(i for i in range(len(SERVICES)) if i not in hourly)
    for offset in range((last_day - first_day).days + 1):
        day = first_day + timedelta(offset)
        for hour in range(24) if hourly else ():
            for service in hourly:
                yield _Task(
                    seed,
                    messages,
                    world_start,
                    faults,
                    first_day,
                    day,
                    (service,),
                    range(hour, hour + 1),
                )
        yield _Task(seed, messages, world_start, faults, first_day, day, daily, range(24))


def write(
    bucket: str,
    s3_client: S3Client,
    first_day: date,
    last_day: date,
    *,
    messages: int,
    seed: int,
    world_start: date | None = None,
    faults: Faults = "none",
    processes: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, LineCounts]:
    """Write all that arrives from ``first_day`` to ``last_day``, both included; tell what it was.

    ``messages`` are submitted on each day since ``world_start`` (default: ``first_day``). Returns
    the true counts of each event type; doubles of what was written before ``first_day`` are not
    counted as doubled. ``processes`` defaults to one per processor, and to making everything in
    this process when there is little to make. ``progress`` is called with one sentence for each
    finished day. Raises ValueError for an impossible span of days, and botocore's errors when the
    bucket cannot be written to.
    """
    world_start = first_day if world_start is None else world_start
    if last_day < first_day:
        raise ValueError(f"the last day, {last_day}, is before the first, {first_day}")
    if first_day < world_start:
        raise ValueError(f"the world starts on {world_start}: nothing arrives on {first_day}")
    if processes is None:
        much = messages * ((last_day - first_day).days + 1) >= _WORTH_A_PROCESS
        processes = (os.cpu_count() or 1) if much else 1

    def put(versions: list[LogFile]) -> None:
        for one in versions:
            s3_client.put_object(Bucket=bucket, Key=one.key, Body=one.body)

    counts = {service.event_type: LineCounts() for service in SERVICES}
    files_of_day, lines_of_day = 0, 0
    tasks = list(_tasks(first_day, last_day, messages, seed, world_start, faults))
    with ThreadPoolExecutor(_UPLOADS) as uploads:
        for place, (task, files) in enumerate(_made(tasks, processes)):
            by_key: dict[str, list[LogFile]] = {}
            for one in files:
                by_key.setdefault(one.key, []).append(one)
                if one.event_type:
                    counts[one.event_type] += one.counts
                    lines_of_day += one.counts.lines
            list(uploads.map(put, by_key.values()))
            files_of_day += len(by_key)
            if place + 1 == len(tasks) or tasks[place + 1].day != task.day:
                if progress is not None:
                    progress(f"{task.day}: {files_of_day:,} files, {lines_of_day:,} lines")
                files_of_day, lines_of_day = 0, 0
    return counts


def _made(tasks: list[_Task], processes: int) -> Iterator[tuple[_Task, list[LogFile]]]:
    """The tasks with their files, in order; only a few are made ahead."""
    if processes == 1:
        yield from ((task, _make(task)) for task in tasks)
        return
    # A forked child would inherit the locks of this process's threads.
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
    try:
        ahead: deque[tuple[_Task, Future[list[LogFile]]]] = deque()
        for task in tasks:
            ahead.append((task, pool.submit(_make, task)))
            if len(ahead) > 3 * processes:
                first, made = ahead.popleft()
                yield first, made.result()
        while ahead:
            first, made = ahead.popleft()
            yield first, made.result()
    finally:
        pool.shutdown(cancel_futures=True)
