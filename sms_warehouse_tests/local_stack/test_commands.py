"""``local up`` and ``local env`` as a terminal sees them: processes, signals, exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sms_warehouse.local.services import accepts, exclusive
from sms_warehouse.local.stack import NotReady, running_env
from sms_warehouse_tests.conftest import seeded

COMMAND = [sys.executable, "-m", "sms_warehouse.local.commands"]
READY = "Ctrl-C stops it."
PATIENCE_S = 300

Up = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def runtime(tmp_path: Path) -> dict[str, str]:
    """An environment in which no stack of anyone else is found."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    return {**os.environ, "XDG_RUNTIME_DIR": str(folder), "TMPDIR": str(folder)}


@pytest.fixture
def up(runtime: dict[str, str]) -> Iterator[Up]:
    """Starts ``local up`` and returns when it says that it is ready."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*COMMAND, "up", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=runtime,
        )
        started.append(process)
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if READY in line:
                return process
        raise AssertionError("".join(said))

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def run(runtime: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, env=runtime)


def assert_nothing_is_left(directory: Path, env: dict[str, str]) -> None:
    """Every server holds the lock as long as its process lives."""
    with exclusive(directory / "servers.lock", seconds=PATIENCE_S):
        pass
    for port in (env["AWS_ENDPOINT_URL"].rpartition(":")[2], env["REDSHIFT_PORT"]):
        with pytest.raises(ConnectionRefusedError):
            accepts(int(port))


def test_a_directory_has_one_stack_that_can_be_killed_started_at_once_and_stopped(
    tmp_path: Path, up: Up, runtime: dict[str, str], migrated: Path
) -> None:
    """What is killed leaves no process and no lock, and what gets SIGTERM ends with 0; addresses stay.

    A second stack is refused, and nobody reads the password in ps.
    """
    directory = seeded(tmp_path / "stack", migrated)
    ready = directory / "stack.json"
    first = up("--dir", str(directory))
    env = running_env(directory)
    second = run(runtime, "up", "--dir", str(directory))
    assert second.returncode == 1
    assert f"already running in {directory}" in second.stderr
    assert run(runtime, "env", "--dir", str(directory)).returncode == 0
    listed = subprocess.run(["ps", "-axww", "-o", "command="], capture_output=True, text=True)
    assert str(directory) in listed.stdout
    assert env["REDSHIFT_PASSWORD"] not in listed.stdout

    first.kill()
    # It begins when every server of the killed one has ended.
    again = up("--dir", str(directory))
    assert running_env(directory) == env
    left_by_killing = ready.read_text()
    again.terminate()
    assert again.wait(PATIENCE_S) == 0
    assert_nothing_is_left(directory, env)
    assert not ready.exists()
    ready.write_text(left_by_killing)
    with pytest.raises(NotReady):
        running_env(directory)


def test_a_temporary_stack_is_found_by_a_shell_and_ctrl_c_leaves_nothing_of_it(
    up: Up, runtime: dict[str, str]
) -> None:
    not_yet = run(runtime, "env")
    assert (not_yet.returncode, not_yet.stdout) == (1, "")
    assert "sms-warehouse local up" in not_yet.stderr
    process = up()
    printed = run(runtime, "env")
    assert printed.returncode == 0
    read_back = subprocess.run(
        ["sh", "-c", f'{printed.stdout}\necho "$SMS_WAREHOUSE_QUEUE_URL $REDSHIFT_PORT"'],
        capture_output=True,
        text=True,
        env={},
    )
    url, port = read_back.stdout.split()
    assert url.startswith("http://127.0.0.1:")
    accepts(int(port))
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 0
    assert run(runtime, "env").returncode == 1
    assert not list(Path(runtime["TMPDIR"]).glob("sms-warehouse-*"))
