"""Databases, their isolation levels, and who waits for whom (guide: c_serial_isolation, r_CREATE_DATABASE, r_LOCK)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import pytest
from local_redshift.testing import Client, RedshiftProcess
from redshift_connector.error import InterfaceError, ProgrammingError

from local_redshift_tests.test_transactions import Background, state

LEVELS = ("serializable", "snapshot")


@pytest.fixture
def databases(server: RedshiftProcess) -> Iterator[Callable[[str], Callable[..., Client]]]:
    """Makes databases of a level, each with the tables ``tab1`` and ``tab2``; they are dropped afterwards."""
    owner = Client(server.connect(autocommit=True))
    made: list[str] = []
    opened: list[Client] = []

    def make(level: str) -> Callable[..., Client]:
        name = f"level_{level}"
        owner.run(f"create database {name} isolation level {level}")
        made.append(name)

        def connect(**options: bool) -> Client:
            opened.append(Client(server.connect(database=name, **options)))
            return opened[-1]

        setup = connect(autocommit=True)
        for table in ("tab1", "tab2"):
            setup.run(f"create table {table} (a integer)")
            setup.run(f"insert into {table} values (0), (1)")
        return connect

    yield make
    for client in opened:
        with suppress(InterfaceError, OSError):
            client.connection.close()
    for name in made:
        owner.run(f"drop database {name}")
    owner.connection.close()


def violation(client: Client, sql: str) -> str:
    """The detail of the error 1023 a statement ends in."""
    found = client.error(sql)
    assert (found["C"], found["M"]) == ("XX000", "1023")
    assert re.fullmatch(
        r"Serializable isolation violation on table - \d+, "
        r"transactions forming the cycle are: \d+(, \d+)+ \(pid:\d+\)",
        found["D"],
    )
    return found["D"]


# ---------- databases


def test_databases_are_made_entered_listed_and_dropped(
    client: Client, server: RedshiftProcess
) -> None:
    client.run("create database other isolation level serializable")
    try:
        assert client.error("create database other")["C"] == "42P04"
        inside = Client(server.connect(database="other", autocommit=True))
        assert inside.value("select current_database() as d") == "other"
        assert inside.value("show transaction_isolation") == "Serializable"
        assert client.value("show transaction_isolation") == "Snapshot Isolation"
        inside.run("create table only_here (a integer)")
        assert client.error("select * from public.only_here")["C"] == "42P01"
        for reader in (inside, client):
            assert reader.rows(
                "select db_name, isolation_level from stv_db_isolation_level order by db_name"
            ) == [("dev", "Snapshot Isolation"), ("other", "Serializable")]
        assert inside.error("drop database other")["C"] == "55006"
        inside.connection.close()
    finally:
        client.run("drop database other")
    with pytest.raises((InterfaceError, ProgrammingError)) as caught:
        server.connect(database="other")
    assert caught.value.args[0]["C"] == "3D000"
    assert client.error("drop database other")["C"] == "3D000"
    client.run("create database other")
    try:
        inside = Client(server.connect(database="other", autocommit=True))
        assert inside.value("show transaction_isolation") == "Snapshot Isolation"
        assert inside.error("select * from only_here")["C"] == "42P01"
        inside.connection.close()
    finally:
        client.run("drop database other")
    assert client.rows("select db_name from stv_db_isolation_level") == [("dev",)]


def test_a_database_that_others_use_is_not_dropped(client: Client, server: RedshiftProcess) -> None:
    client.run("create database used")
    inside = server.connect(database="used")
    found = client.error("drop database used")
    assert (found["C"], found["M"]) == (
        "55006",
        'database "used" is being accessed by other users',
    )
    inside.close()
    client.run("drop database used")


def test_databases_are_made_outside_transactions_only(connect: Callable[..., Client]) -> None:
    inside = connect()
    for statement in ("create database inside", "drop database dev"):
        found = inside.error(statement)
        assert found["C"] == "25001"
        assert "cannot run inside a transaction block" in found["M"]
    assert inside.rows("select db_name from stv_db_isolation_level") == [("dev",)]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("create database x collate case_insensitive", "0A000"),
        ("create database x owner somebody", "0A000"),
        ("create database x isolation level snapshots", "42601"),
        ("create database x isolation", "0A000"),
        ('create database "a/b"', "0A000"),
        ("create database table", "42601"),
        ("drop database x force", "42601"),
        ("drop database dev", "55006"),
        ("alter database dev isolation level snapshot", "0A000"),
    ],
)
def test_what_databases_cannot_have_is_refused(
    client: Client, statement: str, expected: str
) -> None:
    assert client.error(statement)["C"] == expected


# ---------- levels


def test_reads_that_each_miss_the_others_insert_have_no_serial_order(
    databases: Callable[[str], Callable[..., Client]],
) -> None:
    """The example of guide c_serial_isolation: the last of the four statements fails."""
    connect = databases("serializable")
    first, second = connect(), connect()
    first.run("select * from tab1")
    first.run("insert into tab2 values (1)")
    second.run("insert into tab1 values (1)")
    violation(second, "select * from tab2")
    first.connection.commit()
    assert first.value("select count(*) from tab2") == 3
    assert first.value("select count(*) from tab1") == 2


def test_snapshot_isolation_lets_write_skew_pass(
    databases: Callable[[str], Callable[..., Client]],
) -> None:
    connect = databases("snapshot")
    first, second = connect(), connect()
    assert first.value("select count(*) from tab1") == 2
    first.run("insert into tab2 values (1)")
    second.run("insert into tab1 values (1)")
    assert second.value("select count(*) from tab2") == 2
    first.connection.commit()
    second.connection.commit()
    assert first.value("select count(*) from tab2") == 3


@pytest.mark.parametrize("level", LEVELS)
def test_two_that_swap_the_same_table_follow_the_level(
    databases: Callable[[str], Callable[..., Client]], level: str
) -> None:
    """The timeline of guide r_CREATE_DATABASE, whose updates touch different rows of one table."""
    connect = databases(level)
    first, second = connect(), connect()
    for client in (first, second):
        assert client.rows("select a from tab1 order by a") == [(0,), (1,)]
    first.run("update tab1 set a = 0 where a = 1")
    first.connection.commit()
    if level == "serializable":
        violation(second, "update tab1 set a = 1 where a = 0")
        assert second.rows("select a from tab1 order by a") == [(0,), (0,)]
    else:
        second.run("update tab1 set a = 1 where a = 0")
        second.connection.commit()
        assert second.rows("select a from tab1 order by a") == [(0,), (1,)]


@pytest.mark.parametrize("level", LEVELS)
def test_two_writes_of_one_row_fail_at_both_levels(
    databases: Callable[[str], Callable[..., Client]], level: str
) -> None:
    connect = databases(level)
    first, second = connect(), connect()
    for client in (first, second):
        client.run("select a from tab2")
    first.run("update tab1 set a = 10 where a = 0")
    waiting = Background(lambda: second.run("update tab1 set a = 20 where a = 0"))
    assert waiting.is_waiting
    first.connection.commit()
    error = waiting.done()
    assert state(error) == "XX000"
    assert isinstance(error, ProgrammingError)
    assert error.args[0]["M"] == "1023"
    second.connection.rollback()
    assert second.rows("select a from tab1 order by a") == [(1,), (10,)]


@pytest.mark.parametrize("level", LEVELS)
def test_writers_that_lock_first_never_conflict(
    databases: Callable[[str], Callable[..., Client]], level: str
) -> None:
    """A second LOCK does not take the snapshot either: all that is read is read after both."""
    connect = databases(level)
    setup = connect(autocommit=True)
    setup.run("create table mutex (a integer)")
    setup.run("create table gate (a integer)")
    setup.run("update tab1 set a = 0")

    def work(locks: tuple[str, ...]) -> None:
        client = connect()
        for _ in range(15):
            for table in locks:
                client.run(f"lock {table}")
            count = client.value("select count(*) from tab2")
            client.run("update tab1 set a = a + 1")
            client.run("insert into tab2 values (%s)", (count,))
            client.connection.commit()

    both, one = ("mutex", "gate"), ("gate",)
    workers = [Background(partial(work, locks)) for locks in (both, one, both, one)]
    assert [w.done() for w in workers] == [None] * 4
    assert setup.rows("select a from tab1") == [(60,), (60,)]
    assert setup.value("select count(*) from tab2") == 62


def test_a_circle_of_three_is_found_too(
    databases: Callable[[str], Callable[..., Client]],
) -> None:
    connect = databases("serializable")
    connect(autocommit=True).run("create table tab3 (a integer)")
    one, two, three = connect(), connect(), connect()
    one.run("select * from tab1")
    two.run("select * from tab2")
    three.run("select * from tab3")
    one.run("insert into tab2 values (5)")
    two.run("insert into tab3 values (5)")
    one.connection.commit()
    two.connection.commit()
    detail = violation(three, "insert into tab1 values (5)")
    assert len(re.findall(r"\d+", detail.split("cycle are:")[1].split("(")[0])) == 3


def test_one_that_only_reads_can_be_what_no_order_fits(
    databases: Callable[[str], Callable[..., Client]],
) -> None:
    """Reads the work of the later one and not of the earlier; the earlier one's last write has no place then."""
    connect = databases("serializable")
    pivot, later, reader = connect(), connect(), connect()
    pivot.run("select * from tab1")
    later.run("insert into tab1 values (5)")
    later.connection.commit()
    assert reader.value("select count(*) from tab1") == 3
    assert reader.value("select count(*) from tab2") == 2
    violation(pivot, "insert into tab2 values (5)")
    reader.connection.commit()


