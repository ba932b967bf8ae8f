"""What Dagster records of runs names no recipient: events, tags, metadata and logs of computation."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlglot

from sms_warehouse import backfill, model, sql
from sms_warehouse.local import traffic
from sms_warehouse.privacy.erase import erase
from sms_warehouse.reports import REPORTS
from sms_warehouse.resources.redshift import Session
from sms_warehouse.resources.s3 import s3_client
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.privacy.test_treatment import PERSONAL_COLUMN
from sms_warehouse_tests.warehouse.world import DAY


def test_reports_with_a_column_that_leads_to_a_person_are_personal_and_no_others() -> None:
    """Rows of the others are shown in Dagster."""
    assert {name for name, report in REPORTS.items() if report.is_personal} == {
        name
        for name in REPORTS
        if any(PERSONAL_COLUMN.fullmatch(c.name) for c in model.table(f"reports.{name}").columns)
    }


@pytest.mark.parametrize("folder", ["checks", "plots"])
def test_what_checks_and_pictures_select_leads_to_nobody(folder: str) -> None:
    """Their rows are shown in Dagster too."""
    files = sorted((sql.root() / folder).rglob("*.sql"))
    assert len(files) > 9
    for file in files:
        (statement,) = sql.split(file.read_text())
        shown = sqlglot.parse_one(statement.text, read="redshift").named_selects
        assert shown, file
        assert [name for name in shown if PERSONAL_COLUMN.fullmatch(name)] == [], file


def test_full_runs_leave_no_trace_of_people_in_dagsters_storage(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when they land old files of people who were erased: neither their names nor what stands for them. And
    when they fail over a value, which the warehouse's own words quote."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    traffic.write(
        platform.bucket,
        s3_client(),
        DAY,
        DAY,
        messages=150,
        seed=5,
        world_start=DAY,
        faults="usual",
        progress=lambda _: None,
    )
    execute = Session.execute

    def failing(session: Session, statement: str, **values: object) -> int:
        if "create temp table arrival" in statement:
            execute(session, "select cast(visitor_token as integer) from staging.link_click")
        return execute(session, statement, **values)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "execute", failing)
        outcome = backfill.load(DAY, DAY, None, progress=lambda _: None)
    assert any("[22" in failure for failure in outcome.failures)
    outcome = backfill.load(DAY, DAY, None, progress=lambda _: None)
    assert not outcome.failures
    with platform.redshift.session("tests") as session:
        rows = session.rows(
            "select distinct recipient_id, msisdn_token, message_id, coalesce(link_token, message_id) as link"
            " from staging.message_submitted"
        )
    people = [value.encode() for row in rows for value in row]
    assert len(people) > 300
    with platform.redshift.session("tests") as session:
        people += [
            value.encode()
            for statement in (
                "select client_ip, visitor_token, ip_token from staging.link_click",
                "select raw_line from control.quarantined_line",
            )
            for row in session.rows(statement)
            for value in row
            if value
        ]
    now = datetime.now(UTC).replace(tzinfo=None)
    for number, recipient_id in enumerate(sorted({row[0] for row in rows})[:2]):
        done = erase(platform.redshift, platform.lake, recipient_id, f"DSR-{number}", now=now)
        assert done.is_proved
    for found in list(platform.lake.list_prefix("raw/")):
        body = platform.lake.get(found.key)
        assert body is not None
        platform.lake.put(found.key.replace(".json.gz", "-again.json.gz"), body)
    outcome = backfill.load(DAY, DAY, None, progress=lambda _: None)
    assert not outcome.failures
    with platform.redshift.session("tests") as session:
        people += [
            value.encode()
            for row in session.rows(
                "select person.recipient_alias, message.message_alias from pii.erasure_registry as person"
                " join pii.erased_message as message on message.request_id = person.request_id"
            )
            for value in row
        ]
    stored = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"load_day" in stored
    assert [value for value in set(people) if value in stored] == []
