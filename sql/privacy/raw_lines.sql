-- Lines of raw objects that still hold what the person's rows were made of, as far as the warehouse knows them: a copy of an
-- event that was set aside is known while staging holds it.
with own_message as (
    select message_alias as message_id
    from pii.erased_message
    where request_id = :request_id
),

own_recipient as (
    select recipient_alias as recipient_id
    from pii.erasure_registry
    where request_id = :request_id
),

line as (
    select object_id, line_number
    from warehouse.fact_submission
    where recipient_id in (select recipient_id from own_recipient)

    union

    select object_id, line_number
    from warehouse.fact_delivery_event
    where message_id in (select message_id from own_message)

    union

    select object_id, line_number
    from warehouse.fact_click
    where message_id in (select message_id from own_message)
        or link_token in (select message_id from own_message)

    union

    select object_id, line_number
    from warehouse.fact_subscription_event
    where recipient_id in (select recipient_id from own_recipient)

    union

    select object_id, line_number
    from warehouse.fact_inbound_message
    where recipient_id in (select recipient_id from own_recipient)
        or in_reply_to_message_id in (select message_id from own_message)

    union

    select object_id, line_number
    from staging.message_submitted
    where recipient_id in (select recipient_id from own_recipient)

    union

    select object_id, line_number
    from staging.delivery_receipt
    where message_id in (select message_id from own_message)

    union

    select object_id, line_number
    from staging.link_click
    where message_id in (select message_id from own_message)
        or link_token in (select message_id from own_message)

    union

    select object_id, line_number
    from staging.subscription_changed
    where recipient_id in (select recipient_id from own_recipient)

    union

    select object_id, line_number
    from staging.inbound_message
    where recipient_id in (select recipient_id from own_recipient)
        or in_reply_to_message_id in (select message_id from own_message)

    union

    select object_id, line_number
    from pii.erased_line
    where request_id = :request_id
)

select
    object.bucket,
    object.object_key,
    line.line_number
from line
join control.landed_object as object
    on object.object_id = line.object_id
where object.status = 'landed'
order by object.object_key, line.line_number;
