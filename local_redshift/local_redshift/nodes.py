"""The syntax that runs here: each node of the tree that may occur, its arguments, and where the guide describes it.

What is not listed is refused; ``REFUSED_NODES`` and ``REFUSED_ARGUMENTS`` say what to write instead.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlglot import exp


class Node(NamedTuple):
    """``page`` is a page of the Redshift Database Developer Guide; ``arguments`` those that may be set."""

    page: str
    arguments: frozenset[str]


def _node(page: str, arguments: str = "") -> Node:
    return Node(page, frozenset(arguments.split()))


def _each(node: Node, *types: type[exp.Expr]) -> dict[type[Any], Node]:
    return dict.fromkeys(types, node)


_SET = "this expression distinct by_name order limit offset with_"

NODES: dict[type[Any], Node] = {
    # queries
    exp.Select: _node(
        "r_SELECT_synopsis",
        "expressions from_ joins where group having order limit offset distinct with_",
    ),
    **_each(_node("r_UNION", _SET), exp.Union, exp.Intersect, exp.Except),
    exp.Subquery: _node("r_Subquery_examples", "this alias with_ order limit offset"),
    exp.With: _node("r_WITH_clause", "expressions"),
    exp.CTE: _node("r_WITH_clause", "this alias"),
    exp.From: _node("r_FROM_clause30", "this"),
    exp.Join: _node("r_FROM_clause30", "this on using side kind"),
    exp.Table: _node("r_FROM_clause30", "this db catalog alias"),
    exp.TableAlias: _node("r_FROM_clause30", "this columns"),
    exp.Where: _node("r_WHERE_clause", "this"),
    exp.Group: _node("r_GROUP_BY_clause", "expressions"),
    exp.Having: _node("r_HAVING_clause", "this"),
    exp.Order: _node("r_ORDER_BY_clause", "expressions"),
    exp.Ordered: _node("r_ORDER_BY_clause", "this desc nulls_first"),
    exp.Limit: _node("r_ORDER_BY_clause", "expression"),
    exp.Offset: _node("r_ORDER_BY_clause", "expression"),
    exp.Distinct: _node("r_SELECT_list", "expressions"),
    # DML
    exp.Insert: _node("r_INSERT_30", "this expression"),
    exp.Values: _node("r_INSERT_30", "expressions"),
    exp.Schema: _node("r_INSERT_30", "this expressions"),
    exp.Update: _node("r_UPDATE", "this expressions from_ where with_"),
    exp.Delete: _node("r_DELETE", "this using where with_"),
    exp.Merge: _node("r_MERGE", "this using on whens"),
    exp.Whens: _node("r_MERGE", "expressions"),
    exp.When: _node("r_MERGE", "matched then"),
    exp.Var: _node("r_Dateparts_for_datetime_functions", "this"),
    # names and values
    exp.Alias: _node("r_SELECT_list", "this alias"),
    exp.Column: _node("r_names", "this table db"),
    exp.Identifier: _node("r_names", "this quoted"),
    exp.Star: _node("r_SELECT_list"),
    exp.Literal: _node("r_Literals", "this is_string"),
    exp.Null: _node("r_Nulls"),
    exp.Boolean: _node("r_Boolean_type", "this"),
    exp.Parameter: _node("r_PREPARE", "this"),
    exp.Paren: _node("r_expressions", "this"),
    exp.Tuple: _node("r_in_condition", "expressions"),
    exp.DataType: _node("c_Supported_data_types", "this expressions"),
    exp.DataTypeParam: _node("c_Supported_data_types", "this"),
    exp.Interval: _node("r_interval_literals", "this unit"),
    # conditions
    exp.Case: _node("r_CASE_function", "this ifs default"),
    exp.If: _node("r_CASE_function", "this true"),
    exp.Cast: _node("r_CAST_function", "this to"),
    exp.Not: _node("r_logical_condition", "this"),
    **_each(_node("r_logical_condition", "this expression"), exp.And, exp.Or),
    **_each(
        _node("r_comparison_condition", "this expression"),
        *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE),
    ),
    exp.Is: _node("r_null_condition", "this expression negate"),
    exp.In: _node("r_in_condition", "this expressions query"),
    exp.Between: _node("r_range_condition", "this low high"),
    exp.Exists: _node("r_exists_condition", "this"),
    exp.Like: _node("r_patternmatching_condition_like", "this expression negate"),
    exp.ILike: _node("r_patternmatching_condition_like", "this expression negate"),
    exp.Escape: _node("r_patternmatching_condition_like", "this expression"),
    exp.RegexpLike: _node("pattern-matching-conditions-posix", "this expression"),
    # operators
    **_each(
        _node("r_OPERATOR_SYMBOLS", "this expression"), exp.Add, exp.Sub, exp.Mul, exp.Mod, exp.Pow
    ),
    exp.Div: _node("r_OPERATOR_SYMBOLS", "this expression typed safe"),
    exp.Neg: _node("r_OPERATOR_SYMBOLS", "this"),
    exp.DPipe: _node("r_concat_op", "this expression safe"),
    # functions with a syntax of their own; all others are calls
    exp.Anonymous: _node("c_SQL_functions", "this expressions"),
    exp.AtTimeZone: _node("r_AT_TIME_ZONE", "this zone"),
    exp.Extract: _node("r_EXTRACT_function", "this expression"),
    exp.Trim: _node("r_TRIM", "this expression position"),
    exp.Substring: _node("r_SUBSTRING", "this start length"),
    exp.StrPosition: _node("r_POSITION", "this substr"),
    exp.CurrentDate: _node("r_CURRENT_DATE_function"),
    exp.CurrentTimestamp: _node("r_SYSDATE", "sysdate"),
    exp.CurrentUser: _node("r_CURRENT_USER"),
    # windows
    exp.Window: _node("c_Window_functions", "this partition_by order spec over"),
    exp.WindowSpec: _node("c_Window_functions", "kind start start_side end end_side"),
    exp.WithinGroup: _node("r_LISTAGG", "this expression"),
    exp.IgnoreNulls: _node("r_WF_first_value", "this"),
    exp.RespectNulls: _node("r_WF_first_value", "this"),
}


class Refusal(NamedTuple):
    what: str
    instead: str


_SUBSELECT = "put ROW_NUMBER() in a sub-select and filter outside"
_JSON = "take values out with JSON_EXTRACT_PATH_TEXT"
_NULL_SAFE = "write a = b OR (a IS NULL AND b IS NULL)"
_BITS = "compute with + - * / % instead"
_QUANTIFIED = "use IN, EXISTS, or compare with MIN or MAX of a sub-select"

REFUSED_NODES: dict[type[Any], Refusal] = {
    exp.Filter: Refusal("FILTER (WHERE ...)", "aggregate a CASE expression"),
    exp.Qualify: Refusal("QUALIFY", _SUBSELECT),
    exp.Lateral: Refusal("LATERAL", "join a sub-select"),
    exp.Lock: Refusal("FOR UPDATE", "LOCK the table first"),
    exp.SimilarTo: Refusal("SIMILAR TO", "use LIKE, or ~ with a regular expression"),
    exp.Bracket: Refusal("an array or SUPER element", _JSON),
    exp.Dot: Refusal("a function with a schema, or SUPER navigation", _JSON),
    exp.Array: Refusal("an array", "keep one row per element"),
    exp.JSONExtract: Refusal("->", _JSON),
    exp.JSONExtractScalar: Refusal("->>", _JSON),
    exp.TableSample: Refusal("TABLESAMPLE", "filter by a hash or RANDOM()"),
    exp.Returning: Refusal("RETURNING", "SELECT the rows afterwards"),
    exp.OnConflict: Refusal("ON CONFLICT", "MERGE from a staging table"),
    exp.NullSafeEQ: Refusal("IS NOT DISTINCT FROM", _NULL_SAFE),
    exp.NullSafeNEQ: Refusal("IS DISTINCT FROM", "write a <> b, and the NULLs one by one"),
    exp.RegexpILike: Refusal("~*", "write LOWER(a) ~ 'pattern'"),
    exp.Any: Refusal("ANY or SOME", _QUANTIFIED),
    exp.All: Refusal("ALL with a sub-select", _QUANTIFIED),
    exp.BitwiseAnd: Refusal("&", _BITS),
    exp.BitwiseOr: Refusal("|", _BITS),
    exp.BitwiseXor: Refusal("#", _BITS),
    exp.BitwiseNot: Refusal("~ of one value", _BITS),
    exp.Sqrt: Refusal("|/", "use SQRT()"),
    exp.Concat: Refusal("text literals side by side", "write them as one, or use ||"),
    exp.ByteString: Refusal("an E'' literal", "a backslash escapes in plain quotes already"),
    exp.CurrentSchema: Refusal("CURRENT_SCHEMA without ()", "write CURRENT_SCHEMA()"),
    exp.SessionUser: Refusal("SESSION_USER", "use CURRENT_USER"),
    exp.TryCast: Refusal("TRY_CAST", "test the text with a regular expression in CASE first"),
    exp.Pivot: Refusal("PIVOT or UNPIVOT", "aggregate CASE expressions"),
    exp.Cube: Refusal("CUBE", "join queries of one grouping each by UNION ALL"),
    exp.Rollup: Refusal("ROLLUP", "join queries of one grouping each by UNION ALL"),
    exp.GroupingSets: Refusal(
        "GROUPING SETS", "join queries of one grouping each by UNION ALL"
    ),
}  # fmt: skip

REFUSED_ARGUMENTS: dict[tuple[type[Any], str], Refusal] = {
    (exp.Distinct, "on"): Refusal(
        "DISTINCT ON", "number the rows with ROW_NUMBER() in a sub-select and keep the first"
    ),
    (exp.Group, "all"): Refusal("GROUP BY ALL", "name the columns"),
    (exp.Star, "except_"): Refusal("* EXCLUDE", "name the columns"),
    (exp.Star, "replace"): Refusal("* REPLACE", "name the columns"),
    (exp.Insert, "by_name"): Refusal("INSERT BY NAME", "name the columns in their order"),
    (exp.Insert, "with_"): Refusal(
        "WITH before INSERT", "write INSERT INTO ... WITH ... SELECT"
    ),
    (exp.With, "recursive"): Refusal("WITH RECURSIVE", "join once for each level"),
    (exp.Join, "method"): Refusal("a NATURAL or ASOF JOIN", "say ON or USING"),
    (exp.Between, "symmetric"): Refusal("BETWEEN SYMMETRIC", "put the smaller bound first"),
    (exp.Window, "alias"): Refusal("a named WINDOW", "write the window after OVER"),
    (exp.Select, "windows"): Refusal("a named WINDOW", "write the window after OVER"),
    (exp.Column, "join_mark"): Refusal("the join operator (+)", "write LEFT JOIN ... ON"),
    (exp.Insert, "default"): Refusal(
        "INSERT ... DEFAULT VALUES", "name the columns and write VALUES (DEFAULT, ...)"
    ),
    (exp.Merge, "with_"): Refusal("WITH before MERGE", "fill a staging table first"),
    (exp.Interval, "fraction_in_string"): Refusal(
        "a fraction in an interval", "write whole numbers of a smaller unit: '36 hours'"
    ),
    (exp.Limit, "limit_options"): Refusal(
        "TOP ... PERCENT", "number the rows with ROW_NUMBER() in a sub-select"
    ),
    (exp.Table, "joins"): Refusal("a join in FROM of UPDATE", "join in a sub-select"),
}  # fmt: skip

SIZED = frozenset(
    {exp.DType.VARCHAR, exp.DType.NVARCHAR, exp.DType.TEXT, exp.DType.DECIMAL}
)  # fmt: skip
CASTABLE = SIZED | {
    exp.DType.SMALLINT,
    exp.DType.INT,
    exp.DType.BIGINT,
    exp.DType.BOOLEAN,
    exp.DType.FLOAT,
    exp.DType.DOUBLE,
    exp.DType.DATE,
    exp.DType.TIMESTAMP,
    exp.DType.TIMESTAMPTZ,
}
_IN_TIMESTAMP = "keep it in a TIMESTAMP or as seconds in an INTEGER"
CAST_INSTEAD: dict[Any, str] = {
    exp.DType.TIME: _IN_TIMESTAMP,
    exp.DType.TIMETZ: _IN_TIMESTAMP,
    exp.DType.INTERVAL: "keep seconds in a BIGINT",
    exp.DType.SUPER: _JSON,
    exp.DType.JSON: _JSON,
    exp.DType.UUID: "cast to VARCHAR(36)",
    exp.DType.TINYINT: "cast to SMALLINT",
}
"""What to write instead of a cast to a type that is not in ``CASTABLE``."""
