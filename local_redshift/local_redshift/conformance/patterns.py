"""LIKE, regular expressions and JSON in texts."""

from __future__ import annotations

from local_redshift.conformance.rows import Row, fails, value

_ARRAY = "JSON_EXTRACT_ARRAY_ELEMENT_TEXT"
_LENGTH = "JSON_ARRAY_LENGTH"
_LIKE = "r_patternmatching_condition_like"
_PATH = "JSON_EXTRACT_PATH_TEXT"
_POSIX = "pattern-matching-conditions-posix"
_SIMILAR = "pattern-matching-conditions-similar-to"

_STAR = '{"f2":{"f3":1},"f4":{"f5":99,"f6":"star"}}'
_FARM = '{"farm": {"barn": {"color": "red", "feed stocked": true}}}'
_BROKEN = '{"f2":{"f3":1},"f4":{"f5":99,"f6":"star"}'
_EMAILS = (
    "create table emails (id integer, email varchar(100))",
    "insert into emails values (1, 'Etiam.laoreet.libero@sodalesMaurisblandit.edu'), "
    "(2, 'amet.faucibus.ut@condimentumegetvolutpat.ca'), (3, 'sed@lacusUtnec.ca')",
)
_CITIES = (
    "create table cities (city varchar(30))",
    "insert into cities values ('East Lansing'), ('Brea'), ('Agoura Hills'), "
    "('Benton Harbor'), ('start_time'), ('starts')",
)
_PASSWORDS = "'passwd7 plain A1234 a1234', '(?=[^ ]*[a-z])(?=[^ ]*[0-9])[^ ]+'"

