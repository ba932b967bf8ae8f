"""Tables of a small project, and the findings of the lint for a statement."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from local_redshift.lint.check import check
from local_redshift.lint.statements import Project, Statement, of_file, project_of

Findings = Callable[[str], set[str]]


@pytest.fixture(scope="session")
def project() -> Project:
    """The tables that the examples of the rules, and the lists of statements, name."""
    return project_of(of_file(Path(__file__).parent / "tables.sql", "tables.sql"))


@pytest.fixture(scope="session")
def findings(project: Project) -> Findings:
    """The names of the rules that a statement breaks."""

    def broken(text: str) -> set[str]:
        return {finding.rule for finding in check(Statement("test.sql", 1, text), project)}

    return broken
