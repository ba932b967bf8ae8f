"""States that tests of erasure begin with."""

from __future__ import annotations

import pytest

from sms_warehouse_tests.conftest import Platform, Worlds
from sms_warehouse_tests.privacy.people import gone, reported


@pytest.fixture
def loaded(platform: Platform, worlds: Worlds) -> Platform:
    """Three people with their reports."""
    return worlds.begin(platform, reported)


@pytest.fixture
def without_anna(platform: Platform, worlds: Worlds) -> Platform:
    """The same after her erasure."""
    return worlds.begin(platform, gone)
