"""``sms-warehouse verify`` in this process and in one of its own, against the session's local stack."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from sms_warehouse.cli import main
from sms_warehouse.local.stack import LocalStack
from sms_warehouse_tests.conftest import Platform, forget_clients, platforms

Verify = Callable[..., Result]


def run(*arguments: str, **environment: str) -> Result:
    """Runs ``sms-warehouse verify`` with these arguments; keyword arguments are environment variables."""
    return CliRunner().invoke(main, ["verify", *arguments], env=environment)


@pytest.fixture
def verify(platform: Platform) -> Verify:
    """``run``, on a platform of the test's own."""
    return run


@pytest.fixture(scope="module")
def module_platform(stack: LocalStack, migrated: Path) -> Iterator[Platform]:
    """A platform for one verification that the tests of a module look at."""
    with pytest.MonkeyPatch.context() as patch, platforms(stack, migrated, patch) as fresh:
        yield fresh()
    forget_clients()


def report(result: Result) -> dict[str, Any]:
    """What ``--json`` printed."""
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


def scratch_spaces(platform: Platform) -> list[str]:
    """The schemas, objects and databases of verifications that are there."""
    with platform.redshift.session("tests") as session:
        schemas = session.rows(
            "select distinct table_schema from information_schema.tables"
            " where table_schema like 'sms_warehouse_verify_%'"
        )
        databases = session.rows(
            "select db_name from stv_db_isolation_level where db_name like 'sms_warehouse_verify_%'"
        )
    objects = [found.key for found in platform.lake.list_prefix("verify/")]
    return [*sorted(name for (name,) in [*schemas, *databases]), *objects]
