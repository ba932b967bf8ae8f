"""Aggregates, the types they return, and window functions with their frames."""

from __future__ import annotations

from decimal import Decimal

from local_redshift.conformance.rows import Row, fails, typed, value

_LISTAGG = "r_LISTAGG"
_WINDOWS = "c_Window_functions"

# The guide's own example data for window functions, with dates in ISO format.
_WINSALES = (
    "create table winsales (salesid integer, dateid date, sellerid integer, buyerid varchar(10), "
    "qty integer, qty_shipped integer)",
    "insert into winsales values "
    "(30001, '2003-08-02', 3, 'b', 10, 10), (10001, '2003-12-24', 1, 'c', 10, 10), "
    "(10005, '2003-12-24', 1, 'a', 30, null), (40001, '2004-01-09', 4, 'a', 40, null), "
    "(10006, '2004-01-18', 1, 'c', 10, null), (20001, '2004-02-12', 2, 'b', 20, 20), "
    "(40005, '2004-02-12', 4, 'a', 10, 10), (20002, '2004-02-16', 2, 'c', 20, 20), "
    "(30003, '2004-04-18', 3, 'b', 15, null), (30004, '2004-04-18', 3, 'b', 20, null), "
    "(30007, '2004-09-07', 3, 'c', 30, null)",
)
_VENUE = (
    "create table venue (venuename varchar(40), venuestate varchar(2), venueseats integer)",
    "insert into venue values (null, 'CA', 90000), ('Qualcomm Stadium', 'CA', 70561), "
    "('Monster Park', 'CA', 69843), ('Shoreline Amphitheatre', 'CA', 22000), "
    "('INVESCO Field', 'CO', 76125), ('Coors Field', 'CO', 50445)",
)
_SALES = (
    "create table sales (qtysold smallint, pricepaid decimal(5, 2), ratio float8, total bigint)",
    "insert into sales values (1, 1.25, 1, 10), (2, 2.50, 2, 20), (2, null, 4, 30)",
)
_WHOLE = "rows between unbounded preceding and unbounded following"

