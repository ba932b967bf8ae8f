"""What landing owes to people who were erased: their lines are counted and proved like any others, and name nobody.

Runs inside the transaction that lands a load, after COPY and before COMMIT, so no reader ever sees the rows as they
came. Where nobody was ever erased it costs one query.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from typing import Any, TypeVar

from sms_warehouse.landing import keys
from sms_warehouse.landing.events import Event
from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.privacy import treatment
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


def neutralise_load(session: Session, lake: Lake, event: Event, day: date, load_id: str) -> None:
    """Takes erased people out of what a load has just brought into staging and quarantine."""
    if not session.rows("select 1 as found from pii.erasure_registry limit 1"):
        return
    if event.name in _STAGING:
        neutralise_staging(session, event.name, day=day, load_id=load_id)
    empty_lines(session, lake, day=day, load_id=load_id)


def neutralise_staging(session: Session, event_type: str, **load: object) -> int:
    """Takes erased people out of a staging table: out of rows of a load, by ``day`` and ``load_id``, or out of all.

    Returns how many rows changed.
    """
    table, of_load = _STAGING[event_type], bool(load)
    for statement in treatment.noted(table, of_load=of_load):
        session.execute(statement.text, **load)
    return sum(
        max(session.execute(statement.text, **load), 0)
        for statement in treatment.staged(table, of_load=of_load)
    )


def empty_lines(session: Session, lake: Lake, **load: object) -> int:
    """Empties quarantined lines that name an erased person: those of a load, by ``day`` and ``load_id``, or all.

    Count, place and reason stay. Returns how many were emptied.
    """
    scope = "arrival_date = :day and load_id = :load_id" if load else "1 = 1"
    emptied = 0
    for page in _pages(session, scope, load):
        texts = {
            (object_id, number): _whole(lake, raw_line, is_base64, raw_line_key)
            for object_id, number, raw_line, is_base64, raw_line_key in page
        }
        found = mentions(session, texts)
        keys_of = {(row[0], row[1]): row[4] for row in page}
        lake.delete([key for place in found if (key := keys_of[place]) is not None])
        for object_id, number in found:
            session.execute(
                "update control.quarantined_line set raw_line = null, raw_line_key = null, is_base64 = false"
                f" where object_id = :object_id and line_number = :line_number and {scope}",
                object_id=object_id,
                line_number=number,
                **load,
            )
        insert_rows(
            session,
            "pii.erased_line",
            [
                {"request_id": request_id, "object_id": object_id, "line_number": number}
                for (object_id, number), request_id in found.items()
            ],
        )
        emptied += len(found)
    return emptied


def _pages(
    session: Session, scope: str, load: Mapping[str, object]
) -> Iterator[list[tuple[Any, ...]]]:
    last: tuple[str, int] = ("", 0)
    while page := session.rows(
        "select object_id, line_number, raw_line, is_base64, raw_line_key from control.quarantined_line"
        " where (raw_line is not null or raw_line_key is not null)"
        " and (object_id > :last_id or (object_id = :last_id and line_number > :last_line))"
        f" and {scope} order by object_id, line_number limit {_LINES_PER_PAGE}",
        last_id=last[0],
        last_line=last[1],
        **load,
    ):
        yield page
        last = (page[-1][0], page[-1][1])


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
    session: Session, texts: Mapping[Place, str], request_id: str | None = None
) -> dict[Place, str]:
    """Of texts, those that name an erased person, each with the request; of one request alone, if it is given."""
    by_place = {place: words(text) for place, text in texts.items()}
    known = _known(session, set().union(*by_place.values()), request_id)
    return {
        place: known[min(hits)]
        for place, found in by_place.items()
        if (hits := found & known.keys())
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
    """Removes what files under quarantine/ and exports/ say of a person; returns how many files changed."""
    changed = 0
    for found in lake.list_prefix(keys.QUARANTINE):
        if (body := lake.get(found.key)) is not None and mentions(
            session, {found.key: text_of(body)}, request_id
        ):
            session.execute(
                "update control.quarantined_line set raw_line = null, raw_line_key = null, is_base64 = false"
                " where raw_line_key = :key",
                key=found.key,
            )
            lake.delete([found.key])
            changed += 1
    for found in lake.list_prefix(EXPORTS):
        body = lake.get(found.key)
        if body is None:
            continue
        lines = dict(enumerate(text_of(body).splitlines(keepends=True)))
        gone = mentions(session, lines, request_id)
        if gone:
            kept = "".join(line for number, line in lines.items() if number not in gone)
            lake.put(found.key, gzip.compress(kept.encode()))
            changed += 1
    return changed
