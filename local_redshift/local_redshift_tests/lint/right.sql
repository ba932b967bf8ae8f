-- Statements that Redshift takes and this project would send: before each its name and the page of the Redshift
-- Database Developer Guide it follows.

---------- queries

-- one: (r_SELECT_list)
select 1 as alive;

-- look-up: (r_WHERE_clause)
select load_id, event_type from control.load where load_id = :load_id;

-- exists-limit: (r_ORDER_BY_clause)
select 1 as waiting from control.unclassified_message limit 1;

-- newest: (r_ORDER_BY_clause)
select load_id, committed_at from control.load order by committed_at desc, load_id limit 20;

-- page: (r_ORDER_BY_clause)
select load_id from control.load order by load_id limit 100 offset 200;

-- nulls-last: (r_ORDER_BY_clause)
select load_id, run_id from control.load order by run_id desc nulls last, load_id;

-- distinct: (r_SELECT_list)
select distinct event_type from control.load;

-- inner-join: (r_FROM_clause30)
select o.object_key, l.committed_at from control.landed_object as o inner join control.load as l on l.load_id = o.load_id;

-- left-join-missing: (r_FROM_clause30)
select l.load_id from control.load as l left join control.applied_load as a on a.load_id = l.load_id where a.load_id is null;

-- full-join: (r_FROM_clause30)
select coalesce(a.message_id, b.message_id) as message_id from attempt as a full join receipt as b on b.message_id = a.message_id and b.attempt_no = a.attempt_no;

-- cross-join: (r_FROM_clause30)
select m.message_id, r.threshold from touched as m cross join warehouse.dim_bot_rule as r;

-- join-using: (r_FROM_clause30)
select load_id, table_name from control.load inner join control.applied_load using (load_id);

-- self-join: (r_FROM_clause30)
select earlier.object_id from control.landed_object as landed join control.landed_object as earlier on earlier.object_key = landed.object_key and earlier.landed_at < landed.landed_at;

-- in-list: (r_in_condition)
select load_id from control.load where event_type in ('link_click', 'sms_submitted', :other);

-- in-subquery: (r_in_condition)
select event_id from warehouse.landed_click where load_id in (select load_id from batch_load);

-- exists: (r_exists_condition)
select m.message_id from warehouse.fact_message as m where exists (select 1 as one from warehouse.fact_click as c where c.message_id = m.message_id);

-- not-exists: (r_exists_condition)
select l.load_id from control.load as l where not exists (select 1 as one from control.applied_load as a where a.load_id = l.load_id);

-- scalar-subquery: (r_scalar_subqueries)
select link_token from slot_click group by link_token having count(*) > (select max(threshold) from warehouse.dim_bot_rule where click_class = 'RATE');

-- correlated-max: (r_correlated_subqueries)
select o.object_id from control.landed_object as o where o.landed_at = (select max(x.landed_at) from control.landed_object as x where x.object_key = o.object_key);

-- derived-table: (r_FROM_clause30)
select d.day, d.loads from (select arrival_date as day, count(*) as loads from control.load group by arrival_date) as d where d.loads > 10;

-- with: (r_WITH_clause)
with oldest as (select min(arrival_date) as day from control.load) select l.load_id from control.load as l join oldest on oldest.day = l.arrival_date;

-- with-columns: (r_WITH_clause)
with counted (event_type, loads) as (select event_type, count(*) from control.load group by event_type) select event_type, loads from counted;

-- union-all: (r_UNION)
select message_id from seed_click where message_id is not null union all select message_id from flipped_click where message_id is not null;

-- union: (r_UNION)
select event_date from seed_click union select event_date from flipped_click;

-- except: (r_UNION)
select load_id from control.load except select load_id from control.applied_load;

-- intersect: (r_UNION)
select ua_key from new_agent intersect select ua_key from warehouse.dim_user_agent;

-- group-having: (r_HAVING_clause)
select event_id, event_date from arrival group by event_id, event_date having count(*) > 1;

