"""Facts and reports depend on the set of events alone, whatever the order, doubles and files they came in."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sms_warehouse_tests.conftest import FreshWarehouse
from sms_warehouse_tests.reference import tables, worlds
from sms_warehouse_tests.reference.given import Given
from sms_warehouse_tests.reference.logs import LogObject
from sms_warehouse_tests.warehouse.world import Content, Event, apply_all, land, refresh_all

DAYS = [date(2026, 3, 18) + timedelta(days=n) for n in range(2)]
_BATCHES = 2


@pytest.mark.slow
@pytest.mark.timeout(1200)
@settings(
    max_examples=3,
    deadline=None,
    # A smaller world that fails says no more, and the search for one takes minutes.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    print_blob=True,
)
@given(
    world=st.integers(0, 2**16),
    order=st.integers(0, 2**16),
    files=st.integers(1, len(DAYS)),
    doubled=st.floats(0.1, 0.5),
)
def test_any_order_doubling_and_splitting_gives_the_rows_of_the_reference(
    fresh_warehouse: FreshWarehouse, world: int, order: int, files: int, doubled: float
) -> None:
    """The reference knows no order: it is told which lines there are, all at once.

    ``files`` is how many there are of each type in a batch, ``doubled`` the share of events that arrive twice. All are
    applied after each batch.
    """
    redshift = fresh_warehouse()
    written: list[LogObject] = []
    for batch in _batches(worlds.make(world, 25), random.Random(order), files, doubled):
        land(redshift, [Content(o.key, o.events, o.day) for o in batch])
        apply_all(redshift)
        written += batch
    refresh_all(redshift, worlds.AS_OF)
    reference = tables.expected(written, Given.read(redshift), worlds.AS_OF)
    found = tables.differences(reference, tables.stored(redshift))
    assert not found, "\n".join([f"{len(found)} differences", *found[:40]])


def _batches(
    events: list[Event], rng: random.Random, files: int, doubled: float
) -> list[list[LogObject]]:
    arriving = [e for e in events for _ in range(2 if rng.random() < doubled else 1)]
    rng.shuffle(arriving)
    return [_objects(rng, arriving[n::_BATCHES], n, files) for n in range(_BATCHES)]


def _objects(rng: random.Random, events: list[Event], batch: int, files: int) -> list[LogObject]:
    held: dict[tuple[str, int], list[Event]] = {}
    for event in events:
        held.setdefault((event.event_type, rng.randrange(files)), []).append(event)
    return [
        LogObject(
            f"raw/{event_type}/v=1/dt={DAYS[part]}/hh=12/{batch}-{part}.json.gz", tuple(written)
        )
        for (event_type, part), written in held.items()
    ]
