"""``python -m sms_warehouse.local.lint``: every statement that the platform sends, against the rules of the lint.

Single files, and what the rules say: ``local-redshift lint``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from local_redshift.lint.check import UNRESOLVED, Finding, check_all
from local_redshift.lint.command import report
from local_redshift.lint.statements import Statement, of_file, project_of

import sms_warehouse
from sms_warehouse import sql
from sms_warehouse.local.statements import of_package


def main() -> int:
    """Checks everything under sql/ and all statements in the package; returns the exit code."""
    in_files = of_folder(sql.root())
    in_python, unresolved = of_package(Path(sms_warehouse.__file__).parent)
    statements = in_files + in_python
    findings = [
        Finding(
            path,
            problem.line,
            UNRESOLVED,
            f"what is {problem}? Give it an example in local/statements.py",
        )
        for path, problem in unresolved
    ]
    return report(findings + check_all(statements, project_of(in_files)), len(statements))


def of_folder(root: Path) -> list[Statement]:
    """The statements of all SQL files below a folder."""
    return [
        statement
        for file in sorted(root.rglob("*.sql"))
        for statement in of_file(file, file.relative_to(root.parent).as_posix())
    ]


if __name__ == "__main__":
    sys.exit(main())
