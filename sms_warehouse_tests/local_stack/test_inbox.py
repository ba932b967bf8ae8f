"""What the platform relies on S3 and SQS for, held against the servers a laptop runs."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from sms_warehouse.resources.inbox import Message, sqs_client
from sms_warehouse.resources.s3 import s3_client
from sms_warehouse_tests.conftest import Platform

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef


PATIENCE_S = 120


def receive(platform: Platform, count: int) -> list[Message]:
    """Waits for that many messages; delivery is asynchronous."""
    end = time.monotonic() + PATIENCE_S
    messages: list[Message] = []
    while len(messages) < count and time.monotonic() < end:
        messages += platform.inbox.receive(count - len(messages), seconds=2)
    return messages


@pytest.mark.parametrize(
    "key",
    [
        "raw/link_click/v=1/dt=2026-03-01/hh=05/part-0001.json.gz",
        "raw/a b+c%2Bd=é&.gz",
    ],
)
def test_an_upload_under_raw_tells_the_queue_which_object_it_was(
    platform: Platform, key: str
) -> None:
    platform.lake.put(key, b"content")
    listed = platform.lake.head(key)
    (message,) = receive(platform, 1)
    (named,) = message.objects()
    assert listed is not None
    assert (named.bucket, named.key) == (platform.bucket, key)
    assert (named.etag, named.size_bytes) == (listed.etag, 7)
    assert named.object_id == listed.object_id


def test_an_upload_elsewhere_tells_nobody(platform: Platform) -> None:
    platform.lake.put("landing/manifest", b"{}")
    platform.lake.put("raw/last", b"")
    assert [m.objects()[0].key for m in receive(platform, 1)] == ["raw/last"]
    assert platform.inbox.receive(10, seconds=1) == []


def test_a_multipart_upload_is_one_object_and_one_message(platform: Platform) -> None:
    s3, key = s3_client(), "raw/large"
    upload = s3.create_multipart_upload(Bucket=platform.bucket, Key=key)["UploadId"]
    parts: list[CompletedPartTypeDef] = []
    for number, body in enumerate([b"x" * 5 * 1024 * 1024, b"y"], start=1):
        part = s3.upload_part(
            Bucket=platform.bucket, Key=key, UploadId=upload, PartNumber=number, Body=body
        )
        parts.append({"ETag": part["ETag"], "PartNumber": number})
    s3.complete_multipart_upload(
        Bucket=platform.bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}
    )
    (message,) = receive(platform, 1)
    (named,) = message.objects()
    listed = platform.lake.head(key)
    assert listed is not None
    assert (named.key, named.etag, named.size_bytes) == (key, listed.etag, 5 * 1024 * 1024 + 1)
    assert platform.inbox.receive(10, seconds=1) == []


def test_overwritten_content_is_another_object_and_is_refused_under_its_old_etag(
    platform: Platform,
) -> None:
    platform.lake.put("raw/object", b"old")
    old = platform.lake.head("raw/object")
    platform.lake.put("raw/object", b"new")
    new = platform.lake.head("raw/object")
    assert old is not None
    assert new is not None
    assert old.object_id != new.object_id
    s3 = s3_client()
    with pytest.raises(ClientError) as refused:
        s3.get_object(Bucket=platform.bucket, Key="raw/object", IfMatch=old.etag)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    answer = s3.get_object(Bucket=platform.bucket, Key="raw/object", IfMatch=new.etag)
    assert answer["Body"].read() == b"new"


def test_a_listing_of_more_than_one_page_is_whole_and_in_order(platform: Platform) -> None:
    keys = [f"landing/{number:05d}" for number in range(1001)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda key: platform.lake.put(key, b""), keys))
    assert [found.key for found in platform.lake.list_prefix("landing/")] == keys


def test_every_message_is_received_and_deleted_once(platform: Platform) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: platform.lake.put(f"raw/{n}", b""), range(100)))
    messages = receive(platform, 100)
    assert sorted(int(m.objects()[0].key[4:]) for m in messages) == list(range(100))
    assert platform.inbox.delete(messages) == 100
    counted = sqs_client().get_queue_attributes(
        QueueUrl=platform.queue_url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    assert set(counted.values()) == {"0"}


def test_the_queue_survives_a_long_outage_and_landing_leaves_nothing_behind(
    platform: Platform,
) -> None:
    attributes = sqs_client().get_queue_attributes(
        QueueUrl=platform.queue_url, AttributeNames=["All"]
    )["Attributes"]
    redrive = json.loads(attributes["RedrivePolicy"])
    assert redrive["maxReceiveCount"] == 1000
    assert redrive["deadLetterTargetArn"].endswith(f":{platform.bucket}-dead-letters")
    assert attributes["MessageRetentionPeriod"] == str(14 * 24 * 3600)
    (rule,) = s3_client().get_bucket_lifecycle_configuration(Bucket=platform.bucket)["Rules"]
    assert (rule["Filter"], rule["Expiration"]["Days"]) == ({"Prefix": "landing/"}, 1)
