-- The opt-outs of a day are those of all methods, and no message counts as late that does not count as sent.
select
    effective_date,
    program_id,
    opt_outs,
    by_keyword,
    by_web,
    by_agent,
    by_import,
    by_carrier,
    by_erasure,
    by_other,
    attributed_to_message,
    sent_after_optout,
    sent_after_10_business_days
from reports.optout_compliance_daily
where opt_outs
    <> by_keyword + by_web + by_agent + by_import + by_carrier + by_erasure + by_other
    or attributed_to_message > opt_outs
    or sent_after_10_business_days > sent_after_optout
order by effective_date, program_id;
