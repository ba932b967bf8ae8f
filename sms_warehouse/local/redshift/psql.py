"""The queries that psql sends for \\d, \\dt, \\dv and \\dn: recognised by their text and answered from our catalog.

They read pg_catalog in PostgreSQL's own ways, which nothing else here needs. A query that is not recognised
goes the way of all queries, and is refused.
"""

from __future__ import annotations

import re

from sms_warehouse.local.redshift.errors import PgError
from sms_warehouse.local.redshift.functions import SYSTEM_SCHEMA, quoted

_RELATIONS = re.compile(r'SELECT n\.nspname as "Schema",\s+c\.relname as "Name",')
_SCHEMAS = re.compile(
    r'SELECT n\.nspname AS "Name",\s+pg_catalog\.pg_get_userbyid\(n\.nspowner\) AS "Owner"'
)
_FIND = re.compile(r"SELECT c\.oid,\s+n\.nspname,\s+c\.relname\s+FROM pg_catalog\.pg_class c")
_DETAILS = re.compile(r"SELECT (?:c\.)?relchecks, (?:c\.)?relkind")
_COLUMNS = re.compile(r"SELECT a\.attname,\s+pg_catalog\.format_type\(a\.atttypid, a\.atttypmod\)")
_VIEW_TEXT = re.compile(r"SELECT pg_catalog\.pg_get_viewdef\(")
_INHERITANCE = re.compile(r"SELECT c\.oid::pg_catalog\.regclass")
_OID = re.compile(r"'(\d+)'")
_NAME = re.compile(r"c\.relname OPERATOR\(pg_catalog\.~\) '(.*?)'(?: COLLATE|\n)")
_SCHEMA = re.compile(r"n\.nspname OPERATOR\(pg_catalog\.~\) '(.*?)'(?: COLLATE|\n)")
_KINDS = re.compile(r"c\.relkind IN \(((?:'\w?',?)+)\)")


def recognised(text: str, schema: str) -> str | None:
    """DuckDB's SQL that answers one of psql's own queries; None for any other text."""
    if "pg_catalog." not in text:
        return None
    if _RELATIONS.match(text):
        kinds = _KINDS.search(text)
        return (
            'select schema_name as "Schema", name as "Name", type_name as "Type", owner as "Owner" '
            f"from {SYSTEM_SCHEMA}.relations where kind in ({kinds[1] if kinds else 'null'}) "
            f"{_patterns(text, schema)} order by 1, 2"
        )
    if _SCHEMAS.match(text):
        found = _SCHEMA.search(text)
        pattern = f" where regexp_matches(schema_name, {quoted(found[1])})" if found else ""
        columns = 'schema_name as "Name", schema_owner as "Owner"'
        return f"select {columns} from {SYSTEM_SCHEMA}.schemata{pattern} order by 1"
    if _FIND.match(text):
        return (
            f"select oid, schema_name as nspname, name as relname from {SYSTEM_SCHEMA}.relations "
            f"where true {_patterns(text, schema)} order by 2, 3"
        )
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
    if _VIEW_TEXT.match(text):
        return f"select definition from {SYSTEM_SCHEMA}.relations where oid = {_oid(text)}"
    if _INHERITANCE.match(text):
        return "select 1 limit 0"
    return None


def _more_columns(text: str) -> str:
    """What \\d+ asks besides, in its order."""
    more = {
        "a.attstorage": "'p'",
        "attstattarget": "null::varchar",
        "col_description": "null::varchar",
    }
    return "".join(f", {value}" for name, value in more.items() if name in text)


def _oid(text: str) -> str:
    found = _OID.search(text)
    if not found:
        raise PgError("42601", "an OID is missing")
    return found[1]


def _patterns(text: str, schema: str) -> str:
    conditions = []
    if found := _NAME.search(text):
        conditions.append(f"and regexp_matches(name, {quoted(found[1])})")
    if found := _SCHEMA.search(text):
        conditions.append(f"and regexp_matches(schema_name, {quoted(found[1])})")
    if "pg_table_is_visible" in text:
        conditions.append(f"and schema_name in ({quoted(schema)}, 'pg_temp')")
    return " ".join(conditions)
