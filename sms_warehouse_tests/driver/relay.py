"""A relay between a client and a real server, which can lose the connection or put words into it.

It knows as much of the protocol as its tasks need: what the client sends is searched for bytes, what the server
sends is counted and searched.
"""

from __future__ import annotations

import select
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType


@dataclass
class Refusal:
    """An error that the relay answers with, in the server's place, when the client sends ``instead_of``."""

    instead_of: bytes
    state: str
    message: str
    detail: str = ""
    is_fatal: bool = False

    def encoded(self) -> bytes:
        fields = {
            "S": "FATAL" if self.is_fatal else "ERROR",
            "C": self.state,
            "M": self.message,
            "D": self.detail,
        }
        body = b"".join(k.encode() + v.encode() + b"\0" for k, v in fields.items() if v) + b"\0"
        error = b"E" + struct.pack("!i", len(body) + 4) + body
        return error if self.is_fatal else error + b"Z" + struct.pack("!i", 5) + b"E"


class Relay:
    """Passes everything on, but for what a test asks of it. Each request is good for ``times`` connections."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.times = 1
        self.cut_before: bytes | None = None
        """The connection is lost when the client sends this; the server never sees it."""
        self.cut_after: bytes | None = None
        """The connection is lost when the server sends this; the client never sees it."""
        self.cut_at: int | None = None
        """The connection is lost when the server has sent so many bytes; the client sees them."""
        self.refusal: Refusal | None = None
        self.is_abrupt = False
        """Whether a connection is lost by a reset, and not by an orderly end."""
        self.passed = 0
        """Bytes that the server has sent over the newest connection."""
        self.heard = b""
        """What the client has sent over the newest connection."""

    def __enter__(self) -> Relay:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target)) as server:
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.passed, self.heard = 0, b""
            with suppress(OSError):
                while self._pass_on(client, server):
                    pass
            if self.is_abrupt:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _pass_on(self, client: socket.socket, server: socket.socket) -> bool:
        """Moves what has come; False once the connection is over."""
        readable, _, _ = select.select([client, server], [], [])
        if client in readable:
            data = client.recv(1 << 16)
            self.heard += data
            if self._is_due(self.cut_before, data):
                return False
            if self.refusal and self._is_due(self.refusal.instead_of, data):
                client.sendall(self.refusal.encoded())
                return not self.refusal.is_fatal
            if not data:
                return False
            server.sendall(data)
        if server in readable:
            data = server.recv(1 << 16)
            if self._is_due(self.cut_after, data):
                return False
            if self.cut_at is not None and self.passed + len(data) > self.cut_at:
                client.sendall(data[: self.cut_at - self.passed])
                return False
            # Before the client has it: who has got an answer may read the number.
            self.passed += len(data)
            client.sendall(data)
            return bool(data)
        return True

    def _is_due(self, mark: bytes | None, data: bytes) -> bool:
        if mark is None or mark not in data or self.times == 0:
            return False
        self.times -= 1
        return True
