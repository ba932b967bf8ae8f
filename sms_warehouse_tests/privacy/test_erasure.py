"""A person leaves the warehouse, and nothing else changes."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.privacy import erase as erasure
from sms_warehouse.privacy import proof
from sms_warehouse.privacy.erase import Erasure, ErasureRefused, erase, hold, raw_lines, release
from sms_warehouse.privacy.proof import search
from sms_warehouse.privacy.treatment import STAGING
from sms_warehouse.reports import REPORTS
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift, Session
from sms_warehouse_tests.cli.conftest import writing_transactions
from sms_warehouse_tests.conftest import Platform, Worlds
from sms_warehouse_tests.privacy.people import (
    ANNA,
    BEN,
    CARLA,
    NOW,
    REQUEST,
    TOKENS,
    begin,
    land,
    load,
    long_line,
    message,
    put,
    secrets,
    stored,
    told,
    world,
)
from sms_warehouse_tests.privacy.test_quarantine import lines
from sms_warehouse_tests.warehouse.world import (
    Event,
    apply_all,
    at,
    event,
    opt_out,
    receipt,
    refresh_all,
    submitted,
)

T = TypeVar("T")


def reported(platform: Platform) -> None:
    """The world of the three, with its reports."""
    begin(platform)
    refresh_all(platform.redshift, NOW)


@pytest.fixture
def loaded(platform: Platform, worlds: Worlds) -> Platform:
    return worlds.begin(platform, reported)


def erased(platform: Platform, recipient: str = ANNA, request: str = REQUEST) -> Erasure:
    return erase(platform.redshift, platform.lake, recipient, request, now=NOW)


def rows(platform: Platform, statement: str, **values: object) -> list[tuple[Any, ...]]:
    with platform.redshift.session("tests") as session:
        return session.rows(statement, **values)


def counted(platform: Platform) -> dict[str, list[str]]:
    """What reports say of campaigns, and the facts' columns that are counted; not who, nor when we worked."""
    hidden = {"updated_at", "loaded_at", "as_of", "restated_count", "message_id", "link_token"}
    hidden |= {"recipient_id", "recipient_key", "follow_up_of_message_id"}
    tables = ["warehouse.fact_message"]
    tables += [f"reports.{name}" for name, report in REPORTS.items() if not report.is_personal]
    found = {}
    with platform.redshift.session("tests") as session:
        for table in tables:
            where = " where segment = '*'" if table.endswith("heatmap") else ""
            found[table] = sorted(
                repr([(k, v) for k, v in record.items() if k not in hidden])
                for record in session.records(f"select * from {table}{where}")
            )
    return found


def whole(platform: Platform) -> dict[str, set[str]]:
    """What the facts hold, row by row, the person included."""
    found = {}
    with platform.redshift.session("tests") as session:
        for name in (
            "submission",
            "delivery_event",
            "click",
            "subscription_event",
            "inbound_message",
        ):
            statement = f"select * from warehouse.fact_{name}"
            found[name] = {repr(row) for row in session.rows(statement)}
    return found


def hand_over(platform: Platform) -> str:
    """Puts Anna and Ben on a list, in S3 and on record; returns the list's key.

    On record there is also Anna with a message that nobody knows, and one of her messages under another's name.
    """
    key = "exports/follow-up/campaign=cmp_1/list.csv.gz"
    lines = "".join(f"{who}#0,{message(who)}\n" for who in (ANNA, BEN))
    platform.lake.put(key, gzip.compress(f"recipient_key,message_id\n{lines}".encode()))
    contacts = [
        {
            "export_id": "x",
            "campaign_id": "cmp_1",
            "recipient_key": f"{who}#0",
            "recipient_id": who,
            "message_id": what,
            "action": "REMIND_NON_CLICKER",
            "is_contact": True,
            "priority": 1,
            "eligible_from": NOW,
            "eligible_until": None,
            "exported_at": NOW,
        }
        for who, what in (
            (ANNA, message(ANNA)),
            (ANNA, message(ANNA, 7)),
            (CARLA, message(ANNA)),
            (BEN, message(BEN)),
        )
    ]
    with platform.redshift.session("tests") as session:
        insert_rows(session, "reports.follow_up_contact", contacts)
    return key


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


