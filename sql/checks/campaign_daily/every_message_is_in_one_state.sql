-- Of every day, campaign and variant, sent = delivered + failed + pending + unknown, and attempted = sent + submit_failed.
select
    sent_date_report,
    campaign_id,
    variant_id,
    attempted,
    submit_failed,
    sent,
    delivered,
    failed,
    pending,
    unknown
from reports.campaign_daily
where sent <> delivered + failed + pending + unknown
    or attempted <> sent + submit_failed
order by sent_date_report, campaign_id, variant_id;
