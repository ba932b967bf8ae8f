-- What the rows say beside what is known of their messages, for one range of message ids.
insert into open_stub
with named as (
    select
        object_id,
        message_id
    from warehouse.fact_delivery_event
    where message_id >= :first_id
        and message_id < :end_id

    union all

    select
        object_id,
        message_id
    from warehouse.fact_click
    where message_id >= :first_id
        and message_id < :end_id
)

select
    named.object_id,
    named.message_id
from named
join object_in
    on object_in.object_id = named.object_id
join warehouse.fact_message as stub
    on stub.message_id = named.message_id
where stub.message_id >= :first_id
    and stub.message_id < :end_id
    and stub.is_stub;

insert into object_count
with named as (
    select
        object_id,
        message_id,
        occurred_at
    from warehouse.fact_delivery_event
    where message_id >= :first_id
        and message_id < :end_id

    union all

    select
        object_id,
        message_id,
        occurred_at
    from warehouse.fact_click
    where message_id >= :first_id
        and message_id < :end_id
)

select
    named.object_id,
    'impossible_times' as measure,
    count(*) as counted
from named
join object_in
    on object_in.object_id = named.object_id
join warehouse.fact_message as message
    on message.message_id = named.message_id
where message.message_id >= :first_id
    and message.message_id < :end_id
    and named.occurred_at < dateadd(minute, -1, message.first_submitted_at)
group by named.object_id;

insert into object_count
with contradicted as (
    select
        receipt.object_id,
        receipt.message_id,
        receipt.attempt_no,
        coalesce(receipt.segment_seq, 0) as segment_seq
    from warehouse.fact_delivery_event as receipt
    join object_in
        on object_in.object_id = receipt.object_id
    join warehouse.fact_message as message
        on message.message_id = receipt.message_id
    where receipt.message_id >= :first_id
        and receipt.message_id < :end_id
        and message.message_id >= :first_id
        and message.message_id < :end_id
        and receipt.state_rank = 50
        and message.conflicting_final
),

delivered as (
    select distinct
        message_id,
        attempt_no,
        coalesce(segment_seq, 0) as segment_seq
    from warehouse.fact_delivery_event
    where message_id >= :first_id
        and message_id < :end_id
        and state_rank = 60
)

select
    contradicted.object_id,
    'conflicting_finals' as measure,
    count(*) as counted
from contradicted
join delivered
    on delivered.message_id = contradicted.message_id
    and delivered.attempt_no = contradicted.attempt_no
    and delivered.segment_seq = contradicted.segment_seq
group by contradicted.object_id;

insert into object_count
with ranked as (
    select
        object_id,
        row_number() over (
            partition by message_id, attempt_no
            order by occurred_at, event_id
        ) as copy_number
    from warehouse.fact_submission
    where message_id >= :first_id
        and message_id < :end_id
)

select
    ranked.object_id,
    'conflicting_sends' as measure,
    count(*) as counted
from ranked
join object_in
    on object_in.object_id = ranked.object_id
where ranked.copy_number > 1
group by ranked.object_id;
