delete from reports.recipient_engagement
where snapshot_date = :snapshot_date;

insert into reports.recipient_engagement (
    recipient_key,
    snapshot_date,
    is_current,
    sent_30d,
    sent_90d,
    delivered_30d,
    delivered_90d,
    clicked_30d,
    clicked_90d,
    total_clicks_90d,
    ctr_90d,
    last_sent_at,
    last_delivered_at,
    last_click_at,
    days_since_click,
    consecutive_no_click,
    consecutive_failures,
    permanent_failure,
    preferred_hour_local,
    r_score,
    f_score,
    segment,
    subscription_status,
    as_of
)
with counted as (
    select
        recipient_key,
        max(recipient_id) as recipient_id,
        cast(sum(case when sent_at > :since_30d then 1 else 0 end) as bigint) as sent_30d,
        cast(sum(case when sent_at > :since_90d then 1 else 0 end) as bigint) as sent_90d,
        cast(sum(case when sent_at > :since_30d then delivered else 0 end) as bigint)
            as delivered_30d,
        cast(sum(case when sent_at > :since_90d then delivered else 0 end) as bigint)
            as delivered_90d,
        cast(sum(case when sent_at > :since_30d then clicked else 0 end) as bigint) as clicked_30d,
        cast(sum(case when sent_at > :since_90d then clicked else 0 end) as bigint) as clicked_90d,
        cast(sum(
            case when sent_at > :since_90d then delivered * clicked else 0 end
        ) as bigint) as clicked_delivered_90d,
        cast(sum(case when sent_at > :since_90d then human_clicks else 0 end) as bigint)
            as total_clicks_90d,
        min(delivered_at) as first_delivered_at,
        max(delivered_at) as last_delivered_at,
        max(last_click_at) as last_click_at,
        max(sent_at) as last_sent_at,
        max(case when delivered = 1 then sent_at end) as last_delivered_sent_at,
        max(case when failed = 1 then sent_at end) as last_failed_sent_at,
        max(case when clicked = 1 then sent_at end) as last_clicked_sent_at
    from recent_message
    group by recipient_key
),

-- What came after the last message that was clicked, and after the last that was delivered.
row_since as (
    select
        message.recipient_key,
        cast(sum(
            case
                when message.sent_at <= counted.last_clicked_sent_at then 0
                else message.delivered
            end
        ) as bigint) as consecutive_no_click,
        cast(sum(
            case
                when message.sent_at <= counted.last_delivered_sent_at then 0
                else message.failed
            end
        ) as bigint) as consecutive_failures,
        max(
            case
                when message.sent_at <= counted.last_delivered_sent_at then 0
                when message.sent_at = counted.last_failed_sent_at then message.failed_for_good
                else 0
            end
        ) as failed_for_good
    from recent_message as message
    join counted
        on counted.recipient_key = message.recipient_key
    group by message.recipient_key
),

described as (
    select
        counted.*,
        row_since.consecutive_no_click,
        row_since.consecutive_failures,
        row_since.failed_for_good = 1 as permanent_failure,
        preferred_hour.hour_local as preferred_hour_local,
        -- GREATEST passes over NULL: without a click there are no days since.
        case
            when counted.last_click_at is not null
                then cast(
                        cast(
                            greatest(
                                datediff(
                                    microsecond, counted.last_click_at, cast(:as_of as timestamp)
                                ),
                                0
                            ) as bigint
                        ) / 86400000000 as integer
                    )
        end as days_since_click,
        case
            when
                line_change.changes > cast(
                    substring(counted.recipient_key, len(counted.recipient_id) + 2, 20) as integer
                )
                then 'ENDED'
            else coalesce(consent.status, 'UNKNOWN')
        end as subscription_status
    from counted
    join row_since
        on row_since.recipient_key = counted.recipient_key
    left join preferred_hour
        on preferred_hour.recipient_key = counted.recipient_key
    left join consent
        on consent.recipient_key = counted.recipient_key
    left join line_change
        on line_change.recipient_id = counted.recipient_id
)

select
    described.recipient_key,
    cast(:snapshot_date as date) as snapshot_date,
    cast(:is_current as boolean) as is_current,
    cast(described.sent_30d as bigint) as sent_30d,
    cast(described.sent_90d as bigint) as sent_90d,
    cast(described.delivered_30d as bigint) as delivered_30d,
    cast(described.delivered_90d as bigint) as delivered_90d,
    cast(described.clicked_30d as bigint) as clicked_30d,
    cast(described.clicked_90d as bigint) as clicked_90d,
    cast(described.total_clicks_90d as bigint) as total_clicks_90d,
    round(
        cast(described.clicked_delivered_90d as float8) / nullif(described.delivered_90d, 0), 6
    ) as ctr_90d,
    described.last_sent_at,
    described.last_delivered_at,
    described.last_click_at,
    described.days_since_click,
    cast(described.consecutive_no_click as bigint) as consecutive_no_click,
    cast(described.consecutive_failures as bigint) as consecutive_failures,
    described.permanent_failure,
    described.preferred_hour_local,
    case
        when described.days_since_click <= setting.r5_days then 5
        when described.days_since_click <= setting.r4_days then 4
        when described.days_since_click <= setting.r3_days then 3
        when described.days_since_click <= setting.r2_days then 2
        else 1
    end as r_score,
    case
        when described.clicked_90d >= setting.f5_clicked then 5
        when described.clicked_90d >= setting.f4_clicked then 4
        when described.clicked_90d >= setting.f3_clicked then 3
        when described.clicked_90d >= setting.f2_clicked then 2
        else 1
    end as f_score,
    case
        when described.subscription_status = 'OPTED_OUT' then 'OPTED_OUT'
        when described.permanent_failure
            or described.consecutive_failures >= setting.unreachable_failures
            or described.subscription_status = 'ENDED'
            then 'UNREACHABLE'
        when described.days_since_click <= setting.engaged_days then 'ENGAGED'
        when described.first_delivered_at
            > dateadd(day, -setting.new_days, cast(:as_of as timestamp)) then 'NEW'
        when described.days_since_click <= setting.at_risk_days then 'AT_RISK'
        when described.delivered_90d < setting.enough_delivered then 'LOW_DATA'
        when described.last_click_at is not null then 'LAPSED'
        else 'NEVER_ENGAGED'
    end as segment,
    described.subscription_status,
    cast(:as_of as timestamp) as as_of
from described
cross join reports.engagement_setting as setting;

update reports.recipient_engagement
set is_current = false
where is_current
    and snapshot_date < :snapshot_date;

delete from reports.recipient_engagement
where snapshot_date < :oldest_date;
