"""The campaigns of the simulated world, and how a day's sending is shared among them.

A few campaigns run for ever; each day two blasts begin, send in bursts for two days, and are
followed up three days after. A campaign is computed from its number alone, so nothing needs to
remember which have been created.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sms_warehouse.local.traffic.draws import Floats, Ints, below, key, unit

EVERGREEN = 6
FOLLOW_UP_DAYS = 3
QUARTERS = 96
_BLASTS_A_DAY = 2
_NUMBERS_A_DAY = 2 * _BLASTS_A_DAY  # a blast and its follow-up
_FIRST_DAY = 17_532  # 2018-01-01: the first day campaigns are numbered from

# Share of a day's sending by hour, UTC, outside the bursts: the working day of North America.
_HOURS = (
    5,
    4,
    3,
    1.5,
    0.5,
    0.3,
    0.2,
    0.2,
    0.2,
    0.3,
    0.5,
    0.8,
    1.5,
    3,
    6,
    7,
    7,
    7,
    7,
    7,
    7,
    7,
    6,
    6,
)
_EVERGREEN_SHARES = (0.30, 0.18, 0.16, 0.16, 0.12, 0.08)
_STEADY_SHARE = 0.50
_BURST_SHARES = (0.22, 0.16, 0.12)

_REPORT_ZONES = ("America/New_York", "America/Chicago", "America/Los_Angeles", "UTC")
_TEAMS = ("retention", "growth", "roaming", "devices", "prepaid")
_THEMES = (
    "Weekend data pass",
    "Device upgrade",
    "Roaming day pass",
    "Family plan",
    "Top-up bonus",
    "Paquete Año Nuevo",
    "Loyalty thank-you",
    "Home internet",
    "Trade-in",
    "Autopay discount",
)
_SEGMENTS = (
    "all_marketable",
    "prepaid_90d",
    "postpaid_high_value",
    "lapsed_clickers",
    "upgrade_eligible",
)
_SENDERS = ("27368", "88213", "46645", "18005550143", "74992")
_CPNI = "Monthly data use and current device, to choose who sees the offer"


@dataclass(frozen=True)
class Variant:
    """One text of a campaign's test; ``lift`` multiplies the chance of a click."""

    id: str
    name: str
    allocation_pct: float
    is_control: bool
    lift: float


@dataclass(frozen=True)
class Campaign:
    """A campaign as the manager of campaigns and the sender know it. Days count from 1970."""

    number: int
    name: str
    type: str
    category: str
    objective: str
    owner: str
    start_day: int | None  # None: runs for ever
    parent: int | None
    variants: tuple[Variant, ...]
    target_segment: str
    report_tz: str
    click_window_days: int
    optout_window_hours: int
    holdout_pct: float
    cpni_used: bool
    sender_id: str
    has_link: bool
    ctr: float
    is_ucs2: bool
    long_share: float  # of messages that need more than one segment
    is_deleted_later: bool

    @property
    def id(self) -> str:
        return f"cmp_{1000 + self.number}"

    @property
    def link_url_id(self) -> str:
        return f"lnk_{self.number % 97 + 1}"

    @property
    def end_day(self) -> int | None:
        return None if self.start_day is None else self.start_day + 2

    @property
    def cpni_description(self) -> str | None:
        return _CPNI if self.cpni_used else None


def blast_number(start_day: int, which: int) -> int:
    return EVERGREEN + (start_day - _FIRST_DAY) * _NUMBERS_A_DAY + which


def follow_up_number(blasts: Ints) -> Ints:
    """The campaign that reminds the recipients of a blast."""
    return blasts + _BLASTS_A_DAY


def is_blast(numbers: Ints) -> np.ndarray:
    return (numbers >= EVERGREEN) & ((numbers - EVERGREEN) % _NUMBERS_A_DAY < _BLASTS_A_DAY)


def numbers_begun(day: int) -> list[int]:
    """The blasts that begin sending on a day and the follow-ups of earlier ones that do."""
    follow_ups = [
        blast_number(day - FOLLOW_UP_DAYS, w) + _BLASTS_A_DAY for w in range(_BLASTS_A_DAY)
    ]
    return [blast_number(day, w) for w in range(_BLASTS_A_DAY)] + follow_ups


