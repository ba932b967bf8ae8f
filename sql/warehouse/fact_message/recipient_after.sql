-- Messages that say something else of their recipient than before; what a message says the same both times counts twice.
insert into control.sighted_message (message_id)
with recipient_after as (
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
        and not message.is_stub
),

said as (
    select * from recipient_before
    union all
    select * from recipient_after
),

changed as (
    select message_id
    from said
    group by
        message_id,
        recipient_key,
        first_submitted_at,
        mcc_mnc,
        recipient_tz
    having count(*) = 1
)

select distinct message_id
from changed;
