"""The promises of the sensor: it confirms before it deletes, and no message can stop it or be lost by it."""

import json
from urllib.parse import quote_plus

import dagster as dg

from sms_warehouse import settings
from sms_warehouse.landing import load
from sms_warehouse.local import traffic
from sms_warehouse.resources.inbox import Inbox, NewObject, sqs_client
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.platform import doors

DAY = doors.DAYS[0]


def send(body: object) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    sqs_client().send_message(QueueUrl=settings.queue_url(), MessageBody=text)


def event(*objects: NewObject) -> dict:
    return {
        "Records": [
            {
                "eventName": "ObjectCreated:Put",
                "s3": {
                    "bucket": {"name": o.bucket},
                    "object": {"key": quote_plus(o.key), "eTag": o.etag, "size": o.size_bytes},
                },
            }
            for o in objects
        ]
    }


def one_file(event_type: str = "link_click") -> traffic.LogFile:
    return next(f for f in doors.files("none", [DAY]) if f.event_type == event_type)


def renamed(file: traffic.LogFile, key: str) -> traffic.LogFile:
    return traffic.LogFile(key, file.body, file.written_at, file.event_type, file.counts)


def asked(result: dg.SensorResult) -> list[str]:
    return [r.partition_key for r in result.run_requests or []]


def test_a_message_leaves_the_queue_only_when_its_object_has_landed_and_been_applied(platform):
    """Rows in staging that no fact has taken in are not yet in any report. All this whatever characters a key has, and
    whatever else is in the queue: a message that cannot be read stays where somebody will look."""
    instance = dg.DagsterInstance.ephemeral()
    file = one_file()
    folder = file.key.rsplit("/", 1)[0]
    names = ["a+b.json.gz", "a b.json.gz", "a%2Bb.json.gz", "k=v'.json.gz", "é.json.gz"]
    doors.put(*(renamed(file, f"{folder}/{name}") for name in names))
    send("not an event")
    everything = len(names) + 1
    first = doors.tick(instance)
    assert asked(first) == [DAY.isoformat()]
    assert doors.messages_waiting() == everything
    load.land_day(Redshift(), Lake(), "link_click", DAY)
    again: list[str] = []
    doors.until(lambda: again.extend(asked(doors.tick(instance))) or again)
    assert again == [DAY.isoformat()]
    assert doors.messages_waiting() == everything
    doors.run_requested(first, instance)
    doors.until(lambda: doors.tick(instance) and doors.messages_waiting() == 1)
    (message,) = doors.until(lambda: Inbox().receive(10, seconds=5))
    assert message.body == "not an event"
    with Redshift().session("test") as session:
        landed = {k for (k,) in session.rows("select object_key from control.landed_object")}
    assert landed == {f"{folder}/{name}" for name in names}


def test_a_failed_run_is_asked_for_again(platform, monkeypatch):
    """Requests carry no run key: Dagster never starts a run again for a key whose run failed."""
    instance = dg.DagsterInstance.ephemeral()
    doors.put(one_file())
    (request,) = doors.tick(instance).run_requests
    assert (request.partition_key, request.run_key) == (DAY.isoformat(), None)
    with monkeypatch.context() as broken:
        broken.setenv("SMS_WAREHOUSE_COPY_ROLE", "")
        assert not doors.run_day(DAY, instance, doors.SENSOR).success
    again: list[str] = []
    doors.until(lambda: again.extend(asked(doors.tick(instance))) or again)
    assert again == [DAY.isoformat()]
    assert doors.messages_waiting() == 1


def test_a_day_that_is_being_loaded_is_not_asked_for_twice(platform):
    instance = dg.DagsterInstance.ephemeral()
    doors.put(one_file())
    job = doors.definitions().resolve_job_def("load_day")
    instance.create_run_for_job(
        job, status=dg.DagsterRunStatus.STARTED, tags={"dagster/partition": DAY.isoformat()}
    )
    result = doors.tick(instance)
    assert asked(result) == []
    assert doors.messages_waiting() == 1


