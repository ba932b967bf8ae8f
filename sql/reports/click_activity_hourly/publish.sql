delete from reports.click_activity_hourly;

insert into reports.click_activity_hourly (
    click_hour_utc,
    campaign_id,
    human_clicks,
    bot_clicks,
    repeat_clicks,
    unique_messages_clicked,
    new_first_clicks,
    p50_message_age_h,
    top_bot_reason,
    ios_clicks,
    android_clicks,
    other_os_clicks,
    mobile_clicks,
    tablet_clicks,
    desktop_clicks,
    other_device_clicks,
    as_of
)
with described as (
    select
        request.click_hour_utc,
        coalesce(message.campaign_id, '-') as campaign_id,
        request.message_id,
        request.bot_reason,
        agent.os,
        agent.device_type,
        datediff(second, message.sent_at, request.occurred_at) as age_seconds,
        case when not request.is_human then 1 else 0 end as is_bot,
        case when request.is_human and request.is_repeat_fire then 1 else 0 end as is_repeat,
        case when request.is_human and not request.is_repeat_fire then 1 else 0 end as is_click,
        case
            when
                request.is_human
                and not request.is_repeat_fire
                and message.first_click_at = request.occurred_at
                then request.message_id
        end as first_clicked_message_id
    from request
    left join requested_message as message
        on message.message_id = request.message_id
    left join warehouse.dim_user_agent as agent
        on agent.ua_key = request.ua_key
),

counted as (
    select
        click_hour_utc,
        campaign_id,
        cast(sum(is_click) as bigint) as human_clicks,
        cast(sum(is_bot) as bigint) as bot_clicks,
        cast(sum(is_repeat) as bigint) as repeat_clicks,
        count(distinct case when is_click = 1 then message_id end) as unique_messages_clicked,
        count(distinct first_clicked_message_id) as new_first_clicks,
        cast(sum(case when os = 'iOS' then is_click else 0 end) as bigint) as ios_clicks,
        cast(sum(case when os = 'Android' then is_click else 0 end) as bigint) as android_clicks,
        cast(sum(case when device_type = 'MOBILE' then is_click else 0 end) as bigint)
            as mobile_clicks,
        cast(sum(case when device_type = 'TABLET' then is_click else 0 end) as bigint)
            as tablet_clicks,
        cast(sum(case when device_type = 'DESKTOP' then is_click else 0 end) as bigint)
            as desktop_clicks
    from described
    group by click_hour_utc, campaign_id
),

aged as (
    select
        click_hour_utc,
        campaign_id,
        percentile_cont(0.5) within group (order by cast(age_seconds as float8))
            as p50_age_seconds
    from described
    where is_click = 1
        and age_seconds is not null
    group by click_hour_utc, campaign_id
),

reason as (
    select
        click_hour_utc,
        campaign_id,
        bot_reason,
        row_number() over (
            partition by click_hour_utc, campaign_id
            order by count(*) desc, bot_reason
        ) as reason_order
    from described
    where is_bot = 1
    group by click_hour_utc, campaign_id, bot_reason
)

select
    counted.click_hour_utc,
    counted.campaign_id,
    counted.human_clicks,
    counted.bot_clicks,
    counted.repeat_clicks,
    counted.unique_messages_clicked,
    counted.new_first_clicks,
    round(cast(aged.p50_age_seconds as float8) / 3600, 6) as p50_message_age_h,
    reason.bot_reason as top_bot_reason,
    counted.ios_clicks,
    counted.android_clicks,
    counted.human_clicks - counted.ios_clicks - counted.android_clicks as other_os_clicks,
    counted.mobile_clicks,
    counted.tablet_clicks,
    counted.desktop_clicks,
    counted.human_clicks
    - counted.mobile_clicks
    - counted.tablet_clicks
    - counted.desktop_clicks as other_device_clicks,
    cast(:as_of as timestamp) as as_of
from counted
left join aged
    on aged.click_hour_utc = counted.click_hour_utc
    and aged.campaign_id = counted.campaign_id
left join reason
    on reason.click_hour_utc = counted.click_hour_utc
    and reason.campaign_id = counted.campaign_id
    and reason.reason_order = 1;
