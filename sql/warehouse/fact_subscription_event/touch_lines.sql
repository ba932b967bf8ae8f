-- What was sent to a line after it changed hands belongs to another person.
insert into control.touched_message (message_id)
select distinct submission.message_id
from warehouse.fact_submission as submission
join changed_line
    on changed_line.recipient_id = submission.recipient_id
where submission.event_date >= :first_date
    and submission.occurred_at >= changed_line.effective_at;
