"""How SQL files are cut into statements; nothing in a statement is changed."""

import re

import pytest

from sms_warehouse import sql


def test_a_script_is_cut_at_semicolons_outside_quotes_and_comments():
    script = """
    -- one; still one
    select ';' as a, ":b;" as "c;" /* ; */;
    select 'it''s; fine' as d
    """
    assert [s.text.splitlines()[-1].strip() for s in sql.split(script)] == [
        'select \';\' as a, ":b;" as "c;" /* ; */',
        "select 'it''s; fine' as d",
    ]


def test_a_trailing_comment_is_no_statement():
    assert len(sql.split("select 1 as a;\n-- the end\n")) == 1


def test_bound_values_are_told_from_casts_quotes_and_times():
    (statement,) = sql.split(
        "select :day::date as d, '10:30:00' as t, x::varchar as v -- :not_this\n where y = :event_type"
    )
    assert statement.parameters == {"day", "event_type"}


def test_running_a_file_without_a_value_it_needs_names_the_value():
    class Nobody:
        def execute(self, *_, **__):
            raise AssertionError("nothing may reach the warehouse")

    with pytest.raises(KeyError, match="day"):
        sql.run(Nobody(), "landing/day_objects", event_type="link_click")


def test_every_file_under_sql_holds_at_least_one_statement():
    files = sorted(p.relative_to(sql.root()).with_suffix("") for p in sql.root().rglob("*.sql"))
    assert files
    for file in files:
        assert sql.statements(str(file)), file


def test_only_statements_that_redshift_prepares_bind_values():
    """Redshift prepares SELECT, INSERT, UPDATE and DELETE (PREPARE in its SQL reference), and nothing else."""
    for file in sorted(sql.root().rglob("*.sql")):
        for statement in sql.statements(str(file.relative_to(sql.root()).with_suffix(""))):
            if statement.parameters:
                words = re.sub(r"--[^\n]*", "", statement.text).split()
                assert words[0] in {"select", "with", "insert", "update", "delete"}, statement.text
