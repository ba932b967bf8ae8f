"""How dim_recipient follows: the recipients concerned are worked out again from what is known and what is new.

Messages that say something new of their recipient stand in ``control.sighted_message``, recipients whose consent or
line changed in ``control.touched_recipient``. As a rule a new message only adds to what a recipient's row says. When a
row's first or last message is not theirs any more, because a line changed hands earlier than was known or because an
object was overwritten, the one before it is looked for, backwards from the newest day in ever longer stretches, and
never further than the day the recipient was first written to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sms_warehouse.apply_events import begin, changed_ranges, record_waiting, run
from sms_warehouse.apply_messages import NOTHING, listed_ranges
from sms_warehouse.ranges import IdRange
from sms_warehouse.resources.redshift import Redshift, Session

TABLE = "dim_recipient"

_FIRST_STRETCH = timedelta(days=35)
_END = date(9999, 12, 31)


def drain(redshift: Redshift, upstream: Mapping[str, Sequence[str]]) -> tuple[int, int]:
    """Follows until nothing is listed, then records the loads that all tables above have applied.

    ``upstream`` names, by event type, the tables that must have applied a load first. Returns loads recorded
    and recipients made anew.
    """
    recipients = 0
    while True:
        with redshift.session(f"apply_{TABLE}") as session:
            ranges = listed_ranges(session, "control.sighted_message")
        for ids in ranges or [NOTHING]:
            recipients += _follow(redshift, ids)
        loads = redshift.transaction(f"apply_{TABLE}", lambda session: _settle(session, upstream))
        if loads is not None:
            return loads, recipients


def _follow(redshift: Redshift, ids: IdRange) -> int:
    def work(session: Session) -> int:
        now = begin(session)
        first_id, end_id = ids

        def step(name: str, **values: object) -> None:
            run(session, f"warehouse/{TABLE}/{name}", **values)

        step("unknown", now=now)
        step("taken", first_id=first_id, end_id=end_id)
        step("sightings", first_id=first_id, end_id=end_id)
        if not session.rows("select 1 as changed from changed_recipient limit 1"):
            return 0
        _look_back(session)
        step("messages")
        for first, end in changed_ranges(session, "wanted_token"):
            step("tokens", first_id=first, end_id=end)
        step("take", now=now)
        return int(session.value("select count(*) as recipients from changed_recipient"))

    return redshift.transaction(f"apply_{TABLE}", work)


def _look_back(session: Session) -> None:
    lost = "from lost_key where not is_found"
    ((earliest, latest),) = session.rows(
        f"select min(first_date) as earliest, max(last_date) as latest {lost}"
    )
    if earliest is None:
        return
    stretch = _FIRST_STRETCH
    first, end = latest - stretch, _END
    while True:
        run(session, f"warehouse/{TABLE}/search", first_date=first, end_date=end)
        earliest = session.value(f"select min(first_date) as earliest {lost}")
        if earliest is None or first <= earliest:
            return
        stretch *= 2
        first, end = first - stretch, first


def _settle(session: Session, upstream: Mapping[str, Sequence[str]]) -> int | None:
    """Records what is applied, if nothing is left to follow; None if there is."""
    now = begin(session)
    if session.rows("select 1 as sighted from control.sighted_message limit 1") or session.rows(
        "select 1 as touched from control.touched_recipient limit 1"
    ):
        return None
    return sum(
        record_waiting(session, TABLE, event_type, tables, now)
        for event_type, tables in upstream.items()
    )
