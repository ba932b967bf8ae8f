"""Table locks as Redshift holds them: exclusive for whoever writes, to the end of the transaction.

DuckDB would let two writers run and fail one of them at the end; here the second waits, as on Redshift. Readers
take no locks. Waits are first come, first served, end when the waiter is stopped, and never form a circle.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable

from sms_warehouse.local.redshift.errors import PgError

Owner = Hashable


class Locks:
    """Exclusive locks on names. An owner is a session; what it holds, it holds until ``release``."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._holder: dict[Hashable, Owner] = {}
        self._waiters: dict[Hashable, deque[Owner]] = {}
        self._waits_for: dict[Owner, Hashable] = {}

    def acquire(
        self, owner: Owner, names: list[Hashable], stopped: Callable[[], PgError | None]
    ) -> None:
        """Takes the locks in this order. Raises what ``stopped`` returns, or PgError 40P01 for a circle."""
        with self._changed:
            for name in names:
                if self._holder.get(name) is not owner:
                    self._take(owner, name, stopped)

    def _take(self, owner: Owner, name: Hashable, stopped: Callable[[], PgError | None]) -> None:
        queue = self._waiters.setdefault(name, deque())
        queue.append(owner)
        self._waits_for[owner] = name
        try:
            while name in self._holder or queue[0] is not owner:
                if error := stopped():
                    raise error
                if self._is_in_circle(owner):
                    raise PgError("40P01", "deadlock detected", f"waiting for relation {name}")
                # The timeout only bounds how late a stop is seen; releases notify.
                self._changed.wait(0.5)
            self._holder[name] = owner
        finally:
            del self._waits_for[owner]
            queue.remove(owner)
            if not queue:
                del self._waiters[name]
            self._changed.notify_all()

    def _is_in_circle(self, owner: Owner) -> bool:
        seen: set[Owner] = set()
        current: Owner | None = owner
        while current is not None and current not in seen:
            seen.add(current)
            waited = self._waits_for.get(current)
            current = self._holder.get(waited) if waited is not None else None
        return current is owner

    def release(self, owner: Owner) -> None:
        """Frees all that the owner holds."""
        with self._changed:
            for name in [n for n, holder in self._holder.items() if holder is owner]:
                del self._holder[name]
            self._changed.notify_all()

    def wake(self) -> None:
        """Lets every waiter look whether it has been stopped."""
        with self._changed:
            self._changed.notify_all()
