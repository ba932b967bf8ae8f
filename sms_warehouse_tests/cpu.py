"""CPU time of the tests by folder, and the budget that it is held against.

A pytest plugin. Counted is what a worker and all processes below it use while a test runs, its fixtures and the
servers among them: on a machine where other work runs too, that says more than the wall. What processes use that
outlive their parent is missed.

``budget.toml`` beside this file keeps the seconds of each folder. Where the environment says ``CI``, a run of the
whole suite that uses more than a quarter more than that fails; ``pytest --write-cpu-budget`` writes the file anew.
"""

from __future__ import annotations

import os
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

BUDGET = Path(__file__).with_name("budget.toml")
MOST = 1.25
"""What a run may use, as a multiple of the budget."""

_OUTSIDE = "outside tests"
_HEAD = """\
# CPU seconds of the test suite by folder, on 2 cores; written by `pytest --write-cpu-budget`.
# A change that makes a folder dearer pays for it in another.
"""


def tree_seconds(root: int) -> float:
    """CPU seconds of a process, of those below it, and of their children that have ended."""
    if not Path("/proc/self/stat").exists():
        return sum(os.times()[:4])
    below: dict[int, list[int]] = {}
    ticks: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # It has just ended.
        pid = int(entry.name)
        below.setdefault(int(fields[1]), []).append(pid)
        ticks[pid] = sum(map(int, fields[11:15]))
    total, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        total += ticks.get(pid, 0)
        waiting += below.get(pid, [])
    return total / os.sysconf("SC_CLK_TCK")


def folder_of(nodeid: str) -> str:
    """The folder that a test counts for: one below ``sms_warehouse_tests``, or a distribution of its own."""
    first, *rest = nodeid.partition("::")[0].split("/")
    is_nested = first == "sms_warehouse_tests" and len(rest) > 1
    return f"{first}/{rest[0]}" if is_nested else first


@dataclass
class Costs:
    """What one process of the run knows: a worker its own tests, the controller the sum."""

    began_at: float = field(default_factory=time.monotonic)
    cpu_s: Counter[str] = field(default_factory=Counter)
    tests: Counter[str] = field(default_factory=Counter)
    wall_s: Counter[str] = field(default_factory=Counter)
    """By test."""

    @property
    def total_s(self) -> float:
        return sum(self.cpu_s.values())


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-cpu-budget",
        action="store_true",
        help=f"write the CPU seconds of this run to {BUDGET.name}",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Plugin(config), "cpu_costs")


class _Plugin:
    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._is_worker = hasattr(config, "workerinput")
        self._costs = Costs()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        before = tree_seconds(os.getpid())
        try:
            return (yield)
        finally:
            folder = folder_of(item.nodeid)
            self._costs.cpu_s[folder] += tree_seconds(os.getpid()) - before
            self._costs.tests[folder] += 1

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._costs.wall_s[report.nodeid] += report.duration

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker has ended and hands over what it counted."""
        output = getattr(node, "workeroutput", {})
        self._costs.cpu_s.update(output.get("cpu_s", {}))
        self._costs.tests.update(output.get("cpu_tests", {}))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        costs = self._costs
        own = tree_seconds(os.getpid()) - (0 if self._has_workers else costs.total_s)
        if self._is_worker:
            costs.cpu_s[_OUTSIDE] += own
            self._config.workeroutput |= {  # type: ignore[attr-defined]
                "cpu_s": dict(costs.cpu_s),
                "cpu_tests": dict(costs.tests),
            }
            return
        # What ended workers used has become the controller's children's.
        costs.cpu_s[_OUTSIDE] += max(0.0, own - (costs.total_s if self._has_workers else 0))
        if self._is_over and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @property
    def _has_workers(self) -> bool:
        return not self._is_worker and bool(self._config.getoption("numprocesses", None))

    @property
    def _is_over(self) -> bool:
        """Whether the whole suite ran and used too much."""
        is_whole = set(self._costs.tests) >= set(_budget()) - {_OUTSIDE}
        is_held = bool(os.environ.get("CI")) and is_whole and bool(_budget())
        return is_held and self._costs.total_s > MOST * sum(_budget().values())

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        costs, budget = self._costs, _budget()
        if not costs.tests:
            return
        write = terminalreporter.write_line
        terminalreporter.section("CPU seconds by folder")
        for folder in sorted(costs.cpu_s, key=lambda f: -costs.cpu_s[f]):
            planned = f"{budget[folder]:8.0f}" if folder in budget else "       -"
            write(f"{costs.cpu_s[folder]:8.1f} of {planned}  {costs.tests[folder]:5}  {folder}")
        terminalreporter.section("slowest ten tests, seconds of wall time")
        for nodeid, seconds in costs.wall_s.most_common(10):
            write(f"{seconds:8.1f}  {nodeid}")
        wall = time.monotonic() - costs.began_at
        write(f"{sum(costs.tests.values())} tests, {wall:.0f} s wall, {costs.total_s:.0f} s CPU")
        if self._is_over:
            write(
                f"CPU budget exceeded: {costs.total_s:.0f} s are more than {MOST} times "
                f"{sum(budget.values()):.0f} s ({BUDGET.name})",
                red=True,
            )
        if self._config.getoption("--write-cpu-budget"):
            lines = [f'"{folder}" = {costs.cpu_s[folder]:.0f}' for folder in sorted(costs.cpu_s)]
            BUDGET.write_text(_HEAD + "\n".join(lines) + "\n")


def _budget() -> dict[str, float]:
    return tomllib.loads(BUDGET.read_text()) if BUDGET.exists() else {}
