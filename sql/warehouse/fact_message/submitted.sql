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

-- One row per submitted message: whom and what for as its first attempt says, how it was sent as the latest says. A later
-- attempt that names somebody else, or another campaign, does not take the message along: nor does it say where its recipient
-- is.
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
        min(attempt_no) as first_attempt_no,
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
    original.campaign_id,
    original.variant_id,
    original.send_batch_id,
    original.follow_up_of_message_id,
    original.recipient_id,
    latest.sender_id,
    latest.message_category,
    latest.template_id,
    latest.encoding,
    latest.segment_count,
    original.link_token,
    original.link_url_id,
    latest.provider,
    case
        when latest.recipient_id = original.recipient_id then latest.mcc_mnc
        else original.mcc_mnc
    end as mcc_mnc,
    case
        when latest.recipient_id = original.recipient_id then latest.recipient_tz
        else original.recipient_tz
    end as recipient_tz
from timed
join attempt as first_attempt
    on first_attempt.message_id = timed.message_id
    and first_attempt.attempt_no = timed.first_attempt_no
join warehouse.fact_submission as original
    on original.message_id = first_attempt.message_id
    and original.event_id = first_attempt.event_id
    and original.occurred_at = first_attempt.occurred_at
join attempt as latest_attempt
    on latest_attempt.message_id = timed.message_id
    and latest_attempt.attempt_no = timed.attempts
join warehouse.fact_submission as latest
    on latest.message_id = latest_attempt.message_id
    and latest.event_id = latest_attempt.event_id
    and latest.occurred_at = latest_attempt.occurred_at
where original.message_id >= :first_id
    and original.message_id < :end_id
    and latest.message_id >= :first_id
    and latest.message_id < :end_id;
