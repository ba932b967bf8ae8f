"""One client: login, its messages, and the way of a result back to it."""

from __future__ import annotations

import hashlib
import hmac
import os
import socket
import ssl
import struct
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import duckdb

from local_redshift import commands, sinks, wire
from local_redshift.dialect import translate
from local_redshift.engine import Databases, Invalidated
from local_redshift.errors import PgError, from_duckdb
from local_redshift.plan import QUERY, Plan
from local_redshift.reader import split, tokens
from local_redshift.session import IDLE, Session

_PROTOCOL_3, _CANCEL, _SSL, _GSS = 196608, 80877102, 80877103, 80877104
_MOST_BYTES = 256 * 1024 * 1024
_LOGIN_SECONDS = 30
_BUFFER_BYTES = 1 << 18
_MOST_PARAMETERS = 32767
_MOST_PROTOCOL = 2
CORRUPTED_EXIT_CODE = 70


class _Gone(Exception):
    """The client closed the connection, or sent what is no protocol."""


@dataclass
class _Prepared:
    plan: Plan
    oids: tuple[int, ...]
    columns: tuple[wire.Column, ...] | None = None
    is_described: bool = False


@dataclass
class _Portal:
    prepared: _Prepared
    values: list[Any]
    formats: list[int]
    held: sinks.Held | None = None
    """Of a result that is fetched in pieces."""


@dataclass
class _Startup:
    user: str
    database: str
    protocol: int
    settings: dict[str, str] = field(default_factory=dict)


class Host(Protocol):
    """What a connection needs of the server."""

    databases: Databases
    user: str
    password: str
    tls: ssl.SSLContext | None
    is_closing: bool

    def cancel(self, pid: int, secret: int) -> None: ...

    def forget(self, connection: Connection) -> None: ...


