"""Damage is what it says it is, is counted exactly, and takes no event away."""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from datetime import date, timedelta

import pytest
from isal import igzip, isal_zlib

from sms_warehouse.landing.events import EVENTS
from sms_warehouse.local.traffic import LineCounts, faults
from sms_warehouse_tests.traffic import policy
from sms_warehouse_tests.traffic.conftest import FAULTY, FIRST_DAY, days, events

DAY = FIRST_DAY + timedelta(5)


@pytest.fixture(scope="module")
def good_lines() -> dict[str, list[bytes]]:
    """The first good lines of each event type."""
    found = defaultdict(list)
    for file in days("none", 5, 5, 2_000).files:
        text = policy.content(file.body)
        assert text is not None
        found[file.event_type] += policy.lines(text)
    return {event_type: lines[:20] for event_type, lines in found.items()}


@pytest.mark.parametrize("name", faults.BAD_LINES)
def test_a_bad_line_is_bad_for_every_event_type(name, good_lines):
    for event_type in EVENTS:
        for line in good_lines[event_type]:
            bad = faults.BAD_LINES[name](line)
            for part in bad.split(b"\n"):
                assert policy.read(part, event_type, DAY) is None, part[:500]
                assert not policy.is_blank(part)


@pytest.mark.parametrize("name", faults.ODD_LINES)
def test_an_odd_line_is_good_and_the_same_event(name, good_lines):
    for event_type in EVENTS:
        for line in good_lines[event_type]:
            odd = faults.ODD_LINES[name](line)
            assert odd != line
            assert b"\n" not in odd
            event = policy.read(odd, event_type, DAY)
            assert event is not None, odd[:500]
            original = policy.read(line, event_type, DAY)
            assert original is not None
            assert event["event_id"] == original["event_id"]


@pytest.mark.parametrize("name", faults.POISON_OBJECTS)
def test_a_poison_object_cannot_be_read_whole(name, good_lines):
    for size in (1, 20):
        body = faults.POISON_OBJECTS[name](b"\n".join(good_lines["link_click"][:size]) + b"\n")
        assert policy.content(body) is None
        if body:
            with pytest.raises((OSError, EOFError, isal_zlib.error)):
                igzip.IGzipFile(fileobj=io.BytesIO(body)).read()


@pytest.mark.parametrize("name", faults.ODD_OBJECTS)
def test_an_odd_object_holds_the_same_lines(name, good_lines):
    lines = good_lines["delivery_receipt"]
    text = policy.content(faults.ODD_OBJECTS[name](b"\n".join(lines) + b"\n"))
    assert text is not None
    assert [line.strip(policy.BLANKS) for line in policy.lines(text)] == lines


def _recounted(files) -> LineCounts:
    """The counts that hold of each object alone, from its bytes."""
    total = LineCounts()
    for file in files:
        text = policy.content(file.body)
        if text is None:
            continue
        lines = policy.lines(text)
        blank = sum(map(policy.is_blank, lines))
        day = file.written_at.date()
        good = sum(policy.read(line, file.event_type, day) is not None for line in lines)
        total += LineCounts(lines=len(lines), blank=blank, malformed=len(lines) - blank - good)
    return total


@pytest.mark.parametrize("level", ["none", "usual", "hostile"])
@pytest.mark.parametrize("event_type", EVENTS)
def test_counts_are_what_a_plain_reading_of_the_bucket_gives(level, event_type):
    made = days(level, 0, 3, FAULTY)
    told = LineCounts()
    for file in made.files:
        if file.event_type == event_type:
            told += file.counts
    found = _recounted(f for f in made.surviving if f.event_type == event_type)
    assert (told.lines, told.blank, told.malformed) == (found.lines, found.blank, found.malformed)
    ids = [e["event_id"] for e in events(level, 0, 3, FAULTY)[event_type]]
    assert told.good == len(ids)
    assert told.doubled == len(ids) - len(set(ids))
    if level == "none":
        assert told == LineCounts(lines=told.lines)


