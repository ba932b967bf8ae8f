"""Locks down what reaches the bucket for COPY: the rows of whole objects, once each, and true counts."""

from __future__ import annotations

import base64
import gzip
import http.server
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from sms_warehouse.landing import files
from sms_warehouse.landing import prepare as prepare_module
from sms_warehouse.landing.events import MESSAGE_SUBMITTED
from sms_warehouse.landing.inspect import Block, inspect
from sms_warehouse.landing.prepare import (
    QUARANTINE_SCHEMA,
    CountMismatch,
    PreparedBatch,
    WorkerDied,
    prepare,
)
from sms_warehouse.resources.s3 import LakeObject, LakeUnavailable, s3_client
from sms_warehouse_tests.inspect.conftest import Bucket
from sms_warehouse_tests.inspect.samples import DAY, good_line, good_lines, sample

EVENT = MESSAGE_SUBMITTED
LOAD_ID = "01JNXYZABCDEFGHJKMNPQRSTV0"
FOLDER = f"landing/message_submitted/dt=2026-03-10/{LOAD_ID}/"


def prepared(bucket: Bucket, *objects: LakeObject, processes: int | None = None) -> PreparedBatch:
    return prepare(bucket.name, EVENT, DAY, LOAD_ID, objects, processes=processes)


def test_good_rows_are_written_with_their_origin_in_the_columns_of_the_contract(
    bucket: Bucket,
) -> None:
    landed = bucket.put([good_line(1), b"", good_line(2, new=7), b"bad"])
    batch = prepared(bucket, landed)
    (found,) = batch.objects
    assert (found.object_id, found.key, found.etag) == (landed.object_id, landed.key, landed.etag)
    assert (found.outcome, found.reason) == ("landed", None)
    assert (found.lines, found.good, found.quarantined, found.blank) == (4, 2, 1, 1)
    assert [file.key for file in batch.good_files] == [f"{FOLDER}good-0-0.parquet"]
    table = bucket.table(batch.good_files)
    assert table.schema.equals(EVENT.arrow_schema)
    first, second = table.to_pylist()
    assert first["event_id"] == sample(EVENT, 1)["event_id"]
    assert first["occurred_at"] == datetime(2026, 3, 10, 1, 1, 7, 1000)
    assert (first["object_id"], first["load_id"]) == (landed.object_id, LOAD_ID)
    assert (first["line_number"], first["arrival_date"], first["extra"]) == (1, DAY, None)
    assert (second["line_number"], second["extra"]) == (3, '{"new":7}')
    assert batch.bytes_inflated == len(gzip.decompress(bucket.read(landed.key)))


