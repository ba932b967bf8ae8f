"""Login, TLS, prepared statements and broken clients."""

from __future__ import annotations

import datetime as dt
import os
import random
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from local_redshift.testing import PASSWORD, Client, RedshiftProcess
from redshift_connector.error import InterfaceError, ProgrammingError


def test_a_wrong_login_is_refused_as_redshift_refuses_it(server: RedshiftProcess) -> None:
    for options, state in (
        ({"password": "wrong"}, "28000"),
        ({"user": "nobody"}, "28000"),
        ({"database": "nowhere"}, "3D000"),
    ):
        with pytest.raises((InterfaceError, ProgrammingError)) as caught:
            server.connect(**options)
        assert caught.value.args[0]["C"] == state


def test_a_second_server_on_the_directory_does_not_start(
    server: RedshiftProcess, tmp_path: Path
) -> None:
    spool = server.directory / "spool" / "in use"
    spool.mkdir()
    code = (
        "import sys; from pathlib import Path; from local_redshift import engine; "
        "engine._OPEN_SECONDS = 0.2; engine.Warehouse(Path(sys.argv[1]), database='dev', user='x')"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, str(server.directory)],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert "IOException" in answer.stderr
    assert spool.exists()
    spool.rmdir()


def test_statements_are_prepared_once_and_closed_when_the_driver_says_so(
    connect: Callable[..., Client],
) -> None:
    client = connect(autocommit=True, max_prepared_statements=5)
    for number in range(40):
        assert client.value(f"select {number} + %s as v", (1,)) == number + 1
        assert client.value("select 7 + %s as v", (number,)) == number + 7


def test_a_prepared_statement_survives_ddl_and_rollback(
    client: Client, connect: Callable[..., Client]
) -> None:
    other = connect()
    client.run("create table t.x (a integer)")
    for _ in range(3):
        other.run("insert into t.x values (%s)", (1,))
        other.rows("select a from t.x where a = %s", (1,))
        other.connection.rollback()
        other.run("create temp table y (b integer)")
        other.run("drop table y")
        other.connection.commit()


def test_a_changed_table_is_told_to_those_who_prepared_on_it(
    client: Client, connect: Callable[..., Client]
) -> None:
    client.run("create table t.x (a integer)")
    client.run("insert into t.x values (1)")
    reader = connect(autocommit=True)
    assert reader.rows("select * from t.x") == [(1,)]
    client.run("alter table t.x add column b integer")
    found = reader.error("select * from t.x")
    assert found["M"] == "cached plan must not change result type"


def test_a_statement_that_does_not_bind_leaves_no_trace(connect: Callable[..., Client]) -> None:
    client = connect(autocommit=True)
    for _ in range(3):
        assert client.error("select nothing as a from information_schema.tables")["C"] == "42703"
        assert client.value("select 1 as a") == 1


def test_an_empty_statement_is_told(connect: Callable[..., Client]) -> None:
    client = connect(autocommit=True)
    with pytest.raises(ProgrammingError, match="query was empty"):
        client.run("-- nothing\n")
    assert client.value("select 1 as a") == 1


def test_beginning_twice_is_a_notice(connect: Callable[..., Client]) -> None:
    client = connect()
    client.run("begin")
    client.run("select 1 as a")
    client.connection.rollback()


