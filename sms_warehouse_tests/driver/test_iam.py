"""Login with AWS credentials.

For a cluster the driver asks Moto's GetClusterCredentials and DescribeClusters over HTTP. Moto makes a new random
password at each call; its seed is set twice, once to learn the password that is coming and once for the driver,
and the local Redshift is started with it. For a serverless workgroup, which Moto does not know, the two calls are
answered by a stub of a few lines in this file: that such a login works on AWS is not shown here.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from local_redshift.testing import RedshiftProcess

from sms_warehouse.resources.redshift import Redshift, RedshiftLoginFailed
from sms_warehouse.settings import SettingError
from sms_warehouse_tests.driver.authority import Authority

Start = Callable[..., RedshiftProcess]

REGION = "eu-central-1"
CLUSTER = "sms"


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Aws:
    """A Moto in a process of its own."""

    def __init__(self, log: Path) -> None:
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        with log.open("w") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                self._post("reset")
                break
            except OSError:
                assert self._process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
        self.client = boto3.client(
            "redshift",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id="ours",
            aws_secret_access_key="secret",
        )

    def _post(self, path: str, body: bytes = b"") -> None:
        request = urllib.request.Request(
            f"{self.endpoint}/moto-api/{path}",
            data=body,
            headers={"Content-Type": "text/plain"},
            method="POST",
        )
        urllib.request.urlopen(request, timeout=5).read()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)

    def make_cluster(self, port: int) -> str:
        """A cluster whose endpoint has this port; returns the endpoint's host."""
        self._post("reset")
        made = self.client.create_cluster(
            ClusterIdentifier=CLUSTER,
            NodeType="ra3.large",
            MasterUsername="admin",
            MasterUserPassword="Irrelevant1",
            Port=port,
        )
        return str(made["Cluster"]["Endpoint"]["Address"])

    def check_signatures(self) -> None:
        """From now on who has no known key is refused."""
        self._post("reset-auth", b"0")

    def trust_everybody(self) -> None:
        self._post("reset-auth", b"inf")

    def next_login(self, *, host: str = "", seed: int = 1) -> dict[str, str]:
        """User and password that the next login will be given.

        The driver takes a host that is not of AWS's pattern, and an empty one, for a custom domain first, and asks
        for that: calls that fail, but that move the sequence of random numbers.
        """
        asked: dict[str, Any] = {"DbUser": "warehouse", "DbName": "dev"}
        self._post(f"seed?a={seed}")
        for call, question in (
            (self.client.describe_custom_domain_associations, {}),
            (self.client.get_cluster_credentials, asked),
        ):
            with suppress(Exception):
                call(**question, CustomDomainName=host)
        given = self.client.get_cluster_credentials(**asked, ClusterIdentifier=CLUSTER)
        self._post(f"seed?a={seed}")
        return {"REDSHIFT_USER": given["DbUser"], "REDSHIFT_PASSWORD": given["DbPassword"]}


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    running = Aws(tmp_path_factory.mktemp("moto") / "log")
    yield running
    running.stop()


@pytest.fixture
def aws(moto: Aws) -> Iterator[Aws]:
    yield moto
    moto.trust_everybody()


