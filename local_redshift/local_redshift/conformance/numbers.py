"""Integers and decimals: division, overflow, scale, rounding."""

from __future__ import annotations

from decimal import Decimal

from local_redshift.conformance.rows import fails, typed, value

_CAST = "r_CAST_function"
_COMPUTED = "r_numeric_computations201"
_EXAMPLES = "r_Examples_with_numeric_types201"
_OPERATORS = "r_OPERATOR_SYMBOLS"
_NUMERIC = "r_Numeric_types201"

_DIGITS = "DuckDB makes a product one digit narrower, of the same value and scale"

_FILM = (
    "create table film (language_id smallint, length integer, frames bigint, rental_rate numeric(4, 2) default 4.99)",
)
_FULL = _FILM + ("insert into film values (32767, 2147483647, 9223372036854775807, 99.99)",)
_SALES = (
    "create table sales (pricepaid decimal(8, 2), commission decimal(8, 2), qtysold smallint, ratio float8)",
    "insert into sales values (728.00, 91.00, 4, 0.5)",
)
_WIDE = (
    "create table wide (amount decimal(38, 6))",
    "insert into wide values ('12345678901234567890123456789012.123456')",
)

ROWS = (
    # ---------- integers
    value("integers divide to an integer", "7 / 2", 3, _OPERATORS),
    value("a negative quotient is cut towards zero", "-7 / 2", -3, _OPERATORS),
    value("columns of integers divide to an integer", "qtysold / 3 from sales", 1, _OPERATORS, _SALES),
    value("a remainder", "11 % 4", 3, "r_MOD"),
    value("MOD", "mod(10, 4)", 2, "r_MOD"),
    value("a remainder has the dividend's sign", "-7 % 3", -1, "r_MOD"),
    value("MOD of a decimal", "mod(10.5, 4)", Decimal("2.5"), "r_MOD"),
    value("MOD after a cast", "mod(cast(16.4 as integer), 5)", 1, "r_MOD"),
    value("ABS of an integer", "abs(14 - 76)", 62, "r_ABS"),
    fails("an integer divided by zero", "select 1 / 0", "22012 XX000", _COMPUTED),
    fails("a double divided by zero", "select ratio / 0 from sales", "22012 XX000", _COMPUTED, _SALES),
    fails("a remainder of zero", "select mod(qtysold, 0) from sales", "22012 XX000", _COMPUTED, _SALES),
    fails("33000 is no SMALLINT", "insert into film (language_id) values (33000)", "22003 XX000", _EXAMPLES,
        _FILM),
    fails("a cast to SMALLINT overflows", "select 12345678::smallint", "22003 XX000", _CAST),
    fails("a sum of INTEGERs overflows", "select length + 1 from film", "22003 XX000", _COMPUTED, _FULL),
    fails("a product of INTEGERs overflows", "select length * 2 from film", "22003 XX000", _COMPUTED, _FULL),
    fails("a sum of BIGINTs overflows", "select frames + 1 from film", "22003 XX000", _COMPUTED, _FULL),
    value("a sum with a BIGINT does not overflow", "length + cast(1 as bigint) from film", 2147483648, _COMPUTED,
        _FULL),
    value("the largest BIGINT", "frames from film", 9223372036854775807, _NUMERIC, _FULL),
    typed("INTEGER and BIGINT make a BIGINT", "select length + frames as a, length / length as b from film",
        "bigint; integer", _COMPUTED, _FILM),
    # ---------- decimals
    value("a decimal cast to an integer", "cast(162.00 as integer)", 162, _CAST),
    value("a cast to a smaller scale rounds", "cast(109.652 as decimal(4, 1))", Decimal("109.7"), _CAST),
    value("a cast rounds half away from zero", "cast(-0.125 as decimal(4, 2))", Decimal("-0.13"), _CAST),
    fails("a cast to a smaller precision fails", "select 123.456::decimal(2, 1)", "22003 XX000", _CAST),
    fails("a column's cast to a smaller precision fails", "select (pricepaid * 100)::decimal(7, 3) from sales",
        "22003 XX000", _COMPUTED, _SALES),
    value("DECIMAL alone has no scale", "cast(1.6 as decimal)", Decimal("2"), _NUMERIC),
    typed("DECIMAL alone has 18 digits", "select cast(pricepaid as decimal) as v from sales", "numeric(18,0)",
        _NUMERIC, _SALES),
    value("an insert rounds to the column's scale", "max(rental_rate) from film", Decimal("35.51"), _EXAMPLES,
        _FILM + ("insert into film (rental_rate) values (35.512)",)),
    value("an insert of a decimal into an integer rounds", "max(language_id) from film", 2, _EXAMPLES,
        _FILM + ("insert into film (language_id) values (1.5)",)),
    fails("a decimal out of the column's range", "insert into film (rental_rate) values (350.10)", "22003 XX000",
        _EXAMPLES, _FILM),
    value("a sum of decimals", "commission + 2.00 from sales", Decimal("93.00"), _OPERATORS, _SALES),
    value("a product's scale is the sum of scales", "pricepaid * cast(.20 as decimal(2, 2)) from sales",
        Decimal("145.6000"), _COMPUTED, _SALES),
    value("a product of a decimal and an integer", "pricepaid * qtysold from sales", Decimal("2912.00"),
        _COMPUTED, _SALES),
    typed("a sum of decimals has one digit more", "select pricepaid + commission as v from sales", "numeric(9,2)",
        _COMPUTED, _SALES),
    typed("a product of decimals has all their digits and one more",
        "select pricepaid * commission as v from sales", "numeric(17,4)", _COMPUTED, _SALES, _DIGITS),
    typed("a SMALLINT counts as DECIMAL(5,0)", "select commission * qtysold as v from sales", "numeric(14,2)",
        _COMPUTED, _SALES, _DIGITS),
    typed("a quotient of decimals", "select pricepaid / commission as v from sales", "numeric(17,9)", _COMPUTED,
        _SALES),
    value("a quotient of decimals shows its scale", "pricepaid / commission from sales",
        Decimal("8.000000000"), _COMPUTED, _SALES),
    value("a quotient of doubles", "ratio / 4 from sales", 0.125, _COMPUTED, _SALES),
    value("38 digits", "amount from wide", Decimal("12345678901234567890123456789012.123456"), _NUMERIC, _WIDE),
    value("38 digits below zero", "-amount from wide", Decimal("-12345678901234567890123456789012.123456"),
        _NUMERIC, _WIDE),
    value("a product of 24 digits", "728.00::decimal(38, 2) * 100000000000000000000",
        Decimal("72800000000000000000000.00"), _CAST),
    fails("more than 38 digits", "select amount * amount from wide", "22003 XX000", _COMPUTED, _WIDE),
    fails("39 digits in a definition", "create table refused (a decimal(39, 0))", "", _NUMERIC),
    # ---------- rounding
    value("ROUND to a whole number", "round(28.05)", Decimal("28"), "r_ROUND"),
    value("ROUND to one digit", "round(28.05, 1)", Decimal("28.1"), "r_ROUND"),
    value("ROUND to tens", "round(28.05, -1)", Decimal("30"), "r_ROUND"),
    value("ROUND of a double", "round(cast(28.0625 as float8), 3)", 28.063, "r_ROUND"),
    value("TRUNC to a whole number", "trunc(111.15)", Decimal("111"), "r_TRUNC"),
    value("TRUNC to one digit", "trunc(111.15, 1)", Decimal("111.1"), "r_TRUNC"),
    value("TRUNC to tens", "trunc(111.15, -1)", Decimal("110"), "r_TRUNC"),
    value("CEILING", "ceiling(28.05)", Decimal("29"), "r_CEILING_FLOOR"),
    value("FLOOR below zero", "floor(-28.05)", Decimal("-29"), "r_FLOOR"),
    value("SIGN of a decimal is a decimal", "sign(28.05)", Decimal("1"), "r_SIGN"),
    value("SIGN of a double is a double", "sign(cast(-4.25 as float8))", -1.0, "r_SIGN"),
    value("POWER is a double", "power(2, 10)", 1024.0, "r_POWER"),
    typed("ABS keeps the type", "select abs(qtysold) as a, abs(pricepaid) as b from sales",
        "smallint; numeric(8,2)", "r_ABS", _SALES),
    typed("logarithms and powers are doubles",
        "select log(pricepaid) as a, exp(qtysold) as b, power(qtysold, 2) as c from sales",
        "double precision; double precision; double precision", "r_LOG", _SALES),
    value("SQRT is a double", "sqrt(16)", 4.0, "r_SQRT"),
)  # fmt: skip
