"""What Dagster records of runs names no recipient: events, tags, metadata and logs of computation."""

from __future__ import annotations

from pathlib import Path

import pytest

from sms_warehouse import backfill
from sms_warehouse.local import traffic
from sms_warehouse.resources.s3 import s3_client
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.warehouse.world import DAY


def test_a_full_run_leaves_no_trace_of_people_in_dagsters_storage(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    outcome = backfill.load(DAY, DAY, None, progress=lambda _: None)
    assert not outcome.failures
    with platform.redshift.session("tests") as session:
        people = [
            value.encode()
            for row in session.rows(
                "select distinct recipient_id, msisdn_token, message_id, coalesce(link_token, message_id) as link"
                " from staging.message_submitted"
            )
            for value in row
        ]
    assert len(people) > 300
    stored = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"load_day" in stored
    assert [value for value in set(people) if value in stored] == []
