"""One verification from beginning to end: make the scratch space, run the sections, remove it, report."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from local_redshift.conformance.outcome import Outcome
from ulid import ULID

from local_redshift import conformance
from sms_warehouse import settings
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse.verify import connection, copying, files, transactions
from sms_warehouse.verify.report import Report
from sms_warehouse.verify.scratch import SCHEMA_PREFIX, Scratch, ScratchTaken, leftovers

Progress = Callable[[str], object]
Section = Callable[[Scratch, Progress], list[Outcome]]


def _conformance(scratch: Scratch, progress: Progress) -> list[Outcome]:
    def tell(topic: str) -> None:
        progress(f"conformance: {topic}")

    return conformance.run(lambda: Redshift().connection(CONFORMANCE), scratch.schema, tell)


CONFORMANCE = "conformance"
SECTIONS: dict[str, Section] = {
    CONFORMANCE: _conformance,
    files.SECTION: files.run,
    copying.SECTION: copying.run,
    transactions.SECTION: transactions.run,
}


def verify(
    progress: Progress,
    *,
    schema: str | None = None,
    only: Sequence[str] = (),
    keep: bool = False,
) -> Report:
    """Runs the sections in a scratch schema that is removed at the end, whatever happens.

    ``only`` names sections, all without it; ``keep`` leaves the scratch space behind for a look.
    Told to stop, by Ctrl-C or SIGTERM, it removes what it made and reports what it has found.
    Raises ScratchTaken, LakeUnavailable, RedshiftUnavailable, RedshiftLoginFailed or SettingError.
    """
    scratch = Scratch(schema or f"{SCHEMA_PREFIX}{str(ULID()).lower()}")
    scratch.check_name()
    server = connection.look()
    outcomes = connection.outcomes(server)
    wanted = [name for name in SECTIONS if not only or name in only]
    if set(wanted) - {CONFORMANCE}:
        # What is missing is told before anything is made.
        settings.copy_role()
        scratch.lake.list_prefix(scratch.lake.prefix)
    progress(f"verifying {server.version} in scratch schema {scratch.schema}")
    problems: list[str] = []
    was_stopped = False
    with _stoppable():
        try:
            scratch.make()
            for name in wanted:
                outcomes += _run(name, scratch, progress)
        except KeyboardInterrupt:
            was_stopped = True
        finally:
            with _undisturbed():
                if not keep and scratch.schema in leftovers():
                    progress("removing the scratch schema")
                    problems = scratch.remove()
                    for problem in problems:
                        progress(f"warning: left behind: {problem}")
    return Report(server, scratch.schema, outcomes, leftovers(), problems, was_stopped)


def _run(name: str, scratch: Scratch, progress: Progress) -> list[Outcome]:
    try:
        return SECTIONS[name](scratch, progress)
    except Exception as error:
        # The other sections still have something to say.
        said = f"{type(error).__name__}: {error}"
        return [Outcome(name, "the section comes to its end", False, "no error", said)]


def remove(schema: str) -> None:
    """Removes what a killed verification left. Raises ScratchTaken when there is nothing, or not all of it went."""
    if schema not in leftovers():
        raise ScratchTaken(f"no verification has left a schema {schema!r}")
    if problems := Scratch(schema).remove():
        raise ScratchTaken("; ".join(problems))


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM ends the work as Ctrl-C does, so that what was made is removed."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait for nothing here: a second one must not stop the removal."""
    before = {s: signal.signal(s, signal.SIG_IGN) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