-- count-distinct: (r_COUNT)
select campaign_id, count(distinct recipient_key) as recipients from warehouse.fact_message group by campaign_id;

-- count-case: (r_COUNT)
select count(distinct case when sent = 1 and clicked = 1 then recipient_key end) as unique_clickers from reports.message_measure;

-- sum-cast: (r_SUM)
select event_type, cast(sum(rows_landed) as bigint) as rows_landed from control.load group by event_type;

-- sum-float: (r_SUM)
select campaign_id, sum(cast(segment_count as float8)) as segments from warehouse.fact_message group by campaign_id;

-- avg-cast: (r_AVG)
select campaign_id, avg(cast(sec_to_first_click as float8)) as seconds from warehouse.fact_message group by campaign_id;

-- min-max: (r_MIN)
select min(event_date) as first_date, max(event_date) as last_date from doubled_event;

-- bool-or: (r_BOOL_OR)
select message_id, bool_or(is_human) as is_clicked from warehouse.fact_click group by message_id;

-- any-value: (r_ANY_VALUE)
select message_id, any_value(link_token) as link_token from warehouse.fact_click group by message_id;

-- median: (r_MEDIAN)
select campaign_type, median(cast(ctr_72h as float8)) as usual_ctr from reports.campaign_performance group by campaign_type;

-- percentile: (r_PERCENTILE_CONT)
select campaign_id, percentile_cont(0.9) within group (order by cast(sec_to_first_click as float8)) as p90_seconds from warehouse.fact_message group by campaign_id;

-- listagg: (r_LISTAGG)
select campaign_id, listagg(variant_id, ',') within group (order by variant_id) as variants from warehouse.dim_variant group by campaign_id;

-- stddev: (r_STDDEV_functions)
select campaign_id, stddev_samp(cast(sec_to_first_click as float8)) as spread from warehouse.fact_message group by campaign_id;

---------- expressions

-- ratio: (r_OPERATOR_SYMBOLS)
select campaign_id, round(cast(delivered as float8) / nullif(sent, 0), 6) as delivery_rate from reports.campaign_performance;

-- whole-division: (r_OPERATOR_SYMBOLS)
select event_id, cast(redirect_ms as bigint) / 1000 as redirect_s from warehouse.fact_click;

-- modulo: (r_MOD)
select message_id, mod(attempt_no, 2) as is_odd from warehouse.fact_submission;

-- case-searched: (r_CASE_function)
select message_id, case when delivery_rank = 60 then 'DELIVERED' when delivery_rank = 50 then 'FAILED' else 'OPEN' end as state from warehouse.fact_message;

-- case-simple: (r_CASE_function)
select event_id, case click_class when 'HUMAN' then 1 else 0 end as human from warehouse.fact_click;

-- coalesce: (r_NVL_function)
select message_id, coalesce(provider, 'unknown') as provider from warehouse.fact_message;

-- nvl2: (r_NVL2)
select message_id, nvl2(delivered_at, 'yes', 'no') as delivered from warehouse.fact_message;

-- decode: (r_DECODE_expression)
select asn, decode(asn_kind, 'DATACENTER', 1, 0) as is_datacenter from warehouse.dim_asn;

-- greatest: (r_GREATEST_LEAST)
select message_id, greatest(delivered_at, failed_at) as settled_at from warehouse.fact_message;

-- concatenation: (r_concat_op)
select recipient_id || '#' || cast(attempt_no as varchar(20)) as recipient_key from warehouse.fact_submission;

-- left-prefix: (r_LEFT)
select distinct left(message_id, 6) as prefix from control.touched_message where message_id is not null;

-- text-functions: (String_functions_header)
select lower(rtrim(provider)) as provider, upper(encoding) as encoding, len(template_id) as characters, replace(sender_id, '+', '') as sender from warehouse.fact_submission;

-- octets: (r_OCTET_LENGTH)
select object_id from control.quarantined_line where octet_length(reason) > 200;

-- substring: (r_SUBSTRING)
select substring(mcc_mnc, 1, 3) as mcc from warehouse.fact_message;

