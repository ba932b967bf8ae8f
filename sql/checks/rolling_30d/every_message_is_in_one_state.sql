-- Of every scope, sent = delivered + failed + pending + unknown, and attempted = sent + submit_failed.
select
    scope_type,
    scope_id,
    attempted,
    submit_failed,
    sent,
    delivered,
    failed,
    pending,
    unknown
from reports.rolling_30d
where sent <> delivered + failed + pending + unknown
    or attempted <> sent + submit_failed
order by scope_type, scope_id;
