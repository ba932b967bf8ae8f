-- The tables that the examples of the lint name: of permanent ones their names count, of temporary ones their columns.
create table control.applied_load (id bigint);
create table reports.campaign_performance (id bigint);
create table warehouse.dim_asn (id bigint);
create table warehouse.dim_bot_rule (id bigint);
create table warehouse.dim_campaign (id bigint);
create table warehouse.dim_carrier (id bigint);
create table warehouse.dim_user_agent (id bigint);
create table warehouse.dim_variant (id bigint);
create table warehouse.fact_click (id bigint);
create table warehouse.fact_delivery_event (id bigint);
create table warehouse.fact_message (id bigint);
create table warehouse.fact_submission (id bigint);
create table warehouse.landed_click (id bigint);
create table control.landed_object (id bigint);
create table control.landing_mutex (id bigint);
create table staging.link_click (id bigint);
create table control.load (id bigint);
create table reports.message_measure (id bigint);
create table reports.message_status (id bigint);
create table control.quarantined_line (id bigint);
create table reports.rolling_30d (id bigint);
create table control.touched_message (id bigint);
create table control.unclassified_message (id bigint);
create table control.warehouse_mutex (id bigint);
create temp table batch_load (
    load_id varchar(64)
);
create temp table doubled_event (
    event_id varchar(64),
    event_date varchar(64)
);
create temp table seed_click (
    event_id varchar(64),
    event_date varchar(64),
    message_id varchar(64),
    ip_token varchar(64),
    link_token varchar(64),
    slot_number varchar(64),
    is_changed varchar(64)
);
create temp table touched (
    message_id varchar(64)
);
