"""The functions of Redshift that run here, each as DuckDB says the same, and nothing else: an allow-list.

``page`` names the page of the Redshift Database Developer Guide that says what a function takes and returns. Its
arguments are written as a letter each (``kinds.CODES``): those after ``|`` may be left out, ``*`` repeats the last,
``/`` parts forms of different length.
``returns`` is such a letter, ``1`` for the kind of the first argument, ``*`` for the kind all have in common.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from local_redshift import renderers as write
from local_redshift.errors import PgError
from local_redshift.kinds import CODES, Kind, Kinds
from local_redshift.macros import SESSION, SYSTEM_SCHEMA, kind_error
from local_redshift.renderers import Render, Sql, call


@dataclass(frozen=True)
class Function:
    """How a function is written in DuckDB: a template over its arguments, or a renderer."""

    page: str
    arguments: str
    returns: str
    render: Render

    def codes(self, count: int) -> str | None:
        """The letters of ``count`` arguments, None for a count the function does not take."""
        for form in self.arguments.split("/"):
            needed, _, optional = form.partition("|")
            if not len(needed.rstrip("*")) <= count:
                continue
            letters = (needed + optional).rstrip("*")
            if form.endswith("*"):
                return letters.ljust(count, letters[-1])[:count]
            if count <= len(letters):
                return letters[:count]
        return None


_OWN = SYSTEM_SCHEMA

SCALARS: dict[str, Function] = {
    # conditions
    "coalesce": Function("r_COALESCE", "a*", "*", call("coalesce")),
    "decode": Function("r_DECODE_expression", "aaa*", "", call("decode")),
    "greatest": Function("r_GREATEST_LEAST", "o*", "*", call("greatest")),
    "least": Function("r_GREATEST_LEAST", "o*", "*", call("least")),
    "nullif": Function("r_NULLIF_function", "aa", "1", call("nullif")),
    "nvl": Function("r_NVL_function", "a*", "*", call("coalesce")),
    "nvl2": Function("r_NVL2", "aaa", "", "case when {0} is not null then {1} else {2} end"),
    # text
    "ascii": Function("r_ASCII", "t", "w", call("ascii")),
    "btrim": Function("r_BTRIM", "t|t", "t", call("trim")),
    "char_length": Function("r_CHAR_LENGTH", "t", "w", "cast(length({0}) as integer)"),
    "character_length": Function("r_CHARACTER_LENGTH", "t", "w", "cast(length({0}) as integer)"),
    "charindex": Function("r_CHARINDEX", "tt", "w", "cast(strpos({1}, {0}) as integer)"),
    "chr": Function("r_CHR", "w", "t", f"{_OWN}.character({{0}})"),
    # NULL when either is NULL, unlike DuckDB's concat().
    "concat": Function("r_CONCAT", "tt", "t", "({0} || {1})"),
    "left": Function("r_LEFT", "tw", "t", write.end("left")),
    "len": Function("r_LEN", "t", "w", "cast(length({0}) as integer)"),
    "length": Function("r_LENGTH", "t", "w", "cast(length({0}) as integer)"),
    "lower": Function("r_LOWER", "t", "t", call("lower")),
    "lpad": Function("r_LPAD", "tw|t", "t", write.pad("lpad")),
    "ltrim": Function("r_LTRIM", "t|t", "t", call("ltrim")),
    "md5": Function("r_MD5", "t", "t", call("md5")),
    "octet_length": Function("r_OCTET_LENGTH", "t", "w", "cast(strlen({0}) as integer)"),
    "regexp_count": Function("REGEXP_COUNT", "tt", "w", write.regexp_count),
    "regexp_replace": Function("REGEXP_REPLACE", "tt|t", "t", write.regexp_replace),
    "regexp_substr": Function("REGEXP_SUBSTR", "tt", "t", write.regexp_substr),
    "repeat": Function("r_REPEAT", "tw", "t", call("repeat")),
    "replace": Function("r_REPLACE", "ttt", "t", call("replace")),
    "reverse": Function("r_REVERSE", "t", "t", call("reverse")),
    "right": Function("r_LEFT", "tw", "t", write.end("right")),
    "rpad": Function("r_LPAD", "tw|t", "t", write.pad("rpad")),
    "rtrim": Function("r_RTRIM", "t|t", "t", call("rtrim")),
    "sha2": Function("SHA2", "tw", "t", write.sha2),
    "split_part": Function("SPLIT_PART", "ttw", "t", write.split_part),
    "strpos": Function("r_STRPOS", "tt", "w", "cast(strpos({0}, {1}) as integer)"),
    "substr": Function("r_SUBSTR", "tw|w", "t", write.part),
    "translate": Function("r_TRANSLATE", "ttt", "t", call("translate")),
    "upper": Function("r_UPPER", "t", "t", call("upper")),
    # dates and times; a date part is a word, no value
    "add_months": Function("r_ADD_MONTHS", "dw", "T", write.add_months),
    "convert_timezone": Function("CONVERT_TIMEZONE", "tm/ttm", "T", write.convert_timezone),
    "dateadd": Function("r_DATEADD_function", "awd", "T", write.dateadd),
    "date_add": Function("r_DATEADD_function", "awd", "T", write.dateadd),
    "datediff": Function("r_DATEDIFF_function", "amm", "w", write.datediff),
    "date_diff": Function("r_DATEDIFF_function", "amm", "w", write.datediff),
    "date_part": Function("r_DATE_PART_function", "ae", "f", write.date_part),
    "date_trunc": Function("r_DATE_TRUNC", "am", "", write.date_trunc),
    "getdate": Function("r_GETDATE", "", "T", "date_trunc('second', cast(getvariable('redshift_now') as timestamp))"),
    "last_day": Function("r_LAST_DAY", "d", "D", write.last_day),
    "to_char": Function("r_TO_CHAR", "mt", "t", write.to_char),
    "to_date": Function("r_TO_DATE_function", "tt", "D", write.to_date),
    # JSON
    "can_json_parse": Function("CAN_JSON_PARSE", "t", "b", f"json_valid({_OWN}.strict_json({{0}}))"),
    "is_valid_json": Function("IS_VALID_JSON", "t", "b", write.is_json_object),
    "json_array_length": Function("JSON_ARRAY_LENGTH", "t|b", "w", write.json_length),
    "json_extract_array_element_text": Function("JSON_EXTRACT_ARRAY_ELEMENT_TEXT", "tw|b", "t", write.json_element),
    "json_extract_path_text": Function("JSON_EXTRACT_PATH_TEXT", "ta|aaaaa", "t", write.json_path),
    # numbers
    "abs": Function("r_ABS", "n", "1", call("abs")),
    "ceil": Function("r_CEILING_FLOOR", "x", "1", call("ceil")),
    "ceiling": Function("r_CEILING_FLOOR", "x", "1", call("ceil")),
    "exp": Function("r_EXP", "n", "f", f"{_OWN}.finite(exp({{0}}))"),
    "floor": Function("r_FLOOR", "x", "1", call("floor")),
    "ln": Function("r_LN", "f", "f", f"ln({_OWN}.logged({{0}}))"),
    "log": Function("r_LOG", "n", "f", f"log10({_OWN}.logged({{0}}))"),
    "mod": Function("r_MOD", "ww", "w", "({0} % {1})"),
    "pi": Function("r_PI", "", "f", "pi()"),
    "pow": Function("r_POWER", "nn", "f", f"{_OWN}.finite(power({{0}}, {{1}}))"),
    "power": Function("r_POWER", "nn", "f", f"{_OWN}.finite(power({{0}}, {{1}}))"),
    "random": Function("r_RANDOM", "", "f", "random()"),
    "round": Function("r_ROUND", "n|w", "1", call("round")),
    "sign": Function("r_SIGN", "n", "1", "cast_to_type(sign({0}), {0})"),
    "sqrt": Function("r_SQRT", "n", "f", f"{_OWN}.root({{0}})"),
    # With one argument only timestamps: TRUNC(number) would have another type.
    "trunc": Function("r_TRUNC", "d/nw", "1", write.trunc),
    # the session; the engine sets these variables
    "current_database": Function("r_CURRENT_DATABASE", "", "t", f"cast({SESSION}.database as varchar)"),
    "current_schema": Function("r_CURRENT_SCHEMA", "", "t", "current_schema()"),
    "pg_backend_pid": Function("PG_BACKEND_PID", "", "w", f"cast({SESSION}.pid as integer)"),
    "pg_last_copy_count": Function("PG_LAST_COPY_COUNT", "", "w", f"cast({SESSION}.copied as bigint)"),
    "version": Function("r_VERSION", "", "t", f"cast({SESSION}.version as varchar)"),
}  # fmt: skip

_STDDEV, _VARIANCE = "r_STDDEV_functions", "r_VARIANCE_functions"


def _averaging(page: str, name: str) -> Function:
    return Function(page, "a", "f", f"{name}({_OWN}.averaged({{0}}))")


AGGREGATES: dict[str, Function] = {
    "any_value": Function("r_ANY_VALUE", "a", "1", "any_value({0})"),
    "avg": _averaging("r_AVG", "avg"),
    "bool_and": Function("r_BOOL_AND", "b", "b", "bool_and({0})"),
    "bool_or": Function("r_BOOL_OR", "b", "b", "bool_or({0})"),
    "count": Function("r_COUNT", "a", "w", "count({0})"),
    "max": Function("r_MAX", "o", "1", "max({0})"),
    "median": _averaging("r_MEDIAN", "median"),
    "min": Function("r_MIN", "o", "1", "min({0})"),
    "stddev": _averaging(_STDDEV, "stddev_samp"),
    "stddev_pop": _averaging(_STDDEV, "stddev_pop"),
    "stddev_samp": _averaging(_STDDEV, "stddev_samp"),
    "sum": Function("r_SUM", "n", "1", "sum({0})"),
    "var_pop": _averaging(_VARIANCE, "var_pop"),
    "var_samp": _averaging(_VARIANCE, "var_samp"),
    "variance": _averaging(_VARIANCE, "var_samp"),
}
DISTINCT_AGGREGATES = frozenset({"avg", "count", "max", "min", "sum", "stddev", "variance"})
# guide: c_Window_functions; any other aggregate is none.
WINDOW_AGGREGATES = frozenset(AGGREGATES) - {"any_value", "bool_and", "bool_or"}

# guide: r_LISTAGG, NULL values and empty strings are ignored.
_LISTAGG = f"{_OWN}.listed(string_agg(nullif({_OWN}.as_text({{0}}), ''), {{1}} {{order}}))"

# Need an order inside: WITHIN GROUP (ORDER BY x). {order} is the rendered order, {0} the first argument.
ORDERED_AGGREGATES: dict[str, Function] = {
    "listagg": Function("r_LISTAGG", "a|t", "t", _LISTAGG),
    "percentile_cont": Function("r_PERCENTILE_CONT", "x", "f", "quantile_cont({value}, {0} {order})"),
}  # fmt: skip

# Take no frame. FIRST_VALUE and LAST_VALUE need one with ORDER BY, as aggregates do.
RANKINGS: dict[str, Function] = {
    "cume_dist": Function("r_WF_CUME_DIST", "", "f", "cume_dist()"),
    "dense_rank": Function("r_WF_DENSE_RANK", "", "w", "dense_rank()"),
    "lag": Function("r_WF_LAG", "a|w", "1", call("lag")),
    "lead": Function("r_WF_LEAD", "a|w", "1", call("lead")),
    "ntile": Function("r_WF_NTILE", "w", "w", call("ntile")),
    "percent_rank": Function("r_WF_PERCENT_RANK", "", "f", "percent_rank()"),
    "rank": Function("r_WF_RANK", "", "w", "rank()"),
    "row_number": Function("r_WF_ROW_NUMBER", "", "w", "row_number()"),
}
INTEGER_RANKINGS = frozenset({"rank", "dense_rank"})
"""INTEGER on Redshift, BIGINT in DuckDB."""
ORDERED_RANKINGS = frozenset({"lag", "lead"})
FRAMED: dict[str, Function] = {
    "first_value": Function("r_WF_first_value", "a", "1", call("first_value")),
    "last_value": Function("r_WF_first_value", "a", "1", call("last_value")),
    "nth_value": Function("r_WF_NTH", "aw", "1", call("nth_value")),
}

INSTEAD = {
    "array_agg": "use LISTAGG",
    "convert": "use CAST",
    "date_cmp": "compare with < = >",
    "date_part_year": "use EXTRACT(year FROM ...)",
    "getbit": "compute with / and %",
    "iff": "use CASE",
    "if": "use CASE",
    "ifnull": "use COALESCE",
    "initcap": "spell it in the data",
    "isnull": "use COALESCE or IS NULL",
    "months_between": "use DATEDIFF(month, a, b)",
    "now": "use GETDATE() or SYSDATE",
    "percentile_disc": "use PERCENTILE_CONT, or number the rows",
    "ratio_to_report": "divide by SUM(x) OVER ()",
    "regexp_instr": "use POSITION, or REGEXP_SUBSTR and POSITION",
    "regexp_like": "use ~",
    "string_agg": "use LISTAGG",
    "timezone": "use CONVERT_TIMEZONE or AT TIME ZONE",
    "to_number": "CAST to DECIMAL",
    "to_timestamp": "CAST text in ISO form to TIMESTAMP",
    "try_cast": "test the text with a regular expression in CASE first",
}
"""What to write instead of functions that do not run here."""


def find(name: str) -> Function | None:
    """The function of that name, of whichever family."""
    for family in (SCALARS, AGGREGATES, ORDERED_AGGREGATES, RANKINGS, FRAMED):
        if found := family.get(name):
            return found
    return None


def returns(name: str) -> str:
    """The code of what a function returns, "" where it is not known."""
    found = find(name)
    return found.returns if found else ""


def no_form(name: str, count: int) -> PgError:
    return PgError(
        "42883",
        f"function {name} with {count} arguments does not exist or is not supported by the local Redshift",
    )


def guarded(sql: Sql, kinds: Kinds, name: str, code: str, node: exp.Expr) -> str:
    """An argument, refused where it is not of the kind its code says. Raises PgError 42883."""
    text = sql(node)
    kind = kinds.of(node)
    if code == "a" or kind is Kind.UNTYPED or kind in CODES[code]:
        return text
    if kind is None:
        return f"{SYSTEM_SCHEMA}.kind_{code}({text}, {write.quoted(name)})"
    raise kind_error(code, name, kind)


def rendered(name: str, function: Function, sql: Sql, kinds: Kinds, args: list[exp.Expr]) -> str:
    """A call in DuckDB's terms, its arguments counted and guarded. Raises PgError."""
    letters = function.codes(len(args))
    if letters is None:
        raise no_form(name, len(args))
    codes = {id(node): letter for node, letter in zip(args, letters, strict=True)}

    def argument(node: exp.Expr) -> str:
        return guarded(sql, kinds, name, codes.get(id(node), "a"), node)

    if callable(function.render):
        return function.render(argument, args)
    return function.render.format(*(argument(a) for a in args))
