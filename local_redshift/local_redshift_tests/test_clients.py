"""Other clients than the platform's driver and psql, and what clients ask to find out what there is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pandas as pd
import psycopg
import pytest
import sqlalchemy as sa
from local_redshift.testing import PASSWORD, Client, RedshiftProcess

UTC = dt.UTC


@pytest.fixture
def tables(client: Client) -> Client:
    """A schema with all that can be declared."""
    client.run(
        "create table t.seen (id bigint not null primary key, name varchar(7) default 'x', "
        "amount numeric(10, 2) encode az64, at timestamp, unique (name, amount)) distkey (id) sortkey (at, id)"
    )
    client.run(
        "create table t.kid (seen_id bigint references t.seen (id), note varchar) diststyle all"
    )
    client.run("create view t.bound as select id, name from t.seen")
    client.run("create view t.late as select name from t.seen with no schema binding")
    client.run("comment on table t.seen is 'what was seen'")
    client.run("comment on column t.seen.at is 'when'")
    client.run("insert into t.seen (id, amount) values (1, 1.25), (2, null)")
    return client


# ---------- psycopg


@pytest.fixture
def psycopg_client(client: Client, server: RedshiftProcess) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(
        host="127.0.0.1",
        port=server.port,
        user="warehouse",
        password=PASSWORD,
        dbname="dev",
        autocommit=True,
    ) as connection:
        yield connection


VALUES = (
    7,
    2**40,
    "it's \\ é",
    Decimal("1.50"),
    0.1,
    True,
    dt.date(2026, 1, 2),
    dt.datetime(2026, 1, 2, 3, 4, 5, 600000),
    dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    None,
)
COLUMNS = (
    "a integer, b bigint, c varchar(20), d numeric(10, 2), e float8, f boolean, g date, h timestamp, "
    "i timestamptz, j varchar(3)"
)


def test_psycopg_writes_and_reads_every_type(psycopg_client: psycopg.Connection[Any]) -> None:
    psycopg_client.execute(f"create table t.every ({COLUMNS})")
    places = ", ".join(["%s"] * len(VALUES))
    assert psycopg_client.execute(f"insert into t.every values ({places})", VALUES).rowcount == 1
    assert psycopg_client.execute("select * from t.every").fetchall() == [VALUES]


def test_psycopg_may_bind_by_the_thousand(psycopg_client: psycopg.Connection[Any]) -> None:
    """It sends them in one pipeline, and prepares the statement on the way."""
    psycopg_client.execute("create table t.many (a integer, b varchar(9))")
    with psycopg_client.cursor() as cursor:
        cursor.executemany(
            "insert into t.many values (%s, %s)", [(n, f"row {n}") for n in range(1000)]
        )
    found = psycopg_client.execute("select count(*), sum(a)::bigint, min(b) from t.many")
    assert found.fetchall() == [(1000, 499500, "row 0")]


def test_a_number_is_not_sent_in_a_binary_form_that_psycopg_would_misread(
    psycopg_client: psycopg.Connection[Any],
) -> None:
    query = "select cast(1.5 as numeric(10, 2)) as n, cast(2 as bigint) as b"
    with psycopg_client.cursor(binary=True) as cursor:
        with pytest.raises(psycopg.errors.FeatureNotSupported, match=r'column "n".*ask for text'):
            cursor.execute(query)
        assert cursor.execute("select cast(2 as bigint) as b").fetchall() == [(2,)]
    assert psycopg_client.execute(query).fetchall() == [(Decimal("1.50"), 2)]


def test_a_relation_may_be_named_with_the_database(
    psycopg_client: psycopg.Connection[Any],
) -> None:
    psycopg_client.execute('create table "dev"."t"."named" (a integer)')
    psycopg_client.execute("insert into dev.t.named values (1)")
    query = 'select n.a, dev.t.named.a from dev.t.named, "dev"."t"."named" as n'
    assert psycopg_client.execute(query).fetchall() == [(1, 1)]
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        psycopg_client.execute("select a from elsewhere.t.named")


def test_psycopg_can_prepare_a_query_that_comes_again(
    psycopg_client: psycopg.Connection[Any],
) -> None:
    psycopg_client.execute("create table t.one (a integer)")
    psycopg_client.execute("insert into t.one values (1), (2), (3)")
    counts = [
        psycopg_client.execute(
            "select count(*) from t.one where a > %s", (n,), prepare=True
        ).fetchone()
        for n in range(4)
    ]
    assert counts == [(3,), (2,), (1,), (0,)]


def test_psycopg_rolls_back_and_tells_errors_apart(
    psycopg_client: psycopg.Connection[Any],
) -> None:
    psycopg_client.execute("create table t.one (a integer)")

    def insert_and_fail() -> None:
        with psycopg_client.transaction():
            psycopg_client.execute("insert into t.one values (1)")
            psycopg_client.execute("select * from t.nothing")

    with pytest.raises(psycopg.errors.UndefinedTable):
        insert_and_fail()
    with pytest.raises(psycopg.errors.DivisionByZero):
        psycopg_client.execute("select 1 / (a - a) from (select 1 as a) as x")
    assert psycopg_client.execute("select count(*) from t.one").fetchone() == (0,)


# ---------- SQLAlchemy, with Redshift's dialect


@pytest.fixture
def engine(client: Client, server: RedshiftProcess) -> Iterator[sa.Engine]:
    url = sa.URL.create(
        "redshift+redshift_connector", "warehouse", PASSWORD, "127.0.0.1", server.port, "dev"
    )
    engine = sa.create_engine(url, connect_args={"ssl": False})
    yield engine
    engine.dispose()


def test_sqlalchemy_writes_and_reads(engine: sa.Engine) -> None:
    table = sa.Table(
        "item",
        sa.MetaData(schema="t"),
        sa.Column("id", sa.BigInteger, redshift_distkey=True),
        sa.Column("name", sa.String(9)),
        sa.Column("price", sa.Numeric(10, 2)),
        redshift_sortkey="id",
    )
    table.create(engine)
    with engine.begin() as connection:
        rows = [{"id": n, "name": f"no {n}", "price": Decimal(n) / 4} for n in range(5)]
        connection.execute(table.insert(), rows)
        connection.execute(table.update().where(table.c.id == 1).values(name="first"))
        connection.execute(table.delete().where(table.c.id.in_([2, 3])))
    query = sa.select(table).order_by(table.c.id.desc()).limit(2)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(query)]
    assert found == [(4, "no 4", Decimal("1.00")), (1, "first", Decimal("0.25"))]


def test_sqlalchemy_finds_what_there_is(tables: Client, engine: sa.Engine) -> None:
    found = sa.inspect(engine)
    assert {"t", "public"} <= set(found.get_schema_names())
    assert sorted(found.get_table_names("t")) == ["kid", "seen"]
    assert sorted(found.get_view_names("t")) == ["bound", "late"]
    assert (found.has_table("seen", "t"), found.has_table("nothing", "t")) == (True, False)
    assert "FROM t.seen" in found.get_view_definition("bound", "t")
    assert found.get_table_comment("seen", "t") == {"text": "what was seen"}
    assert found.get_pk_constraint("seen", "t")["constrained_columns"] == ["id"]
    (key,) = found.get_foreign_keys("kid", "t")
    assert (key["referred_table"], key["referred_columns"]) == ("seen", ["id"])
    assert found.get_table_options("seen", "t") == {
        "redshift_diststyle": "KEY",
        "redshift_distkey": "id",
        "redshift_sortkey": ("at", "id"),
        "redshift_interleaved_sortkey": None,
    }


def test_pandas_reads_through_sqlalchemy(tables: Client, engine: sa.Engine) -> None:
    frame = pd.read_sql("select id, amount from t.seen order by id", engine)
    assert frame["id"].tolist() == [1, 2]
    assert frame["amount"][0] == 1.25


# ---------- what the driver asks for its metadata, as tools on JDBC do


def test_the_drivers_metadata_are_answered(tables: Client) -> None:
    cursor = tables.cursor
    assert ["t", "dev"] in [list(row) for row in cursor.get_schemas()]
    assert [list(row) for row in cursor.get_catalogs()] == [["dev"]]
    listed = cursor.get_tables(schema_pattern="t", table_name_pattern="%")
    assert sorted((row[2], row[3], row[4]) for row in listed) == [
        ("bound", "VIEW", None),
        ("kid", "TABLE", None),
        ("late", "VIEW", None),
        ("seen", "TABLE", "what was seen"),
    ]
    columns = cursor.get_columns(schema_pattern="t", tablename_pattern="seen")
    assert [(row[3], row[5], row[6], row[8], row[17]) for row in columns] == [
        ("id", "int8", 19, 0, "NO"),
        ("name", "varchar", 7, 0, "YES"),
        ("amount", "numeric", 10, 2, "YES"),
        ("at", "timestamp", 29, 6, "YES"),
    ]


# ---------- system relations

ANSWERED = {
    "the search path decides what pg_table_def shows": (
        'select "column", type, encoding, distkey, sortkey, "notnull" from pg_table_def '
        "where tablename = 'seen' order by sortkey, \"column\"",
        [
            ("amount", "numeric(10,2)", "az64", False, 0, False),
            ("name", "character varying(7)", None, False, 0, False),
            ("at", "timestamp without time zone", None, False, 1, False),
            ("id", "bigint", None, True, 2, True),
        ],
    ),
    "types have their names": (
        "select a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), t.typname "
        "from pg_catalog.pg_attribute a join pg_type t on a.atttypid = t.oid "
        "where a.attrelid = 't.seen'::regclass and a.attnum > 0 order by a.attnum",
        [
            ("id", "bigint", "int8"),
            ("name", "character varying(7)", "varchar"),
            ("amount", "numeric(10,2)", "numeric"),
            ("at", "timestamp without time zone", "timestamp"),
        ],
    ),
    "constraints are told": (
        "select contype, conname, pg_get_constraintdef(oid) from pg_constraint "
        "where conrelid in ('t.seen'::regclass, 't.kid'::regclass) order by 1",
        [
            ("f", "kid_seen_id_fkey", "FOREIGN KEY (seen_id) REFERENCES t.seen(id)"),
            ("p", "seen_pkey", "PRIMARY KEY (id)"),
            ("u", "seen_name_key", "UNIQUE (name, amount)"),
        ],
    ),
    "an array has members": (
        "select a.attname from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid "
        "and a.attnum = any(c.conkey) where c.conname = 'seen_name_key' order by 1",
        [("amount",), ("name",)],
    ),
    "kinds, owners and distribution of relations": (
        "select c.relname, c.relkind, c.reldiststyle, pg_get_userbyid(c.relowner) from pg_class c, pg_namespace n "
        "where n.oid = c.relnamespace and n.nspname = 't' order by 1",
        [
            ("bound", "v", None, "warehouse"),
            ("kid", "r", 8, "warehouse"),
            ("late", "v", None, "warehouse"),
            ("seen", "r", 1, "warehouse"),
        ],
    ),
    "a late-binding view's columns are told apart": (
        "select c.view_name, c.col_name, c.col_type from pg_get_late_binding_view_cols() "
        "c(view_schema name, view_name name, col_name name, col_type varchar, col_num int) "
        "where c.view_schema = 't'",
        [("late", "name", "character varying(7)")],
    ),
    "a late-binding view has no columns in information_schema": (
        "select distinct table_name from information_schema.columns where table_schema = 't' order by 1",
        [("bound",), ("kid",), ("seen",)],
    ),
    "a view depends on its table": (
        "select r.ev_class::regclass::text, d.refobjid::regclass::text from pg_depend d "
        "join pg_rewrite r on r.oid = d.objid where d.refobjid = 't.seen'::regclass",
        [("bound", "seen")],
    ),
    "comments are told": (
        "select obj_description('t.seen'::regclass, 'pg_class'), col_description('t.seen'::regclass, 4)",
        [("what was seen", "when")],
    ),
    "keys are told in the standard's way": (
        "select constraint_name, column_name, ordinal_position from information_schema.key_column_usage "
        "where table_schema = 't' and table_name = 'seen' order by 1, 3",
        [("seen_name_key", "name", 1), ("seen_name_key", "amount", 2), ("seen_pkey", "id", 1)],
    ),
    "only tables with rows are in svv_table_info": (
        'select "table", tbl_rows, max_varchar from svv_table_info where "schema" = \'t\'',
        [("seen", Decimal(2), 7)],
    ),
    "all tables of the database": (
        "select table_name, table_type from svv_all_tables where schema_name = 't' order by 1",
        [("bound", "VIEW"), ("kid", "TABLE"), ("late", "VIEW"), ("seen", "TABLE")],
    ),
    "there is nothing external": (
        "select count(*) from svv_external_tables t join svv_external_schemas s using (schemaname)",
        [(0,)],
    ),
    "names are matched by patterns": (
        "select relname from pg_class where relname ~ '^se+n$' and pg_table_is_visible(oid) "
        "and relname !~ '^pg_' and relname like 's%'",
        [("seen",)],
    ),
    "the session tells of itself": (
        "select pg_catalog.current_database(), current_user, usename from pg_user",
        [("dev", "warehouse", "warehouse")],
    ),
    "values may be compared with common table expressions": (
        "with mine as (select oid, relname from pg_class where relname = 'kid') "
        "select m.relname from mine m where exists (select 1 from pg_attribute a where a.attrelid = m.oid)",
        [("kid",)],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), ANSWERED.values(), ids=ANSWERED.keys())
def test_system_relations_answer(tables: Client, query: str, expected: list[Any]) -> None:
    tables.run("set search_path to t")
    assert tables.rows(query) == expected


def test_a_value_can_be_bound_in_a_query_over_system_relations(tables: Client) -> None:
    query = "select tablename from pg_tables where schemaname = %s and tablename <> %s"
    assert tables.rows(query, ("t", "kid")) == [("seen",)]


def test_columns_of_system_relations_have_names(tables: Client) -> None:
    tables.run(
        "select 't.seen'::regclass::oid, count(*), c.relname::text, pg_get_userbyid(100) as OWNER "
        "from pg_class c group by c.relname"
    )
    assert tables.names() == ["oid", "count", "relname", "owner"]


@pytest.mark.parametrize(
    ("query", "state", "words"),
    [
        ("select * from stl_query", "0A000", "stl_query is not kept by the local Redshift"),
        ("select * from sys_query_history", "0A000", "a cluster's log of its own work"),
        ("select * from svv_datashares", "0A000", "parts of a cluster"),
        ("select * from pg_settings", "0A000", "SHOW tells"),
        ("select * from information_schema.triggers", "0A000", "only columns"),
        # Columns, functions and literals of later PostgreSQL.
        ("select relpersistence from pg_class", "42703", "relpersistence"),
        ("select pg_table_size(oid) from pg_class", "42883", "pg_table_size"),
        ("select E'a' from pg_class", "42704", 'type "e" does not exist'),
        ("select 't.nothing'::regclass", "42P01", 'relation "t.nothing" does not exist'),
        # The leader node has no tables of users.
        ("select relname from pg_class, t.seen", "0A000", "not supported on Redshift tables"),
        (
            "select id from t.seen where name in (select table_name from svv_tables)",
            "0A000",
            "not supported on Redshift tables",
        ),
    ],
)
def test_what_is_not_there_is_refused_in_words(
    tables: Client, query: str, state: str, words: str
) -> None:
    error = tables.error(query)
    assert (error["C"], words in error["M"]) == (state, True), error["M"]


def test_names_without_a_schema_are_those_of_the_search_path(tables: Client) -> None:
    tables.run("set search_path to public")
    assert tables.value("select count(*) from pg_table_def where schemaname = 't'") == 0
    assert tables.value("select 't.seen'::regclass::oid::regclass::varchar") == "seen"
    assert tables.error("select 'seen'::regclass::oid")["C"] == "42P01"
