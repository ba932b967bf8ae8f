"""Who is not erased, and what only asks: after all of it the warehouse is as it was."""

from __future__ import annotations

import pytest

from sms_warehouse.privacy.erase import ErasureRefused, erase, hold, preview, release
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.privacy.people import (
    ANNA,
    BEN,
    NOW,
    REQUEST,
    erased,
    rows,
)


def her_messages(platform: Platform) -> int:
    ((count,),) = rows(
        platform,
        "select count(*) as n from warehouse.fact_message where recipient_id = :id",
        id=ANNA,
    )
    return int(count)


def test_what_stands_for_nobody_or_for_an_erased_person_is_refused(loaded: Platform) -> None:
    for nobody in ("", " ", "-", "erased-0123456789abcdef", f"{ANNA}#0", "sub_ana"):
        with pytest.raises(ErasureRefused):
            erased(loaded, nobody)
        with pytest.raises(ErasureRefused):
            hold(loaded.redshift, nobody, "case 12", NOW)
    for token, request in (("", REQUEST), ("erased", REQUEST), (None, " ")):
        with pytest.raises(ErasureRefused):
            erase(loaded.redshift, loaded.lake, ANNA, request, now=NOW, token=token)
    assert rows(loaded, "select 1 as found from pii.erasure_registry") == []
    assert rows(loaded, "select 1 as found from pii.legal_hold") == []


def test_a_held_person_is_refused_until_released(loaded: Platform) -> None:
    """That an erasure then goes on, the tests of holds show."""
    hold(loaded.redshift, ANNA, "case 12", NOW)
    with pytest.raises(ErasureRefused, match="case 12"):
        erased(loaded)
    with loaded.redshift.session("tests") as session, pytest.raises(ErasureRefused):
        preview(session, ANNA, REQUEST)
    assert rows(loaded, "select 1 as found from pii.erasure_registry") == []
    assert her_messages(loaded) == 3
    assert release(loaded.redshift, ANNA, NOW)
    with loaded.redshift.session("tests") as session:
        preview(session, ANNA, REQUEST)
    assert not release(loaded.redshift, ANNA, NOW)


def test_one_request_is_for_one_person(without_anna: Platform) -> None:
    with pytest.raises(ErasureRefused, match="another recipient"):
        erased(without_anna, BEN)
    assert rows(without_anna, "select recipient_id from pii.erasure_registry") == [(ANNA,)]


def test_a_preview_counts_and_changes_nothing(loaded: Platform) -> None:
    with loaded.redshift.session("tests") as session:
        found = preview(session, ANNA, REQUEST)
    assert found["warehouse.fact_submission"] == 3
    assert found["warehouse.fact_click"] == 9
    assert found["staging.delivery_receipt"] == 3
    assert rows(loaded, "select 1 as found from pii.erasure_registry") == []
    assert her_messages(loaded) == 3
