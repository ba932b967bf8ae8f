"""NULLs, comparisons and conditional expressions."""

from __future__ import annotations

from datetime import date

from local_redshift.conformance.rows import Row, fails, typed, value

_BOOLEAN = "r_Boolean_type"
_COALESCE = "r_NVL_function"
_COLLATION = "c_collation_sequences"
_DECODE = "r_DECODE_expression"
_EXTREMES = "r_GREATEST_LEAST"
_NULLIF = "r_NULLIF_function"
_NULLS = "r_Nulls"
_NVL2 = "r_NVL2"
_ORDER = "r_ORDER_BY_clause"

_BLANKS = "DuckDB compares texts to their last blank; the loader refuses keys that end in one"

_PAIRS = (
    "create table pairs (id integer, a integer, b varchar(10))",
    "insert into pairs values (1, 10, 'x'), (2, null, 'y'), (3, 30, null)",
)
_WORDS = (
    "create table words (word varchar(10))",
    "insert into words values ('b'), ('a'), ('B'), ('é'), ('_'), ('1'), ('z')",
)
_STREETS = (
    "create table streets (street varchar(100))",
    "insert into streets values ('9516 Magnolia Boulevard'), ('9516 Magnolia Boulevard  ')",
)
_PERIODS = (
    "create table periods (start_date date, end_date date)",
    "insert into periods values ('2008-06-01', '2008-12-31'), (null, '2008-12-31'), ('2008-12-31', null)",
)
_USERS = (
    "create table users (id integer, likerock boolean)",
    "insert into users values (1, 't'), (2, 'f'), (3, null), (4, '1'), (5, 'no')",
)

