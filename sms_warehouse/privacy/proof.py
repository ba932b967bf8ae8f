"""The proof that a person is gone: every text column of every table is searched for what leads to them.

Schema ``pii`` is left out: it is the one place that may tell. Short columns are compared with the person's identifiers;
in long ones, and in files, an identifier has to stand as a word of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sms_warehouse.landing import keys
from sms_warehouse.privacy.landing import EXPORTS, mentions, text_of
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Session

_LONGEST_KEY = 256
_SCHEMAS = ("control", "staging", "warehouse", "reports")
_CANDIDATES = 10_000
_ID = "cast(:recipient_id as varchar(64))"
_IDENTIFIERS = "(select identifier from pii.identifier where request_id = :request_id)"


@dataclass(frozen=True)
class Found:
    """One place that was searched: a table, how many text columns it has, and rows that still name the person."""

    place: str
    columns: int
    rows: int
    where: str


def search(session: Session, lake: Lake, recipient_id: str, request_id: str) -> list[Found]:
    """Searches all tables and files for a person that is on the registry."""
    found = [
        _search_table(session, table, columns, recipient_id, request_id)
        for table, columns in _text_columns(session).items()
    ]
    for prefix in (keys.QUARANTINE, EXPORTS):
        bodies = ((o.key, lake.get(o.key)) for o in lake.list_prefix(prefix))
        rows = sum(
            len(mentions(session, {key: text_of(body)}, request_id))
            for key, body in bodies
            if body is not None
        )
        found.append(Found(f"s3 {prefix}", 1, rows, "content" if rows else ""))
    return found


def _text_columns(session: Session) -> dict[str, dict[str, int]]:
    """The text columns of each table and their bytes; a view shows no more than its tables."""
    schemas = ", ".join(f"'{schema}'" for schema in _SCHEMAS)
    tables: dict[str, dict[str, int]] = {}
    for schema, table, column, size in session.rows(
        "select c.table_schema, c.table_name, c.column_name, c.character_maximum_length"
        " from information_schema.columns as c"
        " join information_schema.tables as t"
        " on t.table_schema = c.table_schema and t.table_name = c.table_name"
        f" where c.table_schema in ({schemas}) and t.table_type = 'BASE TABLE'"
        " and c.data_type = 'character varying'"
        " order by c.table_schema, c.table_name, c.ordinal_position"
    ):
        tables.setdefault(f"{schema}.{table}", {})[column] = int(size)
    return tables


def _search_table(
    session: Session, table: str, columns: dict[str, int], recipient_id: str, request_id: str
) -> Found:
    short = [column for column, size in columns.items() if size <= _LONGEST_KEY]
    counts: dict[str, int] = {}
    if short:
        # One scan each, which reads one column.
        scans = ", ".join(
            f"(select count(*) from {table} where {_condition(column, columns)}) as c{number}"
            for number, column in enumerate(short)
        )
        values = {"request_id": request_id}
        if "recipient_key" in short:
            values["recipient_id"] = recipient_id
        (row,) = session.rows(f"select {scans}", **values)
        counts = dict(zip(short, map(int, row), strict=True))
    for column, size in columns.items():
        if size > _LONGEST_KEY:
            texts = dict(enumerate(_candidates(session, table, column, request_id)))
            counts[column] = len(mentions(session, texts, request_id))
    where = ", ".join(column for column, rows in counts.items() if rows)
    return Found(table, len(columns), sum(counts.values()), where)


def _condition(column: str, columns: dict[str, int]) -> str:
    among = f"{column} in {_IDENTIFIERS}"
    if column == "recipient_key":
        return (
            f"{among} or (left(recipient_key, len({_ID}) + 1) = {_ID} || '#'"
            f" and substring(recipient_key, len({_ID}) + 2, 20) ~ '^[0-9]+$')"
        )
    if column == "msisdn_token" and "recipient_id" in columns:
        # A number may have come to someone else since: that person's rows are theirs.
        return f"{among} and (recipient_id is null or left(recipient_id, 7) = 'erased-')"
    return among


def _candidates(session: Session, table: str, column: str, request_id: str) -> Iterator[str]:
    for (text,) in session.rows(
        f"select distinct searched.{column} from {table} as searched"
        " join pii.identifier as person"
        f" on strpos(searched.{column}, person.identifier) > 0"
        f" where person.request_id = :request_id limit {_CANDIDATES}",
        request_id=request_id,
    ):
        yield text
