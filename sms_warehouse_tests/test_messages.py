"""What a message of the queue names, in every form in which S3's events arrive."""

import json

import pytest

from sms_warehouse.resources.inbox import Message, NewObject, Unreadable


def message(body: object) -> Message:
    return Message("receipt", 1, body if isinstance(body, str) else json.dumps(body))


def record(key: str, name: str = "ObjectCreated:Put", **found: object) -> dict:
    return {
        "eventVersion": "2.6",
        "eventName": name,
        "s3": {"bucket": {"name": "logs"}, "object": {"key": key, "eTag": "e1", "size": 3} | found},
    }


def test_keys_are_decoded_as_s3_encodes_them():
    encoded = "raw/link_click/v%3D1/dt%3D2026-02-28/hh%3D01/a+b%2Bc%25d%40%C3%A9.json.gz"
    (found,) = message({"Records": [record(encoded)]}).objects()
    assert found == NewObject(
        "logs", "raw/link_click/v=1/dt=2026-02-28/hh=01/a b+c%d@é.json.gz", "e1", 3
    )


def test_one_message_may_name_several_objects():
    assert [o.key for o in message({"Records": [record("a"), record("b")]}).objects()] == ["a", "b"]


def test_s3_test_events_and_events_of_other_kinds_name_nothing():
    assert (
        message({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "logs"}).objects() == []
    )
    assert message({"Records": [record("a", "ObjectRemoved:Delete")]}).objects() == []


def test_an_envelope_of_sns_and_the_shape_of_eventbridge_are_understood():
    inside = json.dumps({"Records": [record("a+b")]})
    assert message({"Type": "Notification", "Message": inside}).objects()[0].key == "a b"
    bridge = {
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": "logs"}, "object": {"key": "a+b", "etag": "e", "size": 1}},
    }
    assert message(bridge).objects() == [NewObject("logs", "a+b", "e", 1)]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not json",
        "[]",
        "7",
        "{}",
        '{"Records": 5}',
        '{"Records": [{}]}',
        '{"Records": [{"eventName": 1}]}',
    ],
)
def test_anything_else_is_unreadable_and_says_so(body):
    with pytest.raises(Unreadable):
        message(body).objects()


def test_an_object_is_named_by_bucket_key_etag_and_size():
    one = NewObject("logs", "a", "e", 1)
    others = [
        NewObject("logz", "a", "e", 1),
        NewObject("logs", "b", "e", 1),
        NewObject("logs", "a", "f", 1),
        NewObject("logs", "a", "e", 2),
    ]
    assert len({o.object_id for o in [one, *others]}) == 5
    assert one.object_id == NewObject("logs", "a", "e", 1).object_id


@pytest.mark.parametrize(
    "body",
    [
        "[" * 200_000,
        json.dumps({"Records": [record("a", size=float("inf"))]}),
        json.dumps({"Records": [record("a%00b")]}),
        json.dumps({"Records": [record("k" * 1025)]}),
        json.dumps({"Records": [record("a", eTag=7)]}),
        '{"detail-type": "Object Created", "detail": {"bucket": {"name": "b"}, "object": {"key": 7}}}',
        '{"detail-type": "Object Created", "detail": {"bucket": {"name": "b"}, "object": {"key": "\\ud800"}}}',
    ],
)
def test_what_s3_cannot_have_sent_is_unreadable_and_never_a_crash(body):
    """One such message would stop the sensor for all others."""
    with pytest.raises(Unreadable):
        message(body).objects()
