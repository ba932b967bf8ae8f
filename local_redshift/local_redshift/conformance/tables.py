"""Definitions and changes: keys, defaults, IDENTITY, UPDATE FROM, DELETE USING, MERGE, set operations."""

from __future__ import annotations

from local_redshift.conformance.rows import Row, fails, typed, value

_CREATE = "r_CREATE_TABLE_NEW"
_CTAS = "r_CREATE_TABLE_AS"
_DELETE = "r_DELETE"
_INSERT = "r_INSERT_30"
_MERGE = "r_MERGE"
_SETS = "r_UNION"
_UPDATE = "r_UPDATE"
_WITH = "r_WITH_clause"

_KEYED = (
    "create table parents (id integer primary key)",
    "create table keyed (id integer primary key, code varchar(5) unique, parent integer references parents (id))",
    "insert into keyed values (1, 'a', 99), (1, 'a', 98)",
)
_STAGE = (
    "create table category_stage (catid smallint default 0, catgroup varchar(10) default 'General', "
    "catname varchar(10) default 'General', catdesc varchar(50) default 'General')",
)
_COUNTED = (
    "create table counted (id bigint identity(10, 5), v integer)",
    "insert into counted (v) values (1)",
    "insert into counted (v) values (2)",
)
_EVENTS = (
    "create table category (catid integer, catname varchar(10))",
    "create table event (eventid integer, catid integer)",
    "insert into category values (6, 'Musicals'), (8, 'Opera'), (9, 'Pop')",
    "insert into event values (1, 9), (2, 9), (3, 6)",
)
_MERGED = (
    "create table target (id integer, name varchar(10))",
    "create table source (id integer, name varchar(10))",
    "insert into target values (101, 'Bob'), (102, 'John'), (103, 'Susan')",
    "insert into source values (102, 'Tony'), (103, 'Alice'), (104, 'Bill')",
)
_TWICE = (
    "create table target (id integer, name varchar(10))",
    "create table source (id integer, name varchar(10))",
    "insert into target values (1, 'Bob'), (2, 'John')",
    "insert into source values (1, 'Tony'), (1, 'Alice'), (3, 'Bill')",
)
_UPSERT = (
    "merge into target using source on target.id = source.id "
    "when matched then update set id = source.id, name = source.name "
    "when not matched then insert values (source.id, source.name)"
)
_TOGGLE = (
    "merge into target using source on target.id = source.id "
    "when matched then delete when not matched then insert values (source.id, source.name)"
)
_ALIASED = _UPSERT.replace("into target", "into target as t").replace("target.id", "t.id")
_OF_QUERY = _UPSERT.replace("using source", "using (select id, name from source) as source")
_OF_VIEW = _UPSERT.replace("using source", "using seen as source")
_ALL = "select id, name from target order by id, name"
_LISTS = (
    "create table t1 (c1 integer)", "create table t2 (c1 integer)", "create table t3 (c1 integer)",
    "insert into t1 values (1), (1), (2), (null)", "insert into t2 values (2), (3), (null)",
    "insert into t3 values (3)",
)  # fmt: skip