class Connection:
    """One client, from its first byte to its last."""

    def __init__(self, server: Host, sock: socket.socket, pid: int) -> None:
        self.pid = pid
        self.secret = int.from_bytes(os.urandom(4), "big")
        self.sock = sock
        self.session: Session | None = None
        self.idle_since = time.monotonic()
        self.fatal: PgError | None = None
        self._server = server
        self._protocol = 0
        self._out = bytearray()
        self._prepared: dict[str, _Prepared] = {}
        self._portals: dict[str, _Portal] = {}
        self._input = sock.makefile("rb", buffering=1 << 16)

    # ---------- life

    def run(self) -> None:
        try:
            self.sock.settimeout(_LOGIN_SECONDS)
            startup = self._startup()
            if startup:
                self._login(startup)
                self.sock.settimeout(None)
                self._serve()
        except Invalidated as error:
            # redshift_connector shows an error only when it may ask again.
            self._farewell(error, wire.message(b"Z", IDLE.encode()))
            # Closing anything could wait for ever; whoever supervises the process starts another.
            print(f"{error.message}: {error.detail}", file=sys.stderr, flush=True)
            os._exit(CORRUPTED_EXIT_CODE)
        except PgError as error:
            self._farewell(error)
        except (_Gone, OSError, ssl.SSLError, struct.error, UnicodeDecodeError):
            if self.fatal:
                self._farewell(self.fatal)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            self._farewell(PgError("XX000", f"internal error of the local Redshift: {error!r}"))
        finally:
            if self.session:
                self.session.close()
            with suppress(OSError, ValueError):
                # A file on a socket keeps it open until it is closed too.
                self._input.close()
            with suppress(OSError):
                self.sock.close()
            self._server.forget(self)

    def _farewell(self, error: PgError, then: bytes = b"") -> None:
        error.is_fatal = True
        with suppress(OSError):
            self.sock.settimeout(1)
            self.sock.sendall(wire.error_response(error) + then)

    def end(self, reason: PgError) -> None:
        """From another thread: the client is told the reason and the connection ends."""
        self.fatal = self.fatal or reason
        if self.session:
            self.session.stop(reason)
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RD)

    # ---------- login

    def _startup(self) -> _Startup | None:
        while True:
            (length,) = struct.unpack("!i", self._exactly(4))
            if not 8 <= length <= 10000:
                raise _Gone
            body = self._exactly(length - 4)
            (code,) = struct.unpack_from("!i", body)
            if code == _SSL and self._server.tls:
                self.sock.sendall(b"S")
                self.sock = self._server.tls.wrap_socket(self.sock, server_side=True)
                self._input = self.sock.makefile("rb", buffering=1 << 16)
            elif code in (_SSL, _GSS):
                self.sock.sendall(b"N")
            elif code == _CANCEL:
                if len(body) == 12:
                    self._server.cancel(*struct.unpack_from("!iI", body, 4))
                return None
            elif code == _PROTOCOL_3:
                return self._parameters(body[4:])
            else:
                raise PgError("08P01", "unsupported frontend protocol")

    def _parameters(self, body: bytes) -> _Startup:
        parts = [p.decode("utf-8") for p in body.split(b"\0")]
        given = dict(zip(parts[::2], parts[1::2], strict=False))
        version = given.get("client_protocol_version", "0")
        protocol = min(int(version), _MOST_PROTOCOL) if version.isdigit() else 0
        # Drivers keep adding names of their own: what is not known here is not wanted here.
        settings = {"application_name": given.get("application_name", "")}
        user = given.get("user", "")
        return _Startup(user, given.get("database") or user, protocol, settings)

    def _login(self, startup: _Startup) -> None:
        server = self._server
        salt = os.urandom(4)
        self._send(wire.message(b"R", struct.pack("!i", 5) + salt))
        self._flush()
        code, body = self._message()
        if code != b"p":
            raise PgError("08P01", "expected a password")
        inner = hashlib.md5((server.password + startup.user).encode()).hexdigest().encode()
        expected = b"md5" + hashlib.md5(inner + salt).hexdigest().encode()
        is_known = hmac.compare_digest(body.rstrip(b"\0"), expected) and startup.user == server.user
        if not is_known:
            raise PgError("28000", f'password authentication failed for user "{startup.user}"')
        if server.is_closing:
            raise PgError("57P03", "the database system is shutting down")
        self._protocol = startup.protocol
        self._database = startup.database
        self.session = Session(server.databases, startup.database, self.pid, startup.settings)
        self._send(wire.message(b"R", struct.pack("!i", 0)))
        statuses = {
            "server_version": "8.0.2",
            "server_encoding": "UNICODE",
            "client_encoding": "UTF8",
            "DateStyle": "ISO, MDY",
            "TimeZone": "UTC",
            "integer_datetimes": "on",
            "is_superuser": "off",
            "session_authorization": startup.user,
            "server_protocol_version": str(self._protocol),
        }
        for name, value in statuses.items():
            self._send(wire.message(b"S", wire.cstring(name) + wire.cstring(value)))
        self._send(wire.message(b"K", struct.pack("!iI", self.pid, self.secret)))
        self._ready()

    # ---------- messages

    def _exactly(self, count: int) -> bytes:
        data = self._input.read(count)
        if data is None or len(data) < count:
            raise _Gone
        return data

    def _message(self) -> tuple[bytes, bytes]:
        code = self._exactly(1)
        (length,) = struct.unpack("!i", self._exactly(4))
        if not 4 <= length <= _MOST_BYTES:
            raise PgError("08P01", "invalid message length")
        return code, self._exactly(length - 4)

    def _send(self, data: bytes) -> None:
        self._out += data
        if len(self._out) > _BUFFER_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._out:
            data, self._out = self._out, bytearray()
            self.sock.sendall(data)

    def _ready(self) -> None:
        assert self.session
        if self.session.state == IDLE:
            # A portal lives as long as its transaction.
            self._portals.clear()
        self._send(wire.message(b"Z", self.session.state.encode()))
        self._flush()

    def _serve(self) -> None:
        assert self.session
        is_skipping = False
        while True:
            self.idle_since = time.monotonic()
            code, body = self._message()
            if code == b"X":
                return
            if code == b"S":
                is_skipping = False
                self._ready()
                continue
            if is_skipping:
                continue
            try:
                if code == b"Q":
                    self._simple(body)
                elif handler := self._extended.get(code):
                    handler(self, wire.Body(body))
                elif code == b"H":
                    self._flush()
                elif code in (b"d", b"c", b"f"):
                    pass
                else:
                    raise PgError("08P01", f"invalid frontend message {code!r}", is_fatal=True)
            except (PgError, duckdb.Error, RecursionError) as raised:
                error = _as_error(raised)
                if self.fatal or error.is_fatal:
                    raise self.fatal or error from None
                self.session.fail()
                self._portals.clear()
                self._send(wire.error_response(error))
                if code == b"Q":
                    self._ready()
                else:
                    is_skipping = True

    def _translate(self, text: str, oids: tuple[int, ...]) -> Plan:
        assert self.session
        return translate(text, oids, self.session.schema, self._database)

    # ---------- simple protocol

    def _simple(self, body: bytes) -> None:
        assert self.session
        text = wire.Body(body).string()
        statements = split(text)
        if not statements:
            self._send(wire.message(b"I"))
        plans = [self._translate(s, ()) for s in statements] if len(statements) == 1 else None
        if plans is None:
            self._script(statements)
        else:
            self._run(plans[0], [], None, [])
        self._ready()

    def _script(self, statements: list[str]) -> None:
        """Several statements in one message are one transaction, unless they say otherwise."""
        assert self.session
        words = {s.split(None, 1)[0].lower() for s in statements}
        is_own = self.session.state == IDLE and not words & {
            "begin", "start", "commit", "end", "rollback", "abort", "vacuum",
        }  # fmt: skip
        quiet = sinks.Quiet()
        if is_own:
            self.session.execute(Plan(commands.BEGIN, "BEGIN"), [], quiet)
        try:
            for statement in statements:
                self._run(self._translate(statement, ()), [], None, [])
        except BaseException:
            if is_own:
                self.session.fail()
                self.session.execute(Plan(commands.ROLLBACK, "ROLLBACK"), [], quiet)
            raise
        if is_own:
            self.session.execute(Plan(commands.COMMIT, "COMMIT"), [], quiet)

    # ---------- extended protocol

    def _parse(self, body: wire.Body) -> None:
        name, text = body.string(), body.string()
        oids = tuple(body.integer() for _ in range(body.short()))
        assert self.session
        if name and name in self._prepared:
            raise PgError("42P05", f'prepared statement "{name}" already exists')
        if "$" in text and not oids:
            # A client may leave the types of its values to us, or even their number.
            said = [int(t.text[1:]) for t in tokens(text) if t.kind == "parameter"]
            oids += (wire.UNKNOWN,) * (max(said, default=0) - len(oids))
        plan = self._translate(text, oids)
        self._prepared[name] = _Prepared(plan, oids)
        self._send(wire.message(b"1"))

    def _describe(self, body: wire.Body) -> None:
        kind, name = body.byte(), body.string()
        if kind == b"S":
            prepared = self._statement(name)
            try:
                columns = self._columns(prepared)
            except BaseException:
                # Redshift binds names in Parse: a statement that fails to is never kept.
                self._prepared.pop(name, None)
                raise
            oids = prepared.oids
            self._send(wire.message(b"t", struct.pack(f"!h{len(oids)}i", len(oids), *oids)))
            formats: Sequence[int] = [0] * len(columns or ())
        else:
            portal = self._portal(name)
            columns = self._columns(portal.prepared)
            formats = sinks.spread(portal.formats, len(columns or ()))
        if columns is None:
            self._send(wire.message(b"n"))
        else:
            self._send(wire.row_description(columns, formats, self._protocol))

    def _columns(self, prepared: _Prepared) -> tuple[wire.Column, ...] | None:
        assert self.session
        if not prepared.is_described:
            prepared.columns = self.session.describe(prepared.plan, prepared.oids)
            prepared.is_described = True
        return prepared.columns

    def _bind(self, body: wire.Body) -> None:
        portal_name = body.string()
        prepared = self._statement(body.string())
        formats = [body.short() for _ in range(body.short())]
        raw = [body.value() for _ in range(body.unsigned())]
        result_formats = [body.short() for _ in range(body.short())]
        if len(raw) != len(prepared.oids):
            raise PgError(
                "08P01",
                f"bind message supplies {len(raw)} parameters, but {len(prepared.oids)} are required",
            )
        if len(raw) > _MOST_PARAMETERS:
            raise PgError("54000", f"more than {_MOST_PARAMETERS} bound values")
        spread = sinks.spread(formats, len(raw))
        values = [
            wire.decode_parameter(oid, fmt, value)
            for oid, fmt, value in zip(prepared.oids, spread, raw, strict=True)
        ]
        self._portals[portal_name] = _Portal(prepared, values, result_formats)
        self._send(wire.message(b"2"))

    def _execute(self, body: wire.Body) -> None:
        portal = self._portal(body.string())
        most = body.integer()
        if portal.held or (most > 0 and portal.prepared.plan.kind == QUERY):
            self._piece(portal, most)
            return
        self._run(
            portal.prepared.plan, portal.values, self._columns(portal.prepared), portal.formats
        )

    def _piece(self, portal: _Portal, most: int) -> None:
        """The next rows of a portal; the whole result is held here until it is fetched or closed."""
        assert self.session
        if portal.held is None:
            portal.held = sinks.Held(portal.formats, self._protocol)
            described = self._columns(portal.prepared)
            plan = portal.prepared.plan
            portal.held.tag = self.session.execute(plan, portal.values, portal.held, described)
        rows = portal.held.next(most)
        self._send(b"".join(rows))
        if most and len(rows) == most:
            self._send(wire.message(b"s"))
        else:
            self._send(wire.message(b"C", wire.cstring(portal.held.tag)))

    def _close(self, body: wire.Body) -> None:
        kind, name = body.byte(), body.string()
        (self._prepared if kind == b"S" else self._portals).pop(name, None)
        self._send(wire.message(b"3"))

    _extended: ClassVar[dict[bytes, Callable[..., None]]] = {
        b"P": _parse,
        b"D": _describe,
        b"B": _bind,
        b"E": _execute,
        b"C": _close,
    }

    def _statement(self, name: str) -> _Prepared:
        if name not in self._prepared:
            raise PgError("26000", f'prepared statement "{name}" does not exist')
        return self._prepared[name]

    def _portal(self, name: str) -> _Portal:
        if name not in self._portals:
            raise PgError("34000", f'portal "{name}" does not exist')
        return self._portals[name]

    def _run(
        self,
        plan: Plan,
        values: list[Any],
        described: tuple[wire.Column, ...] | None,
        formats: list[int],
    ) -> None:
        assert self.session
        sink = sinks.Rows(
            self._send, formats, with_description=described is None, protocol=self._protocol
        )
        tag = self.session.execute(plan, values, sink, described)
        self._send(wire.message(b"C", wire.cstring(tag)) if tag else wire.message(b"I"))


def _as_error(raised: Exception) -> PgError:
    if isinstance(raised, PgError):
        return raised
    if isinstance(raised, RecursionError):
        return PgError("54001", "statement too complex")
    return from_duckdb(raised)
