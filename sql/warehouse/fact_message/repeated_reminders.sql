-- Of several reports of one attempt the earliest counts, also when a later one names another message to remind of.
delete from reminder
using warehouse.fact_submission as earlier
where earlier.message_id = reminder.message_id
    and earlier.attempt_no = reminder.attempt_no
    and (
        earlier.occurred_at < reminder.occurred_at
        or (earlier.occurred_at = reminder.occurred_at and earlier.event_id < reminder.event_id)
    )
    and earlier.message_id >= :first_reminder_id
    and earlier.message_id < :end_reminder_id;
