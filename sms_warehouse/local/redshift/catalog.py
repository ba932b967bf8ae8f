"""The system relations of Redshift that exist here, as views over DuckDB's catalog.

The length of a VARCHAR lives in the CHECK that enforces it.
"""

from __future__ import annotations

from sms_warehouse.local.redshift.functions import SYSTEM_SCHEMA

# What a client writes, and the view behind it.
RELATIONS = {
    "information_schema.columns": "columns",
    "information_schema.schemata": "schemata",
    "information_schema.tables": "tables",
    "svv_columns": "columns",
    "pg_catalog.svv_columns": "columns",
    "svv_tables": "tables",
    "pg_catalog.svv_tables": "tables",
}

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

VIEWS = {
    "limits": """select
        database_name, schema_name, table_name, constraint_column_names[1] as column_name,
        cast(regexp_extract(expression, '<= (\\d+)\\)', 1) as integer) as max_bytes
    from duckdb_constraints()
    where constraint_type = 'CHECK' and starts_with(expression, '(strlen(')""",
    "schemata": f"""select
        current_database() as catalog_name, schema_name,
        cast(getvariable('redshift_user') as varchar) as schema_owner
    from duckdb_schemas()
    where database_name = current_database() and not internal
        and schema_name not in ('{SYSTEM_SCHEMA}', 'main')""",
    "tables": f"""select
        current_database() as table_catalog, {_SCHEMA} as table_schema, table_name,
        case when database_name = 'temp' then 'LOCAL TEMPORARY' else 'BASE TABLE' end as table_type,
        comment as remarks
    from duckdb_tables() where {_OURS}
    union all
    select current_database(), {_SCHEMA}, view_name, 'VIEW', comment
    from duckdb_views() where {_OURS}""",
    "columns": f"""select
        current_database() as table_catalog, {_SCHEMA} as table_schema, c.table_name, c.column_name,
        cast(c.column_index as integer) as ordinal_position,
        c.column_default,
        case when c.is_nullable then 'YES' else 'NO' end as is_nullable,
        {_TYPE} as data_type,
        case when data_type = 'VARCHAR' then coalesce(l.max_bytes, 65535) end as character_maximum_length,
        cast(c.numeric_precision as integer) as numeric_precision,
        cast(c.numeric_scale as integer) as numeric_scale,
        c.comment as remarks
    from duckdb_columns() as c
    left join {SYSTEM_SCHEMA}.limits as l using (database_name, schema_name, table_name, column_name)
    where {_OURS}""",
    "relations": f"""select
        table_oid as oid, {_SCHEMA} as schema_name, table_name as name, 'r' as kind, 'table' as type_name,
        cast(getvariable('redshift_user') as varchar) as owner, '' as definition
    from duckdb_tables() where {_OURS}
    union all
    select
        100000000 + view_oid, {_SCHEMA}, view_name, 'v', 'view',
        cast(getvariable('redshift_user') as varchar), regexp_extract(sql, '(?s) AS (.*)$', 1, 'i')
    from duckdb_views() where {_OURS}""",
    "attributes": f"""select
        r.oid, c.column_name, c.ordinal_position, c.column_default, c.is_nullable = 'NO' as not_null,
        case
            when c.data_type = 'character varying' then format('character varying({{}})', c.character_maximum_length)
            when c.data_type = 'numeric' then format('numeric({{}},{{}})', c.numeric_precision, c.numeric_scale)
            else c.data_type
        end as format_type
    from {SYSTEM_SCHEMA}.columns as c
    inner join {SYSTEM_SCHEMA}.relations as r on r.schema_name = c.table_schema and r.name = c.table_name""",
}
