"""Which promises of the README a verification proves: each by outcomes that are named here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from local_redshift.conformance.outcome import Outcome

from sms_warehouse.verify import connection, copying, files, transactions

PROVED, DISPROVED, OPEN = "proved", "disproved", "open"
AGREES, DIFFERS = "agrees", "differs"


@dataclass(frozen=True)
class Promise:
    """A promise in the README's words, and which outcomes it rests on."""

    text: str
    rests_on: Callable[[Outcome], bool]


@dataclass(frozen=True)
class Verdict:
    """A promise is ``proved`` if all its outcomes agreed, ``disproved`` if one did not, else ``open``.

    What is no cluster proves nothing: there it ``agrees`` or ``differs``.
    """

    promise: str
    verdict: str
    agreed: int
    disagreed: int
    untried: int


def _section(*names: str, begins: tuple[str, ...] = ("",)) -> Callable[[Outcome], bool]:
    return lambda outcome: outcome.section in names and outcome.name.startswith(begins)


PROMISES: tuple[Promise, ...] = (
    Promise("SQL means here what Redshift's documentation says", _section("conformance")),
    Promise(
        "every file under sql/ runs on Redshift as it stands",
        _section(files.SECTION, begins=(files.FILE_OUTCOMES, files.STEP_OUTCOMES)),
    ),
    Promise(
        "every line has one fate, and facts and reports follow from the events",
        _section(files.SECTION, begins=(files.GOLDEN_OUTCOMES, files.STEP_OUTCOMES)),
    ),
    Promise(
        "an erased person leaves, and the counts stay",
        _section(files.SECTION, begins=(files.ERASURE_OUTCOMES,)),
    ),
    Promise(
        "COPY loads our Parquet files and manifests, or stores nothing", _section(copying.SECTION)
    ),
    Promise("the COPY role reads the bucket", _section(copying.SECTION, begins=(copying.LOADS,))),
    Promise(
        "one transaction lands a batch: LOCK keeps others out",
        lambda o: (
            o.section == transactions.SECTION
            and (o.name == transactions.LANDS_ONCE or o.name.endswith(transactions.MUTEX))
        ),
    ),
    Promise(
        "snapshots and error 1023 are as documented, and the platform recovers from it",
        lambda o: (
            o.section == transactions.SECTION
            and o.name != transactions.LANDS_ONCE
            and not o.name.endswith(transactions.MUTEX)
        ),
    ),
    Promise(
        "login with AWS credentials works", _section(connection.SECTION, begins=(connection.IAM,))
    ),
    Promise("TLS is verified in full", _section(connection.SECTION, begins=(connection.TLS,))),
)


def verdicts(outcomes: Sequence[Outcome], *, is_cluster: bool) -> list[Verdict]:
    """What the outcomes say of each promise."""
    good, bad = (PROVED, DISPROVED) if is_cluster else (AGREES, DIFFERS)
    found = []
    for promise in PROMISES:
        answers = [outcome.agreed for outcome in outcomes if promise.rests_on(outcome)]
        agreed, disagreed, untried = (answers.count(answer) for answer in (True, False, None))
        verdict = bad if disagreed else good if agreed and not untried else OPEN
        found.append(Verdict(promise.text, verdict, agreed, disagreed, untried))
    return found
