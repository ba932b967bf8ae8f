select count(*) as row_count
from warehouse.dim_variant
where
    campaign_id in (
        select campaign_id
        from warehouse.dim_campaign
        where arrival_date = :day
    );
