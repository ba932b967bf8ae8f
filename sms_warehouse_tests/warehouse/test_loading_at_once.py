"""Loads that die, run beside each other, or meet a report."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from local_redshift.isolation import SERIALIZABLE

from sms_warehouse import apply
from sms_warehouse.landing.load import purge_staging
from sms_warehouse.reports import refresh
from sms_warehouse.resources.redshift import Redshift, Session
from sms_warehouse_tests.conftest import FreshWarehouse
from sms_warehouse_tests.warehouse.random_worlds import (
    in_objects,
    lower_thresholds,
    random_world,
)
from sms_warehouse_tests.warehouse.world import (
    NOON,
    Facts,
    apply_all,
    at,
    campaign,
    click,
    land,
    load,
    message_id,
    objects,
    submitted,
)

AS_OF = NOON + timedelta(days=6)


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


Expected = dict[str, list[tuple[Any, ...]]]
CONTENTS = in_objects(random_world(7), random.Random(7))


@pytest.fixture(scope="module")
def expected(module_warehouse: Redshift) -> Expected:
    """All tables when one run applies the contents undisturbed."""
    lower_thresholds(module_warehouse)
    land(module_warehouse, CONTENTS)
    apply_all(module_warehouse)
    return Facts(module_warehouse).everything()


def test_a_run_killed_anywhere_loses_nothing(
    redshift: Redshift, expected: Expected, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(7)
    lower_thresholds(redshift)
    land(redshift, CONTENTS)
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
    assert Facts(redshift).everything() == expected


def test_two_runs_at_once_apply_each_load_once(redshift: Redshift, expected: Expected) -> None:
    lower_thresholds(redshift)
    land(redshift, CONTENTS)
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
    assert Facts(redshift).everything() == expected
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
        for thread in waiting:
            thread.join(0.25)
            assert thread.is_alive()
        let_go_at = datetime.now(UTC).replace(tzinfo=None)
        load_under_way.execute("commit")
        for thread in waiting:
            thread.join()
    assert failures == []
    with redshift.session("tests") as session:
        applied_at = session.value("select min(applied_at) as first from control.applied_load")
    assert applied_at > let_go_at


@pytest.fixture
def serializable(fresh_warehouse: FreshWarehouse) -> Redshift:
    """An empty warehouse at the isolation level that looks for a serial order; nothing is tried twice."""
    return fresh_warehouse(SERIALIZABLE, attempts=1)


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
