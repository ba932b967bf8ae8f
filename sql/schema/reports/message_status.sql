-- One row per message that was submitted: how it stands now, and what to do about it. The outcome is computed when it is
-- asked for: 72 hours after sending without a final receipt it is UNKNOWN, and a later receipt opens it again.
create or replace view reports.message_status as
with message as (
    select
        *,
        getdate() as as_of,
        case
            when sent_at is null then 'NOT_SENT'
            when delivery_state = 'DELIVERED' then 'DELIVERED'
            when delivery_rank = 50 then 'FAILED'
            when delivery_state = 'UNKNOWN' then 'UNKNOWN'
            when sent_at > dateadd(hour, -72, getdate()) then 'PENDING'
            else 'UNKNOWN'
        end as delivery_outcome
    from warehouse.fact_message
    where not is_stub
)

select
    message_id,
    recipient_key,
    campaign_id,
    variant_id,
    sent_at,
    delivery_outcome,
    delivered_at,
    failure_category,
    failure_permanent,
    human_clicks,
    first_click_at,
    last_click_at,
    bot_clicks > 0 and human_clicks = 0 as bot_only,
    human_clicks > 0 or replied_at is not null as engaged,
    opted_out_at,
    case
        when opted_out_at is not null then 'NONE'
        when delivery_outcome = 'NOT_SENT' then 'NO_ACTION'
        when delivery_outcome = 'PENDING' then 'WAIT'
        when human_clicks > 0 then 'NURTURE_CLICKER'
        when delivery_outcome = 'FAILED' and failure_permanent then 'SUPPRESS_NUMBER'
        when delivery_outcome = 'FAILED' and failure_category = 'CARRIER_FILTERED'
            then 'HOLD_CONTENT_REVIEW'
        when delivery_outcome = 'FAILED' and attempts < 2 then 'RESEND'
        when delivery_outcome = 'UNKNOWN' then 'ALT_CHANNEL'
        when delivery_outcome = 'DELIVERED'
            and followed_up_at is null
            and sent_at <= dateadd(hour, -24, as_of)
            and sent_at > dateadd(day, -7, as_of)
            then 'REMIND_NON_CLICKER'
        else 'NO_ACTION'
    end as follow_up_action,
    as_of
from message;
