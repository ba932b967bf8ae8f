"""Lands what arrived on a day: every object not yet in the ledger, in batches, each in one transaction.

S3's listing says what there is, the ledger what has landed; the difference is inspected outside any
transaction and then stored in one: COPY, the proof that each object's rows are there, and the ledger rows
commit together or not at all. Running it again, or twice at once, changes nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from ulid import ULID

from sms_warehouse import settings, sql
from sms_warehouse.landing import keys, ledger
from sms_warehouse.landing.events import EVENTS, Event
from sms_warehouse.landing.prepare import InspectedObject, ParquetFile, PreparedBatch, prepare
from sms_warehouse.migrate import check_staging
from sms_warehouse.privacy.landing import neutralise_load
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift, Session
from sms_warehouse.resources.s3 import LakeObject

BATCH_BYTES = 256 * 1024 * 1024
"""Compressed bytes of one batch: what one transaction lands, and what memory and disk have to hold."""
BATCH_OBJECTS = 1000

_LEFTOVER_AGE = timedelta(days=1)

Progress = Callable[[str], None]


class LandingMismatch(Exception):
    """The warehouse does not hold, for some object, the rows that were counted; nothing was committed."""


class _LandedMeanwhile(Exception):
    """Another run landed some of the batch's objects while we inspected them."""


@dataclass(frozen=True)
class LandedDay:
    """What one run found and did for an event type and arrival day.

    ``listing`` is what S3 showed and still held when it was read; ``objects`` what this run landed or found
    to be poison; ``vanished`` counts objects that were replaced or removed between listing and reading.
    """

    event_type: str
    day: date
    listing: list[LakeObject]
    objects: list[InspectedObject] = field(default_factory=list)
    load_ids: list[str] = field(default_factory=list)
    vanished: int = 0
    inspect_seconds: float = 0.0
    land_seconds: float = 0.0

    @property
    def rows(self) -> int:
        return sum(o.good for o in self.objects)

    @property
    def quarantined(self) -> int:
        return sum(o.quarantined for o in self.objects)

    @property
    def size_bytes(self) -> int:
        return sum(o.size_bytes for o in self.objects)

    @property
    def poison(self) -> list[InspectedObject]:
        return [o for o in self.objects if o.outcome == "poison"]


def pending(
    redshift: Redshift, lake: Lake, event_type: str, day: date
) -> tuple[list[LakeObject], list[LakeObject]]:
    """The day's listing, and those of it that have not landed. Only reads."""
    listing = lake.list_day(event_type, day)
    with redshift.session(f"pending_{event_type}") as session:
        known = ledger.day_objects(session, event_type, day)
    return listing, [
        o for o in listing if not (o.object_id in known and known[o.object_id].is_settled)
    ]


def record_listing(
    redshift: Redshift, event_type: str, day: date, listing: Sequence[LakeObject]
) -> None:
    """Remembers how many objects S3 showed, by which reports tell how complete they are."""
    redshift.transaction(
        f"list_{event_type}",
        lambda session: sql.run(
            session,
            "landing/record_listing",
            event_type=event_type,
            day=day,
            objects=len(listing),
            listed_at=_now(),
        ),
    )


def land_day(
    redshift: Redshift,
    lake: Lake,
    event_type: str,
    day: date,
    *,
    run_id: str | None = None,
    progress: Progress = lambda _: None,
) -> LandedDay:
    """Lands what S3 holds for an event type and arrival day and the ledger does not.

    Raises ContractMismatch when the staging table is not as its contract says, LandingMismatch when COPY did
    not store what was counted, LakeUnavailable, RedshiftUnavailable; whatever batch was committed before
    stays landed, and the next call goes on from there.
    """
    event = EVENTS[event_type]
    check_staging(redshift, [event_type])
    listing, waiting = pending(redshift, lake, event_type, day)
    record_listing(redshift, event_type, day, listing)
    landed = LandedDay(event_type, day, listing)
    progress(f"{event_type} {day}: {len(listing)} objects in S3, {len(waiting)} to land")
    done = 0
    inspect_seconds = land_seconds = 0.0
    vanished: set[str] = set()
    for batch in _batches(waiting):
        remaining = list(batch)
        while remaining:
            load_id = str(ULID())
            started_at = _now()
            prepared = None
            try:
                prepared = prepare(lake.bucket, event, day, load_id, remaining, progress=progress)
                inspect_seconds += prepared.seconds
                began = time.monotonic()
                taken = _land(
                    redshift, lake, event, day, load_id, prepared, started_at, run_id, vanished
                )
                land_seconds += time.monotonic() - began
            finally:
                _remove_files(lake, event_type, day, load_id)
            if taken:
                # Whoever was first has landed these; what is left of the batch is inspected again.
                remaining = [o for o in remaining if o.object_id not in taken]
                continue
            landed.load_ids.append(load_id)
            landed.objects.extend(_read(prepared))
            vanished |= {o.object_id for o in prepared.objects if o.outcome in ("changed", "gone")}
            remaining = []
        done += len(batch)
        progress(
            f"{event_type} {day}: {done} of {len(waiting)} objects, {landed.rows} rows, "
            f"{landed.quarantined} lines quarantined, {len(landed.poison)} poison"
        )
    if waiting:
        progress(
            f"{event_type} {day}: inspected in {inspect_seconds:.1f} s, landed in {land_seconds:.1f} s"
        )
    return LandedDay(
        event_type,
        day,
        [o for o in listing if o.object_id not in vanished],
        landed.objects,
        landed.load_ids,
        len(vanished),
        inspect_seconds,
        land_seconds,
    )


