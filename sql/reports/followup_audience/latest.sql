-- One row per campaign and recipient: their latest marketing message of the last 14 days, as it stands at as_of. With a
-- campaign_id, of that campaign alone.
create temp table latest_message (
    campaign_id varchar(64),
    recipient_key varchar(96),
    recipient_id varchar(64),
    assignment_seq integer,
    message_id varchar(26),
    recipient_zone varchar(64),
    cohort_at timestamp,
    delivered_at timestamp,
    failed_at timestamp,
    closed_at timestamp,
    responded_at timestamp,
    outcome varchar(16),
    is_opted_out boolean,
    is_engaged boolean,
    is_clicked boolean,
    failure_permanent boolean,
    failure_category varchar(32),
    attempts integer,
    is_followed_up boolean,
    is_follow_up boolean,
    has_link boolean
)
distkey (recipient_key);

insert into latest_message
with ranked as (
    select
        *,
        row_number() over (
            partition by campaign_id, recipient_key
            order by cohort_at desc, message_id desc
        ) as place
    from warehouse.fact_message
    where cohort_date >= :first_date
        and cohort_date <= :last_date
        and cohort_at > :since
        and cohort_at <= :as_of
        and not is_stub
        and message_category = 'MARKETING'
        and (submit_status <> 'SUPPRESSED' or sent_at is not null)
        and left(recipient_id, 7) <> 'erased-'
        and campaign_id = coalesce(cast(:campaign_id as varchar(64)), campaign_id)
)

select
    message.campaign_id,
    message.recipient_key,
    message.recipient_id,
    cast(
        substring(message.recipient_key, len(message.recipient_id) + 2, 20) as integer
    ) as assignment_seq,
    message.message_id,
    coalesce(zone.redshift_name, setting.redshift_tz, 'UTC') as recipient_zone,
    message.cohort_at,
    message.delivered_at,
    message.failed_at,
    case
        when message.delivery_state = 'UNKNOWN' then message.last_receipt_at
        else dateadd(hour, 72, message.sent_at)
    end as closed_at,
    greatest(message.last_click_at, message.replied_at) as responded_at,
    case
        when message.sent_at is null then 'NOT_SENT'
        when message.delivery_state = 'DELIVERED' then 'DELIVERED'
        when message.delivery_rank = 50 then 'FAILED'
        when message.delivery_state = 'UNKNOWN' then 'UNKNOWN'
        when message.sent_at > dateadd(hour, -72, cast(:as_of as timestamp)) then 'PENDING'
        else 'UNKNOWN'
    end as outcome,
    message.opted_out_at is not null
    or coalesce(consent.status = 'OPTED_OUT', false) as is_opted_out,
    message.human_clicks > 0 or message.replied_at is not null as is_engaged,
    message.human_clicks > 0 as is_clicked,
    coalesce(message.failure_permanent, false) as failure_permanent,
    message.failure_category,
    message.attempts,
    message.followed_up_at is not null as is_followed_up,
    message.follow_up_of_message_id is not null as is_follow_up,
    message.link_token is not null as has_link
from ranked as message
left join warehouse.dim_time_zone as zone
    on zone.time_zone = message.recipient_tz
left join warehouse.campaign_setting as setting
    on setting.campaign_id = message.campaign_id
left join consent
    on consent.recipient_key = message.recipient_key
where message.place = 1;
