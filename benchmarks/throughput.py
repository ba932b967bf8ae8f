"""How many records a second: one day of simulated traffic from S3 to the reports, against two baselines.

Run it with ``make bench`` or ``python benchmarks/throughput.py --messages 300000``. It starts a local stack of
its own. The baselines are measured in the same run on the same objects: inflating them and counting newlines
in one process (what no loader can beat on one core), and writing them in the first place.
"""

from __future__ import annotations

import argparse
import os
import time
from contextlib import suppress
from datetime import date, datetime, timedelta

from isal import igzip

DAY = date(2026, 3, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=300_000, help="messages a day")
    parser.add_argument("--days", type=int, default=1, help="arrival days")
    parser.add_argument("--faults", default="usual", choices=["none", "usual", "hostile"])
    arguments = parser.parse_args()

    from sms_warehouse.local.stack import LocalStack

    with LocalStack() as stack:
        os.environ.update(stack.env)
        run(arguments.messages, arguments.days, arguments.faults)


def run(messages: int, days: int, faults: str) -> None:
    from sms_warehouse import backfill
    from sms_warehouse.landing import keys
    from sms_warehouse.local import traffic
    from sms_warehouse.resources.lake import Lake
    from sms_warehouse.resources.redshift import Redshift
    from sms_warehouse.resources.s3 import s3_client

    last_day = DAY + timedelta(days=days - 1)
    lake = Lake()
    began = time.monotonic()
    truth = traffic.write(
        lake.bucket, s3_client(), DAY, last_day, messages=messages, seed=1, faults=faults
    )
    writing_s = time.monotonic() - began
    lines = sum(counts.lines for counts in truth.values())

    objects = lake.list_prefix(keys.RAW)
    bodies = [s3_client().get_object(Bucket=lake.bucket, Key=o.key)["Body"].read() for o in objects]
    began = time.monotonic()
    for body in bodies:
        with suppress(OSError, EOFError):  # poison
            igzip.decompress(body).count(b"\n")
    counting_s = time.monotonic() - began
    size_bytes = sum(map(len, bodies))
    del bodies

    began = time.monotonic()
    # Reports are windows that end at their clock: of a day that is long past most would have no row.
    as_of = datetime(last_day.year, last_day.month, last_day.day, 1) + timedelta(days=1)
    outcome = backfill.load(DAY, last_day, as_of=as_of, progress=print)
    whole_s = time.monotonic() - began
    if outcome.failures:
        raise SystemExit("\n".join(outcome.failures))
    with Redshift().session("benchmark") as session:
        facts = session.value("select count(*) as n from warehouse.fact_message")
    loading_s = sum(loaded.seconds for loaded in outcome.loaded.values())
    print(f"\n{lines:,} lines in {len(objects):,} objects, {size_bytes / 1e6:,.0f} MB compressed")
    print(f"{facts:,} messages in warehouse.fact_message")
    for what, seconds in (
        ("count newlines, one process (baseline)", counting_s),
        ("generate and upload", writing_s),
        ("inspect and land", loading_s),
        ("the whole load, facts and reports included", whole_s),
    ):
        print(
            f"{what:45} {seconds:8.1f} s {lines / seconds:12,.0f} lines/s"
            f" {seconds / counting_s:8.1f} x the baseline"
        )


if __name__ == "__main__":
    main()