@lru_cache(maxsize=4096)
def campaign(seed: int, number: int) -> Campaign:
    """The campaign of this number in the world of this seed."""
    chance = unit(key(seed, "campaign"), np.arange(24, dtype=np.uint64) + np.uint64(number * 64))

    def one_of(place: int, values: tuple[str, ...]) -> str:
        return values[int(chance[place] * len(values))]

    if number < EVERGREEN:
        kind, category = (
            ("JOURNEY", "MARKETING"), ("TRIGGERED", "MARKETING"), ("JOURNEY", "MARKETING"),
            ("TRIGGERED", "SERVICE"), ("JOURNEY", "SERVICE"), ("TRIGGERED", "SERVICE"),
        )[number]  # fmt: skip
        start, parent = None, None
        name = (
            "Welcome",
            "Cart reminder",
            "Win-back",
            "Data use alert",
            "Bill reminder",
            "One-time code",
        )[number]
        objective = "engagement" if category == "MARKETING" else "service notice"
    else:
        offset, slot = divmod(number - EVERGREEN, _NUMBERS_A_DAY)
        is_follow_up = slot >= _BLASTS_A_DAY
        parent = number - _BLASTS_A_DAY if is_follow_up else None
        start = _FIRST_DAY + offset + (FOLLOW_UP_DAYS if is_follow_up else 0)
        kind, category = "BLAST", "MARKETING"
        if parent is None:
            name = f"{one_of(0, _THEMES)} {offset % 1000:03d}-{slot + 1}"
            objective = "conversion"
        else:
            name = f"{campaign(seed, parent).name}, reminder"
            objective = "remind those who did not click"
    is_marketing = category == "MARKETING"
    return Campaign(
        number=number,
        name=name,
        type=kind,
        category=category,
        objective=objective,
        owner=one_of(1, _TEAMS),
        start_day=start,
        parent=parent,
        variants=_variants(kind, parent, chance),
        target_segment=one_of(2, _SEGMENTS),
        report_tz=one_of(3, _REPORT_ZONES),
        click_window_days=30 if chance[4] < 0.8 else 7,
        optout_window_hours=24 if chance[5] < 0.8 else 4,
        holdout_pct=(0.0, 1.0, 2.5)[int(chance[6] * 3)] if is_marketing else 0.0,
        cpni_used=bool(is_marketing and chance[7] < 0.3),
        sender_id=one_of(8, _SENDERS),
        has_link=number != EVERGREEN - 1,
        ctr=0.03 + 0.02 * float(chance[9]) if is_marketing else 0.02,
        is_ucs2=bool(chance[10] < 0.12),
        long_share=0.15 + 0.15 * float(chance[11]),
        is_deleted_later=bool(number >= EVERGREEN and chance[12] < 0.05),
    )


def _variants(kind: str, parent: int | None, chance: Floats) -> tuple[Variant, ...]:
    lift = 0.8 + 0.45 * chance[13:16]
    if kind == "TRIGGERED":
        return (Variant("A", "only text", 100.0, True, 1.0),)
    if parent is not None or chance[16] < 0.5:
        return (
            Variant("A", "today's text", 50.0, True, float(lift[0])),
            Variant("B", "shorter, with a name", 50.0, False, float(lift[1])),
        )
    return (
        Variant("A", "offer first", 45.0, False, float(lift[0])),
        Variant("B", "deadline first", 45.0, False, float(lift[1])),
        Variant("C", "control", 10.0, True, float(lift[2])),
    )


@dataclass(frozen=True)
class DayPlan:
    """The sending of one day: by quarter of an hour, and within it by campaign."""

    cumulative: Floats  # (97,): share of the day's messages before each quarter begins
    campaigns: Ints
    within: Floats  # (96, campaigns): cumulative share of each campaign within the quarter


@lru_cache(maxsize=64)
def day_plan(seed: int, first_day: int, day: int) -> DayPlan:
    """The plan of a day; ``first_day`` is the world's, before which nothing was sent."""
    numbers = [
        *range(EVERGREEN),
        blast_number(day, 0),
        blast_number(day, 1),
        blast_number(day - 1, 0),
    ]
    density = np.zeros((QUARTERS, len(numbers)))
    hours = np.repeat(np.array(_HOURS), 4)
    density[:, :EVERGREEN] = (_STEADY_SHARE * hours / hours.sum())[:, None] * np.array(
        _EVERGREEN_SHARES
    )
    place = np.array([day], np.uint64)
    for wave, share in enumerate(_BURST_SHARES):
        if wave == 2 and day == first_day:
            continue
        begin = 56 + int(below(key(seed, "burst begins", wave), place, 32)[0])
        length = 3 + int(below(key(seed, "burst lasts", wave), place, 4)[0])
        density[begin : begin + length, EVERGREEN + wave] = share / length
    by_quarter = density.sum(axis=1)
    cumulative = np.concatenate([[0.0], np.cumsum(by_quarter)])
    within = np.cumsum(density, axis=1) / by_quarter[:, None]
    within[:, -1] = 1.0
    return DayPlan(cumulative / cumulative[-1], np.array(numbers, np.int64), within)
