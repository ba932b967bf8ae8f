"""What is left of a person elsewhere when staging has forgotten them, or when staging is all there is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from sms_warehouse.privacy.erase import raw_lines
from sms_warehouse.privacy.treatment import STAGING
from sms_warehouse_tests.conftest import Platform, Worlds
from sms_warehouse_tests.privacy.people import (
    ANNA,
    CARLA,
    REQUEST,
    TOKENS,
    counted,
    erased,
    land,
    left,
    load,
    put,
    reported,
    rows,
    secrets,
    stored,
)
from sms_warehouse_tests.warehouse.world import Event, apply_all, at, opt_out

MESSAGES = "warehouse.fact_message"


def left_program(program: str, hour: int, **fields: Any) -> Event:
    return opt_out(ANNA, at(hours=hour), program_id=program, msisdn_token=TOKENS[ANNA], **fields)


TAKEN_BACK = (
    left_program("weekly", 4),
    left_program("weekly", 5, new_status="OPTED_IN"),
)
LANDED = left_program("news", 6)
UNCONFIRMED = left_program("news", 7, new_status="PENDING_CONFIRM")
LATER = opt_out(ANNA, at(hours=8), msisdn_token=TOKENS[CARLA], program_id="weekly")


def suppressed(platform: Platform) -> list[tuple[Any, ...]]:
    found = rows(platform, "select msisdn_token, program_id, since from pii.suppression")
    return sorted(found)


@dataclass(frozen=True)
class Story:
    """Anna is erased when staging holds nothing but her last words, not yet applied; more of them land afterwards.

    Then facts and staging are lost, and what is in S3 lands again.
    """

    before: str
    after: str
    is_proved: bool
    raw_lines: int
    suppressed: list[tuple[Any, ...]]
    suppressed_later: list[tuple[Any, ...]]
    suppressed_again: list[tuple[Any, ...]]
    messages: list[str]
    messages_again: list[str]
    found_again: dict[str, int]


@pytest.fixture(scope="module")
def story(module_platform: Platform, worlds: Worlds) -> Story:
    platform = worlds.begin(module_platform, reported)
    with platform.redshift.session("tests") as session:
        for table in STAGING:
            session.execute(f"delete from {table.name}")
    before = stored(platform)
    land(platform, put(platform, "landed", [LANDED, *TAKEN_BACK, UNCONFIRMED]))
    erasure = erased(platform)
    after, kept = stored(platform), suppressed(platform)
    with platform.redshift.session("tests") as session:
        lines = len(raw_lines(session, REQUEST))
    load(platform, "later", [LATER, *TAKEN_BACK])
    kept_later = suppressed(platform)
    load(platform, "replayed", [LANDED, LATER])
    kept_again = suppressed(platform)
    messages = counted(platform)[MESSAGES]
    lose_all_but_the_registry(platform)
    land(platform)
    apply_all(platform.redshift)
    return Story(
        before,
        after,
        erasure.is_proved,
        lines,
        kept,
        kept_later,
        kept_again,
        messages,
        counted(platform)[MESSAGES],
        left(platform),
    )


def lose_all_but_the_registry(platform: Platform) -> None:
    with platform.redshift.session("tests") as session:
        for schema, table in session.rows(
            "select table_schema, table_name from information_schema.tables"
            " where table_type = 'BASE TABLE' and table_schema in ('control', 'staging')"
        ):
            session.execute(f"delete from {schema}.{table}")
        for name in ("submission", "delivery_event", "click", "subscription_event"):
            session.execute(f"delete from warehouse.fact_{name}")
        for name in ("fact_inbound_message", "fact_message", "dim_recipient"):
            session.execute(f"delete from warehouse.{name}")


def test_what_has_outlived_staging_is_erased_too(story: Story) -> None:
    """Staging forgets after some weeks; facts and raw objects do not."""
    hers = secrets(ANNA) | {"stop it", "inbound-anna", "inbound-crossed"}
    hers = {word for word in hers if word in story.before}
    assert len(hers) > 8
    assert story.is_proved
    assert {word for word in hers if word in story.after} == set()


def test_raw_lines_are_named_whether_staging_has_them_or_not(story: Story) -> None:
    in_facts, in_quarantine, in_staging = 3 * 5 + 5, 5, 4
    assert story.raw_lines == in_facts + in_quarantine + in_staging


def test_the_stop_of_an_erased_person_is_kept(story: Story) -> None:
    """Also one that has not been applied, and one that lands later, for every number of theirs; not one taken back."""
    kept = [(TOKENS[ANNA], "deals", at(hours=3)), (TOKENS[ANNA], "news", at(hours=6))]
    assert story.suppressed == sorted(kept)
    kept += [(TOKENS[CARLA], program, since) for _, program, since in kept]
    kept += [(token, "weekly", at(hours=8)) for token in (TOKENS[ANNA], TOKENS[CARLA])]
    assert story.suppressed_later == sorted(kept)
    assert len(story.suppressed_again) == len(kept)


def test_a_warehouse_rebuilt_from_old_files_knows_nobody(story: Story) -> None:
    """Facts and staging are gone, the registry is not: the same files give the same counts, without the person."""
    assert len(story.messages) == 6
    assert story.messages_again == story.messages
    assert story.found_again == {}
