-- One row per recipient with a consent that holds at as_of: OPTED_OUT while an opt-out of theirs holds, from whichever
-- program, as reports.refusal says; else the strongest over all programs of what else they said last.
create temp table consent (
    recipient_key varchar(96),
    status varchar(16)
)
distkey (recipient_key);

insert into consent
with held as (
    select
        recipient_key,
        case status
            when 'OPTED_IN' then 4
            when 'PENDING_CONFIRM' then 3
            when 'DEACTIVATED' then 2
            else 1
        end as strength
    from warehouse.dim_subscription
    where valid_from <= :as_of
        and coalesce(valid_to > :as_of, true)
        and status <> 'OPTED_OUT'

    union all

    select
        spell.recipient_key,
        5 as strength
    from reports.refusal as refusal
    join warehouse.dim_subscription as spell
        on spell.recipient_id = refusal.recipient_id
        and spell.event_id = refusal.event_id
    where refusal.new_status = 'OPTED_OUT'
        and refusal.effective_at <= :as_of
        and coalesce(refusal.ended_at > :as_of, true)
),

strongest as (
    select
        recipient_key,
        max(strength) as strength
    from held
    group by recipient_key
)

select
    recipient_key,
    case strength
        when 5 then 'OPTED_OUT'
        when 4 then 'OPTED_IN'
        when 3 then 'PENDING_CONFIRM'
        when 2 then 'DEACTIVATED'
        else 'REASSIGNED'
    end as status
from strongest;

-- One row per line that had been deactivated or reassigned up to as_of, and how often.
create temp table line_change (
    recipient_id varchar(64),
    changes bigint
)
distkey (recipient_id);

insert into line_change
select
    recipient_id,
    count(*) as changes
from warehouse.fact_subscription_event
where new_status in ('DEACTIVATED', 'REASSIGNED')
    and effective_at <= :as_of
group by recipient_id;
