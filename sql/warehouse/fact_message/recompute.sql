-- One row per attempt to send: of several reports of one attempt the first counts.
create temp table attempt (
    event_id varchar(36),
    message_id varchar(26),
    attempt_no smallint,
    submit_status varchar(32),
    segment_count smallint,
    occurred_at timestamp
)
distkey (message_id);

insert into attempt
with ranked as (
    select
        submission.event_id,
        submission.message_id,
        submission.attempt_no,
        submission.submit_status,
        submission.segment_count,
        submission.occurred_at,
        row_number() over (
            partition by submission.message_id, submission.attempt_no
            order by submission.occurred_at, submission.event_id
        ) as copy_number
    from warehouse.fact_submission as submission
    join touched
        on touched.message_id = submission.message_id
    where submission.message_id >= :first_id
        and submission.message_id < :end_id
)

select
    event_id,
    message_id,
    attempt_no,
    submit_status,
    segment_count,
    occurred_at
from ranked
where copy_number = 1;

-- One row per submitted message, as its latest attempt describes it.
create temp table submitted (
    message_id varchar(26),
    attempts smallint,
    first_submitted_at timestamp,
    sent_at timestamp,
    cohort_at timestamp,
    submit_status varchar(32),
    submit_error_code varchar(32),
    suppress_reason varchar(32),
    campaign_id varchar(64),
    variant_id varchar(64),
    send_batch_id varchar(64),
    follow_up_of_message_id varchar(26),
    recipient_id varchar(64),
    sender_id varchar(64),
    message_category varchar(32),
    template_id varchar(64),
    encoding varchar(32),
    segment_count smallint,
    link_token varchar(64),
    link_url_id varchar(64),
    provider varchar(64),
    mcc_mnc varchar(6),
    recipient_tz varchar(64)
)
distkey (message_id);

insert into submitted
with timed as (
    select
        message_id,
        max(attempt_no) as attempts,
        min(occurred_at) as first_submitted_at,
        min(case when submit_status = 'ACCEPTED' then occurred_at end) as sent_at
    from attempt
    group by message_id
)

select
    timed.message_id,
    timed.attempts,
    timed.first_submitted_at,
    timed.sent_at,
    coalesce(timed.sent_at, timed.first_submitted_at) as cohort_at,
    latest.submit_status,
    latest.submit_error_code,
    latest.suppress_reason,
    latest.campaign_id,
    latest.variant_id,
    latest.send_batch_id,
    latest.follow_up_of_message_id,
    latest.recipient_id,
    latest.sender_id,
    latest.message_category,
    latest.template_id,
    latest.encoding,
    latest.segment_count,
    latest.link_token,
    latest.link_url_id,
    latest.provider,
    latest.mcc_mnc,
    latest.recipient_tz
from timed
join attempt
    on attempt.message_id = timed.message_id
    and attempt.attempt_no = timed.attempts
join warehouse.fact_submission as latest
    on latest.message_id = attempt.message_id
    and latest.event_id = attempt.event_id
    and latest.occurred_at = attempt.occurred_at
