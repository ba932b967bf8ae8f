"""The promises of loading: nothing lost, nothing doubled, whichever way and however often a day is loaded."""

import random
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import dagster as dg
import pytest
import redshift_connector
from botocore.exceptions import ClientError

from sms_warehouse.landing import load
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.local import traffic
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse.resources.s3 import s3_client
from sms_warehouse.settings import redshift_login
from sms_warehouse_tests.platform import doors
from sms_warehouse_tests.platform.killed import POINTS

SENSOR = {"dagster/sensor_name": "new_logs"}


def test_a_loaded_world_fills_every_fact_and_report(plain):
    empty = [table for table, rows in plain.items() if not rows]
    assert not empty


def test_the_sensor_gives_the_tables_that_a_backfill_gives(plain, platform):
    """Files arrive in order, the sensor asks for their days, and asks again until the queue is empty."""
    instance = dg.DagsterInstance.ephemeral()
    found = doors.files()
    for part in range(3):
        doors.put(*found[part::3])
        doors.run_requested(doors.tick(instance), instance)
    doors.drain(instance)
    doors.assert_same(plain, doors.picture())


def test_files_landed_few_by_few_in_any_order_give_the_same_tables(plain, platform):
    """Facts depend on the set of events: files come in random order, half of them wait for the next of their type and
    day, and the facts take in what has landed at arbitrary moments."""
    chance = random.Random(4)
    for number, file in enumerate(doors.shuffled(doors.files(), seed=3), start=1):
        doors.put(file)
        day = date.fromisoformat(file.key.split("/dt=")[1][:10])
        if chance.random() < 0.5:
            assert load.land_day(platform.redshift, platform.lake, file.event_type, day).objects
        if number % 70 == 0:
            assert doors.run_day(day, tags=SENSOR).success
    for day in doors.DAYS:
        assert doors.run_day(day, tags=SENSOR).success
    doors.assert_same(plain, doors.picture())


def test_loading_twice_changes_nothing(plain, platform):
    doors.put(*doors.files())
    for day in (*doors.DAYS, *doors.DAYS, doors.DAYS[0]):
        assert doors.run_day(day).success
    doors.assert_same(plain, doors.picture())