def test_test_events_and_foreign_keys_are_deleted_and_ask_for_nothing(platform):
    instance = dg.DagsterInstance.ephemeral()
    bucket = Lake().bucket
    send({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": bucket})
    send(event(NewObject("somebody-elses", one_file().key, "e", 1)))
    send(event(NewObject(bucket, "exports/x.csv", "e", 1)))
    send(event(NewObject(bucket, f"raw/link_click/v=1/dt={DAY}/hh=00/", "e", 0)))
    assert asked(doors.tick(instance)) == []
    assert doors.messages_waiting() == 0


def test_a_key_that_fits_no_day_is_recorded_once_and_its_message_deleted(platform):
    instance = dg.DagsterInstance.ephemeral()
    bucket = Lake().bucket
    bad = [
        "raw/link_clack/v=1/dt=2026-03-01/hh=00/x.json.gz",
        "raw/link_click/v=9/dt=2026-03-01/hh=00/x.json.gz",
        "raw/link_click/v=1/dt=2999-01-01/hh=00/x.json.gz",
        "raw/link_click/v=1/dt=1999-01-01/hh=00/x.json.gz",
        "raw/stray.json.gz",
        "raw/" + "\N{GRINNING FACE}" * 100 + "/v=1/dt=2026-03-01/hh=00/x.json.gz",
    ]
    for _ in range(2):
        send(event(*(NewObject(bucket, key, "e", 1) for key in bad)))
        assert asked(doors.tick(instance)) == []
    assert doors.messages_waiting() == 0
    with Redshift().session("test") as session:
        found = dict(session.rows("select object_key, reason from control.rejected_key"))
    assert found.keys() == set(bad)
    assert "unknown event type 'link_clack'" in found[bad[0]]


def test_a_message_about_an_object_that_was_removed_goes_when_it_comes_back(platform):
    instance = dg.DagsterInstance.ephemeral()
    file = one_file()
    doors.put(file)
    doors.remove(file.key)
    assert asked(doors.tick(instance)) == [DAY.isoformat()]
    doors.drain(instance)


def test_nothing_is_received_while_the_warehouse_is_away(platform, monkeypatch):
    doors.put(one_file())
    with monkeypatch.context() as away:
        away.setenv("REDSHIFT_PORT", "1")
        result = doors.tick(dg.DagsterInstance.ephemeral())
    assert "REDSHIFT_HOST" in result.skip_reason.skip_message
    (message,) = Inbox().receive(10, seconds=5)
    assert message.receive_count == 1


def test_a_lost_message_is_found_by_reconciling_and_one_about_several_objects_waits_for_all(
    platform,
):
    instance = dg.DagsterInstance.ephemeral()
    lake = Lake()
    here, other = one_file(), one_file("message_submitted")
    doors.put(here)
    doors.drop_messages()
    assert doors.messages_waiting() == 0
    job = doors.definitions().resolve_job_def("reconcile")
    assert job.execute_in_process(instance=instance).success
    assert doors.run_requested(doors.tick(instance), instance) == [DAY.isoformat()]
    doors.drain(instance)
    assert doors.ledger()["link_click"]["objects"] == 1

    found = lake.head(here.key)
    pair = [
        NewObject(lake.bucket, found.key, found.etag, found.size_bytes),
        NewObject(lake.bucket, other.key, "not-there-yet", 5),
    ]
    send(event(*pair))
    assert asked(doors.tick(instance)) == [DAY.isoformat()]
    assert doors.messages_waiting() == 1


def test_more_messages_than_a_tick_receives_ask_for_their_day_once_a_tick(platform, monkeypatch):
    """A tick ends in its time whatever is waiting: what it cannot receive is the next tick's."""
    bucket, queue_url = Lake().bucket, settings.queue_url()
    sqs_client().set_queue_attributes(QueueUrl=queue_url, Attributes={"VisibilityTimeout": "600"})
    # More than are asked of the ledger at once.
    monkeypatch.setattr("sms_warehouse.sensors.MOST_MESSAGES", 600)
    keys = [f"raw/link_click/v=1/dt={DAY}/hh=00/x-{n}.json.gz" for n in range(1_000)]
    for begin in range(0, len(keys), 10):
        sqs_client().send_message_batch(
            QueueUrl=queue_url,
            Entries=[
                {"Id": str(n), "MessageBody": json.dumps(event(NewObject(bucket, key, "e", 1)))}
                for n, key in enumerate(keys[begin : begin + 10])
            ],
        )
    instance = dg.DagsterInstance.ephemeral()
    seen = []
    while sum(seen) < len(keys):
        result = doors.tick(instance)
        assert asked(result) == [DAY.isoformat()]
        (observation,) = result.asset_events
        seen.append(observation.metadata["new_objects"].value)
    assert sum(seen) == len(keys)
    assert 0 < max(seen) <= 600
