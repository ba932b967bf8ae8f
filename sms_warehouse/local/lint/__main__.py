"""``python -m sms_warehouse.local.lint [FILE...]``: every statement of the platform, or those of some SQL files."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import click

import sms_warehouse
from sms_warehouse import sql
from sms_warehouse.local.lint.check import RULES, UNRESOLVED, Finding, check_all
from sms_warehouse.local.lint.python import of_package
from sms_warehouse.local.lint.statements import Statement, of_file, project_of

_GUIDE = "https://docs.aws.amazon.com/redshift/latest/dg"


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rules", is_flag=True, help="Explain each rule with its page and an example.")
def main(files: tuple[Path, ...], rules: bool) -> None:
    """Checks SQL for what Redshift refuses, or takes to mean something else; exits 1 on findings.

    Without FILES: everything under sql/ and all statements in the package.
    """
    if rules:
        _explain()
        return
    in_files = _of_folder()
    project = project_of(in_files)
    findings: list[Finding] = []
    if files:
        statements = [s for file in files for s in of_file(file, str(file))]
    else:
        in_python, unresolved = of_package(Path(sms_warehouse.__file__).parent)
        statements = in_files + in_python
        findings += [
            Finding(
                path,
                problem.line,
                UNRESOLVED,
                f"what is {problem}? Give it an example in python.py",
            )
            for path, problem in unresolved
        ]
    findings += check_all(statements, project)
    for finding in sorted(findings):
        click.echo(finding)
    click.echo(f"{len(statements)} statements, {len(findings)} findings", err=True)
    sys.exit(bool(findings))


def _of_folder() -> list[Statement]:
    root = sql.root()
    return [
        statement
        for file in sorted(root.rglob("*.sql"))
        for statement in of_file(file, file.relative_to(root.parent).as_posix())
    ]


def _explain() -> None:
    for rule in RULES.values():
        click.echo(f"{rule.name}: {rule.sentence}")
        click.echo(f"    {_GUIDE}/{rule.page}.html")
        for word, text in (("wrong", rule.wrong), ("right", rule.right)):
            click.echo(textwrap.indent(textwrap.fill(f"{word}: {text}", 96), "    "))
        click.echo()


if __name__ == "__main__":
    main()
