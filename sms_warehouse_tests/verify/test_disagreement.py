"""What is not as documented is named with both answers and its page, and the exit code is 1."""

from __future__ import annotations

from typing import Any

import pytest

from sms_warehouse.resources.redshift import Session, StatementFailed
from sms_warehouse.verify import transactions
from sms_warehouse.verify.report import STAND_IN_SENTENCE
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.verify.conftest import Verify, report, scratch_spaces


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
    assert lines[0] == STAND_IN_SENTENCE
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


def test_a_user_who_may_not_create_databases_learns_what_stays_open(
    verify: Verify, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = Session.execute

    def denied(session: Session, statement: str, **values: object) -> int:
        if statement.startswith("create database "):
            raise StatementFailed("42501", "permission denied to create database", statement)
        return execute(session, statement, **values)

    monkeypatch.setattr(Session, "execute", denied)
    # It needs the warehouse's tables, and no database.
    monkeypatch.setattr(transactions, "_land", lambda _: ("once", "once"))
    result = verify("--only", "transactions", "--json")
    assert result.exit_code == 0, result.output
    found = [o for o in report(result)["outcomes"] if o["section"] == "transactions"]
    untried = [o for o in found if o["agreed"] is None]
    assert len(untried) == 4
    assert all("permission denied to create database" in o["note"] for o in untried)
    assert len({o["name"].split(":")[0] for o in untried}) == 1
    assert scratch_spaces(platform) == []