def test_bad_lines_are_written_whole_as_text_or_base64(bucket: Bucket) -> None:
    bad = ["☂ no json".encode(), b'{"a":"\xff"}', b"\0", good_line(submit_status="?"), b" \r x\r"]
    landed = bucket.put(bad)
    batch = prepared(bucket, landed)
    table = bucket.table(batch.quarantine_files)
    assert batch.good_files == []
    assert table.schema.equals(QUARANTINE_SCHEMA)
    rows = table.to_pylist()
    assert [row["line_number"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["is_base64"] for row in rows] == [False, True, True, False, False]
    for row, line in zip(rows, bad, strict=True):
        kept = row["raw_line"].encode()
        assert (base64.b64decode(kept) if row["is_base64"] else kept) == line
    assert [row["reason"] for row in rows] == [
        "not_json",
        "not_utf8",
        "nul",
        "not_in_list",
        "not_json",
    ]
    assert rows[3]["field"] == "submit_status"
    for row in rows:
        assert (row["object_id"], row["object_key"]) == (landed.object_id, landed.key)
        assert (row["event_type"], row["arrival_date"], row["load_id"]) == (
            EVENT.name,
            DAY,
            LOAD_ID,
        )
        assert isinstance(row["quarantined_at"], datetime)
        assert row["resolved_at"] is row["raw_line_key"] is None


@pytest.mark.parametrize(
    ("line", "beginning", "is_whole"),
    [
        (b"x" * 65_535, b"x" * 65_535, True),
        (b"x" * 65_536, b"x" * 65_535, False),
        ("x☂".encode() * 20_000, "x☂".encode() * 16_383 + b"x", False),
        (b"\xff" * 49_149, b"\xff" * 49_149, True),
        (b"\xff" * 49_150, b"\xff" * 49_149, False),
        (b"y" * 9_000_000, b"y" * 65_535, False),
    ],
    ids=[
        "longest text",
        "text",
        "cut between characters",
        "longest bytes",
        "bytes",
        "longer than a block",
    ],
)
def test_a_line_too_long_for_its_column_is_kept_whole_beside_it(
    bucket: Bucket, line: bytes, beginning: bytes, is_whole: bool
) -> None:
    landed = bucket.put([good_line(), line])
    (row,) = bucket.table(prepared(bucket, landed).quarantine_files).to_pylist()
    assert len(row["raw_line"].encode()) <= 65_535
    kept = row["raw_line"].encode()
    assert (base64.b64decode(kept) if row["is_base64"] else kept) == beginning
    if is_whole:
        assert row["raw_line_key"] is None
        assert bucket.keys("quarantine/") == []
    else:
        key = f"quarantine/message_submitted/dt=2026-03-10/{landed.object_id}/2"
        assert row["raw_line_key"] == key
        assert bucket.read(key) == line


def test_a_corrupt_object_is_poison_and_the_others_of_its_batch_land(bucket: Bucket) -> None:
    whole = gzip.compress(b"\n".join(good_lines(5000)))
    objects = [
        bucket.put(good_lines(3), "a"),
        bucket.put_bytes(whole[:-4], "b"),
        bucket.put_bytes(b"", "c"),
        bucket.put_bytes(b"plain", "d"),
        bucket.put(good_lines(2), "e"),
        bucket.put_bytes(whole[:-8] + b"12345678", "f"),
        bucket.put_bytes(gzip.compress(b""), "g"),
    ]
    batch = prepared(bucket, *objects)
    assert [found.key for found in batch.objects] == [found.key for found in objects]
    assert [(found.outcome, found.lines) for found in batch.objects] == [
        ("landed", 3),
        ("poison", 0),
        ("poison", 0),
        ("poison", 0),
        ("landed", 2),
        ("poison", 0),
        ("landed", 0),
    ]
    reasons = [found.reason.split(":")[0] for found in batch.objects if found.reason]
    assert reasons == ["truncated", "empty_object", "not_gzip", "bad_checksum"]
    assert bucket.table(batch.good_files).num_rows == 5


def test_an_object_that_inflates_past_the_bound_is_poison(bucket: Bucket) -> None:
    bomb = bucket.put([b" " * 1_000_000])
    batch = prepare(bucket.name, EVENT, DAY, LOAD_ID, [bomb], max_inflated_bytes=500_000)
    assert batch.objects[0].outcome == "poison"
    assert str(batch.objects[0].reason).startswith("too_large: ")


def test_an_object_that_changed_or_went_since_it_was_listed_gets_no_rows(bucket: Bucket) -> None:
    changed = bucket.put(good_lines(1), "a")
    bucket.put(good_lines(2), "a")
    gone = bucket.put(good_lines(3), "b")
    s3_client().delete_object(Bucket=bucket.name, Key=gone.key)
    batch = prepared(bucket, changed, gone, bucket.put(good_lines(4), "c"))
    assert [(o.outcome, o.lines) for o in batch.objects] == [
        ("changed", 0),
        ("gone", 0),
        ("landed", 4),
    ]
    assert bucket.table(batch.good_files).num_rows == 4


def test_no_file_is_written_without_rows(bucket: Bucket) -> None:
    assert prepared(bucket).objects == []
    batch = prepared(bucket, bucket.put([b"", b" "]))
    assert (batch.objects[0].lines, batch.objects[0].blank) == (2, 2)
    assert batch.good_files == batch.quarantine_files == []
    assert bucket.keys("landing/") == []


def test_several_processes_write_the_same_rows_as_one(bucket: Bucket) -> None:
    objects = [
        bucket.put([*good_lines(200 * number + 1), b"bad", b""], f"{number}") for number in range(7)
    ]
    objects.append(bucket.put_bytes(b"poison", "p"))
    alone = prepared(bucket, *objects, processes=1)
    rows = bucket.table(alone.good_files), bucket.table(alone.quarantine_files)
    together = prepared(bucket, *objects, processes=2)
    assert together.objects == alone.objects
    assert together.bytes_inflated == alone.bytes_inflated
    assert len(together.good_files) == 2
    assert bucket.table(together.good_files).equals(rows[0])
    bad = bucket.table(together.quarantine_files).drop_columns("quarantined_at")
    assert bad.equals(rows[1].drop_columns("quarantined_at"))


def test_rows_are_spread_over_files_of_bounded_size(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_ROW_GROUP_ROWS", 1000)
    monkeypatch.setattr(files, "_FILE_BYTES", 1)
    monkeypatch.setattr(prepare_module, "_TOGETHER_BYTES", 1)
    objects = [bucket.put(good_lines(700), f"{number}") for number in range(5)]
    batch = prepared(bucket, *objects)
    assert [file.rows for file in batch.good_files] == [1400, 1400, 700]
    assert len({file.key for file in batch.good_files}) == 3
    assert bucket.table(batch.good_files).num_rows == 3500


def test_an_object_whose_lines_do_not_add_up_fails_the_batch(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(*arguments: object) -> Iterator[Block]:
        for block in inspect(*arguments):  # type: ignore[arg-type]
            yield Block(block.good.slice(1), block.bad, block.blank)

    landed = bucket.put(good_lines(10))
    monkeypatch.setattr(prepare_module, "inspect", forgetful)
    with pytest.raises(CountMismatch, match="10 lines: 9 good"):
        prepared(bucket, landed)
    assert bucket.keys("landing/") == []


def test_a_bucket_that_is_not_there_is_an_outage_and_no_objects_gone(bucket: Bucket) -> None:
    landed = bucket.put(good_lines(1))
    with pytest.raises(LakeUnavailable, match="no-such-bucket"):
        prepare("no-such-bucket", EVENT, DAY, LOAD_ID, [landed])
    with pytest.raises(LakeUnavailable, match="no-such-bucket"):
        prepare("no-such-bucket", EVENT, DAY, LOAD_ID, [landed, landed], processes=2)


class _Wayward(http.server.BaseHTTPRequestHandler):
    """Serves one object, but breaks the connection in the midst of it, or says nothing, at first."""

    body = gzip.compress(b"\n".join(good_lines(5000)))
    breaks = 2
    says_nothing = False
    asked = threading.Event()

    def do_GET(self) -> None:
        cls = type(self)
        cls.asked.set()
        if cls.says_nothing:
            time.sleep(60)
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        if cls.breaks:
            cls.breaks -= 1
            self.wfile.write(self.body[: len(self.body) // 2])
        else:
            self.wfile.write(self.body)
        self.close_connection = True

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def _wayward_s3(monkeypatch: pytest.MonkeyPatch, **behaviour: object) -> Iterator[type[_Wayward]]:
    handler = type("Handler", (_Wayward,), {"asked": threading.Event(), **behaviour})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    s3_client.cache_clear()
    try:
        yield handler
    finally:
        server.shutdown()
        server.server_close()
        s3_client.cache_clear()


LISTED = LakeObject("0" * 64, "raw/a", "etag", 10, datetime(2026, 3, 10))


def test_a_connection_that_breaks_makes_no_object_poison(monkeypatch: pytest.MonkeyPatch) -> None:
    with _wayward_s3(monkeypatch, breaks=2):
        batch = prepare("bucket", EVENT, DAY, LOAD_ID, [LISTED])
    assert (batch.objects[0].outcome, batch.objects[0].good) == ("landed", 5000)


def test_connections_that_keep_breaking_fail_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    with _wayward_s3(monkeypatch, breaks=1000), pytest.raises(LakeUnavailable):
        prepare("bucket", EVENT, DAY, LOAD_ID, [LISTED])


def test_a_process_that_is_killed_fails_the_batch_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with _wayward_s3(monkeypatch, says_nothing=True) as s3:

        def kill_one() -> None:
            s3.asked.wait(60)
            child = next(c for c in multiprocessing.active_children() if c.name == "inspect-1")
            os.kill(child.pid or 0, signal.SIGKILL)

        killer = threading.Thread(target=kill_one)
        killer.start()
        with pytest.raises(WorkerDied, match="exit code -9"):
            prepare("bucket", EVENT, DAY, LOAD_ID, [LISTED, LISTED], processes=2)
        killer.join()
    assert not [c for c in multiprocessing.active_children() if c.name.startswith("inspect-")]


_PARENT = """
import datetime, sys
from sms_warehouse.landing.events import MESSAGE_SUBMITTED
from sms_warehouse.landing.prepare import prepare
from sms_warehouse.resources.s3 import LakeObject
if __name__ == "__main__":
    now = datetime.datetime(2026, 3, 10)
    listed = [LakeObject(str(n), "raw/a", "etag", 10, now) for n in range(2)]
    prepare("bucket", MESSAGE_SUBMITTED, now.date(), "load", listed, processes=2)
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes as Linux lists them")
def test_inspecting_processes_end_and_leave_no_file_when_their_parent_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "parent.py"
    script.write_text(_PARENT)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with _wayward_s3(monkeypatch, says_nothing=True) as s3:
        parent = subprocess.Popen(
            [sys.executable, str(script)],
            env=os.environ | {"TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert s3.asked.wait(60)
        workers = _children(parent.pid)
        parent.kill()
        parent.wait()
        deadline = time.monotonic() + 30
        while any(map(_is_alive, workers)) and time.monotonic() < deadline:
            time.sleep(0.05)
    assert workers
    assert not any(map(_is_alive, workers))
    assert list(temporary.iterdir()) == []


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_objects_inspected_together_keep_their_own_lines(bucket: Bucket) -> None:
    """Small objects go through the inspector as one run of lines, whatever they begin and end with."""
    good = b"\n".join(good_lines(2))
    objects = [
        bucket.put_bytes(gzip.compress(good), "no-newline-at-the-end"),
        bucket.put_bytes(gzip.compress(b""), "nothing"),
        bucket.put_bytes(gzip.compress(b"\xef\xbb\xbf" + good + b"\n\n"), "mark-and-blank"),
        bucket.put_bytes(gzip.compress(b"broken\n" + good + b"\n \nbroken too"), "broken"),
        bucket.put_bytes(gzip.compress(b"\xef\xbb\xbf"), "only-a-mark"),
        bucket.put_bytes(gzip.compress(good + b"\n"), "last"),
    ]
    batch = prepared(bucket, *objects, processes=1)
    assert [(o.lines, o.good, o.quarantined, o.blank) for o in batch.objects] == [
        (2, 2, 0, 0),
        (0, 0, 0, 0),
        (3, 2, 0, 1),
        (5, 2, 2, 1),
        (1, 0, 0, 1),
        (2, 2, 0, 0),
    ]
    places = bucket.table(batch.good_files).select(["object_id", "line_number"]).to_pylist()
    names = [o.object_id for o in objects]
    assert sorted((names.index(p["object_id"]), p["line_number"]) for p in places) == [
        (0, 1),
        (0, 2),
        (2, 1),
        (2, 2),
        (3, 2),
        (3, 3),
        (5, 1),
        (5, 2),
    ]
    bad = bucket.table(batch.quarantine_files).to_pylist()
    assert [(names.index(b["object_id"]), b["line_number"], b["raw_line"]) for b in bad] == [
        (3, 1, "broken"),
        (3, 5, "broken too"),
    ]
