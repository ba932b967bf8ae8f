"""Transactions, locks, conflicts, cancel and timeouts, as a client of Redshift meets them."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from local_redshift.testing import Client, RedshiftProcess
from redshift_connector.error import InterfaceError, ProgrammingError

LONG_QUERY = (
    "select count(*) from t.digit a, t.digit b, t.digit c, t.digit d, t.digit e, t.digit f, t.digit g, t.digit h, "
    "t.digit i, t.digit j where a.d + b.d + c.d + d.d + e.d + f.d + g.d + h.d + i.d * j.d = 7"
)


@pytest.fixture
def digits(client: Client) -> Client:
    client.run("create table t.digit (d integer)")
    client.run("insert into t.digit values (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
    return client


class Background:
    """A statement in a thread: its error, or that it is done."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.error: Exception | None = None
        self.seconds = 0.0
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], object]) -> None:
        began = time.monotonic()
        try:
            work()
        except Exception as error:
            self.error = error
        self.seconds = time.monotonic() - began

    @property
    def is_waiting(self) -> bool:
        self._thread.join(0.3)
        return self._thread.is_alive()

    def done(self) -> Exception | None:
        self._thread.join(20)
        assert not self._thread.is_alive()
        return self.error


def state(error: Exception | None) -> str:
    assert isinstance(error, ProgrammingError), error
    return str(error.args[0]["C"])


def cancel(client: Client, port: int) -> None:
    pid, secret = struct.unpack("!ii", client.connection._backend_key_data)
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.sendall(struct.pack("!iiii", 16, 80877102, pid, secret))
        sock.recv(1)


def test_work_is_seen_by_others_only_after_commit(
    client: Client, connect: Callable[..., Client]
) -> None:
    client.run("create table t.x (a integer)")
    writer = connect()
    writer.run("insert into t.x values (1)")
    assert client.value("select count(*) from t.x") == 0
    assert writer.value("select count(*) from t.x") == 1
    writer.connection.rollback()
    writer.run("insert into t.x values (2)")
    writer.connection.commit()
    assert client.rows("select a from t.x") == [(2,)]


def test_ddl_rolls_back(client: Client, connect: Callable[..., Client]) -> None:
    other = connect()
    other.run("create table t.made (a integer)")
    other.run("insert into t.made values (1)")
    other.connection.rollback()
    assert client.error("select * from t.made")["C"] == "42P01"


def test_an_error_aborts_the_transaction_until_rollback(
    client: Client, connect: Callable[..., Client]
) -> None:
    client.run("create table t.x (a integer)")
    other = connect()
    other.run("insert into t.x values (1)")
    with pytest.raises(ProgrammingError):
        other.run("select * from t.nothing")
    with pytest.raises(ProgrammingError) as caught:
        other.run("select 1 as a")
    assert state(caught.value) == "25P02"
    # Its lock is free although the client has not rolled back yet.
    client.run("insert into t.x values (2)")
    other.connection.commit()
    assert client.rows("select a from t.x") == [(2,)]
    other.run("select 1 as a")


def test_a_second_writer_waits_for_the_first(
    client: Client, connect: Callable[..., Client]
) -> None:
    client.run("create table t.x (a integer)")
    client.run("insert into t.x values (0)")
    first, second = connect(), connect(autocommit=True)
    first.run("update t.x set a = a + 1")
    waiting = Background(lambda: second.run("update t.x set a = a + 1"))
    assert waiting.is_waiting
    # Nobody who reads waits.
    assert client.value("select a from t.x") == 0
    first.connection.commit()
    assert waiting.done() is None
    assert client.value("select a from t.x") == 2


def test_lock_is_exclusive_to_the_end_of_the_transaction(
    client: Client, connect: Callable[..., Client]
) -> None:
    client.run("create table t.mutex (a integer)")
    client.run("create table t.other (a integer)")
    first, second = connect(), connect()
    first.run("lock table t.mutex, t.other")
    waiting = Background(lambda: second.run("lock t.other"))
    assert waiting.is_waiting
    first.connection.rollback()
    assert waiting.done() is None
    second.connection.rollback()
    assert client.error("lock t.nothing")["C"] == "42P01"


def test_what_is_read_after_lock_is_what_the_last_holder_committed(
    client: Client, connect: Callable[..., Client]
) -> None:
    client.run("create table t.mutex (a integer)")
    client.run("create table t.x (a integer)")
    first, second = connect(), connect()
    first.run("lock t.mutex")
    first.run("insert into t.x values (1)")
    seen: list[int] = []

    def look() -> None:
        second.run("lock t.mutex")
        seen.append(second.value("select count(*) from t.x"))
        second.connection.rollback()

    waiting = Background(look)
    assert waiting.is_waiting
    first.connection.commit()
    assert waiting.done() is None
    assert seen == [1]


def test_two_that_wait_for_each_other_are_a_deadlock(
    client: Client, connect: Callable[..., Client]
) -> None:
    client.run("create table t.a (a integer)")
    client.run("create table t.b (a integer)")
    first, second = connect(), connect()
    first.run("lock t.a")
    second.run("lock t.b")
    waiting = Background(lambda: first.run("lock t.b"))
    assert waiting.is_waiting
    assert second.error("lock t.a")["C"] == "40P01"
    assert waiting.done() is None


