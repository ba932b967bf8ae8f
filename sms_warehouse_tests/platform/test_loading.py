"""What landing a day promises of its objects, its rows and its checks, whatever the producers wrote."""

import dagster as dg
import pytest
import redshift_connector
from botocore.exceptions import ClientError

from sms_warehouse.landing import load
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.local import traffic
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift, Session
from sms_warehouse.resources.s3 import s3_client
from sms_warehouse.settings import redshift_login
from sms_warehouse_tests.platform import doors

DAY = doors.DAYS[0]


def clean(*event_types: str) -> list[traffic.LogFile]:
    """The first day's files without any damage."""
    found = doors.files("none", [DAY])
    return [f for f in found if not event_types or f.event_type in event_types]


def rewritten(file: traffic.LogFile, by: traffic.LogFile) -> traffic.LogFile:
    """The content of one file under the key of another."""
    return traffic.LogFile(file.key, by.body, file.written_at, file.event_type, by.counts)


def test_a_clean_day_is_green_to_its_checks_and_whole_to_its_readers(platform, monkeypatch):
    """A reporting application reads with the plain driver between any two statements of a load: it is answered, and
    sees all of the load or nothing. Afterwards nothing of it is left under landing/."""
    doors.put(*clean())
    reads: list[tuple[int, int]] = []
    during_copy: list[tuple[int, int]] = []
    execute = Session.execute

    def read() -> tuple[int, int]:
        cursor.execute(
            "select (select count(*) from staging.message_submitted) as staged,"
            " (select cast(coalesce(sum(rows_landed), 0) as bigint) from control.landed_object"
            " where event_type = 'message_submitted') as landed"
        )
        ((staged, landed),) = cursor.fetchall()
        return staged, landed

    def read_after(session: Session, statement: str, **values: object) -> int:
        done = execute(session, statement, **values)
        if "message_submitted" in (*statement.replace(".", " ").split(), *values.values()):
            reads.append(read())
            if statement.startswith("copy "):
                during_copy.append(reads[-1])
        return done

    with redshift_connector.connect(**redshift_login()) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        with monkeypatch.context() as patch:
            patch.setattr(Session, "execute", read_after)
            result = doors.run_day(DAY)
    assert result.success
    assert len(result.get_asset_check_evaluations()) == 3 * len(EVENTS)
    assert doors.failed_checks(result) == []
    assert during_copy == [(0, 0)]
    assert len(reads) > 10
    assert all(staged == landed for staged, landed in reads)
    assert reads[-1] > (0, 0)
    assert doors.stored_keys("landing/") == []


def test_the_ledger_counts_what_the_services_say_they_wrote(platform):
    """Hostile traffic: every kind of broken line and object a producer can cause."""
    truth = traffic.write(
        Lake().bucket,
        s3_client(),
        *doors.DAYS,
        messages=doors.HOSTILE_MESSAGES,
        seed=doors.HOSTILE_SEED,
        faults="hostile",
    )
    staging = [f"staging/{event_type}" for event_type in EVENTS]
    assert doors.run_day(DAY, only=staging).success
    assert doors.run_day(doors.DAYS[1]).success
    counted = doors.ledger()
    staged = doors.staged_rows()
    for event_type, wrote in truth.items():
        found = counted[event_type]
        assert found["lines"] == wrote.lines, event_type
        assert found["quarantined"] == wrote.malformed, event_type
        assert found["blank"] == wrote.blank, event_type
        assert found["landed"] == wrote.lines - wrote.malformed - wrote.blank, event_type
        assert staged[event_type] == found["landed"], event_type
    assert sum(c["poison"] for c in counted.values()) > 0
    with Redshift().session("test") as session:
        quarantined = session.value(
            "select count(*) as n from control.quarantined_line where resolved_at is null"
        )
    assert quarantined == sum(w.malformed for w in truth.values())


