-- Every token that went with the recipient.
insert into pii.erased_token (request_id, msisdn_token)
with seen as (
    select msisdn_token
    from staging.message_submitted
    where recipient_id = :recipient_id

    union

    select msisdn_token
    from staging.subscription_changed
    where recipient_id = :recipient_id

    union

    select msisdn_token
    from staging.inbound_message
    where recipient_id = :recipient_id

    union

    select msisdn_token
    from warehouse.fact_submission
    where recipient_id = :recipient_id

    union

    select msisdn_token
    from warehouse.fact_subscription_event
    where recipient_id = :recipient_id

    union

    select msisdn_token
    from warehouse.dim_recipient
    where recipient_id = :recipient_id

    union

    select cast(:token as varchar(64)) as msisdn_token
)

select
    cast(:request_id as varchar(64)) as request_id,
    seen.msisdn_token
from seen
left join pii.erased_token as known
    on known.msisdn_token = seen.msisdn_token
    and known.request_id = :request_id
where seen.msisdn_token is not null
    and seen.msisdn_token <> 'erased'
    and known.msisdn_token is null;
