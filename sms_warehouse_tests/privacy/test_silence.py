"""What Dagster records of runs names no recipient: events, tags, metadata and logs of computation."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot

from sms_warehouse import backfill, model, sql
from sms_warehouse.local import traffic
from sms_warehouse.reports import REPORTS
from sms_warehouse.resources.redshift import Session
from sms_warehouse.resources.s3 import s3_client
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.privacy.people import OTHER_LINES, erased, put, rows
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
    """Also when they fail over a value, which the warehouse's own words quote; and when they land old files of somebody
    who was erased: neither their names nor what stands for them."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    traffic.write(
        platform.bucket,
        s3_client(),
        DAY,
        DAY,
        messages=60,
        seed=5,
        world_start=DAY,
        faults="usual",
        progress=lambda _: None,
    )
    put(platform, "broken", [], OTHER_LINES[0])
    execute = Session.execute

    def failing(session: Session, statement: str, **values: object) -> int:
        if "create temp table arrival" in statement:
            execute(session, "select cast(visitor_token as integer) from staging.link_click")
        return execute(session, statement, **values)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "execute", failing)
        outcome = backfill.load(DAY, DAY, None, progress=lambda _: None)
    assert any("[22" in failure for failure in outcome.failures)
    people = {
        value
        for row in rows(
            platform,
            "select recipient_id, msisdn_token, message_id, coalesce(link_token, message_id) as link"
            " from staging.message_submitted",
        )
        for value in row
    }
    assert len(people) > 120
    for statement in (
        "select client_ip, visitor_token, ip_token from staging.link_click",
        "select raw_line from control.quarantined_line",
    ):
        found = {value for row in rows(platform, statement) for value in row if value}
        assert found, statement
        people |= found
    ((recipient_id,),) = rows(
        platform,
        "select min(sent.recipient_id) as recipient_id from staging.message_submitted as sent"
        " join staging.link_click as click on click.message_id = sent.message_id",
    )
    assert erased(platform, recipient_id).is_proved
    for found_object in list(platform.lake.list_prefix("raw/")):
        body = platform.lake.get(found_object.key)
        assert body is not None
        platform.lake.put(found_object.key.replace(".json.gz", "-again.json.gz"), body)
    outcome = backfill.load(DAY, DAY, None, progress=lambda _: None)
    assert not outcome.failures
    assert sum(loaded.landed for loaded in outcome.loaded.values()) > 100
    aliases = rows(
        platform,
        "select person.recipient_alias, message.message_alias from pii.erasure_registry as person"
        " join pii.erased_message as message on message.request_id = person.request_id",
    )
    assert aliases
    people |= {value for row in aliases for value in row}
    stored = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"load_day" in stored
    assert b"refresh_reports" in stored
    assert [value for value in people if value.encode() in stored] == []
