"""What a verification ran against, and how it got in. No secret is part of it."""

from __future__ import annotations

from dataclasses import dataclass

from local_redshift.conformance.outcome import Outcome

from sms_warehouse import settings
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse.verify.transactions import isolation_level

SECTION = "connection"
IAM, TLS = "login with AWS credentials", "TLS verified in full"

_STAND_IN = "local stand-in"


@dataclass(frozen=True)
class Server:
    """The server, in its own words, and how we reached it."""

    version: str
    kind: str
    """``provisioned``, ``serverless`` or ``local stand-in``."""
    database: str
    isolation: str
    tls: str
    login: str

    @property
    def is_stand_in(self) -> bool:
        return self.kind == _STAND_IN


def look() -> Server:
    """Connects and looks. Raises RedshiftUnavailable, RedshiftLoginFailed or SettingError."""
    login = settings.redshift_login()
    with Redshift().session("verify") as session:
        version = str(session.value("select version() as version"))
        database = str(session.value("select current_database() as database"))
    is_iam = bool(login.get("iam"))
    kind = "provisioned"
    if _STAND_IN in version:
        kind = _STAND_IN
    elif login.get("is_serverless") or ".redshift-serverless." in str(login.get("host", "")):
        kind = "serverless"
    return Server(
        version,
        kind,
        database,
        isolation_level() or "not told",
        f"yes, {login['sslmode']}" if login.get("ssl") else "no",
        "AWS credentials (IAM)" if is_iam else "user and password",
    )


def outcomes(server: Server) -> list[Outcome]:
    """What having connected at all shows."""
    has_tls, has_iam = server.tls.startswith("yes"), server.login.startswith("AWS")
    return [
        Outcome(
            SECTION,
            IAM,
            True if has_iam else None,
            note="" if has_iam else "this run logged in with user and password",
        ),
        Outcome(
            SECTION,
            TLS,
            True if has_tls else None,
            note="" if has_tls else "this run connected without TLS (REDSHIFT_SSL)",
        ),
    ]
