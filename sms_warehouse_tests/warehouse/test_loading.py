"""Each load is applied once, whatever order, number or death befalls it: the same events give the same tables."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sms_warehouse import apply, apply_events
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.landing.load import purge_staging
from sms_warehouse.migrate import migrate
from sms_warehouse.reports import refresh
from sms_warehouse.resources.redshift import Redshift, Session
from sms_warehouse_tests.warehouse.conftest import empty
from sms_warehouse_tests.warehouse.world import (
    IPHONE,
    NOON,
    PREVIEW,
    Content,
    Event,
    Facts,
    apply_all,
    at,
    campaign,
    click,
    event,
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


def test_the_same_event_in_two_objects_counts_once(redshift: Redshift, facts: Facts) -> None:
    seen = click(M, at(minutes=3))
    load(redshift, submitted(M), seen)
    load(redshift, seen)
    assert facts.message(M)["click_requests"] == 1


def test_the_same_event_twice_in_one_object_counts_once(redshift: Redshift, facts: Facts) -> None:
    seen = receipt(M, "DELIVERED", at(seconds=3))
    load(redshift, submitted(M), seen, seen)
    assert facts.message(M)["receipts"] == 1


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_copies_the_one_written_first_stays(
    redshift: Redshift, facts: Facts, first: int
) -> None:
    one = receipt(M, "FAILED", at(seconds=3), event_id="twice")
    two = receipt(M, "DELIVERED", at(seconds=3), event_id="twice", logged_at=at(seconds=2))
    load(redshift, submitted(M))
    for copy in ((one, two), (two, one))[first]:
        load(redshift, copy)
    row = facts.message(M)
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


def test_new_content_of_an_object_takes_the_place_of_the_old(
    redshift: Redshift, facts: Facts
) -> None:
    kept, gone, new = (click(M, at(minutes=n)) for n in (3, 40, 80))
    load(redshift, submitted(M))
    for events in ((kept, gone), (kept, new)):
        land(redshift, [Content("raw/overwritten", events)])
        apply_all(redshift)
    row = facts.message(M)
    assert (row["click_requests"], row["last_click_at"]) == (2, at(minutes=80))


def test_a_message_all_of_whose_events_left_is_gone(redshift: Redshift, facts: Facts) -> None:
    other = message_id(2)
    for message in (M, other):
        land(redshift, [Content("raw/overwritten", (submitted(message),))])
        apply_all(redshift)
    assert facts.rows("fact_message", "message_id", M) == []
    assert facts.message(other)["submit_status"] == "ACCEPTED"


def test_a_copy_that_had_lost_comes_back_when_the_winner_leaves(
    redshift: Redshift, facts: Facts
) -> None:
    winner = receipt(M, "DELIVERED", at(seconds=3), event_id="twice")
    loser = receipt(M, "FAILED", at(seconds=3), event_id="twice", logged_at=at(seconds=9))
    load(redshift, submitted(M))
    for content in (
        Content("raw/overwritten", (winner,)),
        Content("raw/other", (loser,)),
        Content("raw/overwritten", (receipt(M, "SENT", at(seconds=1)),)),
    ):
        land(redshift, [content])
        apply_all(redshift, {"delivery_receipt"})
    row = facts.message(M)
    assert (row["delivery_state"], row["receipts"]) == ("FAILED", 2)


def test_content_that_comes_back_counts_again_and_once(redshift: Redshift, facts: Facts) -> None:
    first, second = (Content("raw/overwritten", (click(M, at(minutes=n)),)) for n in (3, 40))
    load(redshift, submitted(M))
    for content in (first, second, first):
        land(redshift, [content])
        apply_all(redshift)
    row = facts.message(M)
    assert (row["click_requests"], row["first_click_at"]) == (1, at(minutes=3))


def test_an_opt_out_that_leaves_frees_its_message(redshift: Redshift, facts: Facts) -> None:
    load(redshift, submitted(M), receipt(M, "DELIVERED", at(seconds=3)))
    for recipient, opted_out_at in (("sub_1", at(hours=1)), ("sub_2", None)):
        land(redshift, [Content("raw/overwritten", (opt_out(recipient, at(hours=1)),))])
        apply_all(redshift, {"subscription_changed"})
        assert facts.message(M)["opted_out_at"] == opted_out_at


def test_a_submission_that_leaves_takes_its_verdict_on_clicks_along(
    redshift: Redshift, facts: Facts
) -> None:
    fast = click(M, at(seconds=1))
    land(redshift, [Content("raw/overwritten", (submitted(M),)), *objects(fast)])
    apply_all(redshift)
    assert facts.message(M)["bot_clicks"] == 1
    land(redshift, [Content("raw/overwritten", (submitted(message_id(2)),))])
    apply_all(redshift)
    row = facts.message(M)
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


def random_world(seed: int) -> list[Event]:
    """Events that meet in as many rules as a few can: shared addresses, slots, recipients, parts and attempts."""
    chance = random.Random(seed)
    recipients = ["sub_1", "sub_2"]
    messages = [message_id(n, at(hours=8 * n)) for n in range(6)]
    events = []
    for number, message in enumerate(messages):
        sent = at(hours=8 * number)
        for attempt in range(1, chance.randint(1, 2) + 1):
            for _ in range(chance.choice([1, 1, 1, 2])):
                events.append(
                    submitted(
                        message,
                        sent + timedelta(minutes=chance.randint(0, 3) * attempt),
                        attempt_no=attempt,
                        submit_status=chance.choice(
                            ["ACCEPTED", "ACCEPTED", "ACCEPTED", "REJECTED", "SUPPRESSED"]
                        ),
                        campaign_id=chance.choice(["cmp_1", "cmp_2"]),
                        recipient_id=recipients[number % 2],
                        segment_count=chance.randint(1, 2),
                        link_token=f"token-{number}",
                        recipient_tz=chance.choice([None, "America/Chicago", "Nowhere"]),
                        follow_up_of_message_id=chance.choice([None, *messages]),
                        variant_id=chance.choice([None, "A", "B"]),
                    )
                )
        for _ in range(chance.randint(0, 5)):
            status = chance.choice(
                ["QUEUED", "SENT", "CARRIER_ACCEPTED", "UNKNOWN", "EXPIRED", "FAILED"]
                + ["DELIVERED"] * 5
            )
            events.append(
                receipt(
                    message,
                    status,
                    sent + timedelta(minutes=chance.randint(1, 4)),
                    attempt_no=chance.choice([None, 1, 2]),
                    segment_seq=chance.choice([None, 1, 2]),
                    delivery_level=chance.choice([None, "CARRIER", "HANDSET"]),
                    error_code=chance.choice([None, "012", "9F3"]),
                    error_permanent=chance.choice([None, True, False]),
                )
            )
        for _ in range(chance.randint(0, 6)):
            events.append(
                click(
                    chance.choice([message] * 9 + [None]),
                    chance.choice([sent, at(hours=40)])
                    + timedelta(seconds=chance.choice([0, 1, 2, 3, 5, 700])),
                    link_token=f"token-{number}",
                    ip_token=chance.choice(["ip_1", "ip_2", None]),
                    visitor_token=chance.choice(["v1", "v2", None]),
                    user_agent=chance.choice([IPHONE] * 5 + [PREVIEW, None]),
                    asn=chance.choice([None, None, 21928, 16509]),
                )
            )
        if chance.random() < 0.3:
            events.append(
                event("inbound_message", sent + timedelta(hours=1), in_reply_to_message_id=message)
            )
    for _ in range(6):
        events.append(
            opt_out(
                chance.choice(recipients),
                at(hours=chance.randint(0, 60)),
                new_status=chance.choice(
                    ["OPTED_OUT"] * 4 + ["DEACTIVATED", "REASSIGNED", "OPTED_IN"]
                ),
                in_reply_to_message_id=chance.choice([None, None, *messages]),
            )
        )
    for version in (1, 2, 2):
        events.append(
            campaign(
                chance.choice(["cmp_1", "cmp_2"]),
                version,
                at(hours=chance.randint(-9, 9)),
                report_tz=chance.choice([None, "America/New_York", "Asia/Tokyo", "Nowhere"]),
                optout_window_hours=chance.choice([None, 4, 48]),
                variants=chance.choice(
                    [None, '[{"variant_id": "A", "is_control": true}, 7, {"variant_id": "B"}]']
                ),
            )
        )
    # Copies that disagree, and copies that do not.
    for e in chance.sample(events, 8):
        later = e.fields["logged_at"] + timedelta(seconds=chance.choice([0, 1]))
        changed: dict[str, Any] = {"trace_id": chance.choice([None, "a", "b"]), "logged_at": later}
        if e.event_type == "delivery_receipt":
            changed["status"] = chance.choice(["DELIVERED", "FAILED"])
        events.append(Event(e.event_type, dict(e.fields) | changed))
    return events


def in_objects(events: list[Event], chance: random.Random) -> list[Content]:
    """The events spread over objects of two arrival days."""
    contents: dict[tuple[str, int], list[Event]] = {}
    for e in events:
        contents.setdefault((e.event_type, chance.randint(0, 1)), []).append(e)
    return [
        Content(f"raw/{event_type}/{place}", tuple(held), NOON.date() + timedelta(days=place))
        for (event_type, place), held in contents.items()
    ]


def with_history(contents: list[Content], chance: random.Random) -> list[Content]:
    """The same contents at last, in any order, some after other content of their key, some after their own."""
    history: list[Content] = []
    for content in contents:
        if chance.random() < 0.5:
            other = chance.choice(
                [c for c in contents if c.event_type == content.event_type]
            ).events
            some = tuple(chance.sample(other, chance.randint(1, len(other))))
            if chance.random() < 0.3:
                history.append(content)
            history.append(Content(content.key, some, content.day))
    chance.shuffle(history)
    last = list(contents)
    chance.shuffle(last)
    # What came before may come at any time before the last content of its key.
    for early in reversed(history):
        latest = next(n for n, c in enumerate(last) if c.key == early.key)
        last.insert(chance.randint(0, latest), early)
    return last


def lower_thresholds(redshift: Redshift) -> None:
    with redshift.session("tests") as session:
        session.execute(
            "update warehouse.dim_bot_rule set threshold = 3 where click_class in ('IP_SWEEP', 'RATE')"
        )


@pytest.mark.parametrize("seed", range(2))
def test_any_order_of_loading_gives_the_same_tables(
    redshift: Redshift, facts: Facts, seed: int
) -> None:
    chance = random.Random(1000 + seed)
    contents = in_objects(random_world(seed), chance)
    lower_thresholds(redshift)
    land(redshift, contents)
    apply_all(redshift)
    refresh_all(redshift, AS_OF)
    expected = facts.everything()
    assert any(row for row in expected["reports.campaign_performance"])

    empty(redshift)
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
    found = facts.everything()
    for table, rows in expected.items():
        assert found[table] == rows, table


class Killed(Exception):
    """The process died."""


def dying_after(statements: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on the process dies at this statement; returns what brings it back to life."""
    execute = Session.execute
    left = statements

    def execute_or_die(self: Session, statement: str, **values: object) -> int:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        return execute(self, statement, **values)

    monkeypatch.setattr(Session, "execute", execute_or_die)
    return lambda: monkeypatch.setattr(Session, "execute", execute)


