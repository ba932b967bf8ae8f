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

COMMAND = [sys.executable, "-m", "sms_warehouse.local.commands"]
READY = "Ctrl-C stops it."

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
    with exclusive(directory / "servers.lock", seconds=20):
        pass
    for port in (env["AWS_ENDPOINT_URL"].rpartition(":")[2], env["REDSHIFT_PORT"]):
        with pytest.raises(ConnectionRefusedError):
            accepts(int(port))


def test_sigterm_stops_a_stack_with_exit_code_0_and_leaves_no_process(
    tmp_path: Path, up: Up
) -> None:
    process = up("--dir", str(tmp_path / "stack"))
    env = running_env(tmp_path / "stack")
    process.terminate()
    assert process.wait(30) == 0
    assert_nothing_is_left(tmp_path / "stack", env)


def test_a_stack_that_is_killed_leaves_no_process_and_can_start_again_at_once(
    tmp_path: Path, up: Up
) -> None:
    directory = tmp_path / "stack"
    up("--dir", str(directory)).kill()
    process = up("--dir", str(directory))
    env = running_env(directory)
    process.kill()
    process.wait()
    assert_nothing_is_left(directory, env)
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
    assert process.wait(30) == 0
    assert run(runtime, "env").returncode == 1
    assert not list(Path(runtime["TMPDIR"]).glob("sms-warehouse-*"))


def test_a_second_stack_in_a_directory_is_refused_and_nobody_reads_the_password_in_ps(
    tmp_path: Path, up: Up, runtime: dict[str, str]
) -> None:
    directory = str(tmp_path / "stack")
    up("--dir", directory)
    second = run(runtime, "up", "--dir", directory)
    assert second.returncode == 1
    assert f"already running in {directory}" in second.stderr
    assert run(runtime, "env", "--dir", directory).returncode == 0
    password = running_env(Path(directory))["REDSHIFT_PASSWORD"]
    listed = subprocess.run(["ps", "-axww", "-o", "command="], capture_output=True, text=True)
    assert directory in listed.stdout
    assert password not in listed.stdout
