"""``local-redshift lint``: SQL files against the allow-list and the rules."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path

from local_redshift.lint.check import RULES, Finding, check_all
from local_redshift.lint.statements import of_file, project_of

_GUIDE = "https://docs.aws.amazon.com/redshift/latest/dg"


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "lint",
        help="check SQL files for what Redshift refuses, or takes to mean something else",
        description="Checks SQL files for what Redshift refuses, or takes to mean something else. "
        "All files together are one project: a table that one of them creates is known to the others. "
        "Exits with 1 on findings.",
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument(
        "--rules", action="store_true", help="explain each rule with its page and an example"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.rules:
        print(explained(), end="")
        return 0
    try:
        statements = [s for file in arguments.files for s in of_file(file, str(file))]
    except OSError as error:
        print(f"local-redshift lint: {error}", file=sys.stderr)
        return 2
    return report(check_all(statements, project_of(statements)), len(statements))


def report(findings: Iterable[Finding], statements: int) -> int:
    """Prints findings in the order of files and lines, and a count; returns the exit code."""
    found = sorted(findings)
    for finding in found:
        print(finding)
    print(f"{statements} statements, {len(found)} findings", file=sys.stderr)
    return 1 if found else 0


def explained() -> str:
    """Each rule with its page of the guide and an example."""
    lines = []
    for rule in RULES.values():
        lines += [f"{rule.name}: {rule.sentence}", f"    {_GUIDE}/{rule.page}.html"]
        for word, text in (("wrong", rule.wrong), ("right", rule.right)):
            lines.append(textwrap.indent(textwrap.fill(f"{word}: {text}", 96), "    "))
        lines.append("")
    return "\n".join(lines) + "\n"
