"""The proof of an erasure: whatever still leads to the person is found, wherever it stands."""

from __future__ import annotations

import base64

import pytest

from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.privacy import proof
from sms_warehouse.privacy.proof import Found, search
from sms_warehouse_tests.conftest import Platform, Worlds
from sms_warehouse_tests.privacy.conftest import after_erasure
from sms_warehouse_tests.privacy.people import (
    ANNA,
    ANNABEL,
    BEN,
    CARLA,
    NOW,
    REQUEST,
    TOKENS,
    message,
)

ESCAPED = ANNA.replace("a", "\\u0061")


@pytest.fixture(scope="module")
def found(module_platform: Platform, worlds: Worlds) -> dict[str, Found]:
    """What a search finds when she is put back everywhere. Red on purpose: a proof that cannot fail proves nothing."""
    platform = after_erasure(module_platform, worlds)
    for key in ("exports/a.csv.gz", "quarantine/b"):
        platform.lake.put(key, f"{BEN}\n{ANNA}#0\n".encode())
    with platform.redshift.session("tests") as session, pytest.MonkeyPatch.context() as patch:
        session.execute(
            "update warehouse.fact_submission set send_batch_id = :token where recipient_id = :id",
            token=TOKENS[ANNA],
            id=CARLA,
        )
        extra = "update staging.link_click set extra = :extra where recipient_id = :id"
        session.execute(extra, id=BEN, extra=f'{{"m":"{message(ANNA)}"}}')
        session.execute(extra, id=CARLA, extra=f'{{"m":"{ESCAPED}"}}')
        encoded = base64.b64encode(f"\0{ANNA}".encode()).decode()
        places = session.rows(
            "select object_id, line_number from control.quarantined_line order by line_number limit 3"
        )
        for (object_id, number), (text, is_base64) in zip(
            places, ((encoded, True), (ESCAPED, False), (BEN, False)), strict=True
        ):
            session.execute(
                "update control.quarantined_line set raw_line = :text, is_base64 = :is_base64"
                " where object_id = :object_id and line_number = :number",
                text=text,
                is_base64=is_base64,
                object_id=object_id,
                number=number,
            )
        insert_rows(
            session,
            "control.rejected_key",
            [
                {"bucket": "b", "object_key": text, "reason": "r", "rejected_at": NOW}
                for text in (*(f"a{n} {ANNABEL}" for n in range(5)), f"z {ANNA}")
            ],
        )
        patch.setattr(proof, "_CANDIDATES", 2)
        everywhere = search(session, platform.lake, ANNA, REQUEST)
    return {place.place: place for place in everywhere if place.rows}


def test_the_search_finds_what_is_put_back(found: dict[str, Found]) -> None:
    assert found["warehouse.fact_submission"].where == "send_batch_id"
    assert found["warehouse.fact_submission"].rows == 1
    assert found.keys() == {
        "warehouse.fact_submission",
        "staging.link_click",
        "control.quarantined_line",
        "control.rejected_key",
        "s3 exports/",
        "s3 quarantine/",
    }


def test_the_search_finds_what_is_put_back_into_files(found: dict[str, Found]) -> None:
    assert found["s3 exports/"].rows == 1
    assert found["s3 quarantine/"].rows == 1


def test_the_search_reads_escapes_and_quarantined_lines_as_erasure_does(
    found: dict[str, Found],
) -> None:
    """JSON's escapes in staging; in quarantine such a line, and one in Base64."""
    assert found["staging.link_click"].where == "extra"
    assert found["staging.link_click"].rows == 2
    assert found["control.quarantined_line"].where == "raw_line"
    assert found["control.quarantined_line"].rows == 2


def test_the_search_goes_on_when_many_texts_look_alike(found: dict[str, Found]) -> None:
    """Others' ids may hold hers as a part: what comes after a page of such texts is searched too."""
    assert found["control.rejected_key"].rows == 1
