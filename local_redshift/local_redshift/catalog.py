"""The system relations of Redshift that exist here, as views over DuckDB's catalog.

Who is asked is the one user, the tables and the views; what a stand-in does not have (external schemas,
groups, procedures) is an empty relation, what it does not know (sizes on disk, an encoding that Redshift would
choose) is NULL, and what a cluster notes of its own work (STL, SVL, STV, SYS) is refused. The length of a
VARCHAR lives in the CHECK that enforces it, and ``records`` keeps it for whoever asks for one table, as it keeps
what else was declared.
"""

from __future__ import annotations

from local_redshift import records
from local_redshift.macros import SESSION, SYSTEM_SCHEMA

_OURS = f"schema_name <> '{SYSTEM_SCHEMA}' and database_name in (current_database(), 'temp') and not internal"
_SCHEMA = "case when database_name = 'temp' then 'pg_temp' else schema_name end"
_TYPE = """case
        when data_type = 'VARCHAR' then 'character varying'
        when data_type = 'TIMESTAMP' then 'timestamp without time zone'
        when data_type = 'TIMESTAMP WITH TIME ZONE' then 'timestamp with time zone'
        when data_type = 'DOUBLE' then 'double precision'
        when data_type = 'FLOAT' then 'real'
        when data_type like 'DECIMAL%' then 'numeric'
        else lower(data_type)
    end"""
_USER = f"cast({SESSION}.user as varchar)"
_DATABASE = f"cast({SESSION}.database as varchar)"
_USER_ID = "cast(100 as bigint)"
_NO_TEXT = "cast(null as varchar)"
# What pg_temp, pg_catalog and information_schema are called in pg_namespace.
_TEMP_OID, _CATALOG_OID, _INFORMATION_OID = 9, 11, 12
# One number space for what DuckDB counts by itself, or not at all.
_VIEW_OIDS, _TEMP_OIDS, _CONSTRAINT_OIDS = 100_000_000, 200_000_000, 1_000_000_000

# Numbers of our own, as those of Redshift are not documented.
ENCODINGS = (
    "['none', 'az64', 'bytedict', 'delta', 'delta32k', 'lzo', 'mostly8', 'mostly16', 'mostly32', "
    "'runlength', 'text255', 'text32k', 'zstd']"
)

_TYPES = (
    (16, "bool", 1, "boolean"),
    (18, "char", 1, '"char"'),
    (19, "name", 128, "name"),
    (20, "int8", 8, "bigint"),
    (21, "int2", 2, "smallint"),
    (23, "int4", 4, "integer"),
    (25, "text", -1, "text"),
    (26, "oid", 4, "oid"),
    (700, "float4", 4, "real"),
    (701, "float8", 8, "double precision"),
    (705, "unknown", -1, "unknown"),
    (1042, "bpchar", -1, "character"),
    (1043, "varchar", -1, "character varying"),
    (1082, "date", 4, "date"),
    (1083, "time", 8, "time without time zone"),
    (1114, "timestamp", 8, "timestamp without time zone"),
    (1184, "timestamptz", 8, "timestamp with time zone"),
    (1186, "interval", 16, "interval"),
    (1266, "timetz", 12, "time with time zone"),
    (1700, "numeric", -1, "numeric"),
)
_TYPE_ROWS = ", ".join(f"({oid}, '{name}', {size}, '{said}')" for oid, name, size, said in _TYPES)


def _empty(**columns: str) -> str:
    """A relation of which there are no rows here."""
    said = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in columns.items())
    return f"select {said} limit 0"


