"""``sms-warehouse load`` brings in days without a daemon, says what it did, and never does it twice."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from sms_warehouse.landing.events import EVENTS
from sms_warehouse_tests.cli.conftest import Command
from sms_warehouse_tests.conftest import Platform

# Recent: of days past SMS_WAREHOUSE_STAGING_DAYS only the ledger is left to check.
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date()
DAY = ("--from", str(YESTERDAY), "--to", str(YESTERDAY))
TRAFFIC = ("traffic", *DAY, "--messages", "100", "--faults", "usual")


@pytest.fixture
def truth(command: Command, platform: Platform) -> dict[str, dict[str, int]]:
    """What the services wrote on a day, with the faults of everyday life."""
    result = command(*TRAFFIC, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def load(command: Command, *arguments: str, **environment: str) -> dict[str, Any]:
    result = command("load", *DAY, "--json", *arguments, **environment)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_every_line_is_accounted_for_once_and_its_run_recorded(
    command: Command, truth: dict[str, dict[str, int]], tmp_path: Path
) -> None:
    """Loading again lands nothing."""
    first = load(command, DAGSTER_HOME=str(tmp_path))
    assert {
        event_type: (row["lines"], row["quarantined"], row["blank"])
        for event_type, row in first["loaded"].items()
        if row["objects"]
    } == {
        event_type: (counts["lines"], counts["malformed"], counts["blank"])
        for event_type, counts in truth.items()
    }
    for row in first["loaded"].values():
        assert row["lines"] == row["landed"] + row["quarantined"] + row["blank"]
    assert not any(row["objects"] for row in load(command)["loaded"].values())
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        recorded = {
            run.run_id: (run.job_name, run.tags.get("dagster/partition"), run.status.value)
            for run in instance.get_runs()
        }
    assert recorded == {
        first["runs"][str(YESTERDAY)]: ("load_day", str(YESTERDAY), "SUCCESS"),
        first["runs"]["refresh_reports"]: ("refresh_reports", None, "SUCCESS"),
    }


def test_a_dry_run_tells_what_a_load_would_land_and_writes_nothing(
    command: Command, truth: object, platform: Platform
) -> None:
    result = command("load", *DAY, "--dry-run", "--json")
    assert result.exit_code == 0, result.stderr
    waiting = json.loads(result.stdout)
    assert [(row["day"], row["event_type"]) for row in waiting] == [
        (str(YESTERDAY), event_type) for event_type in EVENTS
    ]
    listed = {w["event_type"]: w["objects_listed"] for w in waiting}
    assert {w["event_type"]: w["objects_to_land"] for w in waiting} == listed
    assert sum(listed.values()) == len(platform.lake.list_prefix("raw/"))
    with platform.redshift.session("tests") as session:
        for table in ("landed_object", "listed_day"):
            assert session.value(f"select count(*) as kept from control.{table}") == 0


def test_one_event_type_can_be_loaded_alone(
    command: Command, truth: object, platform: Platform
) -> None:
    found = load(command, "--event", "link_click")
    assert list(found["loaded"]) == ["link_click"]
    with platform.redshift.session("tests") as session:
        event_types = session.rows("select distinct event_type from control.landed_object")
    assert [tuple(row) for row in event_types] == [("link_click",)]


def test_the_reports_are_computed_for_the_clock_that_was_given(
    command: Command, truth: object, platform: Platform
) -> None:
    """The table goes to standard output, progress and notes do not."""
    result = command("load", *DAY, "--as-of", "2026-03-05T14:00:00+02:00")
    assert result.exit_code == 0, result.stderr
    header, *rows = result.stdout.splitlines()
    assert header.split()[:3] == ["event", "type", "objects"]
    assert [row.split()[0] for row in rows] == list(EVENTS)
    assert "DAGSTER_HOME is not set" in result.stderr
    assert f"message_submitted {YESTERDAY}" in result.stderr
    with platform.redshift.session("tests") as session:
        clocks = session.rows("select distinct as_of from control.report_refresh")
    assert [clock.isoformat() for (clock,) in clocks] == ["2026-03-05T12:00:00"]


def test_a_day_that_cannot_be_proved_fails_the_command_and_the_next_day_is_loaded(
    command: Command, truth: object, platform: Platform
) -> None:
    """A row that vanishes behind the ledger's back is what the blocking check is there to find."""
    load(command)
    with platform.redshift.session("tests") as session:
        session.execute("delete from staging.message_submitted where line_number = 1")
    result = command("load", "--from", str(YESTERDAY), "--to", str(YESTERDAY + timedelta(days=1)))
    assert result.exit_code == 1
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert errors
    assert all(str(YESTERDAY) in line for line in errors)
    assert any("every_record_landed of staging/message_submitted" in line for line in errors)
    assert f"{YESTERDAY + timedelta(days=1)}: loading" in result.stderr


def test_checks_of_the_reports_that_do_not_pass_are_told_by_their_severity(
    command: Command,
    truth: object,
    platform: Platform,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A number that contradicts another is an error, also to the demo; a code that nobody mapped is a warning."""
    with platform.redshift.session("tests") as session:
        session.execute(
            "delete from reports.follow_up_rule where outcome is null and clicked is null"
        )
        session.execute("delete from warehouse.dim_delivery_error")
    result = command("load", *DAY, DAGSTER_HOME=str(tmp_path))
    assert result.exit_code == 1
    told = [line for line in result.stderr.splitlines() if " of reports/" in line]
    assert told == [
        "warning: reports: check every_error_code_is_mapped of reports/delivery_failure_daily did not pass: "
        "`sql/checks/delivery_failure_daily/every_error_code_is_mapped.sql` finds the rows",
        "error: reports: check every_message_has_a_status of reports/campaign_daily did not pass: "
        "`sql/checks/campaign_daily/every_message_has_a_status.sql` finds the rows",
    ]
    from sms_warehouse.watch import Watch

    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    watch = Watch(lambda line: None, began=datetime.now(UTC))
    watch.look(0)
    assert watch.failed_checks == [told[1].removeprefix("error: reports: ")]


def test_traffic_is_the_same_for_the_same_seed_and_another_for_another(
    command: Command, platform: Platform
) -> None:
    def write(seed: str) -> dict[str, str]:
        result = command(*TRAFFIC, "--seed", seed)
        assert result.exit_code == 0, result.stderr
        return {found.key: found.etag for found in platform.lake.list_prefix("raw/")}

    first = write("1")
    assert write("1") == first
    assert set(write("2")) > set(first)
