"""A way to call the command in this process."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest
from click.testing import CliRunner, Result

from sms_warehouse.assets import plots
from sms_warehouse.cli import main
from sms_warehouse.resources.redshift import Redshift, Session
from sms_warehouse_tests.conftest import FreshWarehouse, forget_clients

Command = Callable[..., Result]
T = TypeVar("T")

_WRITES = re.compile(
    r"^\s*(insert into|update|delete from) (control|staging|warehouse|reports|pii)\.", re.MULTILINE
)


def run_command(*arguments: str, **environment: str | None) -> Result:
    """Runs ``sms-warehouse`` with these arguments; keyword arguments are environment variables."""
    forget_clients()
    return CliRunner().invoke(main, arguments, env=environment, prog_name="sms-warehouse")


@pytest.fixture
def command() -> Command:
    return run_command


Begin = Callable[[Callable[[Redshift], object]], Redshift]


@pytest.fixture
def begin(fresh_warehouse: FreshWarehouse, monkeypatch: pytest.MonkeyPatch) -> Begin:
    """Makes a warehouse in this process with the world that it is given, and leads the command there.

    For commands that only talk to the warehouse. That they find the real one, and what the driver makes of its values,
    is shown by the tests that load or export.
    """

    def begun(world: Callable[[Redshift], object]) -> Redshift:
        redshift = fresh_warehouse(world=world)
        monkeypatch.setattr(Redshift, "connection", lambda self, group: redshift.connection(group))
        return redshift

    return begun


@contextmanager
def writing_transactions(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[str]]]:
    """The statements of each transaction that wrote to a table meanwhile; the list is filled at the end."""
    everything: list[list[str]] = []
    writing: list[list[str]] = []
    open_now: list[list[str]] = []
    transaction, execute = Redshift.transaction, Session.execute

    def begun(redshift: Redshift, name: str, work: Callable[[Session], T]) -> T:
        def recorded(session: Session) -> T:
            open_now.append([])
            try:
                return work(session)
            finally:
                everything.append(open_now.pop())

        return transaction(redshift, name, recorded)

    def recording(session: Session, statement: str, **values: object) -> int:
        if open_now:
            open_now[-1].append(statement)
        return execute(session, statement, **values)

    with monkeypatch.context() as patch:
        patch.setattr(Redshift, "transaction", begun)
        patch.setattr(Session, "execute", recording)
        yield writing
    writing += [sent for sent in everything if any(map(_WRITES.search, sent))]


@pytest.fixture(autouse=True)
def no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the developer's shell sets must not decide a test."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "REDSHIFT_", "SMS_WAREHOUSE_", "DAGSTER_")):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """To draw them costs a load of the command as much as its reports; they have tests of their own."""
    monkeypatch.setattr(plots, "png", lambda plot, rows: b"")
