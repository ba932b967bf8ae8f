"""A platform whose queue shows a message again after a second, so that a test can see it come back."""

import pytest

from sms_warehouse.resources.inbox import sqs_client
from sms_warehouse_tests.conftest import FreshPlatform, Platform
from sms_warehouse_tests.platform import doors


@pytest.fixture
def platform(platform: Platform) -> Platform:
    sqs_client().set_queue_attributes(
        QueueUrl=platform.queue_url, Attributes={"VisibilityTimeout": "1"}
    )
    return platform


@pytest.fixture(scope="session")
def _plain() -> dict[str, list[str]]:
    return {}


@pytest.fixture
def plain(_plain, fresh_platform: FreshPlatform) -> dict[str, list[str]]:
    """What loading the usual traffic day by day gives, computed once on a platform of its own.

    Ask for it before ``platform``, which empties the warehouse again.
    """
    if not _plain:
        fresh_platform()
        doors.put(*doors.files())
        for day in doors.DAYS:
            assert doors.run_day(day).success
        _plain.update(doors.picture())
    return _plain
