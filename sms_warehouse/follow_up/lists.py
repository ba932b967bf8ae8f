"""Lists of the recipients of a campaign who may be followed up, handed over on request."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from ulid import ULID

from sms_warehouse import sql
from sms_warehouse.follow_up.decision_table import FollowUpFailed
from sms_warehouse.reports import Clock
from sms_warehouse.reports.recipients import decide
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift, Session

_LOCK = "lock control.report_mutex, control.warehouse_mutex"
_UNDER_WAY = timedelta(minutes=15)

_EXPORTED = (
    "recipient_key",
    "recipient_id",
    "message_id",
    "action",
    "priority",
    "eligible_from",
    "eligible_until",
)


@dataclass(frozen=True)
class Exported:
    """A list that was handed over: ``url`` is None when nobody may be followed up now.

    ``not_now`` counts, by reason, the recipients with one of the wanted actions who are not in it.
    """

    contacts: int
    url: str | None
    not_now: dict[str, int]
    newest_event_at: datetime | None


@dataclass(frozen=True)
class _Recorded:
    """A list whose recipients are on record: where it goes, and the clock it was computed for."""

    exported: Exported
    key: str
    exported_at: datetime


def export(
    redshift: Redshift,
    lake: Lake,
    campaign_id: str,
    actions: Collection[str] = (),
    *,
    now: Callable[[], datetime],
    report_tz: str,
) -> Exported:
    """Hands over who of a campaign may be followed up, as CSV in S3. ``now`` tells the time, naive UTC.

    Without ``actions`` all that contact the recipient. Consent, frequency cap, quiet hours and earlier lists are
    looked at in the transaction that puts the recipients on record, as they stand once it holds the lock: it may have
    waited for a whole load. Raises FollowUpFailed.
    """
    export_id = str(ULID())
    recorded: _Recorded | None = None

    def work(session: Session) -> _Recorded:
        nonlocal recorded
        session.execute(_LOCK)
        if recorded is not None and _is_recorded(session, export_id):
            # An earlier attempt was committed, and only the reply was lost.
            return recorded
        exported_at = now()
        key = (
            f"exports/follow-up/campaign={quote(campaign_id, safe='')}/"
            f"{exported_at:%Y%m%dT%H%M%SZ}-{export_id}.csv.gz"
        )
        _choose(session, lake, campaign_id, actions, Clock(exported_at, report_tz))
        counted = dict(
            session.rows(
                "select suppression_reason, count(*) as recipients from chosen group by suppression_reason"
            )
        )
        contacts = counted.pop(None, 0)
        if contacts:
            sql.run(
                session,
                "follow_up/record",
                export_id=export_id,
                campaign_id=campaign_id,
                object_key=key,
                exported_at=exported_at,
            )
        newest = session.value("select max(newest_event_at) as newest from control.load")
        url = f"s3://{lake.bucket}/{key}" if contacts else None
        recorded = _Recorded(Exported(contacts, url, counted, newest), key, exported_at)
        return recorded

    made = redshift.transaction("export_follow_up", work)
    if made.exported.url is not None:
        with redshift.session("export_follow_up") as session:
            lake.put(made.key, _written(session, export_id, made.exported_at))
        if not redshift.transaction(
            "export_follow_up", lambda session: _finish(session, export_id, now())
        ):
            lake.delete([made.key])
            raise FollowUpFailed(
                f"the list of campaign {campaign_id!r} took so long to write that another one was free to hand over "
                "the same recipients; it was removed again and is not to be used"
            )
    return made.exported


def preview(
    redshift: Redshift,
    lake: Lake,
    campaign_id: str,
    actions: Collection[str] = (),
    *,
    now: Callable[[], datetime],
    report_tz: str,
) -> list[dict[str, Any]]:
    """What ``export`` would do: recipients by action and state, NOW or the reason why not.

    It takes the same steps in a transaction that is never committed. Raises FollowUpFailed.
    """
    with redshift.session("preview_follow_up", autocommit=False) as session:
        session.execute(_LOCK)
        _choose(session, lake, campaign_id, actions, Clock(now(), report_tz))
        return session.records(
            "select action, coalesce(suppression_reason, 'NOW') as state, count(*) as recipients"
            " from chosen group by action, suppression_reason order by action, state"
        )


def _choose(
    session: Session, lake: Lake, campaign_id: str, actions: Collection[str], clock: Clock
) -> None:
    """Leaves in the temporary table ``chosen`` who has one of the actions, and why they may not be contacted now."""
    _settle(session, lake, campaign_id, clock.as_of)
    _check(session, campaign_id, actions)
    decide(session, clock, campaign_id)
    sql.run(session, "follow_up/choose", actions=",".join(sorted(actions)))


def _is_recorded(session: Session, export_id: str) -> bool:
    return bool(
        session.rows(
            "select 1 as recorded from reports.follow_up_export where export_id = :export_id",
            export_id=export_id,
        )
    )


def _settle(session: Session, lake: Lake, campaign_id: str, now: datetime) -> None:
    """Decides what became of lists nobody finished: they are in S3, or they were never handed over."""
    unfinished = session.rows(
        "select export_id, object_key, exported_at from reports.follow_up_export"
        " where campaign_id = :campaign_id and finished_at is null order by export_id",
        campaign_id=campaign_id,
    )
    for export_id, key, exported_at in unfinished:
        if lake.head(key) is not None:
            _finish(session, export_id, now)
        elif now - exported_at < _UNDER_WAY:
            raise FollowUpFailed(
                f"another list of campaign {campaign_id!r} is being written since {exported_at:%H:%M} UTC"
            )
        else:
            for table in ("reports.follow_up_contact", "reports.follow_up_export"):
                session.execute(
                    f"delete from {table} where export_id = :export_id", export_id=export_id
                )


def _finish(session: Session, export_id: str, now: datetime) -> bool:
    """Records that a list is in S3; False if its recipients are no longer on record as handed over."""
    return bool(
        session.execute(
            "update reports.follow_up_export set finished_at = :now where export_id = :export_id",
            now=now,
            export_id=export_id,
        )
    )


def _check(session: Session, campaign_id: str, actions: Collection[str]) -> None:
    """That there is such a campaign, and that rules give these actions something to do."""
    known = session.rows(
        "select 1 as known from warehouse.dim_campaign where campaign_id = :campaign_id"
        " union select 1 as known from reports.followup_audience where campaign_id = :campaign_id",
        campaign_id=campaign_id,
    )
    if not known:
        raise FollowUpFailed(f"there is no campaign {campaign_id!r}")
    possible = {
        action
        for (action,) in session.rows(
            "select distinct action from reports.follow_up_rule where effect <> 'NOTHING'"
        )
    }
    for action in actions:
        if action not in possible:
            raise FollowUpFailed(
                f"no rule gives {action!r} something to do; these do: {', '.join(sorted(possible))}"
            )


def _written(session: Session, export_id: str, exported_at: datetime) -> bytes:
    """The list as compressed CSV, in the order of its recipients."""
    body = io.BytesIO()
    with gzip.open(body, "wt", encoding="utf-8", newline="") as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_EXPORTED)
        for rows in _pages(session, export_id, exported_at):
            writer.writerows([_text(value) for value in row] for row in rows)
    return body.getvalue()


def _pages(
    session: Session, export_id: str, exported_at: datetime
) -> Iterator[list[tuple[Any, ...]]]:
    (page,) = sql.statements("follow_up/page")
    last_key = ""
    while rows := session.rows(
        page.text, export_id=export_id, exported_at=exported_at, last_key=last_key
    ):
        yield rows
        last_key = rows[-1][0]


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds") + "Z"
    return "" if value is None else str(value)