-- split-part: (SPLIT_PART)
select split_part(object_key, '/', 2) as folder from control.landed_object;

-- md5: (r_MD5)
select md5(lower(user_agent)) as ua_key from new_agent;

-- like: (r_patternmatching_condition_like)
select object_id from control.landed_object where object_key like 'raw/link\\_click/%';

-- like-escape: (r_patternmatching_condition_like)
select object_id from control.landed_object where object_key like 'raw/link^_click/%' escape '^';

-- ilike: (r_patternmatching_condition_like)
select ua_key from warehouse.dim_user_agent where user_agent ilike '%preview%';

-- posix: (pattern-matching-conditions-posix)
select ua_key from warehouse.dim_user_agent where user_agent ~ '^Mozilla/[0-9]+';

-- regexp-substr: (REGEXP_SUBSTR)
select regexp_substr(user_agent, '[A-Za-z]+/[0-9.]+') as product from warehouse.dim_user_agent;

-- regexp-replace: (REGEXP_REPLACE)
select regexp_replace(sender_id, '[^0-9]', '') as digits from warehouse.fact_submission;

-- json-path: (JSON_EXTRACT_PATH_TEXT)
select nullif(json_extract_path_text(variants, 'name'), '') as variant_name from warehouse.dim_campaign;

-- between: (r_range_condition)
select event_id from warehouse.fact_click where event_date between :first_date and :last_date;

-- boolean-column: (r_Boolean_type)
select count(*) as back from moved where is_back and not is_stored;

-- is-true: (r_Boolean_type)
select message_id from warehouse.fact_message where is_stub is true;

-- cast-date: (r_CAST_function)
select distinct cast(effective_at as date) as effective_date from due_optout;

-- cast-null: (r_CAST_function)
select event_id, cast(null as varchar(16)) as old_click_class from new_click;

-- cast-bound: (r_CAST_function)
select load_id, cast(:table_name as varchar(64)) as table_name from batch_load;

-- double-colon: (r_CAST_function)
select split_part(ip_prefix, '.', 1)::integer as first_octet from warehouse.fact_click;

-- round-then-cast: (r_CAST_function)
select message_id, cast(round(cast(segment_count as float8) / 2) as integer) as half from warehouse.fact_submission;

-- decimal-cast: (r_Numeric_types201)
select campaign_id, cast(ctr as decimal(18, 6)) as ctr from reports.campaign_performance;

---------- dates

-- dateadd: (r_DATEADD_function)
select message_id from warehouse.fact_message where sent_at > dateadd(hour, -72, cast(:as_of as timestamp));

-- datediff-seconds: (r_DATEDIFF_function)
select message_id, datediff(second, sent_at, first_click_at) as sec_to_first_click from warehouse.fact_message;

-- date-trunc: (r_DATE_TRUNC)
select date_trunc('month', cohort_at) as cohort_month, count(*) as messages from warehouse.fact_message group by date_trunc('month', cohort_at);

-- extract: (r_EXTRACT_function)
select extract(hour from sent_at) as sent_hour, extract(dow from sent_at) as sent_dow from warehouse.fact_message;

-- convert-timezone: (CONVERT_TIMEZONE)
select convert_timezone('UTC', 'Europe/Vienna', sent_at) as sent_at_local from warehouse.fact_message;

-- date-literal: (r_Datetime_types)
select message_id from warehouse.fact_message where cohort_date >= date '2026-03-01';

-- timestamp-literal: (r_Datetime_types)
select message_id from warehouse.fact_message where sent_at >= timestamp '2026-03-01 00:00:00.123456';

-- interval: (r_interval_literals)
select message_id from warehouse.fact_message where sent_at + interval '24 hours' < :as_of;

-- to-char: (r_TO_CHAR)
select to_char(sent_at, 'YYYY-MM-DD HH24:MI') as sent_minute from warehouse.fact_message;

-- last-day: (r_LAST_DAY)
select last_day(cohort_date) as month_end, count(*) as messages from warehouse.fact_message group by last_day(cohort_date);

