"""States of a platform whose queue shows a message again after a second, so that a test can see it come back."""

from collections.abc import Callable

import pytest

from sms_warehouse.reports import REPORTS
from sms_warehouse.resources.inbox import sqs_client
from sms_warehouse_tests.conftest import FreshPlatform, Platform, Worlds
from sms_warehouse_tests.platform import doors


@pytest.fixture
def platform(platform: Platform) -> Platform:
    sqs_client().set_queue_attributes(
        QueueUrl=platform.queue_url, Attributes={"VisibilityTimeout": "1"}
    )
    return platform


def one_day_loaded(_: Platform) -> None:
    doors.put(*doors.files())
    assert doors.run_day(doors.DAYS[0]).success


@pytest.fixture
def one_day(platform: Platform, worlds: Worlds) -> Platform:
    """The files of all days are in S3 and told of by the queue; only the first day is loaded."""
    return worlds.begin(platform, one_day_loaded)


@pytest.fixture(scope="session")
def all_days_loaded(worlds: Worlds) -> Callable[[Platform], None]:
    def all_days_loaded(platform: Platform) -> None:
        worlds.begin(platform, one_day_loaded)
        for day in doors.DAYS[1:]:
            assert doors.run_day(day).success
        doors.refresh(*REPORTS)

    return all_days_loaded


@pytest.fixture
def all_days(
    platform: Platform, worlds: Worlds, all_days_loaded: Callable[[Platform], None]
) -> Platform:
    """All days are loaded, one after the other, and the reports refreshed."""
    return worlds.begin(platform, all_days_loaded)


@pytest.fixture(scope="session")
def _plain() -> dict[str, list[str]]:
    return {}


@pytest.fixture
def plain(
    _plain,
    worlds: Worlds,
    fresh_platform: FreshPlatform,
    all_days_loaded: Callable[[Platform], None],
) -> dict[str, list[str]]:
    """The rows of ``all_days``. Ask for it before ``platform``, which empties the warehouse again."""
    if not _plain:
        worlds.begin(fresh_platform(), all_days_loaded)
        _plain.update(doors.rows())
    return _plain
