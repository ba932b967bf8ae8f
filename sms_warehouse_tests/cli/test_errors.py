"""Every mistake of a set-up is one line that names what is wrong and what sets it, and exit code 1.

A traceback would be true as well, but the person who reads it has a variable to mend, not a program.
"""

import sys

import pytest
from botocore.config import Config
from click.testing import Result

from sms_warehouse.local.services import free_port
from sms_warehouse.resources import s3
from sms_warehouse_tests.cli.conftest import Command
from sms_warehouse_tests.conftest import Platform

DAYS = ("--from", "2026-03-01", "--to", "2026-03-01")
TRAFFIC = ("traffic", *DAYS, "--messages", "10")


def error(result: Result) -> str:
    """The one error line."""
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    return line


@pytest.mark.parametrize(
    ("arguments", "variable"),
    [
        (["migrate"], "REDSHIFT_HOST"),
        (["migrate"], "REDSHIFT_USER"),
        (["migrate"], "REDSHIFT_PASSWORD"),
        (TRAFFIC, "SMS_WAREHOUSE_BUCKET"),
        (["load", *DAYS], "SMS_WAREHOUSE_BUCKET"),
        (["load", *DAYS, "--dry-run"], "SMS_WAREHOUSE_BUCKET"),
    ],
)
def test_a_missing_variable_is_named(
    command: Command, platform: Platform, arguments: list[str], variable: str
) -> None:
    assert f"environment variable {variable} is not set" in error(
        command(*arguments, **{variable: None})
    )


@pytest.mark.parametrize("variable", ["SMS_WAREHOUSE_FIRST_DAY", "DAGSTER_HOME"])
def test_a_variable_that_holds_nonsense_is_named(
    command: Command, platform: Platform, variable: str
) -> None:
    line = error(command("load", *DAYS, **{variable: "somewhere"}))
    assert f"environment variable {variable} must be" in line
    assert "'somewhere'" in line


@pytest.mark.parametrize("arguments", [["migrate"], ["load", *DAYS], ["load", *DAYS, "--dry-run"]])
def test_a_warehouse_that_does_not_answer_is_named_with_its_address(
    command: Command, platform: Platform, arguments: list[str]
) -> None:
    port = free_port()
    line = error(command(*arguments, REDSHIFT_PORT=str(port)))
    assert f"Redshift at 127.0.0.1:{port} does not answer" in line
    assert "REDSHIFT_HOST and REDSHIFT_PORT" in line


def test_a_wrong_password_is_told_from_a_warehouse_that_is_not_there(
    command: Command, platform: Platform
) -> None:
    line = error(command("migrate", REDSHIFT_PASSWORD="wrong"))
    assert "refused user 'admin'" in line
    assert "REDSHIFT_USER and REDSHIFT_PASSWORD" in line


def test_an_unknown_database_is_named(command: Command, platform: Platform) -> None:
    line = error(command("migrate", REDSHIFT_DATABASE="elsewhere"))
    assert "no database 'elsewhere'" in line
    assert "REDSHIFT_DATABASE" in line


@pytest.mark.parametrize("arguments", [TRAFFIC, ["load", *DAYS], ["load", *DAYS, "--dry-run"]])
def test_a_bucket_that_is_not_there_is_named(
    command: Command, platform: Platform, arguments: list[str]
) -> None:
    line = error(command(*arguments, SMS_WAREHOUSE_BUCKET="no-such-bucket"))
    assert "bucket 'no-such-bucket' does not exist; check SMS_WAREHOUSE_BUCKET" in line


def test_an_s3_that_does_not_answer_is_named_with_its_address(
    command: Command, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = s3._CONFIG.merge(Config(retries={"total_max_attempts": 1}))
    monkeypatch.setattr(s3, "_CONFIG", once)
    address = f"http://127.0.0.1:{free_port()}"
    line = error(command("load", *DAYS, AWS_ENDPOINT_URL=address))
    assert "S3 does not answer" in line
    assert address in line
    assert "AWS_ENDPOINT_URL" in line


def test_a_demo_without_the_packages_of_the_local_stack_says_what_to_install(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sms_warehouse.cli.find_spec", lambda name: None)
    assert "`pip install 'sms-warehouse[local]'` brings it" in error(command("demo", "--once"))


def test_verify_without_the_local_extra_says_what_to_install(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A production image has no local-redshift."""
    for name in [n for n in sys.modules if n.startswith("sms_warehouse.verify")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "local_redshift", None)
    assert "sms-warehouse[local]" in error(command("verify"))
