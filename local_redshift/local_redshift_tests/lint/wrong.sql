-- What careful engineers write for Redshift and should not: before each statement its name, why it is wrong, and the
-- page of the Redshift Database Developer Guide that says so. Some fail there, some mean something else, and some mean
-- what they should on one day and not on another.

---------- PostgreSQL's

-- distinct-on: Redshift has no DISTINCT ON (c_unsupported-postgresql-features)
select distinct on (message_id) message_id, occurred_at from warehouse.fact_click order by message_id, occurred_at;

-- on-conflict: there is no upsert but MERGE (r_INSERT_30)
insert into control.load (load_id, event_type) values ('01J', 'link_click') on conflict (load_id) do nothing;

-- returning: DML returns no rows (r_DELETE)
delete from control.touched_message where message_id = '01J' returning message_id;

-- aggregate-filter: FILTER is not in the grammar of aggregates (c_Aggregate_Functions)
select campaign_id, count(*) filter (where is_human) as human_clicks from warehouse.fact_click group by campaign_id;

-- lateral-join: LATERAL is not supported (c_unsupported-postgresql-features)
select m.message_id, c.occurred_at from warehouse.fact_message as m cross join lateral (select occurred_at from warehouse.fact_click as f where f.message_id = m.message_id) as c;

-- values-table: VALUES stands in INSERT only (r_SELECT_synopsis)
select v.column1 as state from (values ('SENT'), ('FAILED')) as v;

-- generate-series: runs on the leader node only, never with a table (c_unsupported-postgresql-functions)
select d.day, m.message_id from generate_series(1, 30) as d(day) join warehouse.fact_message as m on m.sent_dow_local = d.day;

-- string-agg: LISTAGG is the function (c_unsupported-postgresql-functions)
select campaign_id, string_agg(variant_id, ',') as variants from warehouse.dim_variant group by campaign_id;

-- array-agg: there are no arrays of that kind (c_unsupported-postgresql-functions)
select campaign_id, array_agg(variant_id) as variants from warehouse.dim_variant group by campaign_id;

-- jsonb-column: JSONB is not a type (c_unsupported-postgresql-datatypes)
create table control.note (note_id varchar(26), body jsonb);

-- uuid-column: UUID is not a type (c_unsupported-postgresql-datatypes)
create table control.note (note_id uuid, body varchar(256));

-- serial-column: SERIAL is not a type, IDENTITY(1, 1) is the word (c_unsupported-postgresql-datatypes)
create table control.note (note_id bigserial, body varchar(256));

-- check-constraint: CHECK is not supported (r_CREATE_TABLE_NEW)
create table control.note (note_id varchar(26), size_bytes bigint check (size_bytes >= 0));

-- create-index: there are no indexes (c_unsupported-postgresql-features)
create index load_by_type on control.load (event_type);

-- array-literal: ARRAY[...] is not a literal (c_unsupported-postgresql-datatypes)
select load_id from control.load where event_type = any(array['link_click', 'sms_submitted']);

-- for-update: rows cannot be locked (r_SELECT_synopsis)
select load_id from control.load where load_id = '01J' for update;

-- range-frame: an aggregate's frame is counted in rows (c_Window_functions)
select message_id, cast(sum(segment_count) over (order by occurred_at range between interval '1 hour' preceding and current row) as bigint) as recent from warehouse.fact_submission;

-- no-frame: an aggregate with ORDER BY needs a frame (c_Window_functions)
select load_id, cast(sum(rows_landed) over (order by load_id) as bigint) as so_far from control.load;

-- named-window: there is no WINDOW clause (c_Window_functions)
select message_id, row_number() over w as n from warehouse.fact_click window w as (partition by message_id order by occurred_at);

-- alter-type-using: ALTER COLUMN TYPE takes no USING (r_ALTER_TABLE)
alter table control.load alter column run_id type bigint using run_id::bigint;

-- two-actions: ALTER TABLE does one thing at a time (r_ALTER_TABLE)
alter table control.load add column note varchar(64), add column noted_at timestamp;

-- extract-epoch-interval: a difference of timestamps is an interval of days, its epoch is no plain number (r_EXTRACT_function)
select message_id, extract(epoch from (last_click_at - first_click_at)) as seconds from warehouse.fact_message;

-- regexp-matches: not a function of Redshift (String_functions_header)
select message_id from warehouse.fact_message where array_length(regexp_matches(link_token, '[0-9]+'), 1) > 0;

