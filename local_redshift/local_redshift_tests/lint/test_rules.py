"""Each rule catches its wrong example and lets its right one pass."""

import subprocess
import sys
from pathlib import Path

import pytest
from local_redshift.lint.check import REFUSED, RULES, Finding, check
from local_redshift.lint.rule import Rule
from local_redshift.lint.statements import Project, Statement, of_text, project_of

from local_redshift_tests.lint.conftest import Findings

every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))


def lint(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "local_redshift", "lint", *arguments],
        capture_output=True,
        text=True,
    )


@every_rule
def test_no_rule_but_this_one_catches_its_wrong_example(rule: Rule, findings: Findings) -> None:
    assert findings(rule.wrong) - {REFUSED} == {rule.name}


@every_rule
def test_a_right_example_breaks_no_rule(rule: Rule, findings: Findings) -> None:
    assert findings(rule.right) == set()


def test_a_finding_says_where_which_rule_and_why(tmp_path: Path) -> None:
    """The line is that of the expression, not of its statement."""
    file = tmp_path / "report.sql"
    file.write_text(
        "-- One row per load.\n"
        "select 1 as one;\n"
        "\n"
        "create temp table rate as\n"
        "select\n"
        "    load_id,\n"
        "    cast(rows_landed as float8) / objects as rate\n"
        "from control.load;\n"
    )
    result = lint(str(file))
    sentence = RULES["divisor-not-zero"].sentence
    assert result.stdout == f"{file}:7: divisor-not-zero: {sentence}\n"
    assert result.returncode == 1


def test_what_the_stand_in_refuses_is_a_finding_with_its_words(tmp_path: Path) -> None:
    file = tmp_path / "report.sql"
    file.write_text(
        "\nselect strftime(landed_at, '%Y') as year_landed from control.landed_object\n"
    )
    result = lint(str(file))
    assert result.stdout.startswith(f"{file}:2: refused: function strftime does not exist")
    assert result.returncode == 1


def test_text_that_is_no_sql_at_all_is_refused_not_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "report.sql"
    file.write_text("select `load_id` from control.load")
    result = lint(str(file))
    assert ":1: refused: " in result.stdout
    assert result.returncode == 1


def test_the_rules_explain_themselves() -> None:
    said = lint("--rules").stdout
    for rule in RULES.values():
        assert f"{rule.name}: {rule.sentence}\n" in said
        assert f"https://docs.aws.amazon.com/redshift/latest/dg/{rule.page}.html" in said


def test_a_name_decides_nothing_when_a_query_has_it_for_itself(project: Project) -> None:
    """A CTE may be called as a permanent table is."""
    text = "with load as (select load_id from control.load) select load_id from load"
    assert check(Statement("test.sql", 1, text), project) == []


def test_an_insert_without_names_fits_one_of_the_temp_tables_of_its_name() -> None:
    script = (
        "create temp table arrival (\n    event_id varchar(36),\n    event_date date\n);\n"
        "insert into arrival select event_date, event_id from staging.link_click;\n"
        "insert into arrival select event_id, event_date from staging.link_click;\n"
    )
    statements = list(of_text(script, "arrival.sql"))
    found = [f for s in statements for f in check(s, project_of(statements))]
    assert found == [
        Finding("arrival.sql", 5, "insert-in-order", RULES["insert-in-order"].sentence)
    ]


def test_every_branch_of_a_union_that_is_stored_is_looked_at(findings: Findings) -> None:
    text = (
        "insert into control.touched_message (message_id)"
        " select message_id from seed_click union all select event_id from flipped_click"
    )
    assert findings(text) == {"insert-in-order"}


def test_a_view_may_ask_the_clock_and_a_load_may_not(findings: Findings) -> None:
    """A view is read at a moment that nobody can bind."""
    query = "select load_id from control.load where committed_at > dateadd(hour, -1, getdate())"
    assert findings(f"create view control.recent_load as {query}") == set()
    assert findings(f"create temp table recent_load as {query}") == {"as-of"}
