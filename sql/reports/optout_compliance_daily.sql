-- One row per opt-out, and deactivation of a line, that began to hold in the window, with what was sent while it held.
create temp table refused (
    event_id varchar(36),
    recipient_id varchar(64),
    program_id varchar(64),
    new_status varchar(32),
    effective_at timestamp,
    ended_at timestamp,
    effective_date date
)
distkey (recipient_id);

insert into refused
with zone as (
    select coalesce(max(redshift_name), :report_tz) as zone_name
    from warehouse.dim_time_zone
    where time_zone = :report_tz
)

select
    refusal.event_id,
    refusal.recipient_id,
    refusal.program_id,
    refusal.new_status,
    refusal.effective_at,
    refusal.ended_at,
    cast(convert_timezone('UTC', zone.zone_name, refusal.effective_at) as date) as effective_date
from reports.refusal as refusal
cross join zone
where refusal.effective_at >= :first_effective_at
    and refusal.effective_at <= :as_of;

create temp table refused_count (
    event_id varchar(36),
    last_sent_at timestamp,
    messages bigint,
    late_messages bigint
);

insert into refused_count
with zone as (
    select coalesce(max(redshift_name), :report_tz) as zone_name
    from warehouse.dim_time_zone
    where time_zone = :report_tz
),

business_day as (
    select
        date_key,
        case when is_business_day then 1 else 0 end as is_business_day,
        cast(sum(case when is_business_day then 1 else 0 end) over (
            order by date_key
            rows between unbounded preceding and current row
        ) as bigint) as days_through
    from warehouse.dim_date
),

sent as (
    select
        refused.event_id,
        refused.effective_date,
        message.sent_at,
        cast(convert_timezone('UTC', zone.zone_name, message.sent_at) as date) as sent_date,
        case
            when message.sent_at > dateadd(minute, 5, refused.effective_at) then 1 else 0
        end as is_counted
    from warehouse.fact_message as message
    join refused
        on refused.recipient_id = message.recipient_id
        and refused.effective_at < message.sent_at
    cross join zone
    where message.cohort_date between :first_sent_date and :last_sent_date
        and message.sent_at <= :as_of
        and (refused.ended_at is null or message.sent_at < refused.ended_at)
        and not message.is_stub
)

select
    sent.event_id,
    max(sent.sent_at) as last_sent_at,
    cast(sum(sent.is_counted) as bigint) as messages,
    cast(
        sum(
            case
                when sending.days_through - sending.is_business_day - leaving.days_through >= 10
                    then sent.is_counted
                else 0
            end
        ) as bigint
    ) as late_messages
from sent
left join business_day as leaving
    on leaving.date_key = sent.effective_date
left join business_day as sending
    on sending.date_key = sent.sent_date
group by sent.event_id;

delete from reports.optout_compliance_daily;

insert into reports.optout_compliance_daily (
    effective_date,
    program_id,
    opt_outs,
    by_keyword,
    by_web,
    by_agent,
    by_import,
    by_carrier,
    by_erasure,
    by_other,
    attributed_to_message,
    delivered,
    optout_rate,
    p95_min_to_suppression,
    sent_after_optout,
    sent_after_10_business_days,
    deactivated_numbers_hit,
    report_tz,
    as_of
)
with zone as (
    select coalesce(max(redshift_name), :report_tz) as zone_name
    from warehouse.dim_time_zone
    where time_zone = :report_tz
),

opt_out as (
    select
        cast(convert_timezone('UTC', zone.zone_name, event.effective_at) as date) as effective_date,
        event.program_id,
        event.method,
        event.method in ('MO_KEYWORD', 'WEB', 'AGENT', 'IMPORT', 'CARRIER_DEACT', 'ERASURE')
            as has_column,
        event.attributed_message_id
    from warehouse.fact_subscription_event as event
    cross join zone
    where event.effective_at >= :first_effective_at
        and event.effective_at <= :as_of
        and event.new_status = 'OPTED_OUT'
),