where latest.message_id >= :first_id
    and latest.message_id < :end_id;

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
create temp table attempt_state distkey (message_id) as
with ranked as (
    select
        event_id,
        message_id,
        attempt_no,
        segment_seq,
        segment_total,
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
        count(segment_seq) over (partition by message_id, attempt_no) as part_receipts
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
        coalesce(max(segment_total), max(segment_seq), 1) as parts_reported,
        cast(sum(case when state_rank = 60 then 1 else 0 end) as integer) as parts_delivered,
        cast(sum(case when state_rank = 50 then 1 else 0 end) as integer) as parts_failed,
        min(state_rank) as lowest_rank,
        max(case when state_rank = 60 then occurred_at end) as delivered_at,
        -- 'CARRIER' comes before 'HANDSET': the weaker word counts for all parts.
        min(case when state_rank = 60 then delivery_level end) as delivery_level,
        max(case when failure_order = 1 and state_rank = 50 then state end) as failure_state,
        max(case when failure_order = 1 and state_rank = 50 then error_code end) as error_code,
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

expected as (
    select
        counted.*,
        case
            when counted.is_whole = 1 then 1
            else coalesce(attempt.segment_count, counted.parts_reported)
        end as parts_expected,
        case
            when counted.is_whole = 1 then coalesce(attempt.segment_count, counted.parts_reported)
            else 1
        end as parts_each
    from counted
    left join attempt
        on attempt.message_id = counted.message_id
        and attempt.attempt_no = counted.attempt_no
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
    error_permanent,
    segments_delivered,
    segments_failed,
    has_conflict = 1 as is_conflicting
from ranked
where attempt_order = 1;

-- One row per message with requests for its link. Visits are counted in sessions: thirty quiet minutes end one.
create temp table clicked (
    message_id varchar(26),
    click_requests integer,
    bot_clicks integer,
    repeat_clicks integer,
    human_clicks integer,
    click_sessions integer,
    distinct_visitors integer,
    first_click_at timestamp,
    last_click_at timestamp,
    first_bot_click_at timestamp,
    bot_ruleset_version smallint
)
distkey (message_id);

insert into clicked
with request as (
    select
        click.message_id,
        click.event_id,
        click.occurred_at,
        click.visitor_token,
        click.bot_ruleset_version,
        case
            when not click.is_human then 'BOT'
            when click.is_repeat_fire then 'REPEAT'
            else 'HUMAN'
        end as kind
    from warehouse.fact_click as click
    join touched
        on touched.message_id = click.message_id
    where click.message_id >= :first_id
        and click.message_id < :end_id
),

ordered as (
    select
        request.*,
        lag(occurred_at) over (
            partition by message_id, kind
            order by occurred_at, event_id
        ) as previous_at
    from request
)

select
    message_id,
    cast(count(*) as integer) as click_requests,
    cast(sum(case when kind = 'BOT' then 1 else 0 end) as integer) as bot_clicks,
    cast(sum(case when kind = 'REPEAT' then 1 else 0 end) as integer) as repeat_clicks,
    cast(sum(case when kind = 'HUMAN' then 1 else 0 end) as integer) as human_clicks,
    cast(
        sum(
            case
                when kind <> 'HUMAN' then 0
                when occurred_at <= dateadd(minute, 30, previous_at) then 0
                else 1
            end
        ) as integer
    ) as click_sessions,
    cast(
        count(distinct case when kind <> 'BOT' then visitor_token end) as integer
    ) as distinct_visitors,
    min(case when kind = 'HUMAN' then occurred_at end) as first_click_at,
    max(case when kind = 'HUMAN' then occurred_at end) as last_click_at,
    min(case when kind = 'BOT' then occurred_at end) as first_bot_click_at,
    max(bot_ruleset_version) as bot_ruleset_version
from ordered
group by message_id;

-- Days of campaigns that lose or gain something: what a message was counted under, and what it is counted under now.
insert into control.touched_cohort (campaign_id, cohort_date_report)
select distinct
    message.campaign_id,
    message.cohort_date_report
from warehouse.fact_message as message
join touched
    on touched.message_id = message.message_id
where message.message_id >= :first_id
    and message.message_id < :end_id
    and not message.is_stub;

delete from warehouse.fact_message
using touched
where touched.message_id = fact_message.message_id
    and fact_message.message_id >= :first_id
    and fact_message.message_id < :end_id;

insert into warehouse.fact_message (
    message_id,
    is_stub,
    campaign_id,
    variant_id,
    send_batch_id,
    recipient_id,
    recipient_key,
    sender_id,
    message_category,
    template_id,
    encoding,
    segment_count,
    link_token,
    link_url_id,
    provider,
    mcc_mnc,
    recipient_tz,
    follow_up_of_message_id,
    followed_up_at,
    attempts,
    submit_status,
    suppress_reason,
    first_submitted_at,
    sent_at,
    cohort_at,
    cohort_date,
    cohort_date_report,
    sent_date,
    sent_date_report,
    sent_hour_local,
    sent_dow_local,
    report_tz,
    click_window_days,
    optout_window_hours,
    first_receipt_at,
    carrier_accepted_at,
    delivered_at,
    failed_at,
    last_receipt_at,
    segments_delivered,
    segments_failed,
    delivery_state,
    delivery_rank,
    delivery_level,
    final_error_code,
    failure_category,
    failure_permanent,
    receipts,
    conflicting_final,
    click_requests,
    bot_clicks,
    repeat_clicks,
    human_clicks,
    click_sessions,
    distinct_visitors,
    first_click_at,
    last_click_at,
    first_bot_click_at,
    sec_to_first_click,
    bot_ruleset_version,
    replied_at,
    updated_at
)
with known as (
    select message_id from submitted
    union
    select message_id from receipted
    union
    select message_id from clicked
),

-- One row per message that was answered; STOP is an opt-out, not an answer.
replied as (
    select
        inbound.in_reply_to_message_id as message_id,
        min(inbound.occurred_at) as replied_at
    from warehouse.fact_inbound_message as inbound
    join touched
        on touched.message_id = inbound.in_reply_to_message_id
    where inbound.in_reply_to_message_id >= :first_id
        and inbound.in_reply_to_message_id < :end_id
        and coalesce(inbound.intent, 'REPLY') <> 'STOP'
    group by inbound.in_reply_to_message_id
),

-- One row per message that another one reminded of.
followed_up as (
    select
        reminder.follow_up_of_message_id as message_id,
        min(reminder.occurred_at) as followed_up_at
    from warehouse.fact_submission as reminder
    join touched
        on touched.message_id = reminder.follow_up_of_message_id
    where reminder.follow_up_of_message_id >= :first_id
        and reminder.follow_up_of_message_id < :end_id
        and reminder.submit_status = 'ACCEPTED'
    group by reminder.follow_up_of_message_id
),

-- One row per message whose recipient's line had changed hands before it was submitted.
line_use as (
    select
        submitted.message_id,
        count(*) as changes
    from submitted
    join warehouse.fact_subscription_event as event
        on event.recipient_id = submitted.recipient_id
    where event.new_status in ('DEACTIVATED', 'REASSIGNED')
        and event.effective_at <= submitted.first_submitted_at
    group by submitted.message_id
),

described as (
    select
        known.message_id,
        submitted.message_id is null as is_stub,
        submitted.campaign_id,
        submitted.variant_id,
        submitted.send_batch_id,
        submitted.recipient_id,
        submitted.recipient_id || '#' || cast(coalesce(line_use.changes, 0) as varchar(20))
            as recipient_key,
        submitted.sender_id,
        submitted.message_category,
        submitted.template_id,
        submitted.encoding,
        submitted.segment_count,
        submitted.link_token,
        submitted.link_url_id,
        coalesce(submitted.provider, receipted.provider) as provider,
        submitted.mcc_mnc,
        submitted.recipient_tz,
        submitted.follow_up_of_message_id,
        followed_up.followed_up_at,
        submitted.attempts,
        submitted.submit_status,
        submitted.suppress_reason,
        submitted.first_submitted_at,
        submitted.sent_at,
        submitted.cohort_at,
        cast(submitted.cohort_at as date) as cohort_date,
        cast(
            convert_timezone('UTC', coalesce(setting.redshift_tz, 'UTC'), submitted.cohort_at)
            as date
        ) as cohort_date_report,
        cast(submitted.sent_at as date) as sent_date,
        cast(
            convert_timezone('UTC', coalesce(setting.redshift_tz, 'UTC'), submitted.sent_at) as date
        ) as sent_date_report,
        case
            when zone.redshift_name is not null
                then convert_timezone('UTC', zone.redshift_name, submitted.sent_at)
        end as sent_at_local,
        coalesce(setting.report_tz, 'UTC') as report_tz,
        coalesce(setting.click_window_days, 30) as click_window_days,
        coalesce(setting.optout_window_hours, 24) as optout_window_hours,
        receipted.first_receipt_at,
        receipted.carrier_accepted_at,
        delivery.delivered_at,
        receipted.failed_at,
        receipted.last_receipt_at,
        coalesce(delivery.segments_delivered, 0) as segments_delivered,
        coalesce(delivery.segments_failed, 0) as segments_failed,
        delivery.state as delivery_state,
        delivery.state_rank as delivery_rank,
        delivery.delivery_level,
        -- A message that never left fails with what the provider answered to its latest attempt.
        case
            when delivery.state_rank = 50 then 'state:' || delivery.state
            when delivery.state is null and submitted.submit_status = 'REJECTED'
                then 'state:NOT_ACCEPTED'
        end as failure,
        case
            when delivery.state_rank = 50 then delivery.error_code
            when delivery.state is null and submitted.submit_status = 'REJECTED'
                then submitted.submit_error_code
        end as final_error_code,
        delivery.error_permanent = 1 as error_permanent,
        coalesce(receipted.receipts, 0) as receipts,
        coalesce(delivery.is_conflicting, false) as conflicting_final,
        coalesce(clicked.click_requests, 0) as click_requests,
        coalesce(clicked.bot_clicks, 0) as bot_clicks,
        coalesce(clicked.repeat_clicks, 0) as repeat_clicks,
        coalesce(clicked.human_clicks, 0) as human_clicks,
        coalesce(clicked.click_sessions, 0) as click_sessions,
        coalesce(clicked.distinct_visitors, 0) as distinct_visitors,
        clicked.first_click_at,
        clicked.last_click_at,
        clicked.first_bot_click_at,
        datediff(second, submitted.sent_at, clicked.first_click_at) as sec_to_first_click,
        clicked.bot_ruleset_version,
        replied.replied_at
    from known
    left join submitted
        on submitted.message_id = known.message_id
    left join receipted
        on receipted.message_id = known.message_id
    left join delivery
        on delivery.message_id = known.message_id
    left join clicked
        on clicked.message_id = known.message_id
    left join replied
        on replied.message_id = known.message_id
    left join followed_up
        on followed_up.message_id = known.message_id
    left join line_use
        on line_use.message_id = known.message_id
    left join warehouse.campaign_setting as setting
        on setting.campaign_id = submitted.campaign_id
    left join warehouse.dim_time_zone as zone
        on zone.time_zone = submitted.recipient_tz
),

message as (
    select
        described.*,
        case
            when described.failure is null then null
            else coalesce(error.failure_category, any_provider.failure_category, 'UNKNOWN')
        end as failure_category,
        case
            when described.failure is null then null
            else coalesce(error.is_permanent, any_provider.is_permanent, described.error_permanent)
        end as failure_permanent
    from described
    left join warehouse.dim_delivery_error as error
        on error.provider = described.provider
        and error.error_code = coalesce(described.final_error_code, described.failure)
    left join warehouse.dim_delivery_error as any_provider
        on any_provider.provider = '*'
        and any_provider.error_code = coalesce(described.final_error_code, described.failure)
)

select
    message_id,
    is_stub,
    campaign_id,
    variant_id,
    send_batch_id,
    recipient_id,
    recipient_key,
    sender_id,
    message_category,
    template_id,
    encoding,
    segment_count,
    link_token,
    link_url_id,
    provider,
    mcc_mnc,
    recipient_tz,
    follow_up_of_message_id,
    followed_up_at,
    attempts,
    submit_status,
    suppress_reason,
    first_submitted_at,
    sent_at,
    cohort_at,
    cohort_date,
    cohort_date_report,
    sent_date,
    sent_date_report,
    extract(hour from sent_at_local) as sent_hour_local,
    extract(dow from sent_at_local) as sent_dow_local,
    report_tz,
    click_window_days,
    optout_window_hours,
    first_receipt_at,
    carrier_accepted_at,
    delivered_at,
    failed_at,
    last_receipt_at,
    segments_delivered,
    segments_failed,
    delivery_state,
    delivery_rank,
    delivery_level,
    final_error_code,
    failure_category,
    failure_permanent,
    receipts,
    conflicting_final,
    click_requests,
    bot_clicks,
    repeat_clicks,
    human_clicks,
    click_sessions,
    distinct_visitors,
    first_click_at,
    last_click_at,
    first_bot_click_at,
    sec_to_first_click,
    bot_ruleset_version,
    replied_at,
    cast(:now as timestamp) as updated_at
from message;

insert into control.touched_cohort (campaign_id, cohort_date_report)
select distinct
    message.campaign_id,
    message.cohort_date_report
from warehouse.fact_message as message
join touched
    on touched.message_id = message.message_id
where message.message_id >= :first_id
    and message.message_id < :end_id
    and not message.is_stub;
