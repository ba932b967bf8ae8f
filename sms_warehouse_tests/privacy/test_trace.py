"""S3 keeps the lines of erased people until somebody deletes them there: ``sms-warehouse trace --raw`` shows none."""

from __future__ import annotations

import json

import pytest

from sms_warehouse.privacy import erase as erasure
from sms_warehouse_tests.cli.conftest import Command, command
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.privacy.people import ANNA, BEN, NOW, REQUEST, TOKENS, message

__all__ = ["command"]


def aliases(platform: Platform) -> list[str]:
    """What stands for Anna: as a recipient, as one person's use of the line, and one for each message."""
    with platform.redshift.session("tests") as session:
        ((recipient,),) = session.rows("select recipient_alias from pii.erasure_registry")
        messages = session.rows("select message_alias from pii.erased_message order by 1")
    return [recipient, f"{recipient}#0", *(alias for (alias,) in messages)]


@pytest.mark.usefixtures("loaded")
def test_raw_lines_are_shown_of_who_was_not_erased(command: Command) -> None:
    """Also where they stand in the trace of another."""
    shown = command("trace", ANNA, "--raw")
    assert shown.exit_code == 0, shown.stderr
    assert f"trace-{ANNA}" in shown.stdout
    assert "inbound-crossed" in command("trace", message(BEN), "--raw").stdout


def test_raw_lines_of_what_stands_for_an_erased_person_are_refused(
    without_anna: Platform, command: Command
) -> None:
    names = aliases(without_anna)
    assert len(names) == 5
    for name in (*names, names[-1].lower()):
        refused = command("trace", name, "--raw")
        assert (refused.exit_code, refused.stdout) == (1, ""), name
        assert "stands for a person who was erased" in refused.stderr
        told = command("trace", name)
        assert told.exit_code == 0, told.stderr
        for word in (ANNA, TOKENS[ANNA], message(ANNA)):
            assert word not in told.stdout


@pytest.mark.usefixtures("without_anna")
def test_a_line_of_an_erased_person_in_the_trace_of_another_is_left_out(command: Command) -> None:
    after = command("trace", message(BEN), "--raw", "--json")
    assert after.exit_code == 0, after.stderr
    lines = {e["event_type"]: e["line"] for e in json.loads(after.stdout)["events"]}
    assert json.loads(lines["message_submitted"]["raw"])["recipient_id"] == BEN
    assert lines["inbound_message"]["raw"] is None
    assert "erased" in lines["inbound_message"]["raw_error"]
    for word in (ANNA, TOKENS[ANNA], "inbound-crossed"):
        assert word not in after.stdout


def test_raw_lines_are_refused_from_the_moment_a_person_is_on_the_registry(
    loaded: Platform, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Facts follow in transactions of their own, and an erasure may have been stopped between them."""

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "_staging", stopped)
        with pytest.raises(KeyboardInterrupt):
            erasure.erase(loaded.redshift, loaded.lake, ANNA, REQUEST, now=NOW)
    for name in (ANNA, f"{ANNA}#0", message(ANNA)):
        refused = command("trace", name, "--raw")
        assert (refused.exit_code, refused.stdout) == (1, ""), name
        assert "stands for a person who was erased" in refused.stderr
