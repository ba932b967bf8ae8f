"""``sms-warehouse reclassify`` makes of the past what today's rules make of what arrives, and shows it before."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from sms_warehouse import click_rules, reclassify
from sms_warehouse.reclassify import Subject
from sms_warehouse.reports import refresh
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.cli.conftest import Begin, Command, writing_transactions
from sms_warehouse_tests.conftest import FreshWarehouse, Platform
from sms_warehouse_tests.warehouse.world import (
    DAY,
    NOON,
    PREVIEW,
    Content,
    Event,
    Facts,
    apply_all,
    at,
    campaign,
    click,
    land,
    message_id,
    objects,
    receipt,
    refresh_all,
    submitted,
)

A, B, C = (message_id(n) for n in (1, 2, 3))
REJECTED, SAID, SILENT, KEPT, UNMAPPED = (message_id(n) for n in (4, 5, 6, 7, 8))
DAYS = ("--from", str(DAY), "--to", str(DAY))
LATER = at(days=1)
REMAPPED = (
    "update warehouse.dim_delivery_error set failure_category = 'NETWORK_ROUTING'"
    " where provider = 'smsc-east' and error_code = '088'",
    "update warehouse.dim_carrier set country = 'GU' where mcc_mnc = '310260'",
)

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(command: Command) -> Run:
    def run(*options: str) -> dict[str, Any]:
        result = command("reclassify", "--json", *options)
        assert result.exit_code == 0, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    return run


def change(redshift: Redshift, *statements: str) -> None:
    def work(session: Any) -> None:
        for statement in statements:
            session.execute(statement)

    redshift.transaction("tests", work)


def slower(redshift: Redshift) -> None:
    """Rules of version 2: whoever clicks within a minute is a machine."""
    change(
        redshift,
        "update warehouse.dim_bot_rule set ruleset_version = 2",
        "update warehouse.dim_bot_rule set threshold = 60 where click_class = 'TOO_FAST'",
    )


def failed(message: str, code: str, **fields: Any) -> list[Event]:
    return [
        submitted(message, recipient_id="sub_4"),
        receipt(message, "UNDELIVERED", at(seconds=5), error_code=code, **fields),
    ]


def world() -> list[Content]:
    """Three messages with a click after 30 seconds, one with a machine's, and one of the next day; failures of each
    kind, and two recipients of whom one names a network. The same each time, to the names of events and objects.
    """
    sweep = [message_id(n) for n in range(20, 40)]
    events = [
        campaign(),
        submitted(A),
        click(A, at(seconds=30)),
        click(A, at(seconds=31)),
        click(A, at(minutes=5)),
        submitted(B),
        click(B, at(minutes=2)),
        click(B, at(minutes=3), user_agent=PREVIEW),
        submitted(C, LATER),
        click(C, LATER + timedelta(seconds=30)),
        click(None, at(minutes=7), link_token="guessed"),
        *(submitted(m, at(days=-1), link_token=f"t-{n}") for n, m in enumerate(sweep)),
        *(
            click(m, at(hours=2, seconds=n), link_token=f"t-{n}", ip_token="ip_2", visitor_token=m)
            for n, m in enumerate(sweep)
        ),
        submitted(
            REJECTED, recipient_id="sub_4", submit_status="REJECTED", submit_error_code="088"
        ),
        *failed(SAID, "001", error_permanent=False),
        *failed(SILENT, "001"),
        *failed(KEPT, "254"),
        *failed(UNMAPPED, "777", error_permanent=True),
        submitted(message_id(9), recipient_id="sub_9", mcc_mnc="310260"),
        submitted(message_id(10), recipient_id="sub_10"),
    ]
    return [
        replace(content, key=f"raw/{content.event_type}/v=1/dt={DAY}/hh=12/world.json.gz")
        for content in objects(
            *(
                Event(e.event_type, {**e.fields, "event_id": f"world-{number}"})
                for number, e in enumerate(events)
            )
        )
    ]


def loaded(redshift: Redshift) -> None:
    land(redshift, world())
    apply_all(redshift)


@pytest.fixture
def redshift(begin: Begin) -> Redshift:
    """The warehouse with these events."""
    return begin(loaded)


def classes(redshift: Redshift) -> dict[str, str]:
    with redshift.session("tests") as session:
        return {
            event_id: f"{name} (repeat)" if is_repeat else name
            for event_id, name, is_repeat in session.rows(
                "select event_id, click_class, is_repeat_fire from warehouse.fact_click"
            )
        }


def human_clicks(redshift: Redshift) -> dict[str, tuple[int, object]]:
    with redshift.session("tests") as session:
        return {
            message: (count, updated_at)
            for message, count, updated_at in session.rows(
                "select message_id, human_clicks, updated_at from warehouse.fact_message"
            )
        }


def left_to_do(redshift: Redshift) -> list[tuple[Any, ...]]:
    with redshift.session("tests") as session:
        return [
            row
            for table in ("touched_message", "unclassified_message", "touched_cohort")
            for row in session.rows(f"select * from control.{table} order by 1")
        ]


def test_a_preview_writes_nothing_and_says_what_applying_does(
    platform: Platform, run: Run, command: Command
) -> None:
    """Through the driver, with rows of every kind: what it makes of a number must be told too."""
    redshift = platform.redshift
    loaded(redshift)
    slower(redshift)
    change(redshift, *REMAPPED)
    facts = Facts(redshift)
    before, waiting = facts.everything(), left_to_do(redshift)
    old_classes, old_counts = classes(redshift), human_clicks(redshift)
    found = run(*DAYS)
    assert "nothing was changed; --apply does it" in command("reclassify", *DAYS).stderr
    assert (facts.everything(), left_to_do(redshift)) == (before, waiting)

    done = run(*DAYS, "--apply")
    new_classes, new_counts = classes(redshift), human_clicks(redshift)
    moved: dict[tuple[str, str], int] = {}
    for event_id, old in old_classes.items():
        if old != new_classes[event_id]:
            pair = old, new_classes[event_id]
            moved[pair] = moved.get(pair, 0) + 1
    assert moved == {("HUMAN", "TOO_FAST"): 1, ("HUMAN (repeat)", "TOO_FAST"): 1}
    assert {
        (row["class_before"], row["class_after"]): row["clicks"] for row in found["click_classes"]
    } == moved
    changed = [m for m in old_counts if old_counts[m][0] != new_counts[m][0]]
    assert changed == [A]
    assert found["messages_with_other_human_clicks"] == 1
    assert found["click_days"] == [
        {
            "campaign_id": "cmp_1",
            "sent_date": str(DAY),
            "messages": 1,
            "human_clicks_before": 2,
            "human_clicks_after": 1,
        }
    ]
    assert done["clicks"] == found["clicks_rewritten"] == len(old_classes) - 1
    assert done["failures"] == sum(row["messages"] for row in found["failure_days"]) == 1
    assert done["recipients"] == sum(row["recipients"] for row in found["carriers"]) == 1


def test_only_the_days_asked_for_are_judged_again(redshift: Redshift, run: Run) -> None:
    before = human_clicks(redshift)
    slower(redshift)
    run(*DAYS, "--apply")
    after = human_clicks(redshift)
    assert before[C] == after[C]
    assert after[A][0] == 1
    run("--from", str(DAY), "--to", str(LATER.date()), "--apply")
    assert human_clicks(redshift)[C][0] == 0


def test_a_change_that_concerns_few_clicks_works_out_few_messages(
    redshift: Redshift, run: Run
) -> None:
    """The version of the rules stays: only what is judged otherwise is written."""
    before = human_clicks(redshift)
    change(
        redshift,
        "update warehouse.dim_bot_rule set threshold = 60 where click_class = 'TOO_FAST'",
    )
    done = run(*DAYS, "--apply")
    after = human_clicks(redshift)
    assert {m for m in before if before[m] != after[m]} == {A}
    assert (done["clicks"], done["messages"]) == (2, 1)


def test_the_past_becomes_what_it_were_had_the_rules_been_there_first(
    redshift: Redshift, run: Run, fresh_warehouse: FreshWarehouse
) -> None:
    rules = (
        "update warehouse.dim_bot_rule set ruleset_version = 2",
        "update warehouse.dim_bot_rule set threshold = 60 where click_class = 'TOO_FAST'",
        "update warehouse.dim_bot_rule set threshold = 21 where click_class = 'IP_SWEEP'",
        "delete from warehouse.dim_asn",
        *REMAPPED,
    )
    change(redshift, *rules)
    run("--from", str(DAY), "--to", str(LATER.date()), "--apply")
    fresh = fresh_warehouse()
    change(fresh, *rules)
    loaded(fresh)
    for each in (redshift, fresh):
        refresh_all(each, at(days=40))
    reclassified, loaded_late = Facts(redshift).everything(), Facts(fresh).everything()
    for table, rows in loaded_late.items():
        assert reclassified[table] == rows, table


def test_applying_again_changes_nothing(redshift: Redshift, run: Run) -> None:
    slower(redshift)
    run("--apply", *DAYS)
    before = human_clicks(redshift)
    assert run("--apply", *DAYS) == {
        "user_agents": 0,
        "clicks": 0,
        "failures": 0,
        "messages": 0,
        "recipients": 0,
    }
    assert human_clicks(redshift) == before
    found = run(*DAYS)
    assert (found["clicks_rewritten"], found["click_classes"]) == (0, [])


def test_a_run_that_was_stopped_is_finished_by_the_next(
    redshift: Redshift, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    slower(redshift)

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("sms_warehouse.apply.apply_step", stopped)
        with pytest.raises(KeyboardInterrupt):
            reclassify.reclassify(redshift, set(Subject), DAY, DAY, now=NOON)
    assert human_clicks(redshift)[A][0] == 2
    done = run("--apply", *DAYS)
    assert done["messages"] > 0
    assert human_clicks(redshift)[A][0] == 1
    assert not [row for row in left_to_do(redshift) if len(row) == 1]


def test_it_writes_only_while_it_keeps_loads_out(
    redshift: Redshift, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load that judged clicks by the rules of a moment ago would be overtaken, or overtake."""
    slower(redshift)
    change(
        redshift,
        "update warehouse.dim_carrier set country = 'GU'",
        "update warehouse.dim_delivery_error set failure_category = 'EXPIRED_TTL'",
    )
    with writing_transactions(monkeypatch) as written:
        reclassify.reclassify(redshift, set(Subject), DAY, DAY, now=NOON)
    assert len(written) > 3
    assert [sent[0] for sent in written if sent[0] != "lock control.warehouse_mutex"] == []


