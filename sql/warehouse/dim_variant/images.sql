-- One row per image of the campaigns whose variants have to follow, the highest first.
select
    image.campaign_id,
    image.variants
from warehouse.dim_campaign as image
where image.campaign_id in (select campaign_id from control.touched_campaign)
order by image.campaign_id, image.version desc, image.occurred_at desc, image.event_id desc;
