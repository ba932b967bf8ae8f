"""Which errors make a transaction run again, and which do not.

Where the local Redshift can be brought to an error, it is. The errors it has no occasion for are put into the
conversation by the relay; those tests say so.
"""

from __future__ import annotations

import threading
import time

import pytest
from local_redshift.testing import RedshiftProcess
from redshift_connector.error import NotSupportedError

from sms_warehouse.resources.redshift import (
    ConnectionLost,
    Redshift,
    RedshiftBusy,
    RedshiftUnavailable,
    Session,
    StatementFailed,
)
from sms_warehouse_tests.driver.conftest import Point, Table
from sms_warehouse_tests.driver.relay import Refusal, Relay


class Work:
    """Inserts one row, and counts how often it was asked to."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.tries = 0

    def __call__(self, session: Session) -> int:
        self.tries += 1
        session.execute(f"lock table {self.table}")
        return session.execute(f"insert into {self.table} values (:n)", n=self.tries)


class CarefulWork(Work):
    """As a transaction should: looks first at what is already there."""

    def __call__(self, session: Session) -> int:
        self.tries += 1
        session.execute(f"lock table {self.table}")
        if session.value(f"select count(*) from {self.table}"):
            return 0
        return session.execute(f"insert into {self.table} values (1)")


def test_a_transaction_commits_once_and_gives_what_its_work_gave(
    redshift: Redshift, table: Table
) -> None:
    work = Work(table)
    assert redshift.transaction("tests", work) == 1
    assert (work.tries, table.count()) == (1, 1)


@pytest.mark.parametrize("is_abrupt", [False, True])
def test_work_is_repeated_when_the_connection_is_lost_before_commit_arrives(
    table: Table, relay: Relay, point: Point, is_abrupt: bool
) -> None:
    relay.cut_before, relay.is_abrupt = b"commit\0", is_abrupt
    work = Work(table)
    point(relay.port).transaction("tests", work)
    assert (work.tries, table.count()) == (2, 1)


@pytest.mark.parametrize("is_abrupt", [False, True])
def test_work_is_repeated_when_the_reply_to_commit_is_lost_and_so_must_look_first(
    table: Table, relay: Relay, point: Point, is_abrupt: bool
) -> None:
    """The first transaction was committed: work that does not look has done it twice."""
    relay.cut_after, relay.is_abrupt = b"COMMIT\0", is_abrupt
    careless = Work(table)
    point(relay.port).transaction("tests", careless)
    assert (careless.tries, table.count()) == (2, 2)

    table.run(f"delete from {table}")
    relay.times = 1
    careful = CarefulWork(table)
    assert point(relay.port).transaction("tests", careful) == 0
    assert (careful.tries, table.count()) == (2, 1)


def test_a_conflict_with_another_transaction_runs_the_work_again(
    redshift: Redshift, table: Table
) -> None:
    """XX000 with 1023: another has changed what this one had already read, before this one wrote."""
    table.run(f"insert into {table} values (0)")
    failures = []

    def add_one(session: Session) -> None:
        (number,) = session.rows(f"select number from {table}")[0]
        if not failures:
            with redshift.session("other") as other:
                other.execute(f"update {table} set number = number + 10")
        try:
            session.execute(f"update {table} set number = :n", n=number + 1)
        except StatementFailed as error:
            failures.append((error.state, error.message[:4]))
            raise

    redshift.transaction("tests", add_one)
    assert failures == [("XX000", "1023")]
    with redshift.session("tests") as session:
        assert session.value(f"select number from {table}") == 11


def test_a_deadlock_runs_the_work_of_one_again(redshift: Redshift, table: Table) -> None:
    second = Table(table.server, "driver_test_2")
    second.run(f"create table {second} (number integer)")
    both_hold_one = threading.Barrier(2)
    tries: list[tuple[Table, ...]] = []
    errors: list[str] = []

    def run(*tables: Table) -> None:
        def work(session: Session) -> None:
            tries.append(tables)
            session.execute(f"lock table {tables[0]}")
            if len(tries) <= 2:
                both_hold_one.wait(20)
            try:
                session.execute(f"lock table {tables[1]}")
            except StatementFailed as error:
                errors.append(error.state)
                raise
            session.execute(f"insert into {tables[1]} values (1)")

        redshift.transaction("tests", work)

    threads = [
        threading.Thread(target=run, args=pair) for pair in ((table, second), (second, table))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (table.count(), second.count()) == (1, 1)
    assert (len(tries), errors) == (3, ["40P01"])
    second.run(f"drop table {second}")


def test_a_server_that_is_killed_and_comes_back_is_waited_for(mortal, point: Point) -> None:
    server: RedshiftProcess = mortal()
    redshift = point(server.port, attempts=12)
    Table(server).run("create table driver_test (number integer)")
    server._arguments = (*server._arguments, "--port", str(server.port))
    work = CarefulWork(Table(server))
    back = threading.Timer(0.3, server.start)

    def killed_the_first_time(session: Session) -> int:
        if not back.is_alive() and not work.tries:
            server.kill()
            back.start()
        return work(session)

    redshift.transaction("tests", killed_the_first_time)
    back.join()
    assert work.tries == 2
    assert Table(server).count() == 1


def test_a_transaction_that_idled_too_long_runs_again_and_the_reason_is_told(
    mortal, point: Point
) -> None:
    server: RedshiftProcess = mortal("--idle-in-transaction-seconds", "0.2")
    redshift = point(server.port)
    Table(server).run("create table driver_test (number integer)")
    work = Work(Table(server))
    reasons: list[str] = []

    def slow_the_first_time(session: Session) -> None:
        work(session)
        if work.tries == 1:
            time.sleep(0.6)
        try:
            work(session)
        except ConnectionLost as error:
            reasons.append(str(error))
            raise

    redshift.transaction("tests", slow_the_first_time)
    assert len(reasons) == 1
    assert "25P03" in reasons[0]
    assert Table(server).count() == 2


@pytest.mark.parametrize(
    ("statement", "state"),
    [
        ("select 1 from no_such_table", "42P01"),
        ("select no_such_column from {table}", "42703"),
        ("selec 1", "42601"),
        ("select 1 / (number - number) from {table}", "22012"),
        ("select cast('x' as integer)", "22P02"),
        ("insert into driver_strict values (null)", "23502"),
    ],
)
def test_what_would_fail_again_is_not_tried_again(
    redshift: Redshift, table: Table, statement: str, state: str
) -> None:
    table.run(f"insert into {table} values (1)")
    table.run("create table if not exists driver_strict (n integer not null)")
    tries = []

    def work(session: Session) -> None:
        tries.append(1)
        session.execute(statement.format(table=table))

    with pytest.raises(StatementFailed) as failed:
        redshift.transaction("tests", work)
    assert (failed.value.state, len(tries)) == (state, 1)


@pytest.mark.parametrize(
    ("state", "message", "detail", "tries"),
    [
        ("40001", "could not serialize access", "", 2),
        ("40P01", "deadlock detected", "", 2),
        ("XX000", "1018", "Relation does not exist.", 2),
        ("XX000", "1020", "Transaction is aborted", 2),
        ("XX000", "1023", "Serializable isolation violation on table - 1256109", 2),
        ("XX000", "ERROR:1023", "Serializable isolation violation on table in Redshift", 2),
        ("XX000", "Load into table 't' failed. 1023 lines are wrong", "", 1),
        ("XX000", "10230 slices are not enough", "", 1),
        ("57014", "Query (1023) cancelled on user's request", "", 1),
        ("53100", "Disk Full", "", 1),
        ("23502", "Cannot insert a NULL value into column number", "", 1),
    ],
)
def test_errors_the_local_redshift_has_no_occasion_for_put_in_its_mouth(
    table: Table,
    relay: Relay,
    point: Point,
    state: str,
    message: str,
    detail: str,
    tries: int,
) -> None:
    relay.refusal = Refusal(b"insert into", state, message, detail)
    work = Work(table)
    if tries > 1:
        point(relay.port).transaction("tests", work)
    else:
        with pytest.raises(StatementFailed, match=state) as failed:
            point(relay.port).transaction("tests", work)
        assert failed.value.message == message
    assert work.tries == tries
    assert table.count() == tries - 1


@pytest.mark.parametrize("state", ["57P01", "57P02", "25P03", "XX000"])
def test_a_last_word_before_the_connection_ends_put_in_its_mouth(
    table: Table, relay: Relay, point: Point, state: str
) -> None:
    relay.refusal = Refusal(b"insert into", state, "terminating connection", is_fatal=True)
    work = Work(table)
    point(relay.port).transaction("tests", work)
    assert (work.tries, table.count()) == (2, 1)

    relay.times = 1
    with (
        point(relay.port).session("tests") as session,
        pytest.raises(ConnectionLost, match=state + "] terminating connection"),
    ):
        session.execute(f"insert into {table} values (1)")


@pytest.mark.parametrize("state", ["53300", "57P03"])
def test_a_server_without_room_is_asked_again_put_in_its_mouth(
    table: Table, relay: Relay, point: Point, state: str
) -> None:
    """Even at the first try: unlike an address where nobody answers, it is there."""
    relay.refusal = Refusal(b"application_name", state, "sorry, too many clients", is_fatal=True)
    work = Work(table)
    point(relay.port).transaction("tests", work)
    assert (work.tries, table.count()) == (1, 1)

    relay.times = 99
    with pytest.raises(RedshiftBusy, match=state):
        point(relay.port).transaction("tests", work)
    assert relay.times == 99 - 4


def test_after_the_last_attempt_its_error_is_raised_and_pauses_double_up_to_ten_seconds(
    table: Table, relay: Relay, point: Point, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("sms_warehouse.resources.redshift.time.sleep", pauses.append)
    relay.refusal = Refusal(b"insert into", "XX000", "1023", "Serializable isolation violation")
    relay.times = 99
    work = Work(table)
    point(relay.port)
    with pytest.raises(StatementFailed, match="1023"):
        Redshift(attempts=10, first_pause_s=0.1).transaction("tests", work)
    assert work.tries == 10
    means = [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10]
    assert len(pauses) == len(means)
    for pause, mean in zip(pauses, means, strict=True):
        assert mean * 0.5 <= pause <= mean * 1.5
    assert len({pause / mean for pause, mean in zip(pauses, means, strict=True)}) > 1


def test_nobody_at_the_address_is_told_at_once(
    point: Point, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms_warehouse.resources.redshift.time.sleep", pytest.fail)
    with pytest.raises(RedshiftUnavailable, match=r"localhost:1 .*REDSHIFT_HOST and REDSHIFT_PORT"):
        point(1).transaction("tests", pytest.fail)


def test_work_that_hides_an_error_is_not_taken_for_committed(
    redshift: Redshift, table: Table
) -> None:
    """Redshift answers COMMIT after an error with a ROLLBACK and without an error."""

    def work(session: Session) -> str:
        session.execute(f"insert into {table} values (1)")
        with pytest.raises(StatementFailed):
            session.execute("select 1 from no_such_table")
        return "done"

    with pytest.raises(StatementFailed, match="no_such_table"):
        redshift.transaction("tests", work)
    assert table.count() == 0


def test_an_error_of_the_works_own_rolls_back_and_is_not_tried_again(
    redshift: Redshift, table: Table
) -> None:
    work = Work(table)

    def then_raises(session: Session) -> None:
        work(session)
        raise LookupError("not Redshift's fault")

    with pytest.raises(LookupError):
        redshift.transaction("tests", then_raises)
    assert (work.tries, table.count()) == (1, 0)


@pytest.mark.parametrize(
    ("statement", "values", "error"),
    [
        ("select :x", {"x": {"a": 1}}, NotSupportedError),
        ("select :x", {}, KeyError),
    ],
)
def test_a_value_that_cannot_be_sent_is_not_tried_again_and_leaves_the_session_usable(
    redshift: Redshift, statement: str, values: dict[str, object], error: type[Exception]
) -> None:
    tries = []

    def work(session: Session) -> None:
        tries.append(1)
        with pytest.raises(error):
            session.execute(statement, **values)
        assert session.value("select 7") == 7
        session.execute(statement, **values)

    with pytest.raises(error):
        redshift.transaction("tests", work)
    assert tries == [1]