ROWS = (
    # ---------- LIKE
    Row("LIKE covers the whole text", "select city from cities where city like 'E%'", [("East Lansing",)], _LIKE,
        _CITIES),
    value("LIKE without a wildcard is equality", "count(*) from cities where city like 'Bre'", 0, _LIKE, _CITIES),
    value("LIKE heeds case", "count(*) from cities where city like 'brea'", 0, _LIKE, _CITIES),
    Row("ILIKE does not", "select city from cities where city ilike '__EA%'", [("Brea",)], _LIKE, _CITIES),
    value("an underscore is any character", "count(*) from cities where city like '%start_%'", 2, _LIKE, _CITIES),
    Row("two backslashes escape", r"select city from cities where city like '%start\\_%'", [("start_time",)],
        _LIKE, _CITIES),
    Row("another escape", "select city from cities where city like '%start^_%' escape '^'", [("start_time",)],
        _LIKE, _CITIES),
    value("NOT LIKE", "count(*) from cities where city not like '%a%'", 0, _LIKE, _CITIES),
    value("LIKE counts trailing blanks", "count(*) from cities where 'Brea  ' like city", 0, _LIKE, _CITIES),
    value("LIKE with NULL is NULL", "'a' like cast(null as varchar(1))", None, _LIKE),
    # ---------- regular expressions
    Row("~ finds a part", "select city from cities where city ~ '.*E.*|.*H.*' order by city",
        [("Agoura Hills",), ("Benton Harbor",), ("East Lansing",)], _POSIX, _CITIES),
    value("!~ finds the others", "count(*) from cities where city !~ 'a'", 0, _POSIX, _CITIES),
    value("SIMILAR TO covers the whole text", "count(*) from cities where city similar to '%E%|%H%'", 3, _SIMILAR,
        _CITIES),
    value("SIMILAR TO a part is false", "count(*) from cities where city similar to 'E'", 0, _SIMILAR, _CITIES),
    value("REGEXP_COUNT", "regexp_count('abcdefghijklmnopqrstuvwxyz', '[a-z]{3}')", 8, "REGEXP_COUNT"),
    value("REGEXP_COUNT finds none", "regexp_count('abc', '[0-9]')", 0, "REGEXP_COUNT"),
    value("REGEXP_COUNT without case", "regexp_count('the fox', 'FOX', 1, 'i')", 1, "REGEXP_COUNT"),
    value("REGEXP_COUNT in PCRE", f"regexp_count({_PASSWORDS}, 1, 'p')", 2, "REGEXP_COUNT"),
    value("REGEXP_INSTR", "regexp_instr('The Home Depot Center', '[cC]ent(er|re)$')", 16, "REGEXP_INSTR"),
    value("REGEXP_INSTR without case", "regexp_instr('the fox', 'FOX', 1, 1, 0, 'i')", 5, "REGEXP_INSTR"),
    Row("REGEXP_SUBSTR", "select regexp_substr(email, '@[^.]*') from emails order by id",
        [("@sodalesMaurisblandit",), ("@condimentumegetvolutpat",), ("@lacusUtnec",)], "REGEXP_SUBSTR", _EMAILS),
    value("REGEXP_SUBSTR finds none", "regexp_substr('abc', '[0-9]+')", "", "REGEXP_SUBSTR"),
    value("REGEXP_SUBSTR without case", "regexp_substr('the fox', 'FOX', 1, 1, 'i')", "fox", "REGEXP_SUBSTR"),
    value("REGEXP_REPLACE without a replacement",
        "regexp_replace(email, '@.*[.](org|gov|com|edu|ca)$') from emails where id = 1", "Etiam.laoreet.libero",
        "REGEXP_REPLACE", _EMAILS),
    value("REGEXP_REPLACE",
        "regexp_replace(email, '@.*[.][[:alpha:]]{2,3}', '@internal.company.com') from emails where id = 3",
        "sed@internal.company.com", "REGEXP_REPLACE", _EMAILS),
    value("REGEXP_REPLACE replaces each match", "regexp_replace('a1b22c', '[0-9]', '-')", "a-b--c",
        "REGEXP_REPLACE"),
    value("REGEXP_REPLACE in PCRE", f"regexp_replace({_PASSWORDS}, '[hidden]', 1, 'p')",
        "[hidden] plain A1234 [hidden]", "REGEXP_REPLACE"),
    # ---------- JSON
    value("a nested value", f"json_extract_path_text('{_STAR}', 'f4', 'f6')", "star", _PATH),
    value("a value three levels down", f"json_extract_path_text('{_FARM}', 'farm', 'barn', 'color')", "red",
        _PATH),
    value("a boolean as text", f"json_extract_path_text('{_FARM}', 'farm', 'barn', 'feed stocked')", "true",
        _PATH),
    value("a number as text", f"json_extract_path_text('{_STAR}', 'f4', 'f5')", "99", _PATH),
    # The guide said "an empty string" until 2023 and says NULL since: NULLIF makes one of both.
    value("a missing element", f"nullif(json_extract_path_text('{_STAR}', 'f4', 'f9'), '')", None, _PATH),
    value("path elements heed case", f"nullif(json_extract_path_text('{_STAR}', 'f4', 'F6'), '')", None, _PATH),
    value("NULL gives NULL", "json_extract_path_text(null, 'f4')", None, _PATH),
    value("invalid JSON gives NULL when asked to", f"json_extract_path_text('{_BROKEN}', 'f4', 'f6', true)", None,
        _PATH),
    fails("invalid JSON is an error", f"select json_extract_path_text('{_BROKEN}', 'f4', 'f6')", "", _PATH,
        words="JSON"),
    value("an array's element counts from 0", "json_extract_array_element_text('[111,112,113]', 2)", "113",
        _ARRAY),
    value("beyond an array's end is nothing", "nullif(json_extract_array_element_text('[111,112,113]', 3), '')",
        None, _ARRAY),
    value("an invalid array gives NULL when asked to",
        """json_extract_array_element_text('["a",["b",1,["c",2,3,null,]]]', 1, true)""", None, _ARRAY),
    value("an array's length", """json_array_length('[11,12,13,{"f1":21,"f2":[25,26]},14]')""", 5, _LENGTH),
    value("an invalid array has no length when asked for NULL",
        """json_array_length('[11,12,13,{"f1":21,"f2":[25,26]},14', true)""", None, _LENGTH),
    fails("an invalid array's length is an error",
        """select json_array_length('[11,12,13,{"f1":21,"f2":[25,26]},14')""", "", _LENGTH, words="JSON"),
    value("IS_VALID_JSON of an object", """is_valid_json('{"a":{"b":{"c":1}}}')""", True, "IS_VALID_JSON"),
    value("IS_VALID_JSON of broken text", "is_valid_json('{{}}')", False, "IS_VALID_JSON"),
    value("IS_VALID_JSON of an array is false", "is_valid_json('[1,2,3]')", False, "IS_VALID_JSON"),
    value("IS_VALID_JSON_ARRAY", """is_valid_json_array('["a",["b",1,["c",2,3,null]]]')""", True,
        "IS_VALID_JSON_ARRAY"),
)  # fmt: skip
