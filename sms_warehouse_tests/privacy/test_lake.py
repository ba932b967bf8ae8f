"""What S3 did not remove is no success: an erasure must not be proved over it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.stub import Stubber

from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.s3 import LakeUnavailable, s3_client
from sms_warehouse_tests.conftest import forget_clients


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    for name, value in (
        ("AWS_ACCESS_KEY_ID", "x"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("SMS_WAREHOUSE_BUCKET", "lake"),
    ):
        monkeypatch.setenv(name, value)
    forget_clients()
    with Stubber(s3_client()) as stubber:
        yield stubber
    forget_clients()


def test_an_object_that_stays_is_named_with_the_reason(s3: Stubber) -> None:
    """S3 answers with 200 all the same."""
    refused = [{"Key": "exports/b", "Code": "AccessDenied"}, {"Key": "exports/c", "Code": "Other"}]
    s3.add_response("delete_objects", {"Errors": refused})
    with pytest.raises(LakeUnavailable, match="'exports/b' of bucket 'lake': AccessDenied"):
        Lake().delete(["exports/a", "exports/b", "exports/c"])
    s3.add_response("delete_objects", {})
    Lake().delete(["exports/a"])


def test_a_refusal_names_the_bucket(s3: Stubber) -> None:
    s3.add_client_error("delete_objects", "NoSuchBucket")
    with pytest.raises(LakeUnavailable, match="'lake' does not exist"):
        Lake().delete(["exports/a"])
