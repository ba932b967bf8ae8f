"""One server of the local stack as a child process: started, watched, and never left behind.

A server holds one end of a pipe, the lifeline, whose other end only its parent has. When the parent
is gone, by ``kill -9`` as well, the pipe closes and the server stops as it would on SIGTERM. Any
Unix can do that; Linux's parent-death signal also fires when only the thread that started the child
ends.
"""

from __future__ import annotations

import fcntl
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

LOOPBACK = "127.0.0.1"

_STOP_S = 15.0
_POLL_S = 0.05
_LOG_TAIL_LINES = 15


class ServerFailed(Exception):
    """A server did not start, or stopped by itself; the message ends with its last log lines."""


@dataclass
class Server:
    """A Python module that serves until SIGTERM.

    ``probe`` raises as long as the server does not answer. ``lock`` is held, shared, as long as the
    process lives, so that a successor can wait for the end of a predecessor it did not start.
    """

    name: str
    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    lock: Path
    probe: Callable[[], object]
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Starts the process and returns at once."""
        command = [sys.executable, "-m", __name__, str(self.lock), self.module, *self.arguments]
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C in the terminal reaches the parent alone, which stops its
            # servers.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=dict(self.environment),
                start_new_session=True,
            )

    def wait_until_ready(self, *, seconds: float) -> None:
        """Returns when the probe succeeds.

        Raises ServerFailed when it does not within ``seconds`` or the server dies.
        """
        end = time.monotonic() + seconds
        while True:
            try:
                self.probe()
            except Exception as error:
                if self.has_died():
                    raise ServerFailed(
                        f"{self.name} stopped while starting{self._tail()}"
                    ) from None
                if time.monotonic() > end:
                    raise ServerFailed(
                        f"{self.name} did not answer within {seconds:.0f} s: {error}{self._tail()}"
                    ) from None
                time.sleep(_POLL_S)
            else:
                return

    def has_died(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def last_words(self) -> str:
        """How a server that has died ended: its exit code, and what it said when it gave up itself."""
        code = self._process.returncode if self._process else None
        lines = self._log_lines() if code and code > 0 else []
        return f"exit code {code}: {lines[-1]}" if lines else f"exit code {code}"

    def failure(self) -> ServerFailed:
        """The error that says how the server ended."""
        code = self._process.returncode if self._process else None
        return ServerFailed(f"{self.name} stopped with exit code {code}{self._tail()}")

    def ask_to_stop(self) -> None:
        """Closes the lifeline."""
        if self._process and self._process.stdin:
            with suppress(OSError):
                self._process.stdin.close()

    def stop(self) -> None:
        """Returns when the process is gone; it has some seconds to put its state on disk."""
        if self._process is None:
            return
        self.ask_to_stop()
        try:
            self._process.wait(_STOP_S + 5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _log_lines(self) -> list[str]:
        return self.log.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:]

    def _tail(self) -> str:
        lines = self._log_lines()
        return "".join(f"\n    {line}" for line in [f"({self.log})", *lines])


def accepts(port: int) -> None:
    """Raises OSError unless somebody listens on the port."""
    socket.create_connection((LOOPBACK, port), timeout=1).close()


def free_port(preferred: int | None = None) -> int:
    """A port nobody listens on: the preferred one when it is free."""
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind((LOOPBACK, port))
                return int(probe.getsockname()[1])
    raise OSError("no free port")


@contextmanager
def exclusive(path: Path, *, seconds: float = 0.0) -> Iterator[None]:
    """Holds a lock file alone.

    Raises BlockingIOError when others still hold it after ``seconds``.
    """
    end = time.monotonic() + seconds
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise
                time.sleep(_POLL_S)
        yield
    finally:
        os.close(descriptor)


def _serve(lock: str, module: str, *arguments: str) -> None:
    """The child: runs the module as ``python -m`` does; the lifeline is its standard input."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    threading.Thread(target=_end_with_parent, name="lifeline", daemon=True).start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with_parent() -> NoReturn:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_STOP_S)
    os._exit(1)


if __name__ == "__main__":
    _serve(*sys.argv[1:])
