-- One row per receipt of these messages.
create temp table receipt (
    event_id varchar(36),
    message_id varchar(26),
    attempt_no smallint,
    segment_seq smallint,
    segment_total smallint,
    provider varchar(64),
    state varchar(32),
    state_rank smallint,
    delivery_level varchar(32),
    error_code varchar(32),
    error_permanent boolean,
    provider_sequence bigint,
    occurred_at timestamp
)
distkey (message_id);

insert into receipt
select
    event.event_id,
    event.message_id,
    event.attempt_no,
    event.segment_seq,
    event.segment_total,
    event.provider,
    event.state,
    event.state_rank,
    event.delivery_level,
    event.error_code,
    event.error_permanent,
    coalesce(event.provider_sequence, -1) as provider_sequence,
    event.occurred_at
from warehouse.fact_delivery_event as event
join touched
    on touched.message_id = event.message_id
where event.message_id >= :first_id
    and event.message_id < :end_id;

-- One row per message: what its receipts say together, whatever attempt and part they are for.
create temp table receipted distkey (message_id) as
select
    message_id,
    cast(count(*) as integer) as receipts,
    min(provider) as provider,
    min(occurred_at) as first_receipt_at,
    max(occurred_at) as last_receipt_at,
    min(case when state = 'CARRIER_ACCEPTED' then occurred_at end) as carrier_accepted_at,
    max(case when state_rank = 50 then occurred_at end) as failed_at
from receipt
group by message_id;

-- One row per attempt with receipts: the state that follows from the states of its parts. States only ever rise in rank;
-- what a part was last known to be is its highest, not its latest. A part delivered after it failed is delivered.
-- An attempt has as many parts as anything says that it has: its submission, its receipts, or the part one of them is for. A
-- count that is too low must not hide a failed part behind those that were delivered.
create temp table attempt_state distkey (message_id) as
with ranked as (
    select
        event_id,
        message_id,
        attempt_no,
        segment_seq,
        provider,
        state,
        state_rank,
        delivery_level,
        error_code,
        error_permanent,
        provider_sequence,
        occurred_at,
        row_number() over (
            partition by message_id, attempt_no, segment_seq
            order by state_rank desc, occurred_at desc, provider_sequence desc, event_id desc
        ) as receipt_number,
        max(case when state_rank = 60 then 1 else 0 end) over (
            partition by message_id, attempt_no, segment_seq
        ) as has_delivery,
        max(case when state_rank = 50 then 1 else 0 end) over (
            partition by message_id, attempt_no, segment_seq
        ) as has_failure,
        -- Receipts for parts say more than one for the whole message.
        count(segment_seq) over (partition by message_id, attempt_no) as part_receipts,
        greatest(
            max(segment_total) over (partition by message_id, attempt_no),
            max(segment_seq) over (partition by message_id, attempt_no)
        ) as parts_reported
    from receipt
),

part as (
    select
        *,
        row_number() over (
            partition by message_id, attempt_no
            order by
                case when state_rank = 50 then 0 else 1 end,
                occurred_at desc,
                provider_sequence desc,
                event_id desc
        ) as failure_order
    from ranked
    where receipt_number = 1
        and (segment_seq is not null or part_receipts = 0)
),

counted as (
    select
        message_id,
        attempt_no,
        max(case when segment_seq is null then 1 else 0 end) as is_whole,
        cast(count(*) as integer) as parts_seen,
        max(parts_reported) as parts_reported,
        cast(sum(case when state_rank = 60 then 1 else 0 end) as integer) as parts_delivered,
        cast(sum(case when state_rank = 50 then 1 else 0 end) as integer) as parts_failed,
        min(state_rank) as lowest_rank,
        max(case when state_rank = 60 then occurred_at end) as delivered_at,
        -- 'CARRIER' comes before 'HANDSET': the weaker word counts for all parts.
        min(case when state_rank = 60 then delivery_level end) as delivery_level,
        max(case when failure_order = 1 and state_rank = 50 then state end) as failure_state,
        max(case when failure_order = 1 and state_rank = 50 then error_code end) as error_code,
        max(case when failure_order = 1 and state_rank = 50 then provider end) as error_provider,
        max(
            case
                when failure_order = 1 and state_rank = 50 and error_permanent then 1
                when failure_order = 1 and state_rank = 50 and not error_permanent then 0
            end
        ) as error_permanent,
        max(has_delivery * has_failure) as is_conflicting
    from part
    group by message_id, attempt_no
),

sized as (
    select
        counted.*,
        greatest(
            1,
            counted.parts_seen,
            coalesce(counted.parts_reported, 1),
            coalesce(attempt.segment_count, 1)
        ) as parts
    from counted
    left join attempt
        on attempt.message_id = counted.message_id
        and attempt.attempt_no = counted.attempt_no
),

expected as (
    select
        sized.*,
        case when is_whole = 1 then 1 else parts end as parts_expected,
        case when is_whole = 1 then parts else 1 end as parts_each
    from sized
)

select
    message_id,
    attempt_no,
    case
        when parts_delivered >= parts_expected then 'DELIVERED'
        when parts_failed > 0 then failure_state
        when lowest_rank = 10 then 'QUEUED'
        when lowest_rank = 30 then 'CARRIER_ACCEPTED'
        when lowest_rank = 40 then 'UNKNOWN'
        else 'SENT'
    end as state,
    case when parts_delivered >= parts_expected then delivered_at end as delivered_at,
    case
        when parts_delivered >= parts_expected then delivery_level
        when parts_failed = 0 and lowest_rank = 30 then 'CARRIER'
    end as delivery_level,
    error_code,
    error_provider,
    error_permanent,
    parts_delivered * parts_each as segments_delivered,
    parts_failed * parts_each as segments_failed,
    is_conflicting
from expected;

-- One row per message with an attempt that reached the network: delivered in any attempt is delivered, else the latest
-- attempt says how the message stands.
create temp table delivery distkey (message_id) as
with tried as (
    select
        coalesce(attempt_state.message_id, attempt.message_id) as message_id,
        coalesce(attempt_state.attempt_no, attempt.attempt_no) as attempt_no,
        coalesce(attempt_state.state, 'SENT') as state,
        attempt_state.delivered_at,
        attempt_state.delivery_level,
        attempt_state.error_code,
        attempt_state.error_provider,
        attempt_state.error_permanent,
        coalesce(attempt_state.segments_delivered, 0) as segments_delivered,
        coalesce(attempt_state.segments_failed, 0) as segments_failed,
        coalesce(attempt_state.is_conflicting, 0) as is_conflicting
    from attempt_state
    full join (
        select message_id, attempt_no
        from attempt
        where submit_status = 'ACCEPTED'
    ) as attempt
        on attempt.message_id = attempt_state.message_id
        and attempt.attempt_no = attempt_state.attempt_no
),

ranked as (
    select
        tried.*,
        max(is_conflicting) over (partition by message_id) as has_conflict,
        row_number() over (
            partition by message_id
            order by case when state = 'DELIVERED' then 0 else 1 end, delivered_at, attempt_no desc
        ) as attempt_order
    from tried
)

select
    message_id,
    state,
    case
        when state = 'QUEUED' then 10
        when state = 'SENT' then 20
        when state = 'CARRIER_ACCEPTED' then 30
        when state = 'UNKNOWN' then 40
        when state = 'DELIVERED' then 60
        else 50
    end as state_rank,
    delivered_at,
    delivery_level,
    error_code,
    error_provider,
    error_permanent,
    segments_delivered,
    segments_failed,
    has_conflict = 1 as is_conflicting
from ranked
where attempt_order = 1;