def test_reading_through_a_view_is_reading(
    databases: Callable[[str], Callable[..., Client]],
) -> None:
    connect = databases("serializable")
    setup = connect(autocommit=True)
    setup.run("create view inner_view as select a from tab1")
    setup.run("create view outer_view as select a from inner_view")
    first, second = connect(), connect()
    first.run("select * from outer_view")
    first.run("insert into tab2 values (1)")
    second.run("insert into tab1 values (1)")
    violation(second, "with x as (select a from tab2) select a from x")
    first.connection.rollback()
    second.run("drop view outer_view")
    second.connection.commit()


def test_transactions_that_do_not_cross_pass(
    databases: Callable[[str], Callable[..., Client]],
) -> None:
    """One way is an order: who read an old version comes first. Who rolls back was never there."""
    connect = databases("serializable")
    first, second, lone = connect(), connect(), connect(autocommit=True)
    first.run("select * from tab1")
    second.run("insert into tab1 values (7)")
    second.connection.commit()
    first.run("insert into tab2 values (8)")
    first.connection.commit()
    first.run("select * from tab1")
    second.run("insert into tab1 values (9)")
    second.connection.rollback()
    first.run("insert into tab1 values (10)")
    first.connection.commit()
    # Each of these is a transaction of its own, and a single reader is never refused.
    first.run("select * from tab1")
    first.run("insert into tab2 values (11)")
    lone.run("insert into tab1 values (12)")
    assert lone.value("select count(*) from tab2") == 3
    first.connection.commit()


