"""What is let in: each function and each node of the syntax runs here, and names the page it is documented on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from local_redshift.grammar import parse
from local_redshift.kinds import CODES
from local_redshift.nodes import NODES
from local_redshift.testing import Client
from sqlglot import exp

from local_redshift import functions

# Pages of https://docs.aws.amazon.com/redshift/latest/dg/, by name, as the guide of June 2023 has them.
_PAGES = """
    CAN_JSON_PARSE CONVERT_TIMEZONE IS_VALID_JSON JSON_ARRAY_LENGTH JSON_EXTRACT_ARRAY_ELEMENT_TEXT
    JSON_EXTRACT_PATH_TEXT PG_BACKEND_PID PG_LAST_COPY_COUNT REGEXP_COUNT REGEXP_REPLACE
    REGEXP_SUBSTR SHA2 SPLIT_PART c_SQL_functions c_Supported_data_types c_Window_functions
    pattern-matching-conditions-posix r_ABS r_ADD_MONTHS r_ANY_VALUE r_ASCII r_AT_TIME_ZONE r_AVG
    r_BOOL_AND r_BOOL_OR r_BTRIM r_Boolean_type r_CASE_function r_CAST_function r_CEILING_FLOOR
    r_CHARACTER_LENGTH r_CHARINDEX r_CHAR_LENGTH r_CHR r_COALESCE r_CONCAT r_COUNT
    r_CURRENT_DATABASE r_CURRENT_DATE_function r_CURRENT_SCHEMA r_CURRENT_USER r_DATEADD_function
    r_DATEDIFF_function r_DATE_PART_function r_DATE_TRUNC r_DECODE_expression r_DELETE
    r_Dateparts_for_datetime_functions r_EXP r_EXTRACT_function r_FLOOR r_FROM_clause30 r_GETDATE
    r_GREATEST_LEAST r_GROUP_BY_clause r_HAVING_clause r_INSERT_30 r_LAST_DAY r_LEFT r_LEN r_LENGTH
    r_LISTAGG r_LN r_LOG r_LOWER r_LPAD r_LTRIM r_Literals r_MAX r_MD5 r_MEDIAN r_MERGE r_MIN r_MOD
    r_NULLIF_function r_NVL2 r_NVL_function r_Nulls r_OCTET_LENGTH r_OPERATOR_SYMBOLS
    r_ORDER_BY_clause r_PERCENTILE_CONT r_PI r_POSITION r_POWER r_PREPARE r_RANDOM r_REPEAT
    r_REPLACE r_REVERSE r_ROUND r_RTRIM r_SELECT_list r_SELECT_synopsis r_SIGN r_SQRT
    r_STDDEV_functions r_STRPOS r_SUBSTR r_SUBSTRING r_SUM r_SYSDATE r_Subquery_examples r_TO_CHAR
    r_TO_DATE_function r_TRANSLATE r_TRIM r_TRUNC r_UNION r_UPDATE r_UPPER r_VARIANCE_functions
    r_VERSION r_WF_CUME_DIST r_WF_DENSE_RANK r_WF_LAG r_WF_LEAD r_WF_NTH r_WF_NTILE
    r_WF_PERCENT_RANK r_WF_RANK r_WF_ROW_NUMBER r_WF_first_value r_WHERE_clause r_WITH_clause
    r_comparison_condition r_concat_op r_exists_condition r_expressions r_in_condition
    r_interval_literals r_logical_condition r_names r_null_condition
    r_patternmatching_condition_like r_range_condition
