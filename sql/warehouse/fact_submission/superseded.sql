insert into moved
select
    event_id,
    event_date,
    received_at,
    object_id,
    line_number,
    message_id,
    follow_up_of_message_id,
    false as is_back
from warehouse.fact_submission
where arrival_date = :day
    and object_id in (select object_id from superseded_object);

delete from warehouse.fact_submission
where arrival_date = :day
    and object_id in (select object_id from superseded_object);

-- Of the removed events, copies that other objects brought stand in again.
insert into moved
with ranked as (
    select
        event_id,
        event_date,
        received_at,
        object_id,
        line_number,
        message_id,
        follow_up_of_message_id,
        row_number() over (
            partition by event_id, event_date
            order by received_at, content_hash, object_id, line_number
        ) as copy_number
    from warehouse.landed_submission
    where event_id in (select event_id from moved)
        and load_id in (
            select load_id
            from control.applied_load
            where table_name = :table_name
        )
)

select
    ranked.event_id,
    ranked.event_date,
    ranked.received_at,
    ranked.object_id,
    ranked.line_number,
    ranked.message_id,
    ranked.follow_up_of_message_id,
    true as is_back
from ranked
join moved
    on moved.event_id = ranked.event_id
    and moved.event_date = ranked.event_date
where ranked.copy_number = 1;

insert into warehouse.fact_submission (
    event_id,
    message_id,
    attempt_no,
    submit_status,
    submit_error_code,
    suppress_reason,
    campaign_id,
    variant_id,
    send_batch_id,
    follow_up_of_message_id,
    recipient_id,
    msisdn_token,
    sender_id,
    message_category,
    template_id,
    encoding,
    segment_count,
    link_token,
    link_url_id,
    provider,
    provider_message_id,
    mcc_mnc,
    recipient_tz,
    scheduled_at,
    occurred_at,
    received_at,
    event_date,
    content_hash,
    object_id,
    line_number,
    arrival_date,
    loaded_at
)
select
    landed.event_id,
    landed.message_id,
    landed.attempt_no,
    landed.submit_status,
    landed.submit_error_code,
    landed.suppress_reason,
    landed.campaign_id,
    landed.variant_id,
    landed.send_batch_id,
    landed.follow_up_of_message_id,
    landed.recipient_id,
    landed.msisdn_token,
    landed.sender_id,
    landed.message_category,
    landed.template_id,
    landed.encoding,
    landed.segment_count,
    landed.link_token,
    landed.link_url_id,
    landed.provider,
    landed.provider_message_id,
    landed.mcc_mnc,
    landed.recipient_tz,
    landed.scheduled_at,
    landed.occurred_at,
    landed.received_at,
    landed.event_date,
    landed.content_hash,
    landed.object_id,
    landed.line_number,
    landed.arrival_date,
    cast(:now as timestamp) as loaded_at
from warehouse.landed_submission as landed
join moved
    on moved.object_id = landed.object_id
    and moved.line_number = landed.line_number
where moved.is_back;
