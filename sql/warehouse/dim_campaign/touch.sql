-- All messages of the campaign, whenever they were sent: this reads one column of the whole table, and happens only when
-- a campaign's settings change.
insert into control.touched_message (message_id)
select distinct submission.message_id
from warehouse.fact_submission as submission
join changed_setting
    on changed_setting.campaign_id = submission.campaign_id;
