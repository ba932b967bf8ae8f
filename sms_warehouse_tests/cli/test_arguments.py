"""What is wrong with a call is said before anything is done, and says how to do better."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

import pytest

from sms_warehouse.landing.events import EVENTS
from sms_warehouse_tests.cli.conftest import Command

NOWS = [
    datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC),
    datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2027, 1, 1, tzinfo=UTC),
    datetime(2028, 2, 29, 12, tzinfo=UTC),
]
VERBS = (
    "migrate",
    "traffic",
    "load",
    "trace",
    "reclassify",
    "follow-up",
    "erase",
    "hold",
    "verify",
    "demo",
)


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_verb_shows_a_call_that_can_be_copied(command: Command, verb: str) -> None:
    result = command(verb, "--help")
    assert result.exit_code == 0
    assert "Example:" in result.stdout
    assert f"  sms-warehouse {verb}" in result.stdout


def test_the_help_names_every_verb(command: Command) -> None:
    result = command("--help")
    assert result.exit_code == 0
    for verb in ("local", *VERBS):
        assert f"\n  {verb} " in result.stdout


def test_a_day_before_the_first_partition_is_refused_and_the_variable_named(
    command: Command,
) -> None:
    result = command(
        "load", "--from", "2024-12-31", "--to", "2025-01-02", SMS_WAREHOUSE_FIRST_DAY="2025-01-01"
    )
    assert result.exit_code == 2
    assert "2024-12-31 is before the first arrival day, 2025-01-01" in result.stderr
    assert "SMS_WAREHOUSE_FIRST_DAY" in result.stderr


def set_clock(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    """The time at which the command takes itself to run."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Clock:
            return cls.fromtimestamp(now.timestamp(), tz)

    monkeypatch.setattr("sms_warehouse.cli.datetime", Clock)


@pytest.mark.parametrize("call", [("load",), ("traffic", "--messages", "1")])
@pytest.mark.parametrize("now", NOWS)
def test_a_day_that_is_still_to_come_is_refused_and_today_is_not(
    command: Command, monkeypatch: pytest.MonkeyPatch, call: tuple[str, ...], now: datetime
) -> None:
    set_clock(monkeypatch, now)
    today, tomorrow = now.date(), now.date() + timedelta(days=1)
    result = command(*call, "--from", "2026-01-01", "--to", str(tomorrow))
    assert result.exit_code == 2
    assert f"{tomorrow} is still to come: today is {today}, UTC" in result.stderr
    result = command(*call, "--from", str(today), "--to", "2026-01-01")
    assert f"{today} is after --to 2026-01-01" in result.stderr


@pytest.mark.parametrize("text", ["01.02.2026", "2026-02-30", "yesterday"])
def test_what_is_no_day_is_refused(command: Command, text: str) -> None:
    result = command("load", "--from", text, "--to", "2026-03-01")
    assert result.exit_code == 2
    assert f"{text!r} is not a day like 2026-01-31" in result.stderr


def test_days_the_wrong_way_round_are_refused(command: Command) -> None:
    result = command("load", "--from", "2026-03-02", "--to", "2026-03-01")
    assert result.exit_code == 2
    assert "2026-03-02 is after --to 2026-03-01" in result.stderr


@pytest.mark.parametrize("call", [("trace", "sub_1"), ("reclassify",)])
def test_days_of_the_past_the_wrong_way_round_are_refused(
    command: Command, call: tuple[str, ...]
) -> None:
    result = command(*call, "--from", "2026-03-02", "--to", "2026-03-01")
    assert result.exit_code == 2
    assert "2026-03-02 is after --to 2026-03-01" in result.stderr


def test_an_unknown_event_type_is_answered_with_the_known_ones(command: Command) -> None:
    result = command("load", "--from", "2026-03-01", "--to", "2026-03-01", "--event", "mail_sent")
    assert result.exit_code == 2
    assert "'mail_sent'" in result.stderr
    for event_type in EVENTS:
        assert event_type in result.stderr


def test_a_clock_that_is_no_time_is_refused(command: Command) -> None:
    result = command("load", "--from", "2026-03-01", "--to", "2026-03-01", "--as-of", "noon")
    assert result.exit_code == 2
    assert "'noon' is not a time like 2026-01-31T12:00:00" in result.stderr


@pytest.mark.parametrize("now", NOWS)
def test_a_clock_that_is_still_to_come_is_refused(
    command: Command, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    """Days that have not ended would be final, and reports stand still until then."""
    set_clock(monkeypatch, now)
    soon = (now + timedelta(seconds=1)).isoformat()
    result = command("load", "--from", "2026-01-01", "--to", "2026-01-01", "--as-of", soon)
    assert result.exit_code == 2
    assert f"{soon} is still to come" in result.stderr


def test_a_world_cannot_start_after_its_first_day(command: Command) -> None:
    result = command(
        *("traffic", "--from", "2026-03-01", "--to", "2026-03-01", "--messages", "10"),
        *("--world-start", "2026-03-02"),
    )
    assert result.exit_code == 2
    assert "2026-03-02 is after --from 2026-03-01" in result.stderr
