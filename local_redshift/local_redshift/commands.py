"""Transactions, settings, LOCK, ANALYZE and VACUUM: read word by word, carried out by the engine."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from local_redshift import copy_command
from local_redshift.errors import PgError, syntax_error, unsupported
from local_redshift.plan import Plan
from local_redshift.reader import Reader, unquoted

BEGIN, COMMIT, ROLLBACK = "begin", "commit", "rollback"
SET, SHOW, RESET = "set", "show", "reset"
LOCK, ANALYZE, VACUUM = "lock", "analyze", "vacuum"

# The pages of the guide that say what each statement does.
PAGES = {
    "begin": "r_BEGIN",
    "start": "r_START_TRANSACTION",
    "commit": "r_COMMIT",
    "end": "r_END",
    "rollback": "r_ROLLBACK",
    "abort": "r_ABORT",
    "set": "r_SET",
    "show": "r_SHOW",
    "reset": "r_RESET",
    "lock": "r_LOCK",
    "copy": "r_COPY",
    "analyze": "r_ANALYZE",
    "analyse": "r_ANALYZE",
    "vacuum": "r_VACUUM_command",
}


class Parameter(NamedTuple):
    """A setting: its default, its page of the guide, and the only values it may have if others change results."""

    default: str
    page: str
    only: frozenset[str] | None = None


def _one_of(*values: str) -> frozenset[str]:
    return frozenset(values)


_POSTGRESQL = "c_redshift-and-postgres-sql"
PARAMETERS = {
    "analyze_threshold_percent": Parameter("10", "r_analyze_threshold_percent"),
    "application_name": Parameter("", "r_STL_CONNECTION_LOG"),
    "client_encoding": Parameter("UTF8", _POSTGRESQL, _one_of("utf8", "utf-8", "unicode")),
    "client_min_messages": Parameter("notice", _POSTGRESQL),
    "datestyle": Parameter("ISO, MDY", "r_datestyle", _one_of("iso", "iso, mdy", "iso,mdy")),
    "enable_case_sensitive_identifier": Parameter(
        "off", "r_enable_case_sensitive_identifier", _one_of("off", "false")
    ),
    "enable_result_cache_for_session": Parameter("on", "r_enable_result_cache_for_session"),
    "extra_float_digits": Parameter("0", "r_extra_float_digits", _one_of("0", "1", "2", "3")),
    "query_group": Parameter("default", "r_query_group"),
    "search_path": Parameter("$user, public", "r_search_path"),
    "server_version": Parameter("8.0.2", "r_VERSION"),
    "statement_timeout": Parameter("0", "r_statement_timeout"),
    "timezone": Parameter("UTC", "r_timezone_config", _one_of("utc", "gmt", "etc/utc", "default")),
    "transaction_isolation": Parameter("Serializable", "r_BEGIN"),
    "wlm_query_slot_count": Parameter("1", "r_wlm_query_slot_count"),
}
SETTINGS = {name: parameter.default for name, parameter in PARAMETERS.items()}
_READ_ONLY = {"server_version", "transaction_isolation"}
# Settings of Redshift (guide: cm_chap_ConfigurationRef) about what does not exist here.
_WITHOUT_USE_WORDS = """
    cast_super_null_on_error datashare_break_glass_session_var default_geometry_encoding
    describe_field_name_in_uppercase downcase_delimited_identifier enable_case_sensitive_super_attribute
    enable_vacuum_boost error_on_nondeterministic_update json_serialization_enable
    json_serialization_parse_nested_strings max_concurrency_scaling_clusters max_cursor_result_set_size
    mv_enable_aqmv_for_session navigate_super_null_on_error parse_super_null_on_error
    pg_federation_repeatable_read seed spectrum_enable_pseudo_columns spectrum_enable_spectrum_oid
    spectrum_query_maxerror stored_proc_log_min_messages
