"""The proof of an erasure: whatever still leads to the person is found, wherever it stands."""

from __future__ import annotations

import base64

import pytest

from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.privacy import proof
from sms_warehouse.privacy.proof import search
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.privacy.people import (
    ANNA,
    BEN,
    NOW,
    REQUEST,
    TOKENS,
    erased,
    load,
    message,
    rows,
)


def test_the_search_finds_what_is_put_back(without_anna: Platform) -> None:
    """Red on purpose: a proof that cannot fail proves nothing."""
    with without_anna.redshift.session("tests") as session:
        session.execute(
            "update warehouse.fact_submission set send_batch_id = :token where recipient_id <> 'sub_ben'",
            token=TOKENS[ANNA],
        )
        session.execute(
            "update staging.link_click set extra = :extra",
            extra=f'{{"m":"{message(ANNA)}"}}',
        )
    found = {f.place: f.where for f in erased(without_anna).found if f.rows}
    assert found == {
        "warehouse.fact_submission": "send_batch_id",
        "staging.link_click": "extra",
    }


def test_the_search_finds_what_is_put_back_into_files(without_anna: Platform) -> None:
    for key in ("exports/a.csv.gz", "quarantine/b"):
        without_anna.lake.put(key, f"{BEN}\n{ANNA}#0\n".encode())
    with without_anna.redshift.session("tests") as session:
        found = {
            f.place: f.rows for f in search(session, without_anna.lake, ANNA, REQUEST) if f.rows
        }
    assert found == {"s3 exports/": 1, "s3 quarantine/": 1}


def test_the_search_reads_escapes_and_quarantined_lines_as_erasure_does(loaded: Platform) -> None:
    load(loaded, "first", [], b'{"pad', b'{"other')
    erased(loaded)
    escaped = ANNA.replace("a", "\\u0061")
    encoded = base64.b64encode(f"\0{ANNA}".encode()).decode()
    change = "update control.quarantined_line set raw_line = :text, is_base64 = :is_base64"
    with loaded.redshift.session("tests") as session:
        session.execute(
            "update staging.link_click set extra = :extra", extra=f'{{"m":"{escaped}"}}'
        )
        for text, is_base64, found_lines in (
            (encoded, True, 2),
            (escaped, False, 2),
            (BEN, False, 0),
        ):
            session.execute(change, text=text, is_base64=is_base64)
            places = {
                found.place: found.rows
                for found in search(session, loaded.lake, ANNA, REQUEST)
                if found.rows
            }
            assert places.pop("staging.link_click") == 1
            assert places == ({"control.quarantined_line": found_lines} if found_lines else {})


def test_the_search_goes_on_when_many_texts_look_alike(
    without_anna: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others' ids may hold hers as a part: what comes after a page of such texts is searched too."""
    monkeypatch.setattr(proof, "_CANDIDATES", 2)
    texts = [f"a{n} {ANNA}bel" for n in range(5)] + [f"z {ANNA}"]
    with without_anna.redshift.session("tests") as session:
        insert_rows(
            session,
            "control.rejected_key",
            [
                {"bucket": "b", "object_key": text, "reason": "r", "rejected_at": NOW}
                for text in texts
            ],
        )
        found = {
            f.place: f.rows for f in search(session, without_anna.lake, ANNA, REQUEST) if f.rows
        }
    assert found == {"control.rejected_key": 1}


def test_an_erasure_that_is_not_proved_is_not_done(loaded: Platform) -> None:
    with loaded.redshift.session("tests") as session:
        session.execute(
            "update warehouse.fact_message set send_batch_id = :id where recipient_id <> :id",
            id=ANNA,
        )
    assert not erased(loaded).is_proved
    assert rows(loaded, "select erased_at from pii.erasure_registry") == [(None,)]
    with loaded.redshift.session("tests") as session:
        session.execute("update warehouse.fact_message set send_batch_id = null")
    assert erased(loaded).is_proved
    assert rows(loaded, "select erased_at from pii.erasure_registry") == [(NOW,)]
