select
    recipient_key,
    recipient_id,
    message_id,
    action,
    priority,
    eligible_from,
    eligible_until
from reports.follow_up_contact
where exported_at = :exported_at
    and export_id = :export_id
    and recipient_key > :last_key
order by recipient_key
limit 50000;
