"""Every SQL file, by running the golden world in the scratch schemas; what could not be reached is explained instead.

A statement counts as run when Redshift executed it, as it stands in its file but for the names of schemas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from local_redshift.conformance.outcome import Outcome

from sms_warehouse import sql
from sms_warehouse.resources.redshift import Redshift, Session, StatementFailed
from sms_warehouse.verify import world
from sms_warehouse.verify.golden import ERASED, Answer, Golden
from sms_warehouse.verify.scratch import Ran, Scratch

SECTION = "sql"
FILE_OUTCOMES, GOLDEN_OUTCOMES, STEP_OUTCOMES = "file ", "golden: ", "step: "
ERASURE_OUTCOMES = GOLDEN_OUTCOMES + ERASED

_EXPLAINED = frozenset({"select", "with", "insert", "update", "delete"})
_TEMP_TABLE = re.compile(r"^create temp table (\w+)", re.MULTILINE)
_MISSING = re.compile(r'"?(\w+)"? does not exist')
_PARAMETER = re.compile(
    r"(?P<skip>'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|::)|(?<![:\w]):(?P<name>[a-z_]\w*)", re.DOTALL
)
_INTEGERS = frozenset(
    {
        "cap_messages",
        "lines_quarantined",
        "objects",
        "row_limit",
        "rows_landed",
        "ruleset_version",
        "upstreams",
    }
)
_DATES = re.compile(r"^day$|_date$|_before$|^window_(start|end)$")
_TIMES = re.compile(r"^now$|^as_of$|_at$|_window_end$|since")
_FLAGS = re.compile(r"^is_")
_ZONES = re.compile(r"_tz$")


@dataclass(frozen=True)
class FileStatement:
    """One statement of a file under ``sql/``; ``number`` counts from 1."""

    path: str
    number: int
    statement: sql.Statement

    @property
    def name(self) -> str:
        return f"{FILE_OUTCOMES}{self.path}.sql, statement {self.number}: {self.word}"

    @property
    def word(self) -> str:
        """What the statement begins with."""
        text = re.sub(r"--[^\n]*", "", self.statement.text)
        return " ".join(text.split()[:2])


def all_statements() -> Iterator[FileStatement]:
    """Each statement of each file under ``sql/``."""
    for file in sorted(sql.root().rglob("*.sql")):
        path = file.relative_to(sql.root()).with_suffix("").as_posix()
        for number, statement in enumerate(sql.statements(path), start=1):
            yield FileStatement(path, number, statement)


def run(scratch: Scratch, progress: Callable[[str], object]) -> list[Outcome]:
    """Runs the golden world, compares the rows it leaves, and lists what became of each statement."""
    redshift, lake = scratch.redshift, scratch.lake
    scratch.note("bucket", lake.bucket)
    outcomes: list[Outcome] = []
    for event in world.steps(redshift, lake):
        match event:
            case Golden():
                outcomes.append(_golden(redshift, event))
            case Answer():
                progress(f"{SECTION}: {event.name}")
                outcomes.append(_answer(event))
            case world.Step():
                progress(f"{SECTION}: {event.name}")
                outcomes.append(_done(event))
    progress(f"{SECTION}: what became of each statement")
    # To explain a statement others are tried and may fail: what ran is told by another's record.
    return outcomes + [_outcome(redshift.ran, scratch.redshift, s) for s in all_statements()]


def _done(step: world.Step) -> Outcome:
    name = STEP_OUTCOMES + step.name
    try:
        step.work()
    except Exception as error:
        # The other steps show what else there is to know.
        return Outcome(SECTION, name, False, "done", _first_line(error))
    return Outcome(SECTION, name, True, "done", "done")


def _outcome(ran: Ran, redshift: Redshift, found: FileStatement) -> Outcome:
    text = found.statement.text
    if failure := ran.failures.get(text):
        return Outcome(SECTION, found.name, False, "runs", failure)
    if text in ran.statements:
        return Outcome(SECTION, found.name, True, "runs", "ran")
    if found.word.split()[0] not in _EXPLAINED:
        return Outcome(SECTION, found.name, None, "runs", note="not run, and cannot be explained")
    try:
        explain(redshift, found)
    except StatementFailed as error:
        return Outcome(
            SECTION, found.name, False, "runs", f"EXPLAIN: {error.state} {error.message}"
        )
    return Outcome(
        SECTION, found.name, None, "runs", "explained", "r_EXPLAIN", "explained, but not run"
    )


def explain(redshift: Redshift, found: FileStatement) -> None:
    """Has Redshift plan a statement, with sample values and the temp tables it needs. Raises StatementFailed."""
    with redshift.session("verify") as session:
        _with_temp_tables(session, found, f"explain {_with_samples(found.statement.text)}")


def _with_temp_tables(session: Session, found: FileStatement, text: str) -> None:
    """Runs a text, and makes each temp table that it turns out to lack."""
    made: set[str] = set()
    while True:
        try:
            session.execute(text)
        except StatementFailed as error:
            missing = _MISSING.search(error.message)
            maker = _maker(missing[1], found.path) if missing and error.state == "42P01" else None
            if maker is None or maker.name in made:
                raise
            made.add(maker.name)
            _with_temp_tables(session, maker, maker.statement.text)
        else:
            return


def _maker(table: str, path: str) -> FileStatement | None:
    """The statement that makes a temp table, of the same folder if there is one."""
    makers = [
        found
        for found in all_statements()
        if (made := _TEMP_TABLE.search(found.statement.text)) and made[1] == table
    ]
    folder = path.rpartition("/")[0]
    return min(makers, key=lambda maker: not maker.path.startswith(f"{folder}/"), default=None)


def _with_samples(text: str) -> str:
    # Whether EXPLAIN takes bound values is not documented.
    def sample(token: re.Match[str]) -> str:
        name = token["name"]
        if name is None:
            return token[0]
        if name in _INTEGERS:
            return "1"
        if _DATES.search(name):
            return "cast('2026-03-10' as date)"
        if _TIMES.search(name):
            return "cast('2026-03-10 12:00:00' as timestamp)"
        if _FLAGS.search(name):
            return "true"
        return "'UTC'" if _ZONES.search(name) else "'sample'"

    return _PARAMETER.sub(sample, text)


def _golden(redshift: Redshift, golden: Golden) -> Outcome:
    name = GOLDEN_OUTCOMES + golden.name
    try:
        with redshift.session("verify") as session:
            rows = session.rows(golden.query)
    except StatementFailed as error:
        return Outcome(
            SECTION, name, False, repr(golden.expected), f"{error.state} {error.message}"
        )
    return _compared(name, golden.expected, rows[0] if len(rows) == 1 else tuple(rows))


def _answer(answer: Answer) -> Outcome:
    name = GOLDEN_OUTCOMES + answer.name
    try:
        found = answer.ask()
    except Exception as error:
        return Outcome(SECTION, name, False, repr(answer.expected), _first_line(error))
    return _compared(name, answer.expected, found)


def _compared(name: str, expected: object, found: object) -> Outcome:
    # 1 == True == Decimal(1), and a reader of the report sees the difference.
    return Outcome(SECTION, name, repr(found) == repr(expected), repr(expected), repr(found))


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
