-- What the person had left stays left, for every number of theirs: by the last word there is of each program, applied or
-- not, under their own name or the one that stands for it since. A consent that awaits confirmation is no word yet.
insert into pii.suppression (msisdn_token, program_id, since)
with person as (
    select recipient_id
    from pii.erasure_registry
    where request_id = :request_id

    union all

    select recipient_alias as recipient_id
    from pii.erasure_registry
    where request_id = :request_id
),

told as (
    select
        event.msisdn_token,
        event.program_id,
        event.new_status,
        event.effective_at,
        event.occurred_at,
        event.event_id
    from staging.subscription_changed as event
    join person
        on person.recipient_id = event.recipient_id
    where event.new_status <> 'PENDING_CONFIRM'

    union all

    select
        event.msisdn_token,
        event.program_id,
        event.new_status,
        event.effective_at,
        event.occurred_at,
        event.event_id
    from warehouse.fact_subscription_event as event
    join person
        on person.recipient_id = event.recipient_id
    where event.new_status <> 'PENDING_CONFIRM'
),

ordered as (
    select
        msisdn_token,
        program_id,
        new_status,
        effective_at,
        -- A line that ends ends every consent; copies of the last event are the last event.
        max(case when new_status in ('DEACTIVATED', 'REASSIGNED') then 1 else 0 end) over (
            order by effective_at, occurred_at, event_id
            rows between 1 following and unbounded following
        ) as is_ended,
        min(effective_at) over (
            partition by program_id
            order by effective_at, occurred_at, event_id
            rows between 1 following and 1 following
        ) as next_change_at
    from told
),

refused as (
    select
        msisdn_token,
        program_id,
        effective_at as since
    from ordered
    where new_status = 'OPTED_OUT'
        and next_change_at is null
        and coalesce(is_ended, 0) = 0
),

number_refused as (
    select
        erased.msisdn_token,
        refused.program_id,
        refused.since
    from refused
    cross join pii.erased_token as erased
    where erased.request_id = :request_id

    union

    select
        msisdn_token,
        program_id,
        since
    from refused
    where msisdn_token is not null
        and msisdn_token <> 'erased'
)

select
    refused.msisdn_token,
    refused.program_id,
    max(refused.since) as since
from number_refused as refused
left join pii.suppression as known
    on known.msisdn_token = refused.msisdn_token
    and known.program_id = refused.program_id
    and known.since >= refused.since
where known.msisdn_token is null
group by refused.msisdn_token, refused.program_id;
