"""Each load is applied once, whatever order, number or death befalls it: the same events give the same tables."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from sms_warehouse import apply, apply_events
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.conftest import FreshWarehouse
from sms_warehouse_tests.warehouse.in_step import Part, Steps, in_step
from sms_warehouse_tests.warehouse.random_worlds import (
    in_objects,
    lower_thresholds,
    random_world,
    with_history,
)
from sms_warehouse_tests.warehouse.world import (
    NOON,
    Content,
    Facts,
    apply_all,
    at,
    click,
    land,
    load,
    message_id,
    objects,
    opt_out,
    receipt,
    refresh_all,
    submitted,
)

M = message_id()
AS_OF = NOON + timedelta(days=6)


def test_applying_again_changes_nothing(redshift: Redshift, facts: Facts) -> None:
    load(redshift, submitted(M), receipt(M, "DELIVERED", at(seconds=3)), click(M, at(minutes=3)))
    before = facts.everything()
    assert [apply.apply_step(redshift, table).loads for table in apply.STEPS] == [0] * len(
        apply.STEPS
    )
    assert facts.everything() == before


@in_step
def test_the_same_event_in_two_objects_counts_once(own: Part) -> Steps:
    seen = click(M, at(minutes=3))
    yield own.load(submitted(M), seen)
    yield own.load(seen)
    assert own.message(M)["click_requests"] == 1


@in_step
def test_the_same_event_twice_in_one_object_counts_once(own: Part) -> Steps:
    seen = receipt(M, "DELIVERED", at(seconds=3))
    yield own.load(submitted(M), seen, seen)
    assert own.message(M)["receipts"] == 1


@in_step(cases={"earlier first": (0,), "later first": (1,)})
def test_of_two_copies_the_one_written_first_stays(own: Part, first: int) -> Steps:
    one = receipt(M, "FAILED", at(seconds=3), event_id="twice")
    two = receipt(M, "DELIVERED", at(seconds=3), event_id="twice", logged_at=at(seconds=2))
    yield own.load(submitted(M))
    for copy in ((one, two), (two, one))[first]:
        yield own.load(copy)
    row = own.message(M)
    assert (row["delivery_state"], row["receipts"]) == ("DELIVERED", 1)


def test_a_load_counts_as_applied_to_messages_only_when_every_fact_has_it(
    redshift: Redshift, facts: Facts
) -> None:
    land(redshift, objects(submitted(M), click(M, at(minutes=3))))
    for table in ("fact_submission", "fact_message"):
        apply.apply_step(redshift, table)
    assert applied(redshift, "fact_message") == 0
    # dim_user_agent comes before fact_click, so there is nothing to take in yet.
    assert apply.apply_step(redshift, "fact_click").rows == 0
    for table in ("dim_user_agent", "fact_click", "fact_message"):
        apply.apply_step(redshift, table)
    assert applied(redshift, "fact_message") == 2
    assert facts.message(M)["human_clicks"] == 1


def applied(redshift: Redshift, table: str) -> int:
    with redshift.session("tests") as session:
        return int(
            session.value(
                "select count(*) as loads from control.applied_load where table_name = :table",
                table=table,
            )
        )


def test_more_than_one_transaction_should_hold_is_applied_in_several_oldest_first(
    redshift: Redshift, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [date(2026, 3, 12), date(2026, 3, 10), date(2026, 3, 11)]
    land(redshift, [c for day in days for c in objects(click(M, at(minutes=3)), day=day)])
    land(redshift, objects(click(M, at(minutes=4)), day=days[1]))
    monkeypatch.setattr(apply_events, "BATCH_ROWS", 1)
    told: list[str] = []
    assert apply.apply_step(redshift, "dim_user_agent", progress=told.append).loads == 4
    assert [line.split(" loads of ")[1][:10] for line in told[:4]] == [
        "2026-03-10",
        "2026-03-10",
        "2026-03-11",
        "2026-03-12",
    ]


def test_every_event_type_is_settled_by_messages_and_then_their_recipients() -> None:
    for event_type in EVENTS:
        tables = [t for t in apply.settled_tables(event_type) if t != "dim_recipient"]
        assert len(tables) >= 2
        assert tables[-1] == "fact_message"


@in_step
def test_new_content_of_an_object_takes_the_place_of_the_old(own: Part) -> Steps:
    kept, gone, new = (click(M, at(minutes=n)) for n in (3, 40, 80))
    yield own.load(submitted(M))
    for events in ((kept, gone), (kept, new)):
        yield own.put("raw/overwritten", *events)
    row = own.message(M)
    assert (row["click_requests"], row["last_click_at"]) == (2, at(minutes=80))


@in_step
def test_a_message_all_of_whose_events_left_is_gone(own: Part) -> Steps:
    other = message_id(2)
    for message in (M, other):
        yield own.put("raw/overwritten", submitted(message))
    assert own.rows("fact_message", "message_id", M) == []
    assert own.message(other)["submit_status"] == "ACCEPTED"


@in_step
def test_a_copy_that_had_lost_comes_back_when_the_winner_leaves(own: Part) -> Steps:
    winner = receipt(M, "DELIVERED", at(seconds=3), event_id="twice")
    loser = receipt(M, "FAILED", at(seconds=3), event_id="twice", logged_at=at(seconds=9))
    yield own.load(submitted(M))
    yield own.put("raw/overwritten", winner)
    yield own.put("raw/other", loser)
    yield own.put("raw/overwritten", receipt(M, "SENT", at(seconds=1)))
    row = own.message(M)
    assert (row["delivery_state"], row["receipts"]) == ("FAILED", 2)


@in_step
def test_content_that_comes_back_counts_again_and_once(own: Part) -> Steps:
    first, second = (click(M, at(minutes=n)) for n in (3, 40))
    yield own.load(submitted(M))
    for held in (first, second, first):
        yield own.put("raw/overwritten", held)
    row = own.message(M)
    assert (row["click_requests"], row["first_click_at"]) == (1, at(minutes=3))


@in_step
def test_an_opt_out_that_leaves_frees_its_message(own: Part) -> Steps:
    yield own.load(submitted(M), receipt(M, "DELIVERED", at(seconds=3)))
    for recipient, opted_out_at in (("sub_1", at(hours=1)), ("sub_2", None)):
        yield own.put("raw/overwritten", opt_out(recipient, at(hours=1)))
        assert own.message(M)["opted_out_at"] == opted_out_at


@in_step
def test_a_submission_that_leaves_takes_its_verdict_on_clicks_along(own: Part) -> Steps:
    fast = click(M, at(seconds=1))
    yield own.put_all(Content("raw/overwritten", (submitted(M),)), *objects(fast))
    assert own.message(M)["bot_clicks"] == 1
    yield own.put("raw/overwritten", submitted(message_id(2)))
    row = own.message(M)
    assert (row["bot_clicks"], row["human_clicks"], row["is_stub"]) == (0, 1, True)


def test_a_day_worked_out_again_stays_as_it_was_and_heals_what_was_broken(
    redshift: Redshift, facts: Facts
) -> None:
    load(
        redshift,
        submitted(M),
        click(M, at(minutes=3)),
        receipt(M, "DELIVERED", at(seconds=3)),
        opt_out("sub_1", at(hours=1)),
    )
    before = facts.everything()
    for table in apply.STEPS:
        apply.apply_step(redshift, table, recompute_day=NOON.date())
    assert facts.everything() == before
    with redshift.session("tests") as session:
        session.execute(
            "update warehouse.fact_message set human_clicks = 7, delivery_state = 'FAILED'"
        )
        session.execute("update warehouse.fact_subscription_event set attributed_message_id = null")
    for table in apply.STEPS:
        apply.apply_step(redshift, table, recompute_day=NOON.date())
    assert facts.everything() == before


def test_a_days_rows_are_counted_by_the_day_they_arrived(redshift: Redshift) -> None:
    load(redshift, submitted(M), click(M, at(minutes=3)), click(M, at(minutes=4)))
    with redshift.session("tests") as session:
        counts = {table: apply.row_count(session, table, NOON.date()) for table in apply.STEPS}
        other = {apply.row_count(session, table, date(2026, 3, 11)) for table in apply.STEPS}
    assert counts["fact_click"] == 2
    assert counts["fact_message"] == counts["fact_submission"] == counts["dim_user_agent"] == 1
    assert other == {0}


# The same events, however they come.


def test_any_order_of_loading_gives_the_same_tables(fresh_warehouse: FreshWarehouse) -> None:
    """Two worlds beside each other, each a part of the same objects."""
    chance = random.Random(1000)
    redshift = fresh_warehouse()
    events = [e for n in range(2) for e in Part(redshift, n).load(*random_world(n)).events]
    contents = in_objects(events, chance)
    lower_thresholds(redshift)
    land(redshift, contents)
    apply_all(redshift)
    refresh_all(redshift, AS_OF)
    expected = Facts(redshift).everything()
    assert any(row for row in expected["reports.campaign_performance"])

    redshift = fresh_warehouse()
    lower_thresholds(redshift)
    rest = with_history(contents, chance)
    while rest:
        size = chance.randint(5, 15)
        land(redshift, rest[:size])
        rest = rest[size:]
        # Any table may be applied at any time, if those above it were; fact_message may lag or run ahead.
        for table in apply.STEPS:
            if chance.random() < 0.7:
                apply.apply_step(redshift, table)
    apply_all(redshift)
    refresh_all(redshift, AS_OF)
    found = Facts(redshift).everything()
    for table, rows in expected.items():
        assert found[table] == rows, table