# Each may read those before it.
VIEWS = {
    "type_names": f"""select oid, name, size, said
    from (values {_TYPE_ROWS}) as t(oid, name, size, said)""",
    "limits": """select
        database_name, schema_name, table_name, constraint_column_names[1] as column_name,
        cast(regexp_extract(expression, '<= (\\d+)\\)', 1) as integer) as max_bytes
    from duckdb_constraints()
    where constraint_type = 'CHECK' and starts_with(expression, '(strlen(')""",
    "relations": f"""select
        table_oid + case when database_name = 'temp' then {_TEMP_OIDS} else 0 end as oid,
        {_SCHEMA} as schema_name, table_name as name, 'r' as kind, 'table' as type_name,
        {_USER} as owner, '' as definition, comment, estimated_size as estimated_rows,
        column_count, false as is_late
    from duckdb_tables() where {_OURS}
    union all
    select
        {_VIEW_OIDS} + view_oid, {_SCHEMA}, view_name, 'v', 'view', {_USER},
        regexp_extract(sql, '(?s) AS (.*)$', 1, 'i'), comment, 0, column_count,
        coalesce(l.is_late, false)
    from duckdb_views()
    left join (
        select schema_name, table_name as view_name, true as is_late from {records.DECLARED}
        where what = '{records.VIEW}' and detail = '{records.LATE}'
    ) as l using (schema_name, view_name)
    where {_OURS}""",
    "columns": f"""select
        {_DATABASE} as table_catalog, {_SCHEMA} as table_schema, c.table_name, c.column_name,
        cast(c.column_index as integer) as ordinal_position,
        c.column_default,
        case when c.is_nullable then 'YES' else 'NO' end as is_nullable,
        {_TYPE} as data_type,
        case when data_type = 'VARCHAR' then coalesce(l.max_bytes, cast(b.detail as integer), 65535) end
            as character_maximum_length,
        cast(c.numeric_precision as integer) as numeric_precision,
        case when c.numeric_precision is not null then 10 end as numeric_precision_radix,
        cast(c.numeric_scale as integer) as numeric_scale,
        case when data_type like 'TIMESTAMP%' then 6 end as datetime_precision,
        c.comment as remarks
    from duckdb_columns() as c
    left join {SYSTEM_SCHEMA}.limits as l using (database_name, schema_name, table_name, column_name)
    left join (select * from {records.DECLARED} where what = '{records.BYTES}') as b
        using (schema_name, table_name, column_name)
    where {_OURS}""",
    "attributes": f"""select
        r.oid, r.kind, c.table_schema, c.table_name, c.column_name, c.ordinal_position, c.column_default,
        c.is_nullable = 'NO' as not_null, coalesce(t.oid, 705) as type_oid,
        coalesce(t.size, -1) as size, c.remarks, r.is_late,
        case c.data_type
            when 'character varying' then c.character_maximum_length + 4
            when 'numeric' then c.numeric_precision * 65536 + c.numeric_scale + 4
            else -1
        end as modifier,
        case c.data_type
            when 'character varying' then format('character varying({{}})', c.character_maximum_length)
            when 'numeric' then format('numeric({{}},{{}})', c.numeric_precision, c.numeric_scale)
            else c.data_type
        end as format_type,
        d.encoding, coalesce(d.is_distkey, false) as is_distkey, coalesce(d.sortkey, 0) as sortkey
    from {SYSTEM_SCHEMA}.columns as c
    inner join {SYSTEM_SCHEMA}.relations as r on r.schema_name = c.table_schema and r.name = c.table_name
    left join {SYSTEM_SCHEMA}.type_names as t on t.said = c.data_type
    left join (
        select
            schema_name, table_name, column_name,
            max(case detail when 'raw' then 'none' else detail end)
                filter (what = '{records.ENCODING}') as encoding,
            bool_or(what = '{records.DISTKEY}') as is_distkey,
            -- The places of an interleaved key alternate in sign (guide: r_PG_TABLE_DEF).
            max(case
                when what = '{records.SORTKEY}' then number
                when what = '{records.INTERLEAVED}' then number * (2 * (number % 2) - 1)
            end) as sortkey
        from {records.DECLARED}
        group by all
    ) as d on d.schema_name = c.table_schema and d.table_name = c.table_name
        and d.column_name = c.column_name""",
    "constraints": f"""select
        {_CONSTRAINT_OIDS} + r.oid * 64 + d.number * 4 + d.rank as oid, r.oid as relation_oid,
        r.schema_name, r.name as table_name, d.kind, d.what, d.numbers, d.names, d.points_at,
        r.name || case d.kind when 'p' then '_pkey' when 'u' then '_' || d.first_name || '_key'
            else '_' || d.first_name || '_fkey' end as name,
        upper(d.what) || ' (' || array_to_string(d.names, ', ') || ')'
            || case d.kind when 'f' then ' REFERENCES ' || d.points_at || coalesce(k.columns, '')
                else '' end as definition
    from (
        select
            f.schema_name, f.table_name, f.what, f.number,
            case f.what when '{records.PRIMARY_KEY}' then 'p' when '{records.UNIQUE}' then 'u' else 'f' end
                as kind,
            case f.what when '{records.PRIMARY_KEY}' then 0 when '{records.UNIQUE}' then 1 else 2 end
                as rank,
            max(f.detail) as points_at, first(a.column_name order by a.ordinal_position) as first_name,
            list(a.ordinal_position order by a.ordinal_position) as numbers,
            list(a.column_name order by a.ordinal_position) as names
        from {records.DECLARED} as f
        inner join {SYSTEM_SCHEMA}.columns as a on a.table_schema = f.schema_name
            and a.table_name = f.table_name and a.column_name = f.column_name
        where f.what in ('{records.PRIMARY_KEY}', '{records.UNIQUE}', '{records.FOREIGN_KEY}')
        group by all
    ) as d
    left join (
        select
            schema_name || '.' || table_name as of_table,
            '(' || string_agg(column_name, ', ') || ')' as columns
        from {records.DECLARED} where what = '{records.PRIMARY_KEY}'
        group by all
    ) as k on k.of_table = d.points_at
    inner join {SYSTEM_SCHEMA}.relations as r
        on r.schema_name = d.schema_name and r.name = d.table_name""",
    "current_database": f"select {_DATABASE} as current_database",
    # ---------- information_schema
    "schemata": f"""select
        {_DATABASE} as catalog_name, schema_name, {_USER} as schema_owner
    from duckdb_schemas()
    where database_name = current_database() and not internal
        and schema_name not in ('{SYSTEM_SCHEMA}', 'main')""",
    "tables": f"""select
        {_DATABASE} as table_catalog, schema_name as table_schema, name as table_name,
        case when schema_name = 'pg_temp' then 'LOCAL TEMPORARY' when kind = 'v' then 'VIEW'
            else 'BASE TABLE' end as table_type,
        comment as remarks
    from {SYSTEM_SCHEMA}.relations""",
    "views": f"""select
        {_DATABASE} as table_catalog, schema_name as table_schema, name as table_name,
        definition as view_definition, 'NONE' as check_option, 'NO' as is_updatable,
        'NO' as is_insertable_into
    from {SYSTEM_SCHEMA}.relations where kind = 'v'""",
    "bound_columns": f"""select * from {SYSTEM_SCHEMA}.columns as c
    where not exists (
        select 1 from {SYSTEM_SCHEMA}.relations as r
        where r.is_late and r.schema_name = c.table_schema and r.name = c.table_name)""",
    "table_constraints": f"""select
        {_DATABASE} as constraint_catalog, schema_name as constraint_schema, name as constraint_name,
        {_DATABASE} as table_catalog, schema_name as table_schema, table_name,
        upper(what) as constraint_type, 'NO' as is_deferrable, 'NO' as initially_deferred
    from {SYSTEM_SCHEMA}.constraints""",
    "key_column_usage": f"""select
        {_DATABASE} as constraint_catalog, schema_name as constraint_schema, name as constraint_name,
        {_DATABASE} as table_catalog, schema_name as table_schema, table_name,
        unnest(names) as column_name, cast(unnest(range(1, len(names) + 1)) as integer) as ordinal_position
    from {SYSTEM_SCHEMA}.constraints""",
    # ---------- pg_catalog
    "pg_namespace": f"""select oid, schema_name as nspname, {_USER_ID} as nspowner, {_NO_TEXT} as nspacl
    from duckdb_schemas()
    where database_name = current_database() and not internal
        and schema_name not in ('{SYSTEM_SCHEMA}', 'main')
    union all
    select oid, name, cast(1 as bigint), null
    from (values ({_TEMP_OID}, 'pg_temp'), ({_CATALOG_OID}, 'pg_catalog'),
        ({_INFORMATION_OID}, 'information_schema')) as s(oid, name)""",
    "pg_class": f"""select
        r.oid, r.name as relname, n.oid as relnamespace, cast(0 as bigint) as reltype,
        {_USER_ID} as relowner, cast(0 as bigint) as relam, r.oid as relfilenode,
        cast(0 as bigint) as reltablespace, cast(0 as bigint) as reltoastrelid,
        cast(0 as bigint) as reltoastidxid, 0 as relpages,
        cast(r.estimated_rows as real) as reltuples, false as relhasindex, false as relisshared,
        r.kind as relkind, cast(r.column_count as smallint) as relnatts,
        cast(0 as smallint) as relchecks, cast(0 as smallint) as reltriggers,
        false as relhasoids, false as relhaspkey, false as relhasrules, false as relhassubclass,
        {_NO_TEXT} as relacl,
        case d.detail when 'even' then 0 when 'key' then 1 when 'all' then 8 end as reldiststyle
    from {SYSTEM_SCHEMA}.relations as r
    left join {records.DECLARED} as d
        on d.schema_name = r.schema_name and d.table_name = r.name and d.what = '{records.DISTSTYLE}'
    inner join {SYSTEM_SCHEMA}.pg_namespace as n on n.nspname = r.schema_name""",
    "pg_attribute": f"""select
        oid as attrelid, column_name as attname, cast(type_oid as bigint) as atttypid,
        cast(size as smallint) as attlen, cast(ordinal_position as smallint) as attnum,
        0 as attndims, cast(modifier as integer) as atttypmod, not_null as attnotnull,
        column_default is not null as atthasdef, false as attisdropped, true as attislocal,
        0 as attinhcount, is_distkey as attisdistkey, sortkey as attsortkeyord,
        cast(list_position({ENCODINGS}, encoding) as smallint) as attencodingtype
    from {SYSTEM_SCHEMA}.attributes where not is_late""",
    "pg_attrdef": f"""select
        oid as adrelid, cast(ordinal_position as smallint) as adnum, column_default as adbin,
        column_default as adsrc
    from {SYSTEM_SCHEMA}.attributes where column_default is not null""",
    "pg_description": f"""select
        oid as objoid, cast(1259 as bigint) as classoid, 0 as objsubid, comment as description
    from {SYSTEM_SCHEMA}.relations where comment is not null
    union all
    select oid, 1259, ordinal_position, remarks
    from {SYSTEM_SCHEMA}.attributes where remarks is not null""",
    "pg_type": f"""select
        cast(oid as bigint) as oid, name as typname,
        cast({_CATALOG_OID} as bigint) as typnamespace, cast(1 as bigint) as typowner,
        cast(size as smallint) as typlen, size between 1 and 8 as typbyval, 'b' as typtype,
        true as typisdefined, ',' as typdelim, cast(0 as bigint) as typrelid,
        cast(0 as bigint) as typelem, name || 'in' as typinput, name || 'out' as typoutput,
        false as typnotnull, cast(0 as bigint) as typbasetype, -1 as typtypmod, 0 as typndims,
        {_NO_TEXT} as typdefault
    from {SYSTEM_SCHEMA}.type_names""",
    "pg_user": f"""select
        {_USER} as usename, {_USER_ID} as usesysid, true as usecreatedb, false as usesuper,
        false as usecatupd, '********' as passwd, cast(null as timestamp) as valuntil,
        {_NO_TEXT} as useconfig""",
    "pg_group": _empty(groname="varchar", grosysid="bigint", grolist="varchar"),
    "pg_database": f"""select
        database_oid as oid, database_name as datname, {_USER_ID} as datdba, 6 as encoding,
        false as datistemplate, true as datallowconn, {_NO_TEXT} as datconfig, {_NO_TEXT} as datacl
    from duckdb_databases() where database_name = current_database()""",
    "pg_constraint": f"""select
        c.oid, c.name as conname, n.oid as connamespace, c.kind as contype, false as condeferrable,
        false as condeferred, c.relation_oid as conrelid, cast(0 as bigint) as contypid,
        coalesce(f.oid, 0) as confrelid, ' ' as confupdtype, ' ' as confdeltype, ' ' as confmatchtype,
        '{{' || array_to_string(c.numbers, ',') || '}}' as conkey, {_NO_TEXT} as confkey,
        {_NO_TEXT} as conbin, {_NO_TEXT} as consrc
    from {SYSTEM_SCHEMA}.constraints as c
    inner join {SYSTEM_SCHEMA}.pg_namespace as n on n.nspname = c.schema_name
    left join {SYSTEM_SCHEMA}.relations as f on f.schema_name || '.' || f.name = c.points_at""",
    # A view depends, by its rule, on what it reads.
    "pg_rewrite": f"""select
        oid, '_RETURN' as rulename, oid as ev_class, '1' as ev_type, true as is_instead
    from {SYSTEM_SCHEMA}.relations where kind = 'v'""",
    "pg_depend": f"""select distinct
        cast(2618 as bigint) as classid, v.oid as objid, 0 as objsubid, cast(1259 as bigint) as refclassid,
        r.oid as refobjid, 0 as refobjsubid, 'n' as deptype
    from {records.VIEW_SOURCE} as s
    inner join {SYSTEM_SCHEMA}.relations as v on v.schema_name = s.schema_name and v.name = s.view_name
    inner join {SYSTEM_SCHEMA}.relations as r
        on r.schema_name = s.source_schema and r.name = s.source_name
    where not v.is_late""",
    "pg_index": _empty(
        indexrelid="bigint",
        indrelid="bigint",
        indkey="varchar",
        indclass="varchar",
        indnatts="smallint",
        indisunique="boolean",
        indisprimary="boolean",
        indisclustered="boolean",
        indexprs="varchar",
        indpred="varchar",
    ),
    "pg_inherits": _empty(inhrelid="bigint", inhparent="bigint", inhseqno="integer"),
    "pg_proc": _empty(
        oid="bigint",
        proname="varchar",
        pronamespace="bigint",
        proowner="bigint",
        prolang="bigint",
        prorettype="bigint",
        proretset="boolean",
        pronargs="smallint",
        proargtypes="varchar",
        proargnames="varchar",
        prosrc="varchar",
    ),
    "pg_proc_info": _empty(
        prooid="bigint",
        proname="varchar",
        pronamespace="bigint",
        proowner="bigint",
        prolang="bigint",
        prokind="varchar",
        prorettype="bigint",
        proretset="boolean",
        pronargs="smallint",
        proargtypes="varchar",
        proargnames="varchar",
        proargmodes="varchar",
        proallargtypes="varchar",
        prosrc="varchar",
    ),
    "pg_tables": f"""select
        schema_name as schemaname, name as tablename, owner as tableowner, {_NO_TEXT} as tablespace,
        false as hasindexes, false as hasrules, false as hastriggers
    from {SYSTEM_SCHEMA}.relations where kind = 'r'""",
    "pg_views": f"""select
        schema_name as schemaname, name as viewname, owner as viewowner, definition
    from {SYSTEM_SCHEMA}.relations where kind = 'v'""",
    # Only of the tables that the search path finds (guide: r_PG_TABLE_DEF).
    "pg_table_def": f"""select
        table_schema as schemaname, table_name as tablename, column_name as "column",
        format_type as type, encoding, is_distkey as distkey, sortkey, not_null as "notnull"
    from {SYSTEM_SCHEMA}.attributes
    where kind = 'r'
        and (table_schema = 'pg_temp' or list_contains(current_schemas(false), table_schema))""",
    # ---------- views for visible metadata
    "svv_all_schemas": f"""select
        {_DATABASE} as database_name, schema_name, 100 as schema_owner,
        'local' as schema_type, {_NO_TEXT} as schema_acl, {_NO_TEXT} as source_database,
        {_NO_TEXT} as schema_option
    from {SYSTEM_SCHEMA}.schemata""",
    "svv_all_tables": f"""select
        {_DATABASE} as database_name, schema_name, name as table_name,
        case when schema_name = 'pg_temp' then 'TEMP' when kind = 'v' then 'VIEW' else 'TABLE' end
            as table_type,
        {_NO_TEXT} as table_acl, comment as remarks
    from {SYSTEM_SCHEMA}.relations""",
    "svv_all_columns": f"""select
        table_catalog as database_name, table_schema as schema_name, table_name, column_name,
        ordinal_position, column_default, is_nullable, data_type, character_maximum_length,
        numeric_precision, numeric_scale, remarks
    from {SYSTEM_SCHEMA}.columns""",
    "svv_redshift_columns": f"""select
        {_DATABASE} as database_name, table_schema as schema_name, table_name, column_name,
        ordinal_position, format_type as data_type, column_default,
        case when not_null then 'NO' else 'YES' end as is_nullable, encoding,
        is_distkey as distkey, sortkey,
        {_NO_TEXT} as column_acl, remarks
    from {SYSTEM_SCHEMA}.attributes""",
    "svv_redshift_databases": f"""select
        {_DATABASE} as database_name, 100 as database_owner, 'local' as database_type,
        {_NO_TEXT} as database_acl, {_NO_TEXT} as database_options""",
    # Only of tables that have rows (guide: r_SVV_TABLE_INFO).
    "svv_table_info": f"""select
        {_DATABASE} as "database", r.schema_name as "schema", r.oid as table_id,
        r.name as "table", {_NO_TEXT} as encoded, {_NO_TEXT} as diststyle, {_NO_TEXT} as sortkey1,
        (select max(case when a.type_oid = 1043 then a.modifier - 4 else 0 end)
            from {SYSTEM_SCHEMA}.attributes as a where a.oid = r.oid) as max_varchar,
        {_NO_TEXT} as sortkey1_enc, cast(null as integer) as sortkey_num,
        cast(null as bigint) as "size", cast(null as decimal(10,4)) as pct_used,
        cast(0 as bigint) as "empty", cast(null as decimal(5,2)) as unsorted,
        cast(null as decimal(5,2)) as stats_off, cast(r.estimated_rows as decimal(38,0)) as tbl_rows,
        cast(null as decimal(19,2)) as skew_sortkey1, cast(null as decimal(19,2)) as skew_rows,
        cast(r.estimated_rows as decimal(38,0)) as estimated_visible_rows, {_NO_TEXT} as risk_event,
        cast(null as decimal(12,2)) as vacuum_sort_benefit, cast(null as timestamp) as create_time
    from {SYSTEM_SCHEMA}.relations as r where r.kind = 'r' and r.estimated_rows > 0""",
    "svv_external_schemas": _empty(
        esoid="bigint",
        eskind="smallint",
        schemaname="varchar",
        esowner="bigint",
        databasename="varchar",
        esoptions="varchar",
    ),
    "svv_external_tables": _empty(
        redshift_database_name="varchar",
        schemaname="varchar",
        tablename="varchar",
        tabletype="varchar",
        location="varchar",
        parameters="varchar",
    ),
    "svv_external_columns": _empty(
        redshift_database_name="varchar",
        schemaname="varchar",
        tablename="varchar",
        columnname="varchar",
        external_type="varchar",
        columnnum="integer",
        part_key="integer",
        is_nullable="varchar",
    ),
    "svv_external_databases": _empty(
        eskind="smallint", esoptions="varchar", databasename="varchar", location="varchar"
    ),
    "svv_mv_info": _empty(
        database_name="varchar",
        schema_name="varchar",
        user_name="varchar",
        name="varchar",
        is_stale="varchar",
        state="integer",
        autorewrite="varchar",
        autorefresh="varchar",
    ),
    "stv_db_isolation_level": """select d.db_name, d.isolation_level
    from (
        select unnest(
            cast(getvariable('redshift_databases') as struct(db_name varchar, isolation_level varchar)[])
        ) as d
    )""",
    "late_binding_view_columns": f"""select
        table_schema as view_schema, table_name as view_name, column_name as col_name,
        format_type as col_type, ordinal_position as col_num
    from {SYSTEM_SCHEMA}.attributes where is_late""",
}

