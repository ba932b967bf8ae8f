"""Which tables a statement reads, from its syntax tree: what its locks and its place in the serial order depend on."""

from __future__ import annotations

from sqlglot import exp

from local_redshift.macros import SYSTEM_SCHEMA
from local_redshift.reader import Name


def tables_read(tree: exp.Expr) -> tuple[Name, ...]:
    """Every table and view that is read, each once, but for the system's: those are not locked or isolated.

    UPDATE, DELETE and MERGE read their target, INSERT does not (guide: c_serial_isolation, c_write_readwrite).
    """
    inserted = tree.this if isinstance(tree, exp.Insert) else None
    if isinstance(inserted, exp.Schema):
        inserted = inserted.this
    found: dict[Name, None] = {}
    for table in tree.find_all(exp.Table):
        if table is inserted or not isinstance(table.this, exp.Identifier):
            continue
        name = Name(table.db.lower(), table.name.lower())
        if not name.schema and _is_cte(table):
            continue
        if name.schema != SYSTEM_SCHEMA:
            found[name] = None
    return tuple(found)


def _is_cte(table: exp.Table) -> bool:
    """Whether the name is that of a WITH around it; one sees those before itself only."""
    inner: exp.Expr = table
    outer = table.parent
    current: exp.Expr | None = None
    while outer is not None:
        if isinstance(inner, exp.CTE):
            current = inner
        common = outer if isinstance(outer, exp.With) else outer.args.get("with_")
        if isinstance(common, exp.With):
            for cte in common.expressions:
                if cte is current:
                    break
                if cte.alias.lower() == table.name.lower():
                    return True
        inner, outer = outer, outer.parent
    return False
