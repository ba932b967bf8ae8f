"""Killed clients, a clean stop, and many processes at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from local_redshift.testing import PASSWORD, Client, RedshiftProcess
from redshift_connector.error import Error

CONNECT = f"""
import sys, json, time, random
import redshift_connector
def connect(autocommit=False):
    c = redshift_connector.connect(host="127.0.0.1", port=int(sys.argv[1]), user="warehouse",
                                   password={PASSWORD!r}, database="dev", ssl=False, application_name="child")
    c.autocommit = autocommit
    return c
"""


PATIENCE_S = 300

Child = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def child(server: RedshiftProcess) -> Iterator[Child]:
    """Runs code in a process of its own, which can ``connect``; it is killed at the end of the test."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", CONNECT + code, str(server.port)],
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


@pytest.mark.parametrize(
    "then",
    [
        "time.sleep(60)",
        "c.cursor().execute('select count(*) from t.digit a, t.digit b, t.digit c, t.digit d, t.digit e, t.digit f, "
        "t.digit g, t.digit h, t.digit i, t.digit j, t.digit k, t.digit l where a.d * l.d = 1.5 * k.d')",
    ],
    ids=["idle", "in a long statement"],
)
def test_a_killed_client_frees_its_locks_and_leaves_nothing(
    client: Client, child: Child, then: str
) -> None:
    client.run("create table t.x (a integer)")
    client.run("create table t.digit (d integer)")
    client.run("insert into t.digit values (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
    process = child(
        f"c = connect(); c.cursor().execute('insert into t.x values (1)'); print('locked', flush=True); {then}",
    )
    assert process.stdout
    assert process.stdout.readline() == "locked\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    client.run("set statement_timeout to 120000")
    client.run("insert into t.x values (2)")
    assert client.rows("select a from t.x") == [(2,)]


def test_a_killed_client_leaves_the_queue_for_a_lock(
    client: Client, connect: Callable[..., Client], child: Child
) -> None:
    client.run("create table t.x (a integer)")
    holder = connect()
    holder.run("lock t.x")
    process = child(
        "c = connect(); print('ready', flush=True); c.cursor().execute('lock t.x'); time.sleep(60)",
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGKILL)
    process.wait()
    holder.connection.rollback()
    client.run("set statement_timeout to 120000")
    client.run("insert into t.x values (1)")


def test_processes_that_retry_lose_no_increment(client: Client, child: Child) -> None:
    client.run("create table t.counter (n integer)")
    client.run("insert into t.counter values (0)")
    code = """
c = connect(); cur = c.cursor(); done = 0
while done < 15:
    try:
        cur.execute("select n from t.counter")
        ((n,),) = cur.fetchall()
        cur.execute("update t.counter set n = %s", (n + 1,))
        c.commit(); done += 1
    except redshift_connector.error.ProgrammingError as error:
        c.rollback()
        if error.args[0]["C"] not in ("XX000", "40P01"): raise
        time.sleep(random.random() / 50)
print(done)
"""
    processes = [child(code) for _ in range(4)]
    assert [int(p.communicate(timeout=PATIENCE_S)[0]) for p in processes] == [15] * 4
    assert client.value("select n from t.counter") == 60


def test_processes_can_create_the_same_things_at_once(client: Client, child: Child) -> None:
    code = """
c = connect(True); cur = c.cursor()
for i in range(5):
    cur.execute(f"create schema if not exists t")
    cur.execute(f"create table if not exists t.shared_{i} (a integer)")
    cur.execute(f"create temp table own_{i} as select {i} as a")
    cur.execute(f"insert into t.shared_{i} select a from own_{i}")
"""
    processes = [child(code) for _ in range(4)]
    assert [p.wait(PATIENCE_S) for p in processes] == [0] * 4
    assert client.rows("select count(*), count(distinct a) from t.shared_4") == [(4, 1)]


def test_sigterm_ends_running_work_cleanly(tmp_path: Path) -> None:
    server = RedshiftProcess(tmp_path / "data")
    setup = Client(server.connect(autocommit=True))
    setup.run("create table x (a integer)")
    setup.run("insert into x values (1)")
    working = server.connect()
    working.cursor().execute("insert into x values (2)")
    assert server.stop() == 0
    with pytest.raises((Error, OSError)):
        working.cursor().execute("select 1 as a")
    assert not (tmp_path / "data" / "dev.duckdb.wal").exists()
    server.start()
    try:
        assert Client(server.connect(autocommit=True)).rows("select a from x") == [(1,)]
    finally:
        assert server.stop() == 0


def test_clients_that_read_and_write_at_once_see_whole_transactions_only(
    client: Client, child: Child
) -> None:
    """Four move money between two tables, two add and remove rows by tens, two look all the time."""
    client.run("create table t.here (account integer, amount integer)")
    client.run("create table t.there (account integer, amount integer)")
    client.run("create table t.crowd (n integer)")
    for account in range(4):
        client.run("insert into t.here values (%s, 100)", (account,))
        client.run("insert into t.there values (%s, -100)", (account,))
    retry = """
def work(run):
    c = connect(); cur = c.cursor(); done = tries = 0
    while done < 12:
        tries += 1
        try:
            run(cur, done); c.commit(); done += 1
        except redshift_connector.error.ProgrammingError as error:
            c.rollback()
            if error.args[0]["C"] not in ("XX000", "40P01"): raise
            time.sleep(random.random() / 50)
    print(done)
"""
    movers = [
        child(
            retry
            + f"""
def run(cur, n):
    cur.execute("update t.here set amount = amount - %s where account = {account}", (n,))
    cur.execute("update t.there set amount = amount + %s where account = {account}", (n,))
work(run)
""",
        )
        for account in range(4)
    ]
    crowds = [
        child(
            retry
            + f"""
def run(cur, n):
    if n % 3 == 2:
        cur.execute("delete from t.crowd where n = {who}")
    else:
        cur.execute("insert into t.crowd values " + ", ".join(["({who})"] * 10))
work(run)
""",
        )
        for who in range(2)
    ]
    look = """
c = connect(True); cur = c.cursor(); seen = 0
while seen < 60:
    cur.execute("select (select cast(sum(amount) as bigint) from t.here) + "
                "(select cast(sum(amount) as bigint) from t.there) as total, "
                "(select count(*) from t.crowd) as crowd")
    ((total, crowd),) = cur.fetchall()
    assert total == 0, total
    assert crowd % 10 == 0, crowd
    seen += 1
print(seen)
"""
    readers = [child(look) for _ in range(2)]
    assert [p.communicate(timeout=PATIENCE_S)[0] for p in readers] == ["60\n"] * 2
    assert [p.communicate(timeout=PATIENCE_S)[0] for p in movers + crowds] == ["12\n"] * 6
    assert client.rows("select min(amount), max(amount) from t.here") == [(34, 34)]
    assert client.rows("select min(amount), max(amount) from t.there") == [(-34, -34)]
    assert client.value("select count(*) from t.crowd") == 0


def test_many_sessions_at_once(server: RedshiftProcess) -> None:
    clients = [Client(server.connect(autocommit=True)) for _ in range(40)]
    assert [c.value("select %s as n", (i,)) for i, c in enumerate(clients)] == list(range(40))
    assert len({c.value("select pg_backend_pid() as p") for c in clients}) == 40
    for c in clients:
        c.connection.close()


def test_the_password_is_needed_to_start(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "REDSHIFT_PASSWORD"}
    answer = subprocess.run(
        [sys.executable, "-m", "local_redshift", "serve", "--dir", str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert answer.returncode != 0
    assert "REDSHIFT_PASSWORD" in answer.stderr
    assert answer.stdout == ""
