"""COPY of Parquet by manifest, from a real S3 server, as the platform's load sends it."""

from __future__ import annotations

import datetime as dt
import io
import itertools
import json
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from local_redshift.testing import Client, RedshiftProcess
from redshift_connector.error import ProgrammingError

from local_redshift_tests.test_transactions import Background, cancel

_numbers = itertools.count()


class Lake:
    """A bucket, and what COPY needs in it."""

    def __init__(self, aws: dict[str, str]) -> None:
        self.client = boto3.client(
            "s3",
            endpoint_url=aws["AWS_ENDPOINT_URL"],
            aws_access_key_id=aws["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=aws["AWS_SECRET_ACCESS_KEY"],
            region_name=aws["AWS_DEFAULT_REGION"],
        )
        self.bucket = "copy-tests"
        self.client.create_bucket(Bucket=self.bucket)

    def put(self, body: bytes, key: str | None = None) -> str:
        key = key or f"object {next(_numbers)} é.parquet"
        self.client.put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def entry(self, table: pa.Table, **changes: Any) -> dict[str, Any]:
        buffer = io.BytesIO()
        pq.write_table(table, buffer)
        size = len(buffer.getvalue())
        return {
            "url": self.put(buffer.getvalue()),
            "mandatory": True,
            "meta": {"content_length": size},
            **changes,
        }

    def manifest(self, *entries: dict[str, Any]) -> str:
        return self.put(json.dumps({"entries": entries}).encode(), f"{next(_numbers)}.manifest")


def copy(
    table: str,
    manifest: str,
    options: str = "iam_role default format as parquet manifest statupdate off",
) -> str:
    return f"copy {table} from '{manifest}' {options}"


ROWS = pa.table(
    {
        "number": pa.array([1, 2, 3], pa.int64()),
        "text": pa.array(["a", "é", None]),
        "day": pa.array([dt.date(2026, 1, 1)] * 3),
        "at": pa.array([dt.datetime(2026, 1, 1, 1, 2, 3, 4)] * 3, pa.timestamp("us")),
        "money": pa.array([Decimal("1.50"), None, Decimal("-2.25")], pa.decimal128(10, 2)),
        "small": pa.array([1, None, 3], pa.int16()),
        "flag": pa.array([True, False, None]),
        "ratio": pa.array([0.5, 1.5, None], pa.float64()),
    }
)
COLUMNS = "id bigint not null, s varchar(4), d date, ts timestamp, n decimal(10,2), i smallint, b boolean, f float8"


@pytest.fixture(scope="module")
def lake(aws: dict[str, str]) -> Lake:
    return Lake(aws)


@pytest.fixture
def target(client: Client) -> Client:
    client.run(f"create table t.target ({COLUMNS})")
    return client


def test_files_of_a_manifest_are_loaded_by_position(target: Client, lake: Lake) -> None:
    manifest = lake.manifest(lake.entry(ROWS), lake.entry(ROWS.slice(0, 1)))
    target.run(
        copy("t.target", manifest, "iam_role 'arn:aws:iam::1:role/x' format parquet manifest")
    )
    assert target.value("select pg_last_copy_count()") == 4
    assert target.rows("select * from t.target order by id, s") == [
        *[
            (
                1,
                "a",
                dt.date(2026, 1, 1),
                dt.datetime(2026, 1, 1, 1, 2, 3, 4),
                Decimal("1.50"),
                1,
                True,
                0.5,
            )
        ]
        * 2,
        (2, "é", dt.date(2026, 1, 1), dt.datetime(2026, 1, 1, 1, 2, 3, 4), None, None, False, 1.5),
        (
            3,
            None,
            dt.date(2026, 1, 1),
            dt.datetime(2026, 1, 1, 1, 2, 3, 4),
            Decimal("-2.25"),
            3,
            None,
            None,
        ),
    ]


def test_a_list_of_columns_names_what_the_file_holds(target: Client, lake: Lake) -> None:
    manifest = lake.manifest(lake.entry(ROWS.select(["text", "number"])))
    target.run(copy("t.target (s, id)", manifest))
    assert target.rows("select id, s, d from t.target order by id") == [
        (1, "a", None),
        (2, "é", None),
        (3, None, None),
    ]


def test_a_rolled_back_copy_leaves_nothing(
    connect: Callable[..., Client], target: Client, lake: Lake
) -> None:
    loader = connect()
    manifest = lake.manifest(lake.entry(ROWS))
    loader.run(copy("t.target", manifest))
    assert loader.value("select count(*) from t.target") == 3
    assert target.value("select count(*) from t.target") == 0
    loader.connection.rollback()
    loader.run(copy("t.target", manifest))
    loader.connection.commit()
    assert target.value("select count(*) from t.target") == 3


def test_a_missing_file_counts_only_if_mandatory(target: Client, lake: Lake) -> None:
    missing = {"url": f"s3://{lake.bucket}/nothing", "meta": {"content_length": 1}}
    target.run(copy("t.target", lake.manifest(lake.entry(ROWS), missing)))
    assert target.value("select pg_last_copy_count()") == 3
    found = target.error(
        copy("t.target", lake.manifest(lake.entry(ROWS), {**missing, "mandatory": True}))
    )
    assert found["C"] == "XX000"
    assert "mandatory" in found["M"]
    assert target.error(copy("t.target", lake.manifest(missing)))["C"] == "XX000"
    assert target.value("select count(*) from t.target") == 3


def _with(name: str, values: list[Any], kind: pa.DataType) -> pa.Table:
    return ROWS.set_column(ROWS.schema.get_field_index(name), name, pa.array(values, kind))


@pytest.mark.parametrize(
    ("table", "detail"),
    [
        (ROWS.drop_columns(["flag"]), "Unmatched number of columns"),
        (ROWS.append_column("more", pa.array([1, 2, 3])), "Unmatched number of columns"),
        (_with("small", [1, 2, 3], pa.int32()), "column i"),
        (_with("number", [1, 2, 3], pa.int32()), "column id"),
        (_with("money", [Decimal("1.5")] * 3, pa.decimal128(10, 1)), "column n"),
        (_with("at", [dt.datetime(2026, 1, 1)] * 3, pa.timestamp("us", tz="UTC")), "column ts"),
        (_with("at", [dt.datetime(2026, 1, 1)] * 3, pa.timestamp("ns")), "column ts"),
        (_with("text", [b"x"] * 3, pa.binary()), "column s"),
        (_with("text", ["ok", "long!", "ok"], pa.string()), "character varying(4)"),
        (_with("text", ["ok", "ééé", "ok"], pa.string()), "character varying(4)"),
        (_with("number", [1, None, 3], pa.int64()), "column id"),
    ],
)
def test_a_file_that_does_not_fit_the_table_loads_nothing(
    target: Client, lake: Lake, table: pa.Table, detail: str
) -> None:
    found = target.error(copy("t.target", lake.manifest(lake.entry(ROWS), lake.entry(table))))
    assert (found["C"], found["M"]) == ("XX000", "Spectrum Scan Error")
    assert detail in found["D"]
    assert target.value("select count(*) from t.target") == 0


def test_a_manifest_is_checked(target: Client, lake: Lake) -> None:
    good = lake.entry(ROWS)
    junk = {
        "url": lake.put(b"no parquet at all"),
        "mandatory": True,
        "meta": {"content_length": 17},
    }
    for manifest in (
        lake.manifest({**good, "meta": {}}),
        lake.manifest({**good, "meta": {"content_length": 1}}),
        lake.manifest(junk),
        lake.manifest(),
        lake.put(b"no json"),
        f"s3://{lake.bucket}/no.manifest",
        "s3://no-such-bucket/x.manifest",
    ):
        found = target.error(copy("t.target", manifest))
        assert found["C"] == "XX000", manifest
        assert found["M"]
    assert target.value("select count(*) from t.target") == 0


@pytest.mark.parametrize(
    ("statement", "state"),
    [
        ("copy t.target from 's3://b/m' iam_role default format csv manifest", "0A000"),
        ("copy t.target from 's3://b/m' iam_role default format as parquet", "0A000"),
        ("copy t.target from 's3://b/m' format as parquet manifest", "0A000"),
        (
            "copy t.target from 's3://b/m' iam_role default format as parquet manifest maxerror 5",
            "0A000",
        ),
        (
            "copy t.target from 's3://b/m' iam_role default format as parquet manifest manifest",
            "42601",
        ),
        ("copy t.target from 's3://b/m' credentials 'x' format as parquet manifest", "0A000"),
        ("copy t.target from '/etc/passwd' iam_role default format as parquet manifest", "0A000"),
        ("copy t.target from stdin", "0A000"),
        ("copy t.nothing from 's3://b/m' iam_role default format as parquet manifest", "42P01"),
        ("copy t.seen from 's3://b/m' iam_role default format as parquet manifest", "42809"),
        (
            "copy t.target (nothing) from 's3://b/m' iam_role default format as parquet manifest",
            "42703",
        ),
        (
            "copy t.target (id, id) from 's3://b/m' iam_role default format as parquet manifest",
            "42701",
        ),
    ],
)
def test_a_copy_the_platform_would_not_send_is_refused(
    target: Client, statement: str, state: str
) -> None:
    target.run("create view t.seen as select id from t.target")
    assert target.error(statement)["C"] == state


@pytest.mark.parametrize(
    ("option", "state", "advice"),
    [
        ("maxerror 5", "0A000", "leave it out"),
        ("compupdate off", "0A000", "leave it out"),
        ("gzip", "0A000", "leave it out"),
        ("noload", "0A000", "leave it out"),
        ("fillrecord", "0A000", "write all columns"),
        ("acceptinvchars", "0A000", "valid UTF-8"),
        ("explicit_ids", "0A000", "without the IDENTITY column"),
        ("region 'eu-west-1'", "0A000", "region of the warehouse"),
        ("credentials 'aws_access_key_id=x'", "0A000", "use IAM_ROLE"),
        ("access_key_id 'x'", "0A000", "use IAM_ROLE"),
        ("statupdate on statupdate off", "42601", "redundant"),
        ("nonsense", "0A000", "leave it out"),
    ],
)
def test_an_option_that_is_not_taken_is_refused_with_advice(
    target: Client, lake: Lake, option: str, state: str, advice: str
) -> None:
    manifest = lake.manifest(lake.entry(ROWS))
    options = "iam_role default format as parquet manifest"
    found = target.error(copy("t.target", manifest, f"{options} {option}"))
    assert (found["C"], advice in found["M"]) == (state, True), found
    assert target.value("select count(*) from t.target") == 0


def test_the_options_that_are_taken_come_in_any_order(target: Client, lake: Lake) -> None:
    manifest = lake.manifest(lake.entry(ROWS))
    for options in (
        "manifest statupdate format parquet iam_role 'arn:aws:iam::123456789012:role/copy'",
        "format as parquet iam_role default manifest statupdate true",
    ):
        target.run(copy("t.target", manifest, options))
    assert target.value("select count(*) from t.target") == 6
    found = target.error(copy("t.target", manifest, "iam_role 'me' format parquet manifest"))
    assert (found["C"], "ARN of a role" in found["D"]) == ("42601", True)


def test_an_identity_column_is_filled_and_not_copied(client: Client, lake: Lake) -> None:
    client.run("create table t.numbered (id bigint identity(5, 1), n bigint, s varchar(4))")
    manifest = lake.manifest(lake.entry(ROWS.select(["number", "text"])))
    client.run(copy("t.numbered", manifest))
    assert client.rows("select min(id), count(distinct id), min(n), max(n) from t.numbered") == [
        (5, 3, 1, 3)
    ]
    found = client.error(copy("t.numbered (id, s)", manifest))
    assert (found["C"], "without it" in found["M"]) == ("0A000", True)


def test_columns_the_file_leaves_out_take_their_defaults(client: Client, lake: Lake) -> None:
    client.run("create table t.defaults (n bigint, s varchar(4) default 'none')")
    client.run(copy("t.defaults (n)", lake.manifest(lake.entry(ROWS.select(["number"])))))
    assert client.rows("select distinct s from t.defaults") == [("none",)]


def test_an_entry_says_what_to_load_and_how_long_it_is(target: Client, lake: Lake) -> None:
    good = lake.entry(ROWS)
    for wrong, message in (
        ({**good, "mandatory": "yes"}, "Unable to parse the manifest file"),
        ({**good, "url": "/etc/passwd"}, "Unable to parse the manifest file"),
        ({"url": good["url"]}, "meta.content_length"),
        ({**good, "meta": {"content_length": True}}, "meta.content_length"),
        ({**good, "meta": {"content_length": 1}}, "content_length differs"),
    ):
        found = target.error(copy("t.target", lake.manifest(wrong)))
        assert (found["C"], message in found["M"]) == ("XX000", True), found
    optional = {key: good[key] for key in ("url", "meta")}
    target.run(copy("t.target", lake.manifest(optional)))
    assert target.value("select pg_last_copy_count()") == 3


def test_the_spool_is_empty_after_success_failure_and_cancel(
    target: Client, connect: Callable[..., Client], lake: Lake, server: RedshiftProcess
) -> None:
    spool = server.directory / "spool"
    target.run(copy("t.target", lake.manifest(lake.entry(ROWS))))
    target.error(
        copy("t.target", lake.manifest(lake.entry(ROWS), lake.entry(ROWS.drop_columns(["flag"]))))
    )
    assert list(spool.iterdir()) == []
    many = lake.manifest(*[lake.entry(ROWS)] * 400)
    loader = connect(autocommit=True)
    loading = Background(lambda: loader.run(copy("t.target", many)))
    assert loading.is_waiting
    cancel(loader, server.port)
    error = loading.done()
    assert isinstance(error, ProgrammingError)
    assert error.args[0]["C"] == "57014"
    assert list(spool.iterdir()) == []
    assert target.value("select count(*) from t.target") == 3


def test_copies_into_one_table_queue_and_all_arrive(
    target: Client, connect: Callable[..., Client], lake: Lake
) -> None:
    big = pa.table(
        {
            "a": pa.array(range(50_000), pa.int64()),
            "s": pa.array([f"{i:04}"[:4] for i in range(50_000)]),
        }
    )
    manifest = lake.manifest(*[lake.entry(big) for _ in range(2)])
    loaders = [connect(autocommit=True) for _ in range(4)]
    threads = [
        threading.Thread(target=c.run, args=(copy("t.target (id, s)", manifest),)) for c in loaders
    ]
    for thread in threads:
        thread.start()
    while any(t.is_alive() for t in threads):
        # A reader sees whole loads, and never waits for one.
        assert target.value("select count(*) from t.target") % 100_000 == 0
    assert target.value("select count(*) from t.target") == 400_000
