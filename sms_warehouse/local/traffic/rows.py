"""Events before they are text: a handful of numbers each, from which every field follows.

A row says what the event is about, which event it is and when; the service that made it turns rows
into lines. Tables of rows for whole days are therefore small, and only the lines of one file need
to exist at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sms_warehouse.local.traffic.draws import Ids, Ints, bits, key
from sms_warehouse.local.traffic.lines import Texts, ulids

_HIGH, _LOW = key("event id", "high"), key("event id", "low")


@dataclass(frozen=True)
class Rows:
    """Columns of equal length. Times are milliseconds since 1970, UTC."""

    subject: Ids  # number of the message, the recipient or the campaign
    kind: NDArray[np.int16]  # which event of the subject; each service has its own kinds
    part: NDArray[np.int16]  # 100 x attempt + segment, or whatever else the service counts
    actor: Ids  # who acts, where that is not the recipient
    occurred: Ints
    logged: Ints
    event: Ids  # number of the event: what its id is minted from

    def __len__(self) -> int:
        return len(self.subject)

    def take(self, which: NDArray[Any] | slice) -> Rows:
        return Rows(*(getattr(self, f.name)[which] for f in fields(self)))

    def within(self, from_ms: int, to_ms: int) -> Rows:
        """The rows logged in [from_ms, to_ms)."""
        return self.take((self.logged >= from_ms) & (self.logged < to_ms))

    def event_ids(self) -> Texts:
        return ulids(self.occurred, bits(_HIGH, self.event), bits(_LOW, self.event))


def make_rows(
    subject: Ids,
    kind: int | NDArray[Any],
    occurred: Ints,
    logged: Ints,
    event: Ids,
    part: int | NDArray[Any] = 0,
    actor: Ids | None = None,
) -> Rows:
    """Rows from columns; a single number stands for a column of it."""
    size = len(subject)
    return Rows(
        subject,
        np.broadcast_to(np.asarray(kind, np.int16), size),
        np.broadcast_to(np.asarray(part, np.int16), size),
        np.zeros(size, np.uint64) if actor is None else actor,
        occurred.astype(np.int64),
        logged.astype(np.int64),
        event,
    )


def concat(tables: Sequence[Rows]) -> Rows:
    """One table of all rows, in the order given."""
    if len(tables) == 1:
        return tables[0]
    return Rows(*(np.concatenate([getattr(t, f.name) for t in tables]) for f in fields(Rows)))


def no_rows() -> Rows:
    empty = np.empty(0, np.uint64)
    return make_rows(empty, 0, empty.astype(np.int64), empty.astype(np.int64), empty)
