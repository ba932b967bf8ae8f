"""The ``local-redshift`` command: ``serve`` starts the server, ``lint`` checks SQL files.

Who may log in is in the environment (REDSHIFT_USER, REDSHIFT_PASSWORD, REDSHIFT_DATABASE), and so is the S3
that COPY reads (AWS_*). The server listens on the loopback interface and says where once it is ready.
"""

from __future__ import annotations

import argparse
import os
import signal
import ssl
import sys
import threading
from pathlib import Path

import duckdb

from local_redshift.engine import Databases
from local_redshift.isolation import SERIALIZABLE, SNAPSHOT
from local_redshift.lint import command as lint
from local_redshift.server import Server

_ENDING = {signal.SIGTERM, signal.SIGINT}


def main() -> int:
    """Runs the command of the command line; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="local-redshift",
        description="A local Redshift: Redshift's SQL and protocol on DuckDB, and a lint of Redshift's SQL.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_serve(commands)
    lint.add_parser(commands)
    arguments = parser.parse_args()
    code: int = arguments.run(arguments)
    return code


def _add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "serve",
        help="start a server on the databases of a directory",
        description="Serves the databases of a directory until SIGTERM or Ctrl-C. Who may log in is in the "
        "environment (REDSHIFT_USER, REDSHIFT_PASSWORD, REDSHIFT_DATABASE), and so is the S3 that COPY reads "
        "(AWS_*). Prints `listening on 127.0.0.1:PORT` when it is ready.",
    )
    parser.add_argument("--dir", type=Path, required=True, help="where the databases are kept")
    parser.add_argument("--port", type=int, default=0, help="0, the default: any free port")
    parser.add_argument("--memory-limit", default="4GB", help="what DuckDB may use (default 4GB)")
    parser.add_argument("--threads", type=int, help="DuckDB's threads (default: one per CPU)")
    parser.add_argument(
        "--isolation",
        choices=(SNAPSHOT, SERIALIZABLE),
        default=SNAPSHOT,
        help="of the database, and of those created without a level (default snapshot, as new clusters have)",
    )
    parser.add_argument(
        "--idle-in-transaction-seconds",
        type=float,
        default=600.0,
        help="a client that idles in a transaction for longer is disconnected (default 600)",
    )
    parser.add_argument(
        "--tls-cert", type=Path, help="certificate chain in PEM; with --tls-key, offers TLS"
    )
    parser.add_argument("--tls-key", type=Path)
    parser.set_defaults(run=_serve, parser=parser)


def _serve(arguments: argparse.Namespace) -> int:
    parser: argparse.ArgumentParser = arguments.parser
    password = os.environ.get("REDSHIFT_PASSWORD", "")
    if not password:
        parser.error("environment variable REDSHIFT_PASSWORD is not set")
    tls = None
    if arguments.tls_cert or arguments.tls_key:
        if not (arguments.tls_cert and arguments.tls_key):
            parser.error("--tls-cert and --tls-key go together")
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(arguments.tls_cert, arguments.tls_key)

    # Blocked before any thread begins, so that all inherit it: a handler could run on another thread, or in the
    # moment before the main one waits, and the main one would wait on.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    # A thread that computes must not keep one that answers waiting.
    sys.setswitchinterval(1e-4)
    arguments.dir.mkdir(parents=True, exist_ok=True)
    user = os.environ.get("REDSHIFT_USER", "warehouse")
    try:
        databases = Databases(
            arguments.dir,
            main=os.environ.get("REDSHIFT_DATABASE", "dev"),
            user=user,
            isolation=arguments.isolation,
            memory_limit=arguments.memory_limit,
            threads=arguments.threads,
        )
    except (duckdb.Error, OSError) as error:
        reason = str(error).split("\n", 1)[0]
        print(
            f"cannot open the databases in {arguments.dir}: {reason}", file=sys.stderr, flush=True
        )
        return 1
    server = Server(
        databases,
        user=user,
        password=password,
        port=arguments.port,
        idle_in_transaction_seconds=arguments.idle_in_transaction_seconds,
        tls=tls,
    )
    threading.Thread(target=server.serve, name="listener", daemon=True).start()
    print(f"listening on 127.0.0.1:{server.port}", flush=True)
    signal.sigwait(_ENDING)
    server.close()
    databases.close()
    return 0


def command() -> None:
    """Runs the command and ends the process with its exit code."""
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # DuckDB's binding reports leaks of its own at interpreter exit; the database is closed by now.
    os._exit(code)


if __name__ == "__main__":
    command()
