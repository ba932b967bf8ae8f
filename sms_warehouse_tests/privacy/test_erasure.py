"""A person leaves the warehouse, and nothing else changes: one erasure, and a replay of all that had landed before."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import Any

import pytest

from sms_warehouse.privacy.erase import Erasure, raw_lines
from sms_warehouse_tests.cli.conftest import writing_transactions
from sms_warehouse_tests.conftest import Platform, Worlds
from sms_warehouse_tests.privacy.people import (
    ANNA,
    BEN,
    HER_LINES,
    NEXT,
    NOW,
    OTHER_LINES,
    REQUEST,
    TOKENS,
    counted,
    erased,
    handed_over,
    left,
    listed,
    load,
    message,
    quarantined,
    reported,
    rows,
    secrets,
    stored,
    world,
)
from sms_warehouse_tests.warehouse.world import at, refresh_all

HERS = secrets(ANNA) | {"stop it", "inbound-anna", "inbound-crossed"}


@dataclass(frozen=True)
class Seen:
    """What is in the warehouse and in S3 at one time."""

    stored: str
    counted: dict[str, list[str]]
    his_clicks: list[tuple[Any, ...]]
    late_sends: list[tuple[Any, ...]]
    contacts: list[tuple[Any, ...]]
    list: str
    quarantined: dict[bool, int]
    quarantine_files: int


def seen(platform: Platform) -> Seen:
    return Seen(
        stored(platform),
        counted(platform),
        rows(
            platform,
            "select * from warehouse.fact_click where recipient_id = :id order by event_id",
            id=BEN,
        ),
        rows(platform, "select count(*) as sends from reports.sent_after_optout"),
        rows(platform, "select recipient_id from reports.follow_up_contact"),
        handed_over(platform),
        quarantined(platform),
        len(platform.lake.list_prefix("quarantine/")),
    )


@dataclass(frozen=True)
class Story:
    """What was there before Anna's erasure, after it, and when all files had landed again under other names."""

    platform: Platform
    before: Seen
    erasure: Erasure
    transactions: list[list[str]]
    registered: list[tuple[Any, ...]]
    raw_lines: list[tuple[str, str, int]]
    after: Seen
    replayed: Seen
    found: dict[str, int]


@pytest.fixture(scope="module")
def story(module_platform: Platform, worlds: Worlds) -> Story:
    """After the erasure every message is computed again from its events, and every report."""
    platform = worlds.begin(module_platform, reported)
    before = seen(platform)
    with pytest.MonkeyPatch.context() as patch, writing_transactions(patch) as transactions:
        erasure = erased(platform)
    registered = rows(platform, "select erased_at from pii.erasure_registry")
    after = seen(platform)
    with platform.redshift.session("tests") as session:
        lines = raw_lines(session, REQUEST)
        session.execute(
            "insert into control.touched_message (message_id) select message_id from warehouse.fact_message"
        )
    load(platform, "replayed", world(), *HER_LINES, *OTHER_LINES)
    refresh_all(platform.redshift, NOW)
    return Story(
        platform,
        before,
        erasure,
        transactions,
        registered,
        lines,
        after,
        seen(platform),
        left(platform),
    )


def test_the_person_is_gone_others_are_not_and_the_send_after_the_opt_out_is_still_found(
    story: Story,
) -> None:
    assert [found for found in story.erasure.found if found.rows] == []
    assert len(story.erasure.found) > 30
    assert story.registered == [(NOW,)]
    assert story.before.his_clicks
    assert story.after.his_clicks == story.before.his_clicks
    assert story.before.late_sends == [(1,)]
    assert story.after.late_sends == [(1,)]
    dimension = (
        "select left(recipient_key, 7) as alias, msisdn_token, erased_at from warehouse.dim_recipient"
        " where erased_at is not null"
    )
    assert rows(story.platform, dimension) == [("erased-", None, NOW)]


def test_nothing_that_was_ever_said_of_the_person_is_left(story: Story) -> None:
    """Receipt texts, addresses, what they wrote: things that no search for identifiers finds. Others keep theirs."""
    his = {word for word in secrets(BEN) if word in story.before.stored}
    assert len(his) > 8
    assert {word for word in HERS if word not in story.before.stored} == set()
    for now in (story.after, story.replayed):
        assert {word for word in HERS if word in now.stored} == set()
        assert {word for word in his if word not in now.stored} == set()


