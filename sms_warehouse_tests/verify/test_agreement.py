"""All of ``sms-warehouse verify`` agrees with the local Redshift, runs every SQL file, and leaves nothing.

It runs once, and the tests look at what it did.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click
import pytest
from click.testing import Result

from local_redshift import conformance
from sms_warehouse import sql
from sms_warehouse.cli import main
from sms_warehouse.resources.s3 import LakeObject
from sms_warehouse.verify import verification
from sms_warehouse.verify.report import STAND_IN_SENTENCE, Report
from sms_warehouse.verify.transactions import LEVELS
from sms_warehouse.verify.verification import SECTIONS
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.verify.conftest import report, run, scratch_spaces

ROWS = {topic: rows[::5] for topic, rows in conformance.TOPICS.items()}
"""Rows of each topic. All of them run in the local Redshift's own tests."""


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


@dataclass(frozen=True)
class Whole:
    """A run of everything: what it printed, the same as text, and what is there besides, before and after."""

    result: Result
    text: str
    before: tuple[dict[str, int], list[LakeObject]]
    after: tuple[dict[str, int], list[LakeObject]]

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        found = report(self.result)["outcomes"]
        assert isinstance(found, list)
        return found


@pytest.fixture(scope="module")
def whole(module_platform: Platform) -> Iterator[Whole]:
    platform = module_platform
    # Real files in the same bucket that name whom the golden world erases.
    platform.lake.put("exports/follow-up/real.csv.gz", gzip.compress(b"sub_0#0,sub_0\n"))
    platform.lake.put("quarantine/inbound_message/real", b'{"recipient_id": "sub_0"}')
    reports: list[Report] = []
    work = verification.verify

    def verify(*arguments: Any, **options: Any) -> Report:
        reports.append(work(*arguments, **options))
        return reports[-1]

    def there() -> tuple[dict[str, int], list[LakeObject]]:
        return rows_of_the_warehouse(platform), platform.lake.list_prefix("")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verification, "verify", verify)
        patch.setattr(conformance, "TOPICS", ROWS)
        before = there()
        result = run("--json")
        (found,) = reports
        yield Whole(result, found.text(), before, there())


@pytest.mark.slow
def test_everything_agrees_with_the_local_redshift_at_both_isolation_levels(whole: Whole) -> None:
    """What could not be tried is named: this login is a password without TLS, and some SQL is refused here."""
    wrong = [
        f"{o['section']}: {o['name']}\n  {o['expected']}\n  {o['found']}"
        for o in whole.outcomes
        if o["agreed"] is False
    ]
    assert whole.result.exit_code == 0, "\n".join(wrong)
    found = report(whole.result)
    assert found["proves_nothing_about_a_cluster"]
    assert found["green"]
    untried = {o["section"] for o in found["outcomes"] if o["agreed"] is None}
    assert untried <= {"connection", "conformance"}
    assert set(found["summary"]) == {"connection", *SECTIONS}
    assert [o["name"] for o in found["outcomes"] if o["section"] == "conformance"] == [
        f"{topic}: {row.name}" for topic, rows in ROWS.items() for row in rows
    ]
    assert found["summary"]["conformance"]["agreed"] >= 20
    for level in LEVELS:
        assert sum(o["name"].startswith(f"{level}: ") for o in found["outcomes"]) == 4


def test_every_statement_of_every_file_has_run(whole: Whole) -> None:
    """Executed, not explained: who adds a file gives the golden world a reason to run it."""
    ran = {o["name"]: o["found"] for o in whole.outcomes if o["section"] == "sql"}
    missed = [name for name, what in ran.items() if name.startswith("file ") and what != "ran"]
    assert missed == []
    for file in sql.root().rglob("*.sql"):
        path = file.relative_to(sql.root()).with_suffix("").as_posix()
        for number, _ in enumerate(sql.statements(path), start=1):
            assert any(name.startswith(f"file {path}.sql, statement {number}: ") for name in ran)


def test_the_promises_that_stay_open_are_those_that_nothing_here_can_show(whole: Whole) -> None:
    verdicts = {v["promise"]: v["verdict"] for v in report(whole.result)["promises"]}
    is_open = {promise for promise, verdict in verdicts.items() if verdict != "agrees"}
    assert is_open == {
        "SQL means here what Redshift's documentation says",
        "login with AWS credentials works",
        "TLS is verified in full",
    }
    assert {verdicts[promise] for promise in is_open} == {"open"}


def test_nothing_is_left_and_the_warehouse_and_its_files_are_as_they_were(
    whole: Whole, module_platform: Platform
) -> None:
    assert whole.after == whole.before
    assert scratch_spaces(module_platform) == []


def test_the_report_says_what_it_ran_against_and_what_that_proves_and_no_secret(
    whole: Whole, env: dict[str, str]
) -> None:
    lines = whole.text.splitlines()
    assert lines[0] == STAND_IN_SENTENCE
    assert lines[-1].endswith(STAND_IN_SENTENCE)
    assert "kind       local stand-in" in lines
    assert "login      user and password" in lines
    assert "TLS        no" in lines
    assert "isolation level s" in whole.text
    assert "proved" not in whole.text
    for said in (whole.text, whole.result.output):
        assert env["REDSHIFT_PASSWORD"] not in said


def test_every_section_can_be_chosen() -> None:
    (option,) = [o for o in main.commands["verify"].params if o.name == "sections"]
    assert isinstance(option.type, click.Choice)
    assert list(option.type.choices) == list(SECTIONS)
