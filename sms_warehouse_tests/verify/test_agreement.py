"""All of ``sms-warehouse verify`` agrees with the local Redshift, runs every SQL file, and leaves nothing."""

from __future__ import annotations

import gzip

import click
import pytest
from click.testing import Result

from sms_warehouse import sql
from sms_warehouse.cli import main
from sms_warehouse.verify.report import STAND_IN_SENTENCE
from sms_warehouse.verify.transactions import LEVELS
from sms_warehouse.verify.verification import SECTIONS
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.verify.conftest import Verify, report, scratch_spaces


def rows_of_the_warehouse(platform: Platform) -> dict[str, int]:
    """How many rows each table has outside all scratch schemas."""
    with platform.redshift.session("tests") as session:
        tables = session.rows(
            "select table_schema, table_name from information_schema.tables"
            " where table_schema in ('control', 'pii', 'staging', 'warehouse', 'reports')"
            " and table_type = 'BASE TABLE'"
        )
        return {
            f"{schema}.{table}": session.value(f"select count(*) as n from {schema}.{table}")
            for schema, table in tables
        }


def told(result: Result) -> str:
    """What went wrong, for whoever reads the test's failure."""
    return "\n".join(
        f"{o['section']}: {o['name']}\n  {o['expected']}\n  {o['found']}"
        for o in report(result)["outcomes"]
        if o["agreed"] is False
    )


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_everything_agrees_every_statement_has_run_and_nothing_is_left(
    verify: Verify, platform: Platform
) -> None:
    """What could not be tried is named: this login is a password without TLS, and some SQL is refused here.

    Statements of ``sql/`` are executed, not explained: who adds a file gives the golden world a reason to run it.
    """
    # Real files in the same bucket that name whom the golden world erases.
    platform.lake.put("exports/follow-up/real.csv.gz", gzip.compress(b"sub_0#0,sub_0\n"))
    platform.lake.put("quarantine/inbound_message/real", b'{"recipient_id": "sub_0"}')
    before = rows_of_the_warehouse(platform)
    objects = platform.lake.list_prefix("")
    result = verify("--json")
    assert result.exit_code == 0, told(result)
    found = report(result)
    assert found["proves_nothing_about_a_cluster"]
    assert found["green"]
    untried = {o["section"] for o in found["outcomes"] if o["agreed"] is None}
    assert untried <= {"connection", "conformance"}
    assert found["summary"]["conformance"]["agreed"] >= 120
    for level in LEVELS:
        assert sum(o["name"].startswith(f"{level}: ") for o in found["outcomes"]) == 4

    ran = {o["name"]: o["found"] for o in found["outcomes"] if o["section"] == "sql"}
    missed = [name for name, what in ran.items() if name.startswith("file ") and what != "ran"]
    assert missed == []
    for file in sql.root().rglob("*.sql"):
        path = file.relative_to(sql.root()).with_suffix("").as_posix()
        for number, _ in enumerate(sql.statements(path), start=1):
            assert any(name.startswith(f"file {path}.sql, statement {number}: ") for name in ran)

    verdicts = {v["promise"]: v["verdict"] for v in found["promises"]}
    is_open = {promise for promise, verdict in verdicts.items() if verdict != "agrees"}
    assert is_open == {
        "SQL means here what Redshift's documentation says",
        "login with AWS credentials works",
        "TLS is verified in full",
    }
    assert {verdicts[promise] for promise in is_open} == {"open"}
    assert rows_of_the_warehouse(platform) == before
    assert platform.lake.list_prefix("") == objects
    assert scratch_spaces(platform) == []


def test_the_report_says_what_it_ran_against_and_what_that_proves_and_no_secret(
    verify: Verify, env: dict[str, str]
) -> None:
    result = verify("--only", "copy")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == STAND_IN_SENTENCE
    assert lines[-1].endswith(STAND_IN_SENTENCE)
    assert "kind       local stand-in" in lines
    assert "login      user and password" in lines
    assert "TLS        no" in lines
    assert "isolation level s" in result.stdout
    assert "proved" not in result.stdout
    assert env["REDSHIFT_PASSWORD"] not in result.output


def test_every_section_can_be_chosen() -> None:
    (option,) = [o for o in main.commands["verify"].params if o.name == "sections"]
    assert isinstance(option.type, click.Choice)
    assert list(option.type.choices) == list(SECTIONS)
