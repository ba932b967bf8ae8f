-- Rows of reports about the recipient, by recipient_key: the recipient_id, '#' and a number.
delete from reports.recipient_engagement
where left(recipient_key, len(cast(:recipient_id as varchar(64))) + 1)
    = cast(:recipient_id as varchar(64)) || '#'
    and substring(recipient_key, len(cast(:recipient_id as varchar(64))) + 2, 20) ~ '^[0-9]+$';

delete from reports.followup_audience
where left(recipient_key, len(cast(:recipient_id as varchar(64))) + 1)
    = cast(:recipient_id as varchar(64)) || '#'
    and substring(recipient_key, len(cast(:recipient_id as varchar(64))) + 2, 20) ~ '^[0-9]+$';

delete from reports.follow_up_contact
where recipient_id = :recipient_id;
