"""What psql 15 asks of one table, \\d NAME: it names columns of a later PostgreSQL that Redshift does not have.

All else that psql asks goes the way of any client's query over system relations.
"""

from __future__ import annotations

import re

from local_redshift.errors import PgError
from local_redshift.macros import SYSTEM_SCHEMA

_DETAILS = re.compile(r"SELECT (?:c\.)?relchecks, (?:c\.)?relkind")
_COLUMNS = re.compile(r"SELECT a\.attname,\s+pg_catalog\.format_type\(a\.atttypid, a\.atttypmod\)")
_OID = re.compile(r"'(\d+)'")


def recognised(text: str) -> str | None:
    """DuckDB's SQL that answers one of psql's own queries; None for any other text."""
    if _DETAILS.match(text):
        return (
            "select 0 as relchecks, kind as relkind, false as relhasindex, false as relhasrules, "
            "false as relhastriggers, false as relrowsecurity, false as relforcerowsecurity, false as relhasoids, "
            "false as relispartition, '' as reloptions, 0 as reltablespace, '' as reloftype, "
            f"'p' as relpersistence, 'd' as relreplident from {SYSTEM_SCHEMA}.relations where oid = {_oid(text)}"
        )
    if _COLUMNS.match(text):
        return (
            "select column_name as attname, format_type, column_default as attrdef, not_null as attnotnull, "
            f"null::varchar as attcollation, '' as attidentity, '' as attgenerated{_more_columns(text)} "
            f"from {SYSTEM_SCHEMA}.attributes where oid = {_oid(text)} order by ordinal_position"
        )
    return None


def _more_columns(text: str) -> str:
    """What \\d+ asks besides, in its order."""
    more = {
        "a.attstorage": "'p'",
        "attstattarget": "null::varchar",
        "col_description": "remarks",
    }
    return "".join(f", {value}" for name, value in more.items() if name in text)


def _oid(text: str) -> str:
    found = _OID.search(text)
    if not found:
        raise PgError("42601", "an OID is missing")
    return found[1]
