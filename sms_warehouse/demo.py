"""``sms-warehouse demo``: the whole platform at work on one machine, and the proof that nothing was lost.

Starts the local stack and Dagster, lets the simulated services write, and watches from outside, as an operator
would: the queue, the ledger and Dagster's own records. It loads nothing itself.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from sms_warehouse.local.services import LOOPBACK, Server, ServerFailed, free_port
from sms_warehouse.local.stack import LocalStack

if TYPE_CHECKING:
    import dagster as dg

    from sms_warehouse.local.traffic import LogFile

_SEEN_AGAIN_S = 20
"""How long the queue hides a message here: less than a turn of the sensor, so that each turn sees all."""
_REPORT_MINUTES = 1
_LOOK_S = 3.0
_DAGSTER_START_S = 180.0
_FAILURES = 3
"""A failed run is asked for again by itself; so many of one day mean that it cannot succeed."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoFailed(Exception):
    """What went in did not all come out, or not in time; the message says what is missing."""


def run(
    *,
    is_once: bool,
    messages: int,
    days: int,
    seed: int,
    port: int,
    directory: Path | None,
    timeout_s: float,
) -> None:
    """Runs the demo; returns after Ctrl-C, or with ``is_once`` when everything is loaded and checked.

    Raises DemoFailed, ServerFailed or StackRunning. Whatever happens, nothing it started is left running.
    """
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    stack = LocalStack(directory, visibility_s=_SEEN_AGAIN_S)
    try:
        _tell("starting S3, SQS and Redshift")
        stack.start(_tell)
        with _supervised(stack) as failed:
            world = World.of(stack.directory, messages, seed, days)
            os.environ.update(stack.env)
            os.environ["SMS_WAREHOUSE_FIRST_DAY"] = world.first_day.isoformat()
            os.environ["SMS_WAREHOUSE_REPORT_MINUTES"] = str(_REPORT_MINUTES)
            with _dagster(stack.directory, None if is_once else port) as dagster:
                Demo(stack, world, dagster, failed).play(is_once, timeout_s)
    except KeyboardInterrupt:
        _tell("stopping")
        if is_once:
            raise click.exceptions.Exit(130) from None
    finally:
        stack.stop()


@dataclass
class World:
    """What the services have written so far; kept beside the bucket, so that a second start goes on from here."""

    path: Path
    first_day: date
    messages: int
    seed: int
    files: dict[str, int] = field(default_factory=dict)
    lines: dict[str, dict[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._coming = self._to_come()
        self._next: tuple[date, int, LogFile] | None = None

    @classmethod
    def of(cls, directory: Path, messages: int, seed: int, days: int) -> World:
        path = directory / "world.json"
        if path.exists():
            kept = json.loads(path.read_text())
            world = cls(path, date.fromisoformat(kept.pop("first_day")), **kept)
            _tell(
                f"going on with the world of {directory}: {world.messages:,} messages a day "
                f"since {world.first_day}, seed {world.seed}"
            )
            return world
        return cls(path, datetime.now(UTC).date() - timedelta(days=days - 1), messages, seed)

    def write(self, until: datetime, stopping: threading.Event) -> None:
        """Puts the files the services have finished by ``until``, in the order they were finished."""
        from sms_warehouse import settings
        from sms_warehouse.resources.lake import s3_client

        bucket, s3 = settings.bucket(), s3_client()
        while not stopping.is_set():
            if self._next is None:
                self._next = next(self._coming)
            day, number, file = self._next
            if file.written_at > until:
                return
            s3.put_object(Bucket=bucket, Key=file.key, Body=file.body)
            self._record(day, number, file)
            self._next = None

    def _to_come(self) -> Iterator[tuple[date, int, LogFile]]:
        from sms_warehouse.local import traffic

        day = self.first_day
        while True:
            files = traffic.day_files(
                day,
                messages=self.messages,
                seed=self.seed,
                world_start=self.first_day,
                faults="usual",
            )
            written = self.files.get(day.isoformat(), 0)
            for number, file in enumerate(files, start=1):
                if number > written:
                    yield day, number, file
            day += timedelta(days=1)

    def _record(self, day: date, number: int, file: LogFile) -> None:
        self.files[day.isoformat()] = number
        total = Counter(self.lines.get(file.event_type, {}))
        total.update(vars(file.counts))
        self.lines[file.event_type] = dict(total)
        kept = {
            "first_day": self.first_day.isoformat(),
            "messages": self.messages,
            "seed": self.seed,
            "files": self.files,
            "lines": self.lines,
        }
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(json.dumps(kept))
        temporary.replace(self.path)

    @property
    def objects(self) -> int:
        return sum(self.files.values())


class Demo:
    """Watches the platform work, and tells."""

    def __init__(self, stack: LocalStack, world: World, servers: Servers) -> None:
        import dagster as dg

        self._stack = stack
        self._world = world
        self._servers = servers
        self._instance = dg.DagsterInstance.from_config(str(_home(stack.directory)))
        self._runs = Runs(self._instance)
        self._told = ""

    def play(self, is_once: bool, timeout_s: float) -> None:
        """Until everything is loaded and checked; then, unless ``is_once``, until somebody interrupts."""
        end = time.monotonic() + timeout_s
        stopping = threading.Event()
        _tell(
            f"the services write: {self._world.messages:,} messages a day since {self._world.first_day}"
        )
        with ThreadPoolExecutor(1) as threads:
            try:
                writing = threads.submit(self._world.write, datetime.now(UTC), stopping)
                while missing := self._missing(writing):
                    if is_once and time.monotonic() > end:
                        raise DemoFailed(f"not done after {timeout_s / 60:g} minutes: {missing}")
                    time.sleep(_LOOK_S)
            finally:
                stopping.set()
        self._summarise()
        if is_once:
            return
        self._tell_addresses()
        live = threading.Event()
        while True:
            self._world.write(datetime.now(UTC), live)
            self._look()
            time.sleep(_LOOK_S)

    def _missing(self, writing: Future[None]) -> str | None:
        """What has not happened yet, in words; None when everything has."""
