-- One row per recipient with enough clicks whose local hour is known: the hour with most of them.
create temp table preferred_hour (
    recipient_key varchar(96),
    hour_local smallint
)
distkey (recipient_key);

insert into preferred_hour
with local_click as (
    select
        message.recipient_key,
        extract(
            hour from convert_timezone('UTC', zone.redshift_name, click.occurred_at)
        ) as hour_local
    from recent_message as message
    join warehouse.fact_click as click
        on click.message_id = message.message_id
    join warehouse.dim_time_zone as zone
        on zone.time_zone = message.recipient_tz
    where click.message_id >= :first_id
        and message.sent_at > :since_90d
        and message.clicked = 1
        and click.is_human
        and not click.is_repeat_fire
        and click.occurred_at <= :as_of
),

counted as (
    select
        recipient_key,
        hour_local,
        count(*) as clicks
    from local_click
    group by recipient_key, hour_local
),

ranked as (
    select
        recipient_key,
        hour_local,
        cast(sum(clicks) over (partition by recipient_key) as bigint) as all_clicks,
        row_number() over (
            partition by recipient_key
            order by clicks desc, hour_local
        ) as place
    from counted
)

select
    ranked.recipient_key,
    ranked.hour_local
from ranked
cross join reports.engagement_setting as setting
where ranked.place = 1
    and ranked.all_clicks >= setting.preferred_hour_clicks;