def test_inserts_alone_never_conflict(
    databases: Callable[[str], Callable[..., Client]],
) -> None:
    """INSERT and COPY are pure writes (guide: c_write_readwrite)."""
    connect = databases("serializable")
    first, second = connect(), connect()
    first.run("select * from tab2")
    second.run("select * from tab2")
    first.run("insert into tab1 values (5)")
    first.connection.commit()
    second.run("insert into tab1 values (6)")
    second.connection.commit()
    assert second.value("select count(*) from tab1") == 4


# ---------- who waits


def test_the_snapshot_is_taken_by_the_first_statement_that_looks(
    client: Client, connect: Callable[..., Client]
) -> None:
    """BEGIN, SET, LOCK, EXPLAIN, SELECT without a table and the catalog do not (guide: c_serial_isolation)."""
    client.run("create table t.x (a integer)")
    client.run("create table t.mutex (a integer)")
    other = connect()
    other.run("set query_group to 'load'")
    other.run("lock t.mutex")
    other.run("select 1 as one")
    other.run("select table_name from svv_tables where table_schema = 't'")
    other.run("explain select a from t.x")
    client.run("insert into t.x values (1)")
    assert other.value("select count(*) from t.x") == 1
    client.run("insert into t.x values (2)")
    assert other.value("select count(*) from t.x") == 1


@pytest.mark.parametrize(
    "how", ["lock t.x", "drop table t.x", "alter table t.x add column b integer"]
)
def test_readers_wait_for_who_has_the_table_alone(
    client: Client, connect: Callable[..., Client], how: str
) -> None:
    client.run("create table t.x (a integer)")
    client.run("create table t.y (a integer)")
    holder, reader = connect(), connect(autocommit=True)
    holder.run(how)
    assert reader.value("select count(*) from t.y") == 0
    waiting = Background(lambda: reader.run("select a from t.x"))
    assert waiting.is_waiting
    holder.connection.rollback()
    assert waiting.done() is None


def test_a_reader_behind_a_view_waits_too(client: Client, connect: Callable[..., Client]) -> None:
    client.run("create table t.x (a integer)")
    client.run("create view t.v as select a from t.x")
    holder, reader = connect(), connect(autocommit=True)
    holder.run("lock t.x")
    waiting = Background(lambda: reader.run("select a from t.v"))
    assert waiting.is_waiting
    holder.connection.rollback()
    assert waiting.done() is None


def test_who_wants_the_table_alone_waits_for_its_readers(
    client: Client, connect: Callable[..., Client]
) -> None:
    client.run("create table t.x (a integer)")
    reader, other = connect(), connect()
    reader.run("select a from t.x")
    client.run("insert into t.x values (1)")
    waiting = Background(lambda: other.run("lock t.x"))
    assert waiting.is_waiting
    # Whoever comes after it waits behind it, but for who is in already.
    behind = Background(lambda: client.run("select a from t.x"))
    assert behind.is_waiting
    reader.run("select a from t.x")
    reader.connection.commit()
    assert waiting.done() is None
    assert behind.is_waiting
    other.connection.rollback()
    assert behind.done() is None


def test_readers_who_both_want_the_table_alone_are_a_deadlock(
    client: Client, connect: Callable[..., Client]
) -> None:
    client.run("create table t.x (a integer)")
    first, second = connect(), connect()
    first.run("select a from t.x")
    second.run("select a from t.x")
    waiting = Background(lambda: first.run("lock t.x"))
    assert waiting.is_waiting
    assert second.error("lock t.x")["C"] == "40P01"
    assert waiting.done() is None
    first.connection.rollback()
