"""Writes a checked query over system relations as DuckDB's SQL, with PostgreSQL's functions and types.

PostgreSQL's arrays are text here, as clients are shown them: {a,b}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.generators.duckdb import DuckDBGenerator

from local_redshift.catalog import ENCODINGS, RELATIONS
from local_redshift.errors import PgError, unsupported
from local_redshift.macros import SESSION, SYSTEM_SCHEMA
from local_redshift.reader import Reader
from local_redshift.renderers import quoted


def _looked_up(view: str, value: str, *keys: str) -> str:
    """A template that finds a value by its arguments, whose names it must not take for its own."""
    named = ", ".join(f"{key} as _key{n}" for n, key in enumerate(keys))
    where = " and ".join(f"_key{n} = {{{n}}}" for n in range(len(keys)))
    return f"(select _value from (select {value} as _value, {named} from {SYSTEM_SCHEMA}.{view}) where {where})"


_RELATION_OF = _looked_up("relations", "name", "oid")
_VISIBLE = "list_contains(current_schemas(false), {schema}) or {schema} = 'pg_temp'"
_TYPE_NAME = f"""(select _said || case
        when {{0}} = 1043 and {{1}} > 4 then '(' || ({{1}} - 4) || ')'
        when {{0}} = 1700 and {{1}} > 4
            then '(' || (({{1}} - 4) // 65536) || ',' || (({{1}} - 4) % 65536) || ')'
        else '' end
    from (select oid as _key, said as _said from {SYSTEM_SCHEMA}.type_names) where _key = {{0}})"""

# Templates over their arguments; what is given beyond them is not looked at. NAME/N is for N arguments only.
FUNCTIONS: dict[str, str] = {
    "array_to_string": "replace(trim({0}, '{{}}'), ',', {1})",
    "array_upper": "len(string_split(trim({0}, '{{}}'), ','))",
    "charindex": "strpos({1}, {0})",
    "col_description": _looked_up("pg_description", "description", "objoid", "objsubid"),
    "current_schemas": "'{{' || array_to_string(current_schemas(false), ',') || '}}'",
    "format_encoding": f"list_extract({ENCODINGS}, {{0}})",
    "format_type": _TYPE_NAME,
    "has_database_privilege": "true",
    "has_schema_privilege": "true",
    "has_table_privilege": "true",
    "obj_description": _looked_up("relations", "comment", "oid"),
    "nvl2": "case when {0} is not null then {1} else {2} end",
    "pg_encoding_to_char": "'UNICODE'",
    "pg_get_constraintdef": _looked_up("constraints", "definition", "oid"),
    "pg_get_expr": "{0}",
    "pg_get_indexdef": "cast(null as varchar)",
    "pg_get_userbyid": f"case when {{0}} = 1 then 'rdsdb' else cast({SESSION}.user as varchar) end",
    "pg_get_viewdef": _looked_up("relations", "definition", "oid"),
    "pg_table_is_visible": _looked_up(
        "relations", f"({_VISIBLE.format(schema='schema_name')})", "oid"
    ),
    "pg_function_is_visible": "true",
    "quote_ident": "{0}",
    "regexp_substr/3": "regexp_extract(substring({0}, {2}), {1})",
    "regexp_replace/2": "regexp_replace({0}, {1}, '', 'g')",
    "regexp_replace": "regexp_replace({0}, {1}, {2}, 'g')",
}
_PLAIN = {
    "abs": "abs",
    "btrim": "trim",
    "char_length": "length",
    "coalesce": "coalesce",
    "concat": "concat",
    "count": "count",
    "generate_series": "generate_series",
    "left": "left",
    "len": "length",
    "length": "length",
    "lower": "lower",
    "ltrim": "ltrim",
    "max": "max",
    "min": "min",
    "nullif": "nullif",
    "nvl": "coalesce",
    "regexp_substr": "regexp_extract",
    "replace": "replace",
    "right": "right",
    "row_number": "row_number",
    "rtrim": "rtrim",
    "split_part": "split_part",
    "strpos": "strpos",
    "substr": "substring",
    "sum": "sum",
    "upper": "upper",
}
_SESSION = {
    "current_database": "database",
    "pg_backend_pid": "pid",
    "version": "version",
}
_NUMBERS = {
    exp.DType.SMALLINT: "smallint",
    exp.DType.INT: "integer",
    exp.DType.BIGINT: "bigint",
    exp.DType.BOOLEAN: "boolean",
    exp.DType.FLOAT: "real",
    exp.DType.DOUBLE: "double",
    exp.DType.DATE: "date",
    exp.DType.TIMESTAMP: "timestamp",
    exp.DType.TIMESTAMPTZ: "timestamptz",
}
_TEXTS = {
    exp.DType.BPCHAR,
    exp.DType.CHAR,
    exp.DType.NAME,
    exp.DType.NVARCHAR,
    exp.DType.TEXT,
    exp.DType.UNKNOWN,
    exp.DType.VARCHAR,
    exp.DType.ARRAY,
    exp.DType.USERDEFINED,
}


def _regclass(literal: str) -> str:
    """The number of the relation that the text names. Raises PgError 42P01 when it is run and there is none."""
    if literal.isdigit():
        return literal
    reader = Reader(literal)
    name = reader.qualified()
    reader.done()
    relation = f"{name.schema}.{name.table}" if name.schema else name.table
    system = relation.removeprefix("pg_catalog.")
    if system in RELATIONS:
        return str(1000 + sorted(RELATIONS).index(system))
    where = (
        f"r.schema_name = {quoted(name.schema)}"
        if name.schema
        else _VISIBLE.format(schema="r.schema_name")
    )
    none = quoted(f'relation "{relation}" does not exist')
    return (
        f"(select coalesce(max(r.oid), {SYSTEM_SCHEMA}.refuse('42P01', "
        f"{none} || left(coalesce(max(r.name), ''), 0))) "
        f"from {SYSTEM_SCHEMA}.relations as r where r.name = {quoted(name.table)} and ({where}))"
    )


def write(tree: exp.Expr) -> str:
    """DuckDB's SQL for a checked tree."""
    return _Writer(dialect=DuckDB(), identify=True, comments=False).generate(tree)


class _Writer(DuckDBGenerator):
    """Writes the checked tree as DuckDB's SQL over our views."""

    def _call(self, node: exp.Anonymous) -> str:
        name = str(node.this).lower()
        args = [self.sql(a) for a in node.expressions]
        if name in _SESSION and not args:
            kind = "integer" if name == "pg_backend_pid" else "varchar"
            return f"cast({SESSION}.{_SESSION[name]} as {kind})"
        if template := FUNCTIONS.get(f"{name}/{len(args)}") or FUNCTIONS.get(name):
            try:
                return f"({template.format(*args)})"
            except IndexError:
                raise PgError("42883", f"function {name} takes more arguments") from None
        if name not in _PLAIN:
            raise PgError(
                "42883", f"function {name} does not exist or is not supported by the local Redshift"
            )
        return f"{_PLAIN[name]}({', '.join(args)})"

    def _compared(self, node: exp.EQ | exp.NEQ) -> str:
        sign = "=" if isinstance(node, exp.EQ) else "<>"
        left, right = self.sql(node.this), node.expression
        if isinstance(right, exp.Anonymous) and str(right.this).lower() in ("any", "some"):
            members = right.expressions[0]
            if isinstance(members, exp.Array):
                return f"{left} in ({', '.join(self.sql(m) for m in members.expressions)})"
            split = f"string_split(trim({self.sql(members)}, '{{}}'), ',')"
            return f"list_contains({split}, cast({left} as varchar))"
        return f"{left} {sign} {self.sql(right)}"

    def _cast(self, node: exp.Cast) -> str:
        to, value = node.args["to"], node.this
        if isinstance(to, exp.ObjectIdentifier):
            kind = str(to.this).upper()
            if kind == "OID":
                return f"cast({self.sql(value)} as bigint)"
            if kind == "REGCLASS":
                if isinstance(value, exp.Literal) and value.is_string:
                    return _regclass(str(value.this))
                return _RELATION_OF.format(self.sql(value))
            if kind == "REGTYPE":
                return _TYPE_NAME.format(self.sql(value), "-1")
            return f"cast({self.sql(value)} as varchar)"
        if to.this in _TEXTS:
            return f"cast({self.sql(value)} as varchar)"
        if to.this in _NUMBERS:
            return f"cast({self.sql(value)} as {_NUMBERS[to.this]})"
        if to.this == exp.DType.DECIMAL:
            sizes = ", ".join(p.name for p in to.expressions) or "18, 0"
            return f"cast({self.sql(value)} as decimal({sizes}))"
        raise unsupported(f"a cast to {to.this.value}")

    def _like(self, node: exp.Like | exp.ILike) -> str:
        word = "like" if isinstance(node, exp.Like) else "ilike"
        negated = "not " if node.args.get("negate") else ""
        text = f"{self.sql(node.this)} {negated}{word} {self.sql(node.expression)}"
        return text if isinstance(node.parent, exp.Escape) else f"{text} escape '\\'"

    def _array(self, node: exp.Array) -> str:
        members = " || ',' || ".join(f"cast({self.sql(m)} as varchar)" for m in node.expressions)
        return f"('{{' || {members or quoted('')} || '}}')"

    def _element(self, node: exp.Bracket) -> str:
        (index,) = node.expressions
        return f"split_part(trim({self.sql(node.this)}, '{{}}'), ',', cast({self.sql(index)} as integer))"

    TRANSFORMS: ClassVar[dict[Any, Callable[[Any, Any], str]]] = {
        **DuckDBGenerator.TRANSFORMS,
        exp.Anonymous: _call,
        exp.Array: _array,
        exp.Bracket: _element,
        exp.Cast: _cast,
        exp.EQ: _compared,
        exp.NEQ: _compared,
        exp.Like: _like,
        exp.ILike: _like,
        exp.RegexpLike: lambda self, e: (
            f"regexp_matches({self.sql(e.this)}, {self.sql(e.expression)})"
        ),
        exp.RegexpILike: lambda self, e: (
            f"regexp_matches({self.sql(e.this)}, {self.sql(e.expression)}, 'i')"
        ),
        exp.Parameter: lambda self, e: f"${e.this.name}",
        exp.CurrentUser: lambda self, e: f"cast({SESSION}.user as varchar)",
        exp.SessionUser: lambda self, e: f"cast({SESSION}.user as varchar)",
        exp.CurrentSchema: lambda self, e: "current_schema()",
    }
