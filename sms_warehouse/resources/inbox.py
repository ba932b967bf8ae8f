"""The inbox: the queue of S3's ObjectCreated events.

A message is a hint that a day has news. It leaves the queue only when the warehouse says that nothing is left
to do for what it names; until then it becomes visible again by itself.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, unquote_plus

import boto3
import dagster as dg
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sms_warehouse import settings
from sms_warehouse.resources.s3 import object_id

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BATCH = 10  # most that SQS gives or takes in one call
_THREADS = 8
_KEY_BYTES = 1024


class InboxUnavailable(Exception):
    """SQS does not answer, or the queue is not there; the message says which and what sets it."""


class Unreadable(Exception):
    """A message that is not an S3 event; ``str()`` says why."""


@dataclass(frozen=True)
class NewObject:
    """One object named by an event."""

    bucket: str
    key: str
    etag: str
    size_bytes: int

    @property
    def object_id(self) -> str:
        return object_id(self.bucket, self.key, self.etag, self.size_bytes)


@dataclass(frozen=True)
class Message:
    """One message: its receipt, how often it was received, and its body."""

    receipt: str
    receive_count: int
    body: str

    def objects(self) -> list[NewObject]:
        """The objects the message tells of; none for S3's test event and for events of other kinds.

        Understands events sent by S3 directly, through an SNS topic (with its envelope) and through
        EventBridge. Raises Unreadable.
        """
        try:
            event = json.loads(self.body)
            if isinstance(event, dict) and event.get("Type") == "Notification":
                event = json.loads(event["Message"])
            if not isinstance(event, dict):
                raise Unreadable("the body is not a JSON object")
            if event.get("Event") == "s3:TestEvent":
                return []
            if event.get("detail-type") == "Object Created":
                return [_from_event_bridge(event["detail"])]
            return [
                _from_record(record["s3"])
                for record in event["Records"]
                if record["eventName"].removeprefix("s3:").startswith("ObjectCreated:")
            ]
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            OverflowError,
            RecursionError,
        ) as error:
            raise Unreadable(f"the body is not an S3 event: {error!r}") from None


def _from_record(s3: dict[str, Any]) -> NewObject:
    # Keys in S3's own events are form-encoded: a space is "+".
    found = s3["object"]
    return _new_object(
        s3["bucket"]["name"],
        unquote_plus(found["key"]),
        found.get("eTag", ""),
        found.get("size", 0),
    )


def _from_event_bridge(detail: dict[str, Any]) -> NewObject:
    # EventBridge does not encode keys.
    found = detail["object"]
    return _new_object(
        detail["bucket"]["name"], found["key"], found.get("etag", ""), found.get("size", 0)
    )


def _new_object(bucket: Any, key: Any, etag: Any, size_bytes: Any) -> NewObject:
    """The object, if S3 can have such a one. Raises ValueError or TypeError, which make a message unreadable."""
    for text in (bucket, key, etag):
        if not isinstance(text, str) or "\0" in text or len(text.encode()) > _KEY_BYTES:
            raise ValueError(f"{str(text)[:50]!a} is no name in S3")
    return NewObject(bucket, key, etag.strip('"'), int(size_bytes))


@cache
def sqs_client() -> SQSClient:
    """The SQS client of this process, set up as boto3 reads the environment; safe to share by threads."""
    return boto3.client(
        "sqs",
        config=Config(
            retries={"mode": "standard", "max_attempts": 3},
            connect_timeout=5,
            read_timeout=20,
            max_pool_connections=_THREADS,
        ),
    )


class Inbox(dg.ConfigurableResource):
    """The queue of ``SMS_WAREHOUSE_QUEUE_URL``, reached as boto3 reads the ``AWS_*`` variables."""

    def receive(self, most: int, *, seconds: float) -> list[Message]:
        """Up to ``most`` messages, in no order, stopping when the queue seems empty or after ``seconds``.

        Received messages are hidden from others for the queue's visibility timeout. Raises InboxUnavailable.
        """
        queue_url = settings.queue_url()
        end = time.monotonic() + seconds
        messages: list[Message] = []

        def receive(_: int) -> list[Message]:
            answer = sqs_client().receive_message(
                QueueUrl=queue_url,
                MaxNumberOfMessages=_BATCH,
                WaitTimeSeconds=0,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
            return [
                Message(
                    m["ReceiptHandle"], int(m["Attributes"]["ApproximateReceiveCount"]), m["Body"]
                )
                for m in answer.get("Messages", [])
            ]

        try:
            with ThreadPoolExecutor(_THREADS) as threads:
                while len(messages) < most and time.monotonic() < end:
                    calls = min(_THREADS, -(-(most - len(messages)) // _BATCH))
                    got = [m for batch in threads.map(receive, range(calls)) for m in batch]
                    messages += got
                    if not got:
                        break
        except (BotoCoreError, ClientError) as error:
            raise _explained(error, queue_url) from error
        return messages

    def hint(self, objects: Sequence[NewObject]) -> None:
        """Sends what S3 would have sent for these objects: for news whose own message was lost."""
        queue_url = settings.queue_url()
        try:
            for found in objects:
                record = {
                    "eventVersion": "2.1",
                    "eventSource": "aws:s3",
                    "eventName": "ObjectCreated:Reconciled",
                    "s3": {
                        "bucket": {"name": found.bucket},
                        "object": {
                            "key": quote_plus(found.key, safe="/"),
                            "eTag": found.etag,
                            "size": found.size_bytes,
                        },
                    },
                }
                sqs_client().send_message(
                    QueueUrl=queue_url, MessageBody=json.dumps({"Records": [record]})
                )
        except (BotoCoreError, ClientError) as error:
            raise _explained(error, queue_url) from error

    def delete(self, messages: Sequence[Message]) -> int:
        """Removes messages for good; returns how many went. One that cannot be removed comes back later."""
        queue_url = settings.queue_url()

        def delete(begin: int) -> int:
            answer = sqs_client().delete_message_batch(
                QueueUrl=queue_url,
                Entries=[
                    {"Id": str(n), "ReceiptHandle": m.receipt}
                    for n, m in enumerate(messages[begin : begin + _BATCH])
                ],
            )
            return len(answer.get("Successful", []))

        try:
            with ThreadPoolExecutor(_THREADS) as threads:
                return sum(threads.map(delete, range(0, len(messages), _BATCH)))
        except (BotoCoreError, ClientError) as error:
            raise _explained(error, queue_url) from error


def _explained(error: Exception, queue_url: str) -> InboxUnavailable:
    return InboxUnavailable(
        f"SQS queue {queue_url} cannot be used: {error}; check SMS_WAREHOUSE_QUEUE_URL and AWS_ENDPOINT_URL"
    )
