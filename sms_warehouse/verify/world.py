"""A small golden world: what the platform does on any day, in order, and between the steps what is right by then.

Its logs are put into the bucket, and the platform's own code lands, applies, reports, checks, draws, traces, follows
up, reclassifies and erases; so COPY, the ledger and every file under ``sql/`` do here what they do on any day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from sms_warehouse import invariants, reclassify, sql
from sms_warehouse.apply import STEPS, apply_step, row_count
from sms_warehouse.assets import plots
from sms_warehouse.follow_up import decision_table, lists
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.landing.load import land_day
from sms_warehouse.migrate import migrate
from sms_warehouse.privacy import erase
from sms_warehouse.reports import REPORTS, refresh
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift, Session
from sms_warehouse.trace.find import trace
from sms_warehouse.verify import logs
from sms_warehouse.verify.golden import (
    AS_OF,
    AT_FIRST,
    ERASED,
    IN_THE_END,
    LATER,
    Answer,
    Golden,
    stored,
)
from sms_warehouse.verify.logs import (
    CARRIER,
    DAY,
    ERROR_CODE,
    NEXT_DAY,
    REPORT_TZ,
    THIRD_DAY,
    Logs,
    after_noon,
    message_id,
    recipient,
)

RUN_ID = "verify"
REQUEST = "verify-1"

_FIRST_PERSON = recipient(0)
_EARLIER_RULES = (
    "update warehouse.dim_bot_rule set ruleset_version = 0",
    "update warehouse.dim_bot_rule set threshold = 900 where click_class = 'TOO_FAST'",
    "update warehouse.dim_delivery_error set failure_category = 'UNKNOWN', is_permanent = false"
    f" where provider = 'smsc-east' and error_code = '{ERROR_CODE}'",
    f"update warehouse.dim_carrier set country = 'MX' where mcc_mnc = '{CARRIER}'",
)


@dataclass(frozen=True)
class Step:
    """One thing the platform does in the golden world."""

    name: str
    work: Callable[[], object]


Event = Step | Golden | Answer


class NotAsItShould(Exception):
    """A step came to its end, and what the platform tells of it is not good; the message says what."""


def steps(redshift: Redshift, lake: Lake) -> Iterator[Event]:
    """What happens, in order, with everything that can befall logs and those they are about."""
    world = _World(redshift, lake)
    yield Step("migrate", lambda: migrate(redshift))
    yield Step("go back to rules of an earlier version", world.go_back)
    yield from world.two_days()
    yield from world.new_rules()
    yield from world.reported(AS_OF)
    yield from AT_FIRST
    yield from world.traced()
    yield from world.followed_up()
    yield from world.erased()
    yield from world.reported(LATER)
    for report in REPORTS:
        yield Step(f"draw {report}", partial(world.draw, report))
    yield from IN_THE_END
    yield Step("read what there is", world.read)


class _World:
    def __init__(self, redshift: Redshift, lake: Lake) -> None:
        self._redshift = redshift
        self._lake = lake

    def two_days(self) -> Iterator[Event]:
        """Copies, objects that change and change back, lines and objects that are broken, late news."""
        for what, write, day, rows, rule in (
            (
                "a day's logs",
                self._write_first,
                DAY,
                6,
                "of two copies of an event one stays",
            ),
            (
                "objects with other content",
                partial(self._write, logs.OTHER, "first", DAY),
                DAY,
                2,
                "when the object of an event changes, a copy takes its place",
            ),
            (
                "their first content again",
                self._write_first,
                DAY,
                6,
                "when the object changes back, one of the copies stays",
            ),
            (
                "late news",
                partial(self._write, logs.LATE, "late", NEXT_DAY),
                NEXT_DAY,
                8,
                "what comes a day later comes on top",
            ),
        ):
            yield from self._news(what, write, day)
            yield stored(rule, rows)
        yield Golden(
            "a click is judged again when its submission comes late",
            "select click_class, is_human from warehouse.fact_click where event_id = 'click-fast'",
            ("TOO_FAST", False),
        )
        for table, step in STEPS.items():
            if step.recompute:
                yield Step(
                    f"work out {table} again",
                    partial(apply_step, self._redshift, table, recompute_day=DAY),
                )

    def new_rules(self) -> Iterator[Event]:
        """Rules that come with a new version, brought to what is there already."""
        yield Step("migrate to the rules of this version", lambda: migrate(self._redshift))
        yield Answer(
            "what new rules would make of the past",
            lambda: reclassify.preview(self._redshift, set(reclassify.Subject), DAY, NEXT_DAY),
            reclassify.Preview(
                DAY,
                NEXT_DAY,
                clicks_judged=6,
                clicks_rewritten=6,
                messages_with_other_human_clicks=1,
                click_classes=[{"class_before": "TOO_FAST", "class_after": "HUMAN", "clicks": 1}],
                click_days=[
                    {
                        "campaign_id": "cmp_1",
                        "sent_date": DAY,
                        "messages": 1,
                        "human_clicks_before": 1,
                        "human_clicks_after": 2,
                    }
                ],
                failures=[
                    {
                        "provider": "smsc-east",
                        "error_code": ERROR_CODE,
                        "category_before": "UNKNOWN",
                        "category_after": "INVALID_NUMBER",
                        "permanent_before": False,
                        "permanent_after": True,
                        "messages": 1,
                    }
                ],
                failure_days=[{"campaign_id": "cmp_1", "sent_date": DAY, "messages": 1}],
                carriers=[
                    {
                        "mcc_mnc": CARRIER,
                        "country_before": "MX",
                        "country_after": "US",
                        "recipients": 7,
                    }
                ],
            ),
        )
        yield Answer(
            "what new rules make of the past",
            lambda: reclassify.reclassify(
                self._redshift, set(reclassify.Subject), DAY, NEXT_DAY, now=AS_OF
            ),
            # Of the messages three have clicks, and one failed.
            reclassify.Reclassified(user_agents=1, clicks=6, failures=1, messages=4, recipients=7),
        )

    def reported(self, as_of: datetime) -> Iterator[Event]:
        """Every report, and what must hold of it."""
        for report in REPORTS:
            yield Step(
                f"refresh {report} as of {as_of}",
                partial(refresh, self._redshift, report, as_of=as_of, report_tz=REPORT_TZ),
            )
            yield Answer(
                f"every check of {report} holds as of {as_of}", partial(self._broken, report), []
            )

    def traced(self) -> Iterator[Event]:
        """What is known of a message, of a recipient, and of a recipient as one person."""
        for name, events, aside, messages, consent, after_optout, quarantined in (
            (message_id(0), 6, 4, 1, 0, 0, 0),
            (_FIRST_PERSON, 6, 4, 1, 0, 0, 1),
            (recipient(1), 4, 1, 2, 1, 1, 0),
            (f"{recipient(2)}#0", 2, 0, 1, 0, 0, 0),
        ):
            yield Answer(
                f"the trace of {name}",
                partial(self._traced, name),
                {
                    "events that count": events,
                    "copies set aside": aside,
                    "messages": messages,
                    "consent": consent,
                    "sent after an opt-out": after_optout,
                    "lines in quarantine": quarantined,
                },
            )

    def followed_up(self) -> Iterator[Event]:
        """The decision table, and a list of whom to contact, in the recipients' afternoon."""
        yield Answer("the decision table can be replaced by itself", self._replace_rules, 10)
        yield Answer(
            "the settings can be replaced by themselves",
            lambda: decision_table.set_settings(self._redshift, {}),
            {
                "cap_messages": 4,
                "cap_days": 7,
                "first_hour": 8,
                "end_hour": 21,
                "fresh_minutes": 15,
            },
        )
        yield Answer("who clicked is on the list", self._export, (1, {}))
        yield Answer("nobody is on two lists", self._export, (0, {"EXPORTED": 1}))

    def erased(self) -> Iterator[Event]:
        """Somebody opts out, is held, is erased, and is logged once more."""
        yield from self._news(
            "an opt-out", partial(self._write, logs.LEFT, "left", THIRD_DAY), THIRD_DAY
        )
        yield Answer(f"{ERASED}who is under legal hold is not erased", self._held, "ErasureRefused")
        yield Answer(
            f"{ERASED}rows of theirs are found",
            self._preview,
            {
                "staging.message_submitted": 2,
                "staging.delivery_receipt": 2,
                "staging.link_click": 4,
                "staging.subscription_changed": 1,
                "staging.inbound_message": 2,
                "warehouse.fact_submission": 1,
                "warehouse.fact_delivery_event": 1,
                "warehouse.fact_click": 3,
                "warehouse.fact_subscription_event": 1,
                "warehouse.fact_inbound_message": 1,
                "warehouse.fact_message": 1,
                "warehouse.dim_recipient": 1,
            },
        )
        yield Answer(
            f"{ERASED}a search finds them nowhere",
            self._erase,
            {"lines": 1, "files": 1, "found": []},
        )
        yield Answer(f"{ERASED}every raw line of theirs is named", self._raw_lines, 12)
        yield from self._news(
            "more of an erased person",
            partial(self._write, logs.OF_ERASED, "erased", THIRD_DAY),
            THIRD_DAY,
        )

    def go_back(self) -> None:
        def work(session: Session) -> None:
            session.execute("lock control.warehouse_mutex")
            for statement in _EARLIER_RULES:
                session.execute(statement)

        self._redshift.transaction("verify", work)

    def draw(self, report: str) -> None:
        said: list[str] = []
        with self._redshift.session("verify") as session:
            plots.pictures(session, report, LATER, said.append)
        if said:
            raise NotAsItShould("; ".join(said))

    def read(self) -> None:
        with self._redshift.session("verify") as session:
            for table in STEPS:
                row_count(session, table, DAY)
            sql.run(session, "landing/totals")
            sql.run(session, "landing/loads_of_run", run_id=RUN_ID)

    def _news(self, what: str, write: Callable[[], object], day: date) -> Iterator[Step]:
        yield Step(f"{what}: write", write)
        yield Step(f"{what}: land", partial(self._land, day))
        for table in STEPS:
            yield Step(f"{what}: apply {table}", partial(apply_step, self._redshift, table))

    def _write(self, contents: Logs, name: str, day: date) -> None:
        for event_type, lines in contents.items():
            self._lake.put(logs.key(event_type, day, name), logs.packed(lines))

    def _write_first(self) -> None:
        self._write(logs.FIRST, "first", DAY)
        self._write(logs.copies(logs.FIRST), "copy", DAY)
        self._lake.put(
            logs.key("message_submitted", DAY, "first"),
            logs.packed(logs.FIRST["message_submitted"], b"\n" + logs.BROKEN),
        )
        self._lake.put(logs.key("link_click", DAY, "poison"), b"this is not gzip")

    def _land(self, day: date) -> None:
        for event_type in EVENTS:
            land_day(self._redshift, self._lake, event_type, day, run_id=RUN_ID)

    def _broken(self, report: str) -> list[str]:
        with self._redshift.session("verify") as session:
            checks = invariants.evaluate(session, report)
        return [str(check.check_name) for check in checks if not check.passed]

    def _traced(self, name: str) -> dict[str, int]:
        found = trace(self._redshift, name)
        return {
            "events that count": sum(event.counts for event in found.events),
            "copies set aside": sum(not event.counts for event in found.events),
            "messages": len(found.messages),
            "consent": len(found.consent),
            "sent after an opt-out": len(found.sent_after_optout),
            "lines in quarantine": len(found.quarantined),
        }

    def _replace_rules(self) -> int:
        with self._redshift.session("verify") as session:
            table = decision_table.as_csv(decision_table.rules(session))
        return decision_table.set_rules(self._redshift, table).rules

    def _export(self) -> tuple[int, dict[str, int]]:
        exported = lists.export(
            self._redshift,
            self._lake,
            "cmp_1",
            now=lambda: after_noon(hours=53),
            report_tz=REPORT_TZ,
        )
        return exported.contacts, exported.not_now

    def _held(self) -> str:
        now = after_noon(hours=55)
        erase.hold(self._redshift, _FIRST_PERSON, "a case", now)
        try:
            erase.erase(self._redshift, self._lake, _FIRST_PERSON, REQUEST, now=now)
        except erase.ErasureRefused as refused:
            return type(refused).__name__
        finally:
            erase.release(self._redshift, _FIRST_PERSON, now)
        return "erased"

    def _preview(self) -> dict[str, int]:
        with self._redshift.session("verify") as session:
            counts = erase.preview(session, _FIRST_PERSON, REQUEST)
        return {table: rows for table, rows in counts.items() if rows}

    def _erase(self) -> dict[str, object]:
        done = erase.erase(
            self._redshift, self._lake, _FIRST_PERSON, REQUEST, now=after_noon(hours=55)
        )
        return {
            "lines": done.changed["control.quarantined_line"],
            "files": done.changed["files"],
            "found": [found.place for found in done.found if found.rows],
        }

    def _raw_lines(self) -> int:
        with self._redshift.session("verify") as session:
            return len(erase.raw_lines(session, REQUEST))
