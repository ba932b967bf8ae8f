"""Plants faults in a copy of the repository, one at a time, and reports of each whether its tests see it.

A test is worth what it turns red for. ``planted.toml`` lists mistakes that a tired engineer could make, a boundary, an
order, a forgotten case, and the narrowest tests that promise they cannot pass. Here each of them is made on purpose:

    python -m sms_warehouse_tests.faults                                 every fault (half an hour of one core)
    python -m sms_warehouse_tests.faults --area landing --jobs 2
    python -m sms_warehouse_tests.faults older-content-replaces-newer

A fault that no test sees is a promise without a test: write the test, then list the fault. When code that is listed
changes, the script refuses to run until the list says the new text, so an entry never passes for want of a fault.
Faults that come out as what was there before, only slower, teach nothing and are not listed.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from queue import SimpleQueue

import click

from sms_warehouse_tests.faults import begun
from sms_warehouse_tests.faults.planted import AREAS, ROOT, Fault, faults

_MOST_SECONDS = 900
"""A fault may make its test wait for ever."""
_SHOWN_LINES = 15
_TESTS_FAILED = 1
"""Exit code of pytest; others say that it could not run what it was asked for."""
_IMPORTS = (
    "import local_redshift, sms_warehouse; print(local_redshift.__file__, sms_warehouse.__file__)"
)


class Verdict(StrEnum):
    """What came of a fault."""

    SEEN = "seen"
    NOT_SEEN = "NOT SEEN"
    NOT_RUN = "NOT RUN"
    """Its tests could not be run, or did not end: that proves nothing."""


class Copy:
    """The files of the repository in a directory of their own; faults never touch the original.

    What is installed is the original, in place: on the path of all processes that tests start the copy goes before it.
    """

    def __init__(self, directory: Path) -> None:
        self.root = directory
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        for name in filter(None, listed.stdout.decode().split("\0")):
            if (ROOT / name).is_file():
                (directory / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, directory / name)
        path = [str(directory), str(directory / "local_redshift")]
        self._environment = os.environ | {"PYTHONPATH": os.pathsep.join(path)}
        self._temporary = directory.with_name(f"{directory.name}.tmp")
        said = self._run(["-c", _IMPORTS])[1].split()
        if not said or any(not Path(file).is_relative_to(directory) for file in said):
            raise click.ClickException(f"the copy's code is not what is imported: {' '.join(said)}")

    @property
    def migrated(self) -> Path:
        """What the fixture of that name made in the last run."""
        return self._temporary / "migrated"

    def test(
        self, tests: Sequence[str], migrated: Path | None = None, seconds: float | None = None
    ) -> tuple[int | None, str]:
        """pytest's exit code, None if it did not end in so many seconds, and what it printed."""
        options = ["-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider"]
        options += ["-p", begun.__name__, f"--basetemp={self._temporary}"]
        self._environment[begun.MIGRATED] = str(migrated or "")
        return self._run([*options, *tests], seconds)

    def plant(self, fault: Fault, migrated: Path | None) -> tuple[Verdict, str]:
        """Whether a fault's tests see it; the file is as it was afterwards."""
        path = self.root / fault.file
        whole = path.read_text(encoding="utf-8")
        try:
            self._write(path, fault.planted(whole))
            given = None if fault.may_change_schema else migrated
            code, output = self.test(fault.tests, given, _MOST_SECONDS)
        finally:
            self._write(path, whole)
        verdicts = {_TESTS_FAILED: Verdict.SEEN, 0: Verdict.NOT_SEEN}
        return verdicts.get(code, Verdict.NOT_RUN) if code is not None else Verdict.NOT_RUN, output

    @staticmethod
    def _write(path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        # Python takes compiled code for that of a file of the same size and second.
        Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)

    def _run(
        self, arguments: Sequence[str], seconds: float | None = None
    ) -> tuple[int | None, str]:
        # A file: a server that outlives its test would keep a pipe open.
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self.root,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                code: int | None = process.wait(seconds)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                # What a test left behind, and all of it after Ctrl-C.
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            output.seek(0)
            return code, output.read()


