"""``sms-warehouse demo``: the whole platform at work on one machine, and the proof that nothing was lost.

Starts the local stack and Dagster and lets the simulated services write. It loads nothing itself: what happens
then is the platform's own doing, and only watched.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.request import urlopen

import click

from sms_warehouse import settings
from sms_warehouse.local.services import LOOPBACK, Server, free_port
from sms_warehouse.local.stack import LocalStack, announced

if TYPE_CHECKING:
    import dagster as dg

    from sms_warehouse.local.traffic import LogFile
    from sms_warehouse.watch import Watch

_SEEN_AGAIN_S = 20
"""How long the queue hides a message here: less than a turn of the sensor, so that each turn sees all."""
_LOOK_S = 3.0
_DAGSTER_START_S = 180.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_WORKSPACE = """\
load_from:
  - python_module:
      module_name: sms_warehouse.definitions
      location_name: sms_warehouse
"""


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
    began = datetime.now(UTC)
    stack = LocalStack(directory, visibility_s=_SEEN_AGAIN_S)
    try:
        _tell("starting S3, SQS, Redshift and Dagster")
        stack.start()
        world = World.of(stack.directory, messages, seed, days)
        home = stack.directory / "dagster"
        os.environ |= stack.env | {
            "DAGSTER_HOME": str(home),
            "SMS_WAREHOUSE_FIRST_DAY": world.first_day.isoformat(),
            # The sensor's own pace is slow enough here.
            "SMS_WAREHOUSE_REPORT_MINUTES": "0",
        }
        with (
            announced(stack),
            _supervised(stack) as check_stack,
            _writing(world) as writing,
            _dagster(stack, home, None if is_once else port) as check_dagster,
        ):
            # Late, because the definitions read the environment that was just made.
            from sms_warehouse.watch import Watch

            watch = Watch(_tell, began=began)

            def look() -> None:
                check_stack()
                check_dagster()
                watch.look(world.objects)

            end = time.monotonic() + timeout_s if is_once else None
            _wait_until_done(world, writing, watch, look, end)
            if wrong := watch.summarise(world.written):
                raise DemoFailed(f"not every record of {', '.join(wrong)} is accounted for")
            if broken := watch.failed_checks:
                raise DemoFailed("; ".join(broken))
            if not is_once:
                _tell_addresses(stack)
                _go_on(world, look)
    except KeyboardInterrupt:
        if is_once:
            raise click.exceptions.Exit(130) from None
    finally:
        stack.stop()


def _wait_until_done(
    world: World,
    writing: Future[None],
    watch: Watch,
    look: Callable[[], None],
    end: float | None,
) -> None:
    """Returns when nothing is left to do for what the services wrote. Raises DemoFailed when it will not be."""
    while True:
        look()
        if not writing.done():
            missing: str | None = "the services are still writing"
        else:
            writing.result()
            missing = watch.missing(world.days)
        if missing is None:
            return
        if end is not None and watch.hopeless:
            raise DemoFailed(watch.hopeless)
        if end is not None and time.monotonic() > end:
            raise DemoFailed(f"not done in time: {missing}; --timeout gives it more")
        time.sleep(_LOOK_S)


def _go_on(world: World, look: Callable[[], None]) -> NoReturn:
    """Lets the services write as the clock goes on."""
    never = threading.Event()
    while True:
        look()
        world.write(datetime.now(UTC), never)
        time.sleep(_LOOK_S)


@dataclass
class World:
    """What the services have written so far; kept beside the bucket, so that a second start goes on from here."""

    path: Path
    first_day: date
    messages: int
    seed: int
    files: dict[str, int] = field(default_factory=dict)
    written: dict[str, dict[str, int]] = field(default_factory=dict)

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
        from sms_warehouse.resources.s3 import s3_client

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
        total = Counter(self.written.get(file.event_type, {}))
        total.update(vars(file.counts))
        self.written[file.event_type] = dict(total)
        kept = {
            "first_day": self.first_day.isoformat(),
            "messages": self.messages,
            "seed": self.seed,
            "files": self.files,
            "written": self.written,
        }
        temporary = self.path.with_suffix(".tmp")
        temporary.write_text(json.dumps(kept))
        temporary.replace(self.path)

    @property
    def days(self) -> list[date]:
        """The days on which files have arrived."""
        return [date.fromisoformat(day) for day in self.files]

    @property
    def objects(self) -> int:
        return sum(self.files.values())


@contextmanager
def _writing(world: World) -> Iterator[Future[None]]:
    """The services at work on what should be there by now."""
    stopping = threading.Event()
    _tell(
        f"the services write {world.messages:,} messages a day, and what follows from them, "
        f"since {world.first_day}"
    )
    with ThreadPoolExecutor(1) as threads:
        try:
            yield threads.submit(world.write, datetime.now(UTC), stopping)
        finally:
            stopping.set()


@contextmanager
def _supervised(stack: LocalStack) -> Iterator[Callable[[], None]]:
    """Starts servers of the stack again that die; gives a function that raises when that does not help."""
    stopping = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        supervision = threads.submit(stack.run_forever, stopping, _tell)

        def check() -> None:
            if supervision.done():
                supervision.result()

        try:
            yield check
        finally:
            stopping.set()


@contextmanager
def _dagster(stack: LocalStack, home: Path, port: int | None) -> Iterator[Callable[[], None]]:
    """Dagster's daemon, with the UI if there is a port for it; gives a function that raises when it died."""
    import dagster as dg

    home.mkdir(exist_ok=True)
    shutil.copy(Path(__file__).parent / "local" / "dagster.yaml", home)
    workspace = home / "workspace.yaml"
    workspace.write_text(_WORKSPACE)
    address = None
    if port is None:
        module, arguments = "dagster._daemon", ["run"]
    else:
        port = free_port(port)
        address = os.environ["DAGSTER_UI"] = f"http://{LOOPBACK}:{port}"
        module, arguments = "dagster", ["dev", "--host", LOOPBACK, "--port", str(port)]

    server = Server(
        "Dagster",
        module,
        [*arguments, "--workspace", str(workspace)],
        dict(os.environ),
        stack.directory / "logs" / "dagster.log",
        stack.directory / "servers.lock",
        lambda: _ask_dagster(instance, address),
    )

    def check() -> None:
        if server.has_died():
            raise server.failure()

    try:
        # Here and alone: two processes that make Dagster's SQLite files at once can leave them stamped twice,
        # and then nobody can open them again.
        with dg.DagsterInstance.get() as instance:
            _bury(instance)
            server.start()
            server.wait_until_ready(seconds=_DAGSTER_START_S)
        _tell("Dagster answers")
        yield check
    finally:
        group = server.pid
        server.stop()
        # Runs under way are processes of the same group, and nobody waits for them.
        if group is not None:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