def test_a_run_killed_anywhere_loses_nothing(
    redshift: Redshift, facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(7)
    contents = in_objects(random_world(7), chance)
    lower_thresholds(redshift)
    land(redshift, contents)
    apply_all(redshift)
    expected = facts.everything()

    empty(redshift)
    lower_thresholds(redshift)
    land(redshift, contents)
    deaths = 0
    while True:
        revive = dying_after(chance.randint(30, 120), monkeypatch)
        try:
            apply_all(redshift)
        except Killed:
            deaths += 1
            continue
        finally:
            revive()
        break
    assert deaths > 3
    assert facts.everything() == expected


def test_two_runs_at_once_apply_each_load_once(redshift: Redshift, facts: Facts) -> None:
    contents = in_objects(random_world(8), random.Random(8))
    land(redshift, contents)
    apply_all(redshift)
    expected = facts.everything()

    empty(redshift)
    land(redshift, contents)
    failures: list[BaseException] = []

    def run() -> None:
        try:
            apply_all(redshift)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    apply_all(redshift)
    assert failures == []
    assert facts.everything() == expected
    with redshift.session("tests") as session:
        assert (
            session.rows(
                "select load_id, table_name, count(*) as times from control.applied_load"
                " group by load_id, table_name having count(*) > 1"
            )
            == []
        )


def test_reports_and_the_purge_wait_for_a_load_and_it_carries_the_time_of_its_turn(
    redshift: Redshift,
) -> None:
    """A refresh whose clock is later than the time a load carries has seen it."""
    land(redshift, objects(campaign()))
    failures: list[BaseException] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)

    waiting = [
        threading.Thread(target=run, args=(work,))
        for work in (
            lambda: apply.apply_step(redshift, "dim_campaign"),
            lambda: refresh(redshift, "ab_variant", as_of=AS_OF, report_tz="UTC"),
            lambda: purge_staging(redshift, "link_click", today=AS_OF.date()),
        )
    ]
    with redshift.session("tests", autocommit=False) as load_under_way:
        load_under_way.execute("lock control.warehouse_mutex")
        for thread in waiting:
            thread.start()
        time.sleep(0.7)
        assert [thread.is_alive() for thread in waiting] == [True] * 3
        let_go_at = datetime.now(UTC).replace(tzinfo=None)
        load_under_way.execute("commit")
        for thread in waiting:
            thread.join()
    assert failures == []
    with redshift.session("tests") as session:
        applied_at = session.value("select min(applied_at) as first from control.applied_load")
    assert applied_at > let_go_at


