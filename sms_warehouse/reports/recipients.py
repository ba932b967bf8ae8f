"""Reports on recipients: how they take messages, and whom to follow up. Their rows are about persons."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import cast

from sms_warehouse import sql
from sms_warehouse.reports.report import Anchor, Clock, Report, Values
from sms_warehouse.resources.redshift import Session

_ENGAGEMENT_DAYS = 400
_ENGAGEMENT_EVERY = timedelta(days=1)
_WEEKS_KEPT = 13
_AUDIENCE_DAYS = 14
# Every row is written anew; whoever contacts recipients exports, which computes the campaign again.
_AUDIENCE_EVERY = timedelta(hours=1)


def _engagement(clock: Clock) -> Values:
    day = clock.as_of.date()
    return {
        "first_date": day - timedelta(days=_ENGAGEMENT_DAYS),
        "last_date": day,
        "since_30d": clock.as_of - timedelta(days=30),
        "since_90d": clock.as_of - timedelta(days=90),
        "snapshot_date": day - timedelta(days=day.weekday()),
    }


def _fill_engagement(session: Session, name: str, values: Values) -> None:
    """The week of the clock anew; the weeks before stay, as far as they are kept."""
    snapshot_date = cast(date, values["snapshot_date"])
    newest = session.value("select max(snapshot_date) as newest from reports.recipient_engagement")
    newest = max(snapshot_date, newest or snapshot_date)
    sql.run(session, "reports/consent", **values)
    sql.run(session, f"reports/{name}/messages", **values)
    first_id = session.value(
        "select min(message_id) as first_id from recent_message where sent_at > :since",
        since=values["since_90d"],
    )
    sql.run(session, f"reports/{name}/hours", first_id=first_id or "", **values)
    sql.run(
        session,
        f"reports/{name}/publish",
        is_current=snapshot_date == newest,
        oldest_date=newest - timedelta(weeks=_WEEKS_KEPT - 1),
        **values,
    )


def _audience(clock: Clock) -> Values:
    since = clock.as_of - timedelta(days=_AUDIENCE_DAYS)
    return {"since": since, "first_date": since.date(), "last_date": clock.as_of.date()}


def decide(session: Session, clock: Clock, campaign_id: str | None = None) -> None:
    """Leaves in the temporary table ``decision`` what to do about each recipient, of one campaign or of all."""
    values = {**clock.values(), **_audience(clock), "campaign_id": campaign_id}
    ((cap_messages, cap_days),) = session.rows(
        "select cap_messages, cap_days from reports.follow_up_setting"
    )
    cap_since = clock.as_of - timedelta(days=cap_days)
    sql.run(session, "reports/consent", **values)
    sql.run(session, "reports/followup_audience/latest", **values)
    sql.run(
        session,
        "reports/followup_audience/decide",
        cap_messages=cap_messages,
        cap_since=cap_since,
        cap_first_date=cap_since.date(),
        **values,
    )


def _fill_audience(session: Session, name: str, values: Values) -> None:
    clock = Clock(cast(datetime, values["as_of"]), cast(str, values["report_tz"]))
    decide(session, clock)
    sql.run(session, f"reports/{name}/publish", **values)


REPORTS = {
    "recipient_engagement": Report(
        Anchor.COHORT,
        ("fact_message", "fact_click", "fact_subscription_event"),
        "snapshot_date desc, recipient_key",
        _ENGAGEMENT_DAYS + 1,
        _engagement,
        is_personal=True,
        every=_ENGAGEMENT_EVERY,
        in_utc=True,
        zone="the recipient's own for the preferred hour; days are 24 hours before as_of, weeks begin on Monday, UTC.",
        kept=(
            "those of the week of as_of are made anew by each refresh; those of the twelve weeks before stand as they "
            "were last computed, and older ones go."
        ),
        final="those of weeks before the newest (is_current): what comes later does not restate them.",
        verified=(
            "exact rows by hand; the thresholds of segments, scores and preferred_hour just below and above "
            "(warehouse/test_engagement.py)."
        ),
        fill=_fill_engagement,
    ),
    "followup_audience": Report(
        Anchor.COHORT,
        ("fact_message", "fact_subscription_event", "dim_campaign"),
        "campaign_id, priority, recipient_key",
        _AUDIENCE_DAYS + 1,
        _audience,
        is_personal=True,
        every=_AUDIENCE_EVERY,
        in_utc=True,
        kept="each refresh makes all anew: the newest marketing message of each recipient and campaign.",
        final="no row: it says what to do as of computed_at, and no longer than fresh_until.",
        zone="the recipient's own for quiet hours, the campaign's where that is not known; all times are UTC.",
        verified=(
            "each rule and each reason not to contact by hand, quiet hours on days that clocks change, and "
            "actions against reports.message_status (warehouse/test_follow_up.py; whom an earlier list names: "
            "cli/test_follow_up.py)."
        ),
        fill=_fill_audience,
    ),
}
