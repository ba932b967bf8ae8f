"""``sms-warehouse demo``: the whole platform, from files in S3 to reports, by nothing but its own doing."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sms_warehouse.landing.events import EVENTS

pytestmark = pytest.mark.slow


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


def wait_for(text: str, log: Path, demo: subprocess.Popen[str], *, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while text not in log.read_text():
        assert demo.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.2)


@pytest.fixture
def stopped() -> Iterator[list[subprocess.Popen[str]]]:
    """Demos put in here do not outlive the test."""
    demos: list[subprocess.Popen[str]] = []
    yield demos
    for demo in demos:
        if demo.poll() is None:
            demo.terminate()
            demo.wait(60)


@pytest.mark.timeout(600)
def test_a_demo_that_was_killed_leaves_nothing_running_and_is_finished_by_the_next(
    tmp_path: Path, stopped: list[subprocess.Popen[str]]
) -> None:
    """Everything written is landed, applied, proved and reported, though the first try died over it."""
    log, directory = tmp_path / "log", tmp_path / "demo"
    demo = start("--messages", "200", "--days", "2", directory=directory, log=log)
    stopped.append(demo)
    wait_for("asked for by new_logs", log, demo)
    demo.kill()
    demo.wait(60)
    # It could stop nothing any more: what it started notices, and needs a moment.
    end = time.monotonic() + 60
    while processes_of(directory) and time.monotonic() < end:
        time.sleep(0.5)
    assert not processes_of(directory)

    demo = start("--once", directory=directory, log=log)
    stopped.append(demo)
    assert demo.wait(280) == 0, log.read_text()
    said = log.read_text()
    assert "going on with the world" in said
    assert "200 messages a day" in said
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


def test_an_interrupted_demo_leaves_nothing_running(
    tmp_path: Path, stopped: list[subprocess.Popen[str]]
) -> None:
    log, directory = tmp_path / "log", tmp_path / "demo"
    demo = start("--messages", "50", "--days", "2", directory=directory, log=log)
    stopped.append(demo)
    wait_for("asked for by new_logs", log, demo)
    demo.send_signal(signal.SIGINT)
    assert demo.wait(60) == 0, log.read_text()
    assert not processes_of(directory)


def test_what_cannot_be_done_in_time_is_a_failure_that_says_what_is_missing(
    tmp_path: Path, stopped: list[subprocess.Popen[str]]
) -> None:
    log, directory = tmp_path / "log", tmp_path / "demo"
    demo = start(
        *("--once", "--messages", "50", "--days", "2", "--timeout", "0.01"),
        directory=directory,
        log=log,
    )
    stopped.append(demo)
    assert demo.wait(120) == 1, log.read_text()
    assert "error: not done in time: " in log.read_text()
    assert not processes_of(directory)
