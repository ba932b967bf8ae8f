-- One row per accepted attempt to remind of one of these messages.
create temp table reminder (
    event_id varchar(36),
    message_id varchar(26),
    attempt_no smallint,
    occurred_at timestamp,
    reminded_message_id varchar(26)
)
distkey (message_id);

insert into reminder
select
    submission.event_id,
    submission.message_id,
    submission.attempt_no,
    submission.occurred_at,
    submission.follow_up_of_message_id as reminded_message_id
from warehouse.fact_submission as submission
join touched
    on touched.message_id = submission.follow_up_of_message_id
where submission.follow_up_of_message_id >= :first_id
    and submission.follow_up_of_message_id < :end_id
    and submission.submit_status = 'ACCEPTED';
