"""Time zones: names and abbreviations, summer time's gap and overlap, TIMESTAMPTZ."""

from __future__ import annotations

from datetime import UTC
from datetime import datetime as at

from local_redshift.conformance.rows import Row, typed, value

_AT = "r_AT_TIME_ZONE"
_CONVERT = "CONVERT_TIMEZONE"
_TYPES = "r_Datetime_types"

_STORED = (
    "create table moments (id integer, moment timestamptz)",
    "insert into moments values (1, '2008-06-01 09:59:59-05'), (2, '2008-12-31 18:20:00'), "
    "(3, '2008-06-01 09:59:59+02')",
)

ROWS = (
    value("winter in New York", "convert_timezone('America/New_York', '2013-02-01 08:00:00')", at(2013, 2, 1, 3),
        _CONVERT),
    value("summer in New York", "convert_timezone('America/New_York', '2013-06-01 08:00:00')", at(2013, 6, 1, 4),
        _CONVERT),
    value("summer in US/Pacific", "convert_timezone('US/Pacific', '2008-08-24 09:36:12')",
        at(2008, 8, 24, 2, 36, 12), _CONVERT),
    value("an abbreviation knows no summer", "convert_timezone('PST', '2008-08-24 09:36:12')",
        at(2008, 8, 24, 1, 36, 12), _CONVERT),
    value("from one abbreviation to another", "convert_timezone('EST', 'PST', '20080305 12:25:29')",
        at(2008, 3, 5, 9, 25, 29), _CONVERT),
    value("London in winter is UTC", "convert_timezone('Europe/London', '2026-01-15 12:00:00')",
        at(2026, 1, 15, 12), _CONVERT),
    value("London in summer is an hour ahead", "convert_timezone('Europe/London', '2026-07-15 12:00:00')",
        at(2026, 7, 15, 13), _CONVERT),
    value("the last second before summer time", "convert_timezone('Europe/Berlin', '2026-03-29 00:59:59')",
        at(2026, 3, 29, 1, 59, 59), _CONVERT),
    value("the first second of summer time", "convert_timezone('Europe/Berlin', '2026-03-29 01:00:00')",
        at(2026, 3, 29, 3), _CONVERT),
    value("the overlap's first turn", "convert_timezone('Europe/Berlin', '2026-10-25 00:30:00')",
        at(2026, 10, 25, 2, 30), _CONVERT),
    value("the overlap's second turn", "convert_timezone('Europe/Berlin', '2026-10-25 01:30:00')",
        at(2026, 10, 25, 2, 30), _CONVERT),
    value("half an hour's zone", "convert_timezone('Asia/Kolkata', '2026-01-15 12:00:00')",
        at(2026, 1, 15, 17, 30), _CONVERT),
    value("local time to UTC", "convert_timezone('America/New_York', 'UTC', '2013-06-01 04:00:00')",
        at(2013, 6, 1, 8), _CONVERT),
    value("a POSIX zone counts to the west", "convert_timezone('GMT', 'GMT+2', '2014-05-17 12:00:00')",
        at(2014, 5, 17, 10), _CONVERT),
    value("AT TIME ZONE of a TIMESTAMPTZ", "timestamptz '2001-02-16 20:38:40-05' at time zone 'MST'",
        at(2001, 2, 16, 18, 38, 40), _AT),
    value("AT TIME ZONE of a TIMESTAMP", "timestamp '2001-02-16 20:38:40' at time zone 'MST'",
        at(2001, 2, 17, 3, 38, 40, tzinfo=UTC), _AT),
    value("AT TIME ZONE of a TIMESTAMPTZ by a name",
        "timestamptz '2001-02-16 20:38:40-05' at time zone 'America/Denver'", at(2001, 2, 16, 18, 38, 40), _AT),
    value("AT TIME ZONE of a TIMESTAMP by a name", "timestamp '2001-02-16 20:38:40' at time zone 'America/Denver'",
        at(2001, 2, 17, 3, 38, 40, tzinfo=UTC), _AT),
    value("AT TIME ZONE by a name in summer",
        "timestamptz '2026-07-15 12:00:00+00' at time zone 'America/New_York'", at(2026, 7, 15, 8), _AT),
    typed("AT TIME ZONE goes to and fro between the two types",
        "select moment at time zone 'UTC' as a, moment at time zone 'UTC' at time zone 'UTC' as b from moments",
        "timestamp without time zone; timestamp with time zone", _AT, _STORED),
    Row("a TIMESTAMPTZ keeps the moment in UTC", "select id, moment from moments order by id",
        [(1, at(2008, 6, 1, 14, 59, 59, tzinfo=UTC)), (2, at(2008, 12, 31, 18, 20, tzinfo=UTC)),
         (3, at(2008, 6, 1, 7, 59, 59, tzinfo=UTC))], _TYPES, _STORED),
    value("TIMESTAMPTZs compare as moments", "count(*) from moments where moment = '2008-06-01 07:59:59+00'", 1,
        _TYPES, _STORED),
    value("a TIMESTAMP ignores an offset", "cast('2008-06-01 09:59:59 EST' as timestamp)",
        at(2008, 6, 1, 9, 59, 59), "r_Examples_with_datetime_types"),
    value("the year of a TIMESTAMPTZ is a DOUBLE", "extract(year from timestamptz '1997-12-01 07:37:16.00 PST')",
        1997.0, "r_EXTRACT_function"),
    value("the year of a column of TIMESTAMPTZ is a DOUBLE",
        "extract(year from moment) from moments where id = 2", 2008.0, "r_EXTRACT_function", _STORED),
    value("the session's zone is UTC", "current_setting('timezone')", "UTC", "r_timezone_config"),
)  # fmt: skip
