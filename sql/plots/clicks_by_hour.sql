-- One row per hour of the last seven days with requests.
select
    click_hour_utc,
    cast(sum(human_clicks) as bigint) as human_clicks,
    cast(sum(bot_clicks) as bigint) as bot_clicks
from reports.click_activity_hourly
where click_hour_utc >= dateadd(day, -7, cast(:as_of as timestamp))
group by click_hour_utc
order by click_hour_utc;
