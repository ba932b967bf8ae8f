-- One row per campaign whose images changed.
create temp table changed_campaign as
with change as (
    select campaign_id from arrival
    union all
    select campaign_id from moved
)

select distinct campaign_id
from change;

-- One row per image of those campaigns, with the time it holds. An image holds until one of a higher version does; of two
-- images of one version the later counts as higher.
create temp table ordered_image as
select
    image.event_id,
    image.event_date,
    min(image.occurred_at) over (
        partition by image.campaign_id
        order by image.version, image.occurred_at, image.event_id
        rows between 1 following and unbounded following
    ) as valid_to,
    row_number() over (
        partition by image.campaign_id
        order by image.version desc, image.occurred_at desc, image.event_id desc
    ) = 1 as is_current
from warehouse.dim_campaign as image
join changed_campaign
    on changed_campaign.campaign_id = image.campaign_id;

update warehouse.dim_campaign
set
    valid_to = ordered_image.valid_to,
    is_current = ordered_image.is_current
from ordered_image
where ordered_image.event_id = dim_campaign.event_id
    and ordered_image.event_date = dim_campaign.event_date;

insert into control.touched_campaign (campaign_id)
select campaign_id
from changed_campaign;
