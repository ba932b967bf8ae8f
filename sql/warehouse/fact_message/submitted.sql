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