@pytest.fixture(autouse=True)
def own_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This machine's own AWS login stays out of the tests."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_REDSHIFT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "ours",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
def with_iam(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> Callable[..., Redshift]:
    """Only what an IAM login needs is set: no password anywhere."""

    def point(endpoint: str, **variables: str) -> Redshift:
        for name in ("HOST", "PORT", "USER", "PASSWORD", "SSL", "WORKGROUP", "CLUSTER_IDENTIFIER"):
            monkeypatch.delenv(f"REDSHIFT_{name}", raising=False)
        settings = {
            "AWS_ENDPOINT_URL": endpoint,
            "REDSHIFT_IAM": "true",
            "REDSHIFT_DATABASE": "dev",
            "SSL_CERT_FILE": str(authority.file),
            **variables,
        }
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        return Redshift(attempts=2, first_pause_s=0.01)

    return point


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lets a name stand for this machine, as a line in /etc/hosts would."""

    def to_here(name: str) -> None:
        ask = socket.getaddrinfo

        def answer(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
            return ask("127.0.0.1" if host == name else host, port, *rest, **named)

        monkeypatch.setattr(socket, "getaddrinfo", answer)

    return to_here


CLUSTER_LOGIN = {"REDSHIFT_CLUSTER_IDENTIFIER": CLUSTER, "REDSHIFT_USER": "warehouse"}


def test_a_cluster_is_found_and_entered_with_nothing_but_its_name(
    aws: Aws,
    mortal: Start,
    authority: Authority,
    with_iam: Callable[..., Redshift],
    resolve: Callable[[str], None],
) -> None:
    """The address comes from DescribeClusters, user and password from GetClusterCredentials."""
    port = free_port()
    host = aws.make_cluster(port)
    login = aws.next_login()
    assert login["REDSHIFT_USER"] == "IAM:warehouse"
    mortal("--port", str(port), *authority.issue(host).arguments, environment=login)
    resolve(host)
    with with_iam(aws.endpoint, **CLUSTER_LOGIN).session("tests") as session:
        assert session.value("select 1") == 1


def test_host_and_port_that_are_set_go_before_the_clusters_own(
    aws: Aws,
    mortal: Start,
    authority: Authority,
    with_iam: Callable[..., Redshift],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The host's reverse name does not tell the region then, though the driver would believe it."""
    monkeypatch.setattr(socket, "gethostbyaddr", lambda _: ("balancer.us-west-2.example", [], []))
    aws.make_cluster(1)
    login = aws.next_login(host="localhost")
    server = mortal(*authority.issue("localhost").arguments, environment=login)
    redshift = with_iam(
        aws.endpoint, REDSHIFT_HOST="localhost", REDSHIFT_PORT=str(server.port), **CLUSTER_LOGIN
    )
    with redshift.session("tests") as session:
        assert session.value("select 1") == 1


def test_each_connection_asks_aws_anew(
    aws: Aws,
    mortal: Start,
    authority: Authority,
    with_iam: Callable[..., Redshift],
    resolve: Callable[[str], None],
) -> None:
    """The driver would use a login again until the time AWS has named, refused or not."""
    port = free_port()
    host = aws.make_cluster(port)
    resolve(host)
    redshift = with_iam(aws.endpoint, **CLUSTER_LOGIN)
    tls = authority.issue(host).arguments
    passwords = set()
    for seed in (1, 2):
        login = aws.next_login(seed=seed)
        server = mortal("--port", str(port), *tls, environment=login)
        with redshift.session("tests") as session:
            assert session.value("select 1") == 1
        server.stop()
        passwords.add(login["REDSHIFT_PASSWORD"])
    assert len(passwords) == 2


def test_a_login_that_the_cluster_refuses_names_the_variables_of_iam(
    aws: Aws,
    mortal: Start,
    authority: Authority,
    with_iam: Callable[..., Redshift],
    resolve: Callable[[str], None],
) -> None:
    """As with a login that has run out, or one for another cluster."""
    port = free_port()
    host = aws.make_cluster(port)
    resolve(host)
    stale = {"REDSHIFT_USER": "IAM:warehouse", "REDSHIFT_PASSWORD": "an older one"}
    mortal("--port", str(port), *authority.issue(host).arguments, environment=stale)
    with (
        pytest.raises(
            RedshiftLoginFailed, match=r"sms refused user 'warehouse'.*REDSHIFT_IAM"
        ) as caught,
        with_iam(aws.endpoint, **CLUSTER_LOGIN).session("tests"),
    ):
        pytest.fail("got in")
    assert "REDSHIFT_PASSWORD" not in str(caught.value)


def test_a_cluster_that_aws_does_not_know_is_named(
    aws: Aws, with_iam: Callable[..., Redshift]
) -> None:
    aws.make_cluster(1)
    redshift = with_iam(
        aws.endpoint, REDSHIFT_CLUSTER_IDENTIFIER="another", REDSHIFT_USER="warehouse"
    )
    with (
        pytest.raises(
            RedshiftLoginFailed,
            match=r"AWS gave no login.*another not found.*REDSHIFT_CLUSTER_IDENTIFIER",
        ),
        redshift.session("tests"),
    ):
        pytest.fail("got in")


def test_keys_that_aws_refuses_are_not_tried_again(
    aws: Aws, with_iam: Callable[..., Redshift]
) -> None:
    aws.make_cluster(1)
    aws.check_signatures()
    redshift = with_iam(aws.endpoint, **CLUSTER_LOGIN)
    with pytest.raises(RedshiftLoginFailed, match=r"AWS gave no login.*security token.*AWS_\*"):
        redshift.transaction("tests", pytest.fail)


def test_no_keys_at_all_are_told(
    aws: Aws, with_iam: Callable[..., Redshift], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    redshift = with_iam(aws.endpoint, **CLUSTER_LOGIN)
    with (
        pytest.raises(RedshiftLoginFailed, match=r"Unable to locate credentials.*AWS_\*"),
        redshift.session("tests"),
    ):
        pytest.fail("got in")


def test_no_region_is_told(
    aws: Aws, with_iam: Callable[..., Redshift], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    redshift = with_iam(aws.endpoint, **CLUSTER_LOGIN)
    with pytest.raises(RedshiftLoginFailed, match=r"region.*AWS_\*"), redshift.session("tests"):
        pytest.fail("got in")


def test_an_aws_that_does_not_answer_is_told(with_iam: Callable[..., Redshift]) -> None:
    redshift = with_iam("http://127.0.0.1:1", **CLUSTER_LOGIN)
    with (
        pytest.raises(RedshiftLoginFailed, match=r"AWS gave no login.*http://127.0.0.1:1"),
        redshift.session("tests"),
    ):
        pytest.fail("got in")


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({**CLUSTER_LOGIN, "REDSHIFT_SSL": "false"}, "REDSHIFT_SSL"),
        ({}, "REDSHIFT_WORKGROUP, or REDSHIFT_CLUSTER_IDENTIFIER"),
        ({"REDSHIFT_CLUSTER_IDENTIFIER": CLUSTER}, "REDSHIFT_USER"),
    ],
)
def test_what_is_missing_for_iam_is_named_before_anybody_is_asked(
    with_iam: Callable[..., Redshift], variables: dict[str, str], named: str
) -> None:
    redshift = with_iam("http://127.0.0.1:1", **variables)
    with pytest.raises(SettingError, match=named), redshift.session("tests"):
        pytest.fail("got in")


@dataclass
class ServerlessStub:
    """Stands in for AWS's redshift-serverless: two calls, without any check of who asks."""

    workgroup: str
    host: str
    port: int
    user: str = "IAMR:loader"
    password: str = "temporary-secret"
    calls: list[tuple[str, str]] = field(default_factory=list)

    def answer(self, call: str, question: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.calls.append((call, question.get("workgroupName", "")))
        if question.get("workgroupName") != self.workgroup:
            return 400, {"__type": "ResourceNotFoundException", "message": "no such workgroup"}
        if call == "GetCredentials":
            ends = time.time() + 900
            return 200, {"dbUser": self.user, "dbPassword": self.password, "expiration": ends}
        return 200, {"workgroup": {"endpoint": {"address": self.host, "port": self.port}}}


@pytest.fixture
def serverless() -> Iterator[tuple[str, ServerlessStub]]:
    stub = ServerlessStub("loading", "localhost", free_port())

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            call = self.headers["X-Amz-Target"].split(".")[1]
            status, answer = stub.answer(call, question)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{web.server_port}", stub
        web.shutdown()


def test_a_serverless_workgroup_is_found_and_entered_with_stubbed_calls(
    serverless: tuple[str, ServerlessStub],
    mortal: Start,
    authority: Authority,
    with_iam: Callable[..., Redshift],
) -> None:
    endpoint, stub = serverless
    login = {"REDSHIFT_USER": stub.user, "REDSHIFT_PASSWORD": stub.password}
    mortal("--port", str(stub.port), *authority.issue("localhost").arguments, environment=login)
    redshift = with_iam(endpoint, REDSHIFT_WORKGROUP="loading")
    for _ in range(2):
        with redshift.session("tests") as session:
            assert session.value("select 1") == 1
    assert stub.calls == [("GetCredentials", "loading"), ("GetWorkgroup", "loading")] * 2


def test_a_workgroup_that_the_stub_does_not_know_is_named(
    serverless: tuple[str, ServerlessStub], with_iam: Callable[..., Redshift]
) -> None:
    endpoint, _ = serverless
    with (
        pytest.raises(RedshiftLoginFailed, match=r"no such workgroup.*REDSHIFT_WORKGROUP"),
        with_iam(endpoint, REDSHIFT_WORKGROUP="another").session("tests"),
    ):
        pytest.fail("got in")
