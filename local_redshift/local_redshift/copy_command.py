"""COPY, read word by word: Parquet files of S3 by a manifest, with the options the guide lists for columnar files.

Guide: r_COPY, copy-usage_notes-copy-from-columnar, loading-data-files-using-manifest.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from local_redshift.errors import PgError, unsupported
from local_redshift.plan import Plan
from local_redshift.reader import Name, Reader

COPY = "copy"


@dataclass(frozen=True)
class CopySpec:
    """COPY of Parquet files by a manifest."""

    table: Name
    columns: tuple[str, ...]
    manifest_url: str


class Option(NamedTuple):
    """An option: how its value is read, its page of the guide, and whether COPY needs it here."""

    read: Callable[[Reader], None]
    page: str
    is_needed: bool = False


_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{1,12}:role/\S+")


def _role(reader: Reader) -> None:
    if reader.accept("default"):
        return
    roles = reader.string()
    # Several are a chain, each assumed by the one before it.
    if not all(_ROLE.fullmatch(role) for role in roles.split(",")):
        raise PgError("42601", f'Invalid IAM_ROLE "{roles}"', "use DEFAULT or the ARN of a role")


def _format(reader: Reader) -> None:
    reader.accept("as")
    if not reader.accept("parquet"):
        raise unsupported(f"COPY FORMAT {reader.peek().text.upper()}", "write the files as Parquet")


def _nothing(reader: Reader) -> None:
    return


def _switch(reader: Reader) -> None:
    if reader.peek().word in ("on", "off", "true", "false"):
        reader.next()


OPTIONS = {
    "iam_role": Option(_role, "copy-parameters-authorization", is_needed=True),
    "format": Option(_format, "copy-parameters-data-format", is_needed=True),
    "manifest": Option(_nothing, "copy-parameters-data-source-s3", is_needed=True),
    "statupdate": Option(_switch, "copy-parameters-data-load"),
}
_WITH_KEYS = "use IAM_ROLE: keys in a statement end in logs"
_NOT_COLUMNAR = "leave it out: COPY of Parquet does not take it on Redshift either"
_INSTEAD = {
    "credentials": _WITH_KEYS,
    "access_key_id": _WITH_KEYS,
    "secret_access_key": _WITH_KEYS,
    "session_token": _WITH_KEYS,
    "with": "name the option without WITH",
    "parquet": "say FORMAT AS PARQUET",
    "fillrecord": "write all columns into the files",
    "acceptinvchars": "write valid UTF-8 into the files",
    "explicit_ids": "list the columns without the IDENTITY column",
    "region": "keep the bucket in the region of the warehouse",
    "json": "write the files as Parquet",
    "csv": "write the files as Parquet",
    "avro": "write the files as Parquet",
    "orc": "write the files as Parquet",
}


def read(reader: Reader) -> Plan:
    """The plan of a COPY. Raises PgError."""
    reader.expect("copy")
    table = reader.qualified()
    columns = tuple(reader.names()) if reader.peek().text == "(" else ()
    if len(set(columns)) != len(columns):
        raise PgError("42701", "column specified more than once")
    url = _source(reader)
    seen: set[str] = set()
    while not reader.at_end:
        word = reader.next().text.lower()
        if word not in OPTIONS:
            raise unsupported(f"the COPY option {word.upper()}", _INSTEAD.get(word, _NOT_COLUMNAR))
        if word in seen:
            raise PgError("42601", f"conflicting or redundant options: {word.upper()}")
        seen.add(word)
        OPTIONS[word].read(reader)
    for name, option in OPTIONS.items():
        if option.is_needed and name not in seen:
            raise unsupported(
                f"COPY without {name.upper()}",
                "say FROM 's3://bucket/manifest' IAM_ROLE ... FORMAT AS PARQUET MANIFEST",
            )
    return Plan(COPY, "COPY", locks=(table,), data=CopySpec(table, columns, url))


def _source(reader: Reader) -> str:
    if not reader.accept("from"):
        raise unsupported("COPY that is not FROM S3", "use COPY table FROM 's3://bucket/manifest'")
    if reader.peek().kind != "string":
        raise unsupported(
            "COPY from the client",
            "put the file into a bucket: COPY ... FROM 's3://bucket/manifest'",
        )
    url = reader.string()
    if not re.fullmatch(r"s3://[^/]+/.+", url):
        raise unsupported(
            "COPY from anything but an S3 object", "use COPY ... FROM 's3://bucket/manifest'"
        )
    return url
