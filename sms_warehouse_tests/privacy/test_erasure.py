"""A person leaves the warehouse, and nothing else changes."""

from __future__ import annotations

import gzip

import pytest

from sms_warehouse.privacy import erase as erasure
from sms_warehouse.privacy.erase import ErasureRefused, erase, hold, raw_lines
from sms_warehouse.privacy.treatment import STAGING
from sms_warehouse_tests.cli.conftest import writing_transactions
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.privacy.people import (
    ANNA,
    BEN,
    CARLA,
    NOW,
    REQUEST,
    TOKENS,
    counted,
    erased,
    hand_over,
    land,
    load,
    message,
    put,
    rows,
    secrets,
    stored,
    told,
    world,
)
from sms_warehouse_tests.warehouse.world import (
    apply_all,
    at,
    event,
    opt_out,
    receipt,
    refresh_all,
    submitted,
)


def test_the_person_is_gone_others_are_not_and_the_send_after_the_opt_out_is_still_found(
    loaded: Platform,
) -> None:
    clicks = "select * from warehouse.fact_click where recipient_id = :id order by event_id"
    his = rows(loaded, clicks, id=BEN)
    assert his
    late_sends = "select count(*) as sends from reports.sent_after_optout"
    assert rows(loaded, late_sends) == [(1,)]
    done = erased(loaded)
    assert [found for found in done.found if found.rows] == []
    assert len(done.found) > 30
    assert rows(loaded, "select erased_at from pii.erasure_registry") == [(NOW,)]
    assert rows(loaded, late_sends) == [(1,)]
    assert rows(loaded, clicks, id=BEN) == his
    dimension = (
        "select left(recipient_key, 7) as alias, msisdn_token, erased_at from warehouse.dim_recipient"
        " where erased_at is not null"
    )
    assert rows(loaded, dimension) == [("erased-", None, NOW)]
    load(loaded, "again", told(ANNA, 4, at(hours=7)))
    assert rows(loaded, dimension) == [("erased-", None, NOW)]


def test_nothing_that_was_ever_said_of_the_person_is_left(loaded: Platform) -> None:
    """Receipt texts, addresses, what they wrote: things that no search for identifiers finds. Others keep theirs."""
    hand_over(loaded)
    hers, his = secrets(ANNA) | {"stop it", "inbound-anna"}, secrets(BEN)
    before = stored(loaded)
    his = {word for word in his if word in before}
    assert {word for word in hers if word not in before} == set()
    erased(loaded)
    after = stored(loaded)
    assert {word for word in hers if word in after} == set()
    assert {word for word in his if word not in after} == set()
    load(loaded, "replayed", world())
    refresh_all(loaded.redshift, NOW)
    again = stored(loaded)
    assert {word for word in hers if word in again} == set()
    assert {word for word in his if word not in again} == set()


def test_what_has_outlived_staging_is_erased_too(loaded: Platform) -> None:
    """Staging forgets after some weeks; facts and raw objects do not."""
    with loaded.redshift.session("tests") as session:
        for table in STAGING:
            session.execute(f"delete from {table.name}")
    before = stored(loaded)
    hers = {word for word in secrets(ANNA) | {"stop it", "inbound-anna"} if word in before}
    assert len(hers) > 8
    assert erased(loaded).is_proved
    after = stored(loaded)
    assert {word for word in hers if word in after} == set()
    with loaded.redshift.session("tests") as session:
        assert len(raw_lines(session, REQUEST)) == 3 * 5 + 4


