-- One row per day of the last sixty with an opt-out, all programs together.
select
    effective_date,
    cast(sum(by_keyword) as bigint) as by_keyword,
    cast(sum(by_web) as bigint) as by_web,
    cast(sum(by_agent) as bigint) as by_agent,
    cast(sum(by_import) as bigint) as by_import,
    cast(sum(by_carrier) as bigint) as by_carrier,
    cast(sum(by_erasure) as bigint) as by_erasure,
    cast(sum(by_other) as bigint) as by_other,
    cast(sum(sent_after_optout) as bigint) as sent_after_optout,
    cast(sum(sent_after_10_business_days) as bigint) as sent_after_10_business_days
from reports.optout_compliance_daily
where effective_date >= dateadd(day, -60, cast(:as_of as date))
group by effective_date
order by effective_date;