def test_tls_with_a_private_authority(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    try:
        subprocess.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout", str(key), "-out", str(certificate),
            ],
            check=True,
            capture_output=True,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    server = RedshiftProcess(
        tmp_path / "data", "--tls-cert", str(certificate), "--tls-key", str(key)
    )
    try:
        code = (
            "import sys, redshift_connector as r; c = r.connect(host='localhost', port=int(sys.argv[1]), "
            "user='warehouse', password=sys.argv[2], database='dev', ssl=True, sslmode='verify-full'); "
            "k = c.cursor(); k.execute('select 7 as a'); print(k.fetchall(), type(c._usock).__name__)"
        )
        answer = subprocess.run(
            [sys.executable, "-c", code, str(server.port), PASSWORD],
            env={**os.environ, "SSL_CERT_FILE": str(certificate)},
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert answer.stdout.strip() == "([7],) SSLSocket", answer.stderr
        # Who does not ask for TLS gets none, as on a cluster without require_ssl.
        assert Client(server.connect(autocommit=True)).value("select 1 as a") == 1
    finally:
        assert server.stop() == 0


def test_broken_clients_hurt_nobody(
    server: RedshiftProcess, connect: Callable[..., Client]
) -> None:
    client = connect(autocommit=True)
    rng = random.Random(7)
    startup = struct.pack("!ii", 8 + 26, 196608) + b"user\0warehouse\0database\0dev\0"
    pieces = [
        b"",
        b"\0",
        b"\xff" * 64,
        struct.pack("!i", 2**31 - 1),
        struct.pack("!ii", 8, 80877103),
        struct.pack("!ii", 9, 196608) + b"\0",
        startup,
        startup + b"p" + struct.pack("!i", 2**30),
        startup + b"Q" + struct.pack("!i", 8) + b"x",
    ]
    for _ in range(60):
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            sock.sendall(rng.choice(pieces) + rng.randbytes(rng.randrange(40)))
    assert client.value("select 1 as a") == 1
    assert server.process.poll() is None


def test_a_protocol_error_in_a_session_ends_only_that_session(
    server: RedshiftProcess, connect: Callable[..., Client]
) -> None:
    client = connect(autocommit=True)
    broken = server.connect()
    broken._usock.sendall(b"?" + struct.pack("!i", 4))
    assert broken._usock.recv(1) == b"E"
    assert client.value("select 1 as a") == 1


def test_a_result_of_another_day_is_the_same(client: Client) -> None:
    """Dates of the driver's binary protocol count from 2000-01-01, on both sides of it."""
    days = [dt.date(1999, 12, 31), dt.date(2000, 1, 1), dt.date(1700, 3, 1), dt.date(2100, 2, 28)]
    for day in days:
        assert client.value("select %s as d", (day,)) == day


def _message(code: bytes, body: bytes) -> bytes:
    return code + struct.pack("!i", len(body) + 4) + body


def _answers(sock: socket.socket) -> list[tuple[bytes, bytes]]:
    """Messages up to the server's "ready"."""
    stream = sock.makefile("rb")
    found: list[tuple[bytes, bytes]] = []
    while not found or found[-1][0] != b"Z":
        code = stream.read(1)
        found.append((code, stream.read(struct.unpack("!i", stream.read(4))[0] - 4)))
    return found


def test_a_result_can_be_fetched_in_pieces_until_the_transaction_ends(
    client: Client, server: RedshiftProcess
) -> None:
    client.run("create table t.x (a integer)")
    client.run("insert into t.x values (1), (2), (3), (4), (5)")
    sync = _message(b"S", b"")
    connection = server.connect()
    sock = connection._usock

    def fetch(rows: int, before: bytes = b"") -> list[bytes]:
        sock.sendall(before + _message(b"E", b"p\0" + struct.pack("!i", rows)) + sync)
        return [code for code, _ in _answers(sock)]

    sock.sendall(_message(b"Q", b"begin\0"))
    assert [code for code, _ in _answers(sock)] == [b"C", b"Z"]
    parse = _message(b"P", b"s\0select a from t.x order by a\0\0\0")
    bind = _message(b"B", b"p\0s\0" + struct.pack("!hhh", 0, 0, 0))
    assert fetch(2, parse + bind) == [b"1", b"2", b"D", b"D", b"s", b"Z"]
    assert fetch(2) == [b"D", b"D", b"s", b"Z"]
    assert fetch(2) == [b"D", b"C", b"Z"]
    sock.sendall(_message(b"Q", b"commit\0"))
    assert [code for code, _ in _answers(sock)] == [b"C", b"Z"]
    assert fetch(2) == [b"E", b"Z"]
    connection.close()
