"""Lists of recipients handed over: what is in them, and that nobody is on two for the same message."""

from __future__ import annotations

import csv
import gzip
import io
import os
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sms_warehouse.follow_up import commands, decision_table, lists
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.cli.conftest import Command
from sms_warehouse_tests.conftest import Platform, Worlds
from sms_warehouse_tests.driver.relay import Relay
from sms_warehouse_tests.warehouse.world import (
    Event,
    campaign,
    load,
    message_id,
    opt_out,
    receipt,
    submitted,
)

NOON = datetime(2026, 6, 10, 12)
SENT_AT = NOON - timedelta(days=2)
PATIENCE_S = 300


def delivered(number: int, sent_at: datetime = SENT_AT) -> list[Event]:
    name = message_id(number, sent_at)
    received_at = sent_at + timedelta(seconds=10)
    return [
        submitted(name, sent_at, recipient_id=f"sub_{number}", link_token=f"token-{number}"),
        receipt(name, "DELIVERED", received_at, segment_seq=None),
    ]


def failed(number: int) -> list[Event]:
    name = message_id(number, SENT_AT)
    at = SENT_AT + timedelta(hours=1)
    return [
        submitted(name, SENT_AT, recipient_id=f"sub_{number}"),
        receipt(name, "UNDELIVERED", at, segment_seq=None, error_code="001"),
    ]


def loaded(platform: Platform) -> None:
    load(
        platform.redshift,
        *(delivered(1) + delivered(2) + delivered(3) + failed(4)),
        opt_out("sub_3", NOON - timedelta(hours=1)),
        campaign(),
    )


@pytest.fixture
def four(platform: Platform, worlds: Worlds) -> Platform:
    """Four recipients of a campaign: two to remind, one who opted out and one whose number is dead."""
    return worlds.begin(platform, loaded)


@pytest.fixture
def relay(platform: Platform) -> Iterator[Relay]:
    with Relay(int(os.environ["REDSHIFT_PORT"])) as running:
        yield running


def wait_until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


def export(
    platform: Platform, *actions: str, now: datetime = NOON, redshift: Redshift | None = None
) -> lists.Exported:
    return lists.export(
        redshift or platform.redshift,
        platform.lake,
        "cmp_1",
        actions,
        now=lambda: now,
        report_tz="UTC",
    )


def read(platform: Platform, exported: lists.Exported) -> list[dict[str, str]]:
    from sms_warehouse.resources.s3 import s3_client

    assert exported.url is not None
    key = exported.url.removeprefix(f"s3://{platform.bucket}/")
    body = s3_client().get_object(Bucket=platform.bucket, Key=key)["Body"].read()
    return list(csv.DictReader(io.StringIO(gzip.decompress(body).decode())))


def test_a_list_names_who_may_be_contacted_and_no_telephone(four: Platform) -> None:
    exported = export(four)
    assert exported.contacts == 2
    assert read(four, exported) == [
        {
            "recipient_key": f"sub_{n}#0",
            "recipient_id": f"sub_{n}",
            "message_id": message_id(n, SENT_AT),
            "action": "REMIND_NON_CLICKER",
            "priority": "5",
            "eligible_from": "2026-06-10T12:00:00Z",
            "eligible_until": "2026-06-15T12:00:00Z",
        }
        for n in (1, 2)
    ]


def test_nobody_is_on_two_lists_for_the_same_message(four: Platform) -> None:
    export(four)
    again = export(four, now=NOON + timedelta(minutes=1))
    assert (again.contacts, again.url, again.not_now) == (0, None, {"EXPORTED": 2})


def test_what_was_learnt_since_the_audience_was_computed_counts(four: Platform) -> None:
    load(four.redshift, opt_out("sub_1", NOON))
    assert [row["recipient_id"] for row in read(four, export(four))] == ["sub_2"]


