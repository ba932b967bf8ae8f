-- Messages of these days. A message is never in an earlier cohort than the day it was first submitted, so a recipient is
-- done when one was found that was submitted in the days searched.
insert into sighting
select
    message.recipient_key,
    message.recipient_id,
    message.message_id,
    message.first_submitted_at as seen_at,
    message.recipient_tz as tz,
    message.mcc_mnc
from warehouse.fact_message as message
join lost_key
    on lost_key.recipient_key = message.recipient_key
where message.cohort_date >= :first_date
    and message.cohort_date < :end_date
    and not message.is_stub
    and not lost_key.is_found;

update lost_key
set is_found = true
from (
    select
        recipient_key,
        max(seen_at) as seen_at
    from sighting
    group by recipient_key
) as latest
where latest.recipient_key = lost_key.recipient_key
    and latest.seen_at >= cast(:first_date as date)
    and not lost_key.is_first_lost;