ROWS = (
    # ---------- AVG and SUM
    value("AVG of integers is a BIGINT", "avg(qtysold) from sales", 1, "r_AVG", _SALES),
    typed("AVG of integers is of type BIGINT", "select avg(qtysold) as v from sales", "bigint", "r_AVG", _SALES),
    value("AVG of a decimal keeps its scale", "avg(pricepaid) from sales", Decimal("1.87"), "r_AVG", _SALES),
    typed("AVG of a decimal has 38 digits", "select avg(pricepaid) as v from sales", "numeric(38,2)", "r_AVG",
        _SALES),
    value("AVG of doubles", "avg(ratio) from sales", 7 / 3, "r_AVG", _SALES),
    value("AVG of integers cast to doubles", "avg(cast(qtysold as float8)) from sales", 5 / 3, "r_AVG", _SALES),
    typed("SUM of integers is a BIGINT", "select sum(qtysold) as a, sum(total) as b from sales", "bigint; bigint",
        "r_SUM", _SALES),
    typed("SUM of a decimal has 38 digits", "select sum(pricepaid) as v from sales", "numeric(38,2)", "r_SUM",
        _SALES),
    value("SUM leaves NULL out", "sum(pricepaid) from sales", Decimal("3.75"), "r_SUM", _SALES),
    value("SUM of doubles is a double", "sum(ratio) from sales", 7.0, "r_SUM", _SALES),
    value("SUM cast to BIGINT", "cast(sum(qtysold) as bigint) from sales", 5, "r_SUM", _SALES),
    value("SUM of nothing is NULL", "cast(sum(qtysold) as bigint) from sales where qtysold > 9", None, "r_SUM",
        _SALES),
    value("SUM of distinct values", "cast(sum(distinct qtysold) as bigint) from sales", 3, "r_SUM", _SALES),
    typed("COUNT is a BIGINT", "select count(*) as v from sales", "bigint", "r_COUNT", _SALES),
    value("COUNT of distinct values", "count(distinct qtysold) from sales", 2, "r_COUNT", _SALES),
    value("COUNT of nothing is 0", "count(*) from sales where qtysold > 9", 0, "r_COUNT", _SALES),
    typed("MIN and MAX keep the type", "select min(qtysold) as a, max(pricepaid) as b from sales",
        "smallint; numeric(5,2)", "r_MAX", _SALES),
    value("STDDEV_SAMP", "stddev_samp(cast(qtysold as float8)) from sales where total > 10", 0.0,
        "r_STDDEV_functions", _SALES),
    value("STDDEV_POP", "stddev_pop(cast(qtysold as float8)) from sales where ratio < 4", 0.5,
        "r_STDDEV_functions", _SALES),
    value("STDDEV_SAMP of one value is NULL", "stddev_samp(ratio) from sales where ratio = 1", None,
        "r_STDDEV_functions", _SALES),
    value("STDDEV of integers is a double", "stddev_pop(qtysold) from sales where ratio < 4", 0.5,
        "r_STDDEV_functions", _SALES),
    value("VAR_SAMP", "var_samp(ratio) from sales where ratio < 4", 0.5, "r_VARIANCE_functions", _SALES),
    value("BOOL_OR", "bool_or(qtysold = 2) from sales", True, "r_BOOL_OR", _SALES),
    value("BOOL_AND", "bool_and(qtysold = 2) from sales", False, "r_BOOL_AND", _SALES),
    # ---------- LISTAGG, MEDIAN, PERCENTILE
    value("LISTAGG", "listagg(sellerid) within group (order by dateid, salesid) from winsales", "31141242333",
        _LISTAGG, _WINSALES),
    value("LISTAGG with a delimiter",
        "listagg(dateid, '|') within group (order by sellerid desc, salesid asc) from winsales where buyerid "
        "= 'b'", "2003-08-02|2004-04-18|2004-04-18|2004-02-12", _LISTAGG, _WINSALES),
    Row("LISTAGG of groups",
        "select buyerid, listagg(salesid::varchar(5), ',') within group (order by salesid) from winsales "
        "group by buyerid order by buyerid",
        [("a", "10005,40001,40005"), ("b", "20001,30001,30003,30004"), ("c", "10001,10006,20002,30007")],
        _LISTAGG, _WINSALES),
    value("LISTAGG leaves NULL out",
        "listagg(qty_shipped::varchar(5), ',') within group (order by salesid) from winsales", "10,20,20,10,10",
        _LISTAGG, _WINSALES),
    value("LISTAGG leaves empty texts out",
        "listagg(case when sellerid = 1 then '' else buyerid end, ',') within group (order by salesid) from "
        "winsales where sellerid < 3", "b,c", _LISTAGG, _WINSALES),
    value("LISTAGG of distinct values",
        "listagg(distinct sellerid, ', ') within group (order by sellerid) from winsales", "1, 2, 3, 4", _LISTAGG,
        _WINSALES),
    value("LISTAGG of nothing is NULL",
        "listagg(buyerid, ',') within group (order by salesid) from winsales where salesid = 0", None, _LISTAGG,
        _WINSALES),
    typed("LISTAGG is a VARCHAR(MAX)",
        "select listagg(buyerid, ',') within group (order by salesid) as v from winsales",
        "character varying(65535)", _LISTAGG, _WINSALES),
    value("MEDIAN interpolates", "median(cast(qty as float8)) from winsales where sellerid = 3", 17.5, "r_MEDIAN",
        _WINSALES),
    value("MEDIAN of integers", "median(qty) from winsales where sellerid = 4", Decimal("25.0"), "r_MEDIAN",
        _WINSALES),
    value("PERCENTILE_CONT interpolates",
        "percentile_cont(0.6) within group (order by cast(qty as float8)) from winsales where sellerid = 3", 19.0,
        "r_PERCENTILE_CONT", _WINSALES),
    value("PERCENTILE_CONT leaves NULL out",
        "percentile_cont(0.5) within group (order by cast(qty_shipped as float8)) from winsales", 10.0,
        "r_PERCENTILE_CONT", _WINSALES),
    # ---------- windows
    Row("a running SUM",
        "select salesid, cast(sum(qty) over (order by dateid, salesid rows unbounded preceding) as bigint) as "
        "s from winsales order by dateid, salesid",
        [(30001, 10), (10001, 20), (10005, 50), (40001, 90), (10006, 100), (20001, 120), (40005, 130),
         (20002, 150), (30003, 165), (30004, 185), (30007, 215)], "r_WF_SUM", _WINSALES),
    Row("a running SUM in partitions",
        "select salesid, cast(sum(qty) over (partition by sellerid order by dateid, salesid rows unbounded "
        "preceding) as bigint) as s from winsales where sellerid in (1, 4) order by dateid, salesid",
        [(10001, 10), (10005, 40), (40001, 40), (10006, 50), (40005, 50)], "r_WF_SUM", _WINSALES),
    Row("a frame of three rows",
        "select salesid, count(*) over (order by salesid rows between 1 preceding and 1 following) as c from "
        "winsales where sellerid = 3 order by salesid", [(30001, 2), (30003, 3), (30004, 3), (30007, 2)],
        _WINDOWS, _WINSALES),
    Row("a frame up to the end",
        "select salesid, max(qty) over (order by salesid rows between current row and unbounded following) as "
        "m from winsales where sellerid = 1 order by salesid", [(10001, 30), (10005, 30), (10006, 10)], _WINDOWS,
        _WINSALES),
    Row("an aggregate without ORDER BY covers the partition",
        "select distinct sellerid, count(*) over (partition by sellerid) as c from winsales order by sellerid",
        [(1, 3), (2, 2), (3, 4), (4, 2)], "r_WF_COUNT", _WINSALES),
    fails("an aggregate with ORDER BY needs a frame",
        "select sum(cast(qty as float8)) over (order by salesid) from winsales", "", "r_WF_SUM", _WINSALES,
        "frame"),
    fails("FIRST_VALUE with ORDER BY needs a frame",
        "select first_value(qty) over (order by salesid) from winsales", "", "r_WF_first_value", _WINSALES,
        "frame"),
    fails("a window function may not filter",
        "select salesid from winsales where row_number() over (order by salesid) = 1", "", _WINDOWS, _WINSALES,
        "window"),
    Row("RANK leaves gaps",
        "select salesid, rank() over (order by qty) as rnk from winsales order by qty, salesid",
        [(10001, 1), (10006, 1), (30001, 1), (40005, 1), (30003, 5), (20001, 6), (20002, 6), (30004, 6),
         (10005, 9), (30007, 9), (40001, 11)], "r_WF_RANK", _WINSALES),
    Row("DENSE_RANK leaves none",
        "select distinct qty, dense_rank() over (order by qty) as d from winsales order by qty",
        [(10, 1), (15, 2), (20, 3), (30, 4), (40, 5)], "r_WF_DENSE_RANK", _WINSALES),
    Row("ROW_NUMBER",
        "select salesid, row_number() over (partition by sellerid order by salesid) as n from winsales where "
        "sellerid < 3 order by salesid", [(10001, 1), (10005, 2), (10006, 3), (20001, 1), (20002, 2)],
        "r_WF_ROW_NUMBER", _WINSALES),
    typed("RANK and DENSE_RANK are INTEGERs",
        "select rank() over (order by qty) as a, dense_rank() over (order by qty) as b from winsales",
        "integer; integer", "r_WF_RANK", _WINSALES),
    typed("ROW_NUMBER and NTILE are BIGINTs",
        "select row_number() over (order by salesid) as a, ntile(4) over (order by salesid) as b from winsales",
        "bigint; bigint", "r_WF_NTILE", _WINSALES),
    typed("PERCENT_RANK and CUME_DIST are doubles",
        "select percent_rank() over (order by qty) as a, cume_dist() over (order by qty) as b from winsales",
        "double precision; double precision", "r_WF_CUME_DIST", _WINSALES),
    Row("NTILE gives the first groups one more",
        "select salesid, ntile(4) over (order by salesid) as n from winsales where sellerid <> 4 order by "
        "salesid",
        [(10001, 1), (10005, 1), (10006, 1), (20001, 2), (20002, 2), (30001, 3), (30003, 3), (30004, 4),
         (30007, 4)], "r_WF_NTILE", _WINSALES),
    Row("PERCENT_RANK",
        "select salesid, percent_rank() over (order by salesid) as p from winsales where sellerid = 1 order "
        "by salesid", [(10001, 0.0), (10005, 0.5), (10006, 1.0)], "r_WF_PERCENT_RANK", _WINSALES),
    Row("CUME_DIST",
        "select salesid, cume_dist() over (order by qty) as c from winsales where sellerid = 3 order by qty",
        [(30001, 0.25), (30003, 0.5), (30004, 0.75), (30007, 1.0)], "r_WF_CUME_DIST", _WINSALES),
    Row("LAG and LEAD",
        "select salesid, lag(qty, 1) over (order by salesid) as a, lead(qty, 1) over (order by salesid) as b "
        "from winsales where sellerid = 1 order by salesid",
        [(10001, None, 30), (10005, 10, 10), (10006, 30, None)], "r_WF_LAG", _WINSALES),
    Row("LAG without NULLs",
        "select salesid, lag(qty_shipped, 1) ignore nulls over (order by salesid) as a from winsales where "
        "sellerid = 3 order by salesid", [(30001, None), (30003, 10), (30004, 10), (30007, 10)], "r_WF_LAG",
        _WINSALES),
    Row("FIRST_VALUE counts NULL",
        "select distinct venuestate, first_value(venuename) over (partition by venuestate order by "
        f"venueseats desc {_WHOLE}) as f from venue order by venuestate", [("CA", None), ("CO", "INVESCO Field")],
        "r_WF_first_value", _VENUE),
    Row("FIRST_VALUE without NULLs",
        "select distinct venuestate, first_value(venuename ignore nulls) over (partition by venuestate order "
        f"by venueseats desc {_WHOLE}) as f from venue order by venuestate",
        [("CA", "Qualcomm Stadium"), ("CO", "INVESCO Field")], "r_WF_first_value", _VENUE),
    Row("LAST_VALUE",
        "select distinct venuestate, last_value(venuename) over (partition by venuestate order by venueseats "
        f"desc {_WHOLE}) as f from venue order by venuestate",
        [("CA", "Shoreline Amphitheatre"), ("CO", "Coors Field")], "r_WF_first_value", _VENUE),
    Row("NTH_VALUE",
        "select distinct venuestate, nth_value(venueseats, 3) over (partition by venuestate order by "
        f"venueseats desc {_WHOLE}) as f from venue order by venuestate", [("CA", 69843), ("CO", None)],
        "r_WF_NTH", _VENUE),
    Row("a share of the whole",
        "select salesid, cast(qty as float8) / sum(cast(qty as float8)) over () as r from winsales where "
        "sellerid = 4 order by salesid", [(40001, 0.8), (40005, 0.2)], "r_WF_RATIO_TO_REPORT", _WINSALES),
    Row("RATIO_TO_REPORT",
        "select salesid, ratio_to_report(qty) over () as r from winsales where sellerid = 4 order by salesid",
        [(40001, 0.8), (40005, 0.2)], "r_WF_RATIO_TO_REPORT", _WINSALES),
    Row("QUALIFY",
        "select salesid from winsales as w where sellerid = 1 qualify row_number() over (order by salesid) = 1",
        [(10001,)], "r_QUALIFY_clause", _WINSALES),
)  # fmt: skip
