"""What comes out when the server dies, wherever it dies: a sentence, never a bare error of a socket."""

from __future__ import annotations

import select
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import date
from decimal import Decimal
from types import FrameType

import pytest
from local_redshift.testing import RedshiftProcess

from sms_warehouse.resources.redshift import (
    ConnectionLost,
    Redshift,
    RedshiftUnavailable,
    Session,
    StatementFailed,
)
from sms_warehouse_tests.driver.conftest import Point, Table
from sms_warehouse_tests.driver.relay import Relay

ROW = (
    "select cast('é' as varchar(9)) as t, cast(1.5 as decimal(38,10)) as d, cast('2026-01-31' as date) as day, "
    "cast(null as integer) as nothing, true as yes, cast(7 as bigint) as big"
)
QUESTION = f"{ROW} union all {ROW}"
ANSWER = [("é", Decimal("1.5"), date(2026, 1, 31), None, True, 7)] * 2


@pytest.mark.parametrize("is_abrupt", [False, True])
def test_a_stream_that_ends_at_any_byte_is_a_lost_connection_and_never_a_wrong_answer(
    redshift: Redshift, relay: Relay, point: Point, is_abrupt: bool
) -> None:
    """From the first byte of the login to the last of the answer. The driver decodes what it has when a stream ends."""
    through_relay = point(relay.port)
    with through_relay.session("tests") as session:
        login = relay.passed
        assert session.rows(QUESTION) == ANSWER
        everything = relay.passed
    assert login > 300
    assert everything > login + 200
    relay.is_abrupt = is_abrupt
    lost = 0
    for relay.cut_at in range(int(is_abrupt), everything, 3):
        with (
            pytest.raises(RedshiftUnavailable) as caught,
            through_relay.session("tests") as session,
        ):
            session.rows(QUESTION)
        assert "Redshift" in str(caught.value)
        lost += isinstance(caught.value, ConnectionLost)
    assert 0 < lost < everything / 3
    relay.cut_at = everything
    with through_relay.session("tests") as session:
        assert session.rows(QUESTION) == ANSWER


def test_a_server_killed_while_a_statement_waits(
    mortal: Callable[..., RedshiftProcess], point: Point
) -> None:
    server = mortal()
    table = Table(server)
    table.run(f"create table {table} (number integer)")
    redshift = point(server.port, attempts=1)
    threading.Timer(0.3, server.kill).start()
    with server.connect() as holder:
        cursor = holder.cursor()
        cursor.execute(f"lock table {table}")
        with pytest.raises(ConnectionLost, match=r"lock table driver_test.*nobody knows"):
            redshift.transaction("tests", lambda session: session.execute(f"lock table {table}"))


def test_a_server_that_is_stopped_says_so_before_it_goes(
    mortal: Callable[..., RedshiftProcess], point: Point
) -> None:
    server = mortal()
    with point(server.port).session("tests") as session:
        assert session.value("select 1") == 1
        assert server.stop() == 0
        with pytest.raises(ConnectionLost, match="57P01"):
            session.value("select 1")


def test_a_server_killed_between_statements_and_then_closed(
    mortal: Callable[..., RedshiftProcess], point: Point
) -> None:
    server = mortal()
    with point(server.port).session("tests") as session:
        server.kill()
        for _ in range(3):
            with pytest.raises(ConnectionLost):
                session.execute("select 1")
    with pytest.raises(RedshiftUnavailable, match=f"localhost:{server.port} does not answer"):
        point(server.port).transaction("tests", pytest.fail)


def test_an_earlier_error_is_not_given_as_the_reason_of_a_loss(
    mortal: Callable[..., RedshiftProcess], point: Point
) -> None:
    """After a reset nothing can be written, so the driver reads nothing, and what it read last was that error."""
    server = mortal()
    with Relay(server.port) as relay, point(relay.port).session("tests") as session:
        relay.is_abrupt = True
        with pytest.raises(StatementFailed, match="no_such_table"):
            session.execute("select 1 from no_such_table")
        server.kill()
        reset = select.poll()
        reset.register(session._connection._usock, select.POLLERR)
        assert reset.poll(10_000)
        with pytest.raises(ConnectionLost) as caught:
            session.execute("select 1")
        assert "no_such_table" not in str(caught.value)


