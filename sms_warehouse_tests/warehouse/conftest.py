"""A stand-in of Redshift for this folder alone, with the schema and no events before each test."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from sms_warehouse import sql
from sms_warehouse.migrate import migrate
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.warehouse.world import Facts

_SCHEMAS = ("control", "staging", "warehouse", "reports")
_REFERENCE = {file.stem for file in (sql.root() / "reference").glob("*.sql")}


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Environment variables of a running stand-in with the schema in it."""
    env = {
        "REDSHIFT_HOST": "127.0.0.1",
        "REDSHIFT_USER": "awsuser",
        "REDSHIFT_PASSWORD": "only-for-tests",
        "REDSHIFT_DATABASE": "dev",
        "REDSHIFT_SSL": "false",
    }
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "local_redshift",
            "serve",
            "--dir",
            str(tmp_path_factory.mktemp("redshift")),
            "--port",
            "0",
        ],
        env=os.environ | env,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "listening on" in line:
                env["REDSHIFT_PORT"] = line.strip().rsplit(":", 1)[1]
                break
        with pytest.MonkeyPatch.context() as patch:
            for name, value in env.items():
                patch.setenv(name, value)
            migrate(Redshift())
        yield env
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def login(server: dict[str, str]) -> Iterator[None]:
    """The stand-in's address and login in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def redshift(login: None) -> Redshift:
    """An empty warehouse with its reference data."""
    warehouse = Redshift()
    empty(warehouse)
    return warehouse


@pytest.fixture
def facts(redshift: Redshift) -> Facts:
    return Facts(redshift)


def empty(redshift: Redshift) -> None:
    """Removes every event and everything made of events, and puts the rules about clicks back."""
    with redshift.session("tests") as session:
        for schema, table in session.rows(
            "select table_schema, table_name from information_schema.tables where table_type = 'BASE TABLE'"
        ):
            if schema in _SCHEMAS and table not in _REFERENCE:
                session.execute(f"delete from {schema}.{table}")
        sql.run(session, "reference/dim_bot_rule")
