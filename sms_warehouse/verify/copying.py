"""COPY of Parquet by manifest, and its limits, as the platform's loads rely on them."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from local_redshift.conformance.outcome import Outcome

from sms_warehouse import settings
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift, Session, StatementFailed
from sms_warehouse.verify.scratch import Scratch, ScratchLake

SECTION = "copy"
LOADS = "files of a manifest are loaded, columns by position"

_COLUMNAR = "copy-usage_notes-copy-from-columnar"
_MANIFEST = "loading-data-files-using-manifest"
_TWO_COLUMNS = "id bigint not null, label varchar(4)"
_VARCHAR_MAX = 65_535

Entry = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What was expected and what was found, in words; ``said`` are Redshift's own."""

    expected: str
    found: str
    said: str = ""


@dataclass
class _Copies:
    """Tables, files and manifests of one verification."""

    session: Session
    lake: Lake
    prefix: str
    schema: str
    numbers: Iterator[int]

    def table(self, columns: str) -> str:
        name = f"{self.schema}.copied_{next(self.numbers)}"
        self.session.execute(f"create table {name} ({columns})")
        return name

    def entry(self, rows: pa.Table) -> Entry:
        """A file of these rows, as a manifest names it."""
        buffer = io.BytesIO()
        pq.write_table(rows, buffer)
        key = f"{self.prefix}copy/{next(self.numbers)}.parquet"
        self.lake.put(key, buffer.getvalue())
        return self._entry(key, len(buffer.getvalue()))

    def missing(self) -> Entry:
        """An entry for a file that is not there."""
        return self._entry(f"{self.prefix}copy/{next(self.numbers)}.nothing", 1)

    def _entry(self, key: str, size_bytes: int) -> Entry:
        return {
            "url": f"s3://{self.lake.bucket}/{key}",
            "mandatory": True,
            "meta": {"content_length": size_bytes},
        }

    def statement(self, target: str, *entries: Entry, options: str = "") -> str:
        """The COPY of these files, as landing words it."""
        key = f"{self.prefix}copy/{next(self.numbers)}.manifest"
        self.lake.put(key, json.dumps({"entries": entries}).encode())
        role = settings.copy_role().replace("'", "''")
        return (
            f"copy {target} from 's3://{self.lake.bucket}/{key}' iam_role '{role}'"
            f" format as parquet manifest statupdate off{options}"
        )

    def copy(self, target: str, *entries: Entry) -> int:
        return self.session.execute(self.statement(target, *entries))

    def count(self, table: str) -> int:
        return int(self.session.value(f"select count(*) as stored from {table}"))

    def refusal(self, table: str, statement: str) -> Found:
        """Runs a COPY that has to fail."""
        expected = "an error, 0 rows stored"
        try:
            self.session.execute(statement)
        except StatementFailed as error:
            return Found(expected, f"an error, {self.count(table)} rows stored", error.message)
        return Found(expected, f"no error, {self.count(table)} rows stored")


@dataclass(frozen=True)
class _Case:
    name: str
    page: str
    work: Callable[[_Copies], Found]


def _rows(ids: list[int | None], labels: list[str | None]) -> pa.Table:
    return pa.table({"id": pa.array(ids, pa.int64()), "label": pa.array(labels, pa.string())})


_GOOD = _rows([1, 2, 3], ["a", "é", None])


def _loads_by_position(copies: _Copies) -> Found:
    table = copies.table(_TWO_COLUMNS)
    copies.copy(table, copies.entry(_GOOD), copies.entry(_rows([4], ["d"])))
    found = copies.session.rows(f"select id, label from {table} order by id")
    return Found(repr([(1, "a"), (2, "é"), (3, None), (4, "d")]), repr(found))


def _counts(copies: _Copies) -> Found:
    table = copies.table(_TWO_COLUMNS)
    copies.copy(table, copies.entry(_GOOD), copies.entry(_GOOD))
    return Found("6", str(copies.session.value("select pg_last_copy_count() as copied")))


