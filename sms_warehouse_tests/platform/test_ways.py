"""Nothing lost, nothing doubled: the tables are the same whichever way and however often their days are loaded."""

import json
import random
import subprocess
import sys
import threading
from datetime import date

import dagster as dg

from sms_warehouse.landing import load
from sms_warehouse.landing.events import EVENTS
from sms_warehouse_tests.platform import doors
from sms_warehouse_tests.platform.killed import POINTS


def test_a_loaded_world_fills_every_fact_and_report(plain):
    empty = [table for table, rows in plain.items() if not rows]
    assert not empty


def test_the_sensor_gives_the_tables_that_a_backfill_gives(plain, platform):
    """Files arrive in order, the sensor asks for their days, and asks again until the queue is empty."""
    instance = dg.DagsterInstance.ephemeral()
    found = doors.files()
    first = found[: len(doors.files(days=doors.DAYS[:1])) // 2]
    for part in (first, found[len(first) :]):
        doors.put(*part)
        doors.run_requested(doors.tick(instance), instance)
    doors.drain(instance)
    doors.assert_same(plain, doors.picture())


def test_files_landed_few_by_few_in_any_order_give_the_same_tables(plain, platform):
    """Facts depend on the set of events: files come in random order, most of them wait for others of their type and
    day, and the facts take in what has landed at arbitrary moments."""
    chance = random.Random(4)
    for number, file in enumerate(doors.shuffled(doors.files(), seed=3), start=1):
        doors.put(file)
        day = date.fromisoformat(file.key.split("/dt=")[1][:10])
        if chance.random() < 0.1:
            assert load.land_day(platform.redshift, platform.lake, file.event_type, day).objects
        if number % 50 == 0:
            doors.apply()
    for event_type in EVENTS:
        for day in doors.DAYS:
            load.land_day(platform.redshift, platform.lake, event_type, day)
    doors.apply()
    doors.assert_same(plain, doors.picture())


def test_loading_again_changes_nothing(plain, all_days):
    for day in doors.DAYS:
        assert doors.run_day(day).success
    doors.assert_same(plain, doors.picture())


def test_two_loads_of_one_day_at_once_land_it_once(plain, one_day):
    results: list[bool] = []

    def load() -> None:
        results.append(doors.run_day(doors.DAYS[1]).success)

    both = [threading.Thread(target=load) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert results == [True, True]
    doors.assert_same(plain, doors.picture())


def test_runs_and_sensors_killed_at_one_point_after_another_lose_and_double_nothing(plain, one_day):
    """What was killed is asked for again, and a message is deleted only after that."""
    waiting = doors.messages_waiting()
    killed = subprocess.run(
        [
            sys.executable,
            "-m",
            "sms_warehouse_tests.platform.killed",
            doors.DAYS[1].isoformat(),
            *POINTS,
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert json.loads(killed.stdout) == dict.fromkeys(POINTS, -9)
    assert doors.messages_waiting() == waiting
    doors.drain(dg.DagsterInstance.ephemeral())
    doors.assert_same(plain, doors.picture())