ROWS = (
    # ---------- NULL
    value("arithmetic with NULL is NULL", "1 + cast(null as integer)", None, _NULLS),
    value("NULL equals nothing", "count(*) from pairs as p, pairs as q where p.a = q.a", 2, _NULLS, _PAIRS),
    value("NULL is not unequal either", "count(*) from pairs where a <> 10", 1, _NULLS, _PAIRS),
    value("IS NULL finds it", "id from pairs where a is null", 2, "r_null_condition", _PAIRS),
    value("NOT IN with a NULL finds nothing", "count(*) from pairs where id not in (select a from pairs)", 0,
        "r_in_condition", _PAIRS),
    value("BETWEEN includes both ends", "count(*) from pairs where id between 1 and 3", 3, "r_range_condition",
        _PAIRS),
    value("BETWEEN from the greater to the lesser finds nothing", "count(*) from pairs where id between 3 and 1",
        0, "r_range_condition", _PAIRS),
    value("an empty text is not NULL", "nvl2(nullif('', 'x'), 'text', 'null')", "text", _NVL2),
    Row("aggregates leave NULL out", "select count(*), count(a), min(a), max(a) from pairs", [(3, 2, 10, 30)],
        "r_COUNT", _PAIRS),
    Row("NULLs are one group", "select a is null, count(*) from pairs group by a having a is null", [(True, 1)],
        "r_GROUP_BY_clause", _PAIRS),
    # ---------- NULL in order
    Row("NULL comes last", "select id from pairs order by a, id", [(1,), (3,), (2,)], _ORDER, _PAIRS),
    Row("NULL comes first in descending order", "select id from pairs order by a desc, id", [(2,), (3,), (1,)],
        _ORDER, _PAIRS),
    Row("NULLS FIRST", "select id from pairs order by a nulls first, id", [(2,), (1,), (3,)], _ORDER, _PAIRS),
    Row("NULLS LAST", "select id from pairs order by a desc nulls last, id", [(3,), (1,), (2,)], _ORDER, _PAIRS),
    Row("NULL comes last in a window", "select id, rank() over (order by a) as r from pairs order by r",
        [(1, 1), (3, 2), (2, 3)], "c_Window_functions", _PAIRS),
    # ---------- COALESCE and its like
    value("COALESCE gives the first that is not NULL", "coalesce(null, 12, null)", 12, _COALESCE),
    value("COALESCE gives a text", "coalesce(null, 'Amazon Redshift', null)", "Amazon Redshift", _COALESCE),
    fails("COALESCE mixes no types", "select coalesce(null, 'Amazon Redshift', 12)", "22P02 XX000", _COALESCE),
    Row("NVL of two columns", "select nvl(start_date, end_date) as v from periods order by v",
        [(date(2008, 6, 1),), (date(2008, 12, 31),), (date(2008, 12, 31),)], _COALESCE, _PERIODS),
    typed("COALESCE of decimals holds both",
        "select coalesce(cast(a as decimal(7, 2)), cast(id as decimal(15, 3))) as v from pairs", "numeric(15,3)",
        "r_numeric_computations201", _PAIRS),
    value("NVL2 of a value", "nvl2(1, 'not null', 'null')", "not null", _NVL2),
    value("NVL2 of NULL", "nvl2(cast(null as integer), 'not null', 'null')", "null", _NVL2),
    value("NULLIF of equals", "nullif(7, 7)", None, _NULLIF),
    value("NULLIF of others gives the first", "nullif(7, 8)", 7, _NULLIF),
    value("NULLIF of an empty text", "nullif('', '')", None, _NULLIF),
    value("NULLIF ignores trailing blanks", "nullif(b, 'x  ') from pairs where id = 1", None, _NULLIF, _PAIRS),
    value("GREATEST ignores NULL", "greatest(1, null, 3)", 3, _EXTREMES),
    value("LEAST ignores NULL", "least(cast(null as integer), 2)", 2, _EXTREMES),
    value("GREATEST of NULLs is NULL", "greatest(cast(null as integer), null)", None, _EXTREMES),
    value("GREATEST of texts", "greatest('Lars', 'Ratliff')", "Ratliff", _EXTREMES),
    value("DECODE finds NULL", "decode(cast(null as integer), null, 0, 1)", 0, _DECODE),
    value("DECODE finds a text", "decode('MLB', 'NHL', 'hockey', 'MLB', 'baseball', 'unknown')", "baseball",
        _DECODE),
    value("DECODE without a default is NULL", "decode('Jazz', 'NHL', 'hockey')", None, _DECODE),
    value("CASE takes the first that is true", "case when 2 > 1 then 'a' when 3 > 1 then 'b' end", "a",
        "r_CASE_function"),
    value("CASE without ELSE is NULL", "case 'x' when 'y' then 1 end", None, "r_CASE_function"),
    # ---------- texts
    value("trailing blanks do not count in a comparison", "count(*) from words where word = 'a  '", 1,
        "r_Examples_with_character_types", _WORDS),
    value("trailing blanks do not count between columns",
        "count(*) from streets as p, streets as q where p.street = q.street", 4,
        "r_Examples_with_character_types", _STREETS, _BLANKS),
    value("leading blanks count", "count(*) from words where word = ' a'", 0, "r_Character_types", _WORDS),
    value("upper case is other text", "count(*) from words where word = 'A'", 0, _COLLATION, _WORDS),
    Row("texts are ordered by their UTF-8 bytes", "select word from words order by word",
        [("1",), ("B",), ("_",), ("a",), ("b",), ("z",), ("é",)], _COLLATION, _WORDS),
    Row("MIN and MAX order by bytes", "select min(word), max(word) from words", [("1", "é")], _COLLATION, _WORDS),
    # ---------- booleans
    Row("texts that are TRUE", "select id from users where likerock is true order by id", [(1,), (4,)], _BOOLEAN,
        _USERS),
    Row("NULL is UNKNOWN", "select id from users where likerock is unknown", [(3,)], _BOOLEAN, _USERS),
    Row("a comparison in the select list", "select id, likerock = true from users where id <= 3 order by id",
        [(1, True), (2, False), (3, None)], _BOOLEAN, _USERS),
    fails("IS TRUE may not stand in the select list", 'select likerock is true as "check" from users', "",
        _BOOLEAN, _USERS),
)  # fmt: skip