def _batches(objects: Sequence[LakeObject]) -> Iterator[list[LakeObject]]:
    batch: list[LakeObject] = []
    size = 0
    for found in objects:
        if batch and (size + found.size_bytes > BATCH_BYTES or len(batch) == BATCH_OBJECTS):
            yield batch
            batch, size = [], 0
        batch.append(found)
        size += found.size_bytes
    if batch:
        yield batch


def _read(prepared: PreparedBatch) -> list[InspectedObject]:
    """The objects that were read to their end or proved unreadable; the rest changed under our hands."""
    return [o for o in prepared.objects if o.outcome in (ledger.LANDED, ledger.POISON)]


def _land(
    redshift: Redshift,
    lake: Lake,
    event: Event,
    day: date,
    load_id: str,
    prepared: PreparedBatch,
    started_at: datetime,
    run_id: str | None,
    vanished: set[str],
) -> set[str]:
    """The one transaction. Returns the objects that are not ours to land any more; then nothing was stored.

    Those are what somebody else landed first, and what S3 no longer shows under a key of which other content
    has landed; the latter are added to ``vanished``.
    """
    objects = _read(prepared)
    if not objects:
        return set()
    good = _manifest(lake, event, day, load_id, "good", prepared.good_files)
    quarantine = _manifest(lake, event, day, load_id, "quarantine", prepared.quarantine_files)
    taken: set[str] = set()
    emptied: list[str] = []

    def work(session: Session) -> None:
        # First of all: under snapshot isolation a look before the lock would see the past.
        session.execute("lock control.landing_mutex")
        if ledger.is_committed(session, load_id):
            return
        known = ledger.day_objects(session, event.name, day)
        taken.clear()
        outdated = _outdated(lake, objects, known)
        vanished.update(outdated)
        taken.update(
            o.object_id for o in objects if o.object_id in known and known[o.object_id].is_settled
        )
        taken.update(outdated)
        if taken:
            raise _LandedMeanwhile
        _replace_old_content(session, event, day, objects, known)
        if good:
            session.execute(_copy(f"staging.{event.name}", good))
        if quarantine:
            session.execute(_copy("control.quarantined_line", quarantine))
        emptied[:] = neutralise_load(session, lake, event, day, load_id)
        newest_event_at = _prove(session, event, day, load_id, objects)
        _record(
            session,
            lake.bucket,
            event,
            day,
            load_id,
            objects,
            started_at,
            run_id,
            newest_event_at,
        )

    with suppress(_LandedMeanwhile):
        redshift.transaction(f"land_{event.name}", work)
        lake.delete(emptied)
    return taken


def _outdated(
    lake: Lake, objects: Sequence[InspectedObject], known: dict[str, ledger.LedgerObject]
) -> set[str]:
    """Objects whose key holds other content by now, of those whose key has landed content.

    While we inspected, the key may have been written again and landed by another run: what is older must
    never replace what is newer.
    """
    landed_keys = {old.object_key for old in known.values() if old.status == ledger.LANDED}
    outdated = set()
    for found in objects:
        if found.key in landed_keys:
            now = lake.head(found.key)
            if now is None or now.object_id != found.object_id:
                outdated.add(found.object_id)
    return outdated


def _replace_old_content(
    session: Session,
    event: Event,
    day: date,
    objects: Sequence[InspectedObject],
    known: dict[str, ledger.LedgerObject],
) -> None:
    """Removes the rows of what the keys held before, and the traces of content that comes back.

    Content that cannot be read replaces nothing: what is known of the key stays until it can.
    """
    values = {"event_type": event.name, "day": day, "now": _now()}
    new_keys = {o.key for o in objects if o.outcome == ledger.LANDED}
    for old in known.values():
        if old.object_key in new_keys and old.status == ledger.LANDED:
            session.execute(
                f"delete from staging.{event.name} where arrival_date = :day and object_id = :object_id",
                day=day,
                object_id=old.object_id,
            )
            sql.run(session, "landing/supersede", **values, object_id=old.object_id)
    for found in objects:
        if found.object_id in known:
            sql.run(session, "landing/forget_object", **values, object_id=found.object_id)


def _copy(table: str, manifest_url: str) -> str:
    return (
        f"copy {table} from '{_quoted(manifest_url)}' iam_role '{_quoted(settings.copy_role())}'"
        " format as parquet manifest statupdate off"
    )


def _quoted(text: str) -> str:
    # COPY takes no bound values.
    return text.replace("'", "''")


