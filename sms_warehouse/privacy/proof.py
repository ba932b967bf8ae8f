"""The proof that a person is gone: every text column of every table is searched for what leads to them.

Schema ``pii`` is left out: it is the one place that may tell. Short columns are compared with the person's identifiers;
in long ones, and in files, an identifier has to stand as a word of its own, be it in JSON's escapes. Quarantined lines
are read as erasure reads them, Base64 and files included. The tables are those of the catalog, so
that one which nobody thought of is searched too; ``every_statement`` is what is asked of those we know, for the lint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sms_warehouse import model, sql
from sms_warehouse.landing import keys
from sms_warehouse.migrate import schema_files
from sms_warehouse.privacy.landing import EXPORTS, mentions, quarantined, text_of
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Session

_LONGEST_KEY = 256
_CANDIDATES = 10_000
_ID = "cast(:recipient_id as varchar(64))"
_IDENTIFIERS = "(select identifier from searched_word)"
_LINES = ("control.quarantined_line", "raw_line")


@dataclass(frozen=True)
class Found:
    """One place that was searched: a table, how many text columns it has, and rows that still name the person."""

    place: str
    columns: int
    rows: int
    where: str


def search(session: Session, lake: Lake, recipient_id: str, request_id: str) -> list[Found]:
    """Searches all tables and files for a person that is on the registry."""
    sql.run(session, "privacy/searched", request_id=request_id)
    found = [
        _search_table(session, lake, table, columns, recipient_id, request_id)
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
    tables: dict[str, dict[str, int]] = {}
    for schema, table, column, size in session.rows(
        "select c.table_schema, c.table_name, c.column_name, c.character_maximum_length"
        " from information_schema.columns as c"
        " join information_schema.tables as t"
        " on t.table_schema = c.table_schema and t.table_name = c.table_name"
        " where c.table_schema in ('control', 'staging', 'warehouse', 'reports')"
        " and t.table_type = 'BASE TABLE'"
        " and c.data_type = 'character varying'"
        " order by c.table_schema, c.table_name, c.ordinal_position"
    ):
        tables.setdefault(f"{schema}.{table}", {})[column] = int(size)
    return tables


def _search_table(
    session: Session,
    lake: Lake,
    table: str,
    columns: Mapping[str, int],
    recipient_id: str,
    request_id: str,
) -> Found:
    short, long = _by_size(columns)
    counts: dict[str, int] = {}
    if short:
        statement = _scans(table, short)
        wanted = {"recipient_id": recipient_id} if statement.parameters else {}
        (row,) = session.rows(statement.text, **wanted)
        counts = dict(zip(short, map(int, row), strict=True))
    for column in long:
        pages: Iterator[dict[object, str]]
        if (table, column) == _LINES:
            lines = quarantined(session, lake)
            pages = ({line.place: line.text for line in page} for page in lines)
        else:
            texts = _pages(session, _candidates(table, column))
            pages = (dict(enumerate(page)) for page in texts)
        counts[column] = sum(len(mentions(session, page, request_id)) for page in pages)
    where = ", ".join(column for column, rows in counts.items() if rows)
    return Found(table, len(columns), sum(counts.values()), where)


def every_statement() -> Iterator[sql.Statement]:
    """What a search asks of the tables that ``sql/schema`` makes."""
    for table in (table for path in schema_files() for table in model.tables(path)):
        if table.is_view or table.schema == "pii":
            continue
        short, long = _by_size(
            {
                column.name: int(column.type.removeprefix("varchar(").removesuffix(")"))
                for column in table.columns
                if column.type.startswith("varchar")
            }
        )
        if short:
            yield _scans(table.full_name, short)
        for column in long:
            if (table.full_name, column) != _LINES:
                yield _candidates(table.full_name, column)


def _by_size(columns: Mapping[str, int]) -> tuple[list[str], list[str]]:
    short = [column for column, size in columns.items() if size <= _LONGEST_KEY]
    return short, [column for column in columns if column not in short]


def _scans(table: str, columns: Sequence[str]) -> sql.Statement:
    """Counts the rows that name the person, by column: one scan each, which reads one column."""
    scans = ", ".join(
        f"(select count(*) from {table} where {_condition(column, columns)}) as c{number}"
        for number, column in enumerate(columns)
    )
    return _statement(f"select {scans}")


def _condition(column: str, columns: Sequence[str]) -> str:
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


def _pages(session: Session, statement: sql.Statement) -> Iterator[list[str]]:
    last = ""
    while page := session.rows(statement.text, last=last):
        yield [text for (text,) in page]
        last = page[-1][0]


def _candidates(table: str, column: str) -> sql.Statement:
    """Texts that may hold an identifier of the person, be it as a part of a longer word; the next after ``last``.

    In JSON's escapes anything may stand: ``\\u00`` is how those of the characters of identifiers begin.
    """
    return _statement(
        f"select distinct searched.{column} from {table} as searched"
        " join searched_word as person"
        f" on strpos(searched.{column}, person.identifier) > 0"
        f" or strpos(searched.{column}, chr(92) || 'u00') > 0"
        f" where searched.{column} > :last"
        f" order by searched.{column} limit {_CANDIDATES}"
    )


def _statement(text: str) -> sql.Statement:
    (statement,) = sql.split(text)
    return statement
