"""``write`` puts into a bucket what ``day_files`` says arrives, however many processes make it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError

from sms_warehouse.landing.events import EVENTS
from sms_warehouse.local.traffic import LineCounts, write
from sms_warehouse_tests.traffic.conftest import FAULTY, FIRST_DAY, SEED, days


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A client of a local S3 server that nobody else uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home: Path = tmp_path_factory.mktemp("s3")
    server = subprocess.Popen(
        [sys.executable, "-m", "ministack"],
        env={**os.environ, "GATEWAY_PORT": str(port), "TMPDIR": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        for _ in range(300):
            try:
                client.list_buckets()
                break
            except (BotoCoreError, ClientError):
                time.sleep(0.1)
        yield client
    finally:
        server.terminate()
        server.wait()


def _objects(client, bucket: str) -> dict[str, bytes]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
    return {key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def test_the_bucket_holds_what_arrives_and_the_counts_are_its_truth(s3):
    s3.create_bucket(Bucket="hostile-logs")
    said: list[str] = []
    told = write(
        "hostile-logs",
        s3,
        FIRST_DAY,
        FIRST_DAY + timedelta(1),
        messages=FAULTY,
        seed=SEED,
        faults="hostile",
        progress=said.append,
    )
    made = days("hostile", 0, 1, FAULTY)
    assert _objects(s3, "hostile-logs") == {file.key: file.body for file in made.files}
    expected = {event_type: LineCounts() for event_type in EVENTS}
    for file in made.files:
        if file.event_type:
            expected[file.event_type] += file.counts
    assert told == expected
    assert [line[:10] for line in said] == ["2025-06-01", "2025-06-02"]


def test_several_processes_write_the_same_as_one(s3):
    found = []
    for processes in (1, 2):
        bucket = f"made-by-{processes}"
        s3.create_bucket(Bucket=bucket)
        told = write(
            bucket,
            s3,
            FIRST_DAY + timedelta(2),
            FIRST_DAY + timedelta(4),
            messages=300,
            seed=SEED,
            world_start=FIRST_DAY,
            faults="usual",
            processes=processes,
        )
        found.append((told, _objects(s3, bucket)))
    assert found[0] == found[1]


def test_doubles_of_what_was_written_before_the_first_day_are_not_counted(s3):
    """Of a world that started earlier, only what these days hold twice is doubled."""
    s3.create_bucket(Bucket="middle")
    first, last = FIRST_DAY + timedelta(3), FIRST_DAY + timedelta(3)
    told = write(
        "middle",
        s3,
        first,
        last,
        messages=FAULTY,
        seed=SEED,
        world_start=FIRST_DAY,
        faults="hostile",
    )
    alone = days("hostile", 3, 3, FAULTY).events()
    for event_type, counts in told.items():
        ids = [event["event_id"] for event in alone[event_type]]
        assert counts.doubled == len(ids) - len(set(ids))


def test_impossible_days_are_refused_before_anything_is_written(s3):
    with pytest.raises(ValueError, match="before the first"):
        write("none", s3, FIRST_DAY, FIRST_DAY - timedelta(1), messages=10, seed=1)
    with pytest.raises(ValueError, match="world starts"):
        write(
            "none",
            s3,
            FIRST_DAY,
            FIRST_DAY,
            messages=10,
            seed=1,
            world_start=FIRST_DAY + timedelta(1),
        )