-- add-months: (r_ADD_MONTHS)
select message_id from warehouse.fact_message where cohort_at >= add_months(cast(:as_of as timestamp), -3);

---------- windows

-- row-number: (r_WF_ROW_NUMBER)
select event_id, row_number() over (partition by event_id, event_date order by received_at, object_id, line_number) as copy_number from arrival;

-- lag: (r_WF_LAG)
select event_id, lag(occurred_at) over (partition by message_id order by occurred_at, event_id) as previous_at from warehouse.fact_click;

-- running-sum: (r_WF_SUM)
select load_id, cast(sum(rows_landed) over (order by load_id rows unbounded preceding) as bigint) as so_far from control.load;

-- partition-sum: (r_WF_SUM)
select load_id, cast(sum(rows_landed) over (partition by event_type) as bigint) as all_rows from control.load;

-- moving-average: (r_WF_AVG)
select event_date, avg(cast(clicks as float8)) over (order by event_date rows between 6 preceding and current row) as clicks_7d from daily_click;

-- first-value: (r_WF_first_value)
select event_id, first_value(click_class) over (partition by message_id order by occurred_at, event_id rows between unbounded preceding and unbounded following) as first_class from warehouse.fact_click;

-- last-value-nulls: (r_WF_first_value)
select event_id, last_value(visitor_token ignore nulls) over (partition by message_id order by occurred_at, event_id rows between unbounded preceding and current row) as visitor from warehouse.fact_click;

-- rank: (r_WF_RANK)
select campaign_id, rank() over (order by delivered desc, campaign_id) as place from reports.campaign_performance;

-- max-partition: (r_WF_MAX)
select message_id, max(is_conflicting) over (partition by message_id) as has_conflict from tried;

-- qualify: (r_QUALIFY_clause)
select event_id, message_id from warehouse.fact_click as c qualify row_number() over (partition by message_id order by occurred_at, event_id) = 1;

---------- tables

-- create-table: (r_CREATE_TABLE_NEW)
create table if not exists control.note (note_id varchar(26) not null, body varchar(1024), is_seen boolean default false, size_bytes bigint not null, noted_at timestamp not null) distkey (note_id) sortkey (noted_at, note_id);

-- identity: (r_CREATE_TABLE_NEW)
create table control.note (note_number bigint identity (1, 1), body varchar(256));

-- diststyle-all: (r_CREATE_TABLE_NEW)
create table warehouse.dim_carrier (mcc_mnc varchar(6) not null, carrier_name varchar(128)) diststyle all sortkey (mcc_mnc);

-- encoded: (c_Compression_encodings)
create table warehouse.fact_note (note_id varchar(26) encode zstd, size_bytes bigint encode az64, noted_at timestamp encode raw) diststyle even;

-- auto: (r_CREATE_TABLE_NEW)
create table warehouse.fact_note (note_id varchar(26), noted_at timestamp) diststyle auto sortkey auto;

-- varchar-max: (r_Character_types)
create table control.raw_line (object_id varchar(64), line varchar(65535));

-- temp-table: (r_CREATE_TABLE_NEW)
create temp table arrival (event_id varchar(36), event_date date);

-- temp-like: (r_CREATE_TABLE_NEW)
create temp table waiting (like control.load);

-- temp-as: (r_CREATE_TABLE_AS)
create temp table sweeping_slot distkey (ip_token) as select ip_token, slot_number from slot_click group by ip_token, slot_number having count(distinct link_token) >= 5;

-- view: (r_CREATE_VIEW)
create or replace view reports.message_status as select message_id, delivery_state as status, updated_at from warehouse.fact_message;

-- late-view: (r_CREATE_VIEW)
create view reports.load_status as select l.load_id, count(*) as tables from control.load as l join control.applied_load as a on a.load_id = l.load_id group by l.load_id with no schema binding;

-- create-schema: (r_CREATE_SCHEMA)
create schema if not exists reports;

