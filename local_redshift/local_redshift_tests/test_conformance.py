"""The conformance table against the local Redshift, through redshift_connector: each row is a test of its own.

A row is here in one of three ways: the local Redshift agrees with the guide, refuses in words (``REFUSED``), or is
known to differ (``KNOWN``). The lists are exact, so that neither a refusal nor an agreement comes or goes unseen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal

import pytest
from local_redshift.conformance import TOPICS, runner
from local_redshift.conformance.outcome import Outcome
from local_redshift.conformance.rows import Row, Scenario, fails, typed, value
from local_redshift.conformance.runner import Runner
from local_redshift.conformance.session import Connect, Session
from local_redshift.conformance.stage import Stage
from local_redshift.testing import RedshiftProcess

from local_redshift import conformance

REFUSED = frozenset(
    {
        "dates: weeks in a year",
        "dates: cut to the millennium",
        "dates: a literal without dashes",
        "dates: the milliseconds",
        "dates: a date and half a day",
        "dates: the name of a month is padded",
        "dates: text read by the name of a month",
        "dates: TO_DATE carries 31 June over",
        "dates: TO_DATE refuses 31 June when strict",
        "dates: MONTHS_BETWEEN",
        "dates: NEXT_DAY",
        "dates: DATE_CMP",
        "time zones: an abbreviation knows no summer",
        "time zones: from one abbreviation to another",
        "time zones: a POSIX zone counts to the west",
        "time zones: AT TIME ZONE of a TIMESTAMPTZ",
        "time zones: AT TIME ZONE of a TIMESTAMP",
        "time zones: a TIMESTAMP ignores an offset",
        "time zones: the year of a TIMESTAMPTZ is a DOUBLE",
        "time zones: the year of a column of TIMESTAMPTZ is a DOUBLE",
        "time zones: the session's zone is UTC",
        "numbers: MOD of a decimal",
        "numbers: a quotient of decimals",
        "numbers: a quotient of decimals shows its scale",
        "conditions: NULLIF ignores trailing blanks",
        "conditions: trailing blanks do not count in a comparison",
        "conditions: IS TRUE may not stand in the select list",
        "texts: NVL fills the gap",
        "texts: blanks beyond the length are cut",
        "texts: VARCHAR alone has 256 bytes",
        "texts: INITCAP",
        "patterns: SIMILAR TO covers the whole text",
        "patterns: SIMILAR TO a part is false",
        "patterns: REGEXP_COUNT without case",
        "patterns: REGEXP_COUNT in PCRE",
        "patterns: REGEXP_INSTR",
        "patterns: REGEXP_INSTR without case",
        "patterns: REGEXP_SUBSTR without case",
        "patterns: REGEXP_REPLACE in PCRE",
        "patterns: an invalid array gives NULL when asked to",
        "patterns: IS_VALID_JSON_ARRAY",
        "aggregates and windows: AVG of integers is a BIGINT",
        "aggregates and windows: AVG of integers is of type BIGINT",
        "aggregates and windows: AVG of a decimal keeps its scale",
        "aggregates and windows: AVG of a decimal has 38 digits",
        "aggregates and windows: SUM of integers is a BIGINT",
        "aggregates and windows: STDDEV of integers is a double",
        "aggregates and windows: LISTAGG of distinct values",
        "aggregates and windows: LISTAGG is a VARCHAR(MAX)",
        "aggregates and windows: MEDIAN of integers",
        "aggregates and windows: RATIO_TO_REPORT",
        "aggregates and windows: QUALIFY",
        "tables: DEFAULT VALUES",
        "tables: IDENTITY takes no values",
        "tables: MERGE takes no subquery",
        "tables: MERGE takes no alias of its target",
        "tables: MERGE takes no WITH",
        "tables: MERGE does not read its target",
        "tables: MERGE REMOVE DUPLICATES",
        "tables: there is no INTERSECT ALL",
        "transactions: TRUNCATE commits",
        "transactions: the schema that is searched",
    }
)

KNOWN = frozenset(
    {
        "conditions: trailing blanks do not count between columns",
        "numbers: a SMALLINT counts as DECIMAL(5,0)",
        "numbers: a product of decimals has all their digits and one more",
    }
)

ALL = [(topic, row) for topic, rows in TOPICS.items() for row in rows]
NAMES = [f"{topic}: {row.name}" for topic, row in ALL]
ROWS = {f"{topic}: {row.name}": row for topic, row in ALL}
PAGE = "r_SELECT_synopsis"


@pytest.fixture(scope="module")
def connect(server: RedshiftProcess) -> Connect:
    return lambda: closing(server.connect(autocommit=True))


@pytest.fixture(scope="module")
def schema(connect: Connect) -> Iterator[str]:
    name = "conformance"
    with connect() as connection:
        Session(connection).execute(f"create schema {name}")
    yield name
    with connect() as connection:
        Session(connection).execute(f"drop schema {name} cascade")


@pytest.fixture(scope="module")
def told() -> list[str]:
    """The progress of the one run of the whole table."""
    return []


@pytest.fixture(scope="module")
def outcomes(connect: Connect, schema: str, told: list[str]) -> dict[str, Outcome]:
    """One run of the whole table, by the names of its rows."""
    found = conformance.run(connect, schema, told.append)
    assert [outcome.name for outcome in found] == NAMES
    return {outcome.name: outcome for outcome in found}


@pytest.fixture(scope="module")
def running(connect: Connect, schema: str) -> Iterator[Runner]:
    running = Runner(connect, schema)
    yield running
    running.close()


@pytest.mark.parametrize("name", NAMES)
def test_the_local_redshift_does_what_the_guide_documents(
    outcomes: dict[str, Outcome], name: str
) -> None:
    outcome = outcomes[name]
    if name in REFUSED:
        assert outcome.agreed is None, outcome
        assert outcome.note.startswith("refused by the local stand-in: ")
    elif name in KNOWN:
        row = ROWS[name]
        assert isinstance(row, Row)
        assert outcome.agreed is None, outcome
        assert outcome.note == f"the local stand-in is known to differ: {row.differs}"
    else:
        assert outcome.agreed is True, outcome


def test_the_table_is_what_it_is_said_to_be() -> None:
    assert [name for name, count in Counter(NAMES).items() if count > 1] == []
    assert set(NAMES) >= REFUSED | KNOWN
    assert {
        f"{topic}: {row.name}" for topic, row in ALL if isinstance(row, Row) and row.differs
    } == KNOWN
    assert len(ALL) - len(REFUSED | KNOWN) >= 120


def test_each_row_has_a_page_of_the_guide() -> None:
    pages = {row.page for _, row in ALL}
    assert [page for page in pages if not re.fullmatch(r"[A-Za-z]\w+(-\w+)*", page)] == []
    assert len(pages) > 100


def test_the_whole_table_runs_in_one_go_and_leaves_nothing(
    outcomes: dict[str, Outcome], told: list[str], connect: Connect, schema: str
) -> None:
    assert {outcome.section for outcome in outcomes.values()} == {"conformance"}
    assert all(outcome.page for outcome in outcomes.values())
    assert told == [f"{topic}: {len(rows)} rows" for topic, rows in TOPICS.items()]
    with connect() as connection:
        left = Session(connection).rows(
            "select table_name from information_schema.tables where table_schema = :schema",
            schema=schema,
        )
    assert left == []


TABLE = ("create table noted (a integer, d decimal(5, 2))", "insert into noted values (1, 1.5)")


@pytest.mark.parametrize(
    "row",
    [
        value("another value", "a from noted", 2, PAGE, TABLE),
        value("another type", "a from noted", Decimal("1"), PAGE, TABLE),
        value("a boolean is no integer", "a = 1 from noted", 1, PAGE, TABLE),
        value("another scale", "d from noted", Decimal("1.5"), PAGE, TABLE),
        value("NULL", "nullif(a, 1) from noted", 0, PAGE, TABLE),
        value("an error", "b from noted", 1, PAGE, TABLE),
        Row("more rows", "select a from noted union all select a from noted", [(1,)], PAGE, TABLE),
        Row("more columns", "select a, a from noted", [(1,)], PAGE, TABLE),
        Row("no rows", "select a from noted where a = 2", [(1,)], PAGE, TABLE),
        fails("no error", "select a from noted", "42703", PAGE, TABLE),
        fails("another error", "select b from noted", "42P01", PAGE, TABLE),
        fails("other words", "select b from noted", "42703", PAGE, TABLE, "no such"),
        fails(
            "an error before", "select b from noted", "42P01", PAGE, ("drop table nothing_here",)
        ),
        typed("another column type", "select d from noted", "numeric(6,2)", PAGE, TABLE),
        typed("an error in the query", "select b from noted", "integer", PAGE, TABLE),
    ],
    ids=lambda row: row.name,
)
def test_what_differs_is_told(running: Runner, row: Row) -> None:
    outcome = running.outcome("tests", row)
    assert outcome.agreed is False
    assert outcome.name == f"tests: {row.name}"
    assert outcome.found
    assert outcome.expected
    assert outcome.found != outcome.expected
    assert outcome.url == f"https://docs.aws.amazon.com/redshift/latest/dg/{PAGE}.html"


def _raising(error: Exception) -> Callable[[Stage], object]:
    def play(_: Stage) -> object:
        raise error

    return play


def test_a_row_that_goes_wrong_leaves_the_others_alone(running: Runner) -> None:
    lost = Scenario("lost", _raising(ConnectionResetError("gone")), 1, PAGE)
    after = value("after it", "1", 1, PAGE)
    assert running.outcome("tests", fails("bad", "selec 1", "42601", PAGE)).agreed is True
    assert running.outcome("tests", after).agreed is True
    outcome = running.outcome("tests", lost)
    assert (outcome.agreed, outcome.found) == (False, "ConnectionResetError: gone")
    assert running.outcome("tests", after).agreed is True


def test_a_cluster_that_refuses_does_not_agree(
    connect: Connect, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the local stand-in may refuse, or be known to differ: a cluster's refusal is a disagreement."""
    monkeypatch.setattr(runner, "_STAND_IN", "another Redshift")
    as_a_cluster = Runner(connect, schema)
    try:
        for topic, row in ALL:
            if f"{topic}: {row.name}" in REFUSED | KNOWN and isinstance(row, Row):
                outcome = as_a_cluster.outcome(topic, row)
                takes_any = outcome.expected == "fails"
                assert outcome.agreed is takes_any, outcome
    finally:
        as_a_cluster.close()
