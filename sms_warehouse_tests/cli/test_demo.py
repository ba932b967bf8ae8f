"""``sms-warehouse demo``: the whole platform, from files in S3 to reports, by nothing but its own doing."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast

import pytest

from sms_warehouse import demo
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.watch import Watch
from sms_warehouse_tests.cli.conftest import Command
from sms_warehouse_tests.conftest import seeded

PATIENCE_S = 900


def start(*arguments: str, directory: Path, log: Path) -> subprocess.Popen[str]:
    """The demo as a terminal starts it, from a directory that is not the checkout."""
    with log.open("w") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "sms_warehouse", "demo", "--dir", str(directory), *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=directory.parent,
            start_new_session=True,
        )


def processes_of(directory: Path) -> list[str]:
    """Command lines of running processes that were told of the directory, in arguments or environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(directory).encode() in told:
            found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


def wait_for(happened: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.2)


def wait_until_days_are_asked_for(process: subprocess.Popen[str], log: Path) -> None:
    """Its runs are under way then, or about to be."""

    def asked_for() -> bool:
        assert process.poll() is None, log.read_text()
        return "asked for by new_logs" in log.read_text()

    wait_for(asked_for, log)


@pytest.fixture
def directory(tmp_path: Path, migrated: Path) -> Path:
    """Where a demo may live; its warehouse has its schema already."""
    return seeded(tmp_path / "demo", migrated)


@pytest.fixture
def stopped() -> Iterator[list[subprocess.Popen[str]]]:
    """Demos put in here do not outlive the test."""
    demos: list[subprocess.Popen[str]] = []
    yield demos
    for process in demos:
        if process.poll() is None:
            process.terminate()
            process.wait(PATIENCE_S)


@pytest.mark.slow
@pytest.mark.timeout(3 * PATIENCE_S)
def test_a_demo_that_was_killed_leaves_nothing_running_and_is_finished_by_the_next(
    tmp_path: Path, directory: Path, stopped: list[subprocess.Popen[str]]
) -> None:
    """Everything written is landed, applied, proved and reported, though the first try died over it."""
    log = tmp_path / "log"
    process = start("--messages", "50", "--days", "2", directory=directory, log=log)
    stopped.append(process)
    wait_until_days_are_asked_for(process, log)
    process.kill()
    process.wait(PATIENCE_S)
    # It could stop nothing any more: what it started notices, and needs a moment.
    wait_for(lambda: not processes_of(directory), log)

    process = start("--once", directory=directory, log=log)
    stopped.append(process)
    assert process.wait(PATIENCE_S) == 0, log.read_text()
    said = log.read_text()
    assert "going on with the world" in said
    assert "50 messages a day" in said
    total = 0
    for event_type in EVENTS:
        (row,) = re.findall(rf"^{event_type} +(.*)$", said, re.MULTILINE)
        written, in_poison, landed, quarantined, blank, missing = (
            int(number.replace(",", "")) for number in row.split()
        )
        assert written == in_poison + landed + quarantined + blank
        assert missing == 0
        total += landed
    assert total > 0
    assert not processes_of(directory)


@pytest.mark.slow
@pytest.mark.timeout(3 * PATIENCE_S)
def test_an_interrupted_demo_leaves_nothing_running(
    tmp_path: Path, directory: Path, stopped: list[subprocess.Popen[str]]
) -> None:
    log = tmp_path / "log"
    process = start("--messages", "50", "--days", "2", directory=directory, log=log)
    stopped.append(process)
    wait_until_days_are_asked_for(process, log)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 0, log.read_text()
    assert not processes_of(directory)


@dataclass
class Watched:
    """A platform that has something to do for ever, or one that has given up."""

    hopeless: str | None = None

    def missing(self, days: Sequence[date]) -> str | None:
        return "2 runs are not finished"


def waited(writing: Future[None], watch: Watched, end: float | None, tmp_path: Path) -> str:
    """What the demo fails with."""
    world = demo.World(tmp_path / "world.json", date(2026, 3, 1), messages=50, seed=1)
    with pytest.raises(demo.DemoFailed) as failed:
        demo._wait_until_done(world, writing, cast(Watch, watch), lambda: None, end)
    return str(failed.value)


def test_what_cannot_be_done_in_time_is_a_failure_that_says_what_is_missing(
    tmp_path: Path,
) -> None:
    writing: Future[None] = Future()
    too_late = time.monotonic() - 1
    assert waited(writing, Watched(), too_late, tmp_path) == (
        "not done in time: the services are still writing; --timeout gives it more"
    )
    writing.set_result(None)
    assert waited(writing, Watched(), too_late, tmp_path) == (
        "not done in time: 2 runs are not finished; --timeout gives it more"
    )


def test_what_will_never_be_done_is_not_waited_for(tmp_path: Path) -> None:
    writing: Future[None] = Future()
    writing.set_result(None)
    some_day = time.monotonic() + 1_000_000
    assert waited(writing, Watched("load_day failed 3 times"), some_day, tmp_path) == (
        "load_day failed 3 times"
    )


def test_a_demo_has_the_minutes_it_was_given_and_its_failure_is_one_line(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*, is_once: bool, timeout_s: float, **_: object) -> None:
        assert (is_once, timeout_s) == (True, 90)
        raise demo.DemoFailed("not done in time")

    monkeypatch.setattr(demo, "run", run)
    result = command("demo", "--once", "--timeout", "1.5")
    assert (result.exit_code, result.stderr) == (1, "error: not done in time\n")