_SAME = {"svv_columns": "columns", "svv_tables": "tables", "svv_redshift_schemas": "svv_all_schemas",
         "svv_redshift_tables": "svv_all_tables"}  # fmt: skip
_INFORMATION = ("columns", "key_column_usage", "schemata", "table_constraints", "tables", "views")

RELATIONS = {
    **{f"information_schema.{name}": name for name in _INFORMATION},
    "information_schema.columns": "bound_columns",
    **{name: name for name in VIEWS if name.startswith(("pg_", "svv_", "stv_"))},
    **_SAME,
}
"""What a client writes, without ``pg_catalog.``, and the view behind it."""

IS_SYSTEM_NAME = r"(svv|stl|stv|svl|svcs|sys|pg|duckdb|sqlite|pragma)_"
"""How the names of system relations begin."""

_NOTES = {
    "pg_settings": "SHOW tells the value of a setting",
    "pg_": "clients of a data warehouse do not need it",
    "svv_": "it tells of parts of a cluster that the local Redshift does not have",
    "stl_": "a cluster's log of its own work",
    "svl_": "a cluster's log of its own work",
    "svcs_": "a cluster's log of its own work",
    "sys_": "a cluster's log of its own work",
    "stv_": "a snapshot of a cluster at work",
    "information_schema": "only " + ", ".join(_INFORMATION) + " are",
}


def why_not(relation: str) -> str:
    """A sentence for a system relation that is not here."""
    note = next((n for begin, n in _NOTES.items() if relation.startswith(begin)), "")
    return f"{relation} is not kept by the local Redshift" + (f": {note}" if note else "")
