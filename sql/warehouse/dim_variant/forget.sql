delete from warehouse.dim_variant
where campaign_id in (select campaign_id from control.touched_campaign);

delete from control.touched_campaign;
