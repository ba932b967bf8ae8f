"""psql as people use it against Redshift."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time

import pytest
from local_redshift.testing import PASSWORD, Client, RedshiftProcess

from local_redshift_tests.test_transactions import LONG_QUERY

pytestmark = pytest.mark.skipif(shutil.which("psql") is None, reason="psql is not installed")


def command(server: RedshiftProcess, *arguments: str) -> list[str]:
    return [
        "psql",
        "-h",
        "127.0.0.1",
        "-p",
        str(server.port),
        "-U",
        "warehouse",
        "-d",
        "dev",
        "-X",
        *arguments,
    ]


def psql(
    server: RedshiftProcess, *arguments: str, script: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(server, *arguments),
        env={**os.environ, "PGPASSWORD": PASSWORD},
        input=script,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_values_are_shown_as_text(client: Client, server: RedshiftProcess) -> None:
    answer = psql(
        server,
        "-At",
        "-c",
        "select 1::smallint, 2::bigint, 'é'::varchar(2), true, false, 1.50::decimal(4,2), 0.1::float8, 1e100::float8, "
        "'2026-01-02'::date, '2026-01-02 03:04:05.5'::timestamp, '2026-01-02 03:04:05+01'::timestamptz, null",
    )
    assert answer.stdout.strip() == (
        "1|2|é|t|f|1.50|0.1|1e+100|2026-01-02|2026-01-02 03:04:05.5|2026-01-02 02:04:05+00|"
    )
    assert answer.returncode == 0


def test_a_script_stops_at_its_error_and_the_transaction_with_it(
    client: Client, server: RedshiftProcess
) -> None:
    script = """
        -- comments; with semicolons
        begin;
        create table t.x (a varchar(9));
        insert into t.x values ('a;b');
        select * from t.nothing;
        select 1;
        commit;
        select 'after' as a;
    """
    answer = psql(server, "-At", script=script)
    assert 'ERROR:  relation "nothing" does not exist' in answer.stderr
    assert "current transaction is aborted" in answer.stderr
    assert answer.stdout.splitlines()[-2:] == ["ROLLBACK", "after"]
    assert client.error("select * from t.x")["C"] == "42P01"


def test_statements_of_one_message_are_one_transaction(
    client: Client, server: RedshiftProcess
) -> None:
    answer = psql(
        server,
        "-c",
        "create table t.a (a integer); insert into t.a values (1), (2); select count(*) from t.a",
    )
    assert answer.returncode == 0
    assert client.value("select count(*) from t.a") == 2
    answer = psql(server, "-c", "insert into t.a values (3); insert into t.nothing values (1)")
    assert answer.returncode == 1
    assert client.value("select count(*) from t.a") == 2


def test_tables_can_be_listed_and_described(client: Client, server: RedshiftProcess) -> None:
    client.run(
        "create table t.seen (id bigint not null, name varchar(7) default 'x', n numeric(10,2), ts timestamp)"
    )
    client.run("create view t.view_of_it as select id from t.seen")
    listed = psql(server, "-At", "-c", r"\dt t.*")
    assert listed.stdout.splitlines() == ["t|seen|table|warehouse"], listed.stderr
    assert psql(server, "-At", "-c", r"\dv t.*").stdout.splitlines() == [
        "t|view_of_it|view|warehouse"
    ]
    assert "t|warehouse" in psql(server, "-At", "-c", r"\dn").stdout.splitlines()
    described = psql(server, "-At", "-c", r"\d t.seen")
    assert described.stdout.splitlines() == [
        "id|bigint||not null|",
        "name|character varying(7)|||'x'",
        "n|numeric(10,2)|||",
        "ts|timestamp without time zone|||",
    ], described.stderr
    assert "SELECT id FROM t.seen" in psql(server, "-c", r"\d+ t.view_of_it").stdout
    assert "Did not find" in psql(server, "-c", r"\d t.nothing").stderr


def test_ctrl_c_cancels_the_statement(client: Client, server: RedshiftProcess) -> None:
    client.run("create table t.digit (d integer)")
    client.run("insert into t.digit values (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
    process = subprocess.Popen(
        command(server, "-c", LONG_QUERY),
        env={**os.environ, "PGPASSWORD": PASSWORD},
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(0.7)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)
    assert "cancelled" in stderr


def test_a_wrong_password_is_told(server: RedshiftProcess) -> None:
    answer = subprocess.run(
        command(server, "-c", "select 1"),
        env={**os.environ, "PGPASSWORD": "wrong"},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert 'password authentication failed for user "warehouse"' in answer.stderr
