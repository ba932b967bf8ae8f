"""Lines of objects in S3: where they stand, how to find one in quarantine, and how to fetch it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sms_warehouse.landing.archive import PoisonObject, inflate
from sms_warehouse.resources.s3 import explained, object_id, s3_client

Row = dict[str, Any]


@dataclass
class Line:
    """A line of an object in S3; ``raw`` is its text, once it was fetched, and ``raw_error`` why there is none.

    ``is_erased``: it is of a person who was erased, and is not fetched.
    """

    object_id: str
    line_number: int
    bucket: str | None = None
    object_key: str | None = None
    object_status: str | None = None
    replaced: list[Row] = field(default_factory=list)
    raw: str | None = None
    raw_error: str | None = None
    is_erased: bool = False


def base64_parts(text: str) -> list[str]:
    """What Base64 of anything that holds ``text`` holds: one part for each place it may begin within three bytes."""
    data = text.encode()
    parts = []
    for shift in range(3):
        encoded = b64encode(bytes(shift) + data + bytes(3)).decode()
        # Characters that hold bits of nothing but the text.
        parts.append(encoded[-(-shift * 8 // 6) : (shift + len(data)) * 8 // 6])
    return parts


def fetch_raw(lines: Iterable[Line]) -> None:
    """Fetches lines from S3, each object once, as they stand there now.

    Raises LakeUnavailable. What cannot be told of a line, its object was removed or overwritten since, the line says.
    """
    by_object: dict[str, list[Line]] = {}
    for line in lines:
        if line.is_erased:
            line.raw_error = "it is of a person who was erased, and is not shown"
        else:
            by_object.setdefault(line.object_id, []).append(line)
    for together in by_object.values():
        first = together[0]
        if first.bucket is None or first.object_key is None:
            error: str | None = "the ledger does not know its object"
            data = bytearray()
        else:
            data, error = _content(first.bucket, first.object_key, first.object_id)
        for line in together:
            if error is None:
                line.raw, line.raw_error = line_of(data, line.line_number), None
            else:
                line.raw_error = error


def _content(bucket: str, key: str, wanted_id: str) -> tuple[Any, str | None]:
    try:
        answer = s3_client().get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return None, "the object is no longer in S3"
        raise explained(error, bucket) from error
    except BotoCoreError as error:
        raise explained(error, bucket) from error
    with answer["Body"] as body:
        found_id = object_id(bucket, key, answer["ETag"].strip('"'), answer["ContentLength"])
        if found_id != wanted_id:
            return None, "the object was overwritten since: S3 has other content under its key"
        try:
            return inflate(body).data, None
        except PoisonObject as error:
            return None, f"the object cannot be read: {error}"


def line_of(data: Any, number: int) -> str:
    """A physical line, from 1, of inflated content; bytes that are no text are shown as escapes."""
    begin = 0
    for _ in range(number - 1):
        begin = data.find(b"\n", begin) + 1
    end = data.find(b"\n", begin)
    line = bytes(data[begin : end if end >= 0 else len(data)])
    return line.decode("utf-8", "backslashreplace")
