"""What is let in names its page: statements, settings, encodings, COPY options; what is not is answered in words."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from local_redshift.testing import Client

from local_redshift import commands, copy_command, create_table, ddl

# Pages of https://docs.aws.amazon.com/redshift/latest/dg/ that were read.
_PAGES = """
    az64-encoding c_Byte_dictionary_encoding c_Delta_encoding c_MostlyN_encoding c_Raw_encoding
    c_Runlength_encoding c_Text255_encoding c_redshift-and-postgres-sql copy-parameters-authorization
    copy-parameters-data-format copy-parameters-data-load copy-parameters-data-source-s3 lzo-encoding
    r_ABORT r_ALTER_TABLE r_ANALYZE r_BEGIN r_COMMENT r_COMMIT r_COPY r_CREATE_SCHEMA r_CREATE_TABLE_AS
    r_CREATE_TABLE_NEW r_CREATE_VIEW r_DROP_SCHEMA r_DROP_TABLE r_DROP_VIEW r_END r_LOCK r_RESET r_ROLLBACK
    r_SET r_SHOW r_START_TRANSACTION r_STL_CONNECTION_LOG r_VACUUM_command r_VERSION
    r_analyze_threshold_percent r_datestyle r_enable_case_sensitive_identifier
    r_enable_result_cache_for_session r_extra_float_digits r_query_group r_search_path r_statement_timeout
    r_timezone_config r_wlm_query_slot_count zstd-encoding
"""
PAGES = frozenset(_PAGES.split())


def test_what_is_let_in_names_its_page() -> None:
    named = {
        **ddl.PAGES,
        **commands.PAGES,
        **{name: known.page for name, known in commands.PARAMETERS.items()},
        **{name: known.page for name, known in create_table.ENCODINGS.items()},
        **{name: known.page for name, known in copy_command.OPTIONS.items()},
    }
    assert {name: page for name, page in named.items() if page not in PAGES} == {}
    assert set(named.values()) == PAGES
    assert set(commands.STATEMENTS) == set(commands.PAGES)
    assert {name.split()[0] for name in ddl.PAGES} == set(ddl.STATEMENTS)


@pytest.mark.parametrize("name", sorted(create_table.ENCODINGS))
def test_an_encoding_is_for_its_types_only(client: Client, name: str) -> None:
    declared = {
        "SMALLINT": "smallint", "INTEGER": "integer", "BIGINT": "bigint", "DECIMAL": "decimal(9, 2)",
        "DOUBLE": "float8", "BOOLEAN": "boolean", "DATE": "date",
        "TIMESTAMP": "timestamp", "TIMESTAMPTZ": "timestamptz", "VARCHAR": "varchar(9)",
    }  # fmt: skip
    types = create_table.ENCODINGS[name].types
    assert types <= set(declared)
    fitting = ", ".join(f"c_{t} {declared[t]} encode {name}" for t in sorted(types))
    client.run(f"create table t.encoded ({fitting})")
    for wrong in sorted(set(declared) - types):
        found = client.error(f"create table t.wrong (c {declared[wrong]} encode {name})")
        assert found["C"] == "42804", wrong


@pytest.mark.parametrize("name", sorted(commands.PARAMETERS))
def test_a_setting_shows_its_default_and_takes_what_changes_no_result(
    connect: Callable[..., Client], name: str
) -> None:
    client = connect(autocommit=True)
    shown = client.value(f"show {name}")
    known = commands.PARAMETERS[name]
    if name in ("server_version", "transaction_isolation"):
        assert client.error(f"set {name} to 'x'")["C"] == "55P02"
        return
    for value in known.only or {shown or "some"}:
        client.run(f"set {name} to '{value}'")
    client.run(f"set {name} to default")
    assert client.value(f"show {name}") == shown
    if known.only is not None:
        found = client.error(f"set {name} to 'something else'")
        assert (found["C"], "it would change results" in found["M"]) == ("0A000", True)


REFUSED = sorted(set(commands.REFUSED) - {"values", "from", "table"})


@pytest.mark.parametrize("word", REFUSED)
def test_a_statement_that_does_not_run_here_is_answered(client: Client, word: str) -> None:
    found = client.error(f"{word} t")
    advice = found["M"].partition("not supported by the local Redshift: ")[2]
    if found["C"] == "0A000":
        assert len(advice.split()) > 3, found
    else:
        # Not one of Redshift's statements at all.
        assert (found["C"], found["M"]) == ("42601", f'syntax error at or near "{word}"')


@pytest.mark.parametrize(
    "statement",
    [
        "create materialized view t.m as select 1 as a",
        "create external table t.e (a integer)",
        "create index i on t.x (a)",
        "create user somebody",
        "create function f() returns integer",
        "create sequence s",
        "create or replace table t.x (a integer)",
        "create schema s authorization somebody",
        "drop user somebody",
        "alter schema t rename to u",
        "comment on database dev is 'x'",
        "set session authorization somebody",
        "set session characteristics as transaction isolation level serializable",
        "set transaction isolation level serializable",
        "begin read only",
        "set seed to 0.5",
        "set navigate_super_null_on_error to on",
        "set app.user to 'x'",
        "analyze compression t.x",
        "create table t.x (like t.y, more integer)",
        "show all",
    ],
)
def test_a_form_that_does_not_run_here_says_what_to_write(client: Client, statement: str) -> None:
    found = client.error(statement)
    advice = found["M"].partition("not supported by the local Redshift: ")[2]
    assert (found["C"], len(advice.split()) > 1) == ("0A000", True), found


@pytest.mark.parametrize(
    "statement",
    [
        "create table t.x as select %s as a",
        "create view t.x as select 1 as a where 1 = %s",
        "create table t.x (a integer default %s)",
    ],
)
def test_only_queries_and_dml_take_bound_values(client: Client, statement: str) -> None:
    found = client.error(statement, (1,))
    assert (found["C"], "only SELECT, INSERT, UPDATE and DELETE" in found["M"]) == ("0A000", True)