def test_two_loads_of_one_day_at_once_land_it_once(plain, platform):
    doors.put(*doors.files())
    results: list[bool] = []

    def load() -> None:
        results.append(doors.run_day(doors.DAYS[0]).success)

    both = [threading.Thread(target=load) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert results == [True, True]
    assert doors.run_day(doors.DAYS[1]).success
    doors.assert_same(plain, doors.picture())


def test_runs_killed_at_one_point_after_another_lose_and_double_nothing(plain, platform):
    doors.put(*doors.files())
    for point in POINTS:
        if point == "before_messages_are_deleted":
            continue
        killed = subprocess.run(
            [
                sys.executable,
                "-m",
                "sms_warehouse_tests.platform.killed",
                point,
                str(doors.DAYS[0]),
            ],
            capture_output=True,
            text=True,
        )
        assert killed.returncode == -9, (point, killed.stderr)
    for day in doors.DAYS:
        assert doors.run_day(day, tags=SENSOR).success
    doors.assert_same(plain, doors.picture())


def test_a_sensor_killed_before_it_deletes_asks_again_and_then_deletes(plain, platform):
    doors.put(*doors.files())
    for day in doors.DAYS:
        assert doors.run_day(day).success
    waiting = doors.messages_waiting()
    killed = subprocess.run(
        [
            sys.executable,
            "-m",
            "sms_warehouse_tests.platform.killed",
            "before_messages_are_deleted",
            str(doors.DAYS[0]),
        ],
        capture_output=True,
        text=True,
    )
    assert killed.returncode == -9, killed.stderr
    assert doors.messages_waiting() == waiting
    instance = dg.DagsterInstance.ephemeral()
    doors.drain(instance)
    doors.assert_same(plain, doors.picture())


def test_the_ledger_counts_what_the_services_say_they_wrote(platform):
    """Hostile traffic: every kind of broken line and object a producer can cause."""
    truth = traffic.write(
        Lake().bucket,
        s3_client(),
        *doors.DAYS,
        messages=doors.MESSAGES,
        seed=doors.SEED,
        faults="hostile",
    )
    for day in doors.DAYS:
        assert doors.run_day(day).success
    counted = doors.ledger()
    for event_type, wrote in truth.items():
        found = counted[event_type]
        assert found["lines"] == wrote.lines, event_type
        assert found["quarantined"] == wrote.malformed, event_type
        assert found["blank"] == wrote.blank, event_type
        assert found["landed"] == wrote.lines - wrote.malformed - wrote.blank, event_type
        assert doors.staged_rows()[event_type] == found["landed"], event_type
    assert sum(c["poison"] for c in counted.values()) > 0
    with Redshift().session("test") as session:
        quarantined = session.value(
            "select count(*) as n from control.quarantined_line where resolved_at is null"
        )
    assert quarantined == sum(w.malformed for w in truth.values())


def test_a_corrupt_object_is_poison_and_its_day_goes_on(platform):
    found = doors.files("none", doors.DAYS[:1])
    doors.put(*found)
    broken = next(f for f in found if f.event_type == "link_click")
    doors.put(
        traffic.LogFile(
            broken.key, broken.body[:-9], broken.written_at, broken.event_type, broken.counts
        )
    )
    result = doors.run_day(doors.DAYS[0])
    assert result.success
    counted = doors.ledger()
    assert counted["link_click"]["poison"] == 1
    assert sum(c["poison"] for c in counted.values()) == 1
    failed = [e for e in result.get_asset_check_evaluations() if not e.passed]
    assert [(e.asset_key.path[-1], e.check_name) for e in failed] == [("link_click", "no_poison")]
    assert counted["message_submitted"]["landed"] > 0


def test_new_content_under_an_old_key_replaces_it_and_facts_follow(platform):
    found = doors.files("none", doors.DAYS[:1])
    submissions = [f for f in found if f.event_type == "message_submitted"]
    doors.put(*[f for f in found if f is not submissions[0]])
    assert doors.run_day(doors.DAYS[0]).success
    without = doors.picture()
    doors.put(submissions[0])
    assert doors.run_day(doors.DAYS[0], tags=SENSOR).success
    whole = doors.picture()
    assert whole["warehouse.fact_submission"] != without["warehouse.fact_submission"]

    first, second = submissions[0], submissions[1]
    doors.put(
        traffic.LogFile(first.key, second.body, first.written_at, first.event_type, second.counts)
    )
    assert doors.run_day(doors.DAYS[0], tags=SENSOR).success
    replaced = doors.picture()
    # The key now holds what another file holds too: its own events are gone, the others came twice.
    assert Counter(
        r.split('"event_id": ')[1][:30] for r in replaced["warehouse.fact_submission"]
    ) == Counter(r.split('"event_id": ')[1][:30] for r in without["warehouse.fact_submission"])
    with Redshift().session("test") as session:
        assert session.rows(
            "select status, count(*) as objects from control.landed_object"
            " where object_key = :key group by status order by status",
            key=first.key,
        ) == [("landed", 1), ("superseded", 1)]

    doors.put(first)
    assert doors.run_day(doors.DAYS[0], tags=SENSOR).success
    doors.assert_same(whole, doors.picture())


def test_nothing_of_a_load_is_left_under_landing(platform):
    doors.put(*doors.files("none", doors.DAYS[:1]))
    assert doors.run_day(doors.DAYS[0]).success
    assert doors.stored_keys("landing/") == []


def test_checks_of_a_clean_day_are_green_for_every_event_type(platform):
    doors.put(*doors.files("none", doors.DAYS[:1]))
    evaluations = doors.run_day(doors.DAYS[0]).get_asset_check_evaluations()
    assert len(evaluations) == 3 * len(EVENTS)
    assert all(e.passed for e in evaluations)


def test_a_row_missing_from_staging_fails_the_blocking_check(platform, monkeypatch):
    """The check has to be able to fail: rows vanish right after the commit."""
    from sms_warehouse.assets import staging as staging_assets

    doors.put(*doors.files("none", doors.DAYS[:1]))
    land_day = staging_assets.land_day

    def land_and_lose(redshift, lake, event_type, day, **options):
        landed = land_day(redshift, lake, event_type, day, **options)
        with redshift.session("test") as session:
            session.execute("delete from staging.link_click where line_number = 1")
        return landed

    monkeypatch.setattr(staging_assets, "land_day", land_and_lose)
    result = doors.run_day(doors.DAYS[0])
    assert not result.success
    failed = {
        (e.asset_key.path[-1], e.check_name)
        for e in result.get_asset_check_evaluations()
        if not e.passed
    }
    assert ("link_click", "every_record_landed") in failed


def test_a_copy_that_stores_too_little_is_rolled_back_whole(platform, monkeypatch):
    """The proof inside the transaction: what COPY stored is compared before COMMIT."""
    from sms_warehouse.landing.load import LandingMismatch

    doors.put(*doors.files("none", doors.DAYS[:1]))
    prove = load._prove

    def lose_then_prove(session, event, day, load_id, objects):
        session.execute(f"delete from staging.{event.name} where line_number = 1")
        prove(session, event, day, load_id, objects)

    monkeypatch.setattr(load, "_prove", lose_then_prove)
    with pytest.raises(LandingMismatch, match="message_submitted"):
        load.land_day(Redshift(), Lake(), "message_submitted", doors.DAYS[0])
    assert doors.staged_rows()["message_submitted"] == 0
    assert doors.ledger()["message_submitted"]["objects"] == 0
    assert doors.stored_keys("landing/") == []


def test_materialising_a_day_again_finds_rows_that_went_missing_since(platform, monkeypatch):
    """A person who asks for a day has all of it proved again, not only what is new."""
    monkeypatch.setenv("SMS_WAREHOUSE_STAGING_DAYS", "36500")
    doors.put(*doors.files("none", doors.DAYS[:1]))
    assert doors.run_day(doors.DAYS[0]).success
    with Redshift().session("test") as session:
        session.execute("delete from staging.delivery_receipt where line_number = 1")
    assert doors.run_day(doors.DAYS[0], tags=SENSOR).success
    result = doors.run_day(doors.DAYS[0])
    assert not result.success
    (failed,) = [e for e in result.get_asset_check_evaluations() if not e.passed]
    assert (failed.asset_key.path[-1], failed.check_name) == (
        "delivery_receipt",
        "every_record_landed",
    )
    assert "rows in staging" in failed.description


def test_staged_rows_stay_until_they_are_applied_and_then_leave_in_their_time(platform):
    """The days of these tests are long past the forty that staging keeps."""
    day = doors.DAYS[0]
    doors.put(*doors.files("none", [day]))
    load.land_day(Redshift(), Lake(), "link_click", day)
    landed = doors.staged_rows()["link_click"]
    assert landed > 0
    housekeeping = doors.definitions().resolve_job_def("housekeeping")
    assert housekeeping.execute_in_process(instance=dg.DagsterInstance.ephemeral()).success
    assert doors.staged_rows()["link_click"] == landed
    assert doors.run_day(day).success
    facts = doors.picture()
    assert housekeeping.execute_in_process(instance=dg.DagsterInstance.ephemeral()).success
    assert set(doors.staged_rows().values()) == {0}
    assert doors.run_day(day).success
    doors.assert_same(facts, doors.picture())


def test_a_reader_is_answered_while_a_load_is_running(platform):
    """A reporting application reads with the plain driver; what it sees is whole: all of a load or nothing."""
    doors.put(*doors.files("none", doors.DAYS[:1]))
    reads: list[tuple[int, int]] = []
    with ThreadPoolExecutor(1) as loader:
        run = loader.submit(doors.run_day, doors.DAYS[0])
        login = redshift_login()
        with redshift_connector.connect(**login) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            while not run.done():
                cursor.execute(
                    "select (select count(*) from staging.message_submitted) as staged,"
                    " (select cast(coalesce(sum(rows_landed), 0) as bigint) from control.landed_object"
                    " where event_type = 'message_submitted') as landed"
                )
                ((staged, landed),) = cursor.fetchall()
                reads.append((staged, landed))
        assert run.result().success
    assert len(reads) > 10
    assert all(staged == landed for staged, landed in reads)


def test_older_content_never_replaces_newer(platform, monkeypatch):
    """While a run inspects an object, its key is written again, and another run lands the new content."""
    first, second = [
        f for f in doors.files("none", doors.DAYS[:1]) if f.event_type == "message_submitted"
    ][:2]
    doors.put(first)
    rewritten = traffic.LogFile(
        first.key, second.body, first.written_at, first.event_type, second.counts
    )
    prepare = load.prepare

    def overtaken(*arguments, **options):
        prepared = prepare(*arguments, **options)
        monkeypatch.setattr(load, "prepare", prepare)
        doors.put(rewritten)
        load.land_day(platform.redshift, platform.lake, "message_submitted", doors.DAYS[0])
        return prepared

    monkeypatch.setattr(load, "prepare", overtaken)
    slow = load.land_day(platform.redshift, platform.lake, "message_submitted", doors.DAYS[0])
    assert (slow.objects, slow.vanished) == ([], 1)
    with Redshift().session("test") as session:
        ((status, rows),) = session.rows("select status, rows_landed from control.landed_object")
    assert (status, rows) == ("landed", second.counts.good)


def test_an_object_we_may_not_read_stays_to_be_landed_and_the_others_land(platform, monkeypatch):
    """A permission may come back: unlike poison the object is not settled, and the check says so."""
    found = doors.files("none", doors.DAYS[:1])
    doors.put(*found)
    closed = next(f for f in found if f.event_type == "message_submitted")
    get_object = s3_client().get_object

    def refusing(**options):
        if options["Key"] == closed.key:
            answer = {
                "Error": {"Code": "AccessDenied", "Message": "no"},
                "ResponseMetadata": {"HTTPStatusCode": 403},
            }
            raise ClientError(answer, "GetObject")
        return get_object(**options)

    monkeypatch.setattr(s3_client(), "get_object", refusing)
    result = doors.run_day(doors.DAYS[0])
    assert not result.success
    (failed,) = [e for e in result.get_asset_check_evaluations() if not e.passed]
    assert failed.check_name == "every_record_landed"
    assert closed.key in failed.description
    assert doors.ledger()["message_submitted"]["objects"] > 0
