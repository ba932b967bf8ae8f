"""Every SQL file, by running the golden world in the scratch schemas; what its branches miss is explained instead.

A statement counts as run when Redshift executed it, as it stands in its file but for the names of schemas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sms_warehouse import sql
from sms_warehouse.resources.redshift import Redshift, Session, StatementFailed
from sms_warehouse.verify import world
from sms_warehouse.verify.outcome import Outcome
from sms_warehouse.verify.scratch import Scratch, ScratchRedshift

SECTION = "sql"
FILE_OUTCOMES, GOLDEN_OUTCOMES, STEP_OUTCOMES = "file ", "golden: ", "step: "

_EXPLAINED = frozenset({"select", "with", "insert", "update", "delete"})
_TEMP_TABLE = re.compile(r"^create temp table (\w+)", re.MULTILINE)
_MISSING = re.compile(r'"?(\w+)"? does not exist')
_PARAMETER = re.compile(
    r"(?P<skip>'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|::)|(?<![:\w]):(?P<name>[a-z_]\w*)", re.DOTALL
)
_INTEGERS = frozenset(
    {"lines_quarantined", "objects", "row_limit", "rows_landed", "ruleset_version", "upstreams"}
)
_DATES = re.compile(r"^day$|_date$|^window_start$")
_TIMES = re.compile(r"^now$|^as_of$|_at$|_end$")


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
    for step in world.steps(redshift, lake, lake.prefix):
        if isinstance(step, world.Golden):
            outcomes.append(_golden(redshift, step))
            continue
        progress(f"{SECTION}: {step.name}")
        try:
            step.work()
        except Exception as error:
            # The other steps show what else there is to know.
            outcomes.append(
                Outcome(SECTION, STEP_OUTCOMES + step.name, False, "done", _first_line(error))
            )
        else:
            outcomes.append(Outcome(SECTION, STEP_OUTCOMES + step.name, True, "done", "done"))
    outcomes += [_golden(redshift, golden) for golden in world.GOLDEN]
    progress(f"{SECTION}: what became of each statement")
    return outcomes + [_outcome(redshift, found) for found in all_statements()]


def _outcome(redshift: ScratchRedshift, found: FileStatement) -> Outcome:
    text = found.statement.text
    if failure := redshift.ran.failures.get(text):
        return Outcome(SECTION, found.name, False, "runs", failure)
    if text in redshift.ran.statements:
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
        return "cast('2026-03-10 12:00:00' as timestamp)" if _TIMES.search(name) else "'sample'"

    return _PARAMETER.sub(sample, text)


def _golden(redshift: Redshift, golden: world.Golden) -> Outcome:
    name = GOLDEN_OUTCOMES + golden.name
    try:
        with redshift.session("verify") as session:
            rows = session.rows(golden.query)
    except StatementFailed as error:
        return Outcome(
            SECTION, name, False, repr(golden.expected), f"{error.state} {error.message}"
        )
    found = rows[0] if len(rows) == 1 else tuple(rows)
    # 1 == True == Decimal(1), and a reader of the report sees the difference.
    is_equal = repr(found) == repr(golden.expected)
    return Outcome(SECTION, name, is_equal, repr(golden.expected), repr(found))


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