def _prove(
    session: Session, event: Event, day: date, load_id: str, objects: Sequence[InspectedObject]
) -> datetime | None:
    """Compares, object by object, the rows now in the warehouse with the lines that were counted.

    Returns when the newest event of the load was logged, None if no line was good.
    """
    for table, counted in (
        (f"staging.{event.name}", {o.object_id: o.good for o in objects if o.good}),
        (
            "control.quarantined_line",
            {o.object_id: o.quarantined for o in objects if o.quarantined},
        ),
    ):
        stored = {
            object_id: int(rows)
            for object_id, rows in session.rows(
                f"select object_id, count(*) as rows_stored from {table}"
                " where arrival_date = :day and load_id = :load_id group by object_id",
                day=day,
                load_id=load_id,
            )
        }
        if stored != counted:
            names = {o.object_id: o.key for o in objects}
            wrong = sorted(set(stored.items()) ^ set(counted.items()))[0][0]
            raise LandingMismatch(
                f"{table} holds {stored.get(wrong, 0)} rows of {names.get(wrong, wrong)}, "
                f"{counted.get(wrong, 0)} were counted; nothing of load {load_id} was committed"
            )
    newest: datetime | None = session.value(
        f"select max(logged_at) as newest_event_at from staging.{event.name}"
        " where arrival_date = :day and load_id = :load_id",
        day=day,
        load_id=load_id,
    )
    return newest


def _record(
    session: Session,
    bucket: str,
    event: Event,
    day: date,
    load_id: str,
    objects: Sequence[InspectedObject],
    started_at: datetime,
    run_id: str | None,
    newest_event_at: datetime | None,
) -> None:
    now = _now()
    ledger.insert_rows(
        session,
        "control.landed_object",
        [
            {
                "object_id": o.object_id,
                "event_type": event.name,
                "arrival_date": day,
                "bucket": bucket,
                "object_key": o.key,
                "etag": o.etag,
                "size_bytes": o.size_bytes,
                "lines": o.lines,
                "rows_landed": o.good,
                "lines_quarantined": o.quarantined,
                "lines_blank": o.blank,
                "status": o.outcome,
                "reason": o.reason,
                "load_id": load_id,
                "landed_at": now,
            }
            for o in objects
        ],
    )
    sql.run(
        session,
        "landing/record_load",
        load_id=load_id,
        event_type=event.name,
        day=day,
        objects=len(objects),
        rows_landed=sum(o.good for o in objects),
        lines_quarantined=sum(o.quarantined for o in objects),
        started_at=started_at,
        committed_at=now,
        run_id=run_id,
        newest_event_at=newest_event_at,
    )


def _folder(event_type: str, day: date) -> str:
    return f"{keys.LANDING}{event_type}/dt={day.isoformat()}/"


def _manifest(
    lake: Lake, event: Event, day: date, load_id: str, name: str, files: Sequence[ParquetFile]
) -> str | None:
    """Writes the list of files COPY has to read, all of them; returns its URL, None for no files."""
    if not files:
        return None
    key = f"{_folder(event.name, day)}{load_id}/{name}.manifest"
    entries = [
        {
            "url": f"s3://{lake.bucket}/{f.key}",
            # COPY skips a missing file in silence unless it is mandatory.
            "mandatory": True,
            "meta": {"content_length": f.content_length},
        }
        for f in files
    ]
    lake.put(key, json.dumps({"entries": entries}).encode())
    return f"s3://{lake.bucket}/{key}"


def _remove_files(lake: Lake, event_type: str, day: date, load_id: str) -> None:
    """Removes what the load wrote for COPY. A failure here is no failure of the load: the files expire."""
    with suppress(Exception):
        lake.delete([o.key for o in lake.list_prefix(f"{_folder(event_type, day)}{load_id}/")])


def remove_leftovers(lake: Lake) -> int:
    """Removes files under ``landing/`` that killed loads left a day ago or earlier; returns how many."""
    limit = datetime.now(UTC) - _LEFTOVER_AGE
    old = [o.key for o in lake.list_prefix(keys.LANDING) if o.last_modified < limit]
    lake.delete(old)
    return len(old)


def purge_staging(redshift: Redshift, event_type: str, *, today: date) -> int:
    """Removes staged rows older than ``SMS_WAREHOUSE_STAGING_DAYS`` whose loads are all applied.

    Returns the number of rows removed.
    """
    from sms_warehouse.apply import settled_tables

    tables = settled_tables(event_type)
    oldest_kept = today - timedelta(days=settings.staging_days())

    def work(session: Session) -> int:
        # Applying loads reads staging and writes what is applied, the other way round than here.
        session.execute("lock control.landing_mutex, control.warehouse_mutex")
        return session.execute(
            f"delete from staging.{event_type} where arrival_date < :oldest_kept and load_id in ("
            "select l.load_id from control.load as l"
            " inner join control.applied_load as a on a.load_id = l.load_id"
            " where l.event_type = :event_type and l.arrival_date < :oldest_kept"
            f" and a.table_name in ({', '.join(repr(t) for t in tables)})"
            " group by l.load_id having count(distinct a.table_name) = :needed)",
            event_type=event_type,
            oldest_kept=oldest_kept,
            needed=len(tables),
        )

    return redshift.transaction(f"purge_{event_type}", work)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)
