-- One row per variant of the six campaigns with variants that delivered most.
with ranked as (
    select
        campaign_id,
        cast(sum(delivered) as bigint) as campaign_delivered,
        row_number() over (order by cast(sum(delivered) as bigint) desc, campaign_id) as place
    from reports.ab_variant
    group by campaign_id
)

select
    variant.campaign_id,
    coalesce(campaign.campaign_name, variant.campaign_id) as campaign_name,
    variant.variant_id,
    coalesce(variant.is_control, false) as is_control,
    variant.delivered,
    variant.clicked_72h,
    variant.p_value_bucket,
    coalesce(variant.srm_flag, false) as srm_flag,
    variant.decision_ready
from reports.ab_variant as variant
join ranked
    on ranked.campaign_id = variant.campaign_id
    and ranked.place <= 6
left join warehouse.dim_campaign as campaign
    on campaign.campaign_id = variant.campaign_id
    and campaign.is_current
order by ranked.place, variant.variant_id;
