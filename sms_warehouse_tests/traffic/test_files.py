"""What the simulated services write is a function of seed and day, lies where the layout says, and
is good.
"""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from sms_warehouse.landing.events import EVENTS
from sms_warehouse.local.traffic import day_files
from sms_warehouse_tests.traffic import policy
from sms_warehouse_tests.traffic.conftest import FAULTY, FIRST_DAY, SEED, days, events

KEY = re.compile(
    r"raw/(?P<type>\w+)/v=1/dt=(?P<day>\d{4}-\d\d-\d\d)/hh=(?P<hour>\d\d)/"
    r"(?P<source>[a-z-]+)-\d+-\d{8}T\d{6}Z-[0-9A-Z]{26}(?P<ending>.*)\.json\.gz"
)


def _written(faults, day, messages=1_000, seed=SEED):
    made = day_files(
        FIRST_DAY + timedelta(day),
        messages=messages,
        seed=seed,
        world_start=FIRST_DAY,
        faults=faults,
    )
    return [(file.key, file.body) for file in made]


@pytest.mark.parametrize("faults", ["none", "usual", "hostile"])
def test_the_same_arguments_give_the_same_keys_and_bytes(faults):
    assert _written(faults, 3) == _written(faults, 3)


def test_another_seed_is_another_world():
    keys = [{key for key, _ in _written("none", 1, seed=seed)} for seed in (1, 2)]
    assert keys[0]
    assert not keys[0] & keys[1]


def test_nothing_arrives_before_the_world_starts():
    assert not _written("hostile", -1)


@pytest.mark.parametrize("faults", ["none", "hostile"])
def test_files_arrive_in_order_and_their_keys_name_the_hour_of_arrival(faults):
    files = days(faults, 4, 4, 2_000).files
    assert [f.written_at for f in files] == sorted(f.written_at for f in files)
    for file in files:
        if not file.event_type:
            continue
        found = KEY.fullmatch(file.key)
        assert found, file.key
        assert found["type"] == file.event_type
        assert found["source"] == EVENTS[file.event_type].source
        assert found["day"] == f"{file.written_at:%Y-%m-%d}" == str(FIRST_DAY + timedelta(4))
        assert found["hour"] == f"{file.written_at:%H}"


def test_without_faults_every_key_is_new_and_every_line_good():
    made = days("none", 0, 6, FAULTY)
    assert len({f.key for f in made.files}) == len(made.files)
    for file in made.files:
        text = policy.content(file.body)
        assert text is not None
        for line in policy.lines(text):
            event = policy.read(line, file.event_type, file.written_at.date())
            assert event is not None, line


def test_without_faults_no_line_has_a_field_the_contract_does_not_know():
    for event_type, found in events("none", 0, 11, 2_000).items():
        known = {field.name for field in EVENTS[event_type].fields}
        used = {name for event in found for name in event}
        assert used == known


def test_a_line_is_in_the_first_file_its_instance_closes_after_logging_it():
    for file in days("none", 2, 2, FAULTY).files:
        text = policy.content(file.body)
        assert text is not None
        for line in policy.lines(text):
            event = policy.read(line, file.event_type, file.written_at.date())
            assert event is not None
            logged = event["logged_at"]
            assert logged < f"{file.written_at:%Y-%m-%dT%H:%M:%S.000Z}"
            assert logged >= f"{file.written_at - timedelta(minutes=30):%Y-%m-%dT%H:%M:%S.000Z}"


def test_a_small_world_writes_dozens_of_files_a_day_and_not_thousands():
    per_type = dict.fromkeys(EVENTS, 0)
    for file in days("none", 5, 5, 2_000).files:
        per_type[file.event_type] += 1
    assert 40 <= per_type["message_submitted"] <= 60
    assert 40 <= per_type["delivery_receipt"] <= 60
    assert all(1 <= number <= 60 for number in per_type.values())


@pytest.mark.parametrize("messages", [0, -1, 2**26])
def test_an_impossible_number_of_messages_is_refused(messages):
    with pytest.raises(ValueError, match="messages a day"):
        _written("none", 0, messages=messages)
