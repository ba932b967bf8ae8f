-- Of every campaign and variant, sent = delivered + failed + pending + unknown, and attempted = sent + submit_failed.
select
    campaign_id,
    variant_id,
    attempted,
    submit_failed,
    sent,
    delivered,
    failed,
    pending,
    unknown
from reports.campaign_performance
where sent <> delivered + failed + pending + unknown
    or attempted <> sent + submit_failed
order by campaign_id, variant_id;
