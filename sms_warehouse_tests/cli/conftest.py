"""A way to call the command in this process."""

import os
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from sms_warehouse.cli import main
from sms_warehouse_tests.conftest import forget_clients

Command = Callable[..., Result]


@pytest.fixture
def command() -> Command:
    """Runs ``sms-warehouse`` with these arguments; keyword arguments are environment variables."""

    def run(*arguments: str, **environment: str | None) -> Result:
        forget_clients()
        return CliRunner().invoke(main, arguments, env=environment, prog_name="sms-warehouse")

    return run


@pytest.fixture(autouse=True)
def no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the developer's shell sets must not decide a test."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "REDSHIFT_", "SMS_WAREHOUSE_", "DAGSTER_")):
            monkeypatch.delenv(name)
