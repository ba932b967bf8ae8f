insert into losing_copy
with doubled as (
    select distinct
        event_id,
        event_date
    from doubled_event
),

copy as (
    select
        landed.event_id,
        landed.event_date,
        landed.received_at,
        landed.content_hash,
        landed.object_id,
        landed.line_number,
        false as is_stored
    from warehouse.landed_submission as landed
    join doubled
        on doubled.event_id = landed.event_id
        and doubled.event_date = landed.event_date
    where landed.arrival_date = :day
        and landed.load_id in (select load_id from batch_load)

    union all

    select
        stored.event_id,
        stored.event_date,
        stored.received_at,
        stored.content_hash,
        stored.object_id,
        stored.line_number,
        true as is_stored
    from warehouse.fact_submission as stored
    join doubled
        on doubled.event_id = stored.event_id
        and doubled.event_date = stored.event_date
    where stored.event_date between :first_date and :last_date
),

ranked as (
    select
        event_id,
        object_id,
        line_number,
        is_stored,
        row_number() over (
            partition by event_id, event_date
            order by received_at, content_hash, object_id, line_number, is_stored desc
        ) as copy_number
    from copy
)

select
    event_id,
    object_id,
    line_number,
    is_stored
from ranked
where copy_number > 1;

insert into moved
select
    stored.event_id,
    stored.event_date,
    stored.received_at,
    stored.object_id,
    stored.line_number,
    stored.message_id,
    stored.follow_up_of_message_id,
    false as is_back
from warehouse.fact_submission as stored
join losing_copy
    on losing_copy.event_id = stored.event_id
    and losing_copy.object_id = stored.object_id
    and losing_copy.line_number = stored.line_number
where losing_copy.is_stored
    and stored.event_date between :first_date and :last_date;

delete from warehouse.fact_submission
using losing_copy
where losing_copy.is_stored
    and losing_copy.event_id = fact_submission.event_id
    and losing_copy.object_id = fact_submission.object_id
    and losing_copy.line_number = fact_submission.line_number
    and fact_submission.event_date between :first_date and :last_date;
