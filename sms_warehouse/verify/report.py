"""The report of a verification, as text and as data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from local_redshift.conformance.outcome import Outcome

from sms_warehouse.verify.connection import Server
from sms_warehouse.verify.promises import Verdict, verdicts

STAND_IN_SENTENCE = (
    "This ran against the local stand-in: it proves nothing about a cluster or a workgroup."
)
_REPLACED = (
    "The platform's statements ran as they stand, in scratch schemas: the names of schemas, and nothing else, "
    "were replaced."
)
_SHOWN = 400
"""Characters of a value that the text shows; JSON has all of it."""


@dataclass(frozen=True)
class Report:
    """All that one verification found."""

    server: Server
    scratch_schema: str
    outcomes: Sequence[Outcome]
    leftovers: Sequence[str] = ()
    """Scratch schemas that are there: this one if it was kept, and those of other runs."""
    problems: Sequence[str] = ()
    """What of the scratch space could not be removed."""
    was_stopped: bool = False
    """Told to stop before its end: what comes after is not in it."""

    @property
    def disagreed(self) -> list[Outcome]:
        return [outcome for outcome in self.outcomes if outcome.agreed is False]

    @property
    def is_green(self) -> bool:
        return not self.disagreed and not self.was_stopped

    def verdicts(self) -> list[Verdict]:
        return verdicts(self.outcomes, is_cluster=not self.server.is_stand_in)

    def data(self) -> dict[str, Any]:
        """The report for a program to read."""
        return {
            "proves_nothing_about_a_cluster": self.server.is_stand_in,
            "green": self.is_green,
            "was_stopped": self.was_stopped,
            "server": asdict(self.server),
            "scratch_schema": self.scratch_schema,
            "leftovers": list(self.leftovers),
            "problems": list(self.problems),
            "summary": {
                section: _counts([o for o in self.outcomes if o.section == section])
                for section in self._sections()
            },
            "promises": [asdict(verdict) for verdict in self.verdicts()],
            "outcomes": [asdict(outcome) | {"url": outcome.url} for outcome in self.outcomes],
        }

    def text(self) -> str:
        """The report for a person to read."""
        return "\n".join(self._lines())

    def _sections(self) -> list[str]:
        return list(dict.fromkeys(outcome.section for outcome in self.outcomes))

    def _lines(self) -> Iterator[str]:
        server = self.server
        if server.is_stand_in:
            yield STAND_IN_SENTENCE
            yield ""
        yield f"server     {server.version}"
        yield f"kind       {server.kind}"
        yield f"database   {server.database}, isolation level {server.isolation}"
        yield f"TLS        {server.tls}"
        yield f"login      {server.login}"
        yield f"scratch    {self.scratch_schema}"
        yield _REPLACED
        for section in self._sections():
            found = [o for o in self.outcomes if o.section == section]
            counts = _counts(found)
            yield ""
            yield f"{section}: " + ", ".join(f"{n} {what}" for what, n in counts.items())
            for outcome in found:
                yield from _disagreement(outcome)
        yield ""
        yield from self._promises()
        yield from self._untried()
        if self.problems:
            yield ""
            yield "left behind: " + "; ".join(self.problems)
        yield ""
        yield self._last_word()

    def _promises(self) -> Iterator[str]:
        if self.server.is_stand_in:
            yield "The README's promises, of which this proves none:"
        else:
            yield "What this says of the README's promises:"
        for verdict in self.verdicts():
            yield f"  {verdict.verdict:<9}  {verdict.promise}" + _why(verdict)

    def _untried(self) -> Iterator[str]:
        untried = [outcome for outcome in self.outcomes if outcome.agreed is None]
        if untried:
            yield ""
            yield "Could not be tried, and why:"
            for outcome in untried:
                yield f"  {outcome.section}: {outcome.name}: {_short(outcome.note)}"

    def _last_word(self) -> str:
        if self.was_stopped:
            return "Stopped before its end: what was not reached is not in this report."
        if self.disagreed:
            word = f"{len(self.disagreed)} of {len(self.outcomes)} did not agree."
            return f"{word} {STAND_IN_SENTENCE}" if self.server.is_stand_in else word
        if self.server.is_stand_in:
            return f"All that was tried agreed. {STAND_IN_SENTENCE}"
        return "All that was tried agreed."


def _counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    answers = [outcome.agreed for outcome in outcomes]
    return {
        "agreed": answers.count(True),
        "did not agree": answers.count(False),
        "could not be tried": answers.count(None),
    }


def _disagreement(outcome: Outcome) -> Iterator[str]:
    """All there is to know of what did not agree."""
    if outcome.agreed is not False:
        return
    yield f"  WRONG      {outcome.name}"
    yield f"             expected  {_short(outcome.expected)}"
    yield f"             found     {_short(outcome.found)}"
    if outcome.note:
        yield f"             note      {_short(outcome.note)}"
    if outcome.url:
        yield f"             see       {outcome.url}"


def _why(verdict: Verdict) -> str:
    if verdict.disagreed:
        return f" ({verdict.disagreed} did not agree)"
    if verdict.untried:
        return f" ({verdict.untried} could not be tried, {verdict.agreed} agreed)"
    return f" ({verdict.agreed} agreed)" if verdict.agreed else " (not tried)"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"