def test_a_server_lost_in_commit_says_that_nobody_knows(
    table: Table, relay: Relay, point: Point
) -> None:
    relay.cut_after = b"COMMIT\0"
    with pytest.raises(ConnectionLost, match=r"in: commit\); nobody knows whether"):
        point(relay.port, attempts=1).transaction(
            "tests", lambda session: session.execute(f"insert into {table} values (1)")
        )
    assert table.count() == 1


@pytest.mark.parametrize("is_abrupt", [False, True])
def test_a_server_lost_in_rollback_does_not_hide_why_it_was_rolled_back(
    table: Table, relay: Relay, point: Point, is_abrupt: bool
) -> None:
    relay.cut_before, relay.is_abrupt = b"rollback\0", is_abrupt

    def work(session: Session) -> None:
        session.execute(f"insert into {table} values (1)")
        raise LookupError("the reason")

    with pytest.raises(LookupError, match="the reason"):
        point(relay.port).transaction("tests", work)
    assert relay.times == 0
    assert table.count() == 0


def test_a_server_that_accepts_and_stays_silent_is_not_waited_for_for_ever(
    point: Point, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms_warehouse.resources.redshift._LOGIN_SECONDS", 0.2)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        with (
            pytest.raises(
                RedshiftUnavailable, match=rf"localhost:{port} does not answer: .*timed out"
            ),
            point(port).session("tests"),
        ):
            pytest.fail("nobody has answered")


def test_a_statement_may_take_longer_than_a_login(
    table: Table, point: Point, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms_warehouse.resources.redshift._LOGIN_SECONDS", 0.5)
    holder = table.server.connect()
    holder.cursor().execute(f"lock table {table}")
    threading.Timer(1.2, holder.rollback).start()
    point(table.server.port, attempts=1).transaction(
        "tests", lambda session: session.execute(f"insert into {table} values (1)")
    )
    holder.close()
    assert table.count() == 1


def test_a_silent_connection_is_probed_before_a_gateway_forgets_it(redshift: Redshift) -> None:
    with redshift.session("tests") as session:
        own = session._connection._usock
        assert own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert own.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) < 350


@pytest.mark.parametrize(
    "greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"\0", b""]
)
def test_a_server_of_another_kind_is_told_from_redshift(point: Point, greeting: bytes) -> None:
    def serve() -> None:
        client, _ = listener.accept()
        with client:
            client.recv(1 << 16)
            client.sendall(greeting)

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        threading.Thread(target=serve, daemon=True).start()
        with (
            pytest.raises(RedshiftUnavailable, match="REDSHIFT_HOST and REDSHIFT_PORT"),
            point(listener.getsockname()[1]).session("tests"),
        ):
            pytest.fail("that was no Redshift")


def test_a_host_without_an_address_is_named(point: Point) -> None:
    with (
        pytest.raises(RedshiftUnavailable, match=r"no-such-host.invalid:5439.*REDSHIFT_HOST"),
        point(5439, REDSHIFT_HOST="no-such-host.invalid").session("tests"),
    ):
        pytest.fail("there is no such host")


class Interrupted(BaseException):
    """As Dagster ends a run."""


def test_an_interrupt_does_not_wait_for_the_statement_it_interrupts(
    table: Table, point: Point
) -> None:
    """The statement waits for a lock that is not freed before the interrupt has come out."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    holder = table.server.connect()
    gives_up = threading.Timer(20, holder.close)
    try:
        holder.cursor().execute(f"lock table {table}")
        gives_up.start()
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(Interrupted):
            point(table.server.port).transaction(
                "tests", lambda session: session.execute(f"lock table {table}")
            )
        assert gives_up.is_alive()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        gives_up.cancel()
        with suppress(Exception):
            holder.close()
    # The server has noticed: the lock the interrupted transaction waited for is free.
    table.run(f"insert into {table} values (1)")


def test_a_reader_leaves_no_transaction_open(
    mortal: Callable[..., RedshiftProcess], point: Point
) -> None:
    """A server that ends idle transactions leaves a reader alone, and ends a transaction."""
    server = mortal("--idle-in-transaction-seconds", "0.2")
    redshift = point(server.port)
    with redshift.session("tests") as session:
        session.value("select 1")
        time.sleep(0.5)
        assert session.value("select 2") == 2
    with redshift.session("tests", autocommit=False) as session:
        session.value("select 1")
        time.sleep(0.5)
        with pytest.raises(ConnectionLost, match="25P03"):
            session.value("select 2")
