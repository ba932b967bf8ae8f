"""The lake: the bucket the services write their logs to, and where landing keeps what COPY reads."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import dagster as dg
from botocore.exceptions import BotoCoreError, ClientError

from sms_warehouse import settings
from sms_warehouse.landing import keys
from sms_warehouse.resources.s3 import (
    LakeObject,
    LakeUnavailable,
    explained,
    object_id,
    s3_client,
)


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

    def get(self, key: str) -> bytes | None:
        """What an object holds, or None when there is none."""
        try:
            return s3_client().get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise explained(error, self.bucket) from error
        except BotoCoreError as error:
            raise explained(error, self.bucket) from error

    def put(self, key: str, body: bytes) -> None:
        """Writes an object."""
        try:
            s3_client().put_object(Bucket=self.bucket, Key=key, Body=body)
        except (BotoCoreError, ClientError) as error:
            raise explained(error, self.bucket) from error

    def delete(self, found: list[str]) -> None:
        """Removes objects; those that are gone already are no error. Raises LakeUnavailable for what stays."""
        for begin in range(0, len(found), 1000):
            chunk = found[begin : begin + 1000]
            try:
                answer = s3_client().delete_objects(
                    Bucket=self.bucket,
                    Delete={"Objects": [{"Key": key} for key in chunk], "Quiet": True},
                )
            except (BotoCoreError, ClientError) as error:
                raise explained(error, self.bucket) from error
            # The answer is a success all the same.
            if errors := answer.get("Errors"):
                raise LakeUnavailable(
                    f"S3 did not delete {errors[0].get('Key')!r} of bucket {self.bucket!r}:"
                    f" {errors[0].get('Code')} ({len(errors)} of {len(chunk)} objects stay)"
                )
