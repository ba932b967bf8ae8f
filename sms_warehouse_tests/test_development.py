"""What people who change the project run: the tests that a change touches, and the budget of CPU time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import sms_warehouse
from sms_warehouse import sql
from sms_warehouse_tests.cpu import folder_of, tree_seconds
from sms_warehouse_tests.touched import TABLE, touched

ROOT = Path(__file__).parents[1]


def test_every_part_of_the_product_has_tests_to_run_when_it_changes() -> None:
    package = Path(sms_warehouse.__file__).parent
    for file in [*package.rglob("*.py"), *sql.root().rglob("*.sql")]:
        assert touched([file.relative_to(ROOT).as_posix()]), file
    assert [
        place for places in TABLE.values() for place in places if not (ROOT / place).exists()
    ] == []


@pytest.mark.parametrize(
    ("path", "tests"),
    [
        ("sms_warehouse/landing/inspect.py", ["sms_warehouse_tests/inspect"]),
        ("sms_warehouse_tests/cli/test_demo.py", ["sms_warehouse_tests/cli"]),
        ("sms_warehouse_tests/test_sql.py", ["sms_warehouse_tests/test_sql.py"]),
        ("local_redshift/local_redshift/wire.py", ["local_redshift/local_redshift_tests"]),
        ("README.md", []),
    ],
)
def test_a_change_names_the_tests_of_its_folder(path: str, tests: list[str]) -> None:
    assert touched([path]) == tests


@pytest.mark.parametrize(
    ("nodeid", "folder"),
    [
        ("sms_warehouse_tests/cli/test_load.py::test_x[a/b]", "sms_warehouse_tests/cli"),
        ("sms_warehouse_tests/test_sql.py::test_x", "sms_warehouse_tests"),
        ("local_redshift/local_redshift_tests/lint/test_rules.py::test_x", "local_redshift"),
    ],
)
def test_a_test_counts_for_its_folder(nodeid: str, folder: str) -> None:
    assert folder_of(nodeid) == folder


BURN = "import time\nwhile time.process_time() < 0.5: pass\n"


def test_what_processes_below_use_is_counted_while_they_run_and_afterwards() -> None:
    before = tree_seconds(os.getpid())
    child = subprocess.Popen(
        [sys.executable, "-c", f"{BURN}print('burnt', flush=True)\ninput()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout
    child.stdout.readline()
    assert tree_seconds(os.getpid()) - before > 0.4
    child.communicate(b"\n")
    assert tree_seconds(os.getpid()) - before > 0.4


@pytest.mark.parametrize(
    ("budget_s", "ci", "code"), [(0.1, "true", 1), (0.1, "", 0), (600, "true", 0)]
)
def test_a_suite_over_its_budget_is_red_in_ci(
    tmp_path: Path, budget_s: float, ci: str, code: int
) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "budget.toml").write_text(f'"test_burn.py" = {budget_s}\n')
    (tmp_path / "conftest.py").write_text(
        "import pathlib\nimport sms_warehouse_tests.cpu as cpu\n"
        "cpu.BUDGET = pathlib.Path(__file__).with_name('budget.toml')\n"
    )
    (tmp_path / "test_burn.py").write_text(
        "import subprocess, sys\ndef test_burn():\n"
        f"    subprocess.run([sys.executable, '-c', {BURN!r}], check=True)\n"
    )
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "sms_warehouse_tests.cpu", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=os.environ | {"CI": ci, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == code, run.stdout
    assert ("CPU budget exceeded" in run.stdout) == bool(code)
