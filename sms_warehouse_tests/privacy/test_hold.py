"""An erasure that is interrupted, by the death of its process or by a legal hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import pytest

from sms_warehouse.privacy.erase import ErasureRefused, hold, release
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift, Session
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.privacy.people import (
    ANNA,
    BEN,
    HER_LINES,
    NOW,
    OTHER_LINES,
    REQUEST,
    TOKENS,
    counted,
    erased,
    handed_over,
    listed,
    load,
    long_line,
    message,
    quarantined,
    rows,
    stored,
    told,
    whole,
    world,
)
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
def killed(monkeypatch: pytest.MonkeyPatch, where: str) -> Iterator[None]:
    """Ends the process, as it were, when it comes to a place.

    Places are ``begin STEP`` of a transaction, ``commit STEP`` when all of it has run, ``done STEP`` when the caller
    would hear of it, and ``put`` and ``delete`` when S3 has done so.
    """

    def reach(place: str) -> None:
        if place == where:
            raise _Killed(place)

    transaction, put, delete = Redshift.transaction, Lake.put, Lake.delete

    def watched(self: Redshift, name: str, work: Callable[[Session], T]) -> T:
        step = name.removeprefix("erase_")

        def whole(session: Session) -> T:
            result = work(session)
            reach(f"commit {step}")
            return result

        reach(f"begin {step}")
        result = transaction(self, name, whole)
        reach(f"done {step}")
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
        with pytest.raises(_Killed):
            yield


@contextmanager
def held_after(monkeypatch: pytest.MonkeyPatch, step: str) -> Iterator[list[str]]:
    """Places a hold of Anna, for a reason named as the step, when a step of an erasure has been committed.

    Gives the transactions that were committed after that.
    """
    transaction = Redshift.transaction
    held = f"insert into pii.legal_hold values ('{ANNA}', '{step}', '2026-03-05', null)"
    is_held = False
    committed: list[str] = []

    def holding(self: Redshift, name: str, work: Callable[[Session], T]) -> T:
        nonlocal is_held
        result = transaction(self, name, work)
        if is_held:
            committed.append(name)
        elif name == f"erase_{step}":
            transaction(self, "hold", lambda session: session.execute(held))
            is_held = True
        return result

    with monkeypatch.context() as patch:
        patch.setattr(Redshift, "transaction", holding)
        yield committed


STEPS = (
    "register",
    "staging",
    "unnamed",
    "follow",
    "facts",
    "reports",
    "lines",
    "files",
    "removed",
)
"""The transactions of an erasure, by their names; then comes the search, and what says that it is done."""
KILLED_AT = {
    "register": ("begin register", "commit register", "done register"),
    "staging": ("commit staging",),
    "follow": ("commit follow",),
    "facts": ("commit facts",),
    "lines": ("commit lines",),
    "files": ("put", "commit files"),
    "removed": ("delete",),
}
"""Where an erasure is killed. What a transaction has left when it is done, a hold placed after it finds too."""


def registered(platform: Platform) -> list[tuple[object, ...]]:
    return rows(
        platform, "select request_id, erased_at from pii.erasure_registry order by request_id"
    )


def test_stopped_anywhere_the_same_call_goes_on(
    loaded: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed again and again, each time a little later: before a transaction, at its COMMIT, or when it is done; and
    stopped by a hold that is placed between any two of its transactions."""
    before = counted(loaded)
    for step in STEPS:
        for place in KILLED_AT.get(step, ()):
            with killed(monkeypatch, place):
                erased(loaded)
        with held_after(monkeypatch, step) as committed, pytest.raises(ErasureRefused, match=step):
            erased(loaded)
        assert committed == []
        assert release(loaded.redshift, ANNA, NOW)
    assert registered(loaded) == [(REQUEST, None)]
    assert erased(loaded).is_proved
    assert registered(loaded) == [(REQUEST, NOW)]
    assert counted(loaded) == before
    assert quarantined(loaded) == {True: len(HER_LINES), False: len(OTHER_LINES)}
    assert len(loaded.lake.list_prefix("quarantine/")) == 1
    assert handed_over(loaded) == listed(BEN)


def test_under_a_hold_nothing_is_taken_away_and_what_lands_stays_whole(
    loaded: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by the loads that follow an erasure which was killed, nor by another person's."""
    before, facts = counted(loaded), whole(loaded)
    with killed(monkeypatch, "done register"):
        erased(loaded)
    # A hold says whether it came late.
    assert hold(loaded.redshift, BEN, "case 11", NOW) is None
    assert release(loaded.redshift, BEN, NOW)
    assert hold(loaded.redshift, ANNA, "case 12", NOW) == REQUEST
    later = told(ANNA, 4, at(hours=7))
    # The number that was Anna's is Ben's: an answer that names it alone may be hers.
    his = submitted(message(BEN, 5), at(hours=8), recipient_id=BEN, msisdn_token=TOKENS[ANNA])
    load(loaded, "later", [*later, his], long_line(ANNA), f"{{{ANNA} {BEN}".encode())
    apply_all(loaded.redshift)
    assert facts.keys() <= (held := whole(loaded)).keys()
    assert {name for name in facts if facts[name] - held[name]} == set()
    there = stored(loaded)
    assert message(ANNA, 4, at(hours=7)).lower() in there
    with pytest.raises(ErasureRefused, match="case 12"):
        erased(loaded)
    assert stored(loaded) == there
    assert registered(loaded) == [(REQUEST, None)]
    # Ben may be erased; a line that names both is Anna's too, and so is the answer. The search says so, and the request
    # is not done.
    found = {f.place for f in erased(loaded, BEN, "DSR-2").found if f.rows}
    assert found == {"control.quarantined_line", "staging.inbound_message"}
    assert registered(loaded) == [(REQUEST, None), ("DSR-2", None)]
    hers = len(HER_LINES) + 2
    assert quarantined(loaded) == {True: 2, False: hers + 1}
    assert len(loaded.lake.list_prefix("quarantine/")) == 2
    answer = (
        "select staged.inbound_id, fact.inbound_id from staging.inbound_message as staged"
        " join warehouse.fact_inbound_message as fact on fact.event_id = staged.event_id"
        " where staged.recipient_id is null"
    )
    assert rows(loaded, answer) == [("inbound-anna", "inbound-anna")]
    assert release(loaded.redshift, ANNA, NOW)
    assert erased(loaded).is_proved
    assert quarantined(loaded) == {True: 2 + hers, False: 1}
    assert rows(loaded, answer) == [("erased", "erased")]
    assert erased(loaded, BEN, "DSR-2").is_proved
    assert registered(loaded) == [(REQUEST, NOW), ("DSR-2", NOW)]
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
        assert registered(loaded) == [(REQUEST, None), ("DSR-2", NOW)]
        load(loaded, case, landing)
        assert known.lower() in stored(loaded)
        with pytest.raises(ErasureRefused, match=case):
            erased(loaded)
        assert release(loaded.redshift, ANNA, NOW)
        assert erased(loaded).is_proved
        apply_all(loaded.redshift)
        after = counted(loaded)["warehouse.fact_message"]
        assert len(after) == len(before["warehouse.fact_message"]) + 2
        assert [row for row in before["warehouse.fact_message"] if row not in after] == []
        keys = rows(loaded, "select recipient_key from warehouse.dim_recipient")
        assert len(keys) == len(set(keys))
