"""How long texts may be: declared, copied by CREATE TABLE AS and LIKE, and told of views."""

from __future__ import annotations

import pytest
from local_redshift.testing import Client


@pytest.fixture
def source(client: Client) -> Client:
    client.run(
        "create table t.source (id integer, four varchar(4), also_four varchar(4), six varchar(6))"
    )
    client.run("insert into t.source values (1, 'four', 'abcd', 'sixsix'), (2, 'é', null, '')")
    client.run("create view t.seen as select id, four as renamed, six from t.source")
    return client


LENGTHS = """
    select column_name, character_maximum_length from svv_columns
    where table_name = %s order by ordinal_position
"""

KNOWN = [
    ("select four as x from t.source", 4),
    ("select * from (select four as x from t.source) as q", 4),
    ("select renamed as x from t.seen", 4),
    ("with q as (select four from t.source) select q.four as x from q", 4),
    ("with q (x) as (select six from t.source) select x from q", 6),
    ("select s.x from (select six from t.source) as s (x)", 6),
    ("select a.four as x from t.source as a join t.source as b using (id)", 4),
    ("select four as x from t.source union all select also_four from t.source", 4),
    ("select max(four) as x from t.source", 4),
    ("select count(*) as n, min(six) as x from t.source group by id", 6),
    ("select lag(four) over (order by id) as x from t.source", 4),
    ("select case when id = 1 then four else also_four end as x from t.source", 4),
    ("select case when id = 1 then four end as x from t.source", 4),
    ("select coalesce(four, also_four) as x from t.source", 4),
    ("select nvl(four, null) as x from t.source", 4),
    ("select (select max(six) from t.source) as x", 6),
    ("select cast(four || six as varchar(20)) as x from t.source", 20),
    ("select 'literal'::varchar(max) as x", 65535),
]
UNKNOWN = [
    "select 'literal' as x",
    "select four || six as x from t.source",
    "select upper(four) as x from t.source",
    "select coalesce(four, six) as x from t.source",
    "select four as x from t.source union all select six from t.source",
    "select cast(four as varchar) as x from t.source",
    "select case when id = 1 then four else 'none' end as x from t.source",
]


@pytest.mark.parametrize(("query", "size"), KNOWN)
def test_a_table_made_of_a_query_keeps_its_lengths(source: Client, query: str, size: int) -> None:
    source.run(f"create table t.made as {query}")
    source.run(f"create view t.told as {query}")
    assert dict(source.rows(LENGTHS, ("made",)))["x"] == size
    assert dict(source.rows(LENGTHS, ("told",)))["x"] == size
    source.run("insert into t.made (x) values (%s)", ("y" * size,))
    if size < 65535:
        assert (
            source.error("insert into t.made (x) values (%s)", ("y" * (size + 1),))["C"] == "22001"
        )


def test_a_table_made_of_one_that_was_altered_has_the_lengths_of_now(source: Client) -> None:
    source.run("drop view t.seen")
    source.run("alter table t.source alter column also_four type varchar(9)")
    source.run("alter table t.source add column eight varchar(8)")
    source.run("alter table t.source rename column six to sixth")
    source.run("alter table t.source rename to renamed")
    expected = {"id": None, "four": 4, "also_four": 9, "sixth": 6, "eight": 8}
    source.run("create table t.made as select * from t.renamed")
    source.run("create table t.alike (like t.renamed)")
    source.run("create table t.copied (like t.alike)")
    source.run("create table t.made_of_copy as select * from t.copied")
    for table in ("renamed", "made", "alike", "copied", "made_of_copy"):
        assert dict(source.rows(LENGTHS, (table,))) == expected


def test_a_table_whose_lengths_nobody_recorded_has_them(source: Client) -> None:
    """CREATE TABLE AS records none, nor did earlier versions: they are in DuckDB's checks."""
    source.run("create table t.made as select four, six from t.source")
    source.run("alter table t.made alter column four type varchar(5)")
    source.run("alter table t.made add column seven varchar(7)")
    source.run("create table t.again as select * from t.made")
    assert dict(source.rows(LENGTHS, ("again",))) == {"four": 5, "six": 6, "seven": 7}


@pytest.mark.parametrize("query", UNKNOWN)
def test_a_length_nobody_knows_is_asked_for(source: Client, query: str) -> None:
    found = source.error(f"create table t.made as {query}")
    assert (found["C"], "CAST(... AS VARCHAR(n))" in found["M"]) == ("0A000", True), found
    source.run(f"create temp table made as {query}")
    rows = source.value("select count(*) from made where x is not null")
    assert rows
    for write in ("insert into made values ('a')", "update made set x = 'a'"):
        found = source.error(write)
        assert (found["C"], "CAST(... AS VARCHAR(n))" in found["M"]) == ("0A000", True), found
    assert source.value("select count(*) from made where x is not null") == rows


def test_writes_to_the_other_columns_of_such_a_table_go_on(source: Client) -> None:
    source.run("create temp table made as select id, four, upper(six) as x from t.source")
    source.run("update made set id = 5, four = 'more' where id = 1")
    source.run("insert into made (id, four) values (6, 'fore')")
    assert source.rows("select id, four, x from made order by id") == [
        (2, "é", ""),
        (5, "more", "SIXSIX"),
        (6, "fore", None),
    ]
    assert source.error("insert into made (four) values ('too long')")["C"] == "22001"


def test_only_trailing_blanks_too_many_are_refused_in_words(source: Client) -> None:
    for write in (
        "insert into t.source (four) values ('a    ')",
        "update t.source set four = 'a    '",
        "insert into t.source (four) select 'a    '",
    ):
        found = source.error(write)
        assert (found["C"], "Redshift cuts the blanks" in found["M"]) == ("0A000", True), found
    source.run("insert into t.source (id, four) values (3, 'a   ')")
    assert source.value("select len(four) from t.source where id = 3") == 4


def test_columns_need_a_type_and_a_name_of_their_own(source: Client) -> None:
    assert source.error("create table t.made as select null as x")["C"] == "0A000"
    assert source.error("create table t.made as select 1 as x, 2 as x")["C"] == "42701"
    assert source.error("create table t.made (a, b) as select 1 as x")["C"] == "42601"
    assert source.error("create table t.made as select 1 as x where 1 = %s", (1,))["C"] == "0A000"
    assert source.error("create table t.made distkey (y) as select 1 as x")["C"] == "42703"
