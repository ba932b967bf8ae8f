"""TLS as production asks for it: verified in full, with an authority of our own in the place of AWS's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from local_redshift.testing import RedshiftProcess

from sms_warehouse.resources.redshift import RedshiftUnavailable
from sms_warehouse_tests.driver.authority import Authority
from sms_warehouse_tests.driver.conftest import Point
from sms_warehouse_tests.driver.relay import Relay

Start = Callable[..., RedshiftProcess]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


def test_a_server_whose_authority_is_known_is_trusted(
    mortal: Start, point: Point, authority: Authority
) -> None:
    server = mortal(*authority.issue("localhost").arguments)
    redshift = point(server.port, REDSHIFT_SSL="true", SSL_CERT_FILE=str(authority.file))
    with redshift.session("tests") as session:
        assert session.value("select 1") == 1
        # Encrypted indeed, not fallen back from.
        assert session._connection._usock.version() in ("TLSv1.2", "TLSv1.3")


def test_tls_is_what_one_gets_without_asking(
    mortal: Start, point: Point, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = mortal(*authority.issue("localhost").arguments)
    redshift = point(server.port, SSL_CERT_FILE=str(authority.file))
    monkeypatch.delenv("REDSHIFT_SSL")
    with redshift.session("tests") as session:
        assert session._connection._usock.version() in ("TLSv1.2", "TLSv1.3")


def test_an_authority_nobody_knows_is_refused_with_what_to_set(
    mortal: Start, point: Point, authority: Authority, tmp_path: Path
) -> None:
    """Once with the system's authorities only, once with one of the same name and another key."""
    server = mortal(*authority.issue("localhost").arguments)
    imposter = Authority(tmp_path / "imposter")
    for known in ("/nonexistent.pem", str(imposter.file)):
        redshift = point(server.port, REDSHIFT_SSL="true", SSL_CERT_FILE=known)
        with (
            pytest.raises(
                RedshiftUnavailable, match=rf"localhost:{server.port} .*TLS.*SSL_CERT_FILE"
            ),
            redshift.session("tests"),
        ):
            pytest.fail("trusted a stranger")


def test_a_certificate_for_another_host_is_refused_with_what_to_set(
    mortal: Start, point: Point, authority: Authority
) -> None:
    server = mortal(*authority.issue("redshift.example").arguments)
    trust = {"REDSHIFT_SSL": "true", "SSL_CERT_FILE": str(authority.file)}
    for host in ("localhost", "127.0.0.1"):
        with (
            pytest.raises(RedshiftUnavailable, match=rf"{host}.*TLS.*REDSHIFT_HOST"),
            point(server.port, REDSHIFT_HOST=host, **trust).session("tests"),
        ):
            pytest.fail("trusted another host's certificate")


def test_an_expired_certificate_is_refused_and_named(
    mortal: Start, point: Point, authority: Authority
) -> None:
    server = mortal(*authority.issue("localhost", days=-1).arguments)
    redshift = point(server.port, REDSHIFT_SSL="true", SSL_CERT_FILE=str(authority.file))
    with (
        pytest.raises(RedshiftUnavailable, match=r"TLS.*has expired; renew it"),
        redshift.session("tests"),
    ):
        pytest.fail("trusted an expired certificate")


def test_a_server_without_tls_is_refused_with_what_to_set(
    server: RedshiftProcess, point: Point
) -> None:
    redshift = point(server.port, REDSHIFT_SSL="true")
    with (
        pytest.raises(RedshiftUnavailable, match=r"TLS.*offers none; REDSHIFT_SSL=false"),
        redshift.session("tests"),
    ):
        pytest.fail("went on without TLS")


def test_tls_that_breaks_off_is_told_with_what_to_check(
    mortal: Start, point: Point, authority: Authority
) -> None:
    server = mortal(*authority.issue("localhost").arguments)
    with Relay(server.port) as relay:
        relay.cut_at = 200
        redshift = point(relay.port, REDSHIFT_SSL="true", SSL_CERT_FILE=str(authority.file))
        with (
            pytest.raises(RedshiftUnavailable, match=r"REDSHIFT_HOST.*REDSHIFT_PORT"),
            redshift.session("tests"),
        ):
            pytest.fail("the handshake was cut off")