-- dollar-format: format() is not a function of Redshift (String_functions_header)
select format('%s/%s', campaign_id, variant_id) as variant_key from warehouse.dim_variant;

-- position-of-money: TO_CHAR of a number pads with blanks unless FM leads (r_TO_CHAR)
select to_char(rows_landed, '999G999') as rows_landed from control.load;

-- is-distinct-from: compares with COALESCE or a CASE instead (r_comparison_condition)
select event_id from click where old_click_class is distinct from click_class;

-- temp-in-schema: a temporary table takes no schema (r_CREATE_TABLE_NEW)
create temp table control.waiting (load_id varchar(26));

-- on-commit-drop: a temporary table lives as long as the session (r_CREATE_TABLE_NEW)
create temp table waiting (load_id varchar(26)) on commit drop;

-- unlogged: there are no unlogged tables (r_CREATE_TABLE_NEW)
create unlogged table control.waiting (load_id varchar(26));

-- natural-join: which columns join depends on what was added since (r_FROM_clause30)
select load_id, table_name from control.load natural join control.applied_load;

-- savepoint: a transaction has no savepoints (c_unsupported-postgresql-features)
savepoint before_merge;

---------- DuckDB's and Snowflake's

-- star-exclude: EXCLUDE drops one column and takes those that come later (r_SELECT_list)
insert into control.load_history (load_id, event_type) select * exclude (run_id) from control.load;

-- from-first: a query begins with SELECT (r_SELECT_synopsis)
from control.load select load_id;

-- group-by-all: columns have to be said (r_GROUP_BY_clause)
select event_type, count(*) as loads from control.load group by all;

-- order-by-all: columns have to be said (r_ORDER_BY_clause)
select event_type, load_id from control.load order by all;

-- try-strptime: not a function of Redshift (Date_functions_header)
select try_strptime(object_key, '%Y-%m-%d') as day from control.landed_object;

-- strftime: TO_CHAR is the function (Date_functions_header)
select strftime(landed_at, '%Y-%m-%d') as day from control.landed_object;

-- epoch-ms: not a function of Redshift (Date_functions_header)
select epoch_ms(landed_at) as landed_ms from control.landed_object;

-- iff: CASE is the word (c_conditional_expressions)
select load_id, iff(rows_landed > 0, 'some', 'none') as kind from control.load;

-- if-function: CASE is the word (c_conditional_expressions)
select load_id, if(rows_landed > 0, 'some', 'none') as kind from control.load;

-- safe-divide: NULLIF around the divisor is the way (r_OPERATOR_SYMBOLS)
select campaign_id, div0(clicked, delivered) as ctr from reports.campaign_performance;

-- array-contains: there are no arrays of that kind (c_unsupported-postgresql-datatypes)
select load_id from control.load where list_contains(['link_click'], event_type);

-- asof-join: no such join (r_Join_examples)
select c.event_id from warehouse.fact_click as c asof join warehouse.fact_submission as s on c.message_id = s.message_id and c.occurred_at >= s.occurred_at;

-- arg-max: not a function of Redshift (c_Aggregate_Functions)
select message_id, arg_max(click_class, occurred_at) as last_class from warehouse.fact_click group by message_id;

-- count-if: not a function of Redshift (c_Aggregate_Functions)
select campaign_id, count_if(is_human) as human_clicks from warehouse.fact_click group by campaign_id;

-- flatten: PartiQL's navigation, not FLATTEN (query-super)
select f.value as variant from warehouse.dim_campaign as c, table(flatten(c.variants)) as f;

-- number-type: NUMBER is not a type (c_Supported_data_types)
create table control.amount (amount_id varchar(26), amount number(18, 4));

-- string-type: STRING is not a type (c_Supported_data_types)
select cast(rows_landed as string) as rows_text from control.load;

-- double-type: DOUBLE PRECISION is two words (r_Numeric_types201)
select cast(rows_landed as double) as landed from control.load;

-- tinyint: the smallest is SMALLINT (r_Numeric_types201)
create table control.amount (amount_id varchar(26), tries tinyint);

-- unsigned: no type is unsigned (r_Numeric_types201)
select cast(rows_landed as int unsigned) as landed from control.load;

-- datetime-function: not a function of Redshift (Date_functions_header)
select to_timestamp_ntz(object_key) as at from control.landed_object;

-- double-quotes-text: double quotes make a name, not a text (r_names)
select load_id from control.load where event_type = "link_click";

-- trailing-comma: no comma stands before FROM (r_SELECT_list)
select load_id, event_type, from control.load;

