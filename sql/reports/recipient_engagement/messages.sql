-- One row per message of the last 400 days that was submitted up to as_of. One that was suppressed or never accepted only
-- tells that its recipient is known: it has no sent_at, and 0 in every count.
create temp table recent_message (
    message_id varchar(26),
    recipient_key varchar(96),
    recipient_id varchar(64),
    recipient_tz varchar(64),
    sent_at timestamp,
    delivered_at timestamp,
    last_click_at timestamp,
    human_clicks integer,
    delivered smallint,
    failed smallint,
    clicked smallint,
    failed_for_good smallint
)
distkey (recipient_key);

insert into recent_message
with message as (
    select
        *,
        sent_at is not null as is_sent
    from warehouse.fact_message
    where cohort_date between :first_date and :last_date
        and not is_stub
        and cohort_at <= :as_of
        -- Of who was erased nobody keeps a profile.
        and left(recipient_id, 7) <> 'erased-'
)

select
    message_id,
    recipient_key,
    recipient_id,
    recipient_tz,
    case when is_sent then sent_at end as sent_at,
    case when is_sent then delivered_at end as delivered_at,
    case when is_sent then last_click_at end as last_click_at,
    case when is_sent then human_clicks else 0 end as human_clicks,
    case when is_sent and delivery_state = 'DELIVERED' then 1 else 0 end as delivered,
    case when is_sent and delivery_rank = 50 then 1 else 0 end as failed,
    case when is_sent and human_clicks > 0 then 1 else 0 end as clicked,
    case when is_sent and delivery_rank = 50 and failure_permanent then 1 else 0 end
        as failed_for_good
from message;
