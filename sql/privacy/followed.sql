-- A list of whom to contact is nothing for a person who left, nor is what it was made from.
delete from reports.followup_audience
using pii.erased_message
where erased_message.message_id = followup_audience.message_id
    and erased_message.request_id in (select request_id from pii.erasable_request);

delete from reports.follow_up_contact
using pii.erased_message
where erased_message.message_id = follow_up_contact.message_id
    and erased_message.request_id in (select request_id from pii.erasable_request);

update pii.erased_message
set followed_at = :now
where followed_at is null
    and message_id >= :first_id
    and message_id < :end_id
    and request_id in (select request_id from pii.erasable_request);