"""
_WITHOUT_USE = frozenset(_WITHOUT_USE_WORDS.split())

# Statements that Redshift has and that do not run here, and what to write instead.
_REFUSED = {
    "truncate": "use DELETE FROM: TRUNCATE commits the transaction it is in",
    "grant": "leave it out: there is one user, who may do everything",
    "revoke": "leave it out: there is one user, who may do everything",
    "unload": "read the rows with SELECT and write the files in the client",
    "call": "send the procedure's statements from the client",
    "prepare": "bind values through the driver",
    "execute": "bind values through the driver",
    "deallocate": "bind values through the driver",
    "declare": "read all rows of a SELECT, or pages of it by key",
    "fetch": "read all rows of a SELECT, or pages of it by key",
    "close": "read all rows of a SELECT, or pages of it by key",
    "refresh": "use a table that DELETE and INSERT INTO ... SELECT rebuild",
    "cancel": "cancel through the driver, or set statement_timeout",
    "use": "connect to the database",
    "savepoint": "Redshift has no savepoints; roll the whole transaction back",
    "release": "Redshift has no savepoints; roll the whole transaction back",
}
# Words that begin statements of PostgreSQL or DuckDB, which Redshift does not have.
_UNKNOWN_WORDS = """
    values from move checkpoint attach detach install load pragma export import discard
    cluster reindex listen notify unlisten table do replace pivot unpivot describe desc summarize kill
