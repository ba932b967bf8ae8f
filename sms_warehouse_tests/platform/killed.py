"""Runs that die by SIGKILL at points on the way: ``python -m ...killed DAY POINT...`` prints how each of them ended.

The points are found from outside, at the statements and commits that pass the driver, so that the platform
itself knows nothing of them. Each is reached by a process of its own, which what imports the platform once forks.
"""

import json
import os
import signal
import sys
import threading
from datetime import date

import dagster as dg
import redshift_connector

from sms_warehouse import apply
from sms_warehouse.resources.inbox import Inbox
from sms_warehouse.resources.redshift import Session
from sms_warehouse_tests.platform import doors

POINTS = (
    "before_copy",
    "after_copy",
    "before_commit",
    "after_commit",
    "between_landing_and_applying",
    "before_applying_commits",
    "between_two_warehouse_tables",
    "before_messages_are_deleted",
)


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: str) -> None:
    group = {"now": ""}
    execute, commit = Session.execute, redshift_connector.Connection.commit

    def watched_execute(self: Session, statement: str, **values: object) -> int:
        if statement.startswith("set query_group to"):
            group["now"] = statement.split("'")[1]
        is_copy = statement.startswith("copy staging.")
        if is_copy and point == "before_copy":
            die()
        result = execute(self, statement, **values)
        if is_copy and point == "after_copy":
            die()
        return result

    def watched_commit(self: redshift_connector.Connection) -> None:
        is_landing = group["now"].startswith("land_")
        if is_landing and point == "before_commit":
            die()
        if group["now"] == "apply_fact_click" and point == "before_applying_commits":
            die()
        commit(self)
        if is_landing and point == "after_commit":
            die()

    Session.execute = watched_execute
    redshift_connector.Connection.commit = watched_commit
    if point == "before_messages_are_deleted":
        Inbox.delete = die
    if point in ("between_landing_and_applying", "between_two_warehouse_tables"):
        apply_step = apply.apply_step

        def watched_apply(redshift: object, table: str, **options: object) -> object:
            if point == "between_landing_and_applying" or table == "fact_message":
                die()
            return apply_step(redshift, table, **options)

        apply.apply_step = watched_apply


def exit_code(point: str, day: date) -> int:
    """How a process ended that was to die at a point; as subprocess has it, a signal is negative."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    arm(point)
    if point == "before_messages_are_deleted":
        doors.tick(dg.DagsterInstance.ephemeral())
    else:
        doors.run_day(day, tags=doors.SENSOR)
    os._exit(0)


if __name__ == "__main__":
    doors.definitions()
    dg.DagsterInstance.ephemeral().dispose()  # It imports what every run needs.
    assert threading.active_count() == 1, "a fork has only the thread that made it"
    the_day = date.fromisoformat(sys.argv[1])
    print(json.dumps({point: exit_code(point, the_day) for point in sys.argv[2:]}))
