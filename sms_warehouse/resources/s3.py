"""S3 as every process of the platform reaches it, those that only inspect objects included.

An object is its content, not its name: the same key with another ETag or size is another object. Dagster is
not imported here, because it would take longer to import than many a batch takes to inspect.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError

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
