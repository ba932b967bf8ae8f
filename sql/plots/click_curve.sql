-- One row per half hour after sending in which delivered messages were clicked for the first time: of messages of the last
-- ten days that are at least 72 hours old, with how many of them were delivered.
with message as (
    select
        delivered,
        clicked_72h * delivered as is_clicked,
        cast(floor(cast(sec_to_first_click as float8) / 1800) as integer) as half_hour
    from reports.message_measure
    where cohort_date >= dateadd(day, -10, cast(:as_of as date))
        and sent_at <= dateadd(hour, -72, cast(:as_of as timestamp))
        and delivered = 1
),

total as (
    select count(*) as delivered
    from message
)

select
    message.half_hour,
    total.delivered,
    count(*) as first_clicks
from message
cross join total
where message.is_clicked = 1
group by message.half_hour, total.delivered
order by message.half_hour;
