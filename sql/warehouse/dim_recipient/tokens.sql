-- The token of the message's latest attempt, by its first report; of attempts that named somebody else none counts.
update recipient_message
set msisdn_token = described.msisdn_token
from (
    select
        submission.message_id,
        submission.recipient_id,
        submission.msisdn_token,
        row_number() over (
            partition by submission.message_id, submission.recipient_id
            order by submission.attempt_no desc, submission.occurred_at, submission.event_id
        ) as place
    from warehouse.fact_submission as submission
    join wanted_token
        on wanted_token.message_id = submission.message_id
    where submission.message_id >= :first_id
        and submission.message_id < :end_id
) as described
where described.message_id = recipient_message.last_message_id
    and described.recipient_id = recipient_message.recipient_id
    and described.place = 1;