def test_superseded_and_poisoned_lines_are_counted_apart():
    made = days("hostile", 0, 3, FAULTY)
    surviving = {(f.key, f.body) for f in made.surviving}
    overwritten = [f for f in made.files if f.event_type and (f.key, f.body) not in surviving]
    assert overwritten
    for file in overwritten:
        text = policy.content(file.body)
        assert text is not None
        assert file.counts == LineCounts(superseded=len(policy.lines(text)))
    poison = [f for f in made.surviving if policy.content(f.body) is None]
    assert len(poison) > 20
    for file in poison:
        assert file.counts == LineCounts(in_poison=file.counts.in_poison)
    assert sum(f.counts.in_poison for f in poison) > 0


def test_faults_take_no_good_event_away_and_invent_none():
    """What an instance delivers days late is waited for."""
    hostile = events("hostile", 0, 6, FAULTY)
    usual = events("usual", 0, 6, FAULTY)
    for event_type, found in events("none", 0, 2, FAULTY).items():
        ids = {e["event_id"] for e in found}
        for damaged in (hostile, usual):
            assert ids <= {e["event_id"] for e in damaged[event_type]}
    for event_type, found in events("none", 0, 6, FAULTY).items():
        ids = {e["event_id"] for e in found}
        for damaged in (hostile, usual):
            assert ids >= {e["event_id"] for e in damaged[event_type]}


@pytest.mark.parametrize("level", ["usual", "hostile"])
def test_late_files_are_those_that_arrive_a_day_after_they_were_closed(level):
    late = 0
    for file in days(level, 0, 6, FAULTY).files:
        if not file.event_type or file.counts.lines == 0:
            continue
        closed = file.key.split("/")[-1].split("Z-")[0][-15:]
        days_late = file.written_at.strftime("%Y%m%dT%H%M%S") >= _a_day_after(closed)
        assert file.counts.late == (file.counts.lines if days_late else 0), file.key
        late += days_late
    assert late > 3


def _a_day_after(stamp: str) -> str:
    day = date(int(stamp[:4]), int(stamp[4:6]), int(stamp[6:8])) + timedelta(1)
    return f"{day:%Y%m%d}{stamp[8:]}"


def test_of_an_event_logged_twice_the_first_is_the_undamaged_one():
    """Revised doubles exist, and every one of them was logged later than the event itself."""
    originals = {e["event_id"]: e for found in events("none", 0, 6, FAULTY).values() for e in found}
    revised = 0
    for event_type, found in events("hostile", 0, 6, FAULTY).items():
        names = [
            f.name for f in EVENTS[event_type].fields if f.name not in ("attributes", "trace_id")
        ]
        for event in found:
            original = originals[event["event_id"]]
            if event["logged_at"] != original["logged_at"] and not event["logged_at"].endswith(
                "000Z"
            ):
                assert event["logged_at"] > original["logged_at"]
                revised += any(
                    event.get(n) != original.get(n) for n in names if not n.endswith("_at")
                )
    assert revised > 3


def test_every_kind_of_bad_line_occurs_in_a_small_hostile_world():
    """Each kind shows by the line it makes of the good one before it."""
    made = days("hostile", 0, 3, FAULTY)
    seen = set()
    for file in made.surviving:
        text = policy.content(file.body)
        if text is None:
            continue
        lines = policy.lines(text.replace(b"\r\n", b"\n"))
        day, good = file.written_at.date(), b""
        for line in lines:
            if policy.is_blank(line):
                continue
            if policy.read(line, file.event_type, day) is not None:
                good = line
                continue
            # Damage stands right behind the line it was made from.
            for name in set(faults.BAD_LINES) - seen:
                if set(faults.BAD_LINES[name](good).split(b"\n")) <= set(lines):
                    seen.add(name)
    assert seen == set(faults.BAD_LINES)


def test_a_hostile_world_has_odd_keys_and_foreign_ones():
    files = days("hostile", 0, 3, FAULTY).files
    names = [f.key.rsplit("/", 1)[1] for f in files if f.event_type]
    for character in "+%= '":
        assert any(character in name for name in names)
    foreign = [f for f in files if not f.event_type]
    assert all(f.counts == LineCounts() for f in foreign)
    shapes = Counter(
        "outside" if not f.key.startswith("raw/") else "folder" if f.key.endswith("/") else "raw"
        for f in foreign
    )
    assert set(shapes) == {"outside", "folder", "raw"}
