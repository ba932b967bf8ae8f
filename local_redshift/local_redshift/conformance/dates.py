"""Dates, times and their boundaries."""

from __future__ import annotations

from datetime import date
from datetime import datetime as at

from local_redshift.conformance.rows import fails, typed, value

_ADD_MONTHS = "r_ADD_MONTHS"
_ARITHMETIC = "r_interval_literals"
_DATEADD = "r_DATEADD_function"
_DATEDIFF = "r_DATEDIFF_function"
_DATE_PART = "r_DATE_PART_function"
_DATE_TRUNC = "r_DATE_TRUNC"
_EXTRACT = "r_EXTRACT_function"
_PARTS = "r_Dateparts_for_datetime_functions"
_TO_CHAR = "r_TO_CHAR"

_EVE = "timestamp '2008-12-31 23:59:59'"
_NEW_YEAR = "timestamp '2009-01-01 00:00:00'"
_MOMENT = "timestamp '2020-04-30 04:05:06.789'"
_DATES = (
    "create table date_table (start_date date, end_date date)",
    "insert into date_table values ('2009-01-01', '2009-03-23'), ('2023-01-04', '2024-05-04')",
)

ROWS = (
    # ---------- DATEDIFF counts boundaries
    value("a year's boundary is a day away", "datediff(year, date '2008-12-31', date '2009-01-01')", 1,
        _DATEDIFF),
    value("hours between 8:30 and 10:00",
        "datediff(hour, timestamp '2009-01-01 08:30:00', timestamp '2009-01-01 10:00:00')", 2, _DATEDIFF),
    value("hours between two dates", "datediff(hour, '2023-01-01', '2023-01-03 05:04:03')", 53, _DATEDIFF),
    value("a quarter's boundary is a day away", "datediff(qtr, '2009-03-31', '2009-04-01')", 1, _DATEDIFF),
    value("weeks in a year", "datediff(week, '2009-01-01', '2009-12-31')", 52, _DATEDIFF),
    value("a month's boundary is a second away",
        "datediff(month, timestamp '2009-01-31 23:59:59', timestamp '2009-02-01 00:00:00')", 1, _DATEDIFF),
    value("a day's boundary is a second away", f"datediff(day, {_EVE}, {_NEW_YEAR})", 1, _DATEDIFF),
    value("a minute's boundary is a second away", f"datediff(minute, {_EVE}, {_NEW_YEAR})", 1, _DATEDIFF),
    value("no boundary of a month in a month", "datediff(month, date '2009-01-01', date '2009-01-31')", 0,
        _DATEDIFF),
    value("the earlier second gives a negative difference", f"datediff(second, {_NEW_YEAR}, {_EVE})", -1,
        _DATEDIFF),
    value("a year in seconds", f"datediff(second, timestamp '2008-01-01 00:00:00', {_NEW_YEAR})", 31622400,
        _DATEDIFF),
    value("microseconds", "datediff(us, timestamp '2009-01-01 00:00:00', timestamp '2009-01-01 00:00:00.000007')",
        7, _DATEDIFF),
    value("a difference of columns",
        "datediff(day, start_date, end_date) as duration from date_table where start_date < '2010-01-01'", 81,
        _DATEDIFF, _DATES),
    value("a difference over a leap day",
        "datediff(day, start_date, end_date) as duration from date_table where start_date > '2010-01-01'", 486,
        _DATEDIFF, _DATES),
    typed("DATEDIFF is a BIGINT", "select datediff(day, start_date, end_date) as v from date_table", "bigint",
        _DATEDIFF, _DATES),
    # ---------- DATEADD
    value("18 months later", "dateadd(month, 18, '2008-02-28')", at(2009, 8, 28), _DATEADD),
    value("m is minutes", "dateadd(m, 30, '2008-02-28')", at(2008, 2, 28, 0, 30), _DATEADD),
    value("DATEADD keeps the day of the month", "dateadd(month, 1, '2008-04-30')", at(2008, 5, 30), _DATEADD),
    value("DATEADD ends with a shorter month", "dateadd(month, 1, date '2026-01-31')", at(2026, 2, 28), _DATEADD),
    value("twelve months after a leap day", "dateadd(month, 12, '2016-02-29')", at(2017, 2, 28), _DATEADD),
    value("one year after a leap day", "dateadd(year, 1, '2016-02-29')", at(2017, 3, 1), _DATEADD),
    value("four years after a leap day", "dateadd(year, 4, '2016-02-29')", at(2020, 2, 29), _DATEADD),
    value("a day before a leap year's March", "dateadd(day, -1, date '2008-03-01')", at(2008, 2, 29), _DATEADD),
    value("30 days later", "dateadd(day, 30, date '2008-11-01')", at(2008, 12, 1), _DATEADD),
    value("microseconds are kept", "dateadd(us, 1, timestamp '2008-02-28 23:59:59.999999')", at(2008, 2, 29),
        _DATEADD),
    typed("DATEADD of a DATE is a TIMESTAMP", "select dateadd(day, 1, start_date) as v from date_table",
        "timestamp without time zone", _DATEADD, _DATES),
    # ---------- ADD_MONTHS, LAST_DAY
    value("ADD_MONTHS ends with a shorter month", "add_months('2008-03-31', 1)", at(2008, 4, 30), _ADD_MONTHS),
    value("ADD_MONTHS stays at the end of a longer month", "add_months('2008-04-30', 1)", at(2008, 5, 31),
        _ADD_MONTHS),
    value("ADD_MONTHS keeps another day", "add_months('2008-04-29', 1)", at(2008, 5, 29), _ADD_MONTHS),
    value("ADD_MONTHS goes back", "add_months('2008-03-31', -1)", at(2008, 2, 29), _ADD_MONTHS),
    value("the last day of a leap February", "last_day(timestamp '2008-02-10 12:00:00')", date(2008, 2, 29),
        "r_LAST_DAY"),
    value("the last day of another February", "last_day(date '2100-02-10')", date(2100, 2, 28), "r_LAST_DAY"),
    typed("LAST_DAY is a DATE, ADD_MONTHS a TIMESTAMP",
        "select last_day(start_date) as a, add_months(start_date, 1) as b from date_table",
        "date; timestamp without time zone", "r_LAST_DAY", _DATES),
    # ---------- DATE_TRUNC
    value("cut to the second", f"date_trunc('second', {_MOMENT})", at(2020, 4, 30, 4, 5, 6), _DATE_TRUNC),
    value("cut to the minute", f"date_trunc('minute', {_MOMENT})", at(2020, 4, 30, 4, 5), _DATE_TRUNC),
    value("cut to the hour", f"date_trunc('hour', {_MOMENT})", at(2020, 4, 30, 4), _DATE_TRUNC),
    value("cut to the day", f"date_trunc('day', {_MOMENT})", at(2020, 4, 30), _DATE_TRUNC),
    value("cut to the month", f"date_trunc('month', {_MOMENT})", at(2020, 4, 1), _DATE_TRUNC),
    value("cut to the quarter", f"date_trunc('quarter', {_MOMENT})", at(2020, 4, 1), _DATE_TRUNC),
    value("cut to the year", f"date_trunc('year', {_MOMENT})", at(2020, 1, 1), _DATE_TRUNC),
    value("cut to the millennium", f"date_trunc('millennium', {_MOMENT})", at(2001, 1, 1), _DATE_TRUNC),
    value("a week begins on Monday", "date_trunc('week', timestamp '2022-04-30 04:05:06.789')", at(2022, 4, 25),
        _DATE_TRUNC),
    value("a literal without dashes", "date_trunc('day', timestamp '20200430 04:05:06.789')", at(2020, 4, 30),
        _DATE_TRUNC),
    typed("DATE_TRUNC of a DATE is a TIMESTAMP", "select date_trunc('month', start_date) as v from date_table",
        "timestamp without time zone", _DATE_TRUNC, _DATES),
    # ---------- EXTRACT, DATE_PART
    value("the minute", "extract(minute from timestamp '2009-09-09 12:08:43')", 8, _EXTRACT),
    value("the milliseconds", "extract(ms from timestamp '2009-09-09 12:08:43.101')", 101, _EXTRACT),
    typed("EXTRACT from a TIMESTAMP is an INTEGER",
        "select extract(minute from cast(start_date as timestamp)) as v from date_table", "integer", _EXTRACT,
        _DATES),
    value("DATE_PART is a DOUBLE", "date_part(minute, timestamp '2023-01-04 04:05:06.789')", 5.0, _DATE_PART),
    value("the day of the week counts from Sunday", "extract(dow from timestamp '2008-01-05 14:00:00')", 6,
        _PARTS),
    value("Sunday is 0", "extract(dow from timestamp '2008-01-06 14:00:00')", 0, _PARTS),
    value("the ISO week", "extract(week from timestamp '2022-05-02 04:05:06.789')", 18, _DATE_PART),
    value("the first days of January may be of week 53", "extract(week from timestamp '2010-01-01 00:00:00')", 53,
        _DATE_PART),
    value("the day of a leap year", "extract(doy from timestamp '2008-12-31 00:00:00')", 366, _PARTS),
    value("seconds since 1970", "extract(epoch from timestamp '2020-01-01 00:00:01')", 1577836801, _PARTS),
    # ---------- intervals and arithmetic
    value("a date and a second", "date '2008-12-31' + interval '1 second'", at(2008, 12, 31, 0, 0, 1),
        _ARITHMETIC),
    value("a date and 52 weeks", "date '2008-12-31' + interval '52 weeks'", at(2009, 12, 30), _ARITHMETIC),
    value("a date and half a day", "date '2008-12-31' + interval '0.5 days'", at(2008, 12, 31, 12), _ARITHMETIC),
    value("a date and several units", "date '2008-12-31' + interval '3 hours, 35 minutes'",
        at(2008, 12, 31, 3, 35), _ARITHMETIC),
    value("four months before the end of March", "date '2023-03-31' - interval '4 months'", at(2022, 11, 30),
        _ARITHMETIC),
    value("TRUNC of a timestamp is a DATE", "trunc(timestamp '2011-07-21 10:32:38.248109')", date(2011, 7, 21),
        "r_TRUNC_date"),
    value("a timestamp cast to a date loses its time", "cast('2008-02-18 02:36:48' as date)", date(2008, 2, 18),
        "r_CAST_function"),
    value("a date cast to a timestamp is midnight", "cast(date '2008-02-18' as timestamp)", at(2008, 2, 18),
        "r_CAST_function"),
    value("microseconds survive", "timestamp '2011-07-21 10:32:38.248109'", at(2011, 7, 21, 10, 32, 38, 248109),
        "r_Datetime_types"),
    typed("the clocks are TIMESTAMPs without a zone",
        "select getdate() as a, sysdate as b, current_date as c from date_table",
        "timestamp without time zone; timestamp without time zone; date", "r_GETDATE", _DATES),
    # ---------- text
    value("the day of the year as text", "to_char(timestamp '2009-12-31 23:15:59', 'DDD')", "365", _TO_CHAR),
    value("a time as text", "to_char(timestamp '2009-12-31 23:15:59', 'HH24:MI:SS')", "23:15:59", _TO_CHAR),
    value("a time of twelve hours as text", "to_char(timestamp '2008-01-25 14:30:00', 'HH12:MI:SS')", "02:30:00",
        _TO_CHAR),
    value("the name of a month is padded",
        "to_char(timestamp '2009-12-31 23:15:59', 'MONTH-DY-DD-YYYY HH12:MIPM')", "DECEMBER -THU-31-2009 11:15PM",
        _TO_CHAR),
    value("text read by a format", "to_date('20010131', 'YYYYMMDD')", date(2001, 1, 31), "r_TO_DATE_function"),
    value("text read by the name of a month", "to_date('02 Oct 2001', 'DD Mon YYYY')", date(2001, 10, 2),
        "r_TO_DATE_function"),
    value("TO_DATE carries 31 June over", "to_date('20010631', 'YYYYMMDD', false)", date(2001, 7, 1),
        "r_TO_DATE_function"),
    fails("TO_DATE refuses 31 June when strict", "select to_date('20010631', 'YYYYMMDD', true)", "22008 XX000",
        "r_TO_DATE_function"),
    fails("there is no thirteenth month", "select cast('2009-13-01' as date)", "22008 22007 XX000",
        "r_Datetime_types"),
    value("MONTHS_BETWEEN", "months_between('1969-01-18', '1969-03-18')", -2.0, "r_MONTHS_BETWEEN_function"),
    value("NEXT_DAY", "next_day('2014-08-20', 'Tuesday')", date(2014, 8, 26), "r_NEXT_DAY"),
    value("DATE_CMP", "date_cmp('2008-01-01', '2008-01-04')", -1, "r_DATE_CMP"),
)  # fmt: skip
