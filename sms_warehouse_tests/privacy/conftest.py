"""States that tests of erasure begin with."""

from __future__ import annotations

from collections.abc import Iterator
from functools import wraps
from pathlib import Path

import pytest

from sms_warehouse.local.stack import LocalStack
from sms_warehouse_tests.conftest import Platform, Worlds, forget_clients, platforms
from sms_warehouse_tests.privacy.people import gone, reported


@pytest.fixture
def loaded(platform: Platform, worlds: Worlds) -> Platform:
    """Three people with their reports."""
    return worlds.begin(platform, reported)


def after_erasure(platform: Platform, worlds: Worlds) -> Platform:
    """The same after Anna's."""

    @wraps(gone)
    def make(making: Platform) -> None:
        gone(worlds.begin(making, reported))

    return worlds.begin(platform, make)


@pytest.fixture
def without_anna(platform: Platform, worlds: Worlds) -> Platform:
    return after_erasure(platform, worlds)


@pytest.fixture(scope="module")
def module_platform(stack: LocalStack, migrated: Path) -> Iterator[Platform]:
    """A platform that the tests of a module share; they can have no other, for there is one bucket."""
    with pytest.MonkeyPatch.context() as patch, platforms(stack, migrated, patch) as fresh:
        yield fresh()
    forget_clients()
