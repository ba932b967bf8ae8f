"""The local stack: S3, SQS and Redshift of one directory, made ready and kept running together.

S3 and SQS are ministack, Redshift is ``local-redshift``; both listen on the loopback
interface only. Bucket, queues and warehouse of a directory belong together: a ledger that knows
objects the bucket has lost proves nothing, so they are kept, and thrown away, as one.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sms_warehouse.local.services import (
    LOOPBACK,
    Server,
    accepts,
    exclusive,
    free_port,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

BUCKET = "sms-logs"
VISIBILITY_S = 60
"""How long a received message stays hidden: short, so that a failed run is tried again soon."""

_ACCOUNT = "000000000000"
_REGION = "us-east-1"
_KEY = "local"  # ministack checks no signatures
_MAX_RECEIVES = 1000  # the most SQS allows: an outage must not fill the dead-letter queue
_RETENTION_S = 14 * 24 * 3600
_LANDING_DAYS = 1

_START_S = 60.0
_PREDECESSOR_S = 30.0
_WATCH_S = 0.2
_DEATHS = 3
_DEATHS_WITHIN_S = 60.0

_READY = "stack.json"
_IDENTITY = "identity.json"


class StackRunning(Exception):
    """Another process runs a local stack in this directory."""


class NotReady(Exception):
    """No local stack answers; the message says where it was looked for."""


class LocalStack:
    """S3, SQS and Redshift in a directory of their own; without one, in a temporary directory.

    ``servers`` are its processes, ``env`` is everything a client needs, as environment variables.
    Ports that are not given are those the directory had before, or else free ones. As a context
    manager it is ready inside and gone afterwards.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        aws_port: int | None = None,
        redshift_port: int | None = None,
        visibility_s: int = VISIBILITY_S,
    ) -> None:
        self._is_temporary = directory is None
        self.directory = directory.resolve() if directory else Path()
        self._aws_port = aws_port
        self._redshift_port = redshift_port
        self._visibility_s = visibility_s
        self.env: dict[str, str] = {}
        self.servers: list[Server] = []
        self._held = ExitStack()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Returns when both servers answer and bucket, queues and schema are there.

        Raises StackRunning when the directory is in use, ServerFailed when a server does not come
        up.
        """
        try:
            self._claim_directory()
            self._choose_addresses()
            for server in self.servers:
                server.start()
            self._get_ready(self.servers)
        except BaseException:
            self.stop()
            raise

    def run_forever(
        self, stopping: threading.Event | None = None, tell: Callable[[str], object] = print
    ) -> None:
        """Starts a server again that dies, until ``stopping`` is set.

        Has to return before ``stop`` is called. ``tell`` hears of each death and return. Raises
        ServerFailed when a server dies again and again or does not answer any more.
        """
        stopping = stopping or threading.Event()
        deaths: dict[str, list[float]] = {server.name: [] for server in self.servers}
        while not stopping.wait(_WATCH_S):
            dead = [server for server in self.servers if server.has_died()]
            if not dead:
                continue
            self._ready_file.unlink(missing_ok=True)
            for server in dead:
                now = time.monotonic()
                recent = [t for t in deaths[server.name] if now - t < _DEATHS_WITHIN_S] + [now]
                deaths[server.name] = recent
                if len(recent) > _DEATHS:
                    raise server.failure()
                tell(f"{server.name} stopped by itself ({server.last_words()}); starting it again")
                server.start()
            try:
                self._get_ready(dead)
            except Exception:
                if not any(server.has_died() for server in self.servers):
                    raise
            else:
                tell(f"{' and '.join(server.name for server in dead)} answers again")

    def _get_ready(self, started: Sequence[Server]) -> None:
        for server in started:
            server.wait_until_ready(seconds=_START_S)
        # On every start: after a crash, SQS here has its queues as of its last clean stop.
        make_inbox(self.env["AWS_ENDPOINT_URL"], BUCKET, visibility_s=self._visibility_s)
        self._migrate()
        self._announce()

    def stop(self) -> None:
        """Stops both servers, their state on disk; a temporary directory is removed."""
        if self.servers:
            self._ready_file.unlink(missing_ok=True)
        for server in self.servers:
            server.ask_to_stop()
        for server in self.servers:
            server.stop()
        self.servers = []
        self._held.close()

    @property
    def _ready_file(self) -> Path:
        return self.directory / _READY

    def _claim_directory(self) -> None:
        if self._is_temporary:
            self.directory = Path(tempfile.mkdtemp(prefix="sms-warehouse-"))
            self._held.callback(shutil.rmtree, self.directory, ignore_errors=True)
        for name in ("", "aws", "redshift", "logs", "tmp"):
            (self.directory / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._held.enter_context(exclusive(self.directory / "stack.lock"))
        except BlockingIOError:
            raise StackRunning(f"a local stack is already running in {self.directory}") from None
        try:
            # A stack that was killed may still be stopping its servers.
            with exclusive(self.directory / "servers.lock", seconds=_PREDECESSOR_S):
                self._ready_file.unlink(missing_ok=True)
        except BlockingIOError:
            raise StackRunning(
                f"servers of an earlier local stack are still running in {self.directory}"
            ) from None

    def _choose_addresses(self) -> None:
        identity: dict[str, Any] = {}
        path = self.directory / _IDENTITY
        if path.exists():
            identity = json.loads(path.read_text())
        aws_port = self._aws_port or free_port(identity.get("aws_port"))
        redshift_port = self._redshift_port or free_port(identity.get("redshift_port"))
        password = identity.get("redshift_password") or secrets.token_urlsafe(24)
        _write_private(
            path,
            {
                "aws_port": aws_port,
                "redshift_port": redshift_port,
                "redshift_password": password,
            },
        )
        endpoint_url = f"http://{LOOPBACK}:{aws_port}"
        self.env = {
            "AWS_ENDPOINT_URL": endpoint_url,
            "AWS_ACCESS_KEY_ID": _KEY,
            "AWS_SECRET_ACCESS_KEY": _KEY,
            "AWS_DEFAULT_REGION": _REGION,
            "SMS_WAREHOUSE_BUCKET": BUCKET,
            "SMS_WAREHOUSE_QUEUE_URL": _queue_url(endpoint_url, BUCKET),
            "SMS_WAREHOUSE_COPY_ROLE": f"arn:aws:iam::{_ACCOUNT}:role/sms-warehouse-copy",
            "REDSHIFT_HOST": LOOPBACK,
            "REDSHIFT_PORT": str(redshift_port),
            "REDSHIFT_DATABASE": "dev",
            "REDSHIFT_USER": "admin",
            "REDSHIFT_PASSWORD": password,
            "REDSHIFT_SSL": "false",
        }
        self.servers = [self._aws(aws_port), self._redshift(redshift_port)]

    def _aws(self, port: int) -> Server:
        aws = self.directory / "aws"
        return self._server(
            "S3 and SQS",
            "ministack",
            log="aws.log",
            probe=lambda: _clients(self.env["AWS_ENDPOINT_URL"])[0].list_buckets(),
            GATEWAY_PORT=str(port),
            BIND_HOST=LOOPBACK,
            MINISTACK_HOST=LOOPBACK,
            SERVICES="s3,sqs",
            SFTP_ENABLED="0",
            IOT_MTLS_ENABLED="0",
            # It looks for containers to clean up; ours has none, and others are none of its
            # business.
            DOCKER_HOST=f"unix://{aws}/none.sock",
            S3_PERSIST="1",
            S3_DATA_DIR=str(aws / "objects"),
            PERSIST_STATE="1",
            STATE_DIR=str(aws / "state"),
            LOG_LEVEL="WARNING",
        )

    def _redshift(self, port: int) -> Server:
        return self._server(
            "Redshift",
            "local_redshift",
            "serve",
            "--dir",
            str(self.directory / "redshift"),
            "--port",
            str(port),
            log="redshift.log",
            probe=self._ask_redshift,
        )

    def _server(
        self,
        name: str,
        module: str,
        *arguments: str,
        log: str,
        probe: Callable[[], object],
        **environment: str,
    ) -> Server:
        # The caller's own AWS and warehouse must not leak in: COPY reads the bucket of this stack.
        inherited = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("AWS_", "REDSHIFT_", "SMS_WAREHOUSE_", "MINISTACK_"))
        }
        return Server(
            name,
            module,
            arguments,
            inherited | self.env | {"TMPDIR": str(self.directory / "tmp")} | environment,
            self.directory / "logs" / log,
            self.directory / "servers.lock",
            probe,
        )

    # Imported late: a second of work that is done while the servers start.

    def _ask_redshift(self) -> None:
        from sms_warehouse.resources.redshift import Redshift

        accepts(int(self.env["REDSHIFT_PORT"]))
        with _environment(self.env), Redshift().session("local_stack") as session:
            session.value("select 1 as alive")

    def _migrate(self) -> None:
        from sms_warehouse.migrate import migrate
        from sms_warehouse.resources.redshift import Redshift

        with _environment(self.env):
            migrate(Redshift())

    def _announce(self) -> None:
        _write_private(self._ready_file, {"pid": os.getpid(), "env": self.env})


def running_env(directory: Path | None = None) -> dict[str, str]:
    """The environment of a directory's running stack; without one, of the newest announced stack.

    Raises NotReady when there is none or it does not answer.
    """
    if directory is not None:
        return _read_ready(directory)
    for entry in sorted(_announcements().iterdir(), reverse=True):
        try:
            return _read_ready(entry)
        except NotReady:
            continue
    raise NotReady("no local stack is ready; start one with `sms-warehouse local up`")


@contextmanager
def announced(stack: LocalStack) -> Iterator[None]:
    """Lets ``running_env`` find a stack without being told its directory."""
    folder = _announcements()
    for entry in folder.iterdir():
        if not (entry / _READY).exists():
            entry.unlink(missing_ok=True)
    entry = folder / f"{time.time_ns()}-{os.getpid()}"  # the newest is the last by name
    entry.symlink_to(stack.directory)
    try:
        yield
    finally:
        entry.unlink(missing_ok=True)


def _announcements() -> Path:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and Path(runtime).is_dir():
        folder = Path(runtime) / "sms-warehouse"
    else:
        folder = Path(tempfile.gettempdir()) / f"sms-warehouse-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077 or not folder.is_dir():
        raise NotReady(f"{folder} is open to other users; remove it, or name the stack with --dir")
    return folder


def _read_ready(directory: Path) -> dict[str, str]:
    not_ready = NotReady(
        f"no local stack is ready in {directory}; "
        f"start one with `sms-warehouse local up --dir {directory}`"
    )
    try:
        env: dict[str, str] = json.loads((directory / _READY).read_text())["env"]
        accepts(int(env["AWS_ENDPOINT_URL"].rpartition(":")[2]))
        accepts(int(env["REDSHIFT_PORT"]))
    except OSError:
        raise not_ready from None
    return env


def make_inbox(endpoint_url: str, bucket: str, *, visibility_s: int = VISIBILITY_S) -> str:
    """Makes a bucket and its queue of new objects, both named ``bucket``; returns the queue's URL.

    The same settings that AWS needs: a dead-letter queue, a policy that lets S3 send, the
    notification for new objects under ``raw/``, and the expiry of what landing leaves under
    ``landing/``. Safe to repeat.
    """
    s3, sqs = _clients(endpoint_url)
    with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=bucket)
    dead_letters_arn = _make_queue(
        sqs, f"{bucket}-dead-letters", {"MessageRetentionPeriod": str(_RETENTION_S)}
    )
    queue_arn = _queue_arn(bucket)
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue_arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}},
            }
        ],
    }
    redrive = {"deadLetterTargetArn": dead_letters_arn, "maxReceiveCount": _MAX_RECEIVES}
    _make_queue(
        sqs,
        bucket,
        {
            "MessageRetentionPeriod": str(_RETENTION_S),
            "VisibilityTimeout": str(visibility_s),
            "RedrivePolicy": json.dumps(redrive),
            "Policy": json.dumps(policy),
        },
    )
    s3.put_bucket_notification_configuration(
        Bucket=bucket,
        NotificationConfiguration={
            "QueueConfigurations": [
                {
                    "Id": "new-logs",
                    "QueueArn": queue_arn,
                    "Events": ["s3:ObjectCreated:*"],
                    "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "raw/"}]}},
                }
            ]
        },
    )
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "landing-expires",
                    "Status": "Enabled",
                    "Filter": {"Prefix": "landing/"},
                    "Expiration": {"Days": _LANDING_DAYS},
                }
            ]
        },
    )
    return _queue_url(endpoint_url, bucket)


def _queue_url(endpoint_url: str, name: str) -> str:
    # Not asked for: a queue that was restored after a change of ports still tells its old address.
    return f"{endpoint_url}/{_ACCOUNT}/{name}"


def _queue_arn(name: str) -> str:
    return f"arn:aws:sqs:{_REGION}:{_ACCOUNT}:{name}"


def _make_queue(sqs: SQSClient, name: str, attributes: Mapping[Any, str]) -> str:
    # Looked up first: creating a queue that was restored from another port makes a second one.
    try:
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    except sqs.exceptions.QueueDoesNotExist:
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes=dict(attributes))
    return _queue_arn(name)


@cache
def _clients(endpoint_url: str) -> tuple[S3Client, SQSClient]:
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 1})
    session = boto3.Session(aws_access_key_id=_KEY, aws_secret_access_key=_KEY, region_name=_REGION)
    return (
        session.client("s3", endpoint_url=endpoint_url, config=config),
        session.client("sqs", endpoint_url=endpoint_url, config=config),
    )


@contextmanager
def _environment(env: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in env}
    os.environ.update(env)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _write_private(path: Path, content: Mapping[str, object]) -> None:
    temporary = path.with_suffix(".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
    temporary.replace(path)