"""
_UNKNOWN = frozenset(_UNKNOWN_WORDS.split())
REFUSED = frozenset(_REFUSED) | _UNKNOWN


def refused(word: str) -> PgError:
    """What a statement that begins with one of the ``REFUSED`` words is answered."""
    if word in _REFUSED:
        return unsupported(word.upper(), _REFUSED[word])
    return syntax_error(word)


@dataclass(frozen=True)
class Setting:
    name: str
    value: str | None = None
    """None: the default."""
    is_local: bool = False


def _begin(reader: Reader) -> Plan:
    if reader.accept("start"):
        reader.expect("transaction")
    else:
        reader.expect("begin")
        _ = reader.accept("transaction") or reader.accept("work")
    while not reader.at_end:
        if reader.accept("isolation", "level"):
            level = " ".join(
                w
                for w in (reader.next().word, reader.next().word if not reader.at_end else "")
                if w
            )
            if level not in (
                "serializable",
                "read committed",
                "read uncommitted",
                "repeatable read",
            ):
                raise syntax_error(level)
        elif reader.accept("read", "write"):
            pass
        elif reader.accept("read", "only"):
            raise unsupported("a READ ONLY transaction", "use BEGIN")
        else:
            raise syntax_error(reader.peek().text)
        reader.accept(",")
    return Plan(BEGIN, "BEGIN")


def _end(kind: str, tag: str) -> Callable[[Reader], Plan]:
    def read(reader: Reader) -> Plan:
        reader.next()
        _ = reader.accept("transaction") or reader.accept("work")
        reader.done()
        return Plan(kind, tag)

    return read


def _set(reader: Reader) -> Plan:
    reader.expect("set")
    is_local = reader.accept("local")
    if not is_local and reader.peek().word == "session" and reader.peek(1).word == "authorization":
        raise unsupported("SET SESSION AUTHORIZATION", "connect as the user")
    if not is_local:
        reader.accept("session")
    if reader.accept("time", "zone"):
        name = "timezone"
    else:
        name = reader.next().word
        if name == "transaction":
            raise unsupported("SET TRANSACTION", "use BEGIN, or BEGIN ISOLATION LEVEL SERIALIZABLE")
        if name == "characteristics":
            raise unsupported(
                "SET SESSION CHARACTERISTICS",
                "CREATE DATABASE ... ISOLATION LEVEL decides for all transactions",
            )
        if reader.peek().text == ".":
            raise unsupported("a session context variable", "bind the value in each statement")
        if not (reader.accept("to") or reader.accept("=")):
            raise syntax_error(reader.peek().text or "end of input")
    values = []
    while True:
        token = reader.next()
        if token.text == "-" and reader.peek().kind == "number":
            values.append("-" + reader.next().text)
        elif token.kind == "string":
            values.append(unquoted(token.text))
        elif token.kind == "quoted":
            values.append(token.text[1:-1])
        elif token.kind in ("word", "number"):
            values.append(token.text)
        else:
            raise syntax_error(token.text or "end of input")
        if not reader.accept(","):
            break
    reader.done()
    known(name)
    if name in _READ_ONLY:
        raise PgError("55P02", f'parameter "{name}" cannot be changed')
    if len(values) == 1 and values[0].lower() == "default":
        return Plan(SET, "SET", data=Setting(name, None, is_local))
    return Plan(SET, "SET", data=Setting(name, checked(name, ", ".join(values)), is_local))


def known(name: str) -> str:
    if name not in SETTINGS:
        if name in _WITHOUT_USE:
            raise unsupported(f"the setting {name}", "leave it out")
        raise PgError("42704", f'unrecognized configuration parameter "{name}"')
    return name


def checked(name: str, value: str) -> str:
    """Raises PgError 22023 or 0A000 for a value that cannot be set."""
    only = PARAMETERS[name].only
    if only is not None and value.lower() not in only:
        listed = ", ".join(sorted(only))
        raise unsupported(f'{name} "{value}"', f"it would change results; use one of {listed}")
    if name == "statement_timeout" and not re.fullmatch(r"\d{1,9}", value):
        raise PgError("22023", f'invalid value for parameter "statement_timeout": "{value}"')
    if name == "search_path":
        for schema in value.split(","):
            if not re.fullmatch(r"\s*(\$user|[a-z_]\w*)\s*", schema):
                raise PgError("22023", f'invalid value for parameter "search_path": "{value}"')
    return value


def _show(reader: Reader) -> Plan:
    reader.expect("show")
    if reader.accept("time", "zone"):
        name = "timezone"
    elif reader.accept("transaction", "isolation", "level"):
        name = "transaction_isolation"
    else:
        name = reader.next().word
    if name == "all" or not reader.at_end:
        raise unsupported("this SHOW", "use SHOW with the name of one setting")
    return Plan(SHOW, "SHOW", data=Setting(known(name)))


def _reset(reader: Reader) -> Plan:
    reader.expect("reset")
    name = reader.next().word
    reader.done()
    if name == "all":
        return Plan(RESET, "RESET", data=None)
    return Plan(SET, "RESET", data=Setting(known(name)))


def _lock(reader: Reader) -> Plan:
    reader.expect("lock")
    reader.accept("table")
    names = [reader.qualified()]
    while reader.accept(","):
        names.append(reader.qualified())
    reader.done()
    return Plan(LOCK, "LOCK TABLE", locks=tuple(names))


def _analyze(reader: Reader) -> Plan:
    reader.next()
    reader.accept("verbose")
    if reader.peek().word == "compression":
        raise unsupported("ANALYZE COMPRESSION", "say ENCODE in CREATE TABLE")
    table = None
    if reader.peek().kind in ("word", "quoted") and reader.peek().word not in ("predicate", "all"):
        table = reader.qualified()
        if reader.peek().text == "(":
            reader.names()
    if not reader.accept("predicate", "columns"):
        reader.accept("all", "columns")
    reader.done()
    return Plan(ANALYZE, "ANALYZE", data=table)


def _vacuum(reader: Reader) -> Plan:
    reader.expect("vacuum")
    for words in (("full",), ("sort", "only"), ("delete", "only"), ("reindex",), ("recluster",)):
        if reader.accept(*words):
            break
    table = None
    if not reader.at_end:
        table = reader.qualified()
        if reader.accept("to"):
            reader.integer()
            reader.expect("percent")
        reader.accept("boost")
    reader.done()
    return Plan(VACUUM, "VACUUM", data=table)


STATEMENTS: dict[str, Callable[[Reader], Plan]] = {
    "begin": _begin,
    "start": _begin,
    "commit": _end(COMMIT, "COMMIT"),
    "end": _end(COMMIT, "COMMIT"),
    "rollback": _end(ROLLBACK, "ROLLBACK"),
    "abort": _end(ROLLBACK, "ROLLBACK"),
    "set": _set,
    "show": _show,
    "reset": _reset,
    "lock": _lock,
    "copy": copy_command.read,
    "analyze": _analyze,
    "analyse": _analyze,
    "vacuum": _vacuum,
}
