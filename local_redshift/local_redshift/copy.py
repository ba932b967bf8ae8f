"""COPY of Parquet: reads a manifest, fetches its files from S3, and checks them as Redshift's COPY would.

DuckDB has no way to the network here: the files go through a spool directory that is emptied afterwards.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import duckdb
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local_redshift.errors import PgError, from_duckdb
from local_redshift.reader import Name, identifier

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_DOWNLOADS = 4
_CHUNK_BYTES = 1 << 20
_client_lock = threading.Lock()
_client: S3Client | None = None


@dataclass(frozen=True)
class _Entry:
    url: str
    is_mandatory: bool
    content_length: int

    @property
    def location(self) -> tuple[str, str]:
        bucket, _, key = self.url.removeprefix("s3://").partition("/")
        return bucket, key


def _s3() -> S3Client:
    # One for the process: making a client takes longer than a small COPY.
    global _client
    with _client_lock:
        if _client is None:
            _client = boto3.client(
                "s3",
                config=Config(
                    max_pool_connections=4 * _DOWNLOADS,
                    retries={"max_attempts": 3, "mode": "standard"},
                    s3={"addressing_style": "path"},
                ),
            )
        return _client


def _failed(message: str, detail: str | None = None) -> PgError:
    return PgError("XX000", message, detail)


@contextmanager
def fetched(manifest_url: str, spool: Path, check: Callable[[], None]) -> Iterator[list[Path]]:
    """The manifest's files in a directory of their own, which is removed at the end.

    ``check`` is called between chunks and raises to stop. Raises PgError for what Redshift refuses.
    """
    entries = _manifest(manifest_url)
    directory = Path(tempfile.mkdtemp(dir=spool))
    try:
        with ThreadPoolExecutor(_DOWNLOADS, thread_name_prefix="copy") as pool:
            futures = [
                pool.submit(_fetch, entry, directory / f"{number:06}.parquet", check)
                for number, entry in enumerate(entries)
            ]
            try:
                paths = [path for future in futures if (path := future.result())]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        if not paths:
            raise _failed(
                "The specified S3 prefix does not exist", f"no file of {manifest_url} was found"
            )
        yield paths
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _manifest(url: str) -> list[_Entry]:
    bucket, _, key = url.removeprefix("s3://").partition("/")
    try:
        body = _s3().get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        raise _s3_failure(error, url) from None
    except BotoCoreError as error:
        raise _failed("S3ServiceException", f"{url}: {error}") from None
    try:
        document = json.loads(body)
        entries = [_entry(e) for e in document["entries"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _failed(f"Unable to parse the manifest file {url}") from None
    if not entries:
        raise _failed("The manifest file has no entries", url)
    return entries


def _entry(entry: dict[str, Any]) -> _Entry:
    url, mandatory = entry["url"], entry.get("mandatory", False)
    if not isinstance(mandatory, bool) or not str(url).startswith("s3://"):
        raise ValueError(url)
    length = entry.get("meta", {}).get("content_length")
    if not isinstance(length, int) or isinstance(length, bool):
        raise _failed("COPY of PARQUET needs meta.content_length in each manifest entry", str(url))
    return _Entry(url, mandatory, length)


def _s3_failure(error: ClientError, url: str) -> PgError:
    code = error.response.get("Error", {}).get("Code", "")
    message = error.response.get("Error", {}).get("Message", "")
    return _failed(f"S3ServiceException:{message},Status {code}", url)


def _fetch(entry: _Entry, path: Path, check: Callable[[], None]) -> Path | None:
    """None for a file that is not there and not mandatory."""
    check()
    bucket, key = entry.location
    try:
        answer = _s3().get_object(Bucket=bucket, Key=key)
        if answer["ContentLength"] != entry.content_length:
            raise _failed(
                "The manifest's content_length differs from the size of the file",
                f"{entry.url}: {entry.content_length} in the manifest, {answer['ContentLength']} in S3",
            )
        with path.open("wb") as file:
            for chunk in answer["Body"].iter_chunks(_CHUNK_BYTES):
                check()
                file.write(chunk)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "404"):
            if not entry.is_mandatory:
                return None
            raise _failed(
                "Problem reading manifest file - missing mandatory file", entry.url
            ) from None
        raise _s3_failure(error, entry.url) from None
    except BotoCoreError as error:
        raise _failed("S3ServiceException", f"{entry.url}: {error}") from None
    return path


def load(
    cursor: duckdb.DuckDBPyConnection,
    table: Name,
    columns: Sequence[tuple[str, str]],
    files: Sequence[Path],
) -> int:
    """Inserts the files' rows, mapped by position; returns their number.

    ``columns`` are names and DuckDB types. Raises PgError for files that do not fit.
    """
    for file in files:
        try:
            found = cursor.execute(f"describe select * from read_parquet('{file}')").fetchall()
        except (duckdb.InvalidInputException, duckdb.IOException) as error:
            raise _failed(
                "Spectrum Scan Error", f"{file.name}: {str(error).splitlines()[0]}"
            ) from None
        _check_columns(str(table), columns, file, [(row[0], row[1]) for row in found])
    names = ", ".join(identifier(name) for name, _ in columns)
    # The names in the files mean nothing.
    aliases = ", ".join(f"c{i}" for i in range(len(columns)))
    listed = ", ".join(f"'{file}'" for file in files)
    try:
        (count,) = cursor.execute(
            f"insert into {table.sql} ({names}) "
            f"select {aliases} from read_parquet([{listed}]) as f({aliases})"
        ).fetchone() or (0,)
    except duckdb.ConstraintException as error:
        known = from_duckdb(error)
        detail = f"{known.message} {known.detail or ''}".strip()
        raise _failed("Spectrum Scan Error", detail) from None
    return int(count)


def _check_columns(
    table: str, columns: Sequence[tuple[str, str]], file: Path, in_file: Sequence[tuple[str, str]]
) -> None:
    """Parquet columns map by position and have to have the very types of the table's columns."""
    if len(columns) != len(in_file):
        raise _failed(
            "Spectrum Scan Error",
            f"Unmatched number of columns between table and file. Table columns: {len(columns)}, "
            f"Data columns: {len(in_file)}, Table name: {table}, File name: {file.name}",
        )
    for (name, declared), (name_in_file, found) in zip(columns, in_file, strict=True):
        if declared != found:
            raise _failed(
                "Spectrum Scan Error",
                f"File {file.name} has an incompatible Parquet schema for column {name}. "
                f"Column type: {declared}, Parquet column {name_in_file}: {found}",
            )
