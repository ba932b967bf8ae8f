"""The statements in the package's Python: what is handed to a session, with examples for what is put in at run time.

A statement that cannot be put together here, because a part of it comes from afar, is a finding itself. Statements
that follow from the project's own tables are put together by their modules, and each is looked at as it is sent.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from local_redshift.lint.statements import Statement

from sms_warehouse.privacy import proof, statements

# It asks a warehouse what it makes of odd statements.
_OTHERS = ("verify/",)
_METHODS = frozenset({"execute", "rows", "records", "value"})
# What has such methods and is no session: the driver's cursor below it, the session itself, the simulator's services.
_NO_SESSIONS = frozenset({"self", "self._cursor", "self.service", "outcome"})

# What placeholders stand for, by the Python between the braces.
EXAMPLES = {
    "', '.join((':' + name for name in names))": ":name_0, :name_1",
    "', '.join((repr(t) for t in tables))": "'fact_click', 'fact_submission'",
    "', '.join(_COLUMNS)": "rule_order, opted_out, action",
    "', '.join(columns)": "load_id, event_type",
    "', '.join(map(_quoted, names))": "'control', 'staging'",
    "_quoted(column.meaning)": "'When the event happened, UTC.'",
    "_quoted(manifest_url)": "s3://lake/landing/link_click/dt=2026-03-01/good.manifest",
    "_quoted(settings.copy_role())": "arn:aws:iam::123456789012:role/copy",
    "_quoted(table.remark)": "'One row per request for a link.'",
    "column.name": "occurred_at",
    "event.name": "link_click",
    "event_type": "link_click",
    "kind": "table",
    "landed.event_type": "link_click",
    "name": "campaign_performance",
    "query_group": "land_link_click",
    "report.preview_order": "campaign_id, variant_id",
    "scope": "arrival_date = :day and load_id = :load_id",
    "table": "control.load",
    "table.full_name": "warehouse.fact_click",
    "temp_table": "seed_click",
    "tuples": "(:load_id_0, :event_type_0)",
}

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Part = tuple[str, bool]
"""A text, and whether it is always the same."""


class Unresolved(Exception):
    """A statement has a part that nobody knows; the message is the part's Python, ``line`` where it stands."""

    def __init__(self, node: ast.expr) -> None:
        self.line = node.lineno
        super().__init__(ast.unparse(node))


def of_package(root: Path) -> tuple[list[Statement], list[tuple[str, Unresolved]]]:
    """The statements of all modules of a package, and by path what could not be resolved."""
    statements = list(_composed())
    unresolved: list[tuple[str, Unresolved]] = []
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root).as_posix()
        if inside.startswith(_OTHERS):
            continue
        shown = f"{root.name}/{inside}"
        for found in of_module(path.read_text(encoding="utf-8"), shown):
            if isinstance(found, Statement):
                statements.append(found)
            else:
                unresolved.append((shown, found))
    return statements, unresolved


def _composed() -> Iterator[Statement]:
    """Every statement that follows from tables and their columns, at the function that gives it."""
    for every_statement in (statements.every_statement, proof.every_statement):
        shown = every_statement.__module__.replace(".", "/") + ".py"
        for statement in every_statement():
            yield Statement(shown, every_statement.__code__.co_firstlineno, statement.text)


def of_module(source: str, shown: str) -> Iterator[Statement | Unresolved]:
    """What a module hands to sessions, in order.

    Statements that know their values (``statement.text``) are left out: they are of a file, or in ``_composed``.
    """
    module = ast.parse(source)
    yield from _sent(module, (module,), shown)


def _sent(
    node: ast.AST, scopes: tuple[ast.AST, ...], shown: str
) -> Iterator[Statement | Unresolved]:
    if isinstance(node, ast.Call) and _is_sending(node) and not _is_whole(node.args[0]):
        try:
            parts = _parts(node.args[0], scopes)
        except Unresolved as problem:
            yield problem
        else:
            text = "".join(text for text, _ in parts)
            yield Statement(shown, node.args[0].lineno, text, _fixed(parts))
    if isinstance(node, _Function):
        scopes = (node, *scopes)
    for child in ast.iter_child_nodes(node):
        yield from _sent(child, scopes, shown)


def _is_sending(call: ast.Call) -> bool:
    return (
        isinstance(call.func, ast.Attribute)
        and call.func.attr in _METHODS
        and bool(call.args)
        and ast.unparse(call.func.value) not in _NO_SESSIONS
    )


def _is_whole(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "text"


def _fixed(parts: list[_Part]) -> tuple[str, ...]:
    fixed = [""]
    for text, is_fixed in parts:
        if is_fixed:
            fixed[-1] += text
        else:
            fixed.append("")
    return tuple(fixed)


def _parts(node: ast.expr, scopes: tuple[ast.AST, ...]) -> list[_Part]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str | int):
        return [(str(node.value), True)]
    if isinstance(node, ast.JoinedStr):
        return [part for value in node.values for part in _parts(value, scopes)]
    if isinstance(node, ast.FormattedValue):
        if example := EXAMPLES.get(ast.unparse(node.value)):
            return [(example, False)]
        return _parts(node.value, scopes)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _parts(node.left, scopes) + _parts(node.right, scopes)
    if isinstance(node, ast.Name):
        return _assigned(node, scopes)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return _returned(node, scopes)
    raise Unresolved(node)


def _assigned(name: ast.Name, scopes: tuple[ast.AST, ...]) -> list[_Part]:
    """What the one assignment to a name in the nearest scope says."""
    for at, scope in enumerate(scopes):
        found = [
            node.value
            for node in _here(scope)
            if isinstance(node, ast.Assign)
            and [ast.unparse(target) for target in node.targets] == [name.id]
        ]
        if len(found) == 1:
            return _parts(found[0], scopes[at:])
    raise Unresolved(name)


def _returned(call: ast.Call, scopes: tuple[ast.AST, ...]) -> list[_Part]:
    """What a function of the module returns, if it is one expression."""
    for node in _here(scopes[-1]):
        if isinstance(node, _Function) and node.name == ast.unparse(call.func):
            found = [r.value for r in _here(node) if isinstance(r, ast.Return) and r.value]
            if len(found) == 1:
                return _parts(found[0], (node, *scopes[-1:]))
    raise Unresolved(call)


def _here(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a scope, those of functions inside it left out."""
    for child in ast.iter_child_nodes(scope):
        yield child
        if not isinstance(child, _Function):
            yield from _here(child)
