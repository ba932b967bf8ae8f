-- One row per submitted message before it is recomputed: what dim_recipient makes of it.
create temp table recipient_before (
    message_id varchar(26),
    recipient_key varchar(96),
    first_submitted_at timestamp,
    mcc_mnc varchar(6),
    recipient_tz varchar(64)
)
distkey (message_id);

insert into recipient_before
select
    message.message_id,
    message.recipient_key,
    message.first_submitted_at,
    message.mcc_mnc,
    message.recipient_tz
from warehouse.fact_message as message
join touched
    on touched.message_id = message.message_id
where message.message_id >= :first_id
    and message.message_id < :end_id
    and not message.is_stub;