def test_a_new_list_of_crawlers_reaches_old_clicks(
    redshift: Redshift, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(click_rules, "is_crawler", lambda user_agent: True)
    found = run("--ruleset", *DAYS)
    assert found["user_agents"] == [
        {"class_before": "HUMAN", "class_after": "BOT", "user_agents": 1}
    ]
    assert {row["class_after"] for row in found["click_classes"]} == {"UA_BOT"}
    with redshift.session("tests") as session:
        assert not session.rows(
            "select 1 as found from warehouse.dim_user_agent where ua_class = 'BOT'"
        )
    run("--ruleset", *DAYS, "--apply")
    assert human_clicks(redshift)[B][0] == 0


def failures(redshift: Redshift) -> dict[str, tuple[str, bool | None]]:
    with redshift.session("tests") as session:
        return {
            message: (category, is_permanent)
            for message, category, is_permanent in session.rows(
                "select message_id, failure_category, failure_permanent from warehouse.fact_message"
                " where failure_category is not null"
            )
        }


def test_a_changed_mapping_of_error_codes_reaches_old_failures(
    redshift: Redshift, run: Run
) -> None:
    assert failures(redshift)[SAID] == ("INVALID_NUMBER", True)
    untouched = human_clicks(redshift)[KEPT]
    change(
        redshift,
        "update warehouse.dim_delivery_error set failure_category = 'NETWORK_ROUTING'"
        " where provider = 'smsc-east' and error_code = '088'",
        # Whether it is permanent is for the receipts to say from now on.
        "update warehouse.dim_delivery_error set is_permanent = null"
        " where provider = 'smsc-east' and error_code = '001'",
    )
    found = run("--errors", *DAYS)
    assert found["failures"] == [
        {
            "provider": "smsc-east",
            "error_code": "001",
            "category_before": "INVALID_NUMBER",
            "category_after": "INVALID_NUMBER",
            "permanent_before": True,
            "permanent_after": after,
            "messages": 1,
        }
        for after in (False, None)
    ] + [
        {
            "provider": "smsc-east",
            "error_code": "088",
            "category_before": "PLATFORM_REJECTED",
            "category_after": "NETWORK_ROUTING",
            "permanent_before": False,
            "permanent_after": False,
            "messages": 1,
        }
    ]
    assert found["failure_days"] == [{"campaign_id": "cmp_1", "sent_date": str(DAY), "messages": 3}]
    assert failures(redshift)[SAID] == ("INVALID_NUMBER", True)
    done = run("--errors", *DAYS, "--apply")
    assert (done["failures"], done["messages"]) == (3, 3)
    assert failures(redshift) == {
        REJECTED: ("NETWORK_ROUTING", False),
        SAID: ("INVALID_NUMBER", False),
        SILENT: ("INVALID_NUMBER", None),
        KEPT: ("EXPIRED_TTL", False),
        UNMAPPED: ("UNKNOWN", True),
    }
    assert human_clicks(redshift)[KEPT] == untouched
    assert run("--errors", *DAYS)["failures"] == []


def test_a_network_of_another_country_moves_its_recipients(redshift: Redshift, run: Run) -> None:
    change(redshift, "update warehouse.dim_carrier set country = 'GU' where mcc_mnc = '310260'")
    assert run("--carriers")["carriers"] == [
        {
            "mcc_mnc": "310260",
            "country_before": "US",
            "country_after": "GU",
            "recipients": 1,
        }
    ]
    assert run("--carriers", "--apply")["recipients"] == 1
    (row,) = Facts(redshift).rows("dim_recipient", "recipient_id", "sub_9")
    assert row["country"] == "GU"
    change(redshift, "delete from warehouse.dim_carrier where mcc_mnc = '310260'")
    assert run("--carriers", "--apply")["recipients"] == 1
    (row,) = Facts(redshift).rows("dim_recipient", "recipient_id", "sub_9")
    assert row["country"] is None
    assert run("--carriers")["carriers"] == []


def test_a_day_that_was_reported_says_that_it_was_restated(redshift: Redshift, run: Run) -> None:
    def report(as_of: datetime) -> None:
        refresh(redshift, "campaign_daily", as_of=as_of, report_tz="UTC")

    report(at(days=60))
    slower(redshift)
    run(*DAYS, "--apply")
    report(at(days=60, minutes=1))
    with redshift.session("tests") as session:
        ((clicks, restated),) = session.rows(
            "select total_clicks, restated_count from reports.campaign_daily"
            " where sent_date_report = :day",
            day=DAY,
        )
    assert (clicks, restated > 0) == (2, True)


def test_the_preview_is_told_in_tables(redshift: Redshift, command: Command) -> None:
    slower(redshift)
    shown = command("reclassify", *DAYS).stdout
    assert "1 messages would have other human clicks" in shown
    assert "class before" in shown
    assert "TOO_FAST" in shown