-- double-equals: one sign compares (r_comparison_condition)
select load_id from control.load where event_type == 'link_click';

---------- COPY and UNLOAD

-- copy-typo-option: MANIFST is no option (r_COPY)
copy staging.link_click from 's3://lake/landing/good.manifest' iam_role default format as parquet manifst;

-- copy-maxerror-parquet: COPY of Parquet knows no MAXERROR (copy-usage_notes-copy-from-columnar)
copy staging.link_click from 's3://lake/landing/good.manifest' iam_role default format as parquet manifest maxerror 10;

-- copy-no-format: without a format COPY reads delimited text (r_COPY)
copy staging.link_click from 's3://lake/landing/good.manifest' iam_role default manifest;

-- copy-from-stdin: COPY reads from S3, DynamoDB, EMR or SSH (r_COPY)
copy staging.link_click from stdin;

-- copy-local-file: COPY reads from S3, DynamoDB, EMR or SSH (r_COPY)
copy staging.link_click from '/tmp/good.parquet' iam_role default format as parquet;

-- copy-no-credentials: COPY has to say whose rights it uses (copy-parameters-authorization)
copy staging.link_click from 's3://lake/landing/good.manifest' format as parquet manifest;

-- copy-keys-in-text: keys in a statement end up in the query log (copy-parameters-authorization)
copy staging.link_click from 's3://lake/landing/good.manifest' access_key_id 'AKIA0000' secret_access_key 'x' format as parquet manifest;

-- copy-statupdate-value: ON or OFF (copy-parameters-data-load)
copy staging.link_click from 's3://lake/landing/good.manifest' iam_role default format as parquet manifest statupdate never;

-- copy-prefix: a prefix takes in whatever else begins so; a manifest does not (loading-data-files-using-manifest)
copy staging.link_click from 's3://lake/landing/' iam_role default format as parquet;

---------- MERGE

-- merge-subquery: the source is a table (r_MERGE)
merge into warehouse.dim_asn using (select asn, asn_kind from new_asn) as n on warehouse.dim_asn.asn = n.asn when matched then update set asn_kind = n.asn_kind when not matched then insert (asn, asn_kind) values (n.asn, n.asn_kind);

-- merge-target-alias: the target takes no alias (r_MERGE)
merge into warehouse.dim_asn as d using new_asn as n on d.asn = n.asn when matched then update set asn_kind = n.asn_kind when not matched then insert (asn, asn_kind) values (n.asn, n.asn_kind);

-- merge-only-matched: both WHEN clauses are needed (r_MERGE)
merge into warehouse.dim_asn using new_asn as n on dim_asn.asn = n.asn when matched then update set asn_kind = n.asn_kind;

-- merge-condition: WHEN takes no AND (r_MERGE)
merge into warehouse.dim_asn using new_asn as n on dim_asn.asn = n.asn when matched and n.asn_kind = 'X' then delete when not matched then insert (asn, asn_kind) values (n.asn, n.asn_kind);

-- merge-with: MERGE takes no WITH (r_MERGE)
with n as (select asn, asn_kind from new_asn) merge into warehouse.dim_asn using n on dim_asn.asn = n.asn when matched then delete when not matched then insert (asn, asn_kind) values (n.asn, n.asn_kind);

-- merge-by-source: WHEN NOT MATCHED BY SOURCE is not in the grammar (r_MERGE)
merge into warehouse.dim_asn using new_asn as n on dim_asn.asn = n.asn when matched then update set asn_kind = n.asn_kind when not matched by source then delete;

---------- DML

-- truncate: commits what the transaction has done so far (r_TRUNCATE)
truncate table reports.rolling_30d;

-- delete-alias: the table that is deleted from takes no alias (r_DELETE)
delete from warehouse.fact_click as c where c.message_id = '01J';

-- update-alias-in-set: SET takes plain column names (r_UPDATE)
update warehouse.dim_user_agent set dim_user_agent.ua_class = 'BOT' where ua_key = 'x';

-- update-twice: joins to several rows, and takes any one of them (r_UPDATE)
update warehouse.fact_message set delivered_at = (select occurred_at from warehouse.fact_delivery_event as e where e.message_id = fact_message.message_id limit 1);

-- insert-by-position: says nothing of columns, and breaks in silence when one is added (r_INSERT_30)
insert into control.applied_load select load_id, 'fact_click' as table_name, cast(:now as timestamp) as applied_at from batch_load;

