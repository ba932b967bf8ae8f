"""The lake: the bucket the services write their logs to, and where landing keeps what COPY reads.

An object is its content, not its name: the same key with another ETag or size is another object.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING

import boto3
import dagster as dg
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from sms_warehouse import settings
from sms_warehouse.landing import keys

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 5},
    connect_timeout=5,
    read_timeout=60,
    max_pool_connections=32,
)


class LakeUnavailable(Exception):
    """S3 does not answer, or the bucket is not there; the message says which and what sets it."""


@cache
def s3_client() -> S3Client:
    """The S3 client of this process, set up as boto3 reads the environment; safe to share by threads."""
    return boto3.client("s3", config=_CONFIG)


def object_id(bucket: str, key: str, etag: str, size_bytes: int) -> str:
    """Names an object by its content: SHA-256, hex, over bucket, key, ETag (without quotes) and size."""
    return hashlib.sha256(f"{bucket}\n{key}\n{etag}\n{size_bytes}".encode()).hexdigest()


@dataclass(frozen=True)
class LakeObject:
    """One object as a listing shows it; ``etag`` without quotes."""

    object_id: str
    key: str
    etag: str
    size_bytes: int
    last_modified: datetime


class Lake(dg.ConfigurableResource):
    """The bucket of ``SMS_WAREHOUSE_BUCKET``, reached as boto3 reads the ``AWS_*`` environment variables."""

    @property
    def bucket(self) -> str:
        return settings.bucket()

    def list_day(self, event_type: str, day: date) -> list[LakeObject]:
        """The objects of an event type that arrived on a UTC day, in the order of their keys.

        What lies under the day's prefix without fitting the layout is nobody's object.
        """
        return [
            found
            for found in self.list_prefix(keys.day_prefix(event_type, day))
            if keys.fits(found.key)
        ]

    def list_days(self, event_type: str) -> list[date]:
        """The arrival days for which an event type has objects, oldest first."""
        bucket = self.bucket
        prefix = keys.type_prefix(event_type)
        days: list[date] = []
        try:
            pages = (
                s3_client()
                .get_paginator("list_objects_v2")
                .paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
            )
            for page in pages:
                for entry in page.get("CommonPrefixes", []):
                    with suppress(ValueError):
                        days.append(date.fromisoformat(entry["Prefix"][len(prefix) : -1]))
        except (BotoCoreError, ClientError) as error:
            raise explained(error, bucket) from error
        return sorted(days)

    def list_prefix(self, prefix: str) -> list[LakeObject]:
        """The objects under a prefix. Raises LakeUnavailable."""
        bucket = self.bucket
        found: list[LakeObject] = []
        try:
            pages = (
                s3_client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            )
            for page in pages:
                for entry in page.get("Contents", []):
                    key, size_bytes = entry["Key"], entry["Size"]
                    etag = entry["ETag"].strip('"')
                    found.append(
                        LakeObject(
                            object_id(bucket, key, etag, size_bytes),
                            key,
                            etag,
                            size_bytes,
                            entry["LastModified"],
                        )
                    )
        except (BotoCoreError, ClientError) as error:
            raise explained(error, bucket) from error
        return found

    def head(self, key: str) -> LakeObject | None:
        """The object a key names now, or None."""
        bucket = self.bucket
        try:
            answer = s3_client().head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise explained(error, bucket) from error
        except BotoCoreError as error:
            raise explained(error, bucket) from error
        etag, size_bytes = answer["ETag"].strip('"'), answer["ContentLength"]
        return LakeObject(
            object_id(bucket, key, etag, size_bytes), key, etag, size_bytes, answer["LastModified"]
        )

    def put(self, key: str, body: bytes) -> None:
        """Writes an object."""
        try:
            s3_client().put_object(Bucket=self.bucket, Key=key, Body=body)
        except (BotoCoreError, ClientError) as error:
            raise explained(error, self.bucket) from error

    def delete(self, found: list[str]) -> None:
        """Removes objects; those that are gone already are no error."""
        for begin in range(0, len(found), 1000):
            chunk = found[begin : begin + 1000]
            s3_client().delete_objects(
                Bucket=self.bucket,
                Delete={"Objects": [{"Key": key} for key in chunk], "Quiet": True},
            )


def explained(error: Exception, bucket: str) -> Exception:
    """The error in words that name the bucket or address and the variable that sets it."""
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
        if code == "NoSuchBucket":
            return LakeUnavailable(f"bucket {bucket!r} does not exist; check SMS_WAREHOUSE_BUCKET")
        return LakeUnavailable(f"S3 refused access to bucket {bucket!r}: {error}")
    if isinstance(error, EndpointConnectionError):
        return LakeUnavailable(
            f"S3 does not answer: {error}; check AWS_ENDPOINT_URL and the network"
        )
    return LakeUnavailable(f"S3 cannot be used: {error}; check the AWS_* variables")
