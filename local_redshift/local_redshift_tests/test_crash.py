"""A server that is killed, finds no room on its disk, or is given up by DuckDB loses nothing it acknowledged."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from local_redshift.testing import PASSWORD, Client, RedshiftProcess
from redshift_connector.error import Error, ProgrammingError

from local_redshift_tests.test_copy import Lake, copy

MEGABYTE = 1_000_000
KILLS = 5
PATIENCE_S = 300


@pytest.fixture
def own(tmp_path: Path, aws: dict[str, str]) -> Iterator[RedshiftProcess]:
    """A server that the test may break."""
    server = RedshiftProcess(tmp_path / "data", environment=aws)
    yield server
    server.kill()


def limit_files(server: RedshiftProcess, size: int) -> None:
    """Lets no file of the server grow beyond ``size`` bytes: what it writes beyond fails, as on a full disk."""
    _, most = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, most))


# ---------- kill -9


class Writers:
    """Clients that each commit one transaction after the other, of two tables, and count the replies."""

    def __init__(self, server: RedshiftProcess, manifest: str) -> None:
        self.acknowledged = dict.fromkeys(range(4), 0)
        self._server = server
        self._manifest = manifest
        self._threads = [threading.Thread(target=self._write, args=(w,)) for w in self.acknowledged]
        for thread in self._threads:
            thread.start()

    def _write(self, writer: int) -> None:
        try:
            client = Client(self._server.connect())
            while True:
                if writer == 3:
                    client.run(copy("loaded", self._manifest))
                else:
                    client.run("insert into ledger values (%s)", (writer,))
                client.run("insert into pair values (%s)", (writer,))
                client.connection.commit()
                self.acknowledged[writer] += 1
        except (Error, OSError):
            return

    def wait(self) -> None:
        """Until each has been acknowledged something and goes on."""
        deadline = time.monotonic() + PATIENCE_S
        while min(self.acknowledged.values()) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def join(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE_S)


def test_a_server_killed_under_load_has_every_commit_it_acknowledged(
    own: RedshiftProcess, aws: dict[str, str]
) -> None:
    """Many times over: four writers, one of them by COPY, each with two tables in a transaction."""
    lake = Lake(aws)
    rows = lake.entry(pa.table({"n": pa.array(range(1000), pa.int64())}))
    manifest = lake.manifest(rows)
    setup = Client(own.connect(autocommit=True))
    setup.run("create table ledger (writer integer)")
    setup.run("create table loaded (n bigint)")
    setup.run("create table pair (writer integer)")
    before = dict.fromkeys(range(4), 0)
    for turn in range(KILLS):
        writers = Writers(own, manifest)
        writers.wait()
        # Not always at the same point of what they do.
        time.sleep(turn % 5 / 200)
        own.kill()
        writers.join()
        own.start()
        reader = Client(own.connect(autocommit=True))
        paired = dict(reader.rows("select writer, count(*) from pair group by writer"))
        for writer, count in writers.acknowledged.items():
            # The reply to the last COMMIT may have been lost with the server.
            assert 0 <= paired[writer] - before[writer] - count <= 1
        whole = dict(reader.rows("select writer, count(*) from ledger group by writer"))
        assert whole | {3: paired[3]} == paired
        assert reader.value("select count(*) from loaded") == 1000 * paired[3]
        assert list((own.directory / "spool").iterdir()) == []
        before = paired
    assert own.stop() == 0


def test_a_server_killed_after_a_column_was_changed_has_the_change(own: RedshiftProcess) -> None:
    client = Client(own.connect(autocommit=True))
    client.run("create table note (name varchar(5))")
    client.run("comment on column note.name is 'what it is called'")
    client.run("alter table note alter column name type varchar(10)")
    own.kill()
    own.start()
    client = Client(own.connect(autocommit=True))
    query = "select remarks, character_maximum_length from svv_columns where table_name = 'note'"
    assert client.rows(query) == [("what it is called", 10)]


def test_a_server_killed_while_it_makes_databases_has_them_or_not(own: RedshiftProcess) -> None:
    made = 0

    def work() -> None:
        nonlocal made
        try:
            client = Client(own.connect(autocommit=True))
            while True:
                client.run("create database other isolation level serializable")
                inside = Client(own.connect(database="other", autocommit=True))
                inside.run("create table x as select 1 as a")
                inside.connection.close()
                client.run("drop database other")
                made += 1
        except (Error, OSError):
            return

    for turn in range(3):
        seen = made
        thread = threading.Thread(target=work)
        thread.start()
        deadline = time.monotonic() + PATIENCE_S
        while made == seen:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(turn / 20)
        own.kill()
        thread.join(PATIENCE_S)
        own.start()
        client = Client(own.connect(autocommit=True))
        names = [name for (name,) in client.rows("select db_name from stv_db_isolation_level")]
        assert names in (["dev"], ["dev", "other"])
        if "other" in names:
            inside = Client(own.connect(database="other", autocommit=True))
            if inside.value("select count(*) from svv_tables where table_name = 'x'"):
                assert inside.rows("select a from x") == [(1,)]
            inside.connection.close()
            client.run("drop database other")
        assert list((own.directory / "databases").iterdir()) == []
        client.connection.close()
    assert own.stop() == 0


# ---------- no room


def test_a_database_that_found_no_room_for_its_head_opens_once_there_is_some(
    own: RedshiftProcess,
) -> None:
    client = Client(own.connect(autocommit=True))
    limit_files(own, 6000)
    client.run("create database other")
    with pytest.raises((Error, OSError)):
        own.connect(database="other")
    own.kill()
    own.start()
    inside = Client(own.connect(database="other", autocommit=True))
    inside.run("create table x as select 1 as a")
    assert inside.rows("select a from x") == [(1,)]


def test_a_commit_that_finds_no_room_is_undone_and_the_server_goes_on(
    own: RedshiftProcess,
) -> None:
    client = Client(own.connect())
    client.run("create table x (a integer, b varchar(64))")
    client.run("insert into x select 0, 'kept'")
    client.connection.commit()
    limit_files(own, MEGABYTE // 4)
    kept = 0

    def fill() -> None:
        nonlocal kept
        for n in range(1, 200):
            client.run("insert into x values " + ", ".join([f"({n}, 'lost or kept')"] * 500))
            client.connection.commit()
            kept = n

    with pytest.raises(ProgrammingError) as caught:
        fill()
    found = caught.value.args[0]
    assert found["C"] == "53100"
    assert "no space left" in found["M"]
    assert kept > 0
    client.connection.rollback()
    assert client.rows("select max(a), count(*) from x") == [(kept, 1 + 500 * kept)]
    client.connection.rollback()
    limit_files(own, resource.RLIM_INFINITY)
    client.run("insert into x values (-1, 'again')")
    client.connection.commit()
    own.kill()
    own.start()
    client = Client(own.connect())
    assert client.rows("select min(a), max(a), count(*) from x") == [(-1, kept, 2 + 500 * kept)]


def test_a_copy_that_finds_no_room_leaves_nothing(
    own: RedshiftProcess, aws: dict[str, str]
) -> None:
    lake = Lake(aws)
    many = pa.table({"n": pa.array(range(0, 3 * 200_000, 3), pa.int64())})
    manifest = lake.manifest(lake.entry(many))
    client = Client(own.connect(autocommit=True))
    client.run("create table x (n bigint)")
    limit_files(own, MEGABYTE // 2)
    assert client.error(copy("x", manifest))["C"] == "53100"
    assert list((own.directory / "spool").iterdir()) == []
    assert client.value("select count(*) from x") == 0
    limit_files(own, resource.RLIM_INFINITY)
    client.run(copy("x", manifest))
    assert client.value("select count(*) from x") == 200_000


# ---------- a fatal error


def fill_until_it_ends(server: RedshiftProcess) -> tuple[int, Exception]:
    """Commits until DuckDB cannot write its checkpoint any more, an error it does not go on after."""
    client = Client(server.connect())
    client.run("create table x (a integer, b varchar(64))")
    client.connection.commit()
    limit_files(server, 19 * MEGABYTE)
    kept = 0
    try:
        for n in range(1, 200):
            client.run(
                "insert into x select %s, md5(cast(a.n as varchar)) || md5(cast(a.n + b.n as varchar)) "
                "from numbers as a cross join numbers as b",
                (n,),
            )
            client.connection.commit()
            kept = n
    except (Error, OSError) as error:
        return kept, error
    raise AssertionError("there was room for all of it")


def test_a_fatal_error_ends_the_process_with_a_clear_word_to_client_and_log(
    own: RedshiftProcess, capfd: pytest.CaptureFixture[str]
) -> None:
    # What a server writes is caught when it is started in the test itself.
    own.stop()
    own.start()
    setup = Client(own.connect(autocommit=True))
    setup.run("create table numbers (n integer)")
    setup.run("insert into numbers values " + ", ".join(f"({n})" for n in range(150)))
    kept, error = fill_until_it_ends(own)
    assert own.process.wait(PATIENCE_S) == 70
    assert kept > 0
    found = error.args[0]
    assert found["C"] == "53100"
    assert "nothing it acknowledged is lost" in found["M"]
    (line,) = [t for t in capfd.readouterr().err.splitlines() if "checkpoint" in t]
    assert "nothing it acknowledged is lost" in line
    own.start()
    reader = Client(own.connect(autocommit=True))
    ((most, count, transactions),) = reader.rows(
        "select max(a), count(*), count(distinct a) from x"
    )
    # Whether the last one was committed, nobody was told.
    assert most in (kept, kept + 1)
    assert (count, transactions) == (22_500 * most, most)


def test_a_server_that_cannot_open_its_files_says_so_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "dev.duckdb").write_bytes(b"no database" * 1000)
    answer = subprocess.run(
        [sys.executable, "-m", "local_redshift", "serve", "--dir", str(tmp_path)],
        env={**os.environ, "REDSHIFT_PASSWORD": PASSWORD, "REDSHIFT_DATABASE": "dev"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert answer.returncode == 1
    assert answer.stdout == ""
    (line,) = answer.stderr.splitlines()
    assert line.startswith("cannot open the databases")
    assert "dev.duckdb" in line