def test_a_corrupt_object_is_poison_and_its_day_goes_on(platform):
    found = clean("link_click")
    doors.put(*found)
    broken = found[0]
    doors.put(
        traffic.LogFile(
            broken.key, broken.body[:-9], broken.written_at, broken.event_type, broken.counts
        )
    )
    result = doors.run_day(DAY, only=["staging/link_click", "warehouse/dim_user_agent"])
    assert result.success
    assert doors.failed_checks(result) == [("link_click", "no_poison")]
    assert doors.materialised(result) == {"link_click", "dim_user_agent"}
    counted = doors.ledger()["link_click"]
    assert counted["poison"] == 1
    assert counted["landed"] == sum(f.counts.good for f in found[1:]) > 0


def test_a_row_missing_from_staging_fails_the_check_and_stops_the_day(platform, monkeypatch):
    """The check has to be able to fail: rows vanish right after the commit."""
    from sms_warehouse.assets import staging as staging_assets

    doors.put(*clean("link_click"))
    land_day = staging_assets.land_day

    def land_and_lose(redshift, lake, event_type, day, **options):
        landed = land_day(redshift, lake, event_type, day, **options)
        with redshift.session("test") as session:
            session.execute("delete from staging.link_click where line_number = 1")
        return landed

    monkeypatch.setattr(staging_assets, "land_day", land_and_lose)
    result = doors.run_day(DAY, only=["staging/link_click", "warehouse/dim_user_agent"])
    assert not result.success
    assert doors.failed_checks(result) == [("link_click", "every_record_landed")]
    assert doors.materialised(result) == {"link_click"}


def test_a_copy_that_stores_too_little_is_rolled_back_whole(platform, monkeypatch):
    """The proof inside the transaction: what COPY stored is compared before COMMIT."""
    from sms_warehouse.landing.load import LandingMismatch

    doors.put(*clean("message_submitted"))
    prove = load._prove

    def lose_then_prove(session, event, day, load_id, objects):
        session.execute(f"delete from staging.{event.name} where line_number = 1")
        prove(session, event, day, load_id, objects)

    monkeypatch.setattr(load, "_prove", lose_then_prove)
    with pytest.raises(LandingMismatch, match="message_submitted"):
        load.land_day(Redshift(), Lake(), "message_submitted", DAY)
    assert doors.staged_rows()["message_submitted"] == 0
    assert doors.ledger()["message_submitted"]["objects"] == 0
    assert doors.stored_keys("landing/") == []


def test_older_content_never_replaces_newer(platform, monkeypatch):
    """While a run inspects an object, its key is written again, and another run lands the new content."""
    first, second = clean("message_submitted")[:2]
    doors.put(first)
    prepare = load.prepare

    def overtaken(*arguments, **options):
        prepared = prepare(*arguments, **options)
        monkeypatch.setattr(load, "prepare", prepare)
        doors.put(rewritten(first, second))
        load.land_day(platform.redshift, platform.lake, "message_submitted", DAY)
        return prepared

    monkeypatch.setattr(load, "prepare", overtaken)
    slow = load.land_day(platform.redshift, platform.lake, "message_submitted", DAY)
    assert (slow.objects, slow.vanished) == ([], 1)
    with Redshift().session("test") as session:
        ((status, rows),) = session.rows("select status, rows_landed from control.landed_object")
    assert (status, rows) == ("landed", second.counts.good)


