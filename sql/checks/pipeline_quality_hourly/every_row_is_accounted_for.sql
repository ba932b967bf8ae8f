-- Every line that arrived was loaded, was a copy, waits or is in quarantine; nothing counts twice.
select
    arrival_hour,
    event_type,
    source,
    rows_in,
    rows_loaded,
    duplicates,
    rows_waiting,
    quarantined
from reports.pipeline_quality_hourly
where rows_in <> rows_loaded + duplicates + rows_waiting + quarantined
    or least(rows_loaded, duplicates, rows_waiting, quarantined) < 0
    or stubs_open > orphans
    or unknown_tokens > orphans
order by arrival_hour, event_type, source;
