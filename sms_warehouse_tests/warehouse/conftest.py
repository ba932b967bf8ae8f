"""A warehouse with the schema and no events for each test, on the engine in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.conftest import FreshWarehouse
from sms_warehouse_tests.warehouse.in_step import Outcomes, outcomes_of
from sms_warehouse_tests.warehouse.world import Facts


@pytest.fixture
def redshift(fresh_warehouse: FreshWarehouse) -> Redshift:
    """An empty warehouse with its reference data."""
    return fresh_warehouse()


@pytest.fixture
def facts(redshift: Redshift) -> Facts:
    return Facts(redshift)


@pytest.fixture(scope="module")
def dagsters_warehouse(module_warehouse: Redshift) -> Iterator[Redshift]:
    """The module's warehouse, and the one that runs of Dagster in this process find."""

    def connection(_: Redshift, query_group: str) -> AbstractContextManager[Any]:
        return module_warehouse.connection(query_group)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Redshift, "connection", connection)
        yield module_warehouse


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest, module_warehouse: Redshift) -> Outcomes:
    """What became of the tests of a module that load in step."""
    return outcomes_of(request.module, module_warehouse)
