"""Transactions, settings, LOCK, COPY, ANALYZE and VACUUM: read word by word, carried out by the engine."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sms_warehouse.local.redshift.errors import PgError, syntax_error, unsupported
from sms_warehouse.local.redshift.plan import Plan
from sms_warehouse.local.redshift.reader import Name, Reader, unquoted

BEGIN, COMMIT, ROLLBACK = "begin", "commit", "rollback"
SET, SHOW, RESET = "set", "show", "reset"
LOCK, COPY, ANALYZE, VACUUM = "lock", "copy", "analyze", "vacuum"

# https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_ConfigurationRef.html, and what clients set.
SETTINGS = {
    "analyze_threshold_percent": "10",
    "application_name": "",
    "client_encoding": "UTF8",
    "client_min_messages": "notice",
    "datestyle": "ISO, MDY",
    "enable_result_cache_for_session": "on",
    "extra_float_digits": "0",
    "query_group": "default",
    "search_path": "$user, public",
    "server_version": "8.0.2",
    "statement_timeout": "0",
    "timezone": "UTC",
    "transaction_isolation": "Serializable",
    "wlm_query_slot_count": "1",
}
_READ_ONLY = {"server_version", "transaction_isolation"}
# Settings that would change results, and the only values they may have here.
_ONLY = {
    "client_encoding": {"utf8", "utf-8", "unicode"},
    "datestyle": {"iso", "iso, mdy", "iso,mdy"},
    "timezone": {"utc", "gmt", "etc/utc", "default"},
    "extra_float_digits": {"0", "1", "2", "3"},
}

_REFUSED_WORDS = """
    truncate grant revoke unload call explain values from prepare execute deallocate declare fetch
    close move refresh cancel savepoint release checkpoint attach detach install load pragma export
    import use discard cluster reindex listen notify table do replace pivot describe desc summarize
    kill
"""
REFUSED = frozenset(_REFUSED_WORDS.split())


@dataclass(frozen=True)
class Setting:
    name: str
    value: str | None = None
    """None: the default."""
    is_local: bool = False


@dataclass(frozen=True)
class CopySpec:
    """COPY of Parquet files by a manifest."""

    table: Name
    columns: tuple[str, ...]
    manifest_url: str


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
            raise unsupported("a READ ONLY transaction")
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
        raise unsupported("SET SESSION AUTHORIZATION")
    if not is_local:
        reader.accept("session")
    if reader.accept("time", "zone"):
        name = "timezone"
    else:
        name = reader.next().word
        if name == "characteristics":
            raise unsupported("SET SESSION CHARACTERISTICS")
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
        raise PgError("42704", f'unrecognized configuration parameter "{name}"')
    return name


def checked(name: str, value: str) -> str:
    """Raises PgError 22023 or 0A000 for a value that cannot be set."""
    if name in _ONLY and value.lower() not in _ONLY[name]:
        raise unsupported(f'{name} "{value}"')
    if name == "statement_timeout" and not re.fullmatch(r"\d{1,9}", value):
        raise PgError("22023", f'invalid value for parameter "statement_timeout": "{value}"')
    if name == "search_path":
        for schema in value.split(","):
            if not re.fullmatch(r"\s*(\$user|[a-z_]\w*)\s*", schema):
                raise PgError("22023", f'invalid value for parameter "search_path": "{value}"')
    return value


def _show(reader: Reader) -> Plan:
    reader.expect("show")
    name = "timezone" if reader.accept("time", "zone") else reader.next().word
    if name == "all" or not reader.at_end:
        raise unsupported("this SHOW")
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


def _copy(reader: Reader) -> Plan:
    reader.expect("copy")
    table = reader.qualified()
    columns = tuple(reader.names()) if reader.peek().text == "(" else ()
    if len(set(columns)) != len(columns):
        raise PgError("42701", "column specified more than once")
    if not reader.accept("from"):
        raise unsupported("COPY that is not FROM S3")
    if reader.peek().kind != "string":
        raise unsupported("COPY that is not FROM an S3 URL")
    url = reader.string()
    if not re.fullmatch(r"s3://[^/]+/.+", url):
        raise unsupported("COPY from anything but an S3 object")
    seen: list[str] = []
    while not reader.at_end:
        if reader.accept("iam_role"):
            if not reader.accept("default") and not reader.string():
                raise PgError("42601", "IAM_ROLE is empty")
            seen.append("iam_role")
        elif reader.accept("format"):
            reader.accept("as")
            if not reader.accept("parquet"):
                raise unsupported(f"COPY FORMAT {reader.peek().text.upper()}")
            seen.append("format")
        elif reader.accept("manifest"):
            seen.append("manifest")
        elif reader.accept("statupdate"):
            reader.one_of({"on", "off", "true", "false"}, "STATUPDATE")
            seen.append("statupdate")
        else:
            raise unsupported(f"the COPY option {reader.peek().text.upper()}")
    for option in ("iam_role", "format", "manifest", "statupdate"):
        if seen.count(option) > 1:
            raise PgError("42601", f"conflicting or redundant options: {option.upper()}")
        if option != "statupdate" and option not in seen:
            raise unsupported(f"COPY without {option.upper()}")
    return Plan(COPY, "COPY", locks=(table,), data=CopySpec(table, columns, url))


def _analyze(reader: Reader) -> Plan:
    reader.next()
    reader.accept("verbose")
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
    "copy": _copy,
    "analyze": _analyze,
    "analyse": _analyze,
    "vacuum": _vacuum,
}
