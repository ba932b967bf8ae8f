-- One row per message and opt-out that held when it was sent. reports.sent_after_optout counts those sent more than five minutes after.
select
    message.message_id,
    message.recipient_key,
    message.campaign_id,
    message.message_category,
    message.sent_at,
    refusal.program_id,
    refusal.effective_at,
    refusal.ended_at,
    refusal.event_id,
    cast(datediff(second, refusal.effective_at, message.sent_at) as bigint) / 60 as minutes_after,
    message.sent_at > dateadd(minute, 5, refusal.effective_at) as is_counted
from reports.refusal as refusal
join warehouse.fact_message as message
    on message.recipient_id = refusal.recipient_id
join traced_message
    on traced_message.message_id = message.message_id
where refusal.recipient_id = :recipient_id
    and refusal.new_status = 'OPTED_OUT'
    and message.sent_at >= refusal.effective_at
    and (refusal.ended_at is null or message.sent_at < refusal.ended_at)
    and not message.is_stub
    and message.message_id >= :first_id
    and message.message_id < :end_id;
