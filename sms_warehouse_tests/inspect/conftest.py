"""A bucket of S3 for each test that asks for one, and helpers to fill it."""

from __future__ import annotations

import gzip
import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sms_warehouse.landing.events import MESSAGE_SUBMITTED
from sms_warehouse.landing.prepare import ParquetFile
from sms_warehouse.resources.s3 import LakeObject, object_id, s3_client
from sms_warehouse_tests.inspect.samples import DAY

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Bucket:
    """A bucket of its own."""

    name: str

    def put(self, lines: Sequence[bytes], name: str = "a.json.gz") -> LakeObject:
        return self.put_bytes(gzip.compress(b"".join(line + b"\n" for line in lines)), name)

    def put_bytes(self, body: bytes, name: str = "a.json.gz") -> LakeObject:
        key = f"raw/{MESSAGE_SUBMITTED.name}/v=1/dt={DAY.isoformat()}/hh=08/{name}"
        etag = s3_client().put_object(Bucket=self.name, Key=key, Body=body)["ETag"].strip('"')
        return LakeObject(
            object_id(self.name, key, etag, len(body)), key, etag, len(body), datetime.now(UTC)
        )

    def read(self, key: str) -> bytes:
        return s3_client().get_object(Bucket=self.name, Key=key)["Body"].read()

    def keys(self, prefix: str) -> list[str]:
        found = s3_client().list_objects_v2(Bucket=self.name, Prefix=prefix).get("Contents", [])
        return [entry["Key"] for entry in found]

    def table(self, files: Sequence[ParquetFile]) -> pa.Table:
        """The rows of Parquet files, by object and line."""
        tables = []
        for file in files:
            data = self.read(file.key)
            assert len(data) == file.content_length
            tables.append(pq.read_table(io.BytesIO(data)))
            assert tables[-1].num_rows == file.rows
        return pa.concat_tables(tables).sort_by(
            [("object_id", "ascending"), ("line_number", "ascending")]
        )


@pytest.fixture
def bucket(env: dict[str, str]) -> Bucket:
    """An empty bucket."""
    name = f"inspect-{next(_numbers)}"
    s3_client().create_bucket(Bucket=name)
    return Bucket(name)