def test_the_search_finds_what_is_put_back(loaded: Platform) -> None:
    """Red on purpose: a proof that cannot fail proves nothing."""
    erased(loaded)
    with loaded.redshift.session("tests") as session:
        session.execute(
            "update warehouse.fact_submission set send_batch_id = :token where recipient_id <> 'sub_ben'",
            token=TOKENS[ANNA],
        )
        session.execute(
            "update staging.link_click set extra = :extra",
            extra=f'{{"m":"{message(ANNA)}"}}',
        )
    found = {f.place: f.where for f in erased(loaded).found if f.rows}
    assert found == {
        "warehouse.fact_submission": "send_batch_id",
        "staging.link_click": "extra",
    }


def test_the_search_finds_what_is_put_back_into_files(loaded: Platform) -> None:
    erased(loaded)
    for key in ("exports/a.csv.gz", "quarantine/b"):
        loaded.lake.put(key, f"{BEN}\n{ANNA}#0\n".encode())
    with loaded.redshift.session("tests") as session:
        found = {f.place: f.rows for f in search(session, loaded.lake, ANNA, REQUEST) if f.rows}
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
    loaded: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others' ids may hold hers as a part: what comes after a page of such texts is searched too."""
    monkeypatch.setattr(proof, "_CANDIDATES", 2)
    erased(loaded)
    texts = [f"a{n} {ANNA}bel" for n in range(5)] + [f"z {ANNA}"]
    with loaded.redshift.session("tests") as session:
        insert_rows(
            session,
            "control.rejected_key",
            [
                {"bucket": "b", "object_key": text, "reason": "r", "rejected_at": NOW}
                for text in texts
            ],
        )
        found = {f.place: f.rows for f in search(session, loaded.lake, ANNA, REQUEST) if f.rows}
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


def test_profile_and_lists_lose_the_person_and_do_not_get_them_back(loaded: Platform) -> None:
    erased(loaded)
    refresh_all(loaded.redshift, NOW)
    for table in ("recipient_engagement", "followup_audience"):
        keys = {key for (key,) in rows(loaded, f"select recipient_key from reports.{table}")}
        assert not {key for key in keys if key.startswith(("erased", ANNA))}
        assert keys


def test_old_files_under_other_names_bring_nobody_back(loaded: Platform) -> None:
    erased(loaded)
    before = counted(loaded)["warehouse.fact_message"]
    load(loaded, "replayed", world())
    assert counted(loaded)["warehouse.fact_message"] == before
    assert erased(loaded).is_proved


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
    loaded: Platform,
) -> None:
    erased(loaded)
    sent, *others = told(ANNA, 9, at(hours=8))
    load(loaded, "early", [found for found in others if found.event_type == "delivery_receipt"])
    unresolved = receipt(
        None,
        "SENT",
        at(hours=8),
        provider_message_id=f"provider-{ANNA}-9",
        receipt_text="Text:late",
    )
    load(loaded, "late", [sent, unresolved, *(f for f in others if f.event_type == "link_click")])
    apply_all(loaded.redshift)
    assert "text:late" not in stored(loaded)
    assert rows(
        loaded,
        "select is_stub, delivery_state, human_clicks, left(recipient_id, 7) as alias"
        " from warehouse.fact_message where first_submitted_at = :at or is_stub",
        at=at(hours=8),
    ) == [(False, "DELIVERED", 3, "erased-")]
    assert erased(loaded).is_proved


