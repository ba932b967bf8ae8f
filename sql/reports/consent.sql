-- One row per recipient with a consent that holds at as_of: the strongest over all programs. An opt-out from one program
-- counts against all: nobody is written to by a program while they ask another to stop.
create temp table consent (
    recipient_key varchar(96),
    status varchar(16)
)
distkey (recipient_key);

insert into consent
with held as (
    select
        recipient_key,
        max(
            case status
                when 'OPTED_OUT' then 5
                when 'OPTED_IN' then 4
                when 'PENDING_CONFIRM' then 3
                when 'DEACTIVATED' then 2
                else 1
            end
        ) as strength
    from warehouse.dim_subscription
    where valid_from <= :as_of
        and coalesce(valid_to > :as_of, true)
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
from held;

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
