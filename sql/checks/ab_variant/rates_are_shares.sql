-- A variant's rate, and its control's, is from 0 to 1, and no more are clicked than were delivered.
select
    campaign_id,
    variant_id,
    attempted,
    delivered,
    clicked_72h,
    ctr_72h,
    control_ctr
from reports.ab_variant
where least(ctr_72h, control_ctr) < 0
    or greatest(ctr_72h, control_ctr) > 1
    or clicked_72h > delivered
    or delivered > attempted
order by campaign_id, variant_id;