def test_a_message_known_by_both_names_becomes_one_again(
    loaded: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its submission may land, and be applied by another run, just after a run has looked for such messages."""
    erased(loaded)
    sent, *others = told(ANNA, 9, at(hours=8))
    load(loaded, "early", [found for found in others if found.event_type == "delivery_receipt"])
    with monkeypatch.context() as patch:
        patch.setattr("sms_warehouse.apply.follow_erased", lambda *_: {})
        load(loaded, "late", [sent, *(f for f in others if f.event_type == "link_click")])
    statement = (
        "select is_stub, delivery_state, human_clicks from warehouse.fact_message"
        " where first_submitted_at = :at or is_stub order by is_stub"
    )
    assert rows(loaded, statement, at=at(hours=8)) == [(False, "SENT", 3), (True, "DELIVERED", 0)]
    apply_all(loaded.redshift)
    assert rows(loaded, statement, at=at(hours=8)) == [(False, "DELIVERED", 3)]
    assert erased(loaded).is_proved


def test_an_answer_that_only_has_the_token_is_recognised(loaded: Platform) -> None:
    """Also by a token that came with a message after the erasure, and what they left stays left for it."""
    erased(loaded)
    new = "d" * 64
    later = submitted(message(ANNA, 9), at(hours=8), recipient_id=ANNA, msisdn_token=new)
    load(loaded, "later", [later])
    answers = [
        event("inbound_message", at(hours=9), recipient_id=None, msisdn_token=token, inbound_id="x")
        for token in (TOKENS[ANNA], new)
    ]
    load(loaded, "answers", answers)
    assert rows(loaded, "select msisdn_token, inbound_id from staging.inbound_message") == [
        ("erased", "erased")
    ] * (1 + len(answers))
    kept = rows(
        loaded, "select msisdn_token, program_id from pii.suppression order by msisdn_token"
    )
    assert kept == [(TOKENS[ANNA], "deals"), (new, "deals")]


class _Killed(Exception):
    pass


@contextmanager
def killed(monkeypatch: pytest.MonkeyPatch, where: Callable[[str], bool]) -> Iterator[None]:
    """Ends the process, as it were, at the first place that is chosen.

    Places are ``begin NAME`` of a transaction, ``commit NAME`` when all of it has run, ``done NAME`` when the caller
    would hear of it, and ``put`` and ``delete`` when S3 has done so.
    """

    def reach(place: str) -> None:
        if where(place):
            raise _Killed(place)

    transaction, put, delete = Redshift.transaction, Lake.put, Lake.delete

    def watched(self: Redshift, name: str, work: Callable[[Session], T]) -> T:
        def whole(session: Session) -> T:
            result = work(session)
            reach(f"commit {name}")
            return result

        reach(f"begin {name}")
        result = transaction(self, name, whole)
        reach(f"done {name}")
        return result

    def putting(self: Lake, key: str, body: bytes) -> None:
        put(self, key, body)
        reach("put")

    def deleting(self: Lake, found: list[str]) -> None:
        delete(self, found)
        if found:
            reach("delete")

    with monkeypatch.context() as patch:
        patch.setattr(Redshift, "transaction", watched)
        patch.setattr(Lake, "put", putting)
        patch.setattr(Lake, "delete", deleting)
        with suppress(_Killed):
            yield


def test_killed_anywhere_the_same_call_goes_on(
    loaded: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed again and again, each time a little later: before a transaction, at its COMMIT, or when it is done."""
    load(loaded, "long", [], long_line(ANNA), long_line(BEN))
    key = hand_over(loaded)
    before = counted(loaded)
    places: list[str] = []
    steps = reached = 0

    def now(place: str) -> bool:
        nonlocal reached
        reached += 1
        is_new_effect = " " not in place and place not in places
        if reached == steps or is_new_effect:
            places.append(place)
            return True
        return False

    while not rows(
        loaded, "select 1 as done from pii.erasure_registry where erased_at is not null"
    ):
        steps, reached = steps + 4, 0
        with killed(monkeypatch, now):
            assert erased(loaded).is_proved
    assert {place.partition(" ")[0] for place in places} == {
        "begin",
        "commit",
        "done",
        "put",
        "delete",
    }
    assert erased(loaded).is_proved
    assert counted(loaded) == before
    assert lines(loaded) == {True: 1, False: 1}
    assert len(loaded.lake.list_prefix("quarantine/")) == 1
    body = loaded.lake.get(key)
    assert body is not None
    assert ANNA not in gzip.decompress(body).decode()


def test_a_held_person_is_not_erased_until_released(loaded: Platform) -> None:
    hold(loaded.redshift, ANNA, "case 12", NOW)
    before = rows(
        loaded, "select count(*) as n from warehouse.fact_message where recipient_id = :id", id=ANNA
    )
    with pytest.raises(ErasureRefused, match="case 12"):
        erased(loaded)
    assert rows(loaded, "select 1 as found from pii.erasure_registry") == []
    assert before == [(3,)]
    assert release(loaded.redshift, ANNA, NOW)
    assert erased(loaded).is_proved
    assert not release(loaded.redshift, ANNA, NOW)


def test_under_a_hold_nothing_is_taken_away_and_what_lands_stays_whole(
    loaded: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by the loads that follow an erasure which was killed, nor by another person's."""
    before, facts = counted(loaded), whole(loaded)
    with killed(monkeypatch, lambda place: place == "done erase_register"):
        erased(loaded)
    hold(loaded.redshift, ANNA, "case 12", NOW)
    later = told(ANNA, 4, at(hours=7))
    load(loaded, "later", later, long_line(ANNA), f"{{{ANNA} {BEN}".encode())
    apply_all(loaded.redshift)
    assert facts.keys() <= (held := whole(loaded)).keys()
    assert {name for name in facts if facts[name] - held[name]} == set()
    assert message(ANNA, 4, at(hours=7)).lower() in stored(loaded)
    # Ben may be erased; a line that names both is Anna's too, and the search says so.
    found = {f.place for f in erased(loaded, BEN, "DSR-2").found if f.rows}
    assert found == {"control.quarantined_line"}
    assert lines(loaded) == {False: 2}
    assert len(loaded.lake.list_prefix("quarantine/")) == 1
    assert release(loaded.redshift, ANNA, NOW)
    assert erased(loaded).is_proved
    assert lines(loaded) == {True: 2}
    assert erased(loaded, BEN, "DSR-2").is_proved
    # A hold of somebody who is erased already: what lands under it is erased with the next call. Copies that were
    # logged before those that count take their place, whole.
    answers = [
        Event(e.event_type, {**e.fields, "logged_at": e.fields["logged_at"] - timedelta(seconds=1)})
        for e in world()
        if e.event_type in ("inbound_message", "subscription_changed")
    ]
    late = receipt(message(ANNA), "SENT", at(seconds=5), segment_seq=None)
    for case, landing, known in (
        ("case 13", answers, message(ANNA, 2, at(hours=1))),
        ("case 14", [*world(), *later, late], message(ANNA)),
    ):
        hold(loaded.redshift, ANNA, case, NOW)
        assert rows(
            loaded, "select request_id from pii.erasure_registry where erased_at is null"
        ) == [(REQUEST,)]
        load(loaded, case, landing)
        assert known.lower() in stored(loaded)
        with pytest.raises(ErasureRefused, match=case):
            erased(loaded)
        assert release(loaded.redshift, ANNA, NOW)
        assert erased(loaded).is_proved
        apply_all(loaded.redshift)
        after = counted(loaded)["warehouse.fact_message"]
        assert len(after) == len(before["warehouse.fact_message"]) + 1
        assert [row for row in before["warehouse.fact_message"] if row not in after] == []


def test_a_hold_that_is_placed_while_an_erasure_runs_stops_it(
    loaded: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between any two of its transactions."""
    load(loaded, "long", [], long_line(ANNA))
    hand_over(loaded)
    steps = ("register", "staging", "unnamed", "follow", "facts", "reports", "lines", "files")
    for step in steps:
        transaction = Redshift.transaction

        def holding(self: Redshift, name: str, work: Callable[[Session], T], step: str = step) -> T:
            result = transaction(self, name, work)  # noqa: B023
            if name == f"erase_{step}":
                transaction(self, "hold", lambda session: session.execute(held))  # noqa: B023
            return result

        held = f"insert into pii.legal_hold values ('{ANNA}', '{step}', '2026-03-05', null)"
        with monkeypatch.context() as patch:
            patch.setattr(Redshift, "transaction", holding)
            with pytest.raises(ErasureRefused, match=step):
                erased(loaded)
        release(loaded.redshift, ANNA, NOW)
    assert erased(loaded).is_proved


def test_a_hold_stops_an_erasure_that_was_interrupted(
    loaded: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And says that it came late."""

    def stopped(*_: object) -> None:
        raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "_owned", stopped)
        with pytest.raises(_Killed):
            erased(loaded)
    assert hold(loaded.redshift, BEN, "case 13", NOW) is None
    assert hold(loaded.redshift, ANNA, "case 12", NOW) == REQUEST
    before = stored(loaded)
    assert ANNA in before
    with pytest.raises(ErasureRefused, match="case 12"):
        erased(loaded)
    assert stored(loaded) == before
    assert rows(loaded, "select erased_at from pii.erasure_registry") == [(None,)]
    assert release(loaded.redshift, ANNA, NOW)
    assert erased(loaded).is_proved


def test_one_request_is_for_one_person(loaded: Platform) -> None:
    erased(loaded)
    with pytest.raises(ErasureRefused, match="another recipient"):
        erased(loaded, BEN)
    assert erased(loaded, BEN, "DSR-2").is_proved


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


def test_the_lines_of_raw_objects_that_still_hold_the_person_are_named(loaded: Platform) -> None:
    erased(loaded)
    with loaded.redshift.session("tests") as session:
        found = raw_lines(session, REQUEST)
    wrong, right = [], 0
    assert len(found) == len(set(found))
    for _, key, number in found:
        body = loaded.lake.get(key)
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


def test_the_count_of_what_landed_is_still_the_count_of_lines(loaded: Platform) -> None:
    erased(loaded)
    load(loaded, "replayed", world())
    different = rows(
        loaded,
        "select o.object_key from control.landed_object as o"
        " left join (select object_id, count(*) as stored from warehouse.arrived_row group by object_id) as s"
        " on s.object_id = o.object_id where o.rows_landed <> coalesce(s.stored, 0)",
    )
    assert different == []