def test_who_is_on_a_list_counts_as_contacted(four: Platform) -> None:
    decision_table.set_settings(four.redshift, {"cap_messages": 3})
    later = NOON - timedelta(days=1, hours=12)
    export(four)
    # A second message, of the same campaign: the two sent and the one handed over make three.
    load(four.redshift, *delivered(1, later))
    exported = export(four, now=NOON + timedelta(hours=1))
    assert (exported.contacts, exported.not_now) == (0, {"EXPORTED": 1, "FREQUENCY_CAP": 1})
    # The reminder was sent: it counts once, no more as handed over.
    reminder_at = NOON + timedelta(hours=2)
    load(
        four.redshift,
        submitted(
            message_id(9, reminder_at),
            reminder_at,
            recipient_id="sub_1",
            campaign_id="another",
            follow_up_of_message_id=message_id(1, SENT_AT),
        ),
    )
    decision_table.set_settings(four.redshift, {"cap_messages": 4})
    assert export(four, now=NOON + timedelta(hours=3)).contacts == 1


def test_an_action_without_contact_is_exported_when_it_is_asked_for(four: Platform) -> None:
    exported = export(four, "SUPPRESS_NUMBER")
    assert [row["recipient_id"] for row in read(four, exported)] == ["sub_4"]


def test_a_list_that_could_not_be_written_hands_nobody_over(
    four: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While somebody may still write it, it is waited for; after that its recipients are free again."""

    def no_room(self: Lake, key: str, body: bytes) -> None:
        raise OSError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(Lake, "put", no_room)
        with pytest.raises(OSError, match="no room"):
            export(four)
    with pytest.raises(decision_table.FollowUpFailed, match="is being written since 12:00 UTC"):
        export(four, now=NOON + timedelta(minutes=14))
    assert export(four, now=NOON + timedelta(minutes=15)).contacts == 2


def test_an_export_that_waited_goes_by_the_time_when_it_could_begin(
    four: Platform, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for whole loads: a STOP that came meanwhile counts, and what time it has become."""
    load(four.redshift, opt_out("sub_1", NOON + timedelta(minutes=30)))
    clock = [NOON]
    with ThreadPoolExecutor() as threads:
        with four.redshift.session("tests", autocommit=False) as holder:
            holder.execute("lock control.warehouse_mutex")
            monkeypatch.setenv("REDSHIFT_PORT", str(relay.port))
            waiting = threads.submit(
                lists.export,
                four.redshift,
                four.lake,
                "cmp_1",
                now=lambda: clock[-1],
                report_tz="UTC",
            )
            wait_until(lambda: b"lock control." in relay.heard)
            clock.append(NOON + timedelta(hours=1))
        exported = waiting.result(PATIENCE_S)
    (row,) = read(four, exported)
    assert (row["recipient_id"], row["eligible_from"]) == ("sub_2", "2026-06-10T13:00:00Z")


def test_who_took_too_long_to_write_a_list_hands_nobody_over(
    four: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one was free to hand over the same recipients, and did."""
    put = Lake.put
    others: list[str] = []

    def slow(self: Lake, key: str, body: bytes) -> None:
        if not others:
            others.append(key)
            second = export(four, now=NOON + timedelta(minutes=15))
            assert second.contacts == 2
        put(self, key, body)

    monkeypatch.setattr(Lake, "put", slow)
    with pytest.raises(decision_table.FollowUpFailed, match="another one was free to hand over"):
        export(four)
    (written,) = four.lake.list_prefix("exports/follow-up/")
    assert written.key not in others


def test_a_list_whose_commit_was_not_heard_of_is_handed_over(
    four: Platform, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recipients are on record by the first attempt: the second must neither wait for it nor leave them out."""
    relay.cut_after, relay.times = b"COMMIT\0", 1
    monkeypatch.setenv("REDSHIFT_PORT", str(relay.port))
    exported = export(four, redshift=Redshift(first_pause_s=0.01))
    assert relay.times == 0
    assert [row["recipient_id"] for row in read(four, exported)] == ["sub_1", "sub_2"]


def test_a_list_that_was_written_by_somebody_who_was_stopped_counts(
    four: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(lists, "_finish", stopped)
        with pytest.raises(KeyboardInterrupt):
            export(four)
    again = export(four, now=NOON + timedelta(hours=1))
    assert (again.contacts, again.not_now) == (0, {"EXPORTED": 2})


def test_the_command_prints_how_many_and_where(
    four: Platform, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    assert before <= commands._now() <= datetime.now(UTC).replace(tzinfo=None)
    monkeypatch.setattr(commands, "_now", lambda: NOON)
    call = ("follow-up", "export", "cmp_1", "--action", "REMIND_NON_CLICKER")
    assert command("follow-up", "settings", "--first-hour", "21", "--end-hour", "22").exit_code == 0
    result = command(*call)
    assert (result.exit_code, result.stdout) == (0, "0 recipients\n")
    assert "not now, QUIET_HOURS: 2 recipients" in result.stderr
    assert command("follow-up", "settings", "--first-hour", "0", "--end-hour", "24").exit_code == 0
    result = command(*call)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(
        f"2 recipients s3://{four.bucket}/exports/follow-up/campaign=cmp_1/"
    )
    assert "sub_1" not in result.output


def test_a_dry_run_counts_and_hands_nobody_over(four: Platform, command: Command) -> None:
    def counted() -> list[dict[str, object]]:
        return lists.preview(four.redshift, four.lake, "cmp_1", now=lambda: NOON, report_tz="UTC")

    remind = {"action": "REMIND_NON_CLICKER", "recipients": 2}
    assert counted() == counted() == [remind | {"state": "NOW"}]
    assert export(four).contacts == 2
    assert counted() == [remind | {"state": "EXPORTED"}]
    result = command("follow-up", "export", "cmp_1", "--dry-run")
    assert (result.exit_code, result.stderr) == (0, "nobody was handed over\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "nobody"), "there is no campaign 'nobody'"),
        (("export", "cmp_1", "--action", "DANCE"), "no rule gives 'DANCE' something to do"),
        (
            ("export", "cmp_1", "--action", "x' or 'a' = 'a"),
            "something to do; these do: ALT_CHANNEL",
        ),
    ],
)
def test_what_cannot_be_exported_is_said(
    four: Platform, command: Command, arguments: tuple[str, ...], said: str
) -> None:
    result = command("follow-up", *arguments)
    assert result.exit_code == 1
    assert said in result.stderr


def test_the_rules_are_shown_changed_and_shown(
    four: Platform, command: Command, tmp_path: Path
) -> None:
    shown = command("follow-up", "rules").stdout
    assert "REMIND_NON_CLICKER" in shown
    file = tmp_path / "rules.csv"
    file.write_text(
        command("follow-up", "rules", "--csv").stdout.replace("REMIND_NON_CLICKER", "REMIND")
    )
    said = (
        "changed: rule 90, action: REMIND_NON_CLICKER -> REMIND\n"
        "10 rules: 0 added, 0 removed, 1 changed\n"
    )
    assert command("follow-up", "set-rules", "--dry-run", str(file)).stdout == said
    assert "REMIND_NON_CLICKER" in command("follow-up", "rules").stdout
    assert command("follow-up", "set-rules", str(file)).stdout == said
    assert "REMIND_NON_CLICKER" not in command("follow-up", "rules").stdout
    table = file.read_text()
    added = "95,,PENDING,,,,,,,,,,true,ASK,CONTACT,x,1,\n100,"
    file.write_text(re.sub("^80,.*\n", "", table, flags=re.M).replace("\n100,", f"\n{added}"))
    assert command("follow-up", "set-rules", "--dry-run", str(file)).stdout == (
        "added: rule 95, outcome=PENDING has_link=true: ASK\n"
        "removed: rule 80, outcome=UNKNOWN is_follow_up=false: ALT_CHANNEL\n"
        "10 rules: 1 added, 1 removed, 0 changed\n"
    )
    file.write_text(table.replace("DELIVERED", "ARRIVED"))
    refused = command("follow-up", "set-rules", str(file))
    assert refused.exit_code == 1
    assert f"error: {file}: line 10, column outcome: 'ARRIVED' is none of" in refused.stderr
    assert "nothing was changed" in refused.stderr
    assert "outcome=DELIVERED" in command("follow-up", "rules").stdout
