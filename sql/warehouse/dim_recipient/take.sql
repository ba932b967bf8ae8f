-- One row per recipient with changes of consent or line: the time between the first and the last, and its token.
create temp table recipient_change (
    recipient_key varchar(96),
    recipient_id varchar(64),
    first_change_at timestamp,
    last_change_at timestamp,
    msisdn_token varchar(64)
)
distkey (recipient_id);

insert into recipient_change
with numbered as (
    select
        event.recipient_id,
        event.msisdn_token,
        event.effective_at,
        event.occurred_at,
        event.event_id,
        cast(
            sum(case when event.new_status in ('DEACTIVATED', 'REASSIGNED') then 1 else 0 end)
                over (
                    partition by event.recipient_id
                    order by event.effective_at, event.occurred_at, event.event_id
                    rows unbounded preceding
                )
            as bigint
        ) as assignment_seq
    from warehouse.fact_subscription_event as event
    join changed_recipient
        on changed_recipient.recipient_id = event.recipient_id
),

ranked as (
    select
        *,
        row_number() over (
            partition by recipient_id, assignment_seq
            order by effective_at desc, occurred_at desc, event_id desc
        ) as place
    from numbered
)

select
    recipient_id || '#' || cast(assignment_seq as varchar(20)) as recipient_key,
    recipient_id,
    min(effective_at) as first_change_at,
    max(effective_at) as last_change_at,
    max(case when place = 1 then msisdn_token end) as msisdn_token
from ranked
group by recipient_id, assignment_seq;

-- One row per recipient that was erased.
create temp table erased_recipient as
select
    recipient_alias as recipient_id,
    requested_at as erased_at
from pii.erasure_registry;

delete from warehouse.dim_recipient
using changed_recipient
where changed_recipient.recipient_id = dim_recipient.recipient_id;

insert into warehouse.dim_recipient (
    recipient_key,
    recipient_id,
    assignment_seq,
    msisdn_token,
    country,
    tz,
    home_carrier,
    first_seen_at,
    last_seen_at,
    first_message_at,
    first_message_id,
    last_message_at,
    last_message_id,
    erased_at,
    loaded_at
)
with known as (
    select recipient_key, recipient_id from recipient_message
    union
    select recipient_key, recipient_id from recipient_change
)

select
    known.recipient_key,
    known.recipient_id,
    cast(
        substring(known.recipient_key, len(known.recipient_id) + 2, 20) as integer
    ) as assignment_seq,
    case
        when erased.recipient_id is null then coalesce(message.msisdn_token, change.msisdn_token)
    end as msisdn_token,
    carrier.country,
    message.tz,
    message.mcc_mnc as home_carrier,
    least(message.first_message_at, change.first_change_at) as first_seen_at,
    greatest(message.last_message_at, change.last_change_at) as last_seen_at,
    message.first_message_at,
    message.first_message_id,
    message.last_message_at,
    message.last_message_id,
    erased.erased_at,
    cast(:now as timestamp) as loaded_at
from known
left join recipient_message as message
    on message.recipient_key = known.recipient_key
left join recipient_change as change
    on change.recipient_key = known.recipient_key
left join erased_recipient as erased
    on erased.recipient_id = known.recipient_id
left join warehouse.dim_carrier as carrier
    on carrier.mcc_mnc = message.mcc_mnc;
