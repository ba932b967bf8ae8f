"""A warehouse with the schema and no events for each test, on the engine in this process."""

from __future__ import annotations

import pytest

from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.conftest import FreshWarehouse
from sms_warehouse_tests.warehouse.world import Facts


@pytest.fixture
def redshift(fresh_warehouse: FreshWarehouse) -> Redshift:
    """An empty warehouse with its reference data."""
    return fresh_warehouse()


@pytest.fixture
def facts(redshift: Redshift) -> Facts:
    return Facts(redshift)