def test_it_writes_only_while_it_keeps_loads_out(story: Story) -> None:
    """A load that looked at the registry a moment ago would bring the person back behind it."""
    assert len(story.transactions) > 10
    for sent in story.transactions:
        assert sent[0].startswith("lock control."), sent[0]
        text = " ".join(sent)
        for schema, mutex in (
            ("staging", "landing"),
            ("warehouse", "warehouse"),
            ("reports", "report"),
        ):
            if any(f"{word} {schema}." in text for word in ("update", "delete from")):
                assert f"control.{mutex}_mutex" in sent[0], sent[1]


def test_counts_are_what_they_were(story: Story) -> None:
    """Also when every message is computed again from its events, and reports anew."""
    assert story.after.counted == story.before.counted
    for table in story.before.counted:
        # That report counts by the hour in which files arrive.
        if table != "reports.pipeline_quality_hourly":
            assert story.replayed.counted[table] == story.before.counted[table], table


def test_a_number_that_came_to_someone_else_stays_theirs(story: Story) -> None:
    for table in ("staging.message_submitted", "warehouse.fact_submission"):
        assert rows(
            story.platform,
            f"select distinct msisdn_token from {table} where recipient_id = :id",
            id=NEXT,
        ) == [(TOKENS[ANNA],)]


def test_profile_and_lists_lose_the_person_and_do_not_get_them_back(story: Story) -> None:
    for table in ("recipient_engagement", "followup_audience"):
        found = rows(story.platform, f"select recipient_key from reports.{table}")
        keys = {key for (key,) in found}
        assert not {key for key in keys if key.startswith(("erased", ANNA))}
        assert keys


def test_old_files_under_other_names_bring_nobody_back(story: Story) -> None:
    facts = "warehouse.fact_message"
    assert story.replayed.counted[facts] == story.before.counted[facts]
    assert story.found == {}


def test_lists_that_were_handed_over_lose_the_persons_lines(story: Story) -> None:
    assert story.before.list == listed(ANNA, BEN)
    assert story.after.list == listed(BEN)
    assert story.after.contacts == [(BEN,)]


def test_lines_that_name_the_person_are_emptied_in_whatever_form(story: Story) -> None:
    """They could not be used, and are still counted."""
    assert story.before.quarantined == {False: len(HER_LINES) + len(OTHER_LINES)}
    assert story.after.quarantined == {True: len(HER_LINES), False: len(OTHER_LINES)}
    assert (story.before.quarantine_files, story.after.quarantine_files) == (2, 1)


def test_lines_that_land_after_erasure_are_emptied_as_they_land(story: Story) -> None:
    assert story.replayed.quarantined == {
        is_empty: 2 * count for is_empty, count in story.after.quarantined.items()
    }
    assert story.replayed.quarantine_files == 2


def test_the_lines_of_raw_objects_that_still_hold_the_person_are_named(story: Story) -> None:
    words = [ANNA, "sub_\\u0061nna", TOKENS[ANNA], f"provider-{ANNA}", f"link-{ANNA}"]
    words += [message(ANNA, n, at(hours=h)) for n, h in ((1, 0), (2, 1), (3, 5))]
    wrong, right = [], 0
    assert len(story.raw_lines) == len(set(story.raw_lines))
    for _, key, number in story.raw_lines:
        body = story.platform.lake.get(key)
        assert body is not None
        line = gzip.decompress(body).decode("utf-8", "replace").splitlines()[number - 1]
        is_hers = any(word in line for word in words)
        right += is_hers
        if not is_hers:
            wrong.append((key, number))
    assert not wrong
    assert right == 3 * 5 + 5 + len(HER_LINES), (
        "submissions, receipts and clicks; a receipt and a click without a message, two answers and an opt-out; lines"
        " that could not be used"
    )


def test_the_count_of_what_landed_is_still_the_count_of_lines(story: Story) -> None:
    different = rows(
        story.platform,
        "select o.object_key from control.landed_object as o"
        " left join (select object_id, count(*) as stored from warehouse.arrived_row group by object_id) as s"
        " on s.object_id = o.object_id where o.rows_landed <> coalesce(s.stored, 0)",
    )
    assert different == []