def _driver_count(copies: _Copies) -> Found:
    return Found("-1", str(copies.copy(copies.table(_TWO_COLUMNS), copies.entry(_GOOD))))


def _column_list(copies: _Copies) -> Found:
    table = copies.table(_TWO_COLUMNS)
    copies.copy(f"{table} (label, id)", copies.entry(_GOOD.select(["label", "id"])))
    found = copies.session.rows(f"select id, label from {table} order by id")
    return Found(repr([(1, "a"), (2, "é"), (3, None)]), repr(found))


def _longest_text(copies: _Copies) -> Found:
    table = copies.table("id bigint, label varchar(65535)")
    # An odd number of bytes, of characters with two.
    text = "x" + "é" * (_VARCHAR_MAX // 2)
    copies.copy(table, copies.entry(_rows([1], [text])))
    (found,) = copies.session.rows(f"select octet_length(label) as bytes, label from {table}")
    state = "unchanged" if found[1] == text else "changed"
    return Found(f"{_VARCHAR_MAX} bytes, unchanged", f"{found[0]} bytes, {state}")


def _text_over(columns: str, text: str) -> Callable[[_Copies], Found]:
    def work(copies: _Copies) -> Found:
        table = copies.table(columns)
        rows = _rows([1, 2], ["ok", text])
        return copies.refusal(table, copies.statement(table, copies.entry(rows)))

    return work


def _file_refused(rows: pa.Table, columns: str = _TWO_COLUMNS) -> Callable[[_Copies], Found]:
    """A file that does not fit, after one that does."""

    def work(copies: _Copies) -> Found:
        table = copies.table(columns)
        return copies.refusal(
            table, copies.statement(table, copies.entry(_GOOD), copies.entry(rows))
        )

    return work


def _entry_refused(change: Callable[[Entry], Entry]) -> Callable[[_Copies], Found]:
    def work(copies: _Copies) -> Found:
        table = copies.table(_TWO_COLUMNS)
        return copies.refusal(table, copies.statement(table, change(copies.entry(_GOOD))))

    return work


def _missing_mandatory(copies: _Copies) -> Found:
    table = copies.table(_TWO_COLUMNS)
    return copies.refusal(table, copies.statement(table, copies.entry(_GOOD), copies.missing()))


def _missing_optional(copies: _Copies) -> Found:
    table = copies.table(_TWO_COLUMNS)
    copies.copy(table, copies.entry(_GOOD), copies.missing() | {"mandatory": False})
    return Found("3 rows", f"{copies.count(table)} rows")


def _no_file(copies: _Copies) -> Found:
    table = copies.table(_TWO_COLUMNS)
    return copies.refusal(table, copies.statement(table, copies.missing() | {"mandatory": False}))


def _maxerror(copies: _Copies) -> Found:
    table = copies.table(_TWO_COLUMNS)
    return copies.refusal(
        table, copies.statement(table, copies.entry(_GOOD), options=" maxerror 5")
    )


def _exact_values(copies: _Copies) -> Found:
    table = copies.table(
        "number decimal(38,6), whole decimal(38,0), moment timestamp, label varchar(64)"
    )
    row = (
        Decimal("-12345678901234567890123456789012.654321"),
        Decimal("99999999999999999999999999999999999999"),
        datetime(2026, 3, 10, 23, 59, 59, 999999),
        "naïve 漢字 🎉 \t ' \\ \"",
    )
    kinds = (pa.decimal128(38, 6), pa.decimal128(38, 0), pa.timestamp("us"), pa.string())
    columns = [pa.array([value], kind) for value, kind in zip(row, kinds, strict=True)]
    copies.copy(table, copies.entry(pa.table(columns, names=["n", "w", "m", "l"])))
    return Found(
        repr([row]), repr(copies.session.rows(f"select number, whole, moment, label from {table}"))
    )


def _rollback(copies: _Copies) -> Found:
    table = copies.table(_TWO_COLUMNS)
    statement = copies.statement(table, copies.entry(_GOOD))
    copies.session.execute("begin")
    copies.session.execute(statement)
    within = copies.count(table)
    copies.session.execute("rollback")
    return Found("3 rows within, 0 after", f"{within} rows within, {copies.count(table)} after")


_CASES: tuple[_Case, ...] = (
    _Case(LOADS, _COLUMNAR, _loads_by_position),
    _Case("pg_last_copy_count() is the rows of the last COPY", "PG_LAST_COPY_COUNT", _counts),
    _Case("the driver tells no row count of a COPY", "", _driver_count),
    _Case(
        "a list of columns says which ones the file holds",
        "copy-parameters-column-mapping",
        _column_list,
    ),
    _Case("65,535 bytes of text land unchanged", "r_Character_types", _longest_text),
    _Case(
        "text of 65,536 bytes fails",
        "r_Character_types",
        _text_over("id bigint, label varchar(65535)", "x" * (_VARCHAR_MAX + 1)),
    ),
    _Case(
        "text one byte over its column's limit fails",
        "r_Character_types",
        _text_over(_TWO_COLUMNS, "long!"),
    ),
    _Case(
        "limits of text are bytes, not characters",
        "r_Character_types",
        _text_over(_TWO_COLUMNS, "ééé"),
    ),
    _Case(
        "decimals of 38 digits, microseconds and any script come out as they went in",
        _COLUMNAR,
        _exact_values,
    ),
    _Case("a missing file that is mandatory fails the COPY", _MANIFEST, _missing_mandatory),
    _Case("a missing file that is not mandatory is passed over", _MANIFEST, _missing_optional),
    _Case("a manifest none of whose files is there fails", _MANIFEST, _no_file),
    _Case(
        "an entry without content_length fails",
        _MANIFEST,
        _entry_refused(lambda entry: {"url": entry["url"], "mandatory": True}),
    ),
    _Case(
        "an entry with a wrong content_length fails",
        _MANIFEST,
        _entry_refused(lambda entry: entry | {"meta": {"content_length": 1}}),
    ),
    _Case("a file with a column too few fails", _COLUMNAR, _file_refused(_GOOD.select(["id"]))),
    _Case(
        "a file with a column too many fails",
        _COLUMNAR,
        _file_refused(_GOOD.append_column("more", pa.array([1, 2, 3]))),
    ),
    _Case(
        "a file with a column of another type fails",
        _COLUMNAR,
        _file_refused(_rows([1], ["a"]).set_column(0, "id", pa.array([1.5], pa.float64()))),
    ),
    _Case(
        "NULL for a column that is NOT NULL fails",
        "r_CREATE_TABLE_NEW",
        _file_refused(_rows([1, None], ["a", "b"])),
    ),
    _Case("MAXERROR is refused", _COLUMNAR, _maxerror),
    _Case("a COPY that is rolled back leaves nothing", "r_ROLLBACK", _rollback),
)


def run(scratch: Scratch, progress: Callable[[str], object]) -> list[Outcome]:
    """Copies small files into tables of the scratch schema."""
    outcomes: list[Outcome] = []
    lake = scratch.lake
    scratch.note("bucket", lake.bucket)
    numbers = itertools.count()
    for case in _CASES:
        progress(f"{SECTION}: {case.name}")
        if outcomes and not outcomes[0].agreed:
            # Where no COPY works, one that has to fail shows nothing.
            note = f"not tried, for it failed that {outcomes[0].name}"
            outcomes.append(Outcome(SECTION, case.name, None, page=case.page, note=note))
        else:
            outcomes.append(_tried(case, scratch, lake, numbers))
    return outcomes


def _tried(case: _Case, scratch: Scratch, lake: ScratchLake, numbers: Iterator[int]) -> Outcome:
    # A session for each: what one case leaves undone must not fail the next.
    try:
        with Redshift().session("verify") as session:
            found = case.work(_Copies(session, lake, lake.prefix, scratch.schema, numbers))
    except StatementFailed as error:
        said = f"{error.state} {error.message}"
        return Outcome(SECTION, case.name, False, "no error", said, case.page)
    return Outcome(
        SECTION,
        case.name,
        found.expected == found.found,
        found.expected,
        found.found,
        case.page,
        found.said,
    )
