"""A pytest plugin: a run begins with the schema that an earlier one made, which is most of the time of a small test.

For faults that cannot have a part in it: see ``Fault.may_change_schema``.
"""

from __future__ import annotations

import os
import shutil

import pytest

MIGRATED = "FAULTS_MIGRATED"
"""Names the directory of the fixture ``migrated`` as an earlier run left it."""


@pytest.fixture(scope="session", autouse=True)
def migrated_before(tmp_path_factory: pytest.TempPathFactory) -> None:
    if given := os.environ.get(MIGRATED):
        shutil.copytree(given, tmp_path_factory.getbasetemp() / "migrated")
