"""The statements in the package's Python are found, all of them, and put together as they will be sent."""

import ast

import dagster as dg
import pytest

from sms_warehouse.landing.load import purge_staging
from sms_warehouse.local.lint.python import EXAMPLES, of_module, of_package
from sms_warehouse.local.lint.statements import Statement, of_text
from sms_warehouse.migrate import migrate
from sms_warehouse.resources.redshift import Session
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.platform import doors


def found(source: str) -> list[str]:
    return [
        s.text if isinstance(s, Statement) else f"? {s}" for s in of_module(source, "module.py")
    ]


def test_a_statement_is_put_together_from_literals_constants_and_functions() -> None:
    source = """
_LIMIT = 20
_LOCK = "lock control.landing_mutex"
_QUERY = (
    "select load_id from control.load"
    f" order by load_id limit {_LIMIT}"
)

def _copy(url):
    return f"copy staging.link_click from '{_quoted(manifest_url)}'"

def work(session, day):
    session.execute(_LOCK)
    statement = _QUERY + " offset 3"
    def inner():
        return session.records(statement, day=day)
    session.execute(_copy("x"))
"""
    manifest = EXAMPLES["_quoted(manifest_url)"]
    assert found(source) == [
        "lock control.landing_mutex",
        "select load_id from control.load order by load_id limit 20 offset 3",
        f"copy staging.link_click from '{manifest}'",
    ]


@pytest.mark.parametrize(
    ("handed", "unknown"),
    [
        ("f'select {x} from control.load'", "x"),
        ("words", "words"),
        ("f'select load_id from {made(1)}'", "made(1)"),
        ("' '.join(words)", "' '.join(words)"),
    ],
)
def test_what_cannot_be_put_together_is_not_passed_over(handed: str, unknown: str) -> None:
    assert found(f"def work(session, words):\n    session.rows({handed})\n") == [f"? {unknown}"]


def test_a_name_that_is_assigned_twice_is_not_guessed() -> None:
    source = "def work(session):\n    a = 'x'\n    a = 'y'\n    session.rows(a)\n"
    assert found(source) == ["? a"]


def test_the_package_has_no_statement_that_cannot_be_put_together(repository) -> None:
    statements, unresolved = of_package(repository / "sms_warehouse")
    assert unresolved == []
    assert len(statements) > 50


def test_every_example_stands_for_something(repository) -> None:
    placeholders = {
        ast.unparse(node.value)
        for path in (repository / "sms_warehouse").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FormattedValue)
    }
    assert set(EXAMPLES) <= placeholders


def test_whatever_the_platform_sends_has_been_linted(
    platform: Platform, in_files: list[Statement], repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day of hostile traffic is loaded, replaced in part, reported on and purged, and every text is recorded."""
    sent: set[str] = set()
    execute = Session.execute

    def recording(session: Session, statement: str, **values: object) -> int:
        sent.add(statement)
        return execute(session, statement, **values)

    in_python, _ = of_package(repository / "sms_warehouse")
    with monkeypatch.context() as recorded:
        recorded.setattr(Session, "execute", recording)
        migrate(platform.redshift)
        doors.put(*doors.files("hostile", doors.DAYS[:1]))
        instance = dg.DagsterInstance.ephemeral()
        doors.run_requested(doors.tick(instance), instance)
        assert doors.run_day(doors.DAYS[0]).success
        doors.refresh_reports()
        purge_staging(platform.redshift, "link_click", today=doors.AS_OF.date())
    files = {s.text for s in in_files}
    bare = {statement.text for text in sent for statement in of_text(text, "sent")}
    others = bare - files
    assert {text for text in others if not any(s.is_like(text) for s in in_python)} == set()
    assert len(bare & files) > 100
    senders = {s.path for s in in_python if any(s.is_like(text) for text in others)}
    assert senders >= {
        f"sms_warehouse/{module}.py"
        for module in (
            "apply",
            "apply_events",
            "apply_messages",
            "assets/describe",
            "assets/reports",
            "checks",
            "landing/ledger",
            "landing/load",
            "migrate",
            "reports",
            "resources/redshift",
            "sensors",
        )
    }