-- insert-star: takes whatever columns the source has by then (r_INSERT_30)
insert into control.load (load_id, event_type) select * from new_load;

-- insert-crossed: two columns of one type change places (r_INSERT_30)
insert into control.quarantined_line (object_id, load_id) select load_id, object_id from new_line;

-- insert-too-few: as many expressions as columns (r_INSERT_30)
insert into control.applied_load (load_id, table_name, applied_at) select load_id, cast(:table_name as varchar(64)) as table_name from batch_load;

-- ctas-star: takes whatever columns the source has by then (r_CREATE_TABLE_AS)
create table reports.old_load as select * from control.load;

-- ctas-no-name: a column of a table needs a name (r_CREATE_TABLE_AS)
create temp table counted as select event_type, count(*) + 1 from control.load group by event_type;

-- bound-in-ctas: values are bound in SELECT, INSERT, UPDATE and DELETE only (r_PREPARE)
create temp table todays as select load_id from control.load where arrival_date = :day;

-- bound-untyped-column: a bound text has no type of its own in a list of columns (r_PREPARE)
select load_id, :table_name as table_name from batch_load;

---------- types

-- varchar-no-length: 256 bytes, not any length (r_Character_types)
create table control.note (note_id varchar(26), body varchar);

-- text-type: 256 bytes, not any length (r_Character_types)
create table control.note (note_id varchar(26), body text);

-- varchar-too-long: 65535 bytes are the most (r_Character_types)
create table control.note (note_id varchar(26), body varchar(100000));

-- char-type: pads with blanks and holds single bytes only (r_Character_types)
create table control.note (note_id char(26), body varchar(256));

-- decimal-no-scale: DECIMAL alone has no places after the point (r_Numeric_types201)
create table control.amount (amount_id varchar(26), amount decimal);

-- decimal-too-wide: 38 digits are the most (r_Numeric_types201)
create table control.amount (amount_id varchar(26), amount decimal(40, 2));

-- blob: BYTEA is not a type (c_unsupported-postgresql-datatypes)
create table control.note (note_id varchar(26), body bytea);

-- interval-column: clients cannot read it, seconds can (r_interval_data_types)
create table control.note (note_id varchar(26), age interval);

-- reserved-name: TAG is a reserved word (r_pg_keywords)
create table control.note (tag varchar(26), body varchar(256));

-- reserved-alias: OFFSET is a reserved word (r_pg_keywords)
select load_id, rows_landed as offset from control.load;

-- encode-az64-text: AZ64 is for numbers and dates (c_Compression_encodings)
create table control.note (note_id varchar(26) encode az64, body varchar(256));

-- two-distkeys: a table has one (r_CREATE_TABLE_NEW)
create table control.note (note_id varchar(26) distkey, load_id varchar(26) distkey);

-- diststyle-typo: AUTO, EVEN, KEY or ALL (r_CREATE_TABLE_NEW)
create table control.note (note_id varchar(26)) diststyle round_robin;

-- cluster-by: SORTKEY is the word (r_CREATE_TABLE_NEW)
create table control.note (note_id varchar(26)) cluster by (note_id);

-- trusted-key: the planner trusts a key that nobody enforces (t_Defining_constraints)
create table control.note (note_id varchar(26) primary key, body varchar(256));

---------- silent differences

-- integer-division: 3 of 4 is 0 (r_OPERATOR_SYMBOLS)
select campaign_id, delivered / sent as delivery_rate from reports.campaign_performance;

-- division-by-zero: an error for the whole query on the first campaign without messages (r_OPERATOR_SYMBOLS)
select campaign_id, cast(delivered as float8) / sent as delivery_rate from reports.campaign_performance;

-- average-of-integers: a whole number (r_AVG)
select campaign_id, avg(sec_to_first_click) as seconds from warehouse.fact_message group by campaign_id;

-- sum-type: NUMERIC for a BIGINT, so its type follows from the column's (r_SUM)
select event_type, sum(rows_landed) as rows_landed from control.load group by event_type;

-- trailing-blank: 'x ' equals 'x' there (r_Examples_with_character_types)
select load_id from control.load where event_type = 'link_click ';

-- lateral-alias: which of the two `sent` is meant depends on the columns of the table (r_SELECT_list)
select nullif(sent, 0) as sent, cast(delivered as float8) / nullif(sent, 0) as rate from reports.campaign_performance;

-- alias-in-where: WHERE does not know the names of the list (r_WHERE_clause)
select upper(event_type) as type_name from control.load where type_name = 'LINK_CLICK';

