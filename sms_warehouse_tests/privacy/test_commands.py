"""``sms-warehouse erase`` and ``hold`` from a terminal."""

from __future__ import annotations

import json
from pathlib import Path

from sms_warehouse.privacy.treatment import FACTS, STAGING
from sms_warehouse_tests.cli.conftest import Command, command
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.privacy.people import ANNA, REQUEST, load, message, world

__all__ = ["command"]

ERASE = ("erase", "--recipient", ANNA, "--request", REQUEST)


def test_a_preview_then_the_erasure_then_its_proof(
    command: Command, platform: Platform, tmp_path: Path
) -> None:
    load(platform, "first", world())
    preview = command(*ERASE, "--dry-run", "--json")
    assert preview.exit_code == 0, preview.stderr
    assert json.loads(preview.stdout)["warehouse.fact_message"] == 3
    raw = tmp_path / "raw.csv"
    done = command(*ERASE, "--json", "--raw-lines", str(raw))
    assert done.exit_code == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [raw.name]
    counts = json.loads(preview.stdout)
    assert f"{sum(counts.values())} rows name them" in done.stderr
    proof = json.loads(done.stdout)
    assert proof["is_proved"]
    assert not any(found["rows"] for found in proof["searched"])
    assert {"warehouse.fact_message", "staging.link_click", "s3 exports/"} <= {
        found["place"] for found in proof["searched"]
    }
    changed = proof["changed"]
    assert changed.keys() >= {table.name for table in (*STAGING, *FACTS)}
    assert changed["staging.message_submitted"] >= 3
    assert changed["warehouse.fact_click"] >= 9
    assert changed["warehouse.dim_recipient"] >= 1
    with platform.redshift.session("tests") as session:
        assert (
            session.value(
                "select count(*) as done from pii.erasure_registry where erased_at is not null"
            )
            == 1
        )
    assert raw.read_text().startswith("bucket,object_key,line_number\n")
    for said in (done.stdout, done.stderr, raw.read_text()):
        assert ANNA not in said
        assert message(ANNA) not in said


def test_a_search_that_finds_something_says_so_by_its_exit_code(
    command: Command, platform: Platform
) -> None:
    load(platform, "first", world())
    with platform.redshift.session("tests") as session:
        session.execute(
            "update warehouse.fact_message set send_batch_id = :id where recipient_id <> :id",
            id=ANNA,
        )
    done = command(*ERASE)
    assert done.exit_code == 1
    assert "send_batch_id" in done.stdout


def test_a_hold_is_named_when_it_refuses(command: Command, platform: Platform) -> None:
    load(platform, "first", world())
    held = command("hold", "--recipient", ANNA, "--reason", "case 12")
    assert (held.exit_code, held.stdout, held.stderr) == (0, "held\n", "")
    refused = command(*ERASE)
    assert refused.exit_code == 1
    assert "case 12" in refused.stderr
    assert command("hold", "--recipient", ANNA, "--release").exit_code == 0
    assert command(*ERASE).exit_code == 0
    late = command("hold", "--recipient", ANNA, "--reason", "case 12")
    assert late.exit_code == 0
    assert f"warning: request {REQUEST} came before the hold" in late.stderr


def test_a_hold_without_a_reason_is_refused(command: Command) -> None:
    assert command("hold", "--recipient", ANNA).exit_code == 2
    assert command("hold", "--recipient", ANNA, "--reason", " ").exit_code == 2


def test_what_is_mistyped_is_refused_before_anything_is_changed(
    command: Command, platform: Platform, tmp_path: Path
) -> None:
    load(platform, "first", world())
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
    assert command(*erase, "sub_later", "--unknown").exit_code == 0
    assert command(*hold, "sub_later", "--reason", "case 13").exit_code == 0
    listed = command("erase", "--list")
    assert listed.exit_code == 0
    assert listed.stdout.splitlines()[1].split()[0] == REQUEST
    assert listed.stdout.splitlines()[1].split()[-1] == "held"
    assert "sub_later" not in listed.stdout
