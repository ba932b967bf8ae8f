"""What a report is: its clock, the days it covers, and the values its statements bind.

Windows are days of a named time zone; their bounds are turned into UTC here, so that no statement applies a
function to the column it selects by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from sms_warehouse import sql
from sms_warehouse.resources.redshift import Session

DELIVERY_FINAL_DAYS = 4
"""Days after sending when receipts no longer change a count: 72 hours, and one for the day's own length."""
CLICKS_FINAL_DAYS = 30
"""Days after sending when clicks no longer change a cohort's published counts; later ones restate it."""


class Anchor(Enum):
    """Which time puts an event into a report's day."""

    COHORT = "COHORT"
    """The day the message was sent: what came of it counts there, however late."""
    ACTIVITY = "ACTIVITY"
    """The day the thing itself happened: the click, the opt-out."""
    ARRIVAL = "ARRIVAL"
    """The day the log arrived."""


@dataclass(frozen=True)
class Clock:
    """When a report is computed (``as_of``, naive UTC) and in whose days."""

    as_of: datetime
    report_tz: str

    @property
    def today(self) -> date:
        """The day of ``as_of`` in the report's zone."""
        zone = ZoneInfo(self.report_tz)
        return self.as_of.replace(tzinfo=UTC).astimezone(zone).date()

    def midnight(self, day: date) -> datetime:
        """When a day begins in the report's zone, naive UTC."""
        zone = ZoneInfo(self.report_tz)
        return datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)

    def values(self) -> dict[str, object]:
        """What every report may bind."""
        return {"as_of": self.as_of, "report_tz": self.report_tz}


Values = Mapping[str, object]
Fill = Callable[[Session, str, Values], None]


def run_files(session: Session, name: str, values: Values) -> None:
    """Fills a report by running its files in order."""
    for path in files(name):
        sql.run(session, path, **values)


def files(name: str) -> list[str]:
    """The SQL files of a report, without ending, below ``sql/``: one, or all of a folder of its name."""
    folder = sql.root() / "reports" / name
    if folder.is_dir():
        return [f"reports/{name}/{file.stem}" for file in sorted(folder.glob("*.sql"))]
    return [f"reports/{name}"]


@dataclass(frozen=True)
class Report:
    """One report table, ``reports.<name>``, filled from ``sql/reports``.

    What one row is, the statement that makes the table says. ``sources`` are the tables it reads, by schema and
    name; a name alone is of the warehouse. ``days`` is how many days a refresh works out, the last of them
    ``ends_days_ago`` days before the clock's. ``values`` gives what its statements bind besides ``as_of`` and
    ``report_tz``.
    """

    anchor: Anchor
    sources: tuple[str, ...]
    preview_order: str
    days: int
    values: Callable[[Clock], Values]
    ends_days_ago: int = 0
    in_utc: bool = False
    """Whether the days of its window are those of UTC, whatever the report's zone is."""
    final_days: int | None = None
    """Days after which the rows of a day are final; None where no day tells which rows are."""
    is_personal: bool = False
    """Rows are about persons: none of them may be shown in Dagster."""
    every: timedelta | None = None
    """The sensor asks for it when so many hours have turned since its clock; None: it has the general rhythm."""
    after: tuple[str, ...] = ()
    """Reports it does not read but is compared with by a check: refreshed before it."""
    takes: tuple[str, ...] = ()
    """Files below ``sql/`` that take over what applying loads left for it, before it is computed."""
    zone: str = ""
    """Whose days and hours its rows speak of, in words."""
    kept: str = ""
    """Which rows a refresh makes anew, and which stand, in words."""
    final: str = ""
    """When a row no longer changes, in words."""
    verified: str = ""
    """How its numbers were verified, in words; the page of the model shows it."""
    fill: Fill = run_files

    @property
    def last_day(self) -> str:
        """The last day of the window, in words."""
        named = {0: "the day of as_of", 1: "the day before the day of as_of"}
        return named.get(self.ends_days_ago, f"{self.ends_days_ago} days before the day of as_of")

    @property
    def window_in_words(self) -> str:
        """The days of the window and whose they are."""
        zone = "UTC" if self.in_utc else "SMS_WAREHOUSE_REPORT_TIMEZONE"
        return f"{self.days} days up to {self.last_day}, days of {zone}"

    @property
    def rhythm(self) -> str:
        """When the sensor asks for it, in words."""
        if self.every is None:
            return "when facts have changed, at most every SMS_WAREHOUSE_REPORT_MINUTES, and when the hour has turned"
        hours = self.every // timedelta(hours=1)
        return (
            f"when the hour has turned {'' if hours == 1 else f'{hours} times '}since its as_of; as often as reports "
            "without such a rhythm where SMS_WAREHOUSE_REPORT_MINUTES is 0"
        )

    def window(self, clock: Clock) -> tuple[date, date]:
        """First and last day that a refresh works out."""
        today = clock.as_of.date() if self.in_utc else clock.today
        last = today - timedelta(days=self.ends_days_ago)
        return last - timedelta(days=self.days - 1), last

    def final_before(self, clock: Clock) -> date | None:
        """Rows of earlier days are final; None where no day tells which rows are."""
        if self.final_days is None:
            return None
        return clock.today - timedelta(days=self.final_days)