-- limit-without-order: any ten rows, others the next time (r_ORDER_BY_clause)
select load_id, event_type from control.load limit 10;

-- row-number-without-order: any order, another the next time (r_WF_ROW_NUMBER)
select message_id, row_number() over (partition by message_id) as n from warehouse.fact_click;

-- clock-in-load: a rerun of the same load gives other rows (r_GETDATE)
insert into control.applied_load (load_id, table_name, applied_at) select load_id, cast(:table_name as varchar(64)) as table_name, getdate() as applied_at from batch_load;

-- today-in-report: a report for a day in the past is not the same the next day (r_CURRENT_DATE_function)
select message_id from warehouse.fact_message where cohort_date >= current_date - 30;

-- not-in-null: one NULL in the list and no row comes out (r_in_condition)
select load_id from control.load where load_id not in (select load_id from control.applied_load);

-- timestamp-with-offset: the offset is cut off without a word (r_Datetime_types)
select message_id from warehouse.fact_message where sent_at >= cast('2026-03-01 00:00:00+02:00' as timestamp);

-- timestamp-nanoseconds: six digits are kept (r_Datetime_types)
select message_id from warehouse.fact_message where sent_at >= timestamp '2026-03-01 00:00:00.123456789';

-- dayfirst-date: which is the month depends on DateStyle (r_DATEFORMAT_and_TIMEFORMAT_strings)
select message_id from warehouse.fact_message where cohort_date >= cast('03/04/2026' as date);

-- float-to-integer: halves are rounded one way here and another there (r_CAST_function)
select message_id, cast(cast(segment_count as float8) / 2 as integer) as half from warehouse.fact_submission;

-- week-difference: weeks are counted from Sunday in one place and Monday in another (r_DATEDIFF_function)
select message_id, datediff(week, sent_at, first_click_at) as weeks from warehouse.fact_message;

-- month-name: TO_CHAR pads names with blanks (r_FORMAT_strings)
select to_char(sent_at, 'Month') as month_name from warehouse.fact_message;

-- lookahead: POSIX patterns look neither ahead nor behind (pattern-matching-conditions-posix)
select ua_key from warehouse.dim_user_agent where user_agent ~ '(?i)bot(?!tle)';

-- lazy-pattern: POSIX patterns are greedy (pattern-matching-conditions-posix)
select regexp_substr(user_agent, 'Version/.*?;') as version from warehouse.dim_user_agent;

-- skip-level: a correlation skips a query block (r_correlated_subqueries)
select c.campaign_id from warehouse.dim_campaign as c where not exists (select 1 as one from warehouse.dim_variant as v where not exists (select 1 as one from warehouse.fact_message as m where m.campaign_id = c.campaign_id));

-- correlated-in-on: a correlation in the ON clause of an outer join (r_correlated_subqueries)
select m.message_id from warehouse.fact_message as m left join warehouse.fact_click as c on c.message_id = m.message_id and c.occurred_at = (select max(x.occurred_at) from warehouse.fact_click as x where x.message_id = c.message_id);

-- correlated-in-list: a correlated subquery for a column, with a limit (r_correlated_subqueries)
select m.message_id, (select c.click_class from warehouse.fact_click as c where c.message_id = m.message_id order by c.occurred_at limit 1) as first_class from warehouse.fact_message as m;

-- mixed-branches: a number and a text in one CASE (r_CASE_function)
select load_id, case when rows_landed > 0 then rows_landed else 'none' end as landed from control.load;

-- quoted-mixed-case: Redshift folds it, DuckDB keeps it (r_names)
create table control.note ("noteId" varchar(26), body varchar(256));

-- unqualified-table: which schema it is in depends on the search path (r_search_path)
create table note (note_id varchar(26), body varchar(256));

-- order-in-table: a table has no order (r_INSERT_30)
insert into control.applied_load (load_id, table_name, applied_at) select load_id, table_name, applied_at from new_applied order by load_id;

-- group-by-shadowed: groups by the column, not by the expression of that name (r_GROUP_BY_clause)
select left(message_id, 6) as message_id, count(*) as messages from control.touched_message group by message_id;

-- full-join-range: a full join needs equalities (r_FROM_clause30)
select a.load_id, b.table_name from control.load as a full join control.applied_load as b on a.committed_at < b.applied_at;

-- now-function: now() runs on the leader node only (c_SQL_functions_leader_node_only)
select load_id from control.load where committed_at > now() - interval '1 hour';
