"""From events to objects: which lines go together, under which key, and what goes wrong on the way.

A service's instances write a file every few minutes, when there is something to write. Faults are
laid over that: lines and files written twice, an instance that is cut off and delivers a day or
more later, damage of every kind. Everything is a function of the world and the hour, so hours can
be made in any order and by any process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from random import Random
from typing import Literal

import numpy as np

from sms_warehouse.local.traffic import faults as kinds
from sms_warehouse.local.traffic.clicks import Redirector
from sms_warehouse.local.traffic.consent import MoGateway, PreferenceCenter
from sms_warehouse.local.traffic.draws import Ids, Ints, Mask, below, bits, unit
from sms_warehouse.local.traffic.lines import EPOCH_ORDINAL, ulids
from sms_warehouse.local.traffic.manager import Manager
from sms_warehouse.local.traffic.receipts import ReceiptGateway
from sms_warehouse.local.traffic.rows import Rows, concat
from sms_warehouse.local.traffic.service import Service
from sms_warehouse.local.traffic.submissions import Sender
from sms_warehouse.local.traffic.world import World

Faults = Literal["none", "usual", "hostile"]

SERVICES: tuple[type[Service], ...] = (
    Sender, ReceiptGateway, Redirector, PreferenceCenter, MoGateway, Manager,
)  # fmt: skip

_HOUR_S = 3600
_FILE_LINES = 100_000
"""About 16 MB compressed."""
_BATCH_ROWS = 50_000
"""Rows turned into lines at a time, so that memory stays bounded in the busiest hour."""

_REPLAY_S = 20 * 60
_REPLAY_HOURS_MAX = 30
_REPLAY_CYCLE_HOURS = 32
"""One line in so many of the minutes that are replayed is logged again."""
_OUTAGE_HOURS = range(13, 23)
_OUTAGE_DAYS_MAX = 3


@dataclass
class LineCounts:
    """What is in the objects of one event type. Lines are physical, as split at ``\n``."""

    lines: int = 0
    """In objects that can be read and were not overwritten; only the last two count others."""
    malformed: int = 0
    """To be quarantined."""
    blank: int = 0
    doubled: int = 0
    """Good lines whose event had been written before."""
    late: int = 0
    """In files that arrive a day or more after they were closed."""
    in_poison: int = 0
    """That objects which cannot be read should have held, as far as that is known."""
    superseded: int = 0
    """In contents that were overwritten."""

    def __add__(self, other: LineCounts) -> LineCounts:
        return LineCounts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def good(self) -> int:
        """Lines that land."""
        return self.lines - self.malformed - self.blank


@dataclass(frozen=True)
class LogFile:
    """One object as it arrives. ``event_type`` is empty for an object that is not ours to load."""

    key: str
    body: bytes
    written_at: datetime
    event_type: str
    counts: LineCounts = field(default_factory=LineCounts)


@dataclass(frozen=True)
class _Rates:
    """How often faults strike. Rates of lines are per line, of files per file."""

    repeated_line: float = 0.0
    replay: float = 0.0  # chance in each hour that an instance sends older lines again
    bad_lines: float = 0.0
    least_bad_lines: int = 0
    unknown_fields: float = 0.0
    odd_lines: float = 0.0
    least_odd_lines: int = 0
    blank_lines: float = 0.0
    outage: float = 0.0  # chance on each day of an event type
    doubled_file: float = 0.0
    odd_object: float = 0.0
    poison: float = 0.0
    empty_object: float = 0.0
    overwritten: float = 0.0
    odd_key: float = 0.0
    foreign: float = 0.0


_RATES: dict[str, _Rates] = {
    "none": _Rates(),
    "usual": _Rates(
        repeated_line=0.001, replay=0.5, bad_lines=0.0005, unknown_fields=0.01, outage=0.5,
        doubled_file=0.01,
    ),
    "hostile": _Rates(
        repeated_line=0.003, replay=0.8, bad_lines=0.001, least_bad_lines=2, unknown_fields=0.01,
        odd_lines=0.002, least_odd_lines=1, blank_lines=0.002, outage=0.8, doubled_file=0.04, odd_object=0.25,
        poison=0.1, empty_object=0.05, overwritten=0.05, odd_key=0.06, foreign=0.4,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class _Outage:
    """An instance whose files of one hour arrive in another; hours count from 1970."""

    hour: int
    instance: int
    arrives: int


@dataclass(frozen=True)
class _Written:
    """Rows with the file they go to; ``copy`` is 0 for the event itself, 2 for a revised copy."""

    rows: Rows
    instance: Ints
    at_s: Ints
    copy: Ints
    first_s: Ints  # when the event itself was written

    def take(self, which: Ints | Mask | slice) -> _Written:
        return _Written(
            self.rows.take(which),
            self.instance[which],
            self.at_s[which],
            self.copy[which],
            self.first_s[which],
        )

    @staticmethod
    def concat(parts: list[_Written]) -> _Written:
        return _Written(
            concat([p.rows for p in parts]),
            *(
                np.concatenate([getattr(p, n) for p in parts])
                for n in ("instance", "at_s", "copy", "first_s")
            ),
        )


class Files:
    """The files one service writes in the world, with the faults of one level."""

    def __init__(self, service: Service, faults: Faults, since: date | None = None) -> None:
        """``since``: doubles of what was written before that day do not count as doubled."""
        self.service = service
        self.world = service.world
        self.level = faults
        self.rates = _RATES[faults]
        first = self.world.first_day if since is None else since.toordinal() - EPOCH_ORDINAL
        self._since_s = first * 86_400
        messages = self.world.messages
        self._flush_s = 300 if messages >= 50_000 else 900 if messages >= 5_000 else 1800
        self.outage = lru_cache(maxsize=64)(self._outage)
        self.replay = lru_cache(maxsize=4)(self._replay)

    def of_hour(self, hour: int) -> Iterator[LogFile]:
        """The files that arrive in one hour (counted from 1970), in order of arrival."""
        written = self._rows_of(hour)
        outage = self.outage(hour // 24)
        if outage and outage.hour == hour:
            written = written.take(written.instance != outage.instance)
        found = [written]
        for day in range(hour // 24 - _OUTAGE_DAYS_MAX, hour // 24):
            earlier = self.outage(day)
            if earlier and earlier.arrives == hour:
                late = self._rows_of(earlier.hour)
                found.append(late.take(late.instance == earlier.instance))
        files = self._cut(_Written.concat(found), hour)
        # Within the hour only the late files are out of order, and they are few.
        yield from files if len(found) == 1 else sorted(files, key=lambda f: f.written_at)

    # Which rows are written when

    def _outage(self, day: int) -> _Outage | None:
        if day < self.world.first_day or not self.rates.outage:
            return None
        draw = Random(repr((self.world.seed, self.service.event_type, day, "outage")))
        if draw.random() >= self.rates.outage:
            return None
        hour = day * 24 + draw.choice(_OUTAGE_HOURS)
        arrives = (day + draw.randint(1, _OUTAGE_DAYS_MAX)) * 24 + draw.randrange(24)
        # A day or more after the hour has ended.
        arrives = max(arrives, hour + 25)
        return _Outage(hour, draw.randrange(self.service.instances), arrives)

    def _instances(self, events: Ids) -> Ints:
        return below(
            self.world.key(f"{self.service.event_type} instance"), events, self.service.instances
        )

    def _flushed_s(self, logged: Ints, instance: Ints) -> Ints:
        """When the file that holds a line is written: instances take turns."""
        offset = (11 + instance * 67) % self._flush_s
        return (logged // 1000 - offset) // self._flush_s * self._flush_s + self._flush_s + offset

    def _rows_of(self, hour: int) -> _Written:
        """All rows whose file is closed within the hour, whenever it arrives."""
        begin, end = hour * _HOUR_S, (hour + 1) * _HOUR_S
        rows = self.service.rows((begin - self._flush_s) * 1000, end * 1000)
        instance = self._instances(rows.event)
        at = self._flushed_s(rows.logged, instance)
        own = _Written(rows, instance, at, np.zeros(len(rows), np.int64), at)
        found = [own.take((at >= begin) & (at < end))]
        if self.rates.repeated_line:
            again = unit(self.world.key("repeated"), found[0].rows.event) < self.rates.repeated_line
            copies = found[0].take(again)
            found.append(
                _Written(copies.rows, copies.instance, copies.at_s, copies.copy + 1, copies.first_s)
            )
        for source in (hour - 1, hour):
            replay = self.replay(source)
            if replay is not None:
                found.append(replay.take((replay.at_s >= begin) & (replay.at_s < end)))
        return _Written.concat(found)

    def _replay(self, hour: int) -> _Written | None:
        """Lines of some earlier minutes, logged again in this hour by the same instances."""
        draw = Random(repr((self.world.seed, self.service.event_type, hour, "replay")))
        if draw.random() >= self.rates.replay:
            return None
        begin = hour * _HOUR_S - draw.randint(2 * _HOUR_S, _REPLAY_HOURS_MAX * _HOUR_S)
        if begin < self.world.first_day * 86_400:
            return None
        moment_ms = hour * _HOUR_S * 1000 + draw.randrange(_HOUR_S * 1000 - 120_000)
        rows = self.service.rows(begin * 1000, (begin + _REPLAY_S) * 1000)
        # An event is logged again in one hour of a cycle at most, and a cycle outlasts any replay.
        slot = below(self.world.key("replayed"), rows.event, _REPLAY_CYCLE_HOURS)
        rows = rows.take(slot == hour % _REPLAY_CYCLE_HOURS)
        instance = self._instances(rows.event)
        first = self._flushed_s(rows.logged, instance)
        kept = np.ones(len(rows), bool)
        for day in np.unique(first // 86_400).tolist():
            outage = self.outage(day)
            if outage:
                # What is not delivered yet cannot have been written before.
                kept &= ~((first // _HOUR_S == outage.hour) & (instance == outage.instance))
        logged = moment_ms + below(self.world.key("replayed at"), rows.event, 60_000)
        copy = np.ones(len(rows), np.int64)
        if self.level == "hostile":
            copy += unit(self.world.key("revised"), rows.event) < 0.1
        again = Rows(
            rows.subject, rows.kind, rows.part, rows.actor, rows.occurred, logged, rows.event
        )
        return _Written(again, instance, self._flushed_s(logged, instance), copy, first).take(kept)

    # Rows into files

    def _cut(self, written: _Written, hour: int) -> Iterator[LogFile]:
        order = np.lexsort(
            (written.copy, written.rows.event, written.rows.logged, written.instance, written.at_s)
        )
        written = written.take(order)
        file_of = written.at_s * 64 + written.instance
        edges = [0, *(np.flatnonzero(np.diff(file_of)) + 1).tolist(), len(order)]
        pieces = [
            (start, min(start + _FILE_LINES, stop))
            for first, stop in pairwise(edges)
            for start in range(first, stop, _FILE_LINES)
        ]
        parts: dict[int, int] = {}
        while pieces:
            batch = [pieces.pop(0)]
            while pieces and pieces[0][1] - batch[0][0] <= _BATCH_ROWS:
                batch.append(pieces.pop(0))
            base = batch[0][0]
            lines = self.service.lines(written.rows.take(slice(base, batch[-1][1])))
            for start, stop in batch:
                part = parts[int(file_of[start])] = parts.get(int(file_of[start]), -1) + 1
                yield from self._file(
                    lines[start - base : stop - base], written.take(slice(start, stop)), part, hour
                )

    def _file(self, lines: list[bytes], rows: _Written, part: int, hour: int) -> Iterator[LogFile]:
        """One file, with all that its faults bring along."""
        closed_s, instance = int(rows.at_s[0]), int(rows.instance[0])
        draw = Random(repr((self.world.seed, self.service.event_type, closed_s, instance, part)))
        written_s = hour * _HOUR_S + closed_s % _HOUR_S
        is_late = written_s != closed_s
        counts = LineCounts(doubled=int(((rows.copy > 0) & (rows.first_s >= self._since_s)).sum()))
        rates = self.rates
        for row in np.flatnonzero(rows.copy == 2).tolist():
            lines[row] = kinds.revised(self.service.event_type, lines[row])
        if self.level != "none":
            lines = self._damaged(lines, counts, draw, closed_s)
        content = b"\n".join(lines) + b"\n"
        counts.lines = content.count(b"\n")
        counts.late = counts.lines if is_late else 0
        pack: kinds.ObjectFault = kinds.compress
        if draw.random() < rates.odd_object:
            pack = draw.choice(list(kinds.ODD_OBJECTS.values()))
        ending = draw.choice(kinds.ODD_KEY_ENDINGS) if draw.random() < rates.odd_key else ""

        def log_file(body: bytes, counted: LineCounts, after_s: int, variation: int) -> LogFile:
            # Whatever goes with a file arrives in the hour its key names.
            at = min(written_s + after_s, (hour + 1) * _HOUR_S - 1)
            name = self._key(
                instance, closed_s, at, part, variation, ending if variation == 0 else ""
            )
            return LogFile(name, body, _datetime(at), self.service.event_type, counted)

        if draw.random() < rates.overwritten:
            half = lines[: max(1, len(lines) // 2)]
            held = b"\n".join(half) + b"\n"
            yield log_file(kinds.compress(held), LineCounts(superseded=held.count(b"\n")), 0, 0)
        body = pack(content)
        yield log_file(body, counts, 0, 0)
        if draw.random() < rates.doubled_file:
            again = LineCounts(
                counts.lines, counts.malformed, counts.blank, counts.good, counts.late
            )
            yield log_file(body, again, draw.randint(1, 40), 1)
        if draw.random() < rates.poison:
            name = draw.choice(list(kinds.POISON_OBJECTS))
            held_lines = 0 if name in ("no_bytes", "html_error_page") else content.count(b"\n")
            yield log_file(
                kinds.POISON_OBJECTS[name](content),
                LineCounts(in_poison=held_lines),
                draw.randint(1, 40),
                2,
            )
        if draw.random() < rates.empty_object:
            text, blank = draw.choice(list(kinds.EMPTY_OBJECTS.values()))
            empty = LineCounts(lines=blank, blank=blank, late=blank if is_late else 0)
            yield log_file(kinds.compress(text), empty, draw.randint(1, 40), 3)
        if draw.random() < rates.foreign:
            foreign = draw.choice(kinds.foreign_keys(self.service.event_type, _datetime(written_s)))
            yield LogFile(foreign[0], foreign[1], _datetime(written_s), "")

    def _damaged(
        self, lines: list[bytes], counts: LineCounts, draw: Random, closed_s: int
    ) -> list[bytes]:
        """The lines with bad and blank ones put among them and some written in unusual ways."""
        rates, size = self.rates, len(lines)

        def some(rate: float, least: int = 0) -> list[int]:
            number = least + int(size * rate + draw.random())
            return [draw.randrange(size) for _ in range(number)]

        out = list(lines)
        for row in sorted(set(some(rates.unknown_fields))):
            out[row] = out[row][:-1] + draw.choice(kinds.USUAL_UNKNOWN_FIELDS) + b"}"
        if self.level == "hostile":
            # One kind after the other, so that a small world has them all before long.
            turn = closed_s // self._flush_s
            odd_kinds, bad_kinds = list(kinds.ODD_LINES.values()), list(kinds.BAD_LINES.values())
            for place, row in enumerate(set(some(rates.odd_lines, rates.least_odd_lines))):
                out[row] = odd_kinds[(turn + place) % len(odd_kinds)](lines[row])
            bad = [
                (row, bad_kinds[(turn * rates.least_bad_lines + place) % len(bad_kinds)])
                for place, row in enumerate(some(rates.bad_lines, rates.least_bad_lines))
            ]
        else:
            bad = [
                (row, kinds.BAD_LINES[draw.choice(kinds.USUAL_BAD_LINES)])
                for row in some(rates.bad_lines)
            ]
        extra: dict[int, list[bytes]] = {}
        for row, damage in bad:
            text = damage(lines[row])
            extra.setdefault(row, []).append(text)
            counts.malformed += 1 + text.count(b"\n")
        for row in some(rates.blank_lines):
            extra.setdefault(row, []).append(draw.choice(kinds.BLANK_LINES))
            counts.blank += 1
        if not extra:
            return out
        return [text for row, line in enumerate(out) for text in (line, *extra.get(row, ()))]

    def _key(
        self, instance: int, closed_s: int, written_s: int, part: int, variation: int, ending: str
    ) -> str:
        number = np.array(
            [(closed_s << 24) | (instance << 16) | (part << 8) | variation], np.uint64
        )
        chance = (
            bits(self.world.key(f"{self.service.event_type} {way}"), number)
            for way in ("key", "key low")
        )
        name = ulids(np.array([closed_s * 1000]), *chance)[0].decode()
        written, closed = _datetime(written_s), _datetime(closed_s)
        return (
            f"raw/{self.service.event_type}/v=1/dt={written:%Y-%m-%d}/hh={written:%H}/"
            f"{self.service.source}-{instance}-{closed:%Y%m%dT%H%M%SZ}-{name}{ending}.json.gz"
        )


def _datetime(time_s: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=time_s)


def day_files(
    day: date, *, messages: int, seed: int, world_start: date, faults: Faults = "none"
) -> Iterator[LogFile]:
    """Everything that arrives on one UTC day, in order of arrival.

    A function of its arguments alone: the same keys and the same bytes on every call. (Between
    machines the bytes, not the content, may differ: ISA-L compresses as the processor allows.) Two
    files with one key follow each other where an object is overwritten. ``messages`` are submitted
    each day from ``world_start`` on; before it nothing happened.
    """
    world = World(seed, messages, world_start.toordinal() - EPOCH_ORDINAL)
    writers = [Files(service(world), faults) for service in SERVICES]
    first_hour = (day.toordinal() - EPOCH_ORDINAL) * 24
    if day < world_start:
        return
    for hour in range(first_hour, first_hour + 24):
        found = [one for writer in writers for one in writer.of_hour(hour)]
        yield from sorted(found, key=lambda one: one.written_at)
