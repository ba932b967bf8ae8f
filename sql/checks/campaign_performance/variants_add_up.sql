-- The variants of a campaign together are the campaign.
with summed as (
    select
        campaign_id,
        cast(sum(attempted) as bigint) as attempted_by_variant,
        cast(sum(sent) as bigint) as sent_by_variant,
        cast(sum(delivered) as bigint) as delivered_by_variant,
        cast(sum(total_clicks) as bigint) as total_clicks_by_variant,
        cast(sum(opt_outs) as bigint) as opt_outs_by_variant
    from reports.campaign_performance
    where variant_id <> '*'
    group by campaign_id
)

select
    summed.*,
    campaign.attempted,
    campaign.sent,
    campaign.delivered,
    campaign.total_clicks,
    campaign.opt_outs
from summed
full join (
    select *
    from reports.campaign_performance
    where variant_id = '*'
) as campaign
    on campaign.campaign_id = summed.campaign_id
where campaign.campaign_id is null
    or summed.campaign_id is null
    or summed.attempted_by_variant <> campaign.attempted
    or summed.sent_by_variant <> campaign.sent
    or summed.delivered_by_variant <> campaign.delivered
    or summed.total_clicks_by_variant <> campaign.total_clicks
    or summed.opt_outs_by_variant <> campaign.opt_outs
order by summed.campaign_id;
