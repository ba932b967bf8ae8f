"""The layout of the bucket: which event type and arrival day a key belongs to.

``raw/<event_type>/v=<major>/dt=<arrival day>/hh=<hour>/<name>``. Anything else under ``raw/`` is a key we
cannot place; keys elsewhere are not ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from sms_warehouse.landing.events import EVENTS

RAW = "raw/"
LANDING = "landing/"
QUARANTINE = "quarantine/"

_LAYOUT = re.compile(
    r"raw/(?P<event_type>[^/]+)/v=(?P<version>[^/]+)/dt=(?P<day>[^/]+)/hh=(?P<hour>[^/]+)"
    r"/(?P<name>[^/\x00-\x1f]+)"
)
_HOUR = re.compile(r"[01]\d|2[0-3]")


class UnplacedKey(Exception):
    """A key under ``raw/`` that belongs to no event type and day; ``str()`` gives the reason."""


@dataclass(frozen=True)
class Place:
    """Where an object belongs."""

    event_type: str
    day: date


def type_prefix(event_type: str) -> str:
    """What the keys of an event type's objects begin with, up to and including ``dt=``."""
    return f"{RAW}{event_type}/v={EVENTS[event_type].schema_version}/dt="


def day_prefix(event_type: str, day: date) -> str:
    """The prefix of all objects of an event type that arrived on a UTC day."""
    return f"{type_prefix(event_type)}{day.isoformat()}/"


def is_ours(key: str) -> bool:
    """Whether the key lies where the services write. A folder marker is nobody's object."""
    return key.startswith(RAW) and not key.endswith("/")


def parse(key: str) -> Place:
    """The event type and day that a key under ``raw/`` names.

    Raises UnplacedKey when the key does not fit the layout or names an unknown event type or version.
    """
    parts = _LAYOUT.fullmatch(key)
    if not parts:
        raise UnplacedKey("the key does not fit raw/<event_type>/v=<n>/dt=<day>/hh=<hour>/<name>")
    event = EVENTS.get(parts["event_type"])
    if event is None:
        raise UnplacedKey(f"unknown event type {parts['event_type']!r}")
    if parts["version"] != str(event.schema_version):
        raise UnplacedKey(f"unknown version {parts['version']!r} of {event.name}")
    try:
        day = date.fromisoformat(parts["day"])
    except ValueError:
        day = None
    if day is None or parts["day"] != day.isoformat():
        raise UnplacedKey(f"{parts['day']!r} is not a day like 2026-01-31")
    if not _HOUR.fullmatch(parts["hour"]):
        raise UnplacedKey(f"{parts['hour']!r} is not an hour from 00 to 23")
    return Place(event.name, day)


def place(key: str, *, first_day: date, today: date) -> Place:
    """The event type and arrival day of a key under ``raw/``.

    Raises UnplacedKey as ``parse`` does, and for a day outside ``first_day`` to ``today`` (both included).
    """
    found = parse(key)
    if found.day < first_day:
        raise UnplacedKey(f"day {found.day} is before the first partition, {first_day}")
    if found.day > today:
        raise UnplacedKey(f"day {found.day} has not begun")
    return found


def fits(key: str) -> bool:
    """Whether a key fits the layout, so that its object is one of its day's."""
    try:
        parse(key)
    except UnplacedKey:
        return False
    return True
