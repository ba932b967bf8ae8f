"""The serial order of concurrent transactions, kept as Redshift's SERIALIZABLE isolation keeps it: by table.

A transaction that read a table as it was before another wrote it comes before that other one; one that reads or
writes what another has committed comes after it. When these orders form a circle there is no serial order, and
the transaction whose statement closes it fails with error 1023 (guide: c_serial_isolation). Under SNAPSHOT
isolation nobody asks: there only DuckDB finds two writes of the same row (guide: r_CREATE_DATABASE).
"""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

SERIALIZABLE, SNAPSHOT = "serializable", "snapshot"

_MOST_KEPT = 1000


@dataclass(eq=False)
class Member:
    """A transaction in the serial order. Moments are counts of commits."""

    xid: int
    pid: int
    snapshot: int
    committed: int | None = None
    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    followers: set[Member] = field(default_factory=set)
    """Those that can only come later."""


class Violation(Exception):
    """There is no serial order any more; ``circle`` are the transactions in it, ``table`` closed it."""

    def __init__(self, table: str, circle: list[Member]) -> None:
        super().__init__(table)
        self.table = table
        self.circle = circle


class SerialOrder:
    """What the transactions of one database read and wrote, as far as it can still matter."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._xids = itertools.count(1000)
        self._commits = 0
        self._members: dict[int, Member] = {}
        self._readers: dict[str, set[Member]] = defaultdict(set)
        self._writers: dict[str, set[Member]] = defaultdict(set)

    def join(self, pid: int) -> Member:
        """A new transaction. To be called before it takes its snapshot, and after it has waited for locks."""
        with self._lock:
            member = Member(next(self._xids), pid, self._commits)
            self._members[member.xid] = member
            return member

    def note(self, member: Member, reads: Iterable[str], writes: Iterable[str]) -> None:
        """Says what a statement is going to do. Raises Violation when that leaves no serial order."""
        with self._lock:
            for table in reads:
                self._read(member, table)
            for table in writes:
                self._write(member, table)

    def committed(self, member: Member) -> None:
        """To be called after the commit, and before its locks are freed."""
        with self._lock:
            self._commits += 1
            member.committed = self._commits
            self._prune()

    def leave(self, member: Member) -> None:
        """It has been rolled back: as if it had never been."""
        with self._lock:
            self._forget(member)
            self._prune()

    def _read(self, member: Member, table: str) -> None:
        member.reads.add(table)
        self._readers[table].add(member)
        for writer in self._writers[table] - {member}:
            if writer.committed is not None and writer.committed <= member.snapshot:
                writer.followers.add(member)
            else:
                member.followers.add(writer)
        self._check(member, table)

    def _write(self, member: Member, table: str) -> None:
        member.writes.add(table)
        self._writers[table].add(member)
        # Its lock on the table is held: whoever else wrote it has committed.
        for earlier in (self._readers[table] | self._writers[table]) - {member}:
            earlier.followers.add(member)
        self._check(member, table)

    def _check(self, member: Member, table: str) -> None:
        """Looks for a way from the member back to itself."""
        came_from: dict[Member, Member] = {}
        waiting = [member]
        while waiting:
            current = waiting.pop()
            for follower in current.followers:
                if follower is member:
                    circle = [current]
                    while circle[-1] is not member:
                        circle.append(came_from[circle[-1]])
                    raise Violation(table, circle)
                if follower not in came_from:
                    came_from[follower] = current
                    waiting.append(follower)

    def _prune(self) -> None:
        """Forgets who has ended before all that goes on, or is remembered for its sake, began."""
        active = [m for m in self._members.values() if m.committed is None]
        horizon = min((m.snapshot for m in active), default=self._commits)
        ended = sorted(
            (m for m in self._members.values() if m.committed is not None),
            key=lambda m: m.committed or 0,
            reverse=True,
        )
        kept = 0
        for member in ended:
            if (member.committed or 0) > horizon and kept < _MOST_KEPT:
                kept += 1
                horizon = min(horizon, member.snapshot)
            else:
                self._forget(member)

    def _forget(self, member: Member) -> None:
        self._members.pop(member.xid, None)
        for tables, index in ((member.reads, self._readers), (member.writes, self._writers)):
            for table in tables:
                index[table].discard(member)
                if not index[table]:
                    del index[table]
        for other in self._members.values():
            other.followers.discard(member)
