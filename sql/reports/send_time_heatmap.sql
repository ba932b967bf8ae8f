delete from reports.send_time_heatmap;

insert into reports.send_time_heatmap (
    window_end,
    dow_local,
    hour_local,
    segment,
    delivered,
    clicked_delivered_24h,
    ctr_24h,
    wilson_low95,
    median_sec_to_click,
    as_of
)
with message as (
    select
        sent_dow_local as dow_local,
        sent_hour_local as hour_local,
        recipient_key,
        sec_to_first_click,
        clicked_24h
    from reports.message_measure
    where cohort_date between :window_first_date and :window_last_date
        and sent_at >= :window_start_at
        and sent_at < :window_end_at
        and delivered = 1
        and sent_hour_local is not null
),

scoped as (
    select
        dow_local,
        hour_local,
        '*' as segment,
        sec_to_first_click,
        clicked_24h
    from message

    union all

    select
        message.dow_local,
        message.hour_local,
        engagement.segment,
        message.sec_to_first_click,
        message.clicked_24h
    from message
    join reports.recipient_engagement as engagement
        on engagement.recipient_key = message.recipient_key
    where engagement.is_current
),

counted as (
    select
        dow_local,
        hour_local,
        segment,
        count(*) as delivered,
        cast(sum(clicked_24h) as bigint) as clicked_delivered_24h,
        cast(sum(clicked_24h) as float8) / nullif(count(*), 0) as ctr
    from scoped
    group by dow_local, hour_local, segment
),

timed as (
    select
        dow_local,
        hour_local,
        segment,
        percentile_cont(0.5) within group (order by cast(sec_to_first_click as float8))
            as median_sec_to_click
    from scoped
    where sec_to_first_click is not null
    group by dow_local, hour_local, segment
)

select
    cast(:window_end as date) as window_end,
    counted.dow_local,
    counted.hour_local,
    counted.segment,
    counted.delivered,
    counted.clicked_delivered_24h,
    round(counted.ctr, 6) as ctr_24h,
    -- z = 1.959964, z * z = 3.841459
    round(
        (
            counted.ctr + 3.841459 / nullif(2 * cast(counted.delivered as float8), 0)
            - 1.959964 * sqrt(
                (
                    counted.ctr * (1 - counted.ctr)
                    + 3.841459 / nullif(4 * cast(counted.delivered as float8), 0)
                ) / nullif(cast(counted.delivered as float8), 0)
            )
        ) / nullif(1 + 3.841459 / nullif(cast(counted.delivered as float8), 0), 0),
        6
    ) as wilson_low95,
    timed.median_sec_to_click,
    cast(:as_of as timestamp) as as_of
from counted
left join timed
    on timed.dow_local = counted.dow_local
    and timed.hour_local = counted.hour_local
    and timed.segment = counted.segment;
