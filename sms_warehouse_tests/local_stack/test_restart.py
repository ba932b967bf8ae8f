"""A stack in a directory: what it keeps when it stops, is killed, or loses a server."""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from sms_warehouse.local.services import ServerFailed, free_port
from sms_warehouse.local.stack import LocalStack, NotReady, StackRunning, running_env
from sms_warehouse.resources.inbox import Inbox
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift, StatementFailed
from sms_warehouse_tests.conftest import forget_clients, seeded

KEY = "raw/link_click/v=1/dt=2026-03-01/hh=05/part-0001.json.gz"

PATIENCE_S = 600


@contextmanager
def used(stack: LocalStack) -> Iterator[None]:
    """Points this process at a stack."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in stack.env.items():
            patch.setenv(name, value)
        forget_clients()
        yield
    forget_clients()


@dataclass(frozen=True)
class Supervised:
    """A running stack whose servers are watched from another thread, and what that tells."""

    stack: LocalStack
    told: list[str]

    def pid(self, name: str) -> int:
        return server_pid(self.stack, name)

    def wait_for(self, line: str, since: int) -> None:
        """Waits for a line that is told after so many."""
        wait_for(lambda: line in self.told[since:])


@pytest.fixture(scope="module")
def supervised(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Supervised]:
    """A stack whose servers die one after the other."""
    stopping = threading.Event()
    told: list[str] = []
    with LocalStack(seeded(tmp_path_factory.mktemp("supervised"), migrated)) as stack:
        watcher = threading.Thread(target=stack.run_forever, args=(stopping, told.append))
        watcher.start()
        try:
            with used(stack):
                yield Supervised(stack, told)
        finally:
            stopping.set()
            watcher.join()


def server_pid(stack: LocalStack, name: str) -> int:
    (pid,) = [server.pid for server in stack.servers if server.name == name]
    assert pid is not None
    return pid


def write_row(table: str) -> None:
    with Redshift().session("tests") as session:
        session.execute(f"create table {table} (value integer)")
        session.execute(f"insert into {table} values (42)")


def read_row(table: str) -> int:
    with Redshift().session("tests") as session:
        return int(session.value(f"select value from {table}"))


def keys_in_inbox() -> set[str]:
    return {found.key for m in Inbox().receive(20, seconds=5) for found in m.objects()}


def test_a_directory_keeps_objects_messages_and_rows(tmp_path: Path, migrated: Path) -> None:
    """Also at another address: the queue is still the same one."""
    with LocalStack(seeded(tmp_path, migrated)) as stack, used(stack):
        Lake().put(KEY, b"content")
        written = Lake().head(KEY)
        write_row("kept")
        env = dict(stack.env)
        assert running_env(tmp_path) == env
    with pytest.raises(NotReady):
        running_env(tmp_path)
    with LocalStack(tmp_path, aws_port=free_port()) as stack, used(stack):
        assert stack.env["SMS_WAREHOUSE_QUEUE_URL"] != env["SMS_WAREHOUSE_QUEUE_URL"]
        assert Lake().head(KEY) == written
        assert read_row("kept") == 42
        Lake().put(KEY + ".2", b"content")
        assert keys_in_inbox() == {KEY, KEY + ".2"}


def test_a_killed_server_comes_back_with_what_it_had(supervised: Supervised) -> None:
    write_row("kept")
    Lake().put(KEY, b"content")
    for name in ("Redshift", "S3 and SQS"):
        told = len(supervised.told)
        os.kill(supervised.pid(name), signal.SIGKILL)
        supervised.wait_for(f"{name} answers again", told)
        assert running_env(supervised.stack.directory) == supervised.stack.env
    assert read_row("kept") == 42
    assert Lake().head(KEY) is not None
    Lake().put(KEY + ".2", b"content")
    wait_for(lambda: KEY + ".2" in keys_in_inbox())


def fill() -> None:
    """Commits rows without end, few at a time: they reach the database file with a checkpoint only."""
    with Redshift().session("tests") as session:
        session.execute("create table digits (n integer)")
        session.execute("insert into digits values (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
        session.execute("create table filler (a integer, b varchar(64))")
        for turn in range(1000):
            session.execute(
                "insert into filler select d.n, md5(cast(d.n + :turn as varchar)) || md5(cast(c.n as varchar)) "
                "from digits as a cross join digits as b cross join digits as c cross join digits as d",
                turn=turn,
            )


def test_a_server_that_gives_up_says_why_and_comes_back(supervised: Supervised) -> None:
    """Files that may not grow end in an error that DuckDB does not go on after."""
    write_row("kept_by_who_gave_up")
    told = len(supervised.told)
    limits = (19_000_000, resource.RLIM_INFINITY)
    resource.prlimit(supervised.pid("Redshift"), resource.RLIMIT_FSIZE, limits)
    with pytest.raises(StatementFailed, match="53100"):
        fill()
    supervised.wait_for("Redshift answers again", told)
    (said,) = [t for t in supervised.told[told:] if "stopped by itself" in t]
    assert "exit code 70" in said
    assert "nothing it acknowledged is lost" in said
    assert read_row("kept_by_who_gave_up") == 42


def test_a_server_that_keeps_dying_ends_the_stack_with_its_reason(
    tmp_path: Path, migrated: Path
) -> None:
    with LocalStack(seeded(tmp_path, migrated)) as stack:
        killing = threading.Event()

        def kill_again_and_again() -> None:
            while not killing.wait(0.05):
                with suppress(ProcessLookupError):
                    os.kill(server_pid(stack, "S3 and SQS"), signal.SIGKILL)

        killer = threading.Thread(target=kill_again_and_again)
        killer.start()
        try:
            with pytest.raises(ServerFailed, match="S3 and SQS"):
                stack.run_forever(tell=lambda _: None)
        finally:
            killing.set()
            killer.join()


def test_a_directory_in_use_is_refused_and_left_alone(stack: LocalStack) -> None:
    with pytest.raises(StackRunning, match=str(stack.directory)):
        LocalStack(stack.directory).start()
    assert running_env(stack.directory) == stack.env


def test_what_holds_the_password_is_its_owners_alone(stack: LocalStack) -> None:
    password = stack.env["REDSHIFT_PASSWORD"]
    holding = [
        path
        for path in stack.directory.rglob("*.json")
        if password in path.read_text(errors="replace")
    ]
    assert {path.name for path in holding} >= {"stack.json", "identity.json"}
    assert {path.stat().st_mode & 0o777 for path in holding} == {0o600}
    for server in stack.servers:
        assert password not in " ".join(server.arguments)


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.05)