def test_a_write_over_a_newer_version_is_error_1023(
    client: Client, connect: Callable[..., Client]
) -> None:
    client.run("create table t.x (a integer)")
    client.run("insert into t.x values (0)")
    slow = connect()
    assert slow.value("select a from t.x") == 0
    client.run("update t.x set a = 1")
    with pytest.raises(ProgrammingError) as caught:
        slow.run("update t.x set a = a + 10")
    found = caught.value.args[0]
    assert (found["C"], found["M"]) == ("XX000", "1023")
    assert "Serializable isolation violation on table" in found["D"]
    slow.connection.rollback()
    assert client.value("select a from t.x") == 1


def test_begin_inside_a_transaction_changes_nothing(client: Client) -> None:
    client.run("create table t.x (a integer)")
    for begin in ("begin", "start transaction", "begin transaction isolation level serializable"):
        client.run(begin)
    client.run("insert into t.x values (1)")
    client.run("abort")
    assert client.value("select count(*) from t.x") == 0
    client.run("end")


def test_cancel_ends_a_long_statement_and_the_connection_goes_on(
    digits: Client, server: RedshiftProcess
) -> None:
    running = Background(lambda: digits.run(LONG_QUERY))
    assert running.is_waiting
    cancel(digits, server.port)
    assert state(running.done()) == "57014"
    assert digits.value("select count(*) from t.digit") == 10


def test_cancel_ends_a_wait_for_a_lock(
    client: Client, connect: Callable[..., Client], server: RedshiftProcess
) -> None:
    client.run("create table t.x (a integer)")
    first, second = connect(), connect(autocommit=True)
    first.run("lock t.x")
    waiting = Background(lambda: second.run("insert into t.x values (1)"))
    assert waiting.is_waiting
    cancel(second, server.port)
    assert state(waiting.done()) == "57014"
    first.connection.rollback()
    client.run("insert into t.x values (2)")


def test_a_cancel_with_a_wrong_secret_cancels_nothing(
    digits: Client, server: RedshiftProcess
) -> None:
    running = Background(lambda: digits.run(LONG_QUERY))
    assert running.is_waiting
    pid, secret = struct.unpack("!ii", digits.connection._backend_key_data)
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.sendall(struct.pack("!iiii", 16, 80877102, pid, secret ^ 1))
        sock.recv(1)
    assert running.is_waiting
    cancel(digits, server.port)
    running.done()


def test_statement_timeout_ends_statements_and_waits(
    digits: Client, connect: Callable[..., Client]
) -> None:
    digits.run("set statement_timeout to 300")
    found = digits.error(LONG_QUERY)
    assert found["C"] == "57014"
    assert "timeout" in found["M"]
    holder = connect()
    holder.run("lock t.digit")
    assert digits.error("delete from t.digit")["C"] == "57014"
    digits.run("reset statement_timeout")
    holder.connection.rollback()
    assert digits.value("select count(*) from t.digit") == 10


def test_who_idles_in_a_transaction_too_long_is_let_go(tmp_path: Path) -> None:
    server = RedshiftProcess(tmp_path, "--idle-in-transaction-seconds", "0.5")
    try:
        holder, other = Client(server.connect()), Client(server.connect(autocommit=True))
        other.run("create table x (a integer)")
        holder.run("insert into x values (1)")
        other.run("insert into x values (2)")
        assert other.rows("select a from x") == [(2,)]
        with pytest.raises((InterfaceError, ProgrammingError, OSError)):
            holder.run("select 1 as a")
    finally:
        assert server.stop() == 0


def test_settings_are_known_checked_and_roll_back(
    client: Client, connect: Callable[..., Client]
) -> None:
    other = connect()
    other.run("set query_group to 'load'")
    other.connection.commit()
    other.run("set query_group to 'report'")
    assert other.value("show query_group") == "report"
    other.connection.rollback()
    assert other.value("show query_group") == "load"
    other.connection.commit()
    other.run("set local query_group to 'once'")
    assert other.value("show query_group") == "once"
    other.connection.commit()
    assert other.value("show query_group") == "load"
    other.run("reset query_group")
    assert other.value("show query_group") == "default"
    for statement in (
        "set session application_name = 'x'",
        "set extra_float_digits to 2",
        "set datestyle to iso",
        "set time zone 'UTC'",
        "set client_encoding to 'UTF8'",
        "set enable_result_cache_for_session to off",
        "reset all",
    ):
        other.run(statement)
    assert other.value("show timezone") == "UTC"
    assert other.error("set nothing to 1")["C"] == "42704"
    assert other.error("set statement_timeout to 'soon'")["C"] == "22023"


def test_vacuum_and_analyze(client: Client, connect: Callable[..., Client]) -> None:
    client.run("create table t.x (a integer)")
    client.run("vacuum")
    client.run("vacuum delete only t.x to 90 percent")
    client.run("analyze t.x")
    client.run("analyze")
    assert client.error("analyze t.nothing")["C"] == "42P01"
    inside = connect()
    assert inside.error("vacuum")["C"] == "25001"


def test_the_search_path_decides_where_names_are_found(client: Client) -> None:
    client.run("create schema if not exists u")
    client.run("create table u.here (a integer)")
    client.run("set search_path to t")
    assert client.error("select * from here")["C"] == "42P01"
    client.run("set search_path to '$user', u, t")
    client.run("insert into here values (1)")
    client.run("create table there as select a from here")
    assert client.value("select count(*) from u.there") == 1
    client.run("drop schema u cascade")


def test_a_closed_connection_rolls_back(client: Client, server: RedshiftProcess) -> None:
    client.run("create table t.x (a integer)")
    gone = server.connect()
    gone.cursor().execute("insert into t.x values (1)")
    gone.close()
    client.run("insert into t.x values (2)")
    assert client.rows("select a from t.x") == [(2,)]
