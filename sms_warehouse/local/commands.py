"""``sms-warehouse local``: the local stack from a terminal."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path
from typing import NoReturn

import click

from sms_warehouse.local.services import ServerFailed
from sms_warehouse.local.stack import (
    VISIBILITY_S,
    LocalStack,
    NotReady,
    StackRunning,
    announced,
    running_env,
)

_DIRECTORY = click.Path(file_okay=False, path_type=Path)


@click.group()
def local() -> None:
    """S3, SQS and Redshift on this machine."""


@local.command()
@click.option(
    "--dir",
    "directory",
    type=_DIRECTORY,
    help="Keep bucket, queues and warehouse here over restarts, together. "
    "Without it they live in a temporary directory and go with the stack.",
)
@click.option("--aws-port", type=int, help="Port of S3 and SQS.")
@click.option("--redshift-port", type=int, help="Port of Redshift.")
@click.option(
    "--visibility-timeout",
    "visibility_s",
    type=click.IntRange(0, 43200),
    default=VISIBILITY_S,
    show_default=True,
    help="Seconds a received message stays hidden before it comes back.",
)
def up(
    directory: Path | None, aws_port: int | None, redshift_port: int | None, visibility_s: int
) -> None:
    """Run local S3, SQS and Redshift in the foreground until Ctrl-C.

    Makes the bucket, its queue, dead-letter queue and notification, and brings the warehouse's
    schema up to date. Listens on the loopback interface only. A server that dies is started again.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    stack = LocalStack(
        directory, aws_port=aws_port, redshift_port=redshift_port, visibility_s=visibility_s
    )
    try:
        stack.start()
        with announced(stack):
            _tell(_description(stack))
            stack.run_forever(tell=_tell)
    except KeyboardInterrupt:
        _tell("stopping")
    except (StackRunning, ServerFailed, NotReady, OSError) as error:
        raise click.ClickException(str(error)) from None
    finally:
        stack.stop()


@local.command()
@click.option(
    "--dir",
    "directory",
    type=_DIRECTORY,
    help="The stack of this directory. Without it, the newest of your stacks that is running.",
)
def env(directory: Path | None) -> None:
    """Print the running stack's environment as lines for a shell.

    eval "$(sms-warehouse local env)" makes every other command, and any AWS client, talk to the
    local stack. Exits with 1 while no stack is ready.
    """
    try:
        variables = running_env(directory)
    except NotReady as error:
        raise click.ClickException(str(error)) from None
    for name, value in variables.items():
        click.echo(f"export {name}={shlex.quote(value)}")


def _interrupt(number: int, frame: object) -> NoReturn:
    # Once only: what stops the servers must not be interrupted itself.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _tell(line: str) -> None:
    click.echo(line)


def _description(stack: LocalStack) -> str:
    env = stack.env
    return "\n".join(
        [
            f"S3 and SQS  {env['AWS_ENDPOINT_URL']}  bucket {env['SMS_WAREHOUSE_BUCKET']}",
            f"Redshift    {env['REDSHIFT_HOST']}:{env['REDSHIFT_PORT']}"
            f"  database {env['REDSHIFT_DATABASE']}, user {env['REDSHIFT_USER']}",
            f"Directory   {stack.directory}",
            "",
            'In another terminal:  eval "$(sms-warehouse local env)"',
            "Ctrl-C stops it.",
        ]
    )


if __name__ == "__main__":
    local()