ROWS = (
    # ---------- keys and defaults
    Row("PRIMARY KEY, UNIQUE and REFERENCES are not enforced", "select id, code from keyed", [(1, "a"), (1, "a")],
        _CREATE, _KEYED),
    fails("a PRIMARY KEY takes no NULL", "insert into keyed values (null, 'b', 1)", "23502 XX000", _CREATE,
        _KEYED),
    fails("NOT NULL takes no NULL", "insert into required values (null)", "23502 XX000", _CREATE,
        ("create table required (id integer not null)",)),
    fails("a column left out is NULL", "insert into required (v) values (1)", "23502 XX000", _INSERT,
        ("create table required (id integer not null, v integer)",)),
    Row("DEFAULT in a list of values", "select catid, catgroup, catname, catdesc from category_stage",
        [(13, "Concerts", "Other", "General")], _INSERT,
        _STAGE + ("insert into category_stage values (13, 'Concerts', 'Other', default)",)),
    Row("columns left out take their defaults", "select catid, catgroup, catname from category_stage",
        [(0, "General", "Pop")], _INSERT, _STAGE + ("insert into category_stage (catname) values ('Pop')",)),
    Row("DEFAULT VALUES", "select catid, catgroup from category_stage", [(0, "General")], _INSERT,
        _STAGE + ("insert into category_stage default values",)),
    Row("UPDATE to DEFAULT", "select catid, catgroup from category_stage", [(1, "General")], _UPDATE,
        _STAGE + ("insert into category_stage (catid, catgroup) values (1, 'Shows')",
            "update category_stage set catgroup = default")),
    fails("as many values as columns", "insert into keyed (id, code) values (1, 'a', 2)", "42601", _INSERT,
        _KEYED),
    fails("an INSERT names columns there are", "insert into keyed (nothing) values (1)", "42703", _INSERT,
        _KEYED),
    # ---------- IDENTITY
    Row("IDENTITY counts from its seed by its step", "select id, v from counted order by v", [(10, 1), (15, 2)],
        _CREATE, _COUNTED),
    fails("IDENTITY takes no values", "insert into counted (id, v) values (1, 1)", "", "c_Examples_of_INSERT_30",
        _COUNTED),
    fails("IDENTITY is an integer", "create table refused (a varchar(3) identity(1, 1))", "", _CREATE),
    Row("a default IDENTITY takes values", "select id, v from chosen order by v", [(7, 1), (1, 2)], _CREATE,
        ("create table chosen (id bigint generated by default as identity(1, 1), v integer)",
            "insert into chosen values (7, 1)", "insert into chosen (v) values (2)")),
    # ---------- CREATE TABLE AS, LIKE, temporary tables
    typed("CREATE TABLE AS takes the query's types", "select catid, catname, current_date as day from category",
        "integer; character varying(10); date", _CTAS, _EVENTS),
    Row("CREATE TABLE AS with names", "select number, title from named order by number limit 1",
        [(6, "Musicals")], _CTAS,
        _EVENTS + ("create table named (number, title) as select catid, catname from category",)),
    Row("LIKE copies columns", "select catid, catname from copied", [(1, "x")], _CREATE,
        _EVENTS + ("create table copied (like category)", "insert into copied values (1, 'x')")),
    fails("LIKE copies lengths", "insert into copied values (1, 'longer than ten')", "22001 XX000", _CREATE,
        _EVENTS + ("create table copied (like category)",)),
    Row("a temporary table hides another of its name", "select catid from category", [(0,)], _CREATE,
        _EVENTS + ("create temp table category (catid integer)", "insert into category values (0)")),
    fails("a table that is there", "create table category (catid integer)", "42P07", _CREATE, _EVENTS),
    value("IF NOT EXISTS leaves it", "count(*) from category", 3, _CREATE,
        _EVENTS + ("create table if not exists category (other integer)",)),
    value("ADD COLUMN with a default fills it", "sum(cast(extra as float8)) from category", 21.0, "r_ALTER_TABLE",
        _EVENTS + ("alter table category add column extra integer default 7",)),
    fails("a dropped column is gone", "select catname from category", "42703", "r_ALTER_TABLE",
        _EVENTS + ("alter table category drop column catname",)),
    value("a renamed table", "count(*) from kinds", 3, "r_ALTER_TABLE",
        _EVENTS + ("alter table category rename to kinds",)),
    Row("a view shows what is there now", "select catid from pops", [(9,), (10,)], "r_CREATE_VIEW",
        _EVENTS + ("create view pops as select catid from category where catid >= 9",
            "insert into category values (10, 'Jazz')")),
    fails("a view takes no rows", "insert into pops values (1)", "", "r_CREATE_VIEW",
        _EVENTS + ("create view pops as select catid from category",)),
    # ---------- DELETE and UPDATE
    Row("DELETE USING another table", "select catid from category order by catid", [(6,), (8,)], _DELETE,
        _EVENTS + (
            "delete from category using event where event.catid = category.catid and category.catid = 9",)),
    Row("DELETE by a subquery", "select catid from category order by catid", [(8,)], _DELETE,
        _EVENTS + ("delete from category where catid in (select event.catid from event)",)),
    Row("DELETE tells how many rows", "delete from category where catid > 6", 2, _DELETE, _EVENTS),
    Row("UPDATE tells how many rows", "update category set catname = 'x'", 3, _UPDATE, _EVENTS),
    Row("INSERT tells how many rows", "insert into category select eventid, 'x' from event", 3, _INSERT, _EVENTS),
    Row("UPDATE FROM another table", "select catid, catname from category order by catid",
        [(6, "played"), (8, "Opera"), (9, "Pop")], _UPDATE,
        _EVENTS + (
            "update category set catname = 'played' from event where event.catid = category.catid and "
            "event.eventid = 3",)),
    Row("UPDATE with an alias", "select catname from category where catid = 8", [("8",)], _UPDATE,
        _EVENTS + ("update category as c set catname = cast(c.catid as varchar(5)) where c.catid = 8",)),
    Row("UPDATE reads the old values", "select catid, catname from category order by catid",
        [(7, "6"), (9, "8"), (10, "9")], _UPDATE,
        _EVENTS + ("update category set catid = catid + 1, catname = cast(catid as varchar(5))",)),
    fails("UPDATE sets columns without their table", "update category set category.catid = 1", "42601 42703",
        _UPDATE, _EVENTS),
    # ---------- MERGE
    Row("MERGE updates and inserts", _ALL, [(101, "Bob"), (102, "Tony"), (103, "Alice"), (104, "Bill")], _MERGE,
        _MERGED + (_UPSERT,)),
    Row("MERGE deletes and inserts", _ALL, [(101, "Bob"), (105, "David")], _MERGE,
        _MERGED + (_UPSERT, "insert into source values (105, 'David')", _TOGGLE)),
    fails("MERGE updates no row twice", _UPSERT, "", _MERGE, _TWICE,
        "Found multiple matches to update the same tuple"),
    fails("MERGE deletes no row twice", _TOGGLE, "", _MERGE, _TWICE,
        "Found multiple matches to update the same tuple"),
    Row("MERGE inserts doubles", _ALL,
        [(101, "Bob"), (102, "Tony"), (103, "Alice"), (104, "Bill"), (104, "Bill")], _MERGE,
        _MERGED + ("insert into source values (104, 'Bill')", _UPSERT)),
    Row("MERGE never matches NULL", _ALL,
        [(101, "Bob"), (102, "Tony"), (103, "Alice"), (104, "Bill"), (None, "new"), (None, "old")], _MERGE,
        _MERGED + ("insert into target values (null, 'old')", "insert into source values (null, 'new')",
            _UPSERT)),
    fails("MERGE takes no subquery", _OF_QUERY, "", _MERGE, _MERGED),
    fails("MERGE takes no view", _OF_VIEW, "", _MERGE,
        _MERGED + ("create view seen as select id, name from source",)),
    fails("MERGE takes no alias of its target", _ALIASED, "", _MERGE, _MERGED),
    fails("MERGE takes no WITH", f"with w as (select 1) {_UPSERT}", "", _MERGE, _MERGED),
    fails("MERGE does not read its target", _UPSERT.replace("using source", "using target as source"), "", _MERGE,
        _MERGED),
    Row("MERGE REMOVE DUPLICATES", _ALL, [(101, "Bob"), (102, "Tony"), (103, "Alice"), (104, "Bill")], _MERGE,
        _MERGED + ("merge into target using source on target.id = source.id remove duplicates",)),
    # ---------- queries
    Row("UNION drops doubles", "select c1 from t1 union select c1 from t2 order by c1",
        [(1,), (2,), (3,), (None,)], _SETS, _LISTS),
    value("UNION ALL keeps them", "count(*) from (select c1 from t1 union all select c1 from t2) as u", 7, _SETS,
        _LISTS),
    Row("INTERSECT takes NULLs for equal", "select c1 from t1 intersect select c1 from t2 order by c1",
        [(2,), (None,)], _SETS, _LISTS),
    Row("EXCEPT", "select c1 from t1 except select c1 from t2", [(1,)], _SETS, _LISTS),
    Row("MINUS is EXCEPT", "select c1 from t1 minus select c1 from t2", [(1,)], _SETS, _LISTS),
    Row("INTERSECT goes first",
        "select c1 from t1 union select c1 from t2 intersect select c1 from t3 order by c1",
        [(1,), (2,), (3,), (None,)], _SETS, _LISTS),
    Row("UNION and EXCEPT go from left to right",
        "select c1 from t1 union select c1 from t2 except select c1 from t3 order by c1", [(1,), (2,), (None,)],
        _SETS, _LISTS),
    fails("sets of as many columns", "select c1 from t1 union select c1, c1 from t2", "42601", _SETS, _LISTS),
    fails("there is no INTERSECT ALL", "select c1 from t1 intersect all select c1 from t2", "", _SETS, _LISTS),
    typed("UNION of decimals holds both",
        "select cast(c1 as decimal(10, 2)) as v from t1 union select cast(c1 as decimal(8, 4)) from t2",
        "numeric(12,4)", _SETS, _LISTS),
    Row("WITH",
        "with ones as (select c1 from t1 where c1 = 1), more (n) as (select count(*) from ones) select n from "
        "more", [(2,)], _WITH, _LISTS),
    fails("WITH refers to none that follows",
        "with w1 as (select * from w2), w2 as (select * from w1) select * from t1", "42P01", _WITH, _LISTS),
    Row("TOP", "select top 1 c1 from t3", [(3,)], "r_SELECT_list", _LISTS),
    Row("LIMIT and OFFSET", "select c1 from t2 order by c1 limit 1 offset 1", [(3,)], "r_ORDER_BY_clause",
        _LISTS),
    Row("an alias may be used beside it", "select c1 as a, a * 2 as b from t3", [(3, 6)], "r_SELECT_list",
        _LISTS),
    Row("a correlated subquery", "select c1 from t2 where exists (select 1 from t3 where t3.c1 = t2.c1)", [(3,)],
        "r_correlated_subqueries", _LISTS),
    Row("a full join", "select t2.c1, t3.c1 from t2 full join t3 on t3.c1 = t2.c1 order by t2.c1",
        [(2, None), (3, 3), (None, None)], "r_FROM_clause30", _LISTS),
)  # fmt: skip
