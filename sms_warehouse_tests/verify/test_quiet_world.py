"""A golden world in which the schema is made and nothing else happens: what a verification then says of SQL files.

It runs once, with a few of the files and some that are planted, and the tests look at what it did.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pytest
from click.testing import Result

from sms_warehouse import sql
from sms_warehouse.migrate import migrate
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse.verify import golden, world
from sms_warehouse.verify.scratch import ScratchRedshift
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.verify.conftest import report, run

Remarks = list[tuple[str, ...]]


def broken() -> object:
    raise LookupError("nothing is known")


THREE = "select 30 as a, 28 as b, 1 as c"
PLANTED: list[world.Event] = [
    golden.Golden("another value", THREE, (30, 27, 1)),
    golden.Golden("another type", THREE, (30, 28, 1.0)),
    golden.Golden("no row", f"select x.a from ({THREE}) as x where x.a = 0", (30,)),
    golden.Golden("the same", THREE, (30, 28, 1)),
    golden.Answer("another answer", lambda: [1], (1,)),
    golden.Answer("no answer", broken, 1),
    golden.Answer("the same answer", lambda: {"rows": 1}, {"rows": 1}),
]
PLANTED_FILES = {
    "planned": "select load_id from batch_load where load_id = :load_id",
    "wrong": "select no_such_column from control.load",
    "reader": "select load_id from second_list",
    "tables": (
        "create temp table first_list (load_id varchar(26));"
        " create temp table second_list as select load_id from first_list"
    ),
}


@dataclass
class Quiet:
    """A verification of a quiet world, and what was seen in its scratch schemas."""

    result: Result | None = None
    remarks: Remarks = field(default_factory=list)
    comments_again: list[str] = field(default_factory=list)
    """What the schema's second migration wrote into the catalog."""

    @property
    def outcomes(self) -> list[dict[str, Any]]:
        assert self.result is not None
        assert self.result.exit_code == 1, self.result.output
        found = report(self.result)["outcomes"]
        assert isinstance(found, list)
        return found


@pytest.fixture(scope="module")
def quiet(module_platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Quiet:
    found = Quiet()
    steps = world.steps

    def quiet_steps(redshift: Redshift, lake: Lake) -> Iterator[world.Event]:
        assert isinstance(redshift, ScratchRedshift)
        yield from islice(steps(redshift, lake), 1)
        found.remarks = remarks(module_platform.redshift, f"{redshift.scratch_schema}_pii")
        ran = set(redshift.ran.statements)
        redshift.ran.statements.clear()
        migrate(redshift)
        found.comments_again = [s for s in redshift.ran.statements if s.startswith("comment on")]
        redshift.ran.statements.update(ran)
        yield from PLANTED

    folder = tmp_path_factory.mktemp("sql")
    for name in ("schema", "reference", "apply", "warehouse/dim_campaign"):
        shutil.copytree(sql.root() / name, folder / name)
    for name, text in PLANTED_FILES.items():
        (folder / "apply" / f"{name}.sql").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world, "steps", quiet_steps)
        patch.setattr(sql, "root", lambda: folder)
        found.result = run("--only", "sql", "--json")
    return found


def test_a_golden_row_that_differs_is_named(quiet: Quiet) -> None:
    """A value of another type differs too, although Python calls 1 and 1.0 equal."""
    goldens = {
        o["name"]: (o["agreed"], o["expected"], o["found"])
        for o in quiet.outcomes
        if o["name"].startswith("golden: ")
    }
    assert goldens == {
        "golden: another value": (False, "(30, 27, 1)", "(30, 28, 1)"),
        "golden: another type": (False, "(30, 28, 1.0)", "(30, 28, 1)"),
        "golden: no row": (False, "(30,)", "()"),
        "golden: the same": (True, "(30, 28, 1)", "(30, 28, 1)"),
        "golden: another answer": (False, "(1,)", "[1]"),
        "golden: no answer": (False, "1", "LookupError: nothing is known"),
        "golden: the same answer": (True, "{'rows': 1}", "{'rows': 1}"),
    }


def test_what_the_world_does_not_run_is_explained_and_does_not_count_as_run(quiet: Quiet) -> None:
    """A new file that nobody runs and that Redshift cannot plan is an error, one that it can plan is open.

    What was tried on the way to a plan, such as making a temp table that needs another one, is no error.
    """
    found = {o["name"]: o for o in quiet.outcomes if o["section"] == "sql"}
    planned = found["file apply/planned.sql, statement 1: select load_id"]
    assert (planned["agreed"], planned["found"]) == (None, "explained")
    wrong = found["file apply/wrong.sql, statement 1: select no_such_column"]
    assert wrong["agreed"] is False
    assert "42703" in wrong["found"]
    files = {name: o for name, o in found.items() if not name.startswith("golden: ")}
    assert [name for name, o in files.items() if o["agreed"] is False] == [wrong["name"]]
    for number in (1, 2):
        made = found[f"file apply/tables.sql, statement {number}: create temp"]
        assert (made["agreed"], made["note"]) == (None, "not run, and cannot be explained")


def test_tables_of_the_scratch_space_are_described_in_the_catalog(
    quiet: Quiet, module_platform: Platform
) -> None:
    """Also where the real warehouse, in the same database, has been described long since; once is enough."""
    assert quiet.remarks == remarks(module_platform.redshift, "pii")
    assert quiet.comments_again == []


def remarks(redshift: Redshift, schema: str) -> Remarks:
    with redshift.session("tests") as session:
        found = session.rows(
            "select table_name, column_name, remarks from svv_columns where table_schema = :schema"
            " order by table_name, column_name",
            schema=schema,
        )
    assert any(remark for _, _, remark in found)
    return found
