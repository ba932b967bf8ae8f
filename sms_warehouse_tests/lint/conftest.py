"""What the lint knows of the project's own tables, and what of a statement it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sms_warehouse import sql
from sms_warehouse.local.lint.check import check
from sms_warehouse.local.lint.statements import Project, Statement, of_file, project_of

Findings = Callable[[str], set[str]]


@pytest.fixture(scope="session")
def in_files() -> list[Statement]:
    """The statements under ``sql/``."""
    root = sql.root()
    return [
        statement
        for file in sorted(root.rglob("*.sql"))
        for statement in of_file(file, file.relative_to(root).as_posix())
    ]


@pytest.fixture(scope="session")
def project(in_files: list[Statement]) -> Project:
    return project_of(in_files)


@pytest.fixture(scope="session")
def findings(project: Project) -> Findings:
    """The names of the rules that a statement breaks."""

    def broken(text: str) -> set[str]:
        return {finding.rule for finding in check(Statement("test.sql", 1, text), project)}

    return broken


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).parents[2]
