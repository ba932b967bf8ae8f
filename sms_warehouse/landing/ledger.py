"""The ledger: what has landed, what has been applied, and which keys could not be placed.

It lives in the warehouse, so that it changes in the same transaction as the rows it speaks of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sms_warehouse import sql
from sms_warehouse.resources.redshift import Redshift, Session

LANDED = "landed"
POISON = "poison"
SUPERSEDED = "superseded"

_IDS_PER_QUERY = 500
_ROWS_PER_INSERT = 100


@dataclass(frozen=True)
class LedgerObject:
    """One row of ``control.landed_object``: a content that was read, and what became of its lines."""

    object_id: str
    object_key: str
    status: str
    load_id: str
    lines: int
    rows_landed: int
    lines_quarantined: int
    lines_blank: int

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing left to land; superseded content that S3 shows again is to land again."""
        return self.status in (LANDED, POISON)


def day_objects(session: Session, event_type: str, day: date) -> dict[str, LedgerObject]:
    """The contents of a day that were read, by object_id."""
    (statement,) = sql.statements("landing/day_objects")
    return {
        row[0]: LedgerObject(*row)
        for row in session.rows(statement.text, event_type=event_type, day=day)
    }


def is_committed(session: Session, load_id: str) -> bool:
    """Whether a load is in the ledger: the answer to a COMMIT whose reply was lost."""
    return bool(
        session.rows(
            "select 1 as found from control.load where load_id = :load_id", load_id=load_id
        )
    )


def insert_rows(session: Session, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Inserts rows with the same columns, many to a statement. ``table`` is one of our own names."""
    waiting = list(rows)
    for begin in range(0, len(waiting), _ROWS_PER_INSERT):
        chunk = waiting[begin : begin + _ROWS_PER_INSERT]
        columns = list(chunk[0])
        tuples = ", ".join(
            "(" + ", ".join(f":{column}_{n}" for column in columns) + ")" for n in range(len(chunk))
        )
        session.execute(
            f"insert into {table} ({', '.join(columns)}) values {tuples}",
            **{f"{column}_{n}": row[column] for n, row in enumerate(chunk) for column in columns},
        )


@dataclass(frozen=True)
class Standing:
    """How far an object has come: its status in the ledger and the tables that have applied its load."""

    event_type: str
    status: str
    applied_tables: frozenset[str]


def standing(session: Session, days: Mapping[str, date]) -> dict[str, Standing]:
    """How far objects have come, by object_id; objects nobody has read are missing. ``days`` says when each arrived.

    Asks in groups of one size, so that the warehouse prepares one statement and not one for each number, and of
    neighbouring days, which is how the ledger is sorted.
    """
    names = [f"id_{n}" for n in range(_IDS_PER_QUERY)]
    statement = (
        "select o.object_id, o.event_type, o.status, a.table_name"
        " from control.landed_object as o"
        " left join control.applied_load as a on a.load_id = o.load_id"
        " where o.arrival_date between :first_day and :last_day"
        f" and o.object_id in ({', '.join(':' + name for name in names)})"
    )
    waiting = sorted(days, key=lambda object_id: (days[object_id], object_id))
    found: dict[str, tuple[str, str, set[str]]] = {}
    for begin in range(0, len(waiting), _IDS_PER_QUERY):
        chunk = waiting[begin : begin + _IDS_PER_QUERY]
        padded = chunk + [chunk[-1]] * (_IDS_PER_QUERY - len(chunk))
        for object_id, event_type, status, table in session.rows(
            statement,
            first_day=days[chunk[0]],
            last_day=days[chunk[-1]],
            **dict(zip(names, padded, strict=True)),
        ):
            tables = found.setdefault(object_id, (event_type, status, set()))[2]
            if table is not None:
                tables.add(table)
    return {
        object_id: Standing(event_type, status, frozenset(tables))
        for object_id, (event_type, status, tables) in found.items()
    }


def reject_keys(redshift: Redshift, rejected: Mapping[tuple[str, str], str]) -> None:
    """Records keys that belong to no event type and day, once each: ``(bucket, key) -> reason``.

    Takes no lock: only the sensor calls it, one tick at a time, and it must not wait for a load.
    """

    def new(session: Session) -> list[tuple[str, str]]:
        known = {
            (bucket, key)
            for bucket, key in session.rows("select bucket, object_key from control.rejected_key")
        }
        return sorted(rejected.keys() - known)

    def work(session: Session) -> None:
        now = datetime.now(UTC).replace(tzinfo=None)
        insert_rows(
            session,
            "control.rejected_key",
            [
                {
                    "bucket": bucket,
                    "object_key": key,
                    "reason": rejected[bucket, key].encode()[:256].decode(errors="ignore"),
                    "rejected_at": now,
                }
                for bucket, key in new(session)
            ],
        )

    if not rejected:
        return
    with redshift.session("reject_keys") as session:
        if not new(session):
            return
    redshift.transaction("reject_keys", work)
