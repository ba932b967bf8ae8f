"""Listens, gives each client a thread, and watches over them all.

Threads, because every call into DuckDB blocks, and a closed socket is seen as the end of a read. One more, the
watchdog, stops statements that run too long or whose client has gone.
"""

from __future__ import annotations

import itertools
import select
import socket
import ssl
import threading
import time
from contextlib import suppress

from local_redshift.connection import Connection
from local_redshift.engine import Databases
from local_redshift.errors import PgError
from local_redshift.session import FAILED, IN_TRANSACTION

_TICK_SECONDS = 0.02


class Server:
    """Listens on the loopback interface and serves each client in a thread."""

    def __init__(
        self,
        databases: Databases,
        *,
        user: str,
        password: str,
        port: int = 0,
        idle_in_transaction_seconds: float = 600.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.databases = databases
        self.user = user
        self.password = password
        self.tls = tls
        self.is_closing = False
        self._idle_limit_s = idle_in_transaction_seconds
        self._listener = socket.create_server(("127.0.0.1", port), backlog=256)
        self._connections: dict[int, Connection] = {}
        self._threads: dict[int, threading.Thread] = {}
        self._lock = threading.Lock()
        self._pids = itertools.count(1000)
        self.port = int(self._listener.getsockname()[1])

    def serve(self) -> None:
        """Accepts clients until ``close``."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pid = next(self._pids)
            connection = Connection(self, sock, pid)
            thread = threading.Thread(target=connection.run, name=f"client-{pid}", daemon=True)
            with self._lock:
                self._connections[pid] = connection
                self._threads[pid] = thread
            thread.start()

    def close(self) -> None:
        """Ends every connection, rolls back what is open and waits for it."""
        self.is_closing = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            connections, threads = list(self._connections.values()), list(self._threads.values())
        for connection in connections:
            connection.end(PgError("57P01", "terminating connection due to administrator command"))
        deadline = time.monotonic() + 10
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def forget(self, connection: Connection) -> None:
        with self._lock:
            self._connections.pop(connection.pid, None)
            self._threads.pop(connection.pid, None)

    def cancel(self, pid: int, secret: int) -> None:
        with self._lock:
            connection = self._connections.get(pid)
        if connection and connection.session and connection.secret == secret:
            connection.session.stop(PgError("57014", "Query (cancelled) on user's request"))

    def _watch(self) -> None:
        while True:
            time.sleep(_TICK_SECONDS)
            with self._lock:
                connections = list(self._connections.values())
            now = time.monotonic()
            for connection in connections:
                with suppress(Exception):
                    self._look_at(connection, now)

    def _look_at(self, connection: Connection, now: float) -> None:
        session = connection.session
        if session is None:
            return
        if session.is_running:
            if session.is_stopping:
                # An interrupt that comes before DuckDB has begun is lost: again.
                session.stop(PgError("57014", "Query (cancelled) on user's request"))
            elif session.deadline is not None and now > session.deadline:
                session.stop(PgError("57014", "Query (cancelled) due to statement timeout"))
            elif connection.fatal is None and _has_hung_up(connection.sock):
                session.stop(PgError("08006", "the client has gone"))
                # A send to a client that has gone but never closed would wait for ever.
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)
        elif (
            session.state in (IN_TRANSACTION, FAILED)
            and now - connection.idle_since > self._idle_limit_s
        ):
            connection.end(
                PgError("25P03", "terminating connection due to idle-in-transaction timeout")
            )


def _has_hung_up(sock: socket.socket) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLRDHUP)
    return bool(poll.poll(0))