"""
PAGES = frozenset(_PAGES.split())

# a = 2, b = 'x', f = 2.5, d = 2026-01-31, ts = 2026-01-31 10:20:30.5, ok = true
CALLS = {
    "abs": "abs(-a)",
    "add_months": "add_months(d, 1)",
    "any_value": "any_value(a)",
    "ascii": "ascii(b)",
    "avg": "avg(f)",
    "bool_and": "bool_and(ok)",
    "bool_or": "bool_or(ok)",
    "btrim": "btrim(b, 'y')",
    "can_json_parse": "can_json_parse(b)",
    "ceil": "ceil(f)",
    "ceiling": "ceiling(f)",
    "char_length": "char_length(b)",
    "character_length": "character_length(b)",
    "charindex": "charindex('x', b)",
    "chr": "chr(a + 63)",
    "coalesce": "coalesce(null, a)",
    "concat": "concat(b, b)",
    "convert_timezone": "convert_timezone('Europe/Berlin', ts)",
    "count": "count(distinct a)",
    "cume_dist": "cume_dist() over (order by a)",
    "current_database": "current_database()",
    "current_schema": "current_schema()",
    "date_add": "date_add('day', 1, d)",
    "date_diff": "date_diff('day', d, ts)",
    "date_part": "date_part('year', d)",
    "date_trunc": "date_trunc('month', d)",
    "dateadd": "dateadd(day, 1, d)",
    "datediff": "datediff(day, d, ts)",
    "decode": "decode(a, 2, 'two', 'other')",
    "dense_rank": "dense_rank() over (order by a)",
    "exp": "exp(a)",
    "first_value": "first_value(a ignore nulls) over (order by a rows unbounded preceding)",
    "floor": "floor(f)",
    "getdate": "getdate()",
    "greatest": "greatest(a, 3)",
    "is_valid_json": "is_valid_json(b)",
    "json_array_length": "json_array_length('[1]')",
    "json_extract_array_element_text": "json_extract_array_element_text('[1]', 0)",
    "json_extract_path_text": "json_extract_path_text('{}', 'a')",
    "lag": "lag(a) over (order by a)",
    "last_day": "last_day(d)",
    "last_value": "last_value(a respect nulls) over (order by a rows unbounded preceding)",
    "lead": "lead(a, 1) over (order by a)",
    "least": "least(a, 3)",
    "left": "left(b, 1)",
    "len": "len(b)",
    "length": "length(b)",
    "listagg": "listagg(b, ',') within group (order by b)",
    "ln": "ln(f)",
    "log": "log(f)",
    "lower": "lower(b)",
    "lpad": "lpad(b, 3)",
    "ltrim": "ltrim(b)",
    "max": "max(a)",
    "md5": "md5(b)",
    "median": "median(f)",
    "min": "min(b)",
    "mod": "mod(a, 2)",
    "nth_value": "nth_value(a, 1) over (order by a rows between 1 preceding and current row)",
    "ntile": "ntile(2) over (order by a)",
    "nullif": "nullif(a, 3)",
    "nvl": "nvl(a, 1)",
    "nvl2": "nvl2(a, 1, 2)",
    "octet_length": "octet_length(b)",
    "percent_rank": "percent_rank() over (order by a)",
    "percentile_cont": "percentile_cont(0.5) within group (order by f)",
    "pg_backend_pid": "pg_backend_pid()",
    "pg_last_copy_count": "pg_last_copy_count()",
    "pi": "pi()",
    "pow": "pow(a, 2)",
    "power": "power(a, 2)",
    "random": "random()",
    "rank": "rank() over (order by a)",
    "regexp_count": "regexp_count(b, 'x')",
    "regexp_replace": "regexp_replace(b, 'x', 'y')",
    "regexp_substr": "regexp_substr(b, 'x')",
    "repeat": "repeat(b, 2)",
    "replace": "replace(b, 'x', 'y')",
    "reverse": "reverse(b)",
    "right": "right(b, 1)",
    "round": "round(f, 1)",
    "row_number": "row_number() over (partition by b order by a)",
    "rpad": "rpad(b, 3, 'y')",
    "rtrim": "rtrim(b)",
    "sha2": "sha2(b, 256)",
    "sign": "sign(f)",
    "split_part": "split_part(b, ',', 1)",
    "sqrt": "sqrt(f)",
    "stddev": "stddev(f)",
    "stddev_pop": "stddev_pop(f)",
    "stddev_samp": "stddev_samp(f)",
    "strpos": "strpos(b, 'x')",
    "substr": "substr(b, 1)",
    "sum": "sum(f)",
    "to_char": "to_char(ts, 'YYYY')",
    "to_date": "to_date('20260131', 'YYYYMMDD')",
    "translate": "translate(b, 'x', 'y')",
    "trunc": "trunc(ts)",
    "upper": "upper(b)",
    "var_pop": "var_pop(f)",
    "var_samp": "var_samp(f)",
    "variance": "variance(f)",
    "version": "version()",
}

# Every node that no call above has.
STATEMENTS = [
    "with w as (select a as k from t.r) select distinct r.a, w.k as k, * from t.r as r left join w on w.k = r.a "
    "where r.a > 1 and r.a >= 2 and r.a < 9 and r.a <= 8 and (r.a <> 7 or not r.ok) and r.b is not null "
    "and r.a between 1 and 3 and r.a in (2, 3) and exists (select 1 as one) and r.b like 'x!%' escape '!' "
    "order by r.a desc nulls last limit 5 offset 0",
    "select case when a = 2 then true else null end as c, -a * 2 / 2 % 2 - 1 + 1 as n, a ^ 2 as p, b || b as c2 "
    "from t.r",
    "select extract(day from d) as e, trim(both 'y' from b) as t, substring(b from 1) as s, position('x' in b) as p, "
    "current_date as cd, sysdate as sd, current_user as u, ts at time zone 'UTC' as z from t.r",
    "select a, cast(b as varchar(3)) as c from t.r where b ~ 'x' and b ilike 'X' and ts - interval '1 day' < ts "
    "and (a, b) in (select a, b from t.r) group by a, b having count(*) > 0",
    "select sum(f) over (order by a rows between unbounded preceding and current row) as s from t.r",
    "select a from (select a from t.r) as q union select 1 as a",
    "select a from t.r intersect select 2 as a",
    "select a from t.r except select 3 as a",
    "select a from t.r where a = %s",
    "insert into t.s (a) values (1 + 1)",
    "insert into t.s (a) select a from t.r",
    "update t.s set a = default from t.r as r where r.a = s.a",
    "delete from t.s using t.r as r where r.a = s.a",
    "merge into t.s using t.r on s.a = r.a when matched then delete when not matched then insert (a) values (r.a)",
]


@pytest.fixture
def tables(client: Client) -> Client:
    client.run(
        "create table t.r (a integer, b varchar(9), f float8, d date, ts timestamp, ok boolean)"
    )
    client.run("insert into t.r values (2, 'x', 2.5, '2026-01-31', '2026-01-31 10:20:30.5', true)")
    client.run("create table t.s (a integer)")
    return client


def _families() -> Iterator[dict[str, functions.Function]]:
    yield from (
        functions.SCALARS,
        functions.AGGREGATES,
        functions.ORDERED_AGGREGATES,
        functions.RANKINGS,
        functions.FRAMED,
    )


def test_every_function_and_node_names_a_page_of_the_guide() -> None:
    named = {f.page for family in _families() for f in family.values()}
    named |= {node.page for node in NODES.values()}
    assert named == PAGES


def test_every_argument_of_a_function_has_a_kind() -> None:
    letters = {
        letter
        for family in _families()
        for f in family.values()
        for letter in re.sub(r"[|*/]", "", f.arguments)
    }
    assert letters <= set(CODES)


def test_every_function_that_is_let_in_runs(tables: Client) -> None:
    names = [name for family in _families() for name in family]
    assert len(names) == len(set(names))
    assert set(CALLS) == set(names)
    for name, call in CALLS.items():
        assert name in call.lower()
        assert len(tables.rows(f"select {call} as v from t.r")) == 1


def test_every_node_that_is_let_in_runs(tables: Client) -> None:
    seen: set[type[Any]] = set()
    for statement in [*STATEMENTS, *(f"select {call} as v from t.r" for call in CALLS.values())]:
        tree = parse(statement.replace("%s", "$1"))
        seen |= {type(node) for node in tree.walk()}
    assert {node.__name__ for node in set(NODES) - seen} == set()
    for statement in STATEMENTS:
        tables.run(statement, (2,) if "%s" in statement else None)


def test_a_function_takes_no_other_kinds_than_its_page_says(tables: Client) -> None:
    """Columns, whose types only the database knows, in the place of every argument that has a kind."""
    values = {
        "t": "b",
        "w": "a",
        "n": "a",
        "x": "f",
        "f": "f",
        "b": "ok",
        "d": "d",
        "m": "ts",
        "o": "a",
    }
    wrong = {
        "t": "ok",
        "w": "b",
        "n": "b",
        "x": "d",
        "f": "b",
        "b": "a",
        "d": "f",
        "m": "a",
        "o": "ok",
    }
    refused, accepted = 0, []
    for family in (functions.SCALARS, functions.AGGREGATES):
        for name, function in family.items():
            letters = re.split(r"[|*/]", function.arguments)[0]
            if set(letters) - set(values):
                continue
            for position in range(len(letters)):
                args = [values[x] for x in letters]
                args[position] = wrong[letters[position]]
                call = f"{name}({', '.join(args)})"
                said = tables.error(f"select {call} as v from t.r")
                if said["C"] not in ("42883", "42804", "0A000"):
                    accepted.append(f"{call}: {said}")
                refused += 1
    assert not accepted
    assert refused > 60


def test_calls_keep_their_names_in_the_tree() -> None:
    """The list decides by the name that was written, so the parser must not turn one function into another."""
    for name, call in CALLS.items():
        tree = parse(f"select {call} as v from t")
        assert name in {str(n.this).lower() for n in tree.find_all(exp.Anonymous)}
