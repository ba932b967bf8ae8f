insert into reports.follow_up_contact (
    export_id,
    campaign_id,
    recipient_key,
    recipient_id,
    message_id,
    action,
    is_contact,
    priority,
    eligible_from,
    eligible_until,
    exported_at
)
select
    cast(:export_id as varchar(26)) as export_id,
    cast(:campaign_id as varchar(64)) as campaign_id,
    recipient_key,
    recipient_id,
    message_id,
    action,
    is_contact,
    priority,
    eligible_from,
    eligible_until,
    cast(:exported_at as timestamp) as exported_at
from chosen
where suppression_reason is null;

insert into reports.follow_up_export (
    export_id,
    campaign_id,
    object_key,
    contacts,
    exported_at
)
select
    cast(:export_id as varchar(26)) as export_id,
    cast(:campaign_id as varchar(64)) as campaign_id,
    cast(:object_key as varchar(1024)) as object_key,
    count(*) as contacts,
    cast(:exported_at as timestamp) as exported_at
from chosen
where suppression_reason is null;
