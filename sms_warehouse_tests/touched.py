"""``python -m sms_warehouse_tests.touched [PATH...]``: the folders of tests that a change touches, one a line.

Without paths: the change is what git has not committed yet. The table goes by folder; whoever changes what many
things stand on runs ``make test``.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

_ROOT = Path(__file__).parents[1]

# The longest beginning that fits a path decides. The tests of a folder of tests are its own.
TABLE = {
    "benchmarks/": (),
    "local_redshift/": ("local_redshift/local_redshift_tests",),
    "sms_warehouse/": ("sms_warehouse_tests/cli",),
    "sms_warehouse/apply": ("sms_warehouse_tests/warehouse",),
    "sms_warehouse/assets/": ("sms_warehouse_tests/platform",),
    "sms_warehouse/assets/charts": ("sms_warehouse_tests/warehouse",),
    "sms_warehouse/assets/plots": ("sms_warehouse_tests/warehouse",),
    "sms_warehouse/checks": ("sms_warehouse_tests/platform",),
    "sms_warehouse/click_rules": ("sms_warehouse_tests/warehouse",),
    "sms_warehouse/definitions": ("sms_warehouse_tests/platform",),
    "sms_warehouse/follow_up/": ("sms_warehouse_tests/warehouse", "sms_warehouse_tests/cli"),
    "sms_warehouse/invariants": ("sms_warehouse_tests/warehouse",),
    "sms_warehouse/jobs": ("sms_warehouse_tests/platform",),
    "sms_warehouse/landing/": ("sms_warehouse_tests/inspect", "sms_warehouse_tests/platform"),
    "sms_warehouse/landing/inspect": ("sms_warehouse_tests/inspect",),
    "sms_warehouse/local/": ("sms_warehouse_tests/local_stack",),
    "sms_warehouse/local/traffic/": ("sms_warehouse_tests/traffic",),
    "sms_warehouse/migrate": ("sms_warehouse_tests/local_stack",),
    "sms_warehouse/model": ("sms_warehouse_tests/test_model.py",),
    "sms_warehouse/partitions": ("sms_warehouse_tests/platform",),
    "sms_warehouse/privacy/": ("sms_warehouse_tests/privacy",),
    "sms_warehouse/ranges": ("sms_warehouse_tests/warehouse",),
    "sms_warehouse/reports/": ("sms_warehouse_tests/warehouse",),
    "sms_warehouse/resources/": ("sms_warehouse_tests/driver", "sms_warehouse_tests/local_stack"),
    "sms_warehouse/schedules": ("sms_warehouse_tests/platform",),
    "sms_warehouse/sensors": ("sms_warehouse_tests/platform",),
    "sms_warehouse/sql": ("sms_warehouse_tests/test_sql.py",),
    "sms_warehouse/verify/": ("sms_warehouse_tests/verify",),
    "sql/": ("sms_warehouse_tests/warehouse",),
    "sql/landing/": ("sms_warehouse_tests/platform",),
    "sql/privacy/": ("sms_warehouse_tests/privacy",),
    "sql/reclassify/": ("sms_warehouse_tests/cli",),
    "sql/trace/": ("sms_warehouse_tests/cli",),
}


def touched(paths: Iterable[str]) -> list[str]:
    """Folders and files of tests, for paths below the root of the repository."""
    found: set[str] = set()
    for path in paths:
        folder, _, rest = path.partition("/")
        if folder == "sms_warehouse_tests":
            inside, slash, _ = rest.partition("/")
            if slash or inside.startswith("test_"):
                found.add(f"{folder}/{inside}")
            continue
        begins = [begin for begin in TABLE if path.startswith(begin)]
        found |= set(TABLE[max(begins, key=len)]) if begins else set()
    return sorted(place for place in found if (_ROOT / place).exists())


def changed() -> list[str]:
    """The paths that git calls changed, moved or new since the last commit."""
    commands = (
        ("git", "diff", "--name-only", "HEAD"),
        ("git", "ls-files", "--others", "--exclude-standard"),
    )
    return [
        line
        for command in commands
        for line in subprocess.run(
            command, cwd=_ROOT, check=True, capture_output=True, text=True
        ).stdout.splitlines()
    ]


if __name__ == "__main__":
    print("\n".join(touched(sys.argv[1:] or changed())))