@pytest.fixture
def serializable(redshift: Redshift, monkeypatch: pytest.MonkeyPatch) -> Redshift:
    """An empty warehouse at the isolation level that looks for a serial order; nothing is tried twice."""
    with redshift.session("tests") as session:
        session.execute("create database serializable_tests isolation level serializable")
    monkeypatch.setenv("REDSHIFT_DATABASE", "serializable_tests")
    migrate(Redshift())
    return Redshift(attempts=1)


def test_loads_land_and_are_applied_while_reports_are_computed(
    serializable: Redshift, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When a refresh has just begun to look and when it is about to end: it sees none of them, and loses none."""
    redshift = serializable
    sent = at(days=-200)
    old = message_id(1, sent)
    load(redshift, submitted(old, sent))

    def refresh_some() -> None:
        for name in reports:
            refresh(redshift, name, as_of=AS_OF, report_tz="UTC")

    # The first follows what applying touched, the others read what people, landing and applying write down.
    reports = ("campaign_daily", "followup_audience", "pipeline_quality_hourly")
    refresh_some()
    moments = ("insert into due_cohort", "delete from control.report_refresh")
    loads: list[datetime] = []
    execute = Session.execute

    def execute_and_load(self: Session, statement: str, **values: object) -> int:
        done = execute(self, statement, **values)
        if statement.startswith(moments):
            loads.append(at(minutes=len(loads)))
            monkeypatch.setattr(Session, "execute", execute)
            load(redshift, click(old, loads[-1]))
            monkeypatch.setattr(Session, "execute", execute_and_load)
        return done

    monkeypatch.setattr(Session, "execute", execute_and_load)
    refresh_some()
    monkeypatch.setattr(Session, "execute", execute)
    assert len(loads) == len(reports) + 1

    def clicks() -> int:
        with redshift.session("tests") as session:
            return int(
                session.value(
                    "select total_clicks from reports.campaign_daily where sent_date_report = :day",
                    day=sent.date(),
                )
            )

    assert clicks() < len(loads)
    refresh(redshift, "campaign_daily", as_of=AS_OF, report_tz="UTC")
    assert clicks() == len(loads)
