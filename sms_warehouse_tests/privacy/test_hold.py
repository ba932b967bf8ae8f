"""An erasure that is interrupted, by the death of its process or by a legal hold."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TypeVar

import pytest

from sms_warehouse.privacy import erase as erasure
from sms_warehouse.privacy.erase import ErasureRefused, hold, release
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift, Session
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.privacy.people import (
    ANNA,
    BEN,
    NOW,
    REQUEST,
    TOKENS,
    counted,
    erased,
    hand_over,
    load,
    long_line,
    message,
    rows,
    stored,
    told,
    whole,
    world,
)
from sms_warehouse_tests.privacy.test_quarantine import lines
from sms_warehouse_tests.warehouse.world import (
    Event,
    apply_all,
    at,
    receipt,
    submitted,
)

T = TypeVar("T")


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
        keys = rows(loaded, "select recipient_key from warehouse.dim_recipient")
        assert len(keys) == len(set(keys))


def test_an_answer_that_may_be_a_held_persons_stays_until_the_release(
    loaded: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names a number alone, which was Anna's and is Ben's; she is held, and he is erased."""
    sent = submitted(message(BEN, 5), at(hours=8), recipient_id=BEN, msisdn_token=TOKENS[ANNA])
    load(loaded, "next", [sent])
    with killed(monkeypatch, lambda place: place == "done erase_register"):
        erased(loaded)
    hold(loaded.redshift, ANNA, "case 12", NOW)
    answer = "select a.inbound_id, b.inbound_id from staging.inbound_message as a cross join"
    answer += " warehouse.fact_inbound_message as b"
    assert "staging.inbound_message" in {
        found.place for found in erased(loaded, BEN, "DSR-2").found if found.rows
    }
    assert rows(loaded, answer) == [("inbound-anna", "inbound-anna")]
    assert release(loaded.redshift, ANNA, NOW)
    assert erased(loaded).is_proved
    assert rows(loaded, answer) == [("erased", "erased")]


@contextmanager
def held_after(monkeypatch: pytest.MonkeyPatch, step: str) -> Iterator[None]:
    """Places a hold of Anna, for a reason named as the step, when a step of an erasure has been committed."""
    transaction = Redshift.transaction
    held = f"insert into pii.legal_hold values ('{ANNA}', '{step}', '2026-03-05', null)"

    def holding(self: Redshift, name: str, work: Callable[[Session], T]) -> T:
        result = transaction(self, name, work)
        if name == f"erase_{step}":
            transaction(self, "hold", lambda session: session.execute(held))
        return result

    with monkeypatch.context() as patch:
        patch.setattr(Redshift, "transaction", holding)
        yield


def test_a_hold_that_is_placed_while_an_erasure_runs_stops_it(
    loaded: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between any two of its transactions."""
    load(loaded, "long", [], long_line(ANNA))
    hand_over(loaded)
    steps = ("register", "staging", "unnamed", "follow", "facts", "reports", "lines", "files")
    for step in steps:
        with held_after(monkeypatch, step), pytest.raises(ErasureRefused, match=step):
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
