"""The list of faults: a text of a file, what it becomes, and the tests that are to turn red."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).with_name("planted.toml")
AREAS = (
    "landing",
    "ledger",
    "sensor",
    "apply",
    "reports",
    "privacy",
    "translation",
    "local-redshift",
    "lint",
    "verify",
)

_MAKE_SCHEMA = (
    "local_redshift/",
    "sql/schema/",
    "sql/reference/",
    "sms_warehouse/migrate.py",
    "sms_warehouse/model.py",
    "sms_warehouse/sql.py",
)


@dataclass(frozen=True)
class Fault:
    """One fault. ``old`` stands exactly once in ``file``; ``tests`` are pytest's node ids, or files."""

    name: str
    area: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def mistakes(self, root: Path = ROOT) -> list[str]:
        """What makes the entry useless: a text that is gone, or a test that is."""
        found = []
        if self.area not in AREAS:
            found.append(f"{self.name}: no area {self.area!r}")
        if self.old == self.new:
            found.append(f"{self.name}: nothing changes")
        path = root / self.file
        count = path.read_text(encoding="utf-8").count(self.old) if path.is_file() else 0
        if count != 1:
            found.append(f"{self.name}: its text stands {count} times in {self.file}")
        for test in self.tests:
            if not _exists(root, test):
                found.append(f"{self.name}: there is no test {test}")
        if not self.tests:
            found.append(f"{self.name}: no test is named")
        return found

    @property
    def may_change_schema(self) -> bool:
        """Whether a database may be another one when it is migrated with the fault."""
        return self.file.startswith(_MAKE_SCHEMA)

    def planted(self, text: str) -> str:
        """The text of the file with the fault in it."""
        return text.replace(self.old, self.new)


def _exists(root: Path, test: str) -> bool:
    file, _, function = test.partition("::")
    path = root / file
    if not path.is_file():
        return False
    name = function.partition("[")[0]
    return not name or bool(
        re.search(rf"^def {re.escape(name)}\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    )


def faults() -> list[Fault]:
    """All faults, in the order of the list."""
    entries = tomllib.loads(LIST.read_text(encoding="utf-8"))["fault"]
    return [Fault(**{**entry, "tests": tuple(entry["tests"])}) for entry in entries]