counted as (
    select
        effective_date,
        program_id,
        count(*) as opt_outs,
        cast(sum(case when method = 'MO_KEYWORD' then 1 else 0 end) as bigint) as by_keyword,
        cast(sum(case when method = 'WEB' then 1 else 0 end) as bigint) as by_web,
        cast(sum(case when method = 'AGENT' then 1 else 0 end) as bigint) as by_agent,
        cast(sum(case when method = 'IMPORT' then 1 else 0 end) as bigint) as by_import,
        cast(sum(case when method = 'CARRIER_DEACT' then 1 else 0 end) as bigint) as by_carrier,
        cast(sum(case when method = 'ERASURE' then 1 else 0 end) as bigint) as by_erasure,
        cast(sum(case when has_column then 0 else 1 end) as bigint) as by_other,
        count(attributed_message_id) as attributed_to_message
    from opt_out
    group by effective_date, program_id
),

heeded as (
    select
        refused.effective_date,
        refused.program_id,
        cast(
            sum(
                case when refused.new_status = 'OPTED_OUT' then refused_count.messages else 0 end
            ) as bigint
        ) as sent_after_optout,
        cast(
            sum(
                case
                    when refused.new_status = 'OPTED_OUT' then refused_count.late_messages else 0
                end
            ) as bigint
        ) as sent_after_10_business_days,
        cast(
            sum(
                case when refused.new_status = 'DEACTIVATED' then refused_count.messages else 0 end
            ) as bigint
        ) as deactivated_numbers_hit
    from refused
    left join refused_count
        on refused_count.event_id = refused.event_id
    group by refused.effective_date, refused.program_id
),

suppressed as (
    select
        refused.effective_date,
        refused.program_id,
        percentile_cont(0.95) within group (
            order by coalesce(
                cast(
                    datediff(millisecond, refused.effective_at, refused_count.last_sent_at)
                    as float8
                ) / 60000,
                0
            )
        ) as p95_minutes
    from refused
    left join refused_count
        on refused_count.event_id = refused.event_id
    where refused.new_status = 'OPTED_OUT'
    group by refused.effective_date, refused.program_id
),

listed as (
    select effective_date, program_id from counted
    union
    select effective_date, program_id from heeded
),

-- A message that was delivered in the window was sent at most thirty days before it.
delivered as (
    select
        cast(convert_timezone('UTC', zone.zone_name, message.delivered_at) as date)
            as delivered_date,
        count(*) as delivered
    from warehouse.fact_message as message
    cross join zone
    where message.cohort_date between :first_delivered_cohort_date and :last_sent_date
        and message.delivered_at >= :first_effective_at
        and message.delivered_at <= :as_of
        and message.sent_at is not null
        and not message.is_stub
    group by cast(convert_timezone('UTC', zone.zone_name, message.delivered_at) as date)
)

select
    listed.effective_date,
    listed.program_id,
    coalesce(counted.opt_outs, 0) as opt_outs,
    coalesce(counted.by_keyword, 0) as by_keyword,
    coalesce(counted.by_web, 0) as by_web,
    coalesce(counted.by_agent, 0) as by_agent,
    coalesce(counted.by_import, 0) as by_import,
    coalesce(counted.by_carrier, 0) as by_carrier,
    coalesce(counted.by_erasure, 0) as by_erasure,
    coalesce(counted.by_other, 0) as by_other,
    coalesce(counted.attributed_to_message, 0) as attributed_to_message,
    coalesce(delivered.delivered, 0) as delivered,
    round(cast(counted.attributed_to_message as float8) / nullif(delivered.delivered, 0), 6)
        as optout_rate,
    round(suppressed.p95_minutes, 6) as p95_min_to_suppression,
    coalesce(heeded.sent_after_optout, 0) as sent_after_optout,
    coalesce(heeded.sent_after_10_business_days, 0) as sent_after_10_business_days,
    coalesce(heeded.deactivated_numbers_hit, 0) as deactivated_numbers_hit,
    cast(:report_tz as varchar(64)) as report_tz,
    cast(:as_of as timestamp) as as_of
from listed
left join counted
    on counted.effective_date = listed.effective_date
    and counted.program_id = listed.program_id
left join heeded
    on heeded.effective_date = listed.effective_date
    and heeded.program_id = listed.program_id
left join suppressed
    on suppressed.effective_date = listed.effective_date
    and suppressed.program_id = listed.program_id
left join delivered
    on delivered.delivered_date = listed.effective_date;
