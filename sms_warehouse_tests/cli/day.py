"""A day of traffic with the faults of everyday life, written and loaded by the command; tests begin with it.

Day and seed are fixed: they decide whether there is an event of a type, or a fault of a kind. Here there is one of
each type, and a malformed line.
"""

from __future__ import annotations

import json
from tempfile import TemporaryDirectory
from typing import Any

import dagster as dg

from sms_warehouse_tests.cli.conftest import run_command
from sms_warehouse_tests.conftest import Platform

DAY, NEXT_DAY = "2026-03-03", "2026-03-04"
DAYS = ("--from", DAY, "--to", DAY)
TRAFFIC = ("traffic", *DAYS, "--messages", "100", "--faults", "usual", "--seed", "8")
CLOCK = ("--as-of", "2026-03-05T14:00:00+02:00")
# Of days that staging no longer keeps only the ledger is left to check.
STAGED = {"SMS_WAREHOUSE_STAGING_DAYS": "36500"}
_TOLD = "told.json"


def written(platform: Platform) -> None:
    """The day as the services wrote it."""
    _keep(platform, truth=json.loads(_run(*TRAFFIC, "--json")))


def loaded(platform: Platform) -> None:
    """The day loaded, its runs recorded by Dagster, and the reports refreshed for a clock two days later."""
    written(platform)
    with TemporaryDirectory() as home:
        load = json.loads(_run("load", *DAYS, *CLOCK, "--json", DAGSTER_HOME=home))
        with dg.DagsterInstance.from_config(home) as instance:
            recorded = {
                run.run_id: [run.job_name, run.tags.get("dagster/partition"), run.status.value]
                for run in instance.get_runs()
            }
    _keep(platform, **told(platform), load=load, recorded=recorded)


def told(platform: Platform) -> dict[str, Any]:
    """What the commands said that made the world."""
    found: dict[str, Any] = json.loads(platform.lake.get(_TOLD) or b"{}")
    return found


def _keep(platform: Platform, **said: Any) -> None:
    platform.lake.put(_TOLD, json.dumps(said).encode())


def _run(*arguments: str, **environment: str) -> str:
    result = run_command(*arguments, **STAGED, **environment)
    assert result.exit_code == 0, result.output
    return result.stdout