-- add-column: (r_ALTER_TABLE)
alter table control.load add column note varchar(64);

-- rename-table: (r_ALTER_TABLE)
alter table reports.old_load rename to older_load;

-- widen: (r_ALTER_TABLE)
alter table control.load alter column run_id type varchar(128);

-- drop-if-exists: (r_DROP_TABLE)
drop table if exists reports.old_load;

-- comment: (r_COMMENT)
comment on table control.load is 'One row per committed load.';

-- grant: (r_GRANT)
grant select on all tables in schema reports to group analysts;

---------- DML

-- insert-values: (r_INSERT_30)
insert into control.load (load_id, event_type, arrival_date) values (:load_id, :event_type, :day);

-- insert-rows: (c_best-practices-multi-row-inserts)
insert into warehouse.dim_asn (asn, asn_kind) values (13335, 'DATACENTER'), (8447, 'CARRIER');

-- insert-select: (r_INSERT_30)
insert into control.applied_load (load_id, table_name, applied_at) select load_id, cast(:table_name as varchar(64)) as table_name, cast(:now as timestamp) as applied_at from batch_load;

-- insert-with: (r_INSERT_30)
insert into control.touched_message (message_id) with change as (select message_id from seed_click union all select message_id from flipped_click) select distinct message_id from change where message_id is not null;

-- update: (r_UPDATE)
update control.landed_object set status = 'superseded' where arrival_date = :day and object_id = :object_id;

-- update-from: (r_UPDATE)
update warehouse.fact_click set click_class = reclassified_click.click_class, is_human = reclassified_click.is_human from reclassified_click where reclassified_click.event_id = fact_click.event_id;

-- delete: (r_DELETE)
delete from staging.link_click where arrival_date < :oldest_kept and load_id = :load_id;

-- delete-all: (r_DELETE)
delete from reports.rolling_30d;

-- delete-using: (r_DELETE)
delete from warehouse.fact_click using losing_copy where losing_copy.event_id = fact_click.event_id and losing_copy.object_id = fact_click.object_id;

-- merge: (r_MERGE)
merge into warehouse.dim_asn using new_asn as n on dim_asn.asn = n.asn when matched then update set asn_kind = n.asn_kind when not matched then insert (asn, asn_kind) values (n.asn, n.asn_kind);

-- merge-delete: (r_MERGE)
merge into control.landed_object using gone_object on landed_object.object_id = gone_object.object_id when matched then delete when not matched then insert (object_id) values (gone_object.object_id);

---------- commands

-- copy: (r_COPY)
copy staging.link_click from 's3://lake/landing/link_click/dt=2026-03-01/01J/good.manifest' iam_role 'arn:aws:iam::123456789012:role/copy' format as parquet manifest statupdate off;

-- copy-default-role: (r_COPY)
copy control.quarantined_line from 's3://lake/landing/quarantine.manifest' iam_role default format as parquet manifest;

-- copy-count: (PG_LAST_COPY_COUNT)
select pg_last_copy_count() as loaded;

-- lock: (r_LOCK)
lock control.landing_mutex;

-- lock-two: (r_LOCK)
lock table control.landing_mutex, control.warehouse_mutex;

-- begin: (r_BEGIN)
begin;

-- commit: (r_COMMIT)
commit;

-- rollback: (r_ROLLBACK)
rollback;

-- query-group: (r_query_group)
set query_group to 'land_link_click';

-- timeout: (r_statement_timeout)
set statement_timeout to 60000;

-- analyze: (r_ANALYZE)
analyze warehouse.fact_click;

-- vacuum: (r_VACUUM_command)
vacuum delete only warehouse.fact_click;

-- show-setting: (r_SHOW)
show search_path;

-- columns: (r_CREATE_VIEW)
select table_name, column_name, data_type, character_maximum_length from information_schema.columns where table_schema = :schema order by table_name, ordinal_position;

-- unload: (r_UNLOAD)
unload ('select campaign_id, delivered from reports.campaign_performance') to 's3://lake/export/campaign_' iam_role default format as parquet;
