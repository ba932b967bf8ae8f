"""What is not as documented is named with both answers and its page, and the exit code is 1."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pytest

from sms_warehouse import sql
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift, Session, StatementFailed
from sms_warehouse.verify import golden, world
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.verify.conftest import Verify, report, scratch_spaces


@pytest.fixture
def quiet_world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A golden world in which nothing happens but that the schema is made, and a few of the SQL files."""
    steps = world.steps

    def first(redshift: Redshift, lake: Lake) -> Iterator[world.Event]:
        return islice(steps(redshift, lake), 1)

    monkeypatch.setattr(world, "steps", first)
    folder = tmp_path / "sql"
    for name in ("schema", "reference", "apply", "warehouse/dim_campaign"):
        shutil.copytree(sql.root() / name, folder / name)
    monkeypatch.setattr(sql, "root", lambda: folder)
    return folder


def test_a_redshift_that_counts_otherwise_is_found_out(
    verify: Verify, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = Session.value

    def miscounting(session: Session, statement: str, **values: object) -> Any:
        found = value(session, statement, **values)
        return found - 1 if "pg_last_copy_count" in statement else found

    monkeypatch.setattr(Session, "value", miscounting)
    result = verify("--only", "copy")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    at = lines.index("  WRONG      pg_last_copy_count() is the rows of the last COPY")
    assert [line.split() for line in lines[at + 1 : at + 4]] == [
        ["expected", "6"],
        ["found", "5"],
        ["see", "https://docs.aws.amazon.com/redshift/latest/dg/PG_LAST_COPY_COUNT.html"],
    ]
    assert "  differs    COPY loads our Parquet files and manifests, or stores nothing" in (
        result.stdout
    )
    assert "1 of 22 did not agree." in lines[-1]
    assert scratch_spaces(platform) == []


def test_a_bucket_that_copy_cannot_read_does_not_pass_for_its_limits(
    verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When every COPY fails, one that has to fail shows nothing."""
    execute = Session.execute

    def denied(session: Session, statement: str, **values: object) -> int:
        if statement.startswith("copy "):
            raise StatementFailed("XX000", "S3ServiceException:Access Denied", statement)
        return execute(session, statement, **values)

    monkeypatch.setattr(Session, "execute", denied)
    result = verify("--only", "copy", "--json")
    assert result.exit_code == 1
    first, *others = [o for o in report(result)["outcomes"] if o["section"] == "copy"]
    assert first["agreed"] is False
    assert "Access Denied" in first["found"]
    assert {o["agreed"] for o in others} == {None}


def test_a_golden_row_that_differs_is_named(
    verify: Verify, quiet_world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value of another type differs too, although Python calls 1 and 1.0 equal."""
    query = "select 30 as a, 28 as b, 1 as c"

    def broken() -> object:
        raise LookupError("nothing is known")

    planted: list[world.Event] = [
        golden.Golden("another value", query, (30, 27, 1)),
        golden.Golden("another type", query, (30, 28, 1.0)),
        golden.Golden("no row", f"select x.a from ({query}) as x where x.a = 0", (30,)),
        golden.Golden("the same", query, (30, 28, 1)),
        golden.Answer("another answer", lambda: [1], (1,)),
        golden.Answer("no answer", broken, 1),
        golden.Answer("the same answer", lambda: {"rows": 1}, {"rows": 1}),
    ]
    first = world.steps
    monkeypatch.setattr(world, "steps", lambda *given: chain(first(*given), planted))
    result = verify("--only", "sql", "--json")
    assert result.exit_code == 1
    goldens = {
        o["name"]: (o["agreed"], o["expected"], o["found"])
        for o in report(result)["outcomes"]
        if o["name"].startswith("golden: ")
    }
    assert goldens == {
        "golden: another value": (False, "(30, 27, 1)", "(30, 28, 1)"),
        "golden: another type": (False, "(30, 28, 1.0)", "(30, 28, 1)"),
        "golden: no row": (False, "(30,)", "()"),
        "golden: the same": (True, "(30, 28, 1)", "(30, 28, 1)"),
        "golden: another answer": (False, "(1,)", "[1]"),
        "golden: no answer": (False, "1", "LookupError: nothing is known"),
        "golden: the same answer": (True, "{'rows': 1}", "{'rows': 1}"),
    }


def test_what_the_world_does_not_run_is_explained_and_does_not_count_as_run(
    verify: Verify, quiet_world: Path
) -> None:
    """A new file that nobody runs and that Redshift cannot plan is an error, one that it can plan is open.

    What was tried on the way to a plan, such as making a temp table that needs another one, is no error.
    """
    (quiet_world / "apply" / "planned.sql").write_text(
        "select load_id from batch_load where load_id = :load_id"
    )
    (quiet_world / "apply" / "wrong.sql").write_text("select no_such_column from control.load")
    (quiet_world / "apply" / "reader.sql").write_text("select load_id from second_list")
    (quiet_world / "apply" / "tables.sql").write_text(
        "create temp table first_list (load_id varchar(26));"
        " create temp table second_list as select load_id from first_list"
    )
    result = verify("--only", "sql", "--json")
    assert result.exit_code == 1
    found = {o["name"]: o for o in report(result)["outcomes"] if o["section"] == "sql"}
    planned = found["file apply/planned.sql, statement 1: select load_id"]
    assert (planned["agreed"], planned["found"]) == (None, "explained")
    wrong = found["file apply/wrong.sql, statement 1: select no_such_column"]
    assert wrong["agreed"] is False
    assert "42703" in wrong["found"]
    assert [name for name, o in found.items() if o["agreed"] is False] == [wrong["name"]]
    for number in (1, 2):
        made = found[f"file apply/tables.sql, statement {number}: create temp"]
        assert (made["agreed"], made["note"]) == (None, "not run, and cannot be explained")


def test_a_user_who_may_not_create_databases_learns_what_stays_open(
    verify: Verify, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = Session.execute

    def denied(session: Session, statement: str, **values: object) -> int:
        if statement.startswith("create database "):
            raise StatementFailed("42501", "permission denied to create database", statement)
        return execute(session, statement, **values)

    monkeypatch.setattr(Session, "execute", denied)
    result = verify("--only", "transactions", "--json")
    assert result.exit_code == 0, result.output
    found = [o for o in report(result)["outcomes"] if o["section"] == "transactions"]
    untried = [o for o in found if o["agreed"] is None]
    assert len(untried) == 4
    assert all("permission denied to create database" in o["note"] for o in untried)
    assert len({o["name"].split(":")[0] for o in untried}) == 1
    assert scratch_spaces(platform) == []
