"""Starts the local Redshift: ``python -m sms_warehouse.local.redshift --dir DIR --port N``.

Who may log in is in the environment (REDSHIFT_USER, REDSHIFT_PASSWORD, REDSHIFT_DATABASE), and so is the S3
that COPY reads (AWS_*). It listens on the loopback interface and says where once it is ready.
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

from sms_warehouse.local.redshift.engine import Databases
from sms_warehouse.local.redshift.isolation import SERIALIZABLE, SNAPSHOT
from sms_warehouse.local.redshift.server import Server

_ENDING = {signal.SIGTERM, signal.SIGINT}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m sms_warehouse.local.redshift", description=__doc__
    )
    parser.add_argument("--dir", type=Path, required=True, help="where the database is kept")
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
    arguments = parser.parse_args()

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


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # DuckDB's binding reports leaks of its own at interpreter exit; the database is closed by now.
    os._exit(code)