def _bury(instance: dg.DagsterInstance) -> None:
    """Runs that were under way when the demo of this directory ended ended with it; nothing else tells Dagster so."""
    import dagster as dg

    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        instance.report_run_failed(run, "The demo it belonged to has ended.")


def _ask_dagster(instance: dg.DagsterInstance, address: str | None) -> None:
    if address is not None:
        urlopen(f"{address}/server_info", timeout=5).close()
    if "SENSOR" not in instance.get_daemon_heartbeats():
        raise OSError("the daemon does not evaluate sensors yet")


def _tell_addresses(stack: LocalStack) -> None:
    env = stack.env
    click.echo(
        f"Dagster   {os.environ['DAGSTER_UI']}\n"
        f"Redshift  PGPASSWORD={shlex.quote(env['REDSHIFT_PASSWORD'])} psql -h {env['REDSHIFT_HOST']}"
        f" -p {env['REDSHIFT_PORT']} -U {env['REDSHIFT_USER']} {env['REDSHIFT_DATABASE']}\n"
        f"S3, SQS   {env['AWS_ENDPOINT_URL']}, bucket {env['SMS_WAREHOUSE_BUCKET']}\n"
        'Shell     eval "$(sms-warehouse local env)"\n\n'
        "The services go on writing. Ctrl-C stops everything.\n"
    )


def _interrupt(number: int, frame: object) -> NoReturn:
    # Once only: what stops the servers must not be interrupted itself.
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    # Whatever was printing was interrupted too, and must not be entered again.
    os.write(2, f"\nstopping on {signal.Signals(number).name}\n".encode())
    raise KeyboardInterrupt


def _tell(line: str) -> None:
    click.echo(f"{datetime.now(UTC):%H:%M:%S}  {line}")
