"""Table locks as Redshift holds them, to the end of the transaction (guide: r_LOCK, c_Concurrent_writes).

Readers share a table with one another and with one writer; a second writer waits; LOCK, DROP and ALTER have the
table alone. DuckDB would let two writers run and fail one of them at the end. Waits are first come, first
served, end when the waiter is stopped, and never form a circle.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from enum import IntEnum
from typing import NamedTuple

from local_redshift.errors import PgError

Owner = Hashable


class Mode(IntEnum):
    """How a table is held: PostgreSQL's ACCESS SHARE, SHARE ROW EXCLUSIVE and ACCESS EXCLUSIVE."""

    READ = 1
    WRITE = 2
    ALONE = 3


class _Wanted(NamedTuple):
    owner: Owner
    mode: Mode


def _conflict(one: Mode, other: Mode) -> bool:
    return one + other > Mode.ALONE


class Locks:
    """Locks on names. An owner is a session; what it holds, it holds until ``release``."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._holders: dict[Hashable, dict[Owner, Mode]] = {}
        self._waiters: dict[Hashable, deque[_Wanted]] = {}
        self._waits_for: dict[Owner, Hashable] = {}

    def acquire(
        self,
        owner: Owner,
        names: Iterable[Hashable],
        mode: Mode,
        stopped: Callable[[], PgError | None],
    ) -> None:
        """Takes the locks in this order. Raises what ``stopped`` returns, or PgError 40P01 for a circle."""
        with self._changed:
            for name in names:
                if self._holders.get(name, {}).get(owner, 0) < mode:
                    self._take(name, _Wanted(owner, mode), stopped)

    def _take(self, name: Hashable, wanted: _Wanted, stopped: Callable[[], PgError | None]) -> None:
        if name not in self._waiters and not self._in_the_way(name, wanted):
            self._holders.setdefault(name, {})[wanted.owner] = wanted.mode
            return
        queue = self._waiters.setdefault(name, deque())
        if wanted.owner in self._holders.get(name, {}):
            # Who holds it already cannot wait for those that wait for it.
            queue.appendleft(wanted)
        else:
            queue.append(wanted)
        self._waits_for[wanted.owner] = name
        try:
            while self._in_the_way(name, wanted):
                if error := stopped():
                    raise error
                if self._is_in_circle(wanted.owner):
                    raise PgError("40P01", "deadlock detected", f"waiting for relation {name}")
                # The timeout only bounds how late a stop is seen; releases notify.
                self._changed.wait(0.5)
            self._holders.setdefault(name, {})[wanted.owner] = wanted.mode
        finally:
            del self._waits_for[wanted.owner]
            queue.remove(wanted)
            if not queue:
                del self._waiters[name]
            self._changed.notify_all()

    def _in_the_way(self, name: Hashable, wanted: _Wanted) -> list[Owner]:
        """Who has to go first: holders, and those that came before."""
        found = [
            owner
            for owner, mode in self._holders.get(name, {}).items()
            if owner is not wanted.owner and _conflict(mode, wanted.mode)
        ]
        for earlier in self._waiters.get(name, ()):
            if earlier is wanted:
                break
            if _conflict(earlier.mode, wanted.mode):
                found.append(earlier.owner)
        return found

    def _is_in_circle(self, owner: Owner) -> bool:
        seen: set[Owner] = set()
        waiting = [owner]
        while waiting:
            current = waiting.pop()
            name = self._waits_for.get(current)
            if name is None:
                continue
            wanted = next(w for w in self._waiters[name] if w.owner is current)
            for other in self._in_the_way(name, wanted):
                if other is owner:
                    return True
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
        return False

    def release(self, owner: Owner) -> None:
        """Frees all that the owner holds."""
        with self._changed:
            for name in [n for n, holders in self._holders.items() if owner in holders]:
                del self._holders[name][owner]
                if not self._holders[name]:
                    del self._holders[name]
            if self._waits_for:
                self._changed.notify_all()

    def wake(self) -> None:
        """Lets every waiter look whether it has been stopped."""
        with self._changed:
            self._changed.notify_all()
