-- Messages the warehouse knows by their new name already, or of which it only knew receipts and clicks: what it made of
-- them under the old name goes, and under the new one they are worked out from all their events. Some of these may have
-- come back under the old name: a copy that landed whole under a legal hold, and was logged before the one that counted.
create temp table healed (
    message_id varchar(26),
    message_alias varchar(26)
);

insert into healed
select
    erased.message_id,
    erased.message_alias
from pii.erased_message as erased
left join warehouse.fact_message as message
    on message.message_id = erased.message_id
    and message.message_id >= :first_id
    and message.message_id < :end_id
left join warehouse.fact_message as alias
    on alias.message_id = erased.message_alias
    and alias.message_id >= :first_id
    and alias.message_id < :end_id
where erased.followed_at is null
    and erased.message_id >= :first_id
    and erased.message_id < :end_id
    and (message.is_stub or alias.message_id is not null)
    and erased.request_id in (select request_id from pii.erasable_request);

insert into control.touched_cohort (campaign_id, cohort_date_report)
select distinct
    message.campaign_id,
    message.cohort_date_report
from warehouse.fact_message as message
join healed
    on healed.message_id = message.message_id
where not message.is_stub;

delete from warehouse.fact_message
using healed
where healed.message_id = fact_message.message_id
    and fact_message.message_id >= :first_id
    and fact_message.message_id < :end_id;

insert into control.touched_message (message_id)
select message_alias as message_id
from healed;

insert into control.unclassified_message (message_id)
select message_alias as message_id
from healed;
