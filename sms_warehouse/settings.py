"""The platform's configuration: environment variables, read here and nowhere else.

A variable is looked up when it is used, never at import, so that one process may run without what only
another needs. ``AWS_*`` variables are left to boto3.
"""

from __future__ import annotations

import os
from datetime import date
from zoneinfo import ZoneInfo


class SettingError(Exception):
    """A variable is missing or holds something that cannot be used; the message names it."""


def _text(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, "").strip() or default
    if value is None:
        raise SettingError(
            f"environment variable {name} is not set; on a laptop, start `sms-warehouse local up` "
            'and run `eval "$(sms-warehouse local env)"`'
        )
    return value


def _integer(name: str, default: int, *, least: int) -> int:
    text = _text(name, str(default))
    try:
        value = int(text)
    except ValueError:
        raise SettingError(
            f"environment variable {name} must be a whole number, not {text!r}"
        ) from None
    if value < least:
        raise SettingError(f"environment variable {name} must be at least {least}, not {value}")
    return value


def bucket() -> str:
    """The bucket the services write to."""
    return _text("SMS_WAREHOUSE_BUCKET")


def queue_url() -> str:
    """The queue that receives the bucket's ObjectCreated events."""
    return _text("SMS_WAREHOUSE_QUEUE_URL")


def copy_role() -> str:
    """ARN of the role that COPY assumes to read the bucket."""
    return _text("SMS_WAREHOUSE_COPY_ROLE")


def first_day() -> date:
    """The first arrival day the platform knows."""
    text = _text("SMS_WAREHOUSE_FIRST_DAY", "2018-01-01")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingError(
            f"environment variable SMS_WAREHOUSE_FIRST_DAY must be a day like 2018-01-01, not {text!r}"
        ) from None


def report_timezone() -> str:
    """IANA name of the zone that reports over all campaigns count their days in."""
    name = _text("SMS_WAREHOUSE_REPORT_TIMEZONE", "UTC")
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise SettingError(
            f"environment variable SMS_WAREHOUSE_REPORT_TIMEZONE must be an IANA time zone, not {name!r}"
        ) from None
    return name


def report_minutes() -> int:
    """Least minutes between two refreshes of the reports; 0: every refresh is of all, also of slower ones."""
    return _integer("SMS_WAREHOUSE_REPORT_MINUTES", 15, least=0)


def staging_days() -> int:
    """Arrival days kept in staging."""
    return _integer("SMS_WAREHOUSE_STAGING_DAYS", 40, least=1)


def redshift_host() -> str:
    return _text("REDSHIFT_HOST")


def redshift_port() -> int:
    return _integer("REDSHIFT_PORT", 5439, least=1)


def redshift_login() -> dict[str, object]:
    """Keyword arguments that tell redshift_connector who is asking and how far to trust the server.

    The certificate's authority is one that the driver brings along, AWS's, or one that OpenSSL knows: its own
    variable ``SSL_CERT_FILE`` names a PEM file with a private one.
    """
    login: dict[str, object] = {"database": _text("REDSHIFT_DATABASE", "dev")}
    ssl = _flag("REDSHIFT_SSL", default=True)
    login["ssl"] = ssl
    if ssl:
        login["sslmode"] = "verify-full"
    if not _flag("REDSHIFT_IAM", default=False):
        return login | {
            "host": redshift_host(),
            "port": redshift_port(),
            "user": _text("REDSHIFT_USER"),
            "password": _text("REDSHIFT_PASSWORD"),
        }
    if not ssl:
        raise SettingError("REDSHIFT_IAM is true: REDSHIFT_SSL must be true too")
    workgroup = os.environ.get("REDSHIFT_WORKGROUP", "").strip()
    # The driver would keep a login for as long as AWS said it is good, and not ask again when it is refused.
    login |= {"iam": True, "iam_disable_cache": True}
    if host := os.environ.get("REDSHIFT_HOST", "").strip():
        login |= {"host": host, "port": redshift_port()}
    if workgroup:
        return login | {"is_serverless": True, "serverless_work_group": workgroup}
    if not os.environ.get("REDSHIFT_CLUSTER_IDENTIFIER", "").strip():
        raise SettingError(
            "REDSHIFT_IAM is true: set REDSHIFT_WORKGROUP, or REDSHIFT_CLUSTER_IDENTIFIER and REDSHIFT_USER"
        )
    return login | {
        "cluster_identifier": _text("REDSHIFT_CLUSTER_IDENTIFIER"),
        "db_user": _text("REDSHIFT_USER"),
    }


def _flag(name: str, *, default: bool) -> bool:
    text = _text(name, str(default)).lower()
    if text in {"true", "1", "on", "yes"}:
        return True
    if text in {"false", "0", "off", "no"}:
        return False
    raise SettingError(f"environment variable {name} must be true or false, not {text!r}")
