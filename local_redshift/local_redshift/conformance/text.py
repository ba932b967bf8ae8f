"""Texts: concatenation, lengths in characters and in bytes, and the functions over them."""

from __future__ import annotations

from local_redshift.conformance.rows import Row, fails, typed, value

_BYTES = "r_Character_types"
_CAST = "r_CAST_function"
_CONCAT = "r_CONCAT"
_SUBSTRING = "r_SUBSTRING"

_ADDRESS = ("create table address (id integer, city varchar(20), state varchar(2))",)

ROWS = (
    value("CONCAT", "concat('December 25, ', '2008')", "December 25, 2008", _CONCAT),
    value("CONCAT with NULL is NULL", "concat('December 25, ', null)", None, _CONCAT),
    value("||", "'December 25, ' || '2008'", "December 25, 2008", _CONCAT),
    value("|| with NULL is NULL", "'December 25, ' || null", None, "r_concat_op"),
    value("NVL fills the gap", "'seats ' || nvl(cast(null as integer), 0)", "seats 0", "r_concat_op"),
    value("CONCAT in a CONCAT", "concat('Thursday, ', concat('December 25, ', '2008'))",
        "Thursday, December 25, 2008", _CONCAT),
    fails("CONCAT takes two arguments", "select concat('a', 'b', 'c')", "42883", _CONCAT),
    # ---------- lengths
    value("LEN counts characters", "len('français')", 8, "r_LEN"),
    value("OCTET_LENGTH counts bytes", "octet_length('français')", 9, "r_OCTET_LENGTH"),
    value("LEN counts trailing blanks", "len('cat   ')", 6, "r_LEN"),
    typed("lengths and positions are INTEGERs",
        "select len(city) as a, octet_length(city) as b, strpos(city, 'a') as c from address",
        "integer; integer; integer", "r_LEN", _ADDRESS),
    value("VARCHAR counts bytes", "octet_length(city) from address", 20, _BYTES,
        _ADDRESS + ("insert into address (city) values ('éééééééééé')",)),
    fails("a byte too many in characters of two bytes", "insert into address (city) values ('ééééééééééé')",
        "22001 XX000", _BYTES, _ADDRESS),
    fails("a byte too many", "insert into address (state) values ('CAL')", "22001 XX000", _BYTES, _ADDRESS),
    fails("an update beyond the length", "update address set state = state || 'L'", "22001 XX000", _BYTES,
        _ADDRESS + ("insert into address (state) values ('CA')",)),
    value("blanks beyond the length are cut", "len(state) from address", 2, _BYTES,
        _ADDRESS + ("insert into address (state) values ('CA   ')",)),
    value("a cast cuts", "cast('City of South San Francisco' as varchar(20))", "City of South San Fr",
        "r_Examples_with_character_types"),
    Row("a cast text fits", "select city from address", [("City of South San Fr",)],
        "r_Examples_with_character_types",
        _ADDRESS + ("insert into address (city) values ('City of South San Francisco'::varchar(20))",)),
    typed("VARCHAR alone has 256 bytes", "select cast(city as varchar) as v from address",
        "character varying(256)", _BYTES, _ADDRESS),
    typed("VARCHAR(MAX) has 65535 bytes", "select cast(city as varchar(max)) as v from address",
        "character varying(65535)", _BYTES, _ADDRESS),
    typed("CREATE TABLE AS keeps a VARCHAR's length", "select city, state from address",
        "character varying(20); character varying(2)", "r_CREATE_TABLE_AS", _ADDRESS),
    fails("65536 bytes in a definition", "create table refused (a varchar(65536))", "", _BYTES),
    # ---------- casts
    value("an integer as text", "cast(2008 as varchar(4))", "2008", _CAST),
    value("a text as an integer", "cast('2008' as integer)", 2008, _CAST),
    value("a boolean's text", "cast('yes' as boolean)", True, "r_Boolean_type"),
    fails("no number in a text", "select cast('ABC' as integer)", "22P02 XX000", "c_Supported_data_types"),
    fails("an empty text is no number", "select cast('' as integer)", "22P02 XX000", _CAST),
    value("a NULL stays NULL", "cast(cast(null as varchar(5)) as integer)", None, _CAST),
    # ---------- parts
    value("SUBSTRING", "substring('caterpillar', 6, 4)", "pill", _SUBSTRING),
    value("SUBSTRING beyond the end", "substring('caterpillar', 6, 8)", "pillar", _SUBSTRING),
    value("SUBSTRING from before the start", "substring('caterpillar', -2, 6)", "cat", _SUBSTRING),
    value("SUBSTRING all before the start", "substring('caterpillar', -5, 4)", "", _SUBSTRING),
    value("SUBSTRING from 0", "substring('caterpillar', 0, 4)", "cat", _SUBSTRING),
    value("SUBSTRING counts characters", "substring('français', 5, 2)", "ça", _SUBSTRING),
    value("LEFT", "left('The King and I', 5)", "The K", "r_LEFT"),
    value("RIGHT", "right('The King and I', 5)", "and I", "r_LEFT"),
    value("SPLIT_PART", "split_part('2008-03-05', '-', 2)", "03", "SPLIT_PART"),
    value("SPLIT_PART beyond the last", "split_part('2008-03-05', '-', 4)", "", "SPLIT_PART"),
    value("SPLIT_PART without the delimiter", "split_part('2008', '-', 1)", "2008", "SPLIT_PART"),
    fails("SPLIT_PART counts from 1", "select split_part('2008-03-05', '-', 0)", "", "SPLIT_PART"),
    value("STRPOS", "strpos('dogfish', 'fish')", 4, "r_STRPOS"),
    value("STRPOS finds nothing", "strpos('dogfish', 'fist')", 0, "r_STRPOS"),
    value("CHARINDEX", "charindex('fish', 'dogfish')", 4, "r_CHARINDEX"),
    value("POSITION", "position('fish' in 'dogfish')", 4, "r_POSITION"),
    # ---------- changes
    value("REPLACE", "replace('Shows', 'Shows', 'Theatre')", "Theatre", "r_REPLACE"),
    value("REPLACE with NULL is NULL", "replace('Shows', null, 'Theatre')", None, "r_REPLACE"),
    value("TRANSLATE", "translate('mint tea', 'inea', 'osin')", "most tin", "r_TRANSLATE"),
    value("TRANSLATE drops what has no partner", "translate('St. Paul', ' .', '_')", "St_Paul", "r_TRANSLATE"),
    value("BTRIM", "btrim('     abc    ')", "abc", "r_BTRIM"),
    value("BTRIM of characters", "btrim('xyzaxyzbxyzcxyz', 'xyz')", "axyzbxyzc", "r_BTRIM"),
    value("TRIM of characters", "trim('\"' from '\"dog\"')", "dog", "r_TRIM"),
    value("LTRIM takes a set of characters", "ltrim('2008-08-15', '2008-')", "15", "r_LTRIM"),
    value("RTRIM takes a set of characters", "rtrim('CommunityAmerica Ballpark', 'Park')",
        "CommunityAmerica Ballp", "r_RTRIM"),
    value("LPAD", "lpad('Salome', 20)", "              Salome", "r_LPAD"),
    value("LPAD cuts", "lpad('La Cenerentola (Cinderella)', 20)", "La Cenerentola (Cind", "r_LPAD"),
    value("RPAD", "rpad('Salome', 20, '0123456789')", "Salome01234567890123", "r_LPAD"),
    value("REPEAT", "repeat('10', 3)", "101010", "r_REPEAT"),
    value("REVERSE", "reverse('abcde')", "edcba", "r_REVERSE"),
    value("UPPER", "upper('Classical')", "CLASSICAL", "r_UPPER"),
    value("LOWER", "lower('MLB')", "mlb", "r_LOWER"),
    value("INITCAP", "initcap('All non-musical theatre')", "All Non-Musical Theatre", "r_INITCAP"),
    value("ASCII", "ascii('amazon')", 97, "r_ASCII"),
    value("ASCII of an empty text", "ascii('')", 0, "r_ASCII"),
    value("CHR", "chr(65)", "A", "r_CHR"),
    value("MD5", "md5('Amazon Redshift')", "f7415e33f972c03abd4f3fed36748f7a", "r_MD5"),
    value("SHA2", "len(sha2('Amazon Redshift', 256))", 64, "SHA2"),
)  # fmt: skip
