"""``sms-warehouse erase`` and ``hold`` from a terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sms_warehouse.privacy.treatment import FACTS, STAGING
from sms_warehouse_tests.cli.conftest import Command, command
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.privacy.people import ANNA, REQUEST, message, rows

__all__ = ["command"]

ERASE = ("erase", "--recipient", ANNA, "--request", REQUEST)


def test_a_preview_then_the_erasure_then_its_proof(
    command: Command, loaded: Platform, tmp_path: Path
) -> None:
    """The first call erases and proves nothing: its search finds what no erasure takes away, and it says so by its exit
    code. The next call is the proof."""
    preview = command(*ERASE, "--dry-run", "--json")
    assert preview.exit_code == 0, preview.stderr
    counts = json.loads(preview.stdout)
    assert counts["warehouse.fact_message"] == 3
    with loaded.redshift.session("tests") as session:
        put_back = "update warehouse.fact_message set send_batch_id = :batch where recipient_id = 'sub_ben'"
        session.execute(put_back, batch=ANNA)
    first = command(*ERASE, "--json")
    assert first.exit_code == 1
    assert f"{sum(counts.values())} rows name them" in first.stderr
    assert "the request is not done" in first.stderr
    unproved = json.loads(first.stdout)
    assert not unproved["is_proved"]
    found = {f["place"]: f["where"] for f in unproved["searched"] if f["rows"]}
    assert found == {"warehouse.fact_message": "send_batch_id"}
    changed = unproved["changed"]
    assert changed.keys() >= {table.name for table in (*STAGING, *FACTS)}
    assert changed["staging.message_submitted"] >= 3
    assert changed["warehouse.fact_click"] >= 9
    assert changed["warehouse.dim_recipient"] >= 1
    with loaded.redshift.session("tests") as session:
        session.execute(put_back, batch=None)
    raw = tmp_path / "raw.csv"
    done = command(*ERASE, "--json", "--raw-lines", str(raw))
    assert done.exit_code == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [raw.name]
    proof = json.loads(done.stdout)
    assert proof["is_proved"]
    assert not any(found["rows"] for found in proof["searched"])
    assert {"warehouse.fact_message", "staging.link_click", "s3 exports/"} <= {
        found["place"] for found in proof["searched"]
    }
    registered = rows(loaded, "select erased_at is not null as is_done from pii.erasure_registry")
    assert registered == [(True,)]
    assert raw.read_text().startswith("bucket,object_key,line_number\n")
    for said in (first.stdout, first.stderr, done.stdout, done.stderr, raw.read_text()):
        assert ANNA not in said
        assert message(ANNA) not in said


@pytest.mark.usefixtures("loaded")
def test_a_hold_is_named_when_it_refuses(command: Command) -> None:
    held = command("hold", "--recipient", ANNA, "--reason", "case 12")
    assert (held.exit_code, held.stdout, held.stderr) == (0, "held\n", "")
    for how in ((), ("--dry-run",)):
        refused = command(*ERASE, *how)
        assert refused.exit_code == 1
        assert "case 12" in refused.stderr
    assert command("hold", "--recipient", ANNA, "--release").exit_code == 0
    assert command(*ERASE, "--dry-run").exit_code == 0


@pytest.mark.usefixtures("without_anna")
def test_a_hold_that_comes_after_the_request_says_so(command: Command) -> None:
    late = command("hold", "--recipient", ANNA, "--reason", "case 12")
    assert late.exit_code == 0
    assert f"warning: request {REQUEST} came before the hold" in late.stderr
    listed = command("erase", "--list")
    assert listed.exit_code == 0
    assert listed.stdout.splitlines()[1].split()[0] == REQUEST
    assert listed.stdout.splitlines()[1].split()[-1] == "held"
    assert ANNA not in listed.stdout


def test_a_hold_without_a_reason_is_refused(command: Command) -> None:
    assert command("hold", "--recipient", ANNA).exit_code == 2
    assert command("hold", "--recipient", ANNA, "--reason", " ").exit_code == 2


def test_what_is_mistyped_is_refused_before_anything_is_changed(
    command: Command, loaded: Platform, tmp_path: Path
) -> None:
    erase, hold = ("erase", "--request", REQUEST, "--recipient"), ("hold", "--recipient")
    raw = ("--raw-lines", str(tmp_path / "missing" / "raw.csv"))
    for arguments, said in (
        ((*erase, "sub_ana"), "--unknown"),
        ((*erase, f"{ANNA}#0"), "before '#'"),
        ((*erase, ""), "nobody's recipient id"),
        ((*erase, ANNA, "--token", ""), "no token"),
        ((*erase, ANNA, *raw), "missing/raw.csv"),
        ((*hold, "sub_ana", "--reason", "case 12"), "--unknown"),
        ((*hold, f"{ANNA}#0", "--reason", "case 12"), "before '#'"),
        ((*hold, ANNA, "--release"), "no hold"),
    ):
        refused = command(*arguments)
        assert refused.exit_code == 1, arguments
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr
    assert command(*erase, ANNA, "--dry-run", *raw).exit_code == 2
    for what in ("erase", "hold"):
        assert command(what, "--list").stdout == "nothing\n"
    assert command(*hold, "sub_later", "--reason", "case 12", "--unknown").exit_code == 0
    held = command("hold", "--list")
    assert held.exit_code == 0
    assert "sub_later" in held.stdout
    assert "case 12" in held.stdout
    assert command(*hold, "sub_later", "--release").exit_code == 0


@pytest.mark.usefixtures("platform")
def test_somebody_of_whom_nothing_has_landed_is_erased_when_that_is_said(command: Command) -> None:
    """What lands of them later names nobody."""
    done = command("erase", "--recipient", "sub_later", "--request", REQUEST, "--unknown", "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["is_proved"]
    listed = command("erase", "--list")
    assert listed.stdout.splitlines()[1].split()[0] == REQUEST
    assert listed.stdout.splitlines()[1].split()[-1] == "done"
    assert "sub_later" not in listed.stdout
