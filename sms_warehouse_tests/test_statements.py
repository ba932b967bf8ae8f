"""The statements in the package's Python are found, all of them, and put together as they will be sent."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import dagster as dg
import pytest
from local_redshift.lint.statements import Statement, of_text

import sms_warehouse
from sms_warehouse import sql
from sms_warehouse.follow_up import decision_table, lists
from sms_warehouse.landing.load import purge_staging
from sms_warehouse.local.lint import of_folder
from sms_warehouse.local.statements import EXAMPLES, of_module, of_package
from sms_warehouse.migrate import migrate
from sms_warehouse.privacy import erase
from sms_warehouse.reclassify import Subject, preview, reclassify
from sms_warehouse.resources.redshift import Session
from sms_warehouse.trace.find import trace
from sms_warehouse_tests.conftest import Platform, Worlds
from sms_warehouse_tests.platform import doors
from sms_warehouse_tests.privacy import people
from sms_warehouse_tests.warehouse.world import DAY

PACKAGE = Path(sms_warehouse.__file__).parent
in_package = cache(lambda: of_package(PACKAGE))
in_files = cache(lambda: {statement.text for statement in of_folder(sql.root())})


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


def test_the_package_has_no_statement_that_cannot_be_put_together() -> None:
    statements, unresolved = in_package()
    assert unresolved == []
    assert len(statements) > 50


def test_no_statement_is_so_open_that_it_would_pass_for_any() -> None:
    statements, _ = in_package()
    strange = (
        "select strange from nowhere where nothing = 1",
        "delete from nowhere",
        "lock nowhere",
    )
    assert [s for s in statements for text in strange if s.is_like(text)] == []


def test_every_example_stands_for_something() -> None:
    placeholders = {
        ast.unparse(node.value)
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FormattedValue)
    }
    assert set(EXAMPLES) <= placeholders


@contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """The texts that sessions are handed meanwhile."""
    sent: set[str] = set()
    execute = Session.execute

    def recording(session: Session, statement: str, **values: object) -> int:
        sent.add(statement)
        return execute(session, statement, **values)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "execute", recording)
        yield sent


def bare(sent: set[str]) -> set[str]:
    """Texts as the lint has them, without the comments before them."""
    return {statement.text for text in sent for statement in of_text(text, "sent")}


def senders(sent: set[str]) -> set[str]:
    """The modules whose Python has the statements that no file has; each has to be known to the lint."""
    in_python, _ = in_package()
    others = bare(sent) - in_files()
    assert {text for text in others if not any(s.is_like(text) for s in in_python)} == set()
    return {s.path for s in in_python if any(s.is_like(text) for text in others)}


def modules(*names: str) -> set[str]:
    return {f"sms_warehouse/{name}.py" for name in names}


def test_whatever_the_platform_sends_has_been_linted(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day of hostile traffic is asked for, loaded, reported on and purged, and every text is recorded."""
    with recorded(monkeypatch) as sent:
        migrate(platform.redshift)
        doors.put(*doors.files("hostile", doors.DAYS[:1]))
        instance = dg.DagsterInstance.ephemeral()
        assert doors.tick(instance).run_requests
        assert doors.run_day(doors.DAYS[0]).success
        doors.refresh_reports()
        purge_staging(platform.redshift, "link_click", today=doors.AS_OF.date())
    assert len(bare(sent) & in_files()) > 100
    assert senders(sent) >= modules(
        "apply",
        "apply_events",
        "apply_messages",
        "assets/reports",
        "checks",
        "landing/ledger",
        "landing/load",
        "migrate",
        "reports/__init__",
        "resources/redshift",
        "sensors",
    )


def test_whatever_people_ask_for_has_been_linted(
    platform: Platform, worlds: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists, rules, traces, new rules for the past, holds and an erasure, with files that land after it."""
    redshift, lake, now = platform.redshift, platform.lake, people.NOW
    anna = (people.ANNA, people.REQUEST)
    worlds.begin(platform, people.reported)
    with recorded(monkeypatch) as sent:
        with redshift.session("tests") as session:
            table = decision_table.as_csv(decision_table.rules(session))
        decision_table.set_rules(redshift, table)
        decision_table.set_settings(redshift, {"first_hour": 0, "end_hour": 24})
        lists.preview(redshift, lake, "cmp_1", now=lambda: now, report_tz="UTC")
        lists.export(redshift, lake, "cmp_1", now=lambda: now, report_tz="UTC")
        for name in (people.BEN, f"{people.BEN}#0", people.message(people.BEN)):
            trace(redshift, name, raw=True)
        preview(redshift, set(Subject), DAY, DAY)
        reclassify(redshift, set(Subject), DAY, DAY, now=now)
        erase.hold(redshift, people.ANNA, "case 12", now)
        erase.release(redshift, people.ANNA, now)
        with redshift.session("tests") as session:
            erase.preview(session, *anna)
        assert erase.erase(redshift, lake, *anna, now=now).is_proved
        with redshift.session("tests") as session:
            erase.raw_lines(session, people.REQUEST)
        people.load(platform, "again", people.world(), b'{"recipient_id":"sub_anna", broken')
    assert senders(sent) >= modules(
        "follow_up/decision_table",
        "follow_up/lists",
        "privacy/erase",
        "privacy/landing",
        "privacy/proof",
        "privacy/statements",
        "reclassify",
        "reports/recipients",
        "trace/find",
        "trace/tracer",
    )