def test_an_object_we_may_not_read_stays_to_be_landed_and_the_others_land(platform, monkeypatch):
    """A permission may come back: unlike poison the object is not settled, and the check says so."""
    found = clean("message_submitted")
    doors.put(*found)
    closed = found[0]
    get_object = s3_client().get_object

    def refusing(**options):
        if options["Key"] == closed.key:
            answer = {
                "Error": {"Code": "AccessDenied", "Message": "no"},
                "ResponseMetadata": {"HTTPStatusCode": 403},
            }
            raise ClientError(answer, "GetObject")
        return get_object(**options)

    only = ["staging/message_submitted"]
    with monkeypatch.context() as refused:
        refused.setattr(s3_client(), "get_object", refusing)
        result = doors.run_day(DAY, only=only)
    assert not result.success
    (failed,) = [e for e in result.get_asset_check_evaluations() if not e.passed]
    assert failed.check_name == "every_record_landed"
    assert closed.key in failed.description
    assert doors.ledger()["message_submitted"]["objects"] == len(found) - 1
    assert doors.run_day(DAY, only=only).success
    assert doors.ledger()["message_submitted"]["objects"] == len(found)


def test_materialising_a_day_again_finds_rows_that_went_missing_since(one_day, monkeypatch):
    """A person who asks for a day has all of it proved again, not only what is new."""
    monkeypatch.setenv("SMS_WAREHOUSE_STAGING_DAYS", "36500")
    with Redshift().session("test") as session:
        session.execute("delete from staging.delivery_receipt where line_number = 1")
    only = ["staging/delivery_receipt", "staging/message_submitted"]
    assert doors.run_day(DAY, tags=doors.SENSOR, only=only).success
    result = doors.run_day(DAY, only=only)
    assert not result.success
    (failed,) = [
        e
        for e in result.get_asset_check_evaluations()
        if not e.passed and e.check_name == "every_record_landed"
    ]
    assert failed.asset_key.path[-1] == "delivery_receipt"
    assert "rows in staging" in failed.description


def test_new_content_under_an_old_key_replaces_it_and_facts_follow(plain, all_days):
    first, second = [f for f in doors.files() if f.event_type == "message_submitted"][:2]
    events = "select distinct event_id from {} order by event_id"
    with Redshift().session("test") as session:
        only_first = session.rows(
            "select event_id from staging.message_submitted as s"
            " inner join control.landed_object as o on o.object_id = s.object_id"
            " group by event_id having min(o.object_key) = :key and max(o.object_key) = :key",
            key=first.key,
        )
        before = session.rows(events.format("warehouse.fact_submission"))
    assert only_first

    doors.put(rewritten(first, second))
    assert doors.run_day(DAY, tags=doors.SENSOR).success
    with Redshift().session("test") as session:
        # The key now holds what another file holds too: its own events are gone, the others came twice.
        facts = session.rows("select event_id from warehouse.fact_submission order by event_id")
        assert facts == sorted(set(before) - set(only_first))
        assert session.rows(
            "select status, count(*) as objects from control.landed_object"
            " where object_key = :key group by status order by status",
            key=first.key,
        ) == [("landed", 1), ("superseded", 1)]

    doors.put(first)
    assert doors.run_day(DAY, tags=doors.SENSOR).success
    doors.assert_same(plain, doors.picture())


def test_staged_rows_stay_until_they_are_applied_and_then_leave_in_their_time(plain, one_day):
    """The days of these tests are long past the forty that staging keeps; no later day needs the rows, and of the
    reports only the one about them, which keeps what it once said."""
    about_staging = "pipeline_quality_hourly"
    job = doors.definitions().resolve_job_def("housekeeping")

    def housekeeping():
        assert job.execute_in_process(instance=dg.DagsterInstance.ephemeral()).success

    landed = load.land_day(one_day.redshift, one_day.lake, "link_click", doors.DAYS[1])
    assert landed.rows > 0
    housekeeping()
    assert doors.staged_rows() == dict.fromkeys(EVENTS, 0) | {"link_click": landed.rows}
    assert doors.run_day(doors.DAYS[1], tags=doors.SENSOR).success
    doors.refresh(about_staging)
    said = doors.rows()[f"reports.{about_staging}"]
    housekeeping()
    assert set(doors.staged_rows().values()) == {0}
    assert doors.run_day(DAY).success
    doors.assert_same(plain | {f"reports.{about_staging}": said}, doors.picture())
