"""``sms-warehouse load`` brings in days without a daemon, says what it did, and never does it twice."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sms_warehouse.landing.events import EVENTS
from sms_warehouse_tests.cli import day
from sms_warehouse_tests.cli.conftest import Command
from sms_warehouse_tests.cli.day import CLOCK, DAY, DAYS, NEXT_DAY, TRAFFIC
from sms_warehouse_tests.conftest import Platform, Worlds


@pytest.fixture(autouse=True)
def staged(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in day.STAGED.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def written(platform: Platform, worlds: Worlds) -> Platform:
    return worlds.begin(platform, day.written)


@pytest.fixture
def loaded(platform: Platform, worlds: Worlds) -> Platform:
    return worlds.begin(platform, day.loaded)


def test_every_line_is_accounted_for_once_and_its_run_recorded(loaded: Platform) -> None:
    told = day.told(loaded)
    truth, load = told["truth"], told["load"]
    assert truth.keys() == EVENTS.keys()
    assert {
        event_type: (row["lines"], row["quarantined"], row["blank"])
        for event_type, row in load["loaded"].items()
    } == {
        event_type: (counts["lines"], counts["malformed"], counts["blank"])
        for event_type, counts in truth.items()
    }
    for row in load["loaded"].values():
        assert row["lines"] == row["landed"] + row["quarantined"] + row["blank"]
    assert sum(row["quarantined"] for row in load["loaded"].values()) > 0
    assert told["recorded"] == {
        load["runs"][DAY]: ["load_day", DAY, "SUCCESS"],
        load["runs"]["refresh_reports"]: ["refresh_reports", None, "SUCCESS"],
    }


def test_a_dry_run_tells_what_a_load_would_land_and_writes_nothing(
    command: Command, written: Platform
) -> None:
    result = command("load", *DAYS, "--dry-run", "--json")
    assert result.exit_code == 0, result.stderr
    waiting = json.loads(result.stdout)
    assert [(row["day"], row["event_type"]) for row in waiting] == [
        (DAY, event_type) for event_type in EVENTS
    ]
    listed = {w["event_type"]: w["objects_listed"] for w in waiting}
    assert {w["event_type"]: w["objects_to_land"] for w in waiting} == listed
    assert sum(listed.values()) == len(written.lake.list_prefix("raw/"))
    with written.redshift.session("tests") as session:
        for table in ("landed_object", "listed_day"):
            assert session.value(f"select count(*) as kept from control.{table}") == 0


def test_one_event_type_can_be_loaded_alone(command: Command, written: Platform) -> None:
    result = command("load", *DAYS, *CLOCK, "--json", "--event", "link_click")
    assert result.exit_code == 0, result.stderr
    assert list(json.loads(result.stdout)["loaded"]) == ["link_click"]
    with written.redshift.session("tests") as session:
        event_types = session.rows("select distinct event_type from control.landed_object")
    assert [tuple(row) for row in event_types] == [("link_click",)]


def test_the_reports_are_computed_for_the_clock_that_was_given(loaded: Platform) -> None:
    with loaded.redshift.session("tests") as session:
        clocks = session.rows("select distinct as_of from control.report_refresh")
    assert [clock.isoformat() for (clock,) in clocks] == ["2026-03-05T12:00:00"]


def test_a_day_that_cannot_be_proved_fails_the_command_and_the_next_day_is_loaded(
    command: Command, loaded: Platform
) -> None:
    """A row that vanishes behind the ledger's back is what the blocking check is there to find.

    What was landed before is not landed again. The table goes to standard output, progress and notes do not.
    """
    with loaded.redshift.session("tests") as session:
        session.execute("delete from staging.message_submitted where line_number = 1")
    result = command("load", "--from", DAY, "--to", NEXT_DAY)
    assert result.exit_code == 1
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert errors
    assert all(DAY in line for line in errors)
    assert any("every_record_landed of staging/message_submitted" in line for line in errors)
    assert f"{NEXT_DAY}: loading" in result.stderr
    header, *rows = result.stdout.splitlines()
    assert header.split()[:3] == ["event", "type", "objects"]
    assert [row.split()[:2] for row in rows] == [[event_type, "0"] for event_type in EVENTS]
    assert "DAGSTER_HOME is not set" in result.stderr
    assert f"message_submitted {DAY}" in result.stderr


def test_checks_of_the_reports_that_do_not_pass_are_told_by_their_severity(
    command: Command, written: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number that contradicts another is an error, also to the demo; a code that nobody mapped is a warning."""
    with written.redshift.session("tests") as session:
        session.execute(
            "delete from reports.follow_up_rule where outcome is null and clicked is null"
        )
        session.execute("delete from warehouse.dim_delivery_error")
    result = command("load", *DAYS, *CLOCK, DAGSTER_HOME=str(tmp_path))
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


def test_each_line_of_a_trace_is_fetched_from_s3_as_it_was_written(
    command: Command, loaded: Platform
) -> None:
    def tell(message: str) -> dict[str, Any]:
        result = command("trace", message, "--json", "--raw")
        assert result.exit_code == 0, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    with loaded.redshift.session("tests") as session:
        message = session.value(
            "select message_id from warehouse.fact_message where not is_stub"
            " order by click_requests desc, receipts desc limit 1"
        )
    told = tell(message)
    assert len(told["events"]) > 2
    for one in told["events"]:
        assert json.loads(one["line"]["raw"])["event_id"] == one["event_id"]
    click_line = told["events"][-1]["line"]
    loaded.lake.put(click_line["object_key"], b"other")
    again = tell(message)["events"][-1]["line"]
    assert again["raw"] is None
    assert "overwritten" in again["raw_error"]
    loaded.lake.delete([click_line["object_key"]])
    gone = tell(message)["events"][-1]["line"]
    assert gone["raw_error"] == "the object is no longer in S3"
