-- What the rows of the objects say beside what is known of their messages, for one range of message ids. A few late clicks
-- stretch a range over months: what did not arrive in these days leaves before anything is joined or numbered.
insert into open_stub
with named as (
    select
        object_id,
        message_id
    from warehouse.fact_delivery_event
    where message_id >= :first_id
        and message_id < :end_id
        and arrival_date between :first_date and :last_date

    union all

    select
        object_id,
        message_id
    from warehouse.fact_click
    where message_id >= :first_id
        and message_id < :end_id
        and arrival_date between :first_date and :last_date
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
        and arrival_date between :first_date and :last_date

    union all

    select
        object_id,
        message_id,
        occurred_at
    from warehouse.fact_click
    where message_id >= :first_id
        and message_id < :end_id
        and arrival_date between :first_date and :last_date
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
        and receipt.arrival_date between :first_date and :last_date
        and message.message_id >= :first_id
        and message.message_id < :end_id
        and receipt.state_rank = 50
        and message.conflicting_final
),

named as (
    select distinct message_id
    from contradicted
),

delivered as (
    select distinct
        receipt.message_id,
        receipt.attempt_no,
        coalesce(receipt.segment_seq, 0) as segment_seq
    from warehouse.fact_delivery_event as receipt
    join named
        on named.message_id = receipt.message_id
    where receipt.message_id >= :first_id
        and receipt.message_id < :end_id
        and receipt.state_rank = 60
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
with named as (
    select distinct submission.message_id
    from warehouse.fact_submission as submission
    join object_in
        on object_in.object_id = submission.object_id
    where submission.message_id >= :first_id
        and submission.message_id < :end_id
        and submission.arrival_date between :first_date and :last_date
),

ranked as (
    select
        submission.object_id,
        submission.recipient_id,
        submission.campaign_id,
        row_number() over (
            partition by submission.message_id, submission.attempt_no
            order by submission.occurred_at, submission.event_id
        ) as copy_number,
        first_value(submission.recipient_id) over (
            partition by submission.message_id
            order by submission.attempt_no, submission.occurred_at, submission.event_id
            rows between unbounded preceding and unbounded following
        ) as first_recipient_id,
        first_value(submission.campaign_id) over (
            partition by submission.message_id
            order by submission.attempt_no, submission.occurred_at, submission.event_id
            rows between unbounded preceding and unbounded following
        ) as first_campaign_id
    from warehouse.fact_submission as submission
    join named
        on named.message_id = submission.message_id
    where submission.message_id >= :first_id
        and submission.message_id < :end_id
)

select
    ranked.object_id,
    'conflicting_sends' as measure,
    count(*) as counted
from ranked
join object_in
    on object_in.object_id = ranked.object_id
where ranked.copy_number > 1
    or ranked.recipient_id <> ranked.first_recipient_id
    or ranked.campaign_id <> ranked.first_campaign_id
group by ranked.object_id;
