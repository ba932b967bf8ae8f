"""Facts and reports depend on the set of events alone, whatever the order, doubles and files they came in."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.conftest import FreshWarehouse
from sms_warehouse_tests.reference import worlds
from sms_warehouse_tests.warehouse.world import Content, Event, Facts, apply_all, land, refresh_all

DAYS = [date(2026, 3, 18) + timedelta(days=n) for n in range(3)]
_WHICH_COPY = {"object_id", "line_number", "arrival_date"}

cuts = st.tuples(
    st.integers(0, 2**16),  # the order
    st.integers(1, 3),  # files of each type
    st.integers(1, 3),  # times they are applied in between
    st.floats(0, 0.5),  # share of events that arrive twice
)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    print_blob=True,
)
@given(world=st.integers(0, 2**16), one=cuts, other=cuts)
def test_any_order_doubling_and_splitting_gives_the_same_rows(
    fresh_warehouse: FreshWarehouse,
    world: int,
    one: tuple[int, int, int, float],
    other: tuple[int, int, int, float],
) -> None:
    events = worlds.make(world, 25)
    pictures = [_picture(fresh_warehouse(), events, *how) for how in (one, other)]
    for table in pictures[0]:
        assert pictures[0][table] == pictures[1][table], table


def _picture(
    redshift: Redshift, events: list[Event], seed: int, files: int, times: int, doubled: float
) -> dict[str, list[str]]:
    """Every row of every table after the events have arrived in one of many ways."""
    rng = random.Random(seed)
    arriving = [e for e in events for _ in range(2 if rng.random() < doubled else 1)]
    rng.shuffle(arriving)
    size = -(-len(arriving) // times)
    for batch in range(times):
        land(redshift, _contents(rng, arriving[batch * size :][:size], batch, files))
        apply_all(redshift)
    refresh_all(redshift, worlds.AS_OF)
    return {
        table: sorted(repr([item for item in row if item[0] not in _WHICH_COPY]) for row in rows)
        for table, rows in Facts(redshift).everything().items()
        if table != "warehouse.named_member"
    }


def _contents(rng: random.Random, events: list[Event], batch: int, files: int) -> list[Content]:
    held: dict[tuple[str, int], list[Event]] = {}
    for event in events:
        held.setdefault((event.event_type, rng.randrange(files)), []).append(event)
    return [
        Content(
            f"raw/{event_type}/v=1/dt={DAYS[part]}/hh=12/{batch}-{part}.json.gz",
            tuple(written),
            DAYS[part],
        )
        for (event_type, part), written in held.items()
    ]