def _tail(output: str) -> str:
    """The errors that pytest printed, and its last words."""
    lines = output.splitlines()
    errors = [line for line in lines if line.startswith("E ")]
    shown = [*errors[-_SHOWN_LINES:], *lines[-_SHOWN_LINES:]]
    return "\n".join(f"    {line}" for line in shown)


def _chosen(names: Sequence[str], area: str | None) -> list[Fault]:
    every = faults()
    unknown = set(names) - {fault.name for fault in every}
    if unknown:
        raise click.UsageError(f"no fault is called {', '.join(sorted(unknown))}")
    return [f for f in every if (not names or f.name in names) and area in (None, f.area)]


def _plant_all(
    chosen: Sequence[Fault], copies: Sequence[Copy], migrated: Path | None
) -> list[tuple[Fault, Verdict]]:
    free: SimpleQueue[Copy] = SimpleQueue()
    for copy in copies:
        free.put(copy)

    def work(fault: Fault) -> tuple[Fault, Verdict]:
        copy = free.get()
        began = time.monotonic()
        try:
            verdict, output = copy.plant(fault, migrated)
        finally:
            free.put(copy)
        seconds = time.monotonic() - began
        click.echo(f"{verdict:<8}  {seconds:5.1f} s  {fault.area}: {fault.name}")
        if verdict is Verdict.NOT_RUN:
            click.echo(_tail(output))
        return fault, verdict

    if len(copies) == 1:
        return list(map(work, chosen))
    threads = ThreadPoolExecutor(len(copies))
    try:
        return list(threads.map(work, chosen))
    finally:
        # After Ctrl-C those that are planted end first.
        threads.shutdown(cancel_futures=True)


def _summary(done: Sequence[tuple[Fault, Verdict]]) -> None:
    counts = Counter((fault.area, verdict) for fault, verdict in done)
    click.echo(f"\n{'area':<16}{'planted':>9}{'seen':>7}")
    for area in AREAS:
        planted = sum(counts[area, verdict] for verdict in Verdict)
        if planted:
            click.echo(f"{area:<16}{planted:>9}{counts[area, Verdict.SEEN]:>7}")
    seen = sum(verdict is Verdict.SEEN for _, verdict in done)
    click.echo(f"{'all':<16}{len(done):>9}{seen:>7}")


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("--area", type=click.Choice(AREAS), help="The faults of one area.")
@click.option(
    "--jobs", type=click.IntRange(1), default=1, help="Faults planted at once; default 1."
)
@click.option("--baseline/--no-baseline", default=True, help="First see the tests green.")
@click.option("--list", "is_listing", is_flag=True, help="Print the faults and their tests.")
def main(
    names: tuple[str, ...], area: str | None, jobs: int, baseline: bool, is_listing: bool
) -> None:
    """Plant faults one at a time and see the tests turn red: all faults, or those named."""
    chosen = _chosen(names, area)
    if is_listing:
        for fault in chosen:
            click.echo(f"{fault.area}: {fault.name} ({fault.file})")
            for test in fault.tests:
                click.echo(f"    {test}")
        return
    if mistakes := [mistake for fault in chosen for mistake in fault.mistakes()]:
        raise click.ClickException("\n".join(mistakes))
    with tempfile.TemporaryDirectory(prefix="faults-") as directory:
        copies = [Copy(Path(directory) / str(number)) for number in range(min(jobs, len(chosen)))]
        migrated = None
        if baseline:
            tests = list(dict.fromkeys(test for fault in chosen for test in fault.tests))
            code, output = copies[0].test(tests)
            if code != 0:
                raise click.ClickException(f"not green without any fault:\n{_tail(output)}")
            click.echo(f"green without any fault: {output.splitlines()[-1]}")
            if copies[0].migrated.is_dir():
                migrated = copies[0].migrated.rename(Path(directory) / "migrated")
        done = _plant_all(chosen, copies, migrated)
    _summary(done)
    if any(verdict is not Verdict.SEEN for _, verdict in done):
        sys.exit(1)


if __name__ == "__main__":
    main()
