"""The scratch space is the verification's own, and goes with it, however it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sms_warehouse.landing import keys
from sms_warehouse.verify.scratch import ScratchLake, renamed
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.verify.conftest import Verify, scratch_spaces

# Real processes, signals and statements; only what happens in the golden world is another thing.
STALLED = """
from sms_warehouse.cli import main
from sms_warehouse.verify import world


def steps(redshift, lake):
    def wait():
        lake.put("raw/inbound_message/object", b"")
        with redshift.session("verify") as holder, redshift.session("verify") as waiter:
            holder.execute("create table control.load (load_id varchar(26))")
            for session in (holder, waiter):
                session.execute("begin")
                print("locking", flush=True)
                session.execute("lock control.load")

    yield world.Step("wait for a lock that is never free", wait)


world.steps = steps
main(prog_name="sms-warehouse")
"""
PATIENCE_S = 300


class Stalled:
    """``sms-warehouse verify`` in a process of its own, as a terminal starts it, in the middle of a statement."""

    def __init__(self, log: Path) -> None:
        self._log = log
        with log.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", STALLED, "verify", "--only", "sql"],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(os.environ),
            )

    @property
    def said(self) -> str:
        return self._log.read_text()

    def wait_for_statement(self) -> None:
        end = time.monotonic() + PATIENCE_S
        while self.said.count("locking") < 2:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < end, self.said
            time.sleep(0.05)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def stalled(platform: Platform, tmp_path: Path) -> Iterator[Stalled]:
    """A verification that has made schemas, a table and an object, and waits for a lock."""
    started = Stalled(tmp_path / "log")
    try:
        started.wait_for_statement()
        yield started
    finally:
        started.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_verification_that_is_stopped_removes_what_it_made(
    stalled: Stalled, platform: Platform, number: signal.Signals
) -> None:
    left = scratch_spaces(platform)
    assert any(name.startswith("verify/") for name in left)
    assert any(name.endswith("_control") for name in left)
    stalled.process.send_signal(number)
    assert stalled.process.wait(PATIENCE_S) == 1, stalled.said
    assert "error: the verification was stopped before its end" in stalled.said
    # What had been found by then is told.
    assert "Stopped before its end: what was not reached is not in this report." in stalled.said
    assert "Traceback" not in stalled.said
    assert scratch_spaces(platform) == []


def test_what_a_killed_verification_left_is_named_by_the_next_and_can_be_removed(
    stalled: Stalled, platform: Platform, verify: Verify
) -> None:
    stalled.kill()
    (schema,) = re.findall(r"scratch schema (\w+)", stalled.said)
    left = scratch_spaces(platform)
    assert schema in left
    assert any(name.startswith(f"verify/{schema}/raw/") for name in left)

    following = verify("--only", "copy")
    assert following.exit_code == 0, following.output
    assert f"sms-warehouse verify --schema {schema} --remove" in following.stderr
    assert scratch_spaces(platform) == left

    assert verify("--schema", schema, "--remove").exit_code == 0
    assert scratch_spaces(platform) == []
    again = verify("--schema", schema, "--remove")
    assert again.exit_code == 1
    assert f"no verification has left a schema {schema!r}" in again.stderr


def test_a_kept_schema_can_be_looked_at_and_used_again(verify: Verify, platform: Platform) -> None:
    name = "sms_warehouse_verify_kept"
    assert verify("--schema", name, "--only", "copy", "--keep").exit_code == 0
    assert f"{name}_control" not in scratch_spaces(platform)
    with platform.redshift.session("tests") as session:
        assert session.value(f"select count(*) as n from {name}.copied_0") == 4
    result = verify("--schema", name, "--only", "copy")
    assert result.exit_code == 0, result.output
    assert scratch_spaces(platform) == []


@pytest.mark.parametrize("arguments", [(), ("--remove",)])
def test_a_schema_that_a_verification_did_not_make_is_refused_and_left_alone(
    verify: Verify, platform: Platform, arguments: tuple[str, ...]
) -> None:
    with platform.redshift.session("tests") as session:
        session.execute("create schema somebodys")
        session.execute("create table somebodys.own (n bigint)")
        try:
            result = verify("--schema", "somebodys", "--only", "copy", *arguments)
            assert result.exit_code == 1
            assert "somebodys" in result.stderr
            assert session.value("select count(*) as n from somebodys.own") == 0
        finally:
            session.execute("drop schema somebodys cascade")
    assert scratch_spaces(platform) == []


@pytest.mark.parametrize("name", ["control", "warehouse", "pii", "public", "Mixed", "a b", "x;y"])
def test_a_name_that_is_the_warehouses_or_no_name_is_refused(verify: Verify, name: str) -> None:
    result = verify("--schema", name, "--only", "copy")
    assert result.exit_code == 1
    assert "cannot be a scratch schema" in result.stderr


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("lock control.landing_mutex", "lock s_control.landing_mutex"),
        (
            "delete from warehouse.fact_click using staging.link_click as c where c.x = fact_click.x",
            "delete from s_warehouse.fact_click using s_staging.link_click as c where c.x = fact_click.x",
        ),
        ("create schema if not exists control", "create schema if not exists s_control"),
        ("select 'control.load' as \"staging.x\"", "select 'control.load' as \"staging.x\""),
        (
            "-- from control.load\nselect 1 /* reports.x */ as n",
            "-- from control.load\nselect 1 /* reports.x */ as n",
        ),
        ("select t.control.x, my_control.y from t", "select t.control.x, my_control.y from t"),
        (
            "copy staging.link_click from 's3://control.x/staging.y'",
            "copy s_staging.link_click from 's3://control.x/staging.y'",
        ),
        (
            "select 1 as n from information_schema.tables where table_schema = 'control'",
            "select 1 as n from information_schema.tables where table_schema = 's_control'",
        ),
        (
            "select remarks from svv_columns where table_schema in ('pii', 'reports')",
            "select remarks from svv_columns where table_schema in ('s_pii', 's_reports')",
        ),
        (
            "comment on column pii.legal_hold.reason is 'As in pii.identifier; it''s control.load'",
            "comment on column s_pii.legal_hold.reason is 'As in pii.identifier; it''s control.load'",
        ),
        (
            "with control as (select 1 as n) select control.n, l.rows_landed from control.load as l",
            "with control as (select 1 as n) select control.n, l.rows_landed from s_control.load as l",
        ),
        (
            "select reports.n from control.load as reports",
            "select reports.n from s_control.load as reports",
        ),
        ("select n from control.no_such_table", "select n from s_control.no_such_table"),
    ],
)
def test_only_the_names_of_schemas_are_replaced(statement: str, expected: str) -> None:
    assert renamed(statement, "s") == expected


def test_files_of_the_scratch_space_are_kept_apart(platform: Platform) -> None:
    """Lists and quarantined lines of the real warehouse lie in the same bucket, and erasure rewrites such files."""
    names = ["exports/list.csv", "quarantine/line", "raw/inbound_message/v=1/dt=2026-03-10/hh=12/x"]
    for name in names:
        platform.lake.put(name, b"real")
    lake = ScratchLake(prefix="verify/s/")
    for name in names:
        assert lake.head(name) is None
        assert lake.get(name) is None
        assert lake.list_prefix(name) == []
        lake.put(name, b"scratch")
        (found,) = lake.list_prefix(name)
        assert found.key == f"verify/s/{name}"
        assert lake.get(name) == lake.get(found.key) == b"scratch"
    lake.delete(names[:2])
    lake.delete([f"verify/s/{names[2]}"])
    assert lake.list_prefix("") == []
    assert [platform.lake.get(name) for name in names] == [b"real"] * 3
    # COPY reads what a manifest names, and landing names what it wrote there.
    lake.put(f"{keys.LANDING}load/good.manifest", b"scratch")
    assert platform.lake.get(f"{keys.LANDING}load/good.manifest") == b"scratch"