def test_it_writes_only_while_it_keeps_loads_out(
    loaded: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load that looked at the registry a moment ago would bring the person back behind it."""
    with writing_transactions(monkeypatch) as written:
        erased(loaded)
    assert len(written) > 10
    for sent in written:
        assert sent[0].startswith("lock control."), sent[0]
        text = " ".join(sent)
        for schema, mutex in (
            ("staging", "landing"),
            ("warehouse", "warehouse"),
            ("reports", "report"),
        ):
            if any(f"{word} {schema}." in text for word in ("update", "delete from")):
                assert f"control.{mutex}_mutex" in sent[0], sent[1]


def test_counts_are_what_they_were(loaded: Platform) -> None:
    """Also when every message is worked out again from its events, and reports anew."""
    before = counted(loaded)
    erased(loaded)
    assert counted(loaded) == before
    with loaded.redshift.session("tests") as session:
        session.execute(
            "insert into control.touched_message (message_id) select message_id from warehouse.fact_message"
        )
    load(loaded, "other", [receipt(message(BEN), "SENT", at(seconds=5), segment_seq=None)])
    refresh_all(loaded.redshift, NOW)
    after = counted(loaded)
    for table in before:
        if table not in ("warehouse.fact_message", "reports.pipeline_quality_hourly"):
            assert after[table] == before[table], table


def test_a_number_that_came_to_someone_else_stays_theirs(platform: Platform) -> None:
    load(platform, "first", world())
    other = submitted(
        message("sub_next"), at(hours=9), recipient_id="sub_next", msisdn_token=TOKENS[ANNA]
    )
    load(platform, "next", [other])
    assert erased(platform).is_proved
    assert rows(
        platform,
        "select msisdn_token from warehouse.fact_submission where recipient_id = 'sub_next'",
    ) == [(TOKENS[ANNA],)]


def test_the_stop_of_an_erased_person_is_kept(loaded: Platform) -> None:
    """Also one that has not been applied, and one that lands later, for every number of theirs; not one taken back."""
    suppressed = "select msisdn_token, program_id, since from pii.suppression order by since"
    taken_back = [
        opt_out(ANNA, at(hours=4), msisdn_token=TOKENS[ANNA], program_id="weekly"),
        opt_out(
            ANNA, at(hours=5), msisdn_token=TOKENS[ANNA], program_id="weekly", new_status="OPTED_IN"
        ),
    ]
    landed = opt_out(ANNA, at(hours=6), msisdn_token=TOKENS[ANNA], program_id="news")
    unconfirmed = opt_out(
        ANNA,
        at(hours=7),
        msisdn_token=TOKENS[ANNA],
        program_id="news",
        new_status="PENDING_CONFIRM",
    )
    put(loaded, "landed", [landed, *taken_back, unconfirmed])
    land(loaded)
    erased(loaded)
    kept = [(TOKENS[ANNA], "deals", at(hours=3)), (TOKENS[ANNA], "news", at(hours=6))]
    assert rows(loaded, suppressed) == kept
    later = opt_out(ANNA, at(hours=8), msisdn_token=TOKENS[CARLA], program_id="weekly")
    load(loaded, "later", [later, *taken_back])
    kept += [(TOKENS[CARLA], program, since) for _, program, since in kept]
    kept += [(token, "weekly", at(hours=8)) for token in (TOKENS[ANNA], TOKENS[CARLA])]
    assert sorted(rows(loaded, suppressed)) == sorted(kept)
    load(loaded, "replayed", [landed, later])
    assert len(rows(loaded, suppressed)) == len(kept)


def test_profile_and_lists_lose_the_person_and_do_not_get_them_back(without_anna: Platform) -> None:
    refresh_all(without_anna.redshift, NOW)
    for table in ("recipient_engagement", "followup_audience"):
        keys = {key for (key,) in rows(without_anna, f"select recipient_key from reports.{table}")}
        assert not {key for key in keys if key.startswith(("erased", ANNA))}
        assert keys


def test_old_files_under_other_names_bring_nobody_back(without_anna: Platform) -> None:
    before = counted(without_anna)["warehouse.fact_message"]
    load(without_anna, "replayed", world())
    assert counted(without_anna)["warehouse.fact_message"] == before
    assert erased(without_anna).is_proved


def test_a_warehouse_rebuilt_from_old_files_knows_nobody(loaded: Platform) -> None:
    """Facts and staging are gone, the registry is not: the same files give the same counts, without the person."""
    before = counted(loaded)["warehouse.fact_message"]
    erased(loaded)
    with loaded.redshift.session("tests") as session:
        for schema, table in session.rows(
            "select table_schema, table_name from information_schema.tables"
            " where table_type = 'BASE TABLE' and table_schema in ('control', 'staging')"
        ):
            session.execute(f"delete from {schema}.{table}")
        for name in ("submission", "delivery_event", "click", "subscription_event"):
            session.execute(f"delete from warehouse.fact_{name}")
        for name in ("fact_inbound_message", "fact_message", "dim_recipient"):
            session.execute(f"delete from warehouse.{name}")
    load(loaded, "restored", [])
    assert counted(loaded)["warehouse.fact_message"] == before
    assert erased(loaded).is_proved


def test_a_message_sent_after_erasure_is_nobodys_too_even_when_its_receipt_is_first(
    without_anna: Platform,
) -> None:
    sent, *others = told(ANNA, 9, at(hours=8))
    load(
        without_anna, "early", [found for found in others if found.event_type == "delivery_receipt"]
    )
    unresolved = receipt(
        None,
        "SENT",
        at(hours=8),
        provider_message_id=f"provider-{ANNA}-9",
        receipt_text="Text:late",
    )
    load(
        without_anna,
        "late",
        [sent, unresolved, *(f for f in others if f.event_type == "link_click")],
    )
    apply_all(without_anna.redshift)
    assert "text:late" not in stored(without_anna)
    assert rows(
        without_anna,
        "select is_stub, delivery_state, human_clicks, left(recipient_id, 7) as alias"
        " from warehouse.fact_message where first_submitted_at = :at or is_stub",
        at=at(hours=8),
    ) == [(False, "DELIVERED", 3, "erased-")]
    assert erased(without_anna).is_proved


def test_a_message_known_by_both_names_becomes_one_again(
    without_anna: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its submission may land, and be applied by another run, just after a run has looked for such messages."""
    sent, *others = told(ANNA, 9, at(hours=8))
    load(
        without_anna, "early", [found for found in others if found.event_type == "delivery_receipt"]
    )
    with monkeypatch.context() as patch:
        patch.setattr("sms_warehouse.apply.follow_erased", lambda *_: {})
        load(without_anna, "late", [sent, *(f for f in others if f.event_type == "link_click")])
    statement = (
        "select is_stub, delivery_state, human_clicks from warehouse.fact_message"
        " where first_submitted_at = :at or is_stub order by is_stub"
    )
    assert rows(without_anna, statement, at=at(hours=8)) == [
        (False, "SENT", 3),
        (True, "DELIVERED", 0),
    ]
    apply_all(without_anna.redshift)
    assert rows(without_anna, statement, at=at(hours=8)) == [(False, "DELIVERED", 3)]
    assert erased(without_anna).is_proved


def test_an_answer_that_only_has_the_token_is_recognised(without_anna: Platform) -> None:
    """Also by a token that came with a message after the erasure, and what they left stays left for it."""
    new = "d" * 64
    later = submitted(message(ANNA, 9), at(hours=8), recipient_id=ANNA, msisdn_token=new)
    load(without_anna, "later", [later])
    assert rows(without_anna, "select erased_at from pii.erasure_registry") == [(None,)]
    answers = [
        event("inbound_message", at(hours=9), recipient_id=None, msisdn_token=token, inbound_id="x")
        for token in (TOKENS[ANNA], new)
    ]
    load(without_anna, "answers", answers)
    assert rows(without_anna, "select msisdn_token, inbound_id from staging.inbound_message") == [
        ("erased", "erased")
    ] * (1 + len(answers))
    kept = rows(
        without_anna, "select msisdn_token, program_id from pii.suppression order by msisdn_token"
    )
    assert kept == [(TOKENS[ANNA], "deals"), (new, "deals")]


def test_one_request_is_for_one_person(without_anna: Platform) -> None:
    with pytest.raises(ErasureRefused, match="another recipient"):
        erased(without_anna, BEN)
    assert erased(without_anna, BEN, "DSR-2").is_proved


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


def test_lists_that_were_handed_over_lose_the_persons_lines(loaded: Platform) -> None:
    key = hand_over(loaded)
    assert erased(loaded).is_proved
    assert rows(loaded, "select recipient_id from reports.follow_up_contact") == [(BEN,)]
    body = loaded.lake.get(key)
    assert body is not None
    assert gzip.decompress(body).decode() == f"recipient_key,message_id\n{BEN}#0,{message(BEN)}\n"


def test_the_lines_of_raw_objects_that_still_hold_the_person_are_named(
    without_anna: Platform,
) -> None:
    with without_anna.redshift.session("tests") as session:
        found = raw_lines(session, REQUEST)
    wrong, right = [], 0
    assert len(found) == len(set(found))
    for _, key, number in found:
        body = without_anna.lake.get(key)
        assert body is not None
        line = gzip.decompress(body).decode().splitlines()[number - 1]
        is_hers = any(
            word in line for word in (ANNA, TOKENS[ANNA], f"provider-{ANNA}", f"link-{ANNA}")
        )
        is_hers = is_hers or any(
            message(ANNA, n, at(hours=h)) in line for n, h in ((1, 0), (2, 1), (3, 5))
        )
        right += is_hers
        if not is_hers:
            wrong.append((key, number))
    assert not wrong
    assert right == 3 * 5 + 4, (
        "submissions, receipts and clicks; a receipt and a click without a message, an answer and an opt-out"
    )


def test_a_preview_counts_and_changes_nothing(loaded: Platform) -> None:
    with loaded.redshift.session("tests") as session:
        found = erasure.preview(session, ANNA, REQUEST)
    assert found["warehouse.fact_submission"] == 3
    assert found["warehouse.fact_click"] == 9
    assert found["staging.delivery_receipt"] == 3
    assert rows(loaded, "select 1 as found from pii.erasure_registry") == []
    assert rows(
        loaded, "select count(*) as n from warehouse.fact_message where recipient_id = :id", id=ANNA
    ) == [(3,)]


def test_the_count_of_what_landed_is_still_the_count_of_lines(without_anna: Platform) -> None:
    load(without_anna, "replayed", world())
    different = rows(
        without_anna,
        "select o.object_key from control.landed_object as o"
        " left join (select object_id, count(*) as stored from warehouse.arrived_row group by object_id) as s"
        " on s.object_id = o.object_id where o.rows_landed <> coalesce(s.stored, 0)",
    )
    assert different == []
