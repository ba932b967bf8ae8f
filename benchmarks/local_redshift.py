"""How fast the local Redshift is beside DuckDB in process: COPY, ``select 1`` and a point query by a bound key.

Run ``python benchmarks/local_redshift.py`` on a quiet machine; it starts a stack of its own. The baseline is DuckDB
in process on the same data: ``insert into ... select * from read_parquet(...)`` of local files, without COPY's
download and checks, and the same queries without a server.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing as mp
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

FILES = 8
SCHEMA = "local_redshift_benchmark"
COLUMNS = (
    "id bigint not null, name varchar(40), occurred_at timestamp, amount decimal(12, 2), "
    "small integer, flag boolean, day date, ratio float8"
)
ROWS = """
    select
        i as id, 'name of ' || i as name, timestamp '2026-01-01' + to_seconds(i) as occurred_at,
        cast(i % 10000 as decimal(12, 2)) as amount, cast(i % 100 as integer) as small,
        i % 2 = 0 as flag, date '2026-01-01' + cast(i % 365 as integer) as day, i / 7.0 as ratio
"""
POINT_COLUMNS = "id bigint not null, name varchar(40)"
POINTS = "select i as id, 'name of ' || i as name"
POINT_QUERY = f"select name from {SCHEMA}.points where id = :id"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000, help="rows that COPY loads")
    parser.add_argument("--runs", type=int, default=3, help="runs of COPY; the median counts")
    parser.add_argument("--points", type=int, default=1_000_000, help="rows that are looked up")
    parser.add_argument("--queries", type=int, default=2_000, help="queries of each client")
    parser.add_argument("--clients", type=int, default=16, help="client processes at once")
    arguments = parser.parse_args()

    from sms_warehouse.local.stack import LocalStack

    with LocalStack() as stack, tempfile.TemporaryDirectory() as directory:
        os.environ.update(stack.env)
        _execute(f"create schema {SCHEMA}")
        copied(Path(directory), arguments.rows, arguments.runs)
        queried(Path(directory), arguments.points, arguments.queries, arguments.clients)


def _execute(statement: str) -> None:
    from sms_warehouse.resources.redshift import Redshift

    with Redshift().session("benchmark", autocommit=True) as session:
        session.execute(statement)


# ---------- COPY


def _written(directory: Path, query: str, rows: int) -> list[Path]:
    """Parquet files of a query over the numbers below ``rows``."""
    files = [directory / f"{number}.parquet" for number in range(FILES)]
    for number, file in enumerate(files):
        first, last = (rows * n // FILES for n in (number, number + 1))
        duckdb.execute(
            f"copy ({query} from range({first}, {last}) as r(i)) to '{file}' (format parquet)"
        )
    return files


def _copy_statement(table: str, files: list[Path]) -> str:
    """COPY of these files, which are in the bucket afterwards."""
    from sms_warehouse.resources.lake import Lake

    lake, prefix = Lake(), f"landing/benchmark/{table}"
    entries = []
    for file in files:
        lake.put(f"{prefix}/{file.name}", file.read_bytes())
        url = f"s3://{lake.bucket}/{prefix}/{file.name}"
        meta = {"content_length": file.stat().st_size}
        entries.append({"url": url, "mandatory": True, "meta": meta})
    lake.put(f"{prefix}/manifest.json", json.dumps({"entries": entries}).encode())
    return (
        f"copy {SCHEMA}.{table} from 's3://{lake.bucket}/{prefix}/manifest.json' "
        f"iam_role '{os.environ['SMS_WAREHOUSE_COPY_ROLE']}' "
        "format as parquet manifest statupdate off"
    )


def copied(directory: Path, rows: int, runs: int) -> None:
    """Prints rows a second of COPY and of the same insert in process."""
    files = _written(directory, ROWS, rows)
    size = sum(file.stat().st_size for file in files)
    copy = _copy_statement("copied", files)
    insert = f"insert into copied select * from read_parquet('{directory}/*.parquet')"
    served, alone = [], []
    with duckdb.connect(str(directory / "copied.duckdb")) as database:
        for _ in range(runs):
            _execute(f"create table {SCHEMA}.copied ({COLUMNS})")
            served.append(_seconds(lambda: _execute(copy)))
            _execute(f"drop table {SCHEMA}.copied")
            database.execute(f"create or replace table copied ({COLUMNS})")
            alone.append(_seconds(lambda: database.execute(insert)))
    print(f"{rows:,} rows in {FILES} Parquet files, {size / 1e6:,.0f} MB, median of {runs} runs")
    load_s, insert_s = statistics.median(served), statistics.median(alone)
    for what, seconds in (("COPY from the local S3", load_s), ("insert in process", insert_s)):
        print(f"  {what:38} {seconds:6.2f} s {rows / seconds:12,.0f} rows/s")
    print(f"  COPY takes {load_s / insert_s:.2f} x the time of the insert\n")


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


# ---------- queries


def queried(directory: Path, points: int, queries: int, clients: int) -> None:
    """Prints latencies of ``select 1`` and of a point query, and of the latter in process."""
    files = _written(directory, POINTS, points)
    _execute(f"create table {SCHEMA}.points ({POINT_COLUMNS}) sortkey (id)")
    _execute(_copy_statement("points", files))
    path = directory / "points.duckdb"
    with duckdb.connect(str(path)) as database:
        database.execute(f"create table points ({POINT_COLUMNS})")
        database.execute(f"insert into points {POINTS} from range({points}) as r(i)")
    print(f"{queries:,} queries of each client, {points:,} rows in the table")
    _report("select 1, 1 client", _clients(1, queries, 0))
    alone = _report("point query in process", _in_process(path, queries, points))
    one = _report("point query, 1 client", _clients(1, queries, points))
    many = _report(f"point query, {clients} clients", _clients(clients, queries, points))
    print(
        f"  median of 1 client is {one / alone:.1f} x, of {clients} {many / alone:.1f} x in process"
    )


def _clients(number: int, queries: int, points: int) -> tuple[list[float], float]:
    """Latencies in seconds of that many processes, and the seconds that all took."""
    context = mp.get_context("forkserver")
    context.set_forkserver_preload(["sms_warehouse.resources.redshift"])
    with context.Manager() as manager:
        ready = manager.Barrier(number + 1)
        with context.Pool(number) as pool:
            work = [(ready, queries, points, seed) for seed in range(number)]
            pending = pool.starmap_async(_client, work, chunksize=1)
            ready.wait(300)
            began = time.perf_counter()
            latencies = pending.get()
            return [s for client in latencies for s in client], time.perf_counter() - began


def _client(ready: Any, queries: int, points: int, seed: int) -> list[float]:
    from sms_warehouse.resources.redshift import Redshift

    keys = random.Random(seed)
    with Redshift().session("benchmark", autocommit=True) as session:

        def ask() -> object:
            values = {"id": keys.randrange(points)} if points else {}
            return session.value(POINT_QUERY if points else "select 1 as one", **values)

        ask()
        ready.wait(300)
        return [_seconds(ask) for _ in range(queries)]


def _in_process(path: Path, queries: int, points: int) -> tuple[list[float], float]:
    keys = random.Random(0)
    with duckdb.connect(str(path)) as database:
        query = "select name from points where id = $1"
        latencies = [
            _seconds(lambda: database.execute(query, [keys.randrange(points)]).fetchone())
            for _ in range(queries)
        ]
    return latencies, sum(latencies)


def _report(what: str, measured: tuple[list[float], float]) -> float:
    """Prints a line and returns the median in milliseconds."""
    latencies, whole_s = measured
    cuts = statistics.quantiles(latencies, n=100)
    p50, p99, rate = cuts[49] * 1000, cuts[98] * 1000, len(latencies) / whole_s
    print(f"  {what:38} p50 {p50:7.2f} ms   p99 {p99:7.2f} ms {rate:9,.0f} queries/s")
    return p50


if __name__ == "__main__":
    main()
