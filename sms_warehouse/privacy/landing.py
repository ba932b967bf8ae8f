"""What landing owes to people who were erased: their lines are counted and proved like any others, and name nobody.

Runs inside the transaction that lands a load, after COPY and before COMMIT, so no reader ever sees the rows as they
came. Where nobody was ever erased it costs one query. S3 takes no part in the transaction: files of lines that were too
long for a column are removed after COMMIT, by ``pii.emptied_line``, as often as it takes.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any, TypeVar

from sms_warehouse import sql
from sms_warehouse.landing import keys
from sms_warehouse.landing.events import Event
from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.privacy import statements, treatment
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Session

Place = TypeVar("Place", bound=Any)

EXPORTS = "exports/"

_WORDS_PER_QUERY = 500
_LINES_PER_PAGE = 1000
_DELIMITERS = re.compile(r"[\"'\\\s,;{}\[\]()<>\0]+")
_PAIR = re.compile(r"[:=]")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_STAGING = {table.bare: table for table in treatment.STAGING}
_LINE_KEY = re.compile(r"(?:.*/)?(?P<object_id>[^/]+)/(?P<line_number>\d+)")


@dataclass(frozen=True)
class Emptied:
    """Quarantined lines that were emptied, and the keys of their files, which are to be removed after COMMIT."""

    lines: int = 0
    files: list[str] = field(default_factory=list)


def neutralise_load(
    session: Session, lake: Lake, event: Event, day: date, load_id: str
) -> list[str]:
    """Takes erased people out of what a load has just brought into staging and quarantine.

    Returns the keys of files to remove once that is committed.
    """
    if not session.rows("select 1 as found from pii.erasure_registry limit 1"):
        return []
    if event.name in _STAGING:
        neutralise_staging(session, event.name, day=day, load_id=load_id)
    return empty_lines(session, lake, day=day, load_id=load_id).files


def neutralise_staging(session: Session, event_type: str, **load: object) -> int:
    """Takes erased people out of a staging table: out of rows of a load, by ``day`` and ``load_id``, or out of all.

    Returns how many rows changed.
    """
    table, of_load = _STAGING[event_type], bool(load)
    requests = {
        request_id: has_new_token
        for statement in statements.heard(table, of_load=of_load)
        for request_id, has_new_token in session.rows(statement.text, **load)
    }
    for statement in statements.noted(table, of_load=of_load):
        session.execute(statement.text, **load)
    for request_id, has_new_token in requests.items():
        # Before a STOP loses whose it is.
        sql.run(session, "privacy/suppress", request_id=request_id)
        if has_new_token:
            # Answers by it may have landed before and been taken for somebody else's: the request is open again.
            session.execute(
                "update pii.erasure_registry set erased_at = null where request_id = :request_id",
                request_id=request_id,
            )
    return sum(
        max(session.execute(statement.text, **load), 0)
        for statement in statements.staged(table, of_load=of_load)
    )


def empty_lines(session: Session, lake: Lake, **load: object) -> Emptied:
    """Empties quarantined lines that name an erased person: those of a load, by ``day`` and ``load_id``, or all.

    Count, place and reason stay. A line that was emptied before is emptied again without a look at it: when its content
    comes back, its file may have been removed already.
    """
    scope = "arrival_date = :day and load_id = :load_id" if load else "1 = 1"
    lines, files = 0, []
    for page in quarantined(session, lake, scope, load):
        named = mentions(session, {line.place: line.text for line in page}, spares_held=True)
        emptied = [line for line in page if line.is_known or line.place in named]
        for line in emptied:
            object_id, number = line.place
            session.execute(
                "update control.quarantined_line set raw_line = null, raw_line_key = null, is_base64 = false"
                f" where object_id = :object_id and line_number = :line_number and {scope}",
                object_id=object_id,
                line_number=number,
                **load,
            )
        _record_lines(session, {x.place: named[x.place] for x in emptied if not x.is_known})
        lines += len(emptied)
        files += [line.key for line in emptied if line.key is not None]
    return Emptied(lines, files)


def _record_lines(session: Session, lines: Mapping[tuple[str, int], str]) -> None:
    insert_rows(
        session,
        "pii.erased_line",
        [
            {"request_id": request_id, "object_id": object_id, "line_number": number}
            for (object_id, number), request_id in lines.items()
        ],
    )


@dataclass(frozen=True)
class Quarantined:
    """A quarantined line with its whole text; ``key`` is that of its file, ``is_known`` whether no text may be left."""

    place: tuple[str, int]
    text: str
    key: str | None
    is_known: bool


def quarantined(
    session: Session,
    lake: Lake,
    scope: str = "1 = 1",
    load: Mapping[str, object] = MappingProxyType({}),
) -> Iterator[list[Quarantined]]:
    """The lines in quarantine that have a text, page by page."""
    last: tuple[str, int] = ("", 0)
    while page := session.rows(
        "select line.object_id, line.line_number, line.raw_line, line.is_base64, line.raw_line_key,"
        " emptied.object_id is not null as is_known"
        " from control.quarantined_line as line left join pii.emptied_line as emptied"
        " on emptied.object_id = line.object_id and emptied.line_number = line.line_number"
        " where (line.raw_line is not null or line.raw_line_key is not null)"
        " and (line.object_id > :last_id or (line.object_id = :last_id and line.line_number > :last_line))"
        f" and {scope} order by line.object_id, line.line_number limit {_LINES_PER_PAGE}",
        last_id=last[0],
        last_line=last[1],
        **load,
    ):
        yield [
            Quarantined((object_id, number), _whole(lake, text, is_base64, key), key, is_known)
            for object_id, number, text, is_base64, key, is_known in page
        ]
        last = (page[-1][0], page[-1][1])


def remove_files(session: Session, lake: Lake) -> int:
    """Removes the files of lines of which no text may be left; returns how many there were.

    Whoever was killed between COMMIT and this has left some, and so has a load that another one overtook.
    """
    waiting = {
        place: found.key
        for found in lake.list_prefix(keys.QUARANTINE)
        if (place := _place(found.key))
    }
    if not waiting:
        return 0
    places = session.rows("select object_id, line_number from pii.emptied_line")
    gone = [waiting[place] for row in places if (place := (row[0], int(row[1]))) in waiting]
    lake.delete(gone)
    return len(gone)


def _place(key: str) -> tuple[str, int] | None:
    """The line whose file a key under quarantine/ names."""
    parts = _LINE_KEY.fullmatch(key)
    return (parts["object_id"], int(parts["line_number"])) if parts else None


def _whole(lake: Lake, raw_line: str | None, is_base64: bool, raw_line_key: str | None) -> str:
    """A quarantined line as text."""
    body = lake.get(raw_line_key) if raw_line_key is not None else None
    if body is not None:
        return text_of(body)
    if raw_line is None:
        return ""
    if not is_base64:
        return raw_line
    # The beginning of a line that is too long may end within a group of four.
    whole_groups = raw_line[: len(raw_line) // 4 * 4]
    try:
        return base64.b64decode(whole_groups).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return raw_line


def text_of(body: bytes) -> str:
    """The text of a stored object, compressed or not; what is no text reads as marks."""
    with suppress(OSError, EOFError):
        body = gzip.decompress(body)
    return body.decode("utf-8", "replace")


def words(text: str) -> set[str]:
    """What may be an identifier in a line, whatever is wrong with the line."""
    if "\\u" in text:
        text += " " + _ESCAPED.sub(lambda escape: chr(int(escape[1], 16)), text)
    whole = {word for word in _DELIMITERS.split(text) if word}
    parts = {part for word in whole for part in _PAIR.split(word) if part}
    found = whole | parts
    # A recipient_key is a recipient_id, '#' and a number.
    found |= {word.rpartition("#")[0] for word in found if "#" in word}
    return {word for word in found if 0 < len(word.encode("utf-8", "replace")) <= 64}


def mentions(
    session: Session,
    texts: Mapping[Place, str],
    request_id: str | None = None,
    *,
    spares_held: bool = False,
) -> dict[Place, str]:
    """Of texts, those that name an erased person, each with the request; of one request alone, if it is given.

    ``spares_held`` leaves out those that name somebody under legal hold, whoever else they name.
    """
    by_place = {place: words(text) for place, text in texts.items()}
    known = _known(session, set().union(*by_place.values()), request_id)
    held = _held(session) if spares_held and known else set()
    return {
        place: known[min(hits)]
        for place, found in by_place.items()
        if (hits := found & known.keys()) and held.isdisjoint(found)
    }


def _held(session: Session) -> set[str]:
    return {
        word
        for (word,) in session.rows(
            "select person.identifier as word from pii.identifier as person"
            " left join pii.erasable_request as erasable on erasable.request_id = person.request_id"
            " where erasable.request_id is null"
            " union select recipient_id as word from pii.legal_hold where released_at is null"
        )
    }


def _known(session: Session, asked: Iterable[str], request_id: str | None) -> dict[str, str]:
    names = [f"word_{n}" for n in range(_WORDS_PER_QUERY)]
    statement = (
        "select identifier, min(request_id) as first_request from pii.identifier"
        f" where identifier in ({', '.join(':' + name for name in names)})"
        " and request_id = coalesce(cast(:request_id as varchar(64)), request_id) group by identifier"
    )
    # Most words are of a length that no identifier has.
    lengths = {
        int(length)
        for (length,) in session.rows(
            "select distinct len(identifier) as length from pii.identifier"
        )
    }
    waiting = sorted({word for word in asked if len(word) in lengths and _is_storable(word)})
    found: dict[str, str] = {}
    for begin in range(0, len(waiting), _WORDS_PER_QUERY):
        chunk = waiting[begin : begin + _WORDS_PER_QUERY]
        padded = chunk + [chunk[-1]] * (_WORDS_PER_QUERY - len(chunk))
        found.update(
            session.rows(statement, request_id=request_id, **dict(zip(names, padded, strict=True)))
        )
    return found


def _is_storable(word: str) -> bool:
    """Whether a word can be bound as a value: escapes in JSON can spell halves of characters."""
    return not any("\ud800" <= character <= "\udfff" for character in word)


def empty_files(session: Session, lake: Lake, request_id: str) -> int:
    """Takes a person out of files under exports/, and lists files under quarantine/ that name them for removal.

    Returns how many files under exports/ changed. Files of quarantined lines went by their lines; what is left is of
    loads that were never committed, or are about to be.
    """
    changed = 0
    for found in lake.list_prefix(keys.QUARANTINE):
        body = lake.get(found.key)
        text = {found.key: text_of(body)} if body is not None else {}
        named = mentions(session, text, request_id, spares_held=True)
        if named and (place := _place(found.key)) is not None:
            _record_lines(session, {place: named[found.key]})
        elif named:
            # No line is of it.
            lake.delete([found.key])
    for found in lake.list_prefix(EXPORTS):
        body = lake.get(found.key)
        if body is None:
            continue
        lines = dict(enumerate(text_of(body).splitlines(keepends=True)))
        gone = mentions(session, lines, request_id, spares_held=True)
        if gone:
            kept = "".join(line for number, line in lines.items() if number not in gone)
            lake.put(found.key, gzip.compress(kept.encode()))
            changed += 1
    return changed
